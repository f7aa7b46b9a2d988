"""How long layers take, by hand, from the round numbers of the small chips: estimates from which buffers are sized."""

import pytest

from archsim.lowering.tempo import layer_tempos
from archsim.mapping import place
from archsim.network import Digital, Edge, Layer, Matrix, Network, Prefix, Same, Sink, Source, Weights
from archsim.network.work import Primitive
from tests.chips import NS, make_array, make_chip, make_fabric, make_memory, make_system, make_unit
from tests.networks import additions, line

PRODUCT, PERIOD = 108, 105
"""Nanoseconds of a product of 8 inputs: integration, conversion, three cycles; and between two of them."""


def nanoseconds(tempo):
    return tuple(picoseconds / NS for picoseconds in (tempo.interval_ps, tempo.hold_ps, tempo.latency_ps))


def transfer(hops, flits=1):
    """A token's way: into the fabric, over its routers, out of it, three cycles each, and its flits."""
    return 3 * (hops + 2) + flits


def hops_between(placement, source, target):
    plan, homes = placement.floorplan, placement.homes
    ends = [homes.node[placement.homes_of(placement.index[name])][0] for name in (source, target)]
    return int(plan.hops(ends[0] % plan.nodes)[ends[1] % plan.nodes])


@pytest.mark.parametrize("copies", [1, 3])
def test_a_line_of_a_product_and_a_sum(copies):
    network = line(("a", Matrix(Weights(8, 8))), ("d", additions(40)), tokens=6)
    placement = place(network, make_chip(), replicate={"a": copies})
    tempos = layer_tempos(placement)
    # Eight bytes from the host, one a nanosecond.
    reach = max(
        int(placement.floorplan.hops(placement.floorplan.port)[node]) for node in placement.blocks.node.tolist()
    )
    assert nanoseconds(tempos["in"]) == (8, 8, 8 + transfer(reach))
    interval, hold, latency = nanoseconds(tempos["a"])
    assert (interval, hold) == (pytest.approx(PERIOD / copies), PERIOD)
    if copies == 1:
        assert latency == PRODUCT + transfer(hops_between(placement, "a", "d"))
    # Forty additions on sixteen lanes are three cycles, and one more through a pipeline of two; sums are copied, too.
    assert nanoseconds(tempos["d"]) == (3 / copies, 3, 4 + transfer(hops_between(placement, "d", "out")))
    assert nanoseconds(tempos["out"]) == (8, 8, 8)


def test_the_widest_part_travels_and_the_farthest_consumer_counts():
    # 40 outputs in four blocks of ten columns: ten bytes are two flits of 64 bits.
    network = line(("a", Matrix(Weights(8, 40))), ("d", additions(40)), tokens=2)
    placement = place(network, make_chip(array=make_array(8, 10)))
    tempo = layer_tempos(placement)["a"]
    plan, homes = placement.floorplan, placement.homes
    first = homes.node[placement.homes_of(placement.index["a"])][0]
    far = max(int(plan.hops(first)[node]) for node in homes.node[placement.homes_of(placement.index["d"])].tolist())
    assert tempo.latency_ps / NS == PRODUCT + transfer(far, 2)


def test_parts_of_two_widths_travel_as_the_wider():
    # 17 outputs on arrays of nine columns are eight and nine: one flit of 64 bits, or two.
    network = line(("a", Matrix(Weights(8, 17))), tokens=2)
    placement = place(network, make_chip(array=make_array(8, 9)))
    rows = placement.homes_of(placement.index["a"])
    assert sorted((placement.homes.stop - placement.homes.start)[rows].tolist()) == [8, 9]
    far = hops_between(placement, "a", "out")
    assert layer_tempos(placement)["a"].latency_ps / NS == PRODUCT + transfer(far, 2)


def test_sums_of_row_blocks_are_added_one_after_the_other():
    # Three row blocks of 64: each later one adds sums that come over two hops, 64 of 16 bits in 16 flits.
    network = line(("a", Matrix(Weights(192, 64))), tokens=2, width=192)
    placement = place(network, make_chip())
    tempos = layer_tempos(placement)
    hops = hops_between(placement, "a", "out")
    adding = next(stage for stage in placement.products if stage.sums)
    step = int(adding.latency.max()) / NS + transfer(2, int(adding.output_bits.max()) // 64)
    assert tempos["a"].latency_ps / NS == PRODUCT + 2 * step + transfer(hops, 8)


def test_layers_that_share_weights_get_them_for_as_much_of_the_time_as_they_have_tokens():
    weights = Weights(8, 8, name="tied")
    layers = (
        Layer("in", Source(), 6, 8),
        Layer("a", Matrix(weights), 6, 8),
        Layer("b", Matrix(weights), 2, 8),
        Layer("out", Sink(), 6, 8),
        Layer("other", Sink(), 2, 8),
    )
    edges = (
        Edge("in", "a", Same(), 8),
        Edge("in", "b", Prefix(), 8),
        Edge("a", "out", Same(), 8),
        Edge("b", "other", Same(), 8),
    )
    tempos = layer_tempos(place(Network("shared", layers, edges), make_chip()))
    a, b = (tempos[name].hold_ps / NS for name in "ab")
    # Eight tokens in all; the array is held until its converters are through, 105 as well.
    assert (a, b) == (pytest.approx(PERIOD * 8 / 6), pytest.approx(PERIOD * 8 / 2))


def test_a_table_is_read_from_memory():
    network = line(("e", Digital("embedding", table=1000)), ("a", Matrix(Weights(8, 8))), tokens=3)
    placement = place(network, make_chip(memory=make_memory()))
    # A byte a nanosecond after fifty, from the port.
    hops = int(placement.floorplan.hops(placement.floorplan.port)[placement.blocks.node[0]])
    assert nanoseconds(layer_tempos(placement)["e"]) == (8, 8, 58 + transfer(hops))


def test_attention_takes_its_mean_number_of_keys_and_waits_for_the_most():
    # One operation per key on one lane: 1, 2, 3, 4 cycles.
    mix = Digital("mix", work_per_key=((Primitive.MAC, 1),), keys_port=1, whole_token=True)
    layers = (
        Layer("in", Source(), 4, 8),
        Layer("k", Matrix(Weights(8, 8)), 4, 8),
        Layer("mix", mix, 4, 8),
        Layer("out", Sink(), 4, 8),
    )
    edges = (
        Edge("in", "k", Same(), 8),
        Edge("in", "mix", Same(), 8),
        Edge("k", "mix", Prefix(), 8, port=1),
        Edge("mix", "out", Same(), 8),
    )
    placement = place(Network("keys", layers, edges), make_chip(units={"local": make_unit(lanes=1)}))
    interval, hold, latency = nanoseconds(layer_tempos(placement)["mix"])
    assert (interval, hold) == (2.5, 2.5)
    assert latency == 4 + 1 + transfer(hops_between(placement, "mix", "out"))


def test_a_way_between_chips_takes_their_links():
    layers = [("a", Matrix(Weights(64, 128))), ("b", Matrix(Weights(128, 128)))]
    chip = make_chip(fabric=make_fabric(1, 2), system=make_system("as needed"))
    placement = place(line(*layers, tokens=3, width=64), chip)
    nodes = placement.floorplan.nodes
    start = int(placement.homes.node[placement.homes_of(placement.index["a"])][0])
    ends = placement.blocks.node[placement.blocks_of(placement.index["b"])]
    ends = [*ends.tolist(), *placement.homes.node[placement.homes_of(placement.index["b"])].tolist()]
    away = max(abs(end // nodes - start // nodes) for end in ends)
    assert away >= 1
    far = max(int(placement.floorplan.hops(start % nodes)[end % nodes]) for end in ends)
    # 64 bytes: eight flits; on a chip link a byte a nanosecond and twenty more.
    assert layer_tempos(placement)["a"].latency_ps / NS == PRODUCT + transfer(far, 8) + away * (64 + 20)


@pytest.mark.parametrize(("rows", "interval"), [(8, 400), (16, 800), (24, 800)])
def test_sums_of_other_blocks_take_their_time_behind_the_converters(rows, interval):
    # Eight columns on one lane of 50 ns, and as many additions where there is a block above.
    network = line(("a", Matrix(Weights(rows, 8))), tokens=4, width=rows)
    slow = make_chip(array=make_array(8, 8), affine_lanes=1, affine_clock=0.02e9)
    assert nanoseconds(layer_tempos(place(network, slow))["a"])[:2] == (interval, interval)


def test_the_widest_part_of_a_layer_sets_its_pace():
    # 160 columns on arrays of 64 are parts of 53, 53 and 54; sums beside them take so many cycles on one lane.
    network = line(("a", Matrix(Weights(8, 160))), ("d", additions(160)), tokens=3)
    placement = place(network, make_chip(units={"local": make_unit(lanes=1)}))
    rows = placement.homes_of(placement.index["d"])
    assert sorted((placement.homes.stop[rows] - placement.homes.start[rows]).tolist()) == [53, 53, 54]
    interval, hold, latency = nanoseconds(layer_tempos(placement)["d"])
    assert (interval, hold) == (54, 54)
    assert latency >= 54 + 1
