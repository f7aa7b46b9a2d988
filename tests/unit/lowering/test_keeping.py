"""What buffers keep of edges, and the traffic that it costs to keep less, by hand."""

import numpy as np
import pytest

from archsim.lowering import lower, room
from archsim.lowering.buffers import Held, buffer_bits, excess
from archsim.lowering.curves import Demands
from archsim.lowering.keeping import Choices, Keep
from archsim.lowering.layers import Ends
from archsim.lowering.passing import Selections
from archsim.lowering.rooms import PacedRooms
from archsim.lowering.series import SeriesBook
from archsim.mapping import place
from archsim.network import Edge, Layer, Matrix, Network, Same, Sink, Source, Weights, Whole, Window
from archsim.program import Role
from tests.chips import COST, KIB, make_chip, make_memory, make_unit
from tests.networks import line

NONE = np.zeros(0, np.int64)


def convolution(tokens=40, kernel=3):
    window = Window((tokens,), (tokens,), (kernel,), (1,), (kernel // 2,), (1,))
    layers = (
        Layer("in", Source(), tokens, 20),
        Layer("a", Matrix(Weights(20 * kernel, 8), taps=kernel), tokens, 8),
        Layer("out", Sink(), tokens, 8),
    )
    return Network("conv", layers, (Edge("in", "a", window, 20), Edge("a", "out", Same(), 8)))


def choices(network):
    placement = place(network, make_chip())
    demands = Demands(network, 1, Selections(SeriesBook()))
    return Choices(demands, placement, Ends(NONE, NONE, NONE, NONE), PacedRooms(placement), [], [])


def test_traffic_of_a_window():
    conv = choices(convolution())
    assert conv.traffic(0, Keep.FULL) == conv.traffic(0, Keep.SLOWER) == 0
    # Forty tokens of twenty elements are written and fetched once into a window.
    assert conv.traffic(0, Keep.WINDOW) == conv.traffic(0, Keep.LEAST) == 2 * 40 * 20
    # Without one, windows of three are fetched one by one, less the two taps beyond the ends.
    assert conv.traffic(0, Keep.NOTHING) == (40 + 118) * 20
    assert conv.useful(0) == tuple(Keep)


def test_windows_are_of_no_use_where_every_token_is_read_once():
    conv = choices(convolution())
    assert conv.traffic(1, Keep.NOTHING) == conv.traffic(1, Keep.WINDOW) == 2 * 40 * 8
    assert conv.useful(1) == (Keep.FULL, Keep.SLOWER, Keep.NOTHING)


def test_keeping_less_goes_to_memory_from_windows_on():
    assert [keep.in_memory for keep in Keep] == [False, False, True, True, True]


def test_room_beside_nodes():
    small = {**make_unit("router", every=8), "buffer": {"capacity": 3 * KIB, "cost": COST}}
    placement = place(convolution(), make_chip(buffer_kib=2, units={"core": small, "local": make_unit()}))
    bits = buffer_bits(placement)
    # Sixteen tiles, two cores, and the port, which needs none.
    assert bits[:18].tolist() == [2 * KIB] * 16 + [3 * KIB] * 2
    assert bits[18] == np.iinfo(np.int64).max
    contents = Held(np.array([0, 1, 0]), np.array([5, 5, 17]), np.array([KIB, KIB + 3, KIB]))
    nodes, over = excess(placement, contents)
    assert nodes.tolist() == [5, 17] and over.tolist() == [3, -2 * KIB]


def whole(tokens=10):
    layers = (Layer("in", Source(), tokens, 64), Layer("f", Matrix(Weights(64, 8)), 1, 8), Layer("out", Sink(), 1, 8))
    return Network("whole", layers, (Edge("in", "f", Whole(), 64), Edge("f", "out", Same(), 8)))


def taken(program):
    """Bits of room before the array."""
    into = program.actors.role[program.channels.target] == Role.INTEGRATE
    return int((program.channels.capacity * program.channels.token_bits)[into].sum())


def through_memory(program):
    return bool(np.isin(program.actors.role, (Role.READ, Role.WRITE)).any())


def test_a_bit_too_little_is_too_little():
    ample = lower(place(whole(), make_chip(memory=make_memory())))
    bits = taken(ample)
    for capacity, fits in ((bits, True), (bits - 1, False)):
        program = lower(place(whole(), make_chip(buffer_kib=capacity / KIB, memory=make_memory())))
        assert (taken(program) == bits) is fits
    # Ten tokens and one on its way are the least.
    least = lower(place(whole(), make_chip(buffer_kib=11 * 512 / KIB, memory=make_memory())))
    assert taken(least) <= 11 * 512
    assert through_memory(lower(place(whole(), make_chip(buffer_kib=10 * 512 / KIB, memory=make_memory()))))


def test_given_room_is_taken():
    program = lower(place(whole(), make_chip()), capacities={"f": 77})
    assert taken(program) == (77 + 1) * 512
    # Never less than one firing needs, and one on its way.
    assert taken(lower(place(whole(), make_chip()), capacities={"f": 2})) == (10 + 1) * 512


@pytest.mark.parametrize(("links", "free", "fits"), [(2**22, 2**30, True), (2**22, 2**28, False), (2**20, 1, True)])
def test_links_take_110_bytes_each_and_a_few_are_never_counted(monkeypatch, links, free, fits):
    monkeypatch.setattr(room, "free_bytes", lambda: free)
    if fits:
        room.check_links("net", 1, links)
    else:
        with pytest.raises(Exception, match=r"pass 4,194,304 links, which take about 0\.4"):
            room.check_links("net", 1, links)


def test_room_is_asked_for_only_where_it_may_lack(monkeypatch):
    def refuse():
        raise AssertionError("nobody needs to know")

    monkeypatch.setattr(room, "free_bytes", refuse)
    lower(place(line(("a", Matrix(Weights(8, 8)))), make_chip()), batch=100)


def test_streams_take_80_bytes_a_token_and_samples_48(monkeypatch):
    # 2^21 tokens in three layers, 80 bytes each.
    placement = place(line(("a", Matrix(Weights(8, 8))), tokens=2**21), make_chip())
    monkeypatch.setattr(room, "free_bytes", lambda: 3 * 2**21 * 80 - 1)
    with pytest.raises(Exception, match=r"streams of 6,291,456 tokens take about 0\.469 GiB") as caught:
        room.check_room(placement, 1)
    assert caught.value.remedy.endswith("6,291,455 tokens fit.")
    small = place(line(("a", Matrix(Weights(8, 8)))), make_chip())
    pairs = room.copies_bytes(small)
    monkeypatch.setattr(room, "free_bytes", lambda: 3 * 80 + pairs + 48 * 10**7)
    room.check_room(small, 10**7)
    with pytest.raises(Exception, match="10,000,001 samples") as caught:
        room.check_room(small, 10**7 + 1)
    assert "At most 10,000,000 samples fit" in caught.value.remedy


def test_pairs_of_a_line_take_600_bytes_and_their_turns_32():
    # in -> a and a -> out, one pair each, three firings each.
    placement = place(line(("a", Matrix(Weights(8, 8))), tokens=3), make_chip())
    assert room.copies_bytes(placement) == 2 * (600 + 3 * 32)
    # Two blocks side by side make two pairs of each edge.
    wide = place(line(("a", Matrix(Weights(8, 128))), tokens=3), make_chip())
    assert room.copies_bytes(wide) == 2 * (2 * 600 + 3 * 32)
    # With two copies of the product, token n of one of them is token n of the input: three pairs of copies in turn.
    copied = place(line(("a", Matrix(Weights(8, 8))), tokens=3), make_chip(), replicate={"a": 2})
    assert room.copies_bytes(copied) == 2 * (600 + 2 * 32) + 2 * (600 + 3 * 32)
