"""Transfers alone: latency without load, multicast trees, shared links, other chips, against hand-worked sums."""

from dataclasses import fields

import networkx as nx
import numpy as np
import pytest

from archsim.engine import reference
from archsim.errors import InputError
from archsim.lowering import lower
from archsim.lowering.dependencies import Dependencies
from archsim.lowering.draft import ActorRows, Draft, Place, Timing
from archsim.lowering.fabric import add_transfers, flits_of
from archsim.lowering.passing import ALL
from archsim.mapping import place
from archsim.network import Edge, Layer, Matrix, Network, Same, Sink, Source, Weights
from archsim.program import Kind, Role, Samples
from archsim.program.verify import verify
from tests.chips import NS, fabric_graph, make_array, make_chip, make_fabric, make_system, make_unit
from tests.networks import line

PS = 1


def placed(fabric=None, chips=1, **system):
    """A placement that stands for an empty system of so many chips."""
    system = make_system(chips, **system) if chips > 1 else None
    return place(line(("a", Matrix(Weights(8, 8)))), make_chip(fabric=fabric, system=system))


def traffic(placement, flows, *, bits=64, tokens=1, room=1000):
    """A program of flows from one node to several, each with a producer and consumers that take a picosecond.

    Returns the program, and the ids of the consumers by flow and target.
    """
    draft = Draft(placement.floorplan.nodes)
    nodes = [(source, target) for source, targets in flows for target in targets]

    def actor(node, number, role):
        where = Place(Kind.UNIT, f"test{number}", node)
        return int(draft.actors(ActorRows(0, role, where, tokens, Timing(PS, PS)), 1)[0])

    makers = [actor(source, 0, Role.COMPUTE) for source, _ in flows]
    takers = [actor(target, 1, Role.SINK) for _, target in nodes]
    same = draft.curves.add(np.array([1]), 1)
    source = np.repeat(makers, [len(targets) for _, targets in flows])
    columns = {
        "source": source,
        "target": np.array(takers),
        "source_node": np.array([source for source, _ in nodes]),
        "target_node": np.array([target for _, target in nodes]),
        "need": same,
        "release": same,
        "passed": 0,
        "passing": ALL,
        "capacity": room,
        "edge": 0,
    }
    pairs = Dependencies(
        *(np.broadcast_to(columns.get(field.name, bits), len(nodes)) for field in fields(Dependencies))
    )
    carrier, _ = add_transfers(draft, placement, pairs)
    draft.channels(carrier, pairs.target, need=same, release=same, capacity=room, token_bits=bits)
    samples = Samples(1, 1, np.array(makers, np.int64), np.array(takers, np.int64))
    program = draft.finish(("traffic",), samples)
    verify(program)
    return program, dict(zip(nodes, takers, strict=True))


def arrival_ns(placement, source, target, bits=64):
    """From the producer's output to the consumer's start."""
    program, takers = traffic(placement, [(source, [target])], bits=bits)
    return (int(reference.run(program).first_start[takers[source, target]]) - PS) / NS


def zero_load(hops, flits):
    # Inject, links and eject of 1 cycle each; a router of 2 after every link but the last; the body follows.
    return (hops + 2) * 1 + (hops + 1) * 2 + flits - 1


@pytest.mark.parametrize("bits", [1, 64, 65, 640])
def test_latency_without_load_for_every_pair_of_a_mesh(bits):
    placement = placed(make_fabric(3, 4))
    flits = -(-bits // 64)
    for source in range(12):
        for target in set(range(12)) - {source}:
            hops = abs(source // 4 - target // 4) + abs(source % 4 - target % 4)
            assert arrival_ns(placement, source, target, bits) == zero_load(hops, flits), (source, target)


@pytest.mark.parametrize("topology", ["torus", "ring", "tree", "bus", "mesh"])
def test_latency_without_load_on_other_fabrics(topology):
    placement = placed(make_fabric(2, 4, topology=topology))
    lengths = dict(nx.all_pairs_shortest_path_length(fabric_graph(placement.chip.fabric)))
    for source, target in ((0, 7), (7, 0), (1, 2), (3, 4), (6, 1)):
        hops = 0 if topology == "bus" else lengths[source][target]
        assert arrival_ns(placement, source, target, 128) == zero_load(hops, 2)


def test_tiles_of_one_router_and_units_beside_it():
    fabric = make_fabric(2, 2, topology="concentrated-mesh", concentration=4)
    chip = make_chip(fabric=fabric, units={"core": make_unit("router", every=2)})
    placement = place(line(("a", Matrix(Weights(8, 8)))), chip)
    # Tiles 0 to 3 and the first core (node 16) are at router 0; tiles 4 to 7 at router 1; the second core at router 2.
    assert arrival_ns(placement, 0, 3) == zero_load(0, 1)
    assert arrival_ns(placement, 3, 16) == zero_load(0, 1)
    assert arrival_ns(placement, 3, 5) == zero_load(1, 1)
    assert arrival_ns(placement, 5, 17) == zero_load(2, 1)


@pytest.mark.parametrize(
    ("bits", "header", "flits"), [(1, None, 1), (64, None, 1), (64, 1, 2), (128, 64, 3), (0, None, 1)]
)
def test_headers_count(bits, header, flits):
    fabric = make_chip(fabric={**make_fabric(), "header": header}).fabric
    assert flits_of(fabric, np.array([bits])).tolist() == [flits]


def links(program, label="link"):
    """Actors on links of one kind."""
    labels, resources = program.labels.resources, program.resources
    mine = program.actors.role == Role.LINK
    return [actor for actor in np.flatnonzero(mine) if labels[resources.label[program.actors.resource[actor]]] == label]


TARGETS = (3, 7, 11, 13, 15)


def test_a_multicast_crosses_each_link_of_its_tree_once():
    placement = placed()
    program, _ = traffic(placement, [(0, list(TARGETS))])
    # Columns first: along row 0 to 3 and down to 15, and down from 1 to 13.
    tree = {(0, 1), (1, 2), (2, 3), (3, 7), (7, 11), (11, 15), (1, 5), (5, 9), (9, 13)}
    resources = program.resources
    crossed = [
        (int(resources.node[resource]), int(resources.index[resource]))
        for resource in program.actors.resource[links(program)]
    ]
    assert sorted(crossed) == sorted(tree)
    assert (len(links(program, "inject")), len(links(program, "eject"))) == (1, 5)


def test_without_multicast_each_target_gets_its_own_packets():
    placement = placed(make_fabric(multicast=False))
    program, _ = traffic(placement, [(0, list(TARGETS))])
    assert len(links(program)) == sum(target // 4 + target % 4 for target in TARGETS)
    assert (len(links(program, "inject")), len(links(program, "eject"))) == (5, 5)


def test_a_multicast_reaches_everyone_as_fast_as_a_packet_of_its_own():
    placement = placed()
    program, takers = traffic(placement, [(5, [*TARGETS, 0])], bits=320)
    trace = reference.run(program)
    for target in (*TARGETS, 0):
        hops = abs(5 // 4 - target // 4) + abs(5 % 4 - target % 4)
        assert (trace.first_start[takers[5, target]] - PS) / NS == zero_load(hops, 5)


def last_start_ns(program, taker):
    return int(reference.run(program).last_end[taker] - 2 * PS) / NS


def test_flows_that_share_a_link_take_turns():
    # On a line of routers 0 - 1 - 2 - 3 the flows 0 -> 2 and 1 -> 3 share the link 1 -> 2 alone.
    placement = placed(make_fabric(1, 4))
    flits, tokens = 10, 200
    alone, taker = traffic(placement, [(0, [2])], bits=640, tokens=tokens)
    assert last_start_ns(alone, taker[0, 2]) == zero_load(2, flits) + (tokens - 1) * flits
    shared, takers = traffic(placement, [(0, [2]), (1, [3])], bits=640, tokens=tokens)
    trace = reference.run(shared)
    ends = [int(trace.last_end[taker]) / NS for taker in takers.values()]
    # Two packets of every pair of turns: half the rate for both.
    assert min(ends) == pytest.approx(2 * tokens * flits, rel=0.02)
    assert max(ends) == pytest.approx(2 * tokens * flits, rel=0.02)


def test_flows_that_share_nothing_do_not_disturb_each_other():
    placement = placed(make_fabric(2, 4))
    one, takers = traffic(placement, [(0, [3]), (4, [7]), (3, [0])], bits=640, tokens=50)
    trace = reference.run(one)
    assert {int(trace.last_end[taker]) for taker in takers.values()} == {(zero_load(3, 10) + 49 * 10) * NS + 2 * PS}


def test_a_bus_carries_one_packet_at_a_time():
    placement = placed(make_fabric(2, 2, topology="bus"))
    program, takers = traffic(placement, [(0, [1]), (2, [3])], bits=640, tokens=100)
    trace = reference.run(program)
    assert max(trace.last_end[taker] for taker in takers.values()) / NS == pytest.approx(2 * 100 * 10, rel=0.02)


def test_a_slow_consumer_holds_its_flow_back_and_no_other():
    placement = placed(make_fabric(1, 4))
    program, takers = traffic(placement, [(0, [3]), (1, [2])], bits=640, tokens=100, room=1)
    trace = reference.run(program)
    # Room for one token at the consumer: the next leaves the last router only when the one before is taken.
    assert trace.last_end[takers[1, 2]] / NS <= 2 * 100 * 10 + 100
    parts = trace.busy + trace.starved + trace.blocked + trace.contended + trace.done
    assert (parts == trace.makespan).all()


def test_flits_are_conserved_on_every_route():
    placement = placed()
    program, _ = traffic(placement, [(0, [15, 3]), (5, [10]), (15, [0, 12, 3])], bits=200, tokens=20)
    trace = reference.run(program)
    mine = np.array([*links(program), *links(program, "inject"), *links(program, "eject")])
    # Every link of a route passes all 20 packets of 4 flits, each held for as many cycles.
    assert (trace.firings[mine] == 20).all()
    assert (trace.busy[mine] == 20 * 4 * NS).all()
    flits = [name for name in program.labels.actions if name == "router.flit"]
    assert flits
    action = program.labels.actions.index("router.flit")
    total = program.actions.count[program.actions.action == action]
    # Routers see a flit once for every link into one: all injects and links, not the ejects.
    assert total.sum() == 4 * (len(links(program)) + len(links(program, "inject")))


def other_chip(placement, chip, tile):
    return chip * placement.floorplan.nodes + tile


@pytest.mark.parametrize("topology", ["line", "ring", "mesh", "all-to-all"])
def test_chips_are_reached_through_their_gates(topology):
    # Router 0 is the gate. A chip link passes a packet on when all of it is there: 640 bits at a byte per nanosecond,
    # and 20 ns of latency.
    placement = placed(chips=4, topology=topology)
    far = {"line": 3, "ring": 1, "mesh": 2, "all-to-all": 1}[topology]
    source, target = 6, other_chip(placement, 3, 9)
    program, takers = traffic(placement, [(source, [target])], bits=640)
    arrival = (int(reference.run(program).first_start[takers[source, target]]) - PS) / NS
    inject, eject, link = 3, 1 + 9, 3
    # Tile 6 is 3 hops from its gate, tile 9 is 3 hops from the other.
    assert arrival == inject + 3 * link + far * (80 + 20) + 3 * link + eject
    assert len(links(program, "chip-link")) == far


def test_a_multicast_to_several_chips_crosses_each_chip_link_once():
    placement = placed(chips=3)
    targets = [other_chip(placement, chip, tile) for chip in (0, 1, 2) for tile in (5, 10)]
    program, takers = traffic(placement, [(15, targets)])
    assert len(links(program, "chip-link")) == 2
    assert reference.run(program).firings.sum() == len(program.actors)
    assert len(takers) == 6


def test_flows_over_one_chip_link_share_it():
    placement = placed(chips=2)
    flows = [(tile, [other_chip(placement, 1, tile)]) for tile in (1, 2)]
    program, _ = traffic(placement, flows, bits=640, tokens=50)
    assert reference.run(program).makespan / NS == pytest.approx(2 * 50 * 80, rel=0.05)


def test_a_network_over_several_chips():
    # Three layers of two tiles on chips of two tiles: each on a chip of its own; input and output at the ends.
    layers = [("a", Matrix(Weights(64, 128))), ("b", Matrix(Weights(128, 64))), ("c", Matrix(Weights(64, 128)))]
    chip = make_chip(fabric=make_fabric(1, 2), system=make_system("as needed"))
    placement = place(line(*layers, tokens=5, width=64), chip)
    assert placement.chips == 3
    nodes = placement.floorplan.nodes
    homes = placement.homes
    chips = {
        layer.name: set((homes.node[placement.homes_of(index)] // nodes).tolist())
        for index, layer in enumerate(placement.network.order)
    }
    assert chips == {"in": {0}, "a": {0}, "b": {1}, "c": {2}, "out": {2}}
    trace = reference.run(lower(placement, batch=2))
    assert (trace.busy + trace.starved + trace.blocked + trace.contended + trace.done == trace.makespan).all()


def test_chips_without_links_cannot_share_a_network():
    layers = (Layer("in", Source(), 2, 8), Layer("a", Matrix(Weights(8, 8)), 2, 8), Layer("out", Sink(), 2, 8))
    network = Network("n", layers, (Edge("in", "a", Same(), 8), Edge("a", "out", Same(), 8)))
    chip = make_chip(array=make_array(4, 4), fabric=make_fabric(1, 2), system=make_system(2))
    system = chip.system.model_copy(update={"link": None})
    placement = place(network, chip.model_copy(update={"system": system}))
    with pytest.raises(InputError, match="nothing joins them"):
        lower(placement)


@pytest.mark.parametrize("topology", ["mesh", "bus"])
def test_every_bit_that_crosses_a_wire_is_counted(topology):
    placement = placed(make_fabric(1, 2, topology=topology))
    program, _ = traffic(placement, [(0, [1])], bits=100)
    names, actions = program.labels.actions, program.actions
    crossed = actions.count[actions.action == names.index("wire.bit_hop")]
    # 100 bits are two flits of 64; neighbours on a mesh are one link apart, and a bus is crossed once.
    assert crossed.tolist() == [128]
