"""Which way chips share layers, and what has to pass because of it, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from archsim.chip import Chip
from archsim.machine.stepped import Keeping, Way
from archsim.mapping.sharing import Sharing, share_layers
from archsim.network import Digital, Edge, Layer, Matrix, Network, Primitive, Same, Sink, Source, Weights, Window
from tests.networks import additions, line, lstm
from tests.systolic_chips import LINKED, systolic

KEEPING = Keeping(8, 1e9, 0.0, 1e9, tensors=True, hands_over=True, chips=2)
COLUMNS, VECTORS = Way.COLUMNS, Way.VECTORS


def two_chips(*overrides: str) -> Chip:
    return systolic(*LINKED, "system.chips=2", *overrides)


def shared(
    network: Network, keeping: Keeping = KEEPING, *overrides: str, samples: int = 1, goes: int = 1
) -> dict[str, tuple[Way, float, bool]]:
    """Way, bits received of each bit that is made, and whether all have it then, of each layer."""
    passes = np.full(len(network.order), goes)
    found = share_layers(network, two_chips(*overrides), keeping, passes, samples)
    assert isinstance(found, Sharing)
    names = [layer.name for layer in network.order]
    received = [exchange.received for exchange in found.exchanges]
    return dict(zip(names, zip(found.ways, received, found.everywhere, strict=True), strict=True))


def image(*operators: tuple[str, int]) -> Network:
    """Convolutions of 3 x 3, each with so many filters, on an image of 8 x 8."""
    layers, edges = [Layer("in", Source(), 64, 4)], []
    for name, filters in operators:
        before = layers[-1]
        window = Window((8, 8), (8, 8), (3, 3), (1, 1), (1, 1), (1, 1))
        layers.append(Layer(name, Matrix(Weights(9 * before.width, filters), taps=9), 64, filters))
        edges.append(Edge(before.name, name, window, before.width))
    layers.append(Layer("out", Sink(), 64, layers[-1].width))
    edges.append(Edge(layers[-2].name, "out", Same(), layers[-1].width))
    return Network("image", tuple(layers), tuple(edges))


def test_a_single_vector_is_shared_by_columns_and_all_get_the_results() -> None:
    found = shared(line(("a", Matrix(Weights(8, 6))), ("b", Matrix(Weights(6, 4)))))
    assert found["a"] == (COLUMNS, 1.0, True)
    assert found["b"] == (COLUMNS, 0.0, False)  # for the host alone


def test_what_is_element_wise_takes_its_share_and_sends_it_on() -> None:
    found = shared(line(("a", Matrix(Weights(8, 6))), ("d", additions(6)), ("b", Matrix(Weights(6, 4)))))
    assert found["a"] == (COLUMNS, 0.0, False)
    assert found["d"] == (COLUMNS, 1.0, True)


def test_what_needs_whole_tokens_gets_them() -> None:
    found = shared(line(("a", Matrix(Weights(8, 6))), ("d", additions(6, whole_token=True))))
    assert found["a"] == (COLUMNS, 1.0, True)


def test_convolutions_send_the_rows_that_a_window_reaches_beyond() -> None:
    # Each chip has four of eight rows, and needs one of the other's: 8 of 64 tokens each way.
    found = shared(image(("a", 4), ("b", 4)))
    assert found["a"] == (VECTORS, pytest.approx(16 / 64), False)
    assert found["b"] == (VECTORS, 0.0, False)


def test_copies_are_made_as_far_as_there_is_room_first_where_they_save_most_for_their_size() -> None:
    # Inputs are alike, b's weights (144 x 9) fewer than a's (36 x 16); then a copy of b has room, and one of a none.
    network = image(("a", 32), ("b", 1))
    weights = {"a": 8 * 36 * 32, "b": 8 * 288}
    room = sum(weights.values()) + weights["b"]
    found = shared(network, replace(KEEPING, weights=float(room)))
    assert (found["a"][0], found["b"][0]) == (COLUMNS, VECTORS)
    # a makes half of the elements of all tokens, b needs all elements of half of the tokens and a row beyond: 40 of 64.
    assert found["a"][1] == pytest.approx(2 * 40 / 64 / 2)
    assert shared(network, replace(KEEPING, weights=float(room - 1)))["b"][0] is COLUMNS


def test_of_two_with_room_for_a_copy_each_the_one_that_takes_in_more_is_copied() -> None:
    # 128 weights each; a takes in 8 elements, b 16.
    network = line(("a", Matrix(Weights(8, 16))), ("b", Matrix(Weights(16, 8))))
    found = shared(network, replace(KEEPING, weights=3 * 128 * 8.0), samples=2)
    assert (found["a"][0], found["b"][0]) == (COLUMNS, VECTORS)


@pytest.mark.parametrize(("chips", "room", "copied"), [(2, 2, 2), (2, 1, 1), (3, 4, 2), (3, 3, 1), (3, 1, 0)])
def test_a_copy_takes_room_on_each_chip_but_one(chips: int, room: int, copied: int) -> None:
    # Two matrices of 128 weights, and room for so many more.
    network = line(("a", Matrix(Weights(8, 16))), ("b", Matrix(Weights(16, 8))))
    keeping = replace(KEEPING, weights=(2 + room) * 128 * 8.0, chips=chips)
    described = systolic(*LINKED, f"system.chips={chips}")
    found = share_layers(network, described, keeping, np.ones(4, np.int64), samples=6)
    assert found is not None
    assert [found.ways[layer] for layer in (1, 2)] == [[COLUMNS] * 2, [COLUMNS, VECTORS], [VECTORS] * 2][copied]
    assert [found.copies(layer) for layer in (1, 2)] == [[1, 1], [1, chips], [chips] * 2][copied]


def test_elements_of_all_samples_become_all_elements_of_some() -> None:
    # Each chip has half of the elements of both samples, and needs all elements of one: a quarter from the other.
    network = line(("a", Matrix(Weights(8, 16))), ("b", Matrix(Weights(16, 8))))
    assert shared(network, replace(KEEPING, weights=3 * 128 * 8.0), samples=2)["a"] == (COLUMNS, 0.5, False)


def test_three_chips_get_two_ninths_of_what_they_need_from_each_other() -> None:
    # Each has a third of the elements of three samples and needs all elements of one: a ninth from each of two.
    network = line(("a", Matrix(Weights(8, 16))), ("b", Matrix(Weights(16, 8))))
    keeping = replace(KEEPING, weights=4 * 128 * 8.0, chips=3)
    found = share_layers(network, systolic(*LINKED, "system.chips=3"), keeping, np.ones(4, np.int64), 3)
    assert found is not None
    assert found.ways[1:3] == (COLUMNS, VECTORS)
    assert found.exchanges[1].received == pytest.approx(6 / 9)


def test_a_small_matrix_is_copied_before_a_large_one_that_saves_more() -> None:
    # a takes in 8 elements with 8 x 4 weights, b 16 with 16 x 64: a quarter of an element saved for a weight, or 1/64.
    layers = (
        Layer("in", Source(), 1, 16),
        Layer("a", Matrix(Weights(8, 4)), 1, 4),
        Layer("b", Matrix(Weights(16, 64)), 1, 64),
        Layer("out", Sink(), 1, 68),
    )
    edges = (
        Edge("in", "a", Same(), 8),
        Edge("in", "b", Same(), 16),
        Edge("a", "out", Same(), 4),
        Edge("b", "out", Same(), 64, target_start=4),
    )
    network, all_of_them = Network("two", layers, edges), 32 + 16 * 64
    for room, ways in ((32, (VECTORS, COLUMNS)), (1024, (VECTORS, COLUMNS)), (1056, (VECTORS, VECTORS))):
        found = shared(network, replace(KEEPING, weights=(all_of_them + room) * 8.0), samples=2)
        assert (found["a"][0], found["b"][0]) == ways


def test_samples_of_their_own_need_nothing_from_each_other() -> None:
    network = line(("a", Matrix(Weights(8, 6))), ("d", additions(6)), ("b", Matrix(Weights(6, 4))))
    found = shared(network, samples=4)
    assert [found[name] for name in ("a", "d", "b")] == [(VECTORS, 0.0, False)] * 3
    assert shared(network, samples=3)["a"][0] is COLUMNS


@pytest.mark.parametrize(("link", "way"), [("1 GB/s", VECTORS), ("1000 GB/s", COLUMNS)])
def test_fetched_weights_are_copied_where_that_takes_less_time_than_the_links(link: str, way: Way) -> None:
    # 2 x 8 bytes pass by half on a link of 1 GB/s: 8 ns; half of 48 bytes of weights at 10 GB/s: 2.4 ns.
    network = line(("a", Matrix(Weights(8, 6))), ("b", Matrix(Weights(6, 4))))
    streamed = replace(KEEPING, weights=None)
    rates = (f"system.link.bandwidth={link}", "memory.weights.bandwidth=10 GB/s")
    assert shared(network, streamed, *rates, samples=2)["a"][0] is way


@pytest.mark.parametrize(("link", "way"), [("3.3 GB/s", VECTORS), ("3.4 GB/s", COLUMNS)])
def test_copies_are_fetched_from_where_both_take_the_same_time(link: str, way: Way) -> None:
    # Half of 48 bytes at 10 GB/s are 2.4 ns, as are half of 16 bytes at 3.33 GB/s.
    network = line(("a", Matrix(Weights(8, 6))), ("b", Matrix(Weights(6, 4))))
    rates = (f"system.link.bandwidth={link}", "memory.weights.bandwidth=10 GB/s")
    assert shared(network, replace(KEEPING, weights=None), *rates, samples=2)["a"][0] is way


def test_steps_of_a_recurrence_are_shared_by_columns() -> None:
    network = lstm(4)
    goes = [4 if layer.name.startswith("lstm") else 1 for layer in network.order]
    found = share_layers(network, two_chips(), KEEPING, np.array(goes), 1)
    assert found is not None
    assert set(found.ways) == {COLUMNS}


def test_heads_are_shared_without_an_exchange() -> None:
    heads = Digital("scores", ((Primitive.MAC, 64),), product=True, whole_token=True, heads=2)
    network = line(("q", Matrix(Weights(8, 8))), ("s", heads), tokens=1)
    assert shared(network)["q"] == (COLUMNS, 0.0, False)


def test_one_chip_and_devices_with_a_way_of_their_own_share_nothing() -> None:
    network = line(("a", Matrix(Weights(8, 6))))
    assert share_layers(network, systolic(), replace(KEEPING, chips=1), np.ones(3, np.int64), 1) is None
