"""Nodes whose inputs are all constants: shape arithmetic is evaluated, weights keep their shape only."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import defs, helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

from archsim.network.onnx_import.node import Node
from archsim.network.onnx_import.views import Constant, Tensor, Values, unknown

LARGEST = 65_536
"""Elements up to which a constant's value is read and computed; larger ones are weights, of which the shape counts."""


def initializer(tensor: onnx.TensorProto) -> Constant:
    """A constant of the file; its value only where it is small and present."""
    shape, dtype = tuple(tensor.dims), helper.tensor_dtype_to_np_dtype(tensor.data_type)
    external = tensor.data_location == onnx.TensorProto.EXTERNAL
    if external or int(np.prod(shape)) > LARGEST or not _complete(tensor, shape, dtype):
        return unknown(shape, dtype, (tensor.name,))
    return Constant(numpy_helper.to_array(tensor), True, (tensor.name,))


def _complete(tensor: onnx.TensorProto, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> bool:
    """Whether the tensor carries its data: files made for estimation often have none."""
    count = int(np.prod(shape))
    if tensor.HasField("raw_data"):
        return (
            len(tensor.raw_data) >= count * dtype.itemsize or dtype.itemsize * count == 0 or count * dtype.itemsize < 8
        )
    fields = (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data, tensor.uint64_data)
    return count == 0 or any(len(stored) for stored in fields) or bool(tensor.string_data)


def evaluated(node: Node, inputs: tuple[Tensor | None, ...], opsets: list[onnx.OperatorSetIdProto]) -> list[Constant]:
    """Outputs of a node of constants, one per output name."""
    constants = [tensor for tensor in inputs if isinstance(tensor, Constant)]
    names = tuple(dict.fromkeys(name for constant in constants for name in constant.names))
    if node.kind == "ConstantOfShape" and constants[0].known:
        return [_constant_of_shape(node, constants[0].value, names)]
    small = all(constant.known and constant.value.size <= LARGEST for constant in constants)
    values = _run(node, inputs, opsets) if small else None
    if values is not None:
        return [Constant(value, True, names) for value in values]
    return [unknown(shape, dtype, names) for shape, dtype in _inferred(node, inputs, opsets)]


def _constant_of_shape(node: Node, shape: Values, names: tuple[str, ...]) -> Constant:
    stored = node.attribute("value")
    value = numpy_helper.to_array(stored.t).ravel() if stored is not None else np.zeros(1, np.float32)
    sizes = tuple(int(size) for size in shape)
    scalar = value[0] if value.size else value.dtype.type(0)
    return Constant(np.broadcast_to(scalar, sizes), True, (*names, *(name for name in node.outputs if name)))


def _run(node: Node, inputs: tuple[Tensor | None, ...], opsets: list[onnx.OperatorSetIdProto]) -> list[Values] | None:
    """The values, by the reference evaluator of the ``onnx`` package; None where it cannot tell."""
    present = {
        name: tensor.value
        for name, tensor in zip(node.proto.input, inputs, strict=False)
        if name and isinstance(tensor, Constant)
    }
    made = [name for name in node.outputs if name]
    graph = helper.make_graph(
        [node.proto],
        "constant",
        [helper.make_value_info(name, onnx.TypeProto()) for name in present],
        [helper.make_value_info(name, onnx.TypeProto()) for name in made],
    )
    try:
        evaluator = ReferenceEvaluator(helper.make_model(graph, opset_imports=opsets))
        values = evaluator.run(None, present)
    except (RuntimeError, TypeError, ValueError, NotImplementedError, KeyError, IndexError, AttributeError):
        return None
    found = dict(zip(made, values, strict=True))
    return [np.asarray(found.get(name, np.zeros(()))) for name in node.outputs]


def _inferred(
    node: Node, inputs: tuple[Tensor | None, ...], opsets: list[onnx.OperatorSetIdProto]
) -> list[tuple[tuple[int, ...], np.dtype[np.generic]]]:
    """Shapes and types, by the shape inference of the ``onnx`` package."""
    types, data = {}, {}
    for name, tensor in zip(node.proto.input, inputs, strict=False):
        if isinstance(tensor, Constant):
            kind = helper.np_dtype_to_tensor_dtype(tensor.value.dtype)
            types[name] = helper.make_tensor_type_proto(kind, tensor.shape)
            if tensor.known and tensor.value.size <= LARGEST:
                data[name] = numpy_helper.from_array(np.asarray(tensor.value), name)
    try:
        schema = defs.get_schema(node.kind, node.opset, node.proto.domain)
        found = shape_inference.infer_node_outputs(schema, node.proto, types, data, opset_imports=opsets)
    except (defs.SchemaError, shape_inference.InferenceError, onnx.checker.ValidationError) as fault:
        raise node.fault(f"has no inferable shape: {fault}", "Fold the constants of the model first.") from fault
    return [_static(node, found.get(name)) for name in node.outputs]


def _static(node: Node, kind: onnx.TypeProto | None) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    if kind is None:
        return (), np.dtype(np.float32)
    tensor = kind.tensor_type
    sizes = tuple(dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim)
    if -1 in sizes or not tensor.HasField("shape"):
        raise node.fault(
            "has an output whose shape depends on values that the file lacks", "Keep small constants in it."
        )
    return sizes, helper.tensor_dtype_to_np_dtype(tensor.elem_type)
