"""What each part makes and wants over an edge, element by element, by hand."""

import numpy as np

from archsim.mapping import consumers, place, producers, shared_elements
from archsim.mapping.members import Members, sent_elements
from archsim.network import Digital, Edge, Layer, Matrix, Network, Primitive, Same, Sink, Source, Weights, Window
from tests.chips import NS, make_array, make_chip, make_input
from tests.networks import additions, line

NO_END = np.iinfo(np.int64).max


def members(*ranges):
    """Parts of elements, by themselves."""
    start, stop = (np.array(ends) for ends in zip(*ranges, strict=True))
    zero = np.zeros(len(start), np.int64)
    return Members(np.arange(len(start)), zero, zero, start, stop)


def ranges(found):
    return list(zip(found.start.tolist(), found.stop.tolist(), strict=True))


def test_an_edge_takes_what_lies_within_it():
    # Elements 5 to 15 of three parts of eight.
    edge = Edge("a", "b", Same(), 10, source_start=5)
    assert sent_elements(edge, members((0, 8), (8, 16), (16, 24))).tolist() == [3, 8 - 1, 0]
    assert sent_elements(Edge("a", "b", Same(), 2, source_start=20), members((0, 8), (8, 16))).tolist() == [0, 0]


def test_parts_share_the_elements_that_meet():
    # Elements 5 to 15 become 100 to 110; parts that want 96 to 104, 104 to 112 and from 112 on.
    edge = Edge("a", "b", Same(), 10, source_start=5, target_start=100)
    found = shared_elements(edge, members((0, 8), (8, 16)), members((96, 104), (104, 112), (112, NO_END)))
    # The first part makes 5 to 8, which are 100 to 103; the second 8 to 15, which are 103 to 110.
    assert found.tolist() == [[3, 0, 0], [1, 6, 0]]


def test_elements_in_another_order_go_to_all():
    edge = Edge("a", "b", Same(), 10, source_start=5, scattered=True)
    assert shared_elements(edge, members((0, 8), (8, 16), (16, 24)), members((0, 1), (1, 2))).tolist() == [
        [3, 3], [7, 7], [0, 0],
    ]  # fmt: skip


def placed(operator, *, sources=1, width=16, elements=16, array=(64, 8), **edges):
    """Products of 16 outputs in two parts, and a layer that reads them."""
    layers = [Layer("in", Source(), 4, 8), *(Layer(f"p{n}", Matrix(Weights(8, 16)), 4, 16) for n in range(sources))]
    layers += [Layer("d", operator, 4, width), Layer("out", Sink(), 4, width)]
    links = [Edge("in", f"p{n}", Same(), 8) for n in range(sources)]
    links += [Edge(f"p{n}", "d", Same(), elements, port=n, **edges) for n in range(sources)]
    network = Network("read", tuple(layers), (*links, Edge("d", "out", Same(), width)))
    return place(network, make_chip(array=make_array(*array))), [edge for edge in network.edges if edge.target == "d"]


def test_a_sum_wants_its_own_elements_of_each_operand():
    placement, (first, second) = placed(additions(16), sources=2)
    assert ranges(producers(placement, first)) == [(0, 8), (8, 16)]
    for edge in (first, second):
        assert ranges(consumers(placement, edge)) == [(0, 8), (8, 16)]


def test_what_is_made_of_several_elements_wants_all_of_them():
    pairs = Digital("pairs", work=((Primitive.ADD, 8),), contract=2)
    placement, (edge,) = placed(pairs, width=8)
    assert ranges(consumers(placement, edge)) == [(0, 8), (8, 16)]
    homes = placement.homes
    rows = placement.homes_of(placement.index["d"])
    assert list(zip(homes.start[rows].tolist(), homes.stop[rows].tolist(), strict=True)) == [(0, 4), (4, 8)]


def test_a_narrow_operand_is_wanted_whole():
    placement, (first, second) = placed(additions(16), sources=2)
    narrow = Edge(second.source, second.target, second.access, 4, port=1)
    network = Network("read", placement.network.layers, tuple(
        narrow if edge == second else edge for edge in placement.network.edges
    ))  # fmt: skip
    placement = place(network, placement.chip)
    assert ranges(consumers(placement, first)) == [(0, 8), (8, 16)]
    assert ranges(consumers(placement, narrow)) == [(0, NO_END)] * 2


def test_whole_tokens_are_wanted_whole():
    placement, (edge,) = placed(additions(16, whole_token=True))
    assert ranges(consumers(placement, edge)) == [(0, NO_END)]
    (out,) = placement.network.outputs_of("d")
    assert ranges(consumers(placement, out)) == [(0, NO_END)]


def test_groups_of_heads_want_their_share_of_every_operand():
    """Two heads in two parts; the keys are half as wide as the queries."""
    mix = Digital("mix", work_per_key=((Primitive.MAC, 4000),), keys_port=1, whole_token=True, heads=2)
    layers = [Layer("in", Source(), 4, 8), Layer("q", Matrix(Weights(8, 16)), 4, 16)]
    layers += [Layer("k", Matrix(Weights(8, 8)), 4, 8), Layer("mix", mix, 4, 16), Layer("out", Sink(), 4, 16)]
    edges = [Edge("in", "q", Same(), 8), Edge("in", "k", Same(), 8), Edge("q", "mix", Same(), 16)]
    edges += [Edge("k", "mix", Same(), 8, port=1), Edge("mix", "out", Same(), 16)]
    placement = place(Network("heads", tuple(layers), tuple(edges)), make_chip())
    queries, keys = (next(edge for edge in edges if edge.source == name) for name in "qk")
    mine = consumers(placement, queries)
    first = mine.replica == 0
    assert ranges(mine.take(first)) == [(0, 8), (8, 16)]
    assert ranges(consumers(placement, keys).take(first)) == [(0, 4), (4, 8)]


def test_row_blocks_want_the_elements_of_their_taps():
    # Three taps of eight elements, 24 rows in blocks of twelve: elements 0 to 4 and 4 to 8 of each token.
    window = Window((4,), (4,), (3,), (1,), (1,), (1,))
    layers = (Layer("in", Source(), 4, 8), Layer("a", Matrix(Weights(24, 8), taps=3), 4, 8), Layer("out", Sink(), 4, 8))
    edges = (Edge("in", "a", window, 8), Edge("a", "out", Same(), 8))
    placement = place(Network("taps", layers, edges), make_chip(array=make_array(12, 8)))
    assert ranges(consumers(placement, edges[0])) == [(0, 4), (4, 8)]
    # Blocks of ten or less: 0 to 8, 8 to 16 and 16 to 24 rows are elements 0 to 3, 2 to 6 and 5 to 8.
    placement = place(Network("taps", layers, edges), make_chip(array=make_array(10, 8)))
    assert ranges(consumers(placement, edges[0])) == [(0, 3), (2, 6), (5, 8)]


def test_places_on_another_chip_take_its_times():
    placement = place(line(("a", Matrix(Weights(8, 8)))), make_chip())
    integration = placement.products[0]
    slower = placement.on(make_chip(inputs=make_input(phase_ns=250)))
    assert int(integration.interval[0]) == 100 * NS
    assert int(slower.products[0].interval[0]) == 250 * NS
    assert slower.floorplan.chip is slower.chip
    # What follows from the network alone is what it was.
    assert slower.index == placement.index and slower.homes is placement.homes
    assert slower.uses.layer.tolist() == placement.uses.layer.tolist()


def test_the_middle_of_three_parts_wants_its_own_elements():
    layers = (Layer("in", Source(), 4, 8), Layer("p", Matrix(Weights(8, 24)), 4, 24), Layer("d", additions(24), 4, 24))
    edges = (Edge("in", "p", Same(), 8), Edge("p", "d", Same(), 24), Edge("d", "out", Same(), 24))
    network = Network("three", (*layers, Layer("out", Sink(), 4, 24)), edges)
    placement = place(network, make_chip(array=make_array(8, 8)))
    assert ranges(consumers(placement, edges[1])) == [(0, 8), (8, 16), (16, 24)]
