"""Gradients of normalisations, gates and products of activations: what they read, in which order, what they cost."""

import numpy as np
import pytest

from archsim.errors import InputError
from archsim.network import (
    Digital,
    Edge,
    Layer,
    Matrix,
    Network,
    Phase,
    Prefix,
    Primitive,
    Same,
    Sink,
    Source,
    Table,
    Weights,
    Whole,
)
from archsim.network.attending import attention_apart
from archsim.network.backward import training_network
from archsim.network.reversal import reader_counts, readers_gradients, readers_operands
from archsim.network.work import activation_work, layer_norm_work, local_response_norm_work, rms_norm_work, softmax_work
from archsim.simulation import load_network
from archsim.workloads import digital
from tests.networks import line

ADD, MULTIPLY, MAC, RSQRT = Primitive.ADD, Primitive.MULTIPLY, Primitive.MAC, Primitive.RSQRT


def between(operator, **shape):
    """An operator between two matrices of 8 x 8."""
    return training_network(line(("a", Matrix(Weights(8, 8))), ("x", operator), ("b", Matrix(Weights(8, 8))), **shape))


def reads(network, name):
    return [(edge.source, edge.port) for edge in network.inputs_of(name)]


def whole(kind, work, heads=1):
    return Digital(kind, work, whole_token=True, heads=heads)


@pytest.mark.parametrize(
    ("operator", "work", "kept"),
    [
        # Statistics 2 and 1, normalised 1 and 1, dy times the scale, two sums, and the three parts of dx; the scale's
        # and the offset's change: x 8.
        (whole("layer-norm", layer_norm_work(8)), {ADD: 40, MULTIPLY: 40, MAC: 32, RSQRT: 1}, "a"),
        (whole("layer-norm", layer_norm_work(4, 2)), {ADD: 40, MULTIPLY: 40, MAC: 32, RSQRT: 2}, "a"),
        (whole("rms-norm", rms_norm_work(8)), {ADD: 8, MULTIPLY: 40, MAC: 24, RSQRT: 1}, "a"),
        (Digital("batch-norm", activation_work("batch-norm", 8)), {MULTIPLY: 16, MAC: 24}, "a"),
        (whole("softmax", softmax_work(8)), {MAC: 8, ADD: 8, MULTIPLY: 8}, "x"),
        (whole("log-softmax", softmax_work(8)), {Primitive.EXP: 8, ADD: 8, MAC: 8}, "x"),
        # The forward work (2 products, 2 sums, a MAC, a look-up each) again; three products, a division, a MAC and the
        # sum over the same window.
        (
            whole("local-response-norm", local_response_norm_work(3, 8)),
            {MULTIPLY: 40, ADD: 32, MAC: 16, Primitive.LOOKUP: 8, Primitive.DIVIDE: 8},
            "a",
        ),
    ],
)
def test_of_an_operator_between_two_matrices(operator, work, kept):
    network = between(operator)
    backward = network.by_name["x.backward"]
    assert dict(backward.operator.work) == work
    assert backward.operator.whole_token == operator.whole_token and backward.phase is Phase.BACKWARD
    assert reads(network, "x.backward") == [("b.backward", 0), (kept, 1)]
    assert reads(network, "a.update") == [("in", 0), ("x.backward", 1)]


def test_heads_are_treated_apart_backward_as_forward():
    assert between(whole("softmax", softmax_work(2, 4), heads=4)).by_name["x.backward"].operator.heads == 4


def test_a_rotation_is_undone_at_the_same_cost_from_its_errors_alone():
    network = between(digital.rotary(2, 4))
    assert network.by_name["x.backward"].operator.work == digital.rotary(2, 4).work
    assert reads(network, "x.backward") == [("b.backward", 0)]


def gated(kind, work):
    layers = (
        Layer("in", Source(), 3, 8),
        Layer("a", Matrix(Weights(8, 4)), 3, 4),
        Layer("b", Matrix(Weights(8, 4)), 3, 4),
        Layer("x", Digital(kind, work), 3, 4),
        Layer("out", Sink(), 3, 4),
    )
    edges = (
        Edge("in", "a", Same(), 8),
        Edge("in", "b", Same(), 8),
        Edge("a", "x", Same(), 4),
        Edge("b", "x", Same(), 4, port=1),
        Edge("x", "out", Same(), 4),
    )
    return training_network(Network("gated", layers, edges))


def test_each_factor_gets_the_error_times_the_other():
    network = gated("mul", activation_work("mul", 4))
    assert reads(network, "x.backward") == [("loss", 0), ("b", 2)]
    assert reads(network, "x.backward1") == [("loss", 0), ("a", 1)]
    assert network.by_name["x.backward"].operator.work == ((MULTIPLY, 4),)
    assert reads(network, "a.update") == [("in", 0), ("x.backward", 1)]
    assert reads(network, "b.update") == [("in", 0), ("x.backward1", 1)]


def test_a_gate_with_a_function_needs_both_and_the_other_branch_only_the_gate():
    network = gated("swiglu", digital.swiglu(4).work)
    assert reads(network, "x.backward") == [("loss", 0), ("a", 1), ("b", 2)]
    assert reads(network, "x.backward1") == [("loss", 0), ("a", 1)]


def attention(access, *, tokens=4, heads=2, size=4, groups=2):
    """Queries, keys and values from a matrix each, attention, and a matrix behind it."""
    width, narrow = heads * size, groups * size
    matrices = tuple(Layer(name, Matrix(Weights(8, wide)), tokens, wide) for name, wide in (
        ("q", width), ("k", narrow), ("v", narrow)
    ))  # fmt: skip
    layers = (
        Layer("in", Source(), tokens, 8),
        *matrices,
        Layer("attend", digital.attention(heads, size, groups), tokens, width),
        Layer("head", Matrix(Weights(width, 3)), tokens, 3),
        Layer("out", Sink(), tokens, 3),
    )
    edges = (
        *(Edge("in", layer.name, Same(), 8) for layer in matrices),
        Edge("q", "attend", Same(), width),
        Edge("k", "attend", access, narrow, port=1),
        Edge("v", "attend", access, narrow, port=2),
        Edge("attend", "head", Same(), width),
        Edge("head", "out", Same(), 3),
    )
    return Network("attention", layers, edges)


def test_attention_that_trains_is_taken_apart_and_does_the_same():
    network = attention(Prefix())
    apart = attention_apart(network)
    assert [layer.kind for layer in apart.order if layer.name.startswith("attend")] == ["scores", "softmax", "context"]
    assert apart.macs == network.macs == 4 * (3 * 8 * 8 + 8 * 3) + (1 + 2 + 3 + 4) * 2 * 8
    assert apart.by_name["attend.softmax"].width == 2 * 4


def test_a_network_without_attention_stays_as_it_is():
    network = line(("a", Matrix(Weights(8, 8))))
    assert attention_apart(network) is network


def test_each_product_of_activations_becomes_two_as_large():
    network = attention(Whole())
    trained = training_network(network)
    # The first three matrices need no errors of their inputs.
    assert trained.macs == 3 * network.macs - 4 * 3 * 8 * 8
    for name, width in (("attend.backward", 8), ("attend.right", 8), ("attend.scores.backward", 8)):
        assert trained.by_name[name].width == width
        assert trained.by_name[name].operator.heads == 2


def test_what_the_gradients_of_both_operands_read():
    trained = training_network(attention(Whole()))
    # dP = dO V^T, dV = P^T dO; dQ = dS K, dK = dS^T Q.
    assert reads(trained, "attend.backward") == [("head.backward", 0), ("v", 1)]
    assert reads(trained, "attend.right") == [("head.backward", 0), ("attend.softmax", 1)]
    assert reads(trained, "attend.softmax.backward") == [("attend.backward", 0), ("attend.softmax", 1)]
    assert reads(trained, "attend.scores.backward") == [("attend.softmax.backward", 0), ("k", 1)]
    assert reads(trained, "attend.scores.right") == [("attend.softmax.backward", 0), ("q", 1)]
    assert reads(trained, "v.update") == [("in", 0), ("attend.right", 1)]


def test_under_a_causal_mask_a_key_hears_of_the_queries_behind_it_only():
    trained = training_network(attention(Prefix()))
    assert trained.macs == 3 * attention(Prefix()).macs - 4 * 3 * 8 * 8
    errors, queries = trained.inputs_of("attend.scores.right")
    # In reverse order: the last key is read by the last query alone, the first by all four.
    first, last = errors.access.reach(4, 4)
    assert (first.tolist(), last.tolist()) == ([0, 0, 0, 0], [0, 1, 2, 3])
    first, last = queries.access.reach(4, 4)
    assert (first.tolist(), last.tolist()) == ([3, 2, 1, 0], [3, 3, 3, 3])
    (kept,) = [edge for edge in trained.inputs_of("attend.backward") if edge.source == "v"]
    assert kept.access.reach(4, 4)[1].tolist() == [3, 2, 1, 0]


def test_heads_that_share_keys_add_up_their_gradients():
    trained = training_network(attention(Whole(), heads=4, size=2, groups=2))
    right = trained.by_name["attend.scores.right"]
    # Per key and query, every one of the 4 heads takes 2 MACs; the gradient is as wide as the two groups.
    assert (right.width, right.operator.heads, dict(right.operator.work_per_key)) == (4, 2, {MAC: 8})


def test_keys_from_before_the_sample_are_refused():
    with pytest.raises(InputError, match="keys from before"):
        training_network(attention(Prefix(context=3)))


def test_readers_of_each_token():
    # Windows of 2 over 5 tokens with a stride of 2; the last token is in none.
    access = Table([0, 2], [1, 3])
    assert reader_counts(access, 5, 2).tolist() == [1, 1, 1, 1, 0]
    first, last = readers_gradients(access, 5, 2).reach(2, 5)
    assert (first.tolist(), last.tolist()) == ([-1, 0, 0, 1, 1], [-1, 0, 0, 1, 1])
    # The other operand is read one token behind: the second reader takes its first token, the first none.
    other = Table([-1, 0], [-1, 0])
    assert readers_operands(access, other, (5, 2, 2)).reach(2, 5)[0].tolist() == [-1, 0, 0, -1, -1]


def test_gaps_in_what_is_read_are_spread_over_all_tokens():
    assert reader_counts(Table([0, 0], [3, 3], taps=[2, 2]), 4, 2).tolist() == [1, 1, 1, 1]


def test_each_of_several_outputs_has_a_loss():
    trained = training_network(load_network("bert-base"))
    losses = {layer.name for layer in trained.layers if layer.kind == "cross-entropy"}
    assert losses == {"states.loss", "pooled.loss"}
    # Three products of each, but for the first query, key and value, whose errors nobody needs.
    assert trained.macs == 3 * load_network("bert-base").macs - 3 * 768 * 768 * 128


def test_every_position_of_a_mean_gets_its_share_of_the_error():
    mean = Digital("reduce-mean", ((ADD, 3 * 8), (MULTIPLY, 8)))
    layers = (
        Layer("in", Source(), 4, 8),
        Layer("a", Matrix(Weights(8, 8)), 4, 8),
        Layer("x", mean, 1, 8),
        Layer("b", Matrix(Weights(8, 2)), 1, 2),
        Layer("out", Sink(), 1, 2),
    )
    accesses = (Same(), Whole(), Same(), Same())
    edges = tuple(
        Edge(one.name, two.name, access, one.width)
        for one, two, access in zip(layers[:-1], layers[1:], accesses, strict=True)
    )
    trained = training_network(Network("mean", layers, edges))
    assert trained.by_name["x.backward"].operator.work == ((MULTIPLY, 8),)
    assert np.array_equal(trained.inputs_of("x.backward")[0].access.reach(1, 4)[0], [0, 0, 0, 0])
