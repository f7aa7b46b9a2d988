"""Copies: as given, or the best that the arrays allow."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsim.errors import CapacityError, InputError
from archsim.machine import matrix_unit
from archsim.mapping import place
from archsim.mapping.blocks import cut_weights
from archsim.mapping.load import Load, balanced, matrix_load, recurrent_layers
from archsim.mapping.replication import named_layers
from archsim.network import Digital, Edge, Layer, Matrix, Network, Previous, Same, Sink, Source, Weights
from archsim.network.recurrent import CellShape, lstm_layers
from tests.chips import make_chip, make_input
from tests.networks import line


@st.composite
def loads(draw):
    size = draw(st.integers(1, 3))
    tokens = np.array([draw(st.integers(1, 9)) for _ in range(size)])
    looped = np.array([draw(st.booleans()) for _ in range(size)])
    return Load(
        interval_ps=np.array([draw(st.integers(1, 50)) for _ in range(size)]),
        tokens=tokens,
        blocks=np.array([draw(st.integers(1, 4)) for _ in range(size)]),
        most=np.where(looped, 1, tokens),
    )


def bottleneck(load, copies):
    """Picoseconds per sample: the copy with the most tokens of the slowest layer."""
    shares = (-(-tokens // count) for tokens, count in zip(load.tokens.tolist(), copies, strict=True))
    return max(share * interval for share, interval in zip(shares, load.interval_ps.tolist(), strict=True))


@given(loads(), st.integers(0, 25))
def test_no_other_allocation_is_faster(load, spare):
    arrays = int(load.blocks.sum()) + spare
    copies = balanced(load, arrays).tolist()
    assert np.dot(copies, load.blocks) <= arrays
    assert all(1 <= count <= most for count, most in zip(copies, load.most.tolist(), strict=True))
    others = itertools.product(*(range(1, most + 1) for most in load.most.tolist()))
    possible = [other for other in others if np.dot(other, load.blocks) <= arrays]
    best = min(bottleneck(load, other) for other in possible)
    assert bottleneck(load, copies) == best
    # And no array is spent on a layer that is not in the way.
    cheapest = min(np.dot(other, load.blocks) for other in possible if bottleneck(load, other) == best)
    assert np.dot(copies, load.blocks) == cheapest


def test_nothing_to_copy():
    empty = np.zeros(0, np.int64)
    assert balanced(Load(empty, empty, empty, empty), 10).tolist() == []


def chain(*tokens):
    """Layers a, b, ... of one array each, every one pooling its input into fewer tokens."""
    names = "abcdef"[: len(tokens)]
    layers = [Layer("in", Source(), tokens[0], 8)]
    edges = []
    for name, before, count in zip(names, ["in", *names], tokens, strict=False):
        layers.append(Layer(name, Matrix(Weights(8, 8)), count, 8))
        edges.append(Edge(before, name, Same(), 8))
    layers.append(Layer("out", Sink(), tokens[-1], 8))
    return Network("chain", tuple(layers), (*edges, Edge(names[-1], "out", Same(), 8)))


def copies_of(placement):
    return {layer.name: placement.replicas[placement.index[layer.name]] for layer in placement.network.matrices}


def test_balanced_in_a_placement():
    # 16 arrays for layers of 90, 30 and 3 tokens: 12 copies leave a 8 tokens each, 4 copies of b would leave it 8 too,
    # which is one array too many; 9 tokens need 10 + 4 + 1.
    placement = place(chain(90, 30, 3), make_chip(), replicate="balanced")
    assert copies_of(placement) == {"a": 10, "b": 4, "c": 1}


def test_given_copies():
    placement = place(chain(6, 6), make_chip(), replicate={"b": 5})
    assert copies_of(placement) == {"a": 1, "b": 5}
    assert copies_of(place(chain(6, 6), make_chip())) == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("replicate", "words"),
    [
        ("most", ["'most' is no way to replicate", "balanced"]),
        ({"conw": 2}, ["no matrix layer 'conw'"]),
        ({"a": 0}, ["0 copies", "between 1 and 6"]),
        ({"a": 7}, ["7 copies", "between 1 and 6"]),
    ],
)
def test_copies_that_cannot_be(replicate, words):
    with pytest.raises(InputError) as caught:
        place(chain(6, 6), make_chip(), replicate=replicate)
    assert caught.value.where == "--replicate" and caught.value.remedy
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_name_nearly_right_is_suggested():
    layers = (Layer("in", Source(), 4, 8), Layer("layer1.conv1", Matrix(Weights(8, 8)), 4, 8))
    network = Network("n", layers, (Edge("in", "layer1.conv1", Same(), 8),))
    with pytest.raises(InputError, match=r"Did you mean 'layer1\.conv1'"):
        place(network, make_chip(), replicate={"layer1.conv": 2})


def lstm_network(steps=5):
    layers, edges = lstm_layers("lstm", "in", CellShape(steps, 8, 8))
    return Network("rnn", (Layer("in", Source(), steps, 8), *layers), edges)


def test_a_recurrent_layer_has_one_copy():
    network = lstm_network()
    assert recurrent_layers(network) == {"lstm.gates", "lstm.cell"}
    assert set(place(network, make_chip(), replicate="balanced").replicas) == {1}
    with pytest.raises(InputError, match="between 1 and 1"):
        place(network, make_chip(), replicate={"lstm.gates": 2})


def test_a_layer_that_feeds_itself_is_recurrent():
    layers = (Layer("in", Source(), 4, 8), Layer("self", Digital("scan"), 4, 8))
    edges = (Edge("in", "self", Same(), 8), Edge("self", "self", Previous(), 8, port=1))
    assert recurrent_layers(Network("n", layers, edges)) == {"self"}


def test_decoding_after_a_prompt_does_not_count_as_recurrent():
    layers = (Layer("in", Source(), 8, 8), Layer("a", Matrix(Weights(16, 8)), 8, 8))
    back = Edge("a", "a", Previous(1, start=6), 8, target_start=8)
    assert recurrent_layers(Network("n", layers, (Edge("in", "a", Same(), 8), back))) == frozenset()


LAYERS = ["conv1", "conv10", "layer1.0.conv1", "layer1.0.conv2", "layer1.1.conv1", "layer10.0.conv1", "/a/b/MatMul"]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("conv1", ["conv1"]),
        ("layer1", ["layer1.0.conv1", "layer1.0.conv2", "layer1.1.conv1"]),
        ("layer1.0", ["layer1.0.conv1", "layer1.0.conv2"]),
        ("layer1.*", ["layer1.0.conv1", "layer1.0.conv2", "layer1.1.conv1"]),
        ("*.conv1", ["layer1.0.conv1", "layer1.1.conv1", "layer10.0.conv1"]),
        ("conv?", ["conv1"]),
        ("/a", ["/a/b/MatMul"]),
        ("*", LAYERS),
    ],
)
def test_layers_by_name_by_what_they_are_within_and_by_pattern(given: str, found: list[str]) -> None:
    assert named_layers(given, LAYERS) == found


@pytest.mark.parametrize(
    ("given", "nearest"), [("layer11", "'layer1'"), ("conv", "'conv1'"), ("layr1.0.conv1", "'layer1.0.conv1'")]
)
def test_no_such_layer_suggests_groups_and_layers(given: str, nearest: str) -> None:
    with pytest.raises(InputError, match="no matrix layer") as caught:
        named_layers(given, LAYERS)
    assert nearest in caught.value.remedy


@pytest.mark.parametrize("given", ["", ".", "*.nothing", "[", "layer1.0.conv1.x"])
def test_nothing_of_the_kind(given: str) -> None:
    with pytest.raises(InputError, match="no matrix layer"):
        named_layers(given, LAYERS)


def test_later_copies_win() -> None:
    network = chain(100, 50, 25)
    names = [layer.name for layer in network.matrices]
    placed = place(network, make_chip(), replicate={"*": 2, names[-1]: 3})
    copies = dict(zip([layer.name for layer in network.order], placed.replicas, strict=True))
    assert [copies[name] for name in names] == [2] * (len(names) - 1) + [3]


class NoSums:
    """A matrix unit that cannot add what other blocks have summed."""

    def __init__(self, unit):
        self.unit, self.limits = unit, unit.limits

    def stages(self, shapes, way):
        return tuple(stage for stage in self.unit.stages(shapes, way) if not stage.sums)


def test_one_matrix_with_row_blocks_is_enough_to_need_sums():
    unit = matrix_unit(make_chip())
    network = line(("a", Matrix(Weights(64, 64))), ("b", Matrix(Weights(64, 64))), tokens=3, width=64)
    cuts = tuple(cut_weights(weights, unit.limits, 1) for weights in network.users)
    assert matrix_load(network, NoSums(unit), cuts).interval_ps.tolist() == [105_000] * 2
    network = line(("a", Matrix(Weights(64, 128))), ("b", Matrix(Weights(128, 64))), tokens=3, width=64)
    cuts = tuple(cut_weights(weights, unit.limits, 1) for weights in network.users)
    with pytest.raises(CapacityError, match="128 rows are cut into blocks of 64"):
        matrix_load(network, NoSums(unit), cuts)


def test_loads_of_weights_by_hand():
    slow = matrix_unit(make_chip(affine_lanes=1, inputs=make_input(phase_ns=10)))
    network = line(("a", Matrix(Weights(64, 8))), ("b", Matrix(Weights(8, 128))), tokens=3, width=64)
    cuts = tuple(cut_weights(weights, slow.limits, 1) for weights in network.users)
    load = matrix_load(network, slow, cuts)
    # One lane scales eight columns in eight cycles, 64 in 64; integration and conversion take 15 ns.
    assert load.interval_ps.tolist() == [15_000, 64_000]
    assert load.blocks.tolist() == [1, 2] and load.tokens.tolist() == [3, 3] and load.most.tolist() == [3, 3]
    assert load.time_ps(np.array([1, 2])).tolist() == [45_000, 128_000]


def test_layers_without_weights_have_no_blocks():
    placement = place(line(("a", Matrix(Weights(8, 8))), tokens=3), make_chip())
    assert [placement.blocks_of(layer) for layer in range(3)] == [slice(0, 0), slice(0, 1), slice(0, 0)]


def test_as_many_copies_as_tokens_can_be_used():
    network = line(("a", Matrix(Weights(8, 8))), tokens=3)
    assert place(network, make_chip(), replicate={"a": 3}).replicas == (1, 3, 1)
    with pytest.raises(InputError, match="4 copies of 'a' are asked for; between 1 and 3"):
        place(network, make_chip(), replicate={"a": 4})
