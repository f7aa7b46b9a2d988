"""The Network refuses what cannot be a network, and counts what textbooks count."""

import itertools
import re

import pytest

from archsim.errors import InputError
from archsim.network import (
    Digital,
    Edge,
    Layer,
    Matrix,
    Network,
    Prefix,
    Previous,
    Primitive,
    Same,
    Sink,
    Source,
    Table,
    Weights,
    Whole,
    keys_read,
    layer_macs,
)


def line(*operators, width=4, tokens=6):
    """Layers a, b, c, ... that follow each other token by token."""
    names = "abcdefgh"[: len(operators)]
    layers = [Layer(name, operator, tokens, width) for name, operator in zip(names, operators, strict=True)]
    return layers, [Edge(one, two, Same(), width) for one, two in itertools.pairwise(names)]


RELU = Digital("relu", ((Primitive.COMPARE, 4),))


def test_order_is_topological_and_stable():
    layers, edges = line(Source(), RELU, Matrix(Weights(4, 4)), Sink())
    network = Network("n", tuple(reversed(layers)), tuple(edges))
    assert [layer.name for layer in network.order] == list("abcd")
    assert [layer.name for layer in network.matrices] == ["c"]
    assert [edge.source for edge in network.inputs_of("c")] == ["b"]
    assert [edge.target for edge in network.outputs_of("c")] == ["d"]
    assert network.inputs_of("a") == ()


def test_a_recurrent_edge_does_not_count_in_the_order():
    layers, edges = line(Source(), Matrix(Weights(8, 4)), RELU, Sink())
    network = Network("n", tuple(layers), (*edges, Edge("c", "b", Previous(), 4, target_start=4)))
    assert [layer.name for layer in network.order] == list("abcd")


def test_counts():
    layers, edges = line(Source(), Matrix(Weights(4, 2, groups=2)), RELU, Sink())
    network = Network("n", tuple(layers), tuple(edges))
    # Two groups of 4 x 2 weights, 6 tokens; an activation is no operation of the network.
    assert network.weights == 16
    assert network.macs == 6 * 16


@pytest.mark.parametrize(
    ("access", "keys"),
    [(Prefix(), [1, 2, 3, 4, 5, 6]), (Prefix(10), [11, 12, 13, 14, 15, 16]), (Whole(), [6] * 6)],
)
def test_attention_counts_its_keys(access, keys):
    scores = Digital(
        "scores", work_per_key=((Primitive.MAC, 3), (Primitive.EXP, 1)), keys_port=1, whole_token=True, product=True
    )
    layers, edges = line(Source(), scores, Sink())
    network = Network("n", tuple(layers), (*edges, Edge("a", "b", access, 4, port=1)))
    assert keys_read(network, network.by_name["b"]).tolist() == keys
    assert layer_macs(network, network.by_name["b"]) == 3 * sum(keys)


def test_keys_of_tokens_that_read_none():
    scores = Digital("scores", work_per_key=((Primitive.MAC, 1),), keys_port=0)
    access = Table((-1, 2, 0), (-1, 4, 0))
    layers = (Layer("a", Source(), 5, 4), Layer("b", scores, 3, 4))
    network = Network("n", layers, (Edge("a", "b", access, 4),))
    assert keys_read(network, layers[1]).tolist() == [0, 3, 1]


def refused(layers, edges, *words):
    with pytest.raises(InputError) as caught:
        Network("n", tuple(layers), tuple(edges))
    error = caught.value
    assert error.what and error.where and error.remedy
    for word in words:
        assert re.search(word, str(error)), str(error)


def test_bad_networks():
    layers, edges = line(Source(), RELU, Sink())
    refused([*layers, layers[1]], edges, "two layers", "'b'")
    refused(layers, [*edges, Edge("b", "x", Same(), 4)], "no layer 'x'")
    refused(layers, [*edges, Edge("b", "c", Same(), 5)], "elements 0 to 5 of a token of 4")
    refused(layers, [*edges, Edge("b", "c", Same(), 0)], "elements 0 to 0")
    refused(layers, [*edges, Edge("b", "c", Same(), 2, source_start=-1)], "elements -1 to 1")
    refused(layers, [*edges, Edge("c", "b", Same(), 4)], "leads out of an output")
    refused(layers, [*edges, Edge("b", "a", Same(), 4)], "into an input")
    refused([*layers, Layer("d", RELU, 0, 4)], edges, "'d'", "0 tokens")
    refused([*layers, Layer("d", RELU, 7, 4)], [*edges, Edge("a", "d", Same(), 4)], "touches tokens 0 to 6 of 6")
    refused([*layers, Layer("d", RELU, 6, 4)], [*edges, Edge("b", "d", Same(), 4), Edge("d", "b", Same(), 4)], "b -> d")


def test_a_matrix_has_only_so_many_inputs():
    layers, edges = line(Source(), Matrix(Weights(4, 4)), Sink())
    refused(layers, [*edges, Edge("a", "b", Same(), 4, target_start=1)], "inputs 1 to 5 of 4")
    refused(layers, [*edges, Edge("a", "b", Same(), 4, target_start=-2)], "inputs -2 to 2")


@pytest.mark.parametrize(
    ("first", "last"), [((0, 1), (0, 1)), ((0, 1, -2), (0, 1, 2)), ((0, 1, 2), (0, 1, 6)), ((2, 2, 2), (2, 1, 2)),
                        ((-1, 0, 1), (0, 0, 1))]
)  # fmt: skip
def test_tables_that_touch_what_is_not_there(first, last):
    layers = [Layer("a", Source(), 6, 4), Layer("b", RELU, 3, 4)]
    refused(layers, [Edge("a", "b", Table(first, last), 4)], "touches tokens")


def test_matrix_sizes():
    matrix = Matrix(Weights(18, 5, groups=4), taps=9)
    assert (matrix.inputs, matrix.outputs, matrix.macs) == (8, 20, 360)
    assert matrix.weights.count == 18 * 5 * 4


def test_a_pass_without_samples_is_refused() -> None:
    layers = (Layer("a", Source(), 1, 4), Layer("b", Sink(), 1, 4))
    with pytest.raises(InputError, match="a pass of 0 samples"):
        Network("n", layers, (Edge("a", "b", Same(), 4),), samples_per_run=0)
