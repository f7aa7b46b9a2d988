"""Routes against networkx: as short as any, trees from every source, dimension by dimension on a mesh."""

import networkx as nx
import numpy as np
import pytest

from archsim.engine import run_compiled, run_reference
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Matrix, Weights
from archsim.topology import chip_routes, topologies
from archsim.topology.tree import Tree, balanced_tree
from tests.chips import fabric_graph, make_array, make_chip, make_fabric
from tests.networks import line

SIZES = ((1, 1), (1, 5), (4, 1), (2, 2), (3, 4), (4, 3), (5, 5), (2, 7))


def reference_graph(topology, rows, columns):
    """The same fabric, from networkx's own generators."""
    if topology in ("mesh", "concentrated-mesh", "torus"):
        grid = nx.grid_2d_graph(rows, columns, periodic=topology == "torus")
        return nx.relabel_nodes(grid, {(y, x): y * columns + x for y, x in grid})
    if topology == "ring":
        return nx.cycle_graph(rows * columns)
    return balanced_tree(rows * columns, 2)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("topology", ["mesh", "concentrated-mesh", "torus", "ring", "tree"])
def test_hops_are_shortest_path_lengths(topology, size):
    routes = topologies()[topology].routes(*size)
    lengths = dict(nx.all_pairs_shortest_path_length(reference_graph(topology, *size)))
    expected = [[lengths[one][two] for two in range(len(routes))] for one in range(len(routes))]
    assert routes.hops.tolist() == expected


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("topology", list(topologies()))
def test_predecessors_form_a_tree_from_every_source(topology, size):
    routes = topologies()[topology].routes(*size)
    for source in range(len(routes)):
        before = routes.predecessor[source]
        assert before[source] == source
        for router in set(range(len(routes))) - {source}:
            # One link fewer to go: no cycles, and every step is a link of the fabric.
            assert routes.hops[source, before[router]] == routes.hops[source, router] - 1
            assert routes.hops[before[router], router] == 1


@pytest.mark.parametrize("arity", [2, 3, 4, 16])
@pytest.mark.parametrize("leaves", [2, 5, 16, 27])
def test_leaves_of_a_tree_meet_where_their_numbers_do(arity, leaves):
    """Two leaves are below the same router of level h where their numbers over arity to the h are the same."""
    tree = topologies()["tree"].of_arity(arity)
    routes = tree.routes(1, leaves)
    for one in range(leaves):
        for two in range(leaves):
            meeting = next(h for h in range(9) if one // arity**h == two // arity**h)
            assert routes.hops[one, two] == 2 * meeting
    levels = [leaves]
    while levels[-1] > 1:
        levels.append(-(-levels[-1] // arity))
    assert len(routes) == tree.routers(1, leaves) == sum(levels)
    assert tree.links(1, leaves) == 2 * (sum(levels) - 1) == int((routes.hops == 1).sum())
    assert tree.degree == arity + 1


def test_only_trees_have_an_arity():
    assert isinstance(topologies()["tree"], Tree)
    assert all(shape.of_arity(4) is None for name, shape in topologies().items() if name != "tree")


def test_both_engines_agree_on_a_tree_of_four():
    fabric = make_fabric(3, 4, topology="tree")
    chip = make_chip(array=make_array(8, 8), fabric={**fabric, "arity": 4})
    network = line(*((name, Matrix(Weights(16, 16))) for name in "abc"), tokens=5, width=16)
    program = lower(place(network, chip))
    assert np.array_equal(run_compiled(program).last_end, run_reference(program).last_end)


def route(routes, source, target):
    path = [target]
    while path[-1] != source:
        path.append(int(routes.predecessor[source, path[-1]]))
    return path[::-1]


def test_a_mesh_is_routed_columns_first():
    routes = topologies()["mesh"].routes(3, 4)
    assert route(routes, 0, 11) == [0, 1, 2, 3, 7, 11]
    assert route(routes, 11, 0) == [11, 10, 9, 8, 4, 0]
    assert route(routes, 8, 2) == [8, 9, 10, 6, 2]
    for source in range(12):
        for target in range(12):
            rows, columns = np.divmod(route(routes, source, target), 4)
            turned = np.flatnonzero(np.diff(rows) != 0)
            # Once a route has changed row, it never changes column again.
            assert not len(turned) or (np.diff(columns)[turned[0] :] == 0).all()


def test_a_torus_takes_the_shorter_way_round():
    routes = topologies()["torus"].routes(1, 6)
    assert route(routes, 0, 5) == [0, 5]
    assert route(routes, 0, 2) == [0, 1, 2]
    assert route(routes, 5, 1) == [5, 0, 1]


def test_a_tree_goes_over_the_common_ancestor():
    # Leaves 0 to 3, their parents 4 and 5, the root 6.
    routes = topologies()["tree"].routes(2, 2)
    assert route(routes, 0, 1) == [0, 4, 1]
    assert route(routes, 0, 3) == [0, 4, 6, 5, 3]


def test_a_bus_is_one_router():
    assert topologies()["bus"].routes(4, 4).hops.tolist() == [[0]]


@pytest.mark.parametrize("topology", ["mesh", "torus", "ring", "tree"])
def test_the_fabric_as_a_graph(topology):
    fabric = make_chip(fabric=make_fabric(3, 4, topology=topology)).fabric
    graph = fabric_graph(fabric)
    assert set(graph.edges) == {
        arc for one, two in reference_graph(topology, 3, 4).edges for arc in ((one, two), (two, one))
    }


@pytest.mark.parametrize("chips", [1, 2, 3, 4, 6, 7, 12])
@pytest.mark.parametrize("topology", ["line", "ring", "mesh", "all-to-all"])
def test_chips_are_joined_as_said(topology, chips):
    reference = {
        "line": nx.path_graph(chips),
        "ring": nx.cycle_graph(chips),
        "all-to-all": nx.complete_graph(chips),
        # As square as the number allows.
        "mesh": nx.grid_2d_graph(
            *{1: (1, 1), 2: (1, 2), 3: (1, 3), 4: (2, 2), 6: (2, 3), 7: (1, 7), 12: (3, 4)}[chips]
        ),
    }[topology]
    lengths = dict(nx.all_pairs_shortest_path_length(reference))
    nodes = list(reference)
    hops = chip_routes(topology, chips).hops
    assert hops.tolist() == [[lengths[one][two] for two in nodes] for one in nodes]
