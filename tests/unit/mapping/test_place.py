"""Placements: every block somewhere, none on top of another, neighbours near, and errors that say what would help."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsim import workloads
from archsim.errors import CapacityError, InputError, MissingUnit
from archsim.mapping import By, made_by, place
from archsim.mapping.place import as_mapped
from archsim.network import Digital, Edge, Layer, Learning, Matrix, Network, Primitive, Same, Sink, Source, Weights
from archsim.network.backward import training_network
from archsim.network.product import Contraction, ProductSpec
from tests.chips import (
    ALL_OPERATIONS,
    make_array,
    make_chip,
    make_fabric,
    make_large_chip,
    make_memory,
    make_system,
    make_training,
    make_unit,
)

SMALL_NETWORKS = ("mlp-l4", "resnet18", "vgg8", "mobilenet-v2", "rnnt", "bert-base", "gpt2")


@st.composite
def matrix_chains(draw):
    """Matrix layers that follow each other, and copies of each."""
    sizes = draw(st.lists(st.integers(1, 40), min_size=2, max_size=5))
    tokens, names = draw(st.integers(1, 9)), "abcdefgh"
    layers = [Layer("in", Source(), tokens, sizes[0])]
    edges = []
    for name, before, inputs, outputs in zip(names, ["in", *names], sizes, sizes[1:], strict=False):
        layers.append(Layer(name, Matrix(Weights(inputs, outputs)), tokens, outputs))
        edges.append(Edge(before, name, Same(), inputs))
    copies = {layer.name: draw(st.integers(1, tokens)) for layer in layers[1:]}
    return Network("chain", tuple(layers), tuple(edges)), copies


@given(matrix_chains(), st.integers(1, 3), st.integers(4, 20), st.integers(4, 20))
@settings(deadline=None)
def test_all_weights_once_per_copy_and_one_block_per_array(drawn, arrays_per_tile, rows, columns):
    network, copies = drawn
    chip = make_chip(
        array=make_array(rows, columns),
        arrays_per_tile=arrays_per_tile,
        fabric=make_fabric(3, 3),
        system=make_system("as needed"),
    )
    placement = place(network, chip, replicate=copies)
    blocks, plan = placement.blocks, placement.floorplan
    assert len(set(zip(blocks.node.tolist(), blocks.array.tolist(), strict=True))) == len(blocks)
    assert (blocks.node % plan.nodes < plan.tiles).all()
    assert (blocks.node // plan.nodes < placement.chips).all()
    assert (blocks.array < arrays_per_tile).all()
    for index, layer in enumerate(network.order):
        rows_of = placement.blocks_of(index)
        if isinstance(layer.operator, Matrix):
            assert (blocks.matrix[rows_of] == placement.matrix[layer.name]).all()
            assert placement.replicas[index] == copies[layer.name]
            covered = np.zeros((copies[layer.name], layer.operator.weights.rows, layer.operator.weights.columns), int)
            for block in range(rows_of.start, rows_of.stop):
                covered[
                    blocks.replica[block],
                    blocks.row_start[block] : blocks.row_stop[block],
                    blocks.column_start[block] : blocks.column_stop[block],
                ] += 1
            assert (covered == 1).all()


@pytest.mark.parametrize("name", SMALL_NETWORKS)
@pytest.mark.parametrize("replicate", ["none", "balanced"])
def test_every_copy_of_every_layer_makes_all_of_its_width(name, replicate):
    placement = place(workloads.build(name), make_large_chip(), replicate=replicate)
    homes = placement.homes
    for index, layer in enumerate(placement.network.order):
        rows = placement.homes_of(index)
        assert set(homes.replica[rows].tolist()) == set(range(placement.replicas[index]))
        assert placement.replicas[index] <= layer.tokens
        for copy in range(placement.replicas[index]):
            mine = homes.replica[rows] == copy
            edges = sorted(zip(homes.start[rows][mine].tolist(), homes.stop[rows][mine].tolist(), strict=True))
            assert [start for start, _ in edges] == [0, *[stop for _, stop in edges[:-1]]]
            assert edges[-1][1] == layer.width


def test_a_copy_is_kept_on_one_chip():
    # 9 tiles per chip; copies of 4 blocks: two on a chip, the ninth tile stays free.
    network = line(("a", Matrix(Weights(8, 32))), tokens=6, width=8)
    chip = make_chip(array=make_array(8, 8), fabric=make_fabric(3, 3), system=make_system("as needed"))
    placement = place(network, chip, replicate={"a": 4})
    assert (placement.chips, placement.tiles_used, placement.tiles) == (2, 16, 18)
    chips = placement.blocks.node // placement.floorplan.nodes
    assert chips.reshape(4, 4).tolist() == [[0] * 4, [0] * 4, [1] * 4, [1] * 4]
    assert placement.cell_utilisation == pytest.approx(16 / 18)


def test_copies_straddle_chips_rather_than_fail():
    network = line(("a", Matrix(Weights(8, 32))), tokens=6, width=8)
    chip = make_chip(array=make_array(8, 8), fabric=make_fabric(3, 3), system=make_system(2))
    assert place(network, chip, replicate={"a": 4}).tiles_used == 16
    chip = make_chip(array=make_array(8, 8), fabric=make_fabric(2, 3), system=make_system(2))
    assert place(network, chip, replicate={"a": 3}).tiles_used == 12


def line(*operators, tokens=4, width=8, source=True):
    """Named operators one after the other, each as wide as its matrix says."""
    layers = [Layer("in", Source(), tokens, width)]
    for name, operator in operators:
        wide = operator.outputs if isinstance(operator, Matrix) else layers[-1].width
        layers.append(Layer(name, operator, tokens, wide))
    layers.append(Layer("out", Sink(), tokens, layers[-1].width))
    edges = [Edge(one.name, two.name, Same(), one.width) for one, two in itertools.pairwise(layers)]
    return Network("line", tuple(layers), tuple(edges))


@pytest.mark.parametrize("chips", [1, 2])
def test_too_few_tiles(chips):
    # 320 x 320 weights on arrays of 64 x 64 make 25 blocks; a chip has 2 x 3 tiles of two arrays.
    network = line(("a", Matrix(Weights(320, 320))), width=320)
    chip = make_chip(arrays_per_tile=2, fabric=make_fabric(2, 3), system=make_system(chips))
    with pytest.raises(CapacityError) as caught:
        place(network, chip)
    text = str(caught.value)
    assert f"needs 13 tiles and the system has {6 * chips}" in text
    assert (
        "Three ways out" in text
        and "system.chips=3" in text
        and "more than 2 x 4,096 weights" in text
        and "fewer" in text
    )
    assert caught.value.where and caught.value.remedy


def test_given_copies_that_do_not_fit():
    network = line(("a", Matrix(Weights(64, 64))), tokens=30, width=64)
    with pytest.raises(CapacityError, match="needs 17 tiles and the system has 16"):
        place(network, make_chip(), replicate={"a": 17})


def test_a_missing_primitive_is_named():
    soft = Digital("softmax", ((Primitive.EXP, 8), (Primitive.DIVIDE, 1), (Primitive.ADD, 8)), whole_token=True)
    chip = make_chip(units={"local": make_unit(operations=("add", "compare"))})
    with pytest.raises(MissingUnit) as caught:
        place(line(("probabilities", soft)), chip)
    text = str(caught.value)
    assert all(word in text for word in ("'softmax'", "'probabilities'", "divide", "exp")), text
    assert "add" not in text.split("takes")[1].split("\n")[0]
    assert "units:" in caught.value.remedy


def test_primitives_spread_over_units_are_named_too():
    soft = Digital("softmax", ((Primitive.EXP, 8), (Primitive.ADD, 8)))
    units = {"one": make_unit(operations=("add",)), "two": make_unit(operations=("exp",))}
    with pytest.raises(MissingUnit, match=r"all of add, exp on one unit"):
        place(line(("s", soft)), make_chip(units=units))


def test_a_chip_without_units():
    with pytest.raises(MissingUnit, match="'copy'"):
        place(line(("c", Digital("copy", ()))), make_chip(units={}))
    # A network of matrices alone needs none.
    assert place(line(("a", Matrix(Weights(8, 8)))), make_chip(units={})).tiles_used == 1


def homes_of(placement, name):
    rows, homes = placement.homes_of(placement.index[name]), placement.homes
    return homes.node[rows], homes.unit[rows], homes.start[rows], homes.stop[rows]


def test_element_wise_work_stays_where_its_input_is_made():
    relu = Digital("relu", ((Primitive.COMPARE, 160),))
    placement = place(line(("a", Matrix(Weights(64, 160))), ("r", relu), width=64), make_chip())
    made, _, start, stop = homes_of(placement, "a")
    done, unit, relu_start, relu_stop = homes_of(placement, "r")
    assert len(made) == 3
    assert done.tolist() == made.tolist()
    assert (relu_start.tolist(), relu_stop.tolist()) == (start.tolist(), stop.tolist())
    assert unit.tolist() == [0, 0, 0]
    assert [made_by(placement.network.by_name[name]) for name in ("a", "r", "in")] == [By.ARRAY, By.UNIT, By.PORT]


def test_whole_tokens_go_to_one_unit():
    norm = Digital("layer-norm", ((Primitive.ADD, 160),), whole_token=True)
    units = {"local": make_unit(), "core": make_unit("router", every=5)}
    placement = place(line(("a", Matrix(Weights(64, 160))), ("n", norm), width=64), make_chip(units=units))
    node, unit, start, stop = homes_of(placement, "n")
    assert (unit.tolist(), start.tolist(), stop.tolist()) == ([1], [0], [160])
    assert node[0] in placement.floorplan.unit_nodes["core"]


def test_slow_work_is_spread_over_units_and_recurrent_work_is_not():
    # 160 operations on one lane take 160 cycles: longer than a product of 105 ns.
    norm = Digital("layer-norm", ((Primitive.ADD, 160),), whole_token=True)
    units = {"core": make_unit("router", lanes=1)}
    placement = place(line(("a", Matrix(Weights(64, 160))), ("n", norm), width=64, tokens=20), make_chip(units=units))
    assert placement.replicas[placement.index["n"]] == 2
    nodes = homes_of(placement, "n")[0]
    assert len(set(nodes.tolist())) == 2


def test_a_table_is_at_the_port():
    embedding = Digital("embedding", table=8000)
    placement = place(line(("e", embedding), ("a", Matrix(Weights(8, 8)))), make_chip(memory=make_memory()))
    assert homes_of(placement, "e")[0].tolist() == [placement.floorplan.port]
    assert made_by(placement.network.by_name["e"]) is By.PORT


def test_a_network_without_matrices():
    relu = Digital("relu", ((Primitive.COMPARE, 8),))
    placement = place(line(("r", relu)), make_chip(), replicate="balanced")
    assert (placement.tiles_used, placement.chips, len(placement.blocks)) == (0, 1, 0)
    assert homes_of(placement, "r")[1].tolist() == [0]


def test_grouped_convolutions_where_the_chip_says_so():
    depthwise = Matrix(Weights(9, 1, groups=8), taps=9)
    grouped = Matrix(Weights(36, 4, groups=2), taps=9)
    network = line(("a", Matrix(Weights(8, 8))), ("d", depthwise), ("g", grouped), ("p", Matrix(Weights(8, 8))))
    form = Contraction(positions=(), stack=(), summed=((0, 0),), columns=(1,), result=(0,))
    products = {name: ProductSpec(name, (name,), (name,), "x", (8,), ("w",), form) for name in "adgp"}
    network = replace(network, products=tuple(products.values()))
    on_array = place(network, make_chip())
    # 8 x 9 rows and 2 x 36 rows are 72, on arrays of 64: two arrays each.
    assert on_array.tiles_used == 6
    digital = place(network, make_chip(grouped="digital"))
    assert digital.tiles_used == 2
    for name, macs in (("d", 72), ("g", 288)):
        operator = digital.network.by_name[name].operator
        assert isinstance(operator, Digital) and dict(operator.work) == {Primitive.MAC: macs}
    assert digital.network.macs == network.macs
    # Nodes of the model file whose matrices are not on arrays are computed as they are.
    assert on_array.network.products == network.products
    assert digital.network.products == (products["a"], products["p"])
    # Each output element of a depthwise convolution is made of input elements of its own, here one or two of a token.
    one, other = (digital.network.by_name[name].operator for name in "dg")
    assert (one.kind, one.whole_token, one.contract) == ("depthwise-convolution", False, 1)
    pairs = line(("d", Matrix(Weights(18, 1, groups=4), taps=9)))
    assert as_mapped(pairs, make_chip(grouped="digital")).by_name["d"].operator.contract == 2
    assert (other.kind, other.whole_token, other.contract) == ("grouped-convolution", True, 1)


def mean_hops(placement, nodes):
    """Mean hops from the arrays of each matrix layer to those of the layers after it."""
    plan, hops = placement.floorplan, []
    order = [placement.blocks_of(placement.index[layer.name]) for layer in placement.network.matrices]
    for one, two in itertools.pairwise(order):
        here, there = nodes[one], nodes[two]
        hops.append(np.mean([plan.hops(node)[there].mean() for node in here]))
    return np.mean(hops)


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "mobilenet-v2"])
def test_layers_are_nearer_than_by_chance(name):
    placement = place(workloads.build(name), make_large_chip())
    assert placement.chips == 1
    nodes = placement.blocks.node
    shuffled = np.random.default_rng(1).permutation(placement.floorplan.tiles)[nodes]
    # Two random points of a 16 x 16 mesh are 2 * 16 / 3 hops apart on average.
    assert mean_hops(placement, shuffled) == pytest.approx(10.7, rel=0.15)
    assert mean_hops(placement, nodes) < 0.5 * mean_hops(placement, shuffled)


@pytest.mark.parametrize(
    ("topology", "rows", "columns"), [("mesh", 5, 3), ("torus", 4, 4), ("ring", 3, 4), ("tree", 2, 4), ("bus", 2, 2)]
)
def test_the_order_of_tiles_visits_each_once_and_neighbours_mostly(topology, rows, columns):
    plan = place(
        line(("a", Matrix(Weights(8, 8)))), make_chip(fabric=make_fabric(rows, columns, topology=topology))
    ).floorplan
    order = plan.tile_order.tolist()
    assert sorted(order) == list(range(rows * columns))
    steps = [int(plan.hops(one)[two]) for one, two in itertools.pairwise(order)]
    if topology in ("mesh", "torus", "ring"):
        assert set(steps) == {1}


def test_concentration_puts_tiles_at_one_router():
    fabric = make_fabric(2, 2, topology="concentrated-mesh", concentration=4)
    plan = place(line(("a", Matrix(Weights(8, 8)))), make_chip(fabric=fabric)).floorplan
    assert plan.tiles == 16
    assert plan.router[:16].tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4


@pytest.mark.parametrize("missing", ALL_OPERATIONS[:3])
def test_the_error_lists_only_what_no_unit_can_do(missing):
    work = tuple((Primitive(name), 1) for name in ALL_OPERATIONS[:3])
    others = tuple(name for name in ALL_OPERATIONS if name != missing)
    with pytest.raises(MissingUnit) as caught:
        place(line(("layer", Digital("odd", work))), make_chip(units={"local": make_unit(operations=others)}))
    assert re.search(rf"takes {missing}$", caught.value.what)


def test_samples_that_train_follow_each_other():
    chip = make_chip(training=make_training())
    trained = training_network(line(("a", Matrix(Weights(8, 8)))), Learning(2))
    assert place(trained, chip, batch=4).interleave == 1
    assert place(trained, chip, batch=4, interleave=1).interleave == 1
    with pytest.raises(InputError, match="2 samples that train cannot take turns"):
        place(trained, chip, batch=4, interleave=2)


def test_weights_on_digital_units_do_not_train():
    described = make_chip(training=make_training(), grouped="digital")
    mapping = described.mapping.model_copy(update={"digital": ("b",)})
    network = training_network(line(("a", Matrix(Weights(8, 8))), ("b", Matrix(Weights(8, 8)))), Learning(1))
    with pytest.raises(InputError, match="weights on digital units do not train"):
        place(network, described.model_copy(update={"mapping": mapping}))


@pytest.mark.parametrize(
    ("weights", "kind", "contract"),
    [
        (Weights(9, 1, groups=2), "depthwise-convolution", 9),
        (Weights(9, 1, groups=4), "depthwise-convolution", 9),
        (Weights(9, 2, groups=4), "grouped-convolution", 1),
        (Weights(18, 3, groups=2), "grouped-convolution", 1),
    ],
)
def test_groups_on_digital_units_share_inputs_where_they_make_several_outputs(weights, kind, contract):
    layers = (
        Layer("in", Source(), 3, weights.rows * weights.groups),
        Layer("g", Matrix(weights), 3, weights.columns * weights.groups),
        Layer("out", Sink(), 3, weights.columns * weights.groups),
    )
    edges = (Edge("in", "g", Same(), layers[0].width), Edge("g", "out", Same(), layers[1].width))
    operator = place(Network("groups", layers, edges), make_chip(grouped="digital")).network.by_name["g"].operator
    assert isinstance(operator, Digital)
    assert (operator.kind, operator.contract, operator.whole_token) == (kind, contract, contract == 1)
    assert operator.work == ((Primitive.MAC, weights.rows * weights.columns * weights.groups),)
    assert operator.product
