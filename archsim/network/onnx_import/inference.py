"""What ONNX itself says of a node's outputs, before it is read: the shape inference of the ``onnx`` package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, checker, defs, helper, numpy_helper, shape_inference

from archsim.network.onnx_import.limits import LARGEST_VALUE, check_shape
from archsim.network.onnx_import.node import Node
from archsim.network.onnx_import.views import Constant, Tensor

_STANDARD = ("", "ai.onnx")

_AXES = frozenset({"axis", "axes", "perm", "batch_axis", "time_axis"})


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known of an output.

    Parameters
    ----------
    kind : int
        Element type, as ONNX numbers them; 0 where it is not known.
    shape : tuple of int or None
        None where it is not known, or not a tensor's.
    """

    kind: int = 0
    shape: tuple[int, ...] | None = None

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The element type; float32 where it is not known."""
        return np.dtype(helper.tensor_dtype_to_np_dtype(self.kind or TensorProto.FLOAT))


def expected(
    node: Node, inputs: tuple[Tensor | None, ...], kinds: Mapping[str, int], opsets: Mapping[str, int]
) -> list[Expected]:
    """What ONNX says of each output; nothing for operators outside the standard.

    Parameters
    ----------
    node : Node
        The node.
    inputs : tuple of Tensor or None
        Its inputs.
    kinds : mapping of str to int
        Element types of the tensors, where they are known.
    opsets : mapping of str to int
        Version per domain.

    Raises
    ------
    InputError
        If the inputs break the operator's definition.
    """
    schema = _schema(node)
    if schema is None or len(inputs) < schema.min_input:  # decomposed operators put together again lack their weights
        return [Expected()] * len(node.outputs)
    _refuse_far_axes(node)
    _refuse_uncounted_pieces(node)
    types: dict[str, onnx.TypeProto] = {}
    data: dict[str, TensorProto] = {}
    for name, tensor in zip(node.proto.input, inputs, strict=True):
        if tensor is not None:
            types[name] = helper.make_tensor_type_proto(_kind(name, tensor, kinds), tensor.shape)
            if isinstance(tensor, Constant) and tensor.known and tensor.value.size <= LARGEST_VALUE:
                data[name] = _stored(node, name, np.asarray(tensor.value))
    imports = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
    try:
        found = shape_inference.infer_node_outputs(schema, node.proto, types, data, opset_imports=imports)
    except (shape_inference.InferenceError, checker.ValidationError, RuntimeError) as fault:
        raise node.fault(
            f"breaks its operator's definition for inputs of shapes {_shapes(inputs)}: {_plain(fault)}",
            "Check the shapes given for the network's inputs, and the model itself (onnx.checker, full_check=True).",
        ) from fault
    return [_expected(found.get(name)) for name in node.outputs]


def _stored(node: Node, name: str, value: NDArray[np.generic]) -> TensorProto:
    try:
        return numpy_helper.from_array(value, name)
    except NotImplementedError as fault:  # of the onnx package, for numbers among texts
        raise node.fault(f"takes numbers in {name!r}, whose type is text", "Export the model again.") from fault


def _refuse_far_axes(node: Node) -> None:
    """The onnx package takes axes as 32-bit numbers without looking, and reads where there is nothing."""
    for attribute in node.proto.attribute:
        for axis in (attribute.i, *attribute.ints) if attribute.name in _AXES else ():
            if abs(axis) >= 1 << 31:
                raise node.fault(f"no tensor has the {attribute.name} {axis}", "Export the model again.")


def _refuse_uncounted_pieces(node: Node) -> None:
    """The onnx package ends the process where a split has other outputs than it counts."""
    wanted = [attribute.i for attribute in node.proto.attribute if attribute.name == "num_outputs"]
    if wanted and wanted != [len(node.proto.output)]:
        raise node.fault(
            f"splits into {wanted[0]} pieces and has {len(node.proto.output)} outputs", "Export the model again."
        )


def _schema(node: Node) -> defs.OpSchema | None:
    has_branches = any(attribute.HasField("g") for attribute in node.proto.attribute)
    if has_branches or node.proto.domain not in _STANDARD or not defs.has(node.kind, node.opset, ""):
        return None
    return defs.get_schema(node.kind, node.opset, "")


def _shapes(inputs: tuple[Tensor | None, ...]) -> str:
    return ", ".join(str(tensor.shape) for tensor in inputs if tensor is not None) or "none"


def _kind(name: str, tensor: Tensor, kinds: Mapping[str, int]) -> int:
    if isinstance(tensor, Constant):
        return kind_of(tensor.value.dtype)
    return kinds.get(name, 0) or TensorProto.FLOAT


def kind_of(dtype: np.dtype[np.generic]) -> int:
    """ONNX's number for an element type; that of strings for Python objects."""
    return TensorProto.STRING if dtype.kind in "OUST" else int(helper.np_dtype_to_tensor_dtype(dtype))


def _expected(found: onnx.TypeProto | None) -> Expected:
    if found is None or not found.HasField("tensor_type"):
        return Expected()
    tensor = found.tensor_type
    dims = tensor.shape.dim
    if not tensor.HasField("shape") or not all(dim.HasField("dim_value") for dim in dims):
        return Expected(tensor.elem_type)
    return Expected(tensor.elem_type, check_shape(dim.dim_value for dim in dims))


def _plain(fault: Exception) -> str:
    """The last part of ONNX's message, without the names of its own functions."""
    text = " ".join(str(fault).split())
    return text.rsplit("[ShapeInferenceError]", 1)[-1].strip() or type(fault).__name__
