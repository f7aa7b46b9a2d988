"""Which unit takes which part of a layer, and how parts follow each other over edges, by hand on a 4 x 4 mesh."""

import numpy as np
import pytest

from archsim.mapping import place
from archsim.mapping.floorplan import Floorplan, serpentine
from archsim.mapping.pace import PaceOf
from archsim.mapping.parts import Parts, carried, joined, one_copy, single
from archsim.mapping.unit_pool import CACHE_SHARE, UnitPool
from archsim.network import Digital, Edge, Layer, Matrix, Network, Prefix, Primitive, Same, Sink, Source, Weights, Whole
from tests.chips import COST, KIB, make_array, make_chip, make_fabric, make_memory, make_system, make_unit
from tests.networks import additions, line

PACE = 1000.0


def pool(**units):
    return UnitPool(Floorplan(make_chip(units=units or {"local": make_unit()})), 1, PaceOf(PACE))


def test_parts_stay_at_their_own_unit_while_it_keeps_pace():
    units = pool()
    assert units.choose([0], 5, 600) == (5, 0)
    assert units.choose([0], 5, 400) == (5, 0)
    # It is full: the nearest that keeps pace is a neighbour of tile 5, the first of 1, 4, 6 and 9.
    assert units.choose([0], 5, 1) == (1, 0)
    assert units.busy_ps[0, [1, 5]].tolist() == [1, 1000]


def test_what_is_too_much_for_any_unit_stays_where_nothing_else_is():
    units = pool()
    assert units.choose([0], 5, 1500) == (5, 0)
    # Two rounds at tile 5 already; a third part of 600 goes beside it, where there is one round.
    assert units.choose([0], 5, 600) == (1, 0)


def test_what_is_too_much_for_any_unit_stays_at_the_own_one_of_a_place():
    # The anchor has a unit of the second kind, and nothing to do: it is as good as any other.
    units = pool(core=make_unit("router", every=4), local=make_unit())
    assert units.choose([0, 1], 6, 1500) == (6, 1)
    # With something to do it is not; the nearest core then takes two rounds as well.
    assert units.choose([0, 1], 6, 1500) == (17, 0)


def test_when_all_are_busy_the_least_busy_takes_it():
    units = pool()
    units.busy_ps[0] = 2500
    units.busy_ps[0, 15] = 1500
    assert units.choose([0], 0, 400) == (15, 0)


def test_of_two_kinds_the_own_one_of_a_place_counts_first():
    units = pool(core=make_unit("router", every=4), local=make_unit())
    # Kinds are asked in the order given; the anchor is a tile, which has no core.
    assert units.choose([0, 1], 6, 10) == (6, 1)
    assert units.choose([0, 1], 16, 10) == (16, 0)
    # Where none of them is at the anchor, the first kind's nearest: cores sit at routers 0, 4, 8 and 12.
    units.busy_ps[1, 6] = PACE
    assert units.choose([0, 1], 6, 10) == (17, 0)


def test_keys_go_where_there_is_room_for_them():
    units = pool(core=make_unit("router", every=4, buffer_kib=8))
    room = 8 * KIB * CACHE_SHARE
    assert units.cache_bits(0) == room
    near = [units.choose([0], 16, 10, bits=room * share)[0] for share in (0.5, 0.5, 0.25, 0.75, 0.25)]
    # Half and half fill router 0's; 0.25 and 0.75 that of router 4; the rest goes on to router 8.
    assert near == [16, 16, 17, 17, 18]
    assert units.keys_fit
    assert units.cached_bits[[16, 17, 18, 19]].tolist() == [room, room, 0.25 * room, 0]


def test_keys_that_fit_nowhere_are_noted():
    units = pool(core=make_unit("router", every=16, buffer_kib=8))
    assert units.choose([0], 16, 10, bits=8 * KIB) == (16, 0)
    assert not units.keys_fit


def test_keys_at_tiles_have_the_tiles_buffer():
    assert pool().cache_bits(0) == 1024 * KIB * CACHE_SHARE


def test_the_second_chips_units_are_its_own():
    floorplan = Floorplan(make_chip(system=make_system(2)))
    units = UnitPool(floorplan, 2, PaceOf(PACE))
    assert units.choose([0], floorplan.nodes + 3, 600) == (floorplan.nodes + 3, 0)
    assert units.choose([0], floorplan.nodes + 3, 600) == (floorplan.nodes + 2, 0)


def test_able_units_by_place_and_speed():
    fast = make_unit("router", lanes=64)
    units = pool(near=make_unit(lanes=4), core=fast, quick=make_unit(lanes=32), adder=make_unit(operations=("add",)))
    layer = Layer("d", additions(64), 1, 64)
    assert units.able(layer, additions(64)) == [2, 3, 0, 1]
    assert units.able(layer, additions(64, whole_token=True)) == [1, 2, 3, 0]
    assert units.able(layer, Digital("m", ((Primitive.MULTIPLY, 64),))) == [2, 0, 1]


def test_of_two_kinds_the_faster_clock_or_the_smaller_overhead_comes_first():
    # 64 sums on 16 lanes: eight of 0.4 ns on half the lanes, four of 1 ns, six of 1 ns, four of 2 ns.
    slow, fast = make_unit(clock=0.5e9), make_unit(clock=1e9)
    narrow, loaded = make_unit(lanes=8, clock=2.5e9), {**make_unit(clock=1e9), "overhead": 2}
    units = pool(slow=slow, loaded=loaded, fast=fast, narrow=narrow)
    layer = Layer("d", additions(64), 1, 64)
    assert units.able(layer, additions(64)) == [3, 2, 1, 0]
    # Five cycles on thirteen lanes come before four with two more.
    units = pool(loaded={**make_unit(), "overhead": 2}, thirteen=make_unit(lanes=13))
    assert units.able(layer, additions(64)) == [1, 0]
    # Six cycles on eleven lanes without an overhead come before four with three more.
    units = pool(loaded={**make_unit(), "overhead": 3}, eleven=make_unit(lanes=11))
    assert units.able(layer, additions(64)) == [1, 0]


def test_work_for_each_key_counts_for_the_speed_of_a_kind():
    slow, fast = make_unit(clock=0.5e9), make_unit(clock=1e9)
    narrow, loaded = make_unit(lanes=8, clock=2.5e9), {**make_unit(clock=1e9), "overhead": 2}
    units = pool(slow=slow, loaded=loaded, fast=fast, narrow=narrow)
    keyed = Digital("m", ((Primitive.ADD, 16),), work_per_key=((Primitive.MULTIPLY, 48),))
    assert units.able(Layer("m", keyed, 1, 64), keyed) == [3, 2, 1, 0]


def test_how_long_a_share_of_a_layer_keeps_a_unit_busy():
    network = line(("d", additions(40)), tokens=6)
    units = pool(local=make_unit(lanes=8, clock=0.5e9))
    layer = network.by_name["d"]
    # Five cycles of 2 ns a token, of a half of it three.
    assert units.busy(network, layer, 0, 1.0) == 6 * 5 * 2000
    assert units.busy(network, layer, 0, 0.5) == 6 * 3 * 2000


def parts(*ranges, replicas=1, node=7):
    """Parts with these elements, in so many copies, on nodes from 7 on."""
    count = len(ranges) * replicas
    starts, stops = (np.tile(np.array(ends), replicas) for ends in zip(*ranges, strict=True))
    replica, part = np.divmod(np.arange(count), len(ranges))
    return Parts(replica, part, starts, stops, node + np.arange(count), np.arange(count) % 2)


def test_an_edge_carries_parts_over():
    source = parts((0, 10), (10, 20), (20, 30))
    taken = carried(Edge("a", "b", Same(), 15, source_start=8, target_start=100), source, 1)
    # Elements 8 to 23 of the source are 100 to 115 of the target.
    assert taken is not None
    assert list(zip(taken.start, taken.stop, taken.node, taken.part, strict=True)) == [
        (100, 102, 7, 0), (102, 112, 8, 1), (112, 115, 9, 2),
    ]  # fmt: skip
    beside = carried(Edge("a", "b", Same(), 10, source_start=10), source, 1)
    assert beside is not None and beside.node.tolist() == [8]


def test_what_an_element_is_made_of_must_lie_together():
    source = parts((0, 12), (12, 24))
    pairs = carried(Edge("a", "b", Same(), 24), source, 4)
    assert pairs is not None and list(zip(pairs.start, pairs.stop, strict=True)) == [(0, 3), (3, 6)]
    assert carried(Edge("a", "b", Same(), 24), source, 8) is None
    # One boundary that does not lie between elements is enough, whether it begins a part or ends one.
    assert carried(Edge("a", "b", Same(), 24), parts((0, 4), (4, 10), (10, 24)), 4) is None
    assert carried(Edge("a", "b", Same(), 10), parts((0, 4), (4, 10)), 4) is None
    assert carried(Edge("a", "b", Same(), 6, source_start=2), parts((2, 8)), 2) is not None
    assert carried(Edge("a", "b", Same(), 6, target_start=2), parts((0, 2), (2, 6)), 4) is None
    assert carried(Edge("a", "b", Same(), 24, scattered=True), source, 1) is None


def test_copies_and_joints():
    two = parts((0, 4), (4, 8), replicas=2)
    assert two.replicas == 2
    second = one_copy(two, 1, 5)
    assert (second.replica.tolist(), second.node.tolist(), second.start.tolist()) == ([5, 5], [9, 10], [0, 4])
    other = Parts(*(np.array(column) for column in ([0, 1], [0, 0], [8, 8], [12, 12], [20, 21], [1, 1])))
    both = joined([other, two])
    assert both.replica.tolist() == [0, 0, 0, 1, 1, 1]
    assert both.part.tolist() == [0, 1, 2, 0, 1, 2]
    assert both.start.tolist() == [0, 4, 8, 0, 4, 8]
    assert both.stop.tolist() == [4, 8, 12, 4, 8, 12]
    assert both.node.tolist() == [7, 8, 20, 9, 10, 21]
    assert both.unit.tolist() == [0, 1, 1, 0, 1, 1]


def test_a_layer_in_one_piece():
    whole = single(Layer("e", additions(3), 1, 12), 9)
    assert [column.tolist() for column in (whole.replica, whole.part, whole.start, whole.stop, whole.node)] == [
        [0], [0], [0], [12], [9],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "columns", "order"),
    [
        (2, 3, [0, 3, 4, 1, 2, 5]),
        (4, 2, [0, 2, 4, 6, 7, 5, 3, 1]),
        # A second strip of one row goes back from the right.
        (5, 3, [0, 3, 6, 9, 10, 7, 4, 1, 2, 5, 8, 11, 14, 13, 12]),
        (1, 4, [0, 1, 2, 3]),
        # The third goes from the left again.
        (9, 2, [0, 2, 4, 6, 7, 5, 3, 1, 9, 11, 13, 15, 14, 12, 10, 8, 16, 17]),
    ],
)
def test_tiles_follow_each_other_in_strips_of_four_rows(rows, columns, order):
    assert serpentine(rows, columns).tolist() == order


def test_nodes_of_a_chip():
    fabric = make_fabric(2, 4, topology="concentrated-mesh", concentration=2)
    chip = make_chip(units={"core": make_unit("router", every=3), "local": make_unit()}, fabric=fabric)
    plan = Floorplan(chip)
    # Sixteen tiles at eight routers, cores at routers 0, 3 and 6, and the port.
    assert (plan.tiles, plan.port, plan.nodes) == (16, 19, 20)
    assert plan.unit_nodes["core"].tolist() == [16, 17, 18]
    assert plan.unit_nodes["local"].tolist() == list(range(16))
    assert plan.router.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 0, 3, 6, 0]
    # From tile 2 at router 1 (row 0, column 1): the core at router 6 (row 1, column 2) is two links away.
    assert plan.hops(2)[[2, 0, 16, 18, 19]].tolist() == [0, 1, 1, 2, 1]


def homes(placement, layer):
    """Copy, elements and node of each part of a layer."""
    found, rows = placement.homes, placement.homes_of(placement.index[layer])
    columns = (found.replica, found.start, found.stop, found.node)
    return list(zip(*(column[rows].tolist() for column in columns), strict=True))


def test_sums_stay_beside_the_blocks_that_they_add_to():
    placement = place(
        line(("a", Matrix(Weights(8, 20))), ("d", additions(20)), tokens=3), make_chip(array=make_array(8, 10))
    )
    assert homes(placement, "d") == homes(placement, "a") and len(homes(placement, "d")) == 2


def test_copies_share_the_work_of_the_sums_beside_them():
    # Two copies make two of four tokens each, in 210 ns. Two sums of 40 on one lane take 160 for two tokens, so that
    # both keep pace beside their copy.
    network = line(("a", Matrix(Weights(8, 8))), ("d", additions(40)), ("e", additions(40)), tokens=4)
    placement = place(network, make_chip(units={"local": make_unit(lanes=1)}), replicate={"a": 2})
    assert homes(placement, "e") == homes(placement, "d") == homes(placement, "a")
    # Sums of 80 take 320 together: the second goes elsewhere.
    network = line(("a", Matrix(Weights(8, 8))), ("d", additions(80)), ("e", additions(80)), tokens=4)
    placement = place(network, make_chip(units={"local": make_unit(lanes=1)}), replicate={"a": 2})
    assert homes(placement, "d") == homes(placement, "a")
    assert not {node for *_, node in homes(placement, "e")} & {node for *_, node in homes(placement, "d")}


def test_each_part_takes_its_share_of_the_work():
    # Two halves of 16 elements: 80 and 20 sums on one lane each, within a product's 105 ns.
    network = line(("a", Matrix(Weights(8, 16))), ("d", additions(160)), ("e", additions(40)), tokens=4)
    chip = make_chip(array=make_array(8, 8), units={"local": make_unit(lanes=1)})
    placement = place(network, chip)
    assert homes(placement, "e") == homes(placement, "d") == homes(placement, "a")
    assert len(homes(placement, "a")) == 2


def test_work_that_cannot_keep_pace_gets_copies_of_its_own():
    # 105 ns a product; a sum of 300 on one lane takes 300: three copies, each beside the block.
    chip = make_chip(units={"local": make_unit(lanes=1)})
    layers = (
        Layer("in", Source(), 6, 8), Layer("a", Matrix(Weights(8, 8)), 6, 8), Layer("d", additions(300), 6, 8),
        Layer("out", Sink(), 6, 8),
    )  # fmt: skip
    edges = (Edge("in", "a", Same(), 8), Edge("a", "d", Prefix(), 8), Edge("d", "out", Same(), 8))
    found = homes(place(Network("slow", layers, edges), chip), "d")
    assert [(replica, start, stop) for replica, start, stop, _ in found] == [(0, 0, 8), (1, 0, 8), (2, 0, 8)]
    assert len({node for *_, node in found}) == 3


@pytest.mark.parametrize(("tokens", "rows", "copies"), [(2, 4, 2), (9, 1, 4)])
def test_there_are_no_more_copies_than_tokens_or_tiles(tokens, rows, copies):
    # A sum of 2,000 on one lane would take 20 copies to keep pace with products of 105 ns.
    chip = make_chip(units={"local": make_unit(lanes=1)}, fabric=make_fabric(rows, 4))
    layers = (
        Layer("in", Source(), tokens, 8), Layer("a", Matrix(Weights(8, 8)), tokens, 8),
        Layer("d", additions(2000), tokens, 8), Layer("out", Sink(), tokens, 8),
    )  # fmt: skip
    edges = (Edge("in", "a", Same(), 8), Edge("a", "d", Prefix(), 8), Edge("d", "out", Same(), 8))
    assert len(homes(place(Network("slow", layers, edges), chip), "d")) == copies


def test_the_fastest_unit_says_how_many_copies_of_parts_it_takes():
    # 300 sums on sixteen lanes are 19 ns, within a product's 105; on the other kind's one lane it would take three.
    chip = make_chip(units={"slow": make_unit(lanes=1), "fast": make_unit(lanes=16)})
    layers = (
        Layer("in", Source(), 6, 8), Layer("a", Matrix(Weights(8, 8)), 6, 8), Layer("d", additions(300), 6, 8),
        Layer("out", Sink(), 6, 8),
    )  # fmt: skip
    edges = (Edge("in", "a", Same(), 8), Edge("a", "d", Prefix(), 8), Edge("d", "out", Same(), 8))
    placement = place(Network("slow", layers, edges), chip)
    assert homes(placement, "d") == homes(placement, "a")
    assert placement.unit_of(placement.homes_of(placement.index["d"]).start)[0] == "fast"


def test_a_layer_of_whole_tokens_goes_to_the_nearest_core():
    chip = make_chip(units={"core": make_unit("router", every=4)})
    network = line(("a", Matrix(Weights(8, 8))), ("d", additions(8, whole_token=True)), tokens=3)
    placement = place(network, chip)
    plan = placement.floorplan
    ((_, start, stop, node),) = homes(placement, "d")
    (*_, at), *_ = homes(placement, "a")
    nearest = min(plan.unit_nodes["core"].tolist(), key=lambda core: int(plan.hops(at)[core]))
    assert (start, stop, node) == (0, 8, nearest)


def attention(heads=4, tokens=6, keys=40):
    """Attention of heads over a stream, its keys as wide as its queries, and so much work per key."""
    width = 8 * heads
    mix = Digital("mix", work_per_key=((Primitive.MAC, keys * heads),), keys_port=1, whole_token=True, heads=heads)
    layers = [Layer("in", Source(), tokens, 8), *(Layer(n, Matrix(Weights(8, width)), tokens, width) for n in "qk")]
    layers += [Layer("mix", mix, tokens, width), Layer("out", Sink(), tokens, width)]
    edges = [Edge("in", "q", Same(), 8), Edge("in", "k", Same(), 8), Edge("q", "mix", Same(), width)]
    edges += [Edge("k", "mix", Whole(), width, port=1), Edge("mix", "out", Same(), width)]
    return Network("attention", tuple(layers), tuple(edges))


@pytest.mark.parametrize(("lanes", "pieces"), [(160, 1), (10, 1), (8, 2), (5, 2), (4, 4), (1, 4)])
def test_heads_are_cut_over_as_many_cores_as_keep_pace(lanes, pieces):
    # 40 operations for each of four heads and six keys, 960 a token: 96 cycles on ten lanes, within the product's 105;
    # 120 on eight and 192 on five, so two cores; 240 on four need three: heads are not cut, so that it takes four.
    chip = make_chip(units={"core": make_unit("router", lanes=lanes)})
    found = homes(place(attention(), chip), "mix")
    first = [(start, stop) for replica, start, stop, _ in found if replica == 0]
    assert first == [(32 * n // pieces, 32 * (n + 1) // pieces) for n in range(pieces)]
    assert len({node for *_, node in found}) == len(found)


@pytest.mark.parametrize(("every", "pieces"), [(1, 4), (8, 2), (16, 1)])
def test_heads_are_cut_over_no_more_cores_than_there_are(every, pieces):
    # 960 cycles a token on one lane would take ten cores: four heads on sixteen, two or one of them.
    chip = make_chip(units={"core": make_unit("router", lanes=1, every=every)})
    found = homes(place(attention(), chip), "mix")
    first = [(start, stop) for replica, start, stop, _ in found if replica == 0]
    assert first == [(32 * n // pieces, 32 * (n + 1) // pieces) for n in range(pieces)]


@pytest.mark.parametrize(("buffer_kib", "pieces"), [(8, 1), (0.75, 1), (0.7, 2), (0.25, 4)])
def test_heads_are_cut_until_their_keys_fit(buffer_kib, pieces):
    # Keys of two samples of six tokens and queries of one, of 32 bytes: 576; three quarters of a buffer hold keys.
    core = {**make_unit("router", lanes=960), "buffer": {"capacity": buffer_kib * KIB, "cost": COST}}
    chip = make_chip(units={"core": core}, memory=make_memory())
    found = homes(place(attention(), chip), "mix")
    assert [stop - start for replica, start, stop, _ in found if replica == 0] == [32 // pieces] * pieces


def test_two_kinds_of_units_at_routers_have_nodes_of_their_own():
    chip = make_chip(units={"core": make_unit("router", every=4), "other": make_unit("router", every=8)})
    plan = Floorplan(chip)
    # Four cores at routers 0, 4, 8 and 12 behind sixteen tiles, then two others at 0 and 8, then the port.
    assert plan.unit_nodes["core"].tolist() == [16, 17, 18, 19]
    assert plan.unit_nodes["other"].tolist() == [20, 21]
    assert plan.port == 22 and plan.router[16:].tolist() == [0, 4, 8, 12, 0, 8, 0]


def test_units_keep_pace_with_the_slowest_matrix_layer():
    # Eight products of 105 ns, and one: sums of 100 for each of the eight keep pace with the former on one lane.
    layers = (
        Layer("in", Source(), 8, 8), Layer("a", Matrix(Weights(8, 8)), 8, 8),
        Layer("d", additions(100, whole_token=True), 8, 8), Layer("b", Matrix(Weights(64, 8)), 1, 8),
        Layer("out", Sink(), 1, 8),
    )  # fmt: skip
    edges = (
        Edge("in", "a", Same(), 8), Edge("a", "d", Same(), 8), Edge("d", "b", Whole(), 8), Edge("b", "out", Same(), 8),
    )  # fmt: skip
    chip = make_chip(units={"core": make_unit("router", lanes=1)})
    assert len(homes(place(Network("paces", layers, edges), chip), "d")) == 1


def test_copies_of_attention_are_as_many_as_the_buffers_hold_keys_of():
    # 960 operations on six lanes take 160 ns of a product's 105: two copies. Keys take 576 bytes; 768 on each of 16
    # cores hold enough for both, and on one core for one.
    for every, copies in ((1, 2), (16, 1)):
        core = {**make_unit("router", lanes=6, every=every), "buffer": {"capacity": KIB, "cost": COST}}
        chip = make_chip(units={"core": core}, memory=make_memory())
        found = homes(place(attention(heads=1, keys=160), chip), "mix")
        assert len(found) == copies


def test_arrays_with_blocks_are_counted_tile_by_tile():
    placement = place(line(("a", Matrix(Weights(8, 150)))), make_chip(arrays_per_tile=2))
    # Three blocks of 50 columns: both arrays of the first tile, one of the next.
    assert (placement.arrays_used, placement.tiles_used) == (3, 2)
    assert sorted(zip(placement.blocks.node.tolist(), placement.blocks.array.tolist(), strict=True)) == [
        (0, 0), (0, 1), (4, 0),
    ]  # fmt: skip
