"""The network's inputs: their shapes, and how they are cut into tokens."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx

from archsim.errors import InputError
from archsim.network.onnx_import.draft import Draft
from archsim.network.onnx_import.partition import by_axes
from archsim.network.onnx_import.views import View, as_view, unknown
from archsim.network.operators import Source
from archsim.network.product import InputSpec

_CHANNELS_FIRST = frozenset(
    {
        *("Conv", "ConvInteger", "QLinearConv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool"),
        *("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "BatchNormalization", "InstanceNormalization"),
        *("GroupNormalization", "LRN"),
    }
)
_ATTENTION = frozenset({"MatMul", "MatMulInteger", "QLinearMatMul", "Einsum", "Softmax", "Unsqueeze", "Expand"})
_TRANSPARENT = frozenset(
    {
        *("Identity", "Cast", "Pad", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Concat", "Slice"),
        *("Add", "Sub", "Mul", "Div", "Relu", "Sigmoid", "Tanh", "LeakyRelu", "PRelu", "Clip"),
    }
)
_SHAPE_ONLY = frozenset({"Shape", "Size", "CastLike"})


def shape_of(graph_input: onnx.ValueInfoProto, given: Mapping[str, tuple[int, ...]], draft: Draft) -> tuple[int, ...]:
    """Static shape of a graph input: as given, else as the file has it, with an unknown batch alone taken as 1.

    Raises
    ------
    InputError
        If a size is unknown, zero, or contradicts the file.
    """
    name = graph_input.name
    sizes = _declared(graph_input)
    if name in given:
        return _checked(name, given[name], sizes)
    if sizes is None or None in sizes[1:]:
        example = ",".join(str(size or "N") for size in sizes) if sizes else "1,3,224,224"
        raise InputError(
            f"the shape of input {name!r} is not fixed in the file" + (f" ({_shown(graph_input)})" if sizes else ""),
            where=f"graph input {name!r}",
            remedy=f"Give it with the option --shape {name}={example.replace('N', '1')} and the sizes that you want.",
        )
    if sizes and sizes[0] is None:
        draft.note(f"the batch of input {name!r} is not fixed in the file and is taken as 1")
    return _checked(name, tuple(1 if size is None else size for size in sizes), sizes)


def _declared(graph_input: onnx.ValueInfoProto) -> tuple[int | None, ...] | None:
    tensor = graph_input.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim)


def _shown(graph_input: onnx.ValueInfoProto) -> str:
    dims = graph_input.type.tensor_type.shape.dim
    return " x ".join(str(dim.dim_value) if dim.HasField("dim_value") else dim.dim_param or "?" for dim in dims)


def _checked(name: str, shape: tuple[int, ...], declared: tuple[int | None, ...] | None) -> tuple[int, ...]:
    fits = declared is None or (
        len(shape) == len(declared) and all(old in (None, new) for new, old in zip(shape, declared, strict=True))
    )
    if not fits or any(size < 1 for size in shape):
        raise InputError(
            f"shape {shape} does not fit input {name!r}, declared as {declared}"
            if not fits
            else f"shape {shape} of input {name!r} has a size below 1",
            where=f"graph input {name!r}",
            remedy=f"Give a shape with sizes of at least 1: --shape {name}=1,3,224,224.",
        )
    return shape


def source(graph_input: onnx.ValueInfoProto, shape: tuple[int, ...], graph: onnx.GraphProto, draft: Draft) -> View:
    """The layer of a graph input, and the input as a view of it."""
    name = graph_input.name
    token_axes = _token_axes(name, shape, graph, _is_integer(graph_input))
    cut = by_axes(as_view(unknown(shape, np.dtype(np.float32))), token_axes)
    sizes = _declared(graph_input)
    draft.inputs.append(InputSpec(name, shape, sizes is None or (bool(sizes) and sizes[0] is None)))
    return cut.stream(draft.add(name, Source(), cut.tokens, cut.width, grid=cut.grid, origin=name))


def _is_integer(graph_input: onnx.ValueInfoProto) -> bool:
    kind = graph_input.type.tensor_type.elem_type
    return bool(np.issubdtype(onnx.helper.tensor_dtype_to_np_dtype(kind), np.integer)) if kind else False


def _token_axes(name: str, shape: tuple[int, ...], graph: onnx.GraphProto, integer: bool) -> list[int]:
    """Axes of the input's tokens: positions of a feature map, steps of a sequence, or the batch."""
    rank = len(shape)
    if rank == 0 or (integer and rank <= 2):
        return list(range(rank))
    reader, order = _first_reader(name, rank, graph)
    if rank == 4 and reader in _ATTENTION:
        return [0, 1] if reader == "Einsum" else [0, 2]  # (batch, steps, heads, depth), (batch, heads, steps, depth)
    width = order[1] if rank > 3 or (rank == 3 and reader in _CHANNELS_FIRST) else order[-1]
    return [axis for axis in range(rank) if axis != width]


def _first_reader(name: str, rank: int, graph: onnx.GraphProto) -> tuple[str, list[int]]:
    """The first operator that tells the input's axes apart, and the axes in the order in which it sees them."""
    order, tensor = list(range(rank)), name
    while True:
        readers = [node for node in graph.node if tensor in node.input]
        telling = [node for node in readers if node.op_type not in _SHAPE_ONLY]
        if not telling:
            return "", order
        reader = telling[0]
        if reader.op_type == "Transpose":
            listed = onnx.helper.get_node_attr_value(reader, "perm") if reader.attribute else range(rank)[::-1]
            order = [order[axis] for axis in listed]
        elif reader.op_type not in _TRANSPARENT:
            return reader.op_type, order
        tensor = reader.output[0]
