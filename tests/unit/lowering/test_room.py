"""Runs that would not fit are refused before they are built, with what they take and what would fit."""

import pytest

from archsim.errors import InputError
from archsim.lowering import lower, room
from archsim.mapping import place
from archsim.network import Edge, Layer, Matrix, Network, Same, Sink, Source, Weights, Window
from archsim.program import Role
from tests.chips import make_chip, make_fabric, make_system
from tests.networks import line

GIB = 2**30


def two_layers(copies, *, tokens=4096, chips=1):
    """Copies of a layer that read three tokens each of nearly as many copies of another."""
    window = Window((tokens,), (tokens,), (3,), (1,), (1,), (1,))
    layers = (
        Layer("in", Source(), tokens, 8),
        Layer("a", Matrix(Weights(8, 8)), tokens, 8),
        Layer("b", Matrix(Weights(24, 8), taps=3), tokens, 8),
        Layer("out", Sink(), tokens, 8),
    )
    edges = (Edge("in", "a", Same(), 8), Edge("a", "b", window, 8), Edge("b", "out", Same(), 8))
    chip = make_chip(fabric=make_fabric(32, 32), system=make_system(chips))
    return place(Network("two", layers, edges), chip, replicate={"a": copies, "b": copies - 1})


@pytest.fixture
def free(monkeypatch):
    """Sets how much memory is free."""
    return lambda size: monkeypatch.setattr(room, "free_bytes", lambda: size)


def test_copies_are_counted_in_pairs():
    # in -> a: 300 pairs; a -> b: 300 x 299; b -> out: 299; of one actor each.
    pairs = 300 + 300 * 299 + 299
    turns = 300 * -(-4096 // 300) + 300 * 299 * -(-4096 // 299) + 299 * 4096
    assert room.copies_bytes(two_layers(300)) == pairs * room.BYTES_PER_PAIR + turns * room.BYTES_PER_TURN


def test_a_quick_bound_is_no_less_than_what_copies_take():
    """Every actor of one layer with every one of the next, and a turn for each token and copy before it."""
    placement = two_layers(300)
    turns = 4096 + 300 * 4096 + 299 * 4096
    assert room._most_copies_bytes(placement) == (300 + 300 * 299 + 299) * 600 + turns * 32
    network = line(("a", Matrix(Weights(8, 8))), tokens=6)
    together = place(network, make_chip(), replicate={"a": 2}, batch=4, interleave=4)
    # Two edges of two pairs; six tokens of four samples in turn, for the input and for both copies.
    assert room._most_copies_bytes(together) == 2 * 2 * 600 + (24 + 2 * 24) * 32 >= room.copies_bytes(together)


def test_copies_that_do_not_fit_are_refused(free):
    placement = two_layers(500)
    needed = room.copies_bytes(placement)
    free(needed // 4)
    with pytest.raises(InputError, match=r"500 copies of one layer and those around it take about") as caught:
        lower(placement)
    # Half the copies make a quarter of the pairs; the streams take a little.
    assert caught.value.where == "--replicate" and "about 50% of these fit" in caught.value.remedy


def test_copies_that_take_hours_are_refused():
    placement = two_layers(9000, tokens=9000, chips="as needed")
    # 9,000 x 8,999 between the layers, and as many as copies to the input and the output.
    with pytest.raises(InputError, match=r"81,008,999 pairs of copies, which take about 2\.3 hours") as caught:
        lower(placement)
    assert "about 67% of these fit" in caught.value.remedy


def test_samples_that_do_not_fit_are_refused(free):
    placement = place(line(("a", Matrix(Weights(8, 8)))), make_chip())
    free(GIB)
    with pytest.raises(InputError, match=r"a batch of 100,000,000 samples takes about 4\.47 GiB") as caught:
        lower(placement, batch=10**8)
    assert caught.value.where == "--batch" and "At most 22," in caught.value.remedy


def test_samples_that_take_turns_count_for_the_streams(free):
    network = line(("a", Matrix(Weights(8, 8))), tokens=2**21)
    free(GIB)
    lower(place(network, make_chip()))
    with pytest.raises(InputError, match="streams of 50,331,648 tokens"):
        lower(place(network, make_chip(), batch=8, interleave=8), batch=8)


def test_links_that_do_not_fit_are_refused(free):
    placement = two_layers(100, tokens=512)
    free(2 * GIB)
    room.check_links("net", 10, 2 * GIB // room.BYTES_PER_LINK)
    with pytest.raises(InputError, match=r"10 ways over the fabric pass [\d,]+ links, which take about 2 GiB"):
        room.check_links("net", 10, 2 * GIB // room.BYTES_PER_LINK + 1000)
    lower(placement)


def test_ways_over_the_fabric_are_counted_before_they_are_spelled_out(monkeypatch):
    """One product between two hosts' ends: inject, links and eject each way."""
    seen = []
    monkeypatch.setattr("archsim.lowering.fabric.check_links", lambda *counted: seen.append(counted))
    placement = place(line(("a", Matrix(Weights(8, 8)))), make_chip())
    program = lower(placement)
    links = sum(label in ("inject", "link", "eject") for label in program.labels.resources)
    assert links and seen == [("line", 2, int((program.actors.role == Role.LINK).sum()))]


def test_links_between_chips_are_counted_as_well(monkeypatch):
    """Three products on three chips of one tile; the last reads the first as well."""
    seen = []
    monkeypatch.setattr("archsim.lowering.fabric.check_links", lambda *counted: seen.append(counted))
    layers = (
        Layer("in", Source(), 2, 8),
        Layer("a", Matrix(Weights(8, 8)), 2, 8),
        Layer("b", Matrix(Weights(8, 8)), 2, 8),
        Layer("c", Matrix(Weights(16, 8)), 2, 8),
        Layer("out", Sink(), 2, 8),
    )
    edges = (
        Edge("in", "a", Same(), 8),
        Edge("a", "b", Same(), 8),
        Edge("b", "c", Same(), 8),
        Edge("a", "c", Same(), 8, target_start=8),
        Edge("c", "out", Same(), 8),
    )
    chip = make_chip(fabric=make_fabric(1, 1), system=make_system(3))
    lower(place(Network("three", layers, edges), chip))
    # Into and out of the fabric each time; one link between chips from a to b and from b to c, two from a to c.
    assert seen == [("three", 5, 2 * 5 + 1 + 1 + 2)]
