"""Models that are mutated: small ones of every kind that people export, and the ONNX project's own node tests."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_F32, _I64, _U8 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.UINT8
_RNG = np.random.default_rng(0)


def _weight(name: str, *shape: int, dtype: type = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(_RNG.integers(-3, 4, shape).astype(dtype), name)


def _integers(name: str, *values: int) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, np.int64), name)


def _node(kind: str, inputs: str, outputs: str, **attributes: object) -> onnx.NodeProto:
    """A node whose tensors are separated by blanks, "-" standing for one left out."""
    names = [["" if name == "-" else name for name in text.split()] for text in (inputs, outputs)]
    return helper.make_node(kind, *names, name=f"{kind.lower()}_{names[1][0]}", **attributes)


def _model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Sequence[int | str]],
    stored: Sequence[onnx.TensorProto] = (),
    kind: int = _F32,
    functions: Sequence[onnx.FunctionProto] = (),
) -> onnx.ModelProto:
    entries = [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()]
    outputs = [helper.make_empty_tensor_value_info(nodes[-1].output[0])]
    graph = helper.make_graph(list(nodes), "seed", entries, outputs, list(stored))
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("local", 1), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, functions=list(functions))


def _convolutions() -> onnx.ModelProto:
    nodes = [
        _node("Conv", "x w", "c", pads=[1, 1, 1, 1], strides=[2, 2], kernel_shape=[3, 3]),
        _node("BatchNormalization", "c s b m v", "n"),
        _node("Relu", "n", "r"),
        _node("MaxPool", "r", "p", kernel_shape=[2, 2], strides=[1, 1]),
        _node("Conv", "p d", "g", group=4, auto_pad="SAME_UPPER"),
        _node("Add", "p g", "a"),
        _node("Resize", "a - z", "i", mode="linear"),
        _node("GlobalAveragePool", "i", "q"),
        _node("Flatten", "q", "f"),
        _node("Gemm", "f u t", "y", transB=1),
    ]
    stored = [_weight("w", 4, 3, 3, 3), *(_weight(name, 4) for name in "sbmv"), _weight("d", 4, 1, 3, 3)]
    scales = numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "z")
    return _model(nodes, {"x": [1, 3, 8, 8]}, [*stored, scales, _weight("u", 5, 4), _weight("t", 5)])


def _open_convolution() -> onnx.ModelProto:
    nodes = [
        _node("Pad", "x p", "e", mode="reflect"),
        _node("Conv", "e w b", "c", dilations=[2], strides=[2]),
        _node("Transpose", "c", "t", perm=[0, 2, 1]),
        _node("LayerNormalization", "t s b", "n", axis=-1),
        _node("Gelu", "n", "y") if onnx.defs.has("Gelu", 18, "") else _node("Erf", "n", "y"),
    ]
    stored = [_integers("p", 0, 0, 2, 0, 0, 2), _weight("w", 4, 2, 3), _weight("b", 4), _weight("s", 4)]
    return _model(nodes, {"x": ["N", 2, "T"]}, stored)


def _attention() -> onnx.ModelProto:
    nodes = [
        *(_node("MatMul", f"x w{name}", f"p{name}") for name in "qkv"),
        *(_node("Reshape", f"p{name} sh", f"r{name}") for name in "qkv"),
        *(_node("Transpose", f"r{name}", f"h{name}", perm=[0, 2, 1, 3]) for name in "qv"),
        _node("Transpose", "rk", "hk", perm=[0, 2, 3, 1]),
        _node("MatMul", "hq hk", "s"),
        _node("Div", "s root", "d"),
        _node("Trilu", "mask", "low", upper=0),
        _node("Where", "low d minus", "masked"),
        _node("Softmax", "masked", "a", axis=-1),
        _node("MatMul", "a hv", "c"),
        _node("Transpose", "c", "tc", perm=[0, 2, 1, 3]),
        _node("Reshape", "tc back", "rc"),
        _node("MatMul", "rc wo", "y"),
    ]
    stored = [
        *(_weight(f"w{name}", 8, 8) for name in "qkvo"),
        _integers("sh", 0, 0, 2, 4),
        _integers("back", 0, 0, 8),
        numpy_helper.from_array(np.float32(2), "root"),
        numpy_helper.from_array(np.float32(-1e9), "minus"),
        numpy_helper.from_array(np.ones((6, 6), bool), "mask"),
    ]
    return _model(nodes, {"x": [1, 6, 8]}, stored)


def _windowed_attention() -> onnx.ModelProto:
    """A shifted window of Swin: roll, windows, product, back."""
    nodes = [
        _node("Slice", "x one big ax", "tail"),
        _node("Slice", "x zero one ax", "head"),
        _node("Concat", "tail head", "rolled", axis=1),
        _node("Reshape", "rolled cut", "parts"),
        _node("Transpose", "parts", "turned", perm=[0, 1, 3, 2, 4, 5]),
        _node("Reshape", "turned rows", "win"),
        _node("MatMul", "win wq", "q"),
        _node("Transpose", "win", "k", perm=[0, 2, 1]),
        _node("MatMul", "q k", "s"),
        _node("Add", "s bias", "sb"),
        _node("Softmax", "sb", "a", axis=-1),
        _node("MatMul", "a win", "c"),
        _node("Reshape", "c apart", "ap"),
        _node("Transpose", "ap", "un", perm=[0, 1, 3, 2, 4, 5]),
        _node("Reshape", "un map", "y"),
    ]
    stored = [
        *(_integers(name, value) for name, value in (("one", 1), ("big", 2**62), ("zero", 0), ("ax", 1))),
        _integers("cut", 1, 2, 2, 2, 2, 4),
        _integers("rows", -1, 4, 4),
        _integers("apart", 1, 2, 2, 2, 2, 4),
        _integers("map", 1, 4, 4, 4),
        _weight("wq", 4, 4),
        _weight("bias", 1, 4, 4),
    ]
    return _model(nodes, {"x": [1, 4, 4, 4]}, stored)


def _recurrent(kind: str, gates: int, **attributes: object) -> Callable[[], onnx.ModelProto]:
    directions = 2 if attributes.get("direction") == "bidirectional" else 1

    def make() -> onnx.ModelProto:
        nodes = [
            _node(kind, "x w r b - h", "y yh", hidden_size=4, **attributes),
            _node("Transpose", "y", "t", perm=[0, 2, 1, 3]),
            _node("Reshape", "t sh", "f"),
            _node("MatMul", "f o", "z"),
        ]
        stored = [
            _weight("w", directions, 4 * gates, 3),
            _weight("r", directions, 4 * gates, 4),
            _weight("b", directions, 8 * gates),
            _integers("sh", 0, 0, -1),
            _weight("o", 4 * directions, 2),
            _weight("h", directions, 1, 4),
        ]
        return _model(nodes, {"x": [5, 1, 3]}, stored)

    return make


def _einsum() -> onnx.ModelProto:
    nodes = [
        _node("Einsum", "x w", "p", equation="bsd,dhe->bhse"),
        _node("Einsum", "p p", "s", equation="bhqe,bhke->bhqk"),
        _node("ReduceMean", "s axes", "m", keepdims=0),
        _node("TopK", "m k", "v i", axis=-1),
        _node("Add", "v v", "y"),
    ]
    return _model(nodes, {"x": [2, 5, 6]}, [_weight("w", 6, 2, 3), _integers("axes", 1), _integers("k", 2)])


def _movements() -> onnx.ModelProto:
    nodes = [
        _node("Split", "x parts", "a b", axis=1),
        _node("Gather", "a places", "g", axis=0),
        _node("GatherElements", "b fine", "e", axis=0),
        _node("Concat", "g e", "c", axis=1),
        _node("Pad", "c pads", "d", mode="edge"),
        _node("Tile", "d times", "t"),
        _node("Expand", "t wide", "w"),
        _node("ScatterND", "w points w2", "s"),
        _node("Squeeze", "s axis", "q"),
        _node("Unsqueeze", "q axis", "u"),
        _node("Slice", "u zero end axis step", "l"),
        _node("CumSum", "l first", "y"),
    ]
    stored = [
        _integers("parts", 2, 3),
        _integers("places", 2, 0, -1),
        numpy_helper.from_array(np.array([[0, 1, 2], [3, 0, 1], [2, 2, 2]], np.int64), "fine"),
        _integers("pads", 1, 0, 0, 1),
        _integers("times", 1, 2),
        _integers("wide", 1, 4, 12),
        numpy_helper.from_array(np.array([[0, 1], [0, 2]], np.int64), "points"),
        _weight("w2", 2, 12),
        _integers("axis", 0),
        *(_integers(name, value) for name, value in (("zero", 3), ("end", -9), ("step", -1))),
        numpy_helper.from_array(np.int64(1), "first"),
    ]
    return _model(nodes, {"x": [4, 5]}, stored)


def _functions() -> onnx.ModelProto:
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("local", 1)]
    dense = [_node("MatMul", "i w", "m"), _node("Act", "m", "o")]
    dense[1].domain = "local"
    functions = [
        helper.make_function(
            "local", "Act", ["i"], ["o"], [_node("Sigmoid", "i", "s"), _node("Mul", "i s", "o")], opsets
        ),
        helper.make_function("local", "Dense", ["i", "w"], ["o"], dense, opsets),
    ]
    nodes = [_node("Dense", "x a", "h"), _node("Dense", "h b", "y")]
    for node in nodes:
        node.domain = "local"
    return _model(nodes, {"x": [3, 4]}, [_weight("a", 4, 6), _weight("b", 6, 2)], functions=functions)


def _quantised() -> onnx.ModelProto:
    nodes = [
        _node("QuantizeLinear", "x xs xz", "q"),
        _node("QLinearConv", "q xs xz w ws wz ys yz b", "c", pads=[1, 1, 1, 1]),
        _node("DequantizeLinear", "c ys yz", "d"),
        _node("DequantizeLinear", "v ws wz", "dv"),
        _node("MatMul", "d dv", "y"),
    ]
    scales = [
        numpy_helper.from_array(np.float32(value), name) for name, value in (("xs", 0.1), ("ws", 0.2), ("ys", 0.3))
    ]
    zeros = [numpy_helper.from_array(np.int8(0), name) for name in ("xz", "wz", "yz")]
    weights = [
        _weight("w", 4, 2, 3, 3, dtype=np.int8),
        _weight("v", 6, 3, dtype=np.int8),
        _weight("b", 4, dtype=np.int32),
    ]
    return _model(nodes, {"x": [1, 2, 6, 6]}, [*scales, *zeros, *weights])


def _branches() -> onnx.ModelProto:
    def branch(kind: str, made: str) -> onnx.GraphProto:
        return helper.make_graph([_node(kind, "x", made)], kind, [], [helper.make_empty_tensor_value_info(made)])

    body = helper.make_graph(
        [_node("Add", "state x", "next"), _node("Identity", "go", "still")],
        "body",
        [
            helper.make_tensor_value_info("n", _I64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", _F32, [2, 3]),
        ],
        [helper.make_empty_tensor_value_info("still"), helper.make_empty_tensor_value_info("next")],
    )
    chosen = _node("If", "yes", "i", then_branch=branch("Relu", "t"), else_branch=branch("Neg", "e"))
    looped = _node("Loop", "trips yes i", "l", body=body)
    stored = [numpy_helper.from_array(np.bool_(True), "yes"), numpy_helper.from_array(np.int64(3), "trips")]
    return _model([chosen, looped, _node("Add", "i i", "y")], {"x": [2, 3]}, stored)


def _shapes() -> onnx.ModelProto:
    """Arithmetic on shapes, as tracing exporters write it, and an embedding."""
    nodes = [
        _node("Gather", "table x", "e", axis=0),
        _node("Shape", "e", "sh"),
        _node("Gather", "sh one", "len", axis=0),
        _node("Unsqueeze", "len axis", "ul"),
        _node("Concat", "minus ul", "shape", axis=0),
        _node("ConstantOfShape", "shape2", "ones"),
        _node("Range", "zero len step", "steps"),
        _node("Cast", "steps", "fs", to=_F32),
        _node("ReduceSum", "e last", "r", keepdims=0),
        _node("Mul", "r fs", "m"),
        _node("Add", "m ones", "a"),
        _node("Reshape", "a shape", "y"),
    ]
    stored = [
        _weight("table", 11, 4),
        numpy_helper.from_array(np.int64(1), "one"),
        _integers("axis", 0),
        _integers("minus", -1),
        _integers("shape2", 1, 6),
        numpy_helper.from_array(np.int64(0), "zero"),
        numpy_helper.from_array(np.int64(1), "step"),
        _integers("last", -1),
    ]
    return _model(nodes, {"x": [1, 6]}, stored, kind=_I64)


def _external() -> onnx.ModelProto:
    model = _model([_node("MatMul", "x w", "m"), _node("Relu", "m", "y")], {"x": ["N", 4]}, [_weight("w", 4, 5)])
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "weights.bin"), ("offset", "0"), ("length", "80")):
        weight.external_data.add(key=key, value=value)
    return model


MADE: tuple[Callable[[], onnx.ModelProto], ...] = (
    _convolutions,
    _open_convolution,
    _attention,
    _windowed_attention,
    _recurrent("LSTM", 4, direction="bidirectional"),
    _recurrent("GRU", 3, linear_before_reset=1, layout=0),
    _recurrent("RNN", 1, direction="reverse", activations=["Relu"], clip=3.0),
    _einsum,
    _movements,
    _functions,
    _quantised,
    _branches,
    _shapes,
    _external,
)
"""Seeds of this file; they are mutated more often than the node tests."""


@cache
def made_seeds() -> tuple[bytes, ...]:
    """The seeds of this file, as files."""
    return tuple(make().SerializeToString() for make in MADE)


@cache
def node_seeds() -> tuple[bytes, ...]:
    """The node tests of the ``onnx`` package, as files; in half of them all inputs but the first are constants."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = [case for case in collect_testcases(None) if case.model is not None]
    files = []
    for place, case in enumerate(cases):
        if place % 2 and case.data_sets:
            entries = list(zip(case.model.graph.input, case.data_sets[0][0], strict=False))[1:]
            held = [numpy_helper.from_array(value, entry.name) for entry, value in entries if _storable(value)]
            case.model.graph.initializer.extend(held)
        files.append(case.model.SerializeToString())
    return tuple(sorted(set(files)))


def _storable(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiub"
