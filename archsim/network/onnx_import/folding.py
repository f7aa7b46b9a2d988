"""Constants: those in the file, and nodes of them, which are evaluated where their values can matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, prod

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from archsim.errors import InputError
from archsim.network.onnx_import.inference import Expected
from archsim.network.onnx_import.limits import LARGEST_VALUE, check_shape
from archsim.network.onnx_import.node import Node
from archsim.network.onnx_import.views import Constant, Tensor, Values, unknown

_EVALUATED = frozenset(
    {
        *("Add", "Sub", "Mul", "Div", "Mod", "Pow", "Neg", "Abs", "Sign", "Max", "Min", "Sum", "Mean", "Clip", "Relu"),
        *("Floor", "Ceil", "Round", "Sqrt", "Reciprocal", "Exp", "Log", "Sin", "Cos", "Tanh", "Sigmoid", "Erf"),
        *("And", "Or", "Xor", "Not", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Where", "IsNaN"),
        *("BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot", "BitShift", "IsInf", "Cast", "CastLike", "Identity"),
        *("ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin", "ReduceMean", "ArgMax", "ArgMin", "TopK", "CumSum"),
        *("Range", "NonZero", "OneHot", "Compress", "Unique", "Size", "Shape", "EyeLike", "Trilu", "MatMul"),
        *("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "BatchNormalization", "Softmax", "Det"),
        *("Reshape", "Transpose", "Concat", "Split", "Slice", "Gather", "GatherElements", "GatherND", "ScatterND"),
        *("ScatterElements", "Expand", "Tile", "Pad", "Squeeze", "Unsqueeze", "Flatten", "ReverseSequence"),
    }
)
"""Operators whose values are computed, by NumPy and so in bounded time; of others' results the shape is enough."""
_SHRINKING = frozenset({"NonZero", "Compress", "Unique", "Slice"})
"""Those whose result is never larger than their input, so that they can be evaluated whatever comes out."""
_PACKED_BITS: Mapping[int, int] = {
    **dict.fromkeys((TensorProto.INT4, TensorProto.UINT4, TensorProto.FLOAT4E2M1), 4),
    **dict.fromkeys((TensorProto.INT2, TensorProto.UINT2), 2),
}


def initializer(tensor: TensorProto) -> Constant:
    """A constant of the file; its value only where it is small and present.

    Raises
    ------
    InputError
        If its type is unknown, a size is negative, or its data do not fit its shape.
    """
    where = f"tensor {tensor.name!r}"
    try:
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type))
    except KeyError as fault:
        raise InputError(
            f"has the data type {tensor.data_type}, which ONNX does not know",
            where=where,
            remedy="The model is not valid ONNX (check it with onnx.checker); export it again.",
        ) from fault
    if any(size < 0 for size in tensor.dims):
        raise InputError(
            f"has a negative size in its shape {tuple(tensor.dims)}", where=where, remedy="Export the model again."
        )
    shape = check_shape(tensor.dims)
    if tensor.data_location == TensorProto.EXTERNAL:
        _check_external(tensor, dtype, where)
        return unknown(shape, dtype, (tensor.name,))
    if not _stored(tensor):
        return unknown(shape, dtype, (tensor.name,))
    if prod(shape) > LARGEST_VALUE:
        if tensor.HasField("raw_data") and len(tensor.raw_data) != _bytes(tensor, dtype):
            raise _inconsistent(shape, where)
        return unknown(shape, dtype, (tensor.name,))
    try:
        return Constant(numpy_helper.to_array(tensor), True, (tensor.name,))
    except (ValueError, TypeError, RuntimeError) as fault:
        raise _inconsistent(shape, where) from fault


def _check_external(tensor: TensorProto, dtype: np.dtype[np.generic], where: str) -> None:
    """Whether what the file says of data beside it fits the shape; the data may be missing."""
    said = {entry.key: entry.value for entry in tensor.external_data if entry.key in ("offset", "length")}
    wrong = next((key for key, value in said.items() if not (value.isascii() and value.isdigit())), None)
    if wrong is not None:
        raise InputError(
            f"has the {wrong} {said[wrong]!r} in its external data file",
            where=where,
            remedy="Save the model with its external data again (onnx.save_model).",
        )
    if "length" in said and int(said["length"]) != _bytes(tensor, dtype):
        raise _inconsistent(tuple(tensor.dims), where)


def _bytes(tensor: TensorProto, dtype: np.dtype[np.generic]) -> int:
    """Bytes that the tensor's data should take."""
    bits = _PACKED_BITS.get(int(tensor.data_type), 8 * dtype.itemsize)
    return int(-(-prod(tensor.dims) * bits // 8))


def _stored(tensor: TensorProto) -> bool:
    """Whether the tensor carries data at all: files made for estimation often do not."""
    if tensor.HasField("raw_data"):
        return bool(tensor.raw_data)
    fields = (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data, tensor.uint64_data)
    return any(len(stored) for stored in fields) or bool(tensor.string_data) or not prod(tensor.dims)


def _inconsistent(shape: tuple[int, ...], where: str) -> InputError:
    return InputError(
        f"holds data that do not fit its shape {shape}",
        where=where,
        remedy="The model is not valid ONNX (check it with onnx.checker); export it again.",
    )


def evaluated(
    node: Node, inputs: tuple[Tensor | None, ...], known: Sequence[Expected], opsets: Mapping[str, int]
) -> list[Constant]:
    """Outputs of a node of constants, one per output name.

    Parameters
    ----------
    node : Node
        The node.
    inputs : tuple of Constant or None
        Its inputs.
    known : sequence of Expected
        What ONNX says of the outputs.
    opsets : mapping of str to int
        Version per domain.
    """
    constants = [tensor for tensor in inputs if isinstance(tensor, Constant)]
    names = tuple(dict.fromkeys(name for constant in constants for name in constant.names))
    if node.kind == "ConstantOfShape" and constants and constants[0].known:
        return [_constant_of_shape(node, constants[0].value, names)]
    values = _run(node, inputs, opsets) if _worth_it(node, constants, known) else None
    if values is not None:
        return [Constant(value, True, names) for value in values]
    return [_shaped(node, name, output, names) for name, output in zip(node.outputs, known, strict=True)]


def _worth_it(node: Node, constants: Sequence[Constant], known: Sequence[Expected]) -> bool:
    """Whether the values can be computed, and the result is small."""
    small = all(constant.known and constant.value.size <= LARGEST_VALUE for constant in constants)
    if node.kind == "Range" and small and len(constants) == 3:
        return _steps(constants) <= LARGEST_VALUE
    sizes = [None if output.shape is None else prod(output.shape) for output in known]
    fits = node.kind in _SHRINKING or all(size is not None and size <= LARGEST_VALUE for size in sizes)
    return small and fits and node.kind in _EVALUATED


def _steps(constants: Sequence[Constant]) -> float:
    """Entries of a Range from its start, limit and step."""
    start, limit, step = (float(np.asarray(constant.value).ravel()[0]) for constant in constants)
    return abs((limit - start) / step) if step else inf


def _shaped(node: Node, name: str, output: Expected, names: tuple[str, ...]) -> Constant:
    if not name:
        return unknown(output.shape or (), output.dtype)
    if output.shape is None:
        raise node.fault(
            f"has an output {name!r} whose shape depends on values that the file lacks, or on more than ONNX infers",
            "Fold the constants of the model first (onnxsim, or onnxruntime's offline optimisation).",
        )
    return unknown(output.shape, output.dtype, names)


def _constant_of_shape(node: Node, shape: Values, names: tuple[str, ...]) -> Constant:
    stored = node.attribute("value")
    value = Constant(np.zeros(1, np.float32)) if stored is None else initializer(stored.t)
    sizes = check_shape(int(size) for size in shape.ravel())
    scalar = value.value.ravel()[0] if value.value.size else value.value.dtype.type(0)
    return Constant(np.broadcast_to(scalar, sizes), value.known, (*names, *(name for name in node.outputs if name)))


def _run(node: Node, inputs: tuple[Tensor | None, ...], opsets: Mapping[str, int]) -> list[Values] | None:
    """The values, by the reference evaluator of the ``onnx`` package; None where it cannot tell."""
    present = {
        name: tensor.value
        for name, tensor in zip(node.proto.input, inputs, strict=True)
        if name and isinstance(tensor, Constant)
    }
    made = [name for name in node.outputs if name]
    graph = helper.make_graph(
        [node.proto],
        "constant",
        [helper.make_value_info(name, onnx.TypeProto()) for name in present],
        [helper.make_value_info(name, onnx.TypeProto()) for name in made],
    )
    imports = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
    try:
        with np.errstate(all="ignore"):
            values = ReferenceEvaluator(helper.make_model(graph, opset_imports=imports)).run(None, present)
    except (RuntimeError, TypeError, ValueError, NotImplementedError, LookupError, AttributeError, ArithmeticError):
        return None
    found = dict(zip(made, values, strict=True))
    return [np.asarray(found.get(name, np.zeros(()))) for name in node.outputs]
