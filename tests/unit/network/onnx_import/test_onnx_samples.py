"""How many samples a file's batch holds, against what its outputs say when it is run."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto
from onnx_exports import Export

from archsim.network import Access, Edge, Layer, Network, Prefix, Previous, Same, Sink, Source, Table, Whole
from archsim.network.onnx_import import read_model
from archsim.network.onnx_import.samples import holds_samples
from archsim.network.onnx_import.views import View


def convolutions(export: Export, batch: int) -> None:
    x = export.conv(export.input("x", [batch, 3, 8, 8]), 3, 4, 3)
    pooled = export.op("GlobalAveragePool", export.op("Relu", export.batch_norm(x, 4)))
    export.output(export.linear(export.op("Flatten", pooled), 4, 5))


def dense(export: Export, batch: int) -> None:
    export.output(export.linear(export.input("x", [batch, 6]), 6, 4))


def attention(export: Export, batch: int) -> None:
    export.output(export.encoder_block(export.input("x", [batch, 6, 8]), 2, 4, 16))


def time_major(export: Export, batch: int) -> None:
    x = export.input("x", [5, batch, 3])
    made = export.op("LSTM", x, export.weight(1, 16, 3), export.weight(1, 16, 4), hidden_size=4)
    export.output(export.linear(export.op("Squeeze", made, export.constant(np.array([1]))), 4, 2))


def batch_major(export: Export, batch: int) -> None:
    turned = export.op("Transpose", export.input("x", [batch, 5, 3]), perm=[1, 0, 2])
    made = export.op("GRU", turned, export.weight(1, 12, 3), export.weight(1, 12, 4), hidden_size=4)
    last = export.op(
        "Gather", export.op("Squeeze", made, export.constant(np.array([1]))), export.constant(np.int64(-1)), axis=0
    )
    export.output(export.linear(last, 4, 2))


def bidirectional(export: Export, batch: int) -> None:
    x = export.input("x", [5, batch, 3])
    weights = export.weight(2, 16, 3), export.weight(2, 16, 4)
    export.output(export.op("LSTM", x, *weights, hidden_size=4, direction="bidirectional"))


@pytest.mark.parametrize("batch", [1, 3, 4])
@pytest.mark.parametrize("make", [convolutions, dense, attention, time_major, batch_major, bidirectional])
def test_independent_entries_of_an_axis_are_samples(make: Callable[[Export, int], None], batch: int) -> None:
    export = Export()
    make(export, batch)
    assert read_model(export.model()).samples_per_run == batch


def sequence(export: Export) -> None:
    """Attention without a batch: the first axis are tokens of one sample."""
    x = export.input("x", [6, 8])
    q, k, v = (export.linear(x, 8, 8) for _ in range(3))
    scores = export.op("Softmax", export.op("MatMul", q, export.op("Transpose", k)))
    export.output(export.op("MatMul", scores, v))


def summed(export: Export) -> None:
    export.output(export.op("ReduceMean", export.linear(export.input("x", [6, 8]), 8, 4), axes=[0], keepdims=0))


def recurrent(export: Export) -> None:
    x = export.input("x", [6, 1, 3])
    export.output(export.op("RNN", x, export.weight(1, 4, 3), export.weight(1, 4, 4), hidden_size=4))


def graph(export: Export) -> None:
    """Messages along edges, summed up at vertices."""
    x, places = export.input("x", [6, 4]), export.input("i", [6, 4], TensorProto.INT64)
    export.output(export.op("ScatterElements", export.array(np.zeros((3, 4))), places, x, axis=0, reduction="add"))


def channels(export: Export) -> None:
    """Depthwise: channels are apart, too, but the batch is 1."""
    x = export.input("x", [1, 4, 8, 8])
    export.output(export.op("Conv", x, export.weight(4, 1, 3, 3), group=4))


@pytest.mark.parametrize("make", [sequence, summed, recurrent, graph, channels])
def test_what_is_not_apart_is_one_sample(make: Callable[[Export], None]) -> None:
    export = Export(opset=18) if make is graph else Export()
    make(export)
    assert read_model(export.model()).samples_per_run == 1


def test_a_shape_that_is_given_may_hold_several_samples() -> None:
    export = Export()
    export.output(export.linear(export.input("x", ["N", 6]), 6, 4))
    assert read_model(export.model()).samples_per_run == 1
    assert read_model(export.model(), shapes={"x": (7, 6)}).samples_per_run == 7


def test_two_inputs_share_the_batch() -> None:
    export = Export()
    x, y, scale = export.input("x", [3, 6]), export.input("y", [3, 4]), export.input("z", [4])
    export.output(export.op("Mul", export.op("Add", export.linear(x, 6, 4), y), scale))
    assert read_model(export.model()).samples_per_run == 3


@pytest.mark.parametrize("make", [convolutions, dense, attention, batch_major])
def test_samples_are_computed_apart(make: Callable[[Export, int], None]) -> None:
    """The truth from outside: each sample alone gives what it gives among others."""
    outputs = []
    for batch in (3, 1):
        export = Export()
        make(export, batch)
        outputs.append(export.model())
    x = np.random.default_rng(2).standard_normal([3, *_shape(outputs[0])[1:]]).astype(np.float32)
    whole = _run(outputs[0], x)
    for index in range(3):
        np.testing.assert_allclose(_run(outputs[1], x[index : index + 1])[0], whole[index], rtol=1e-4, atol=1e-5)


def chain(access: Access, tokens: tuple[int, int]) -> Network:
    made, used = tokens
    layers = Layer("a", Source(), made, 4), Layer("b", Sink(), used, 4)
    return Network("n", layers, (Edge("a", "b", access, 4),))


def stream(*shape: int) -> View:
    """A source's tokens in raster order, each of as many elements as the last axis has."""
    token = np.arange(prod(shape[:-1])).reshape(*shape[:-1], 1)
    return View(*(np.broadcast_to(ids, shape) for ids in (np.int64(0), token, np.arange(shape[-1]))))


@pytest.mark.parametrize(
    ("access", "tokens", "count", "apart"),
    [
        (Same(), (8, 8), 4, True),
        # Two samples of three tokens, each the mean of its own; and one of all six.
        (Table((0, 3), (2, 5)), (6, 2), 2, True),
        (Table((0, 2), (2, 5)), (6, 2), 2, False),
        (Table((0, 3), (3, 5)), (6, 2), 2, False),
        # Tokens of the second sample are read first.
        (Table((3, 0), (5, 2)), (6, 2), 2, True),
        # All of one sample, and nothing of the other: it is missing.
        (Table((0, 0), (2, 2)), (6, 2), 2, False),
        (Whole(), (6, 2), 2, False),
        # A prefix goes back to the first token of the first sample.
        (Prefix(), (6, 6), 2, False),
    ],
)
def test_tokens_of_one_sample_follow_each_other(
    access: Access, tokens: tuple[int, int], count: int, apart: bool
) -> None:
    view = stream(count, tokens[0] // count, 4)
    assert holds_samples(chain(access, tokens), {"a": (view, 0)}, count) is apart


@pytest.mark.parametrize(("distance", "apart"), [(3, True), (1, False), (2, False), (6, True)])
def test_samples_of_a_recurrence_take_turns(distance: int, apart: bool) -> None:
    layers = (Layer("a", Source(), 12, 4), Layer("b", Source(), 12, 4), Layer("c", Sink(), 12, 8))
    edges = (Edge("a", "c", Same(), 4), Edge("b", "c", Previous(distance), 4, target_start=4))
    turns = stream(4, 3, 4), 1
    assert holds_samples(Network("n", layers, edges), {"a": turns, "b": turns}, 3) is apart


def _shape(model: onnx.ModelProto) -> list[int]:
    return [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]


def _run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    session = ort.InferenceSession(model.SerializeToString(), options)
    return np.asarray(session.run(None, {"x": x})[0])
