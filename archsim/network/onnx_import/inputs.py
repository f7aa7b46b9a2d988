"""The network's inputs: their shapes, and how they are cut into tokens."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx

from archsim.errors import InputError
from archsim.network.onnx_import.draft import Draft
from archsim.network.onnx_import.limits import check_shape
from archsim.network.onnx_import.node import Node
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


USUAL_SIZES = (224, 256, 299, 384, 512, 128, 64, 32, 28, 16, 8, 4, 2, 1)
"""Sizes that open axes are tried with, to tell the user one that fits."""


def shape_of(graph_input: onnx.ValueInfoProto, given: Mapping[str, tuple[int, ...]], draft: Draft) -> tuple[int, ...]:
    """Static shape of a graph input: as given, else as the file has it, with an unknown batch taken as 1.

    Raises
    ------
    InputError
        If a size is unknown, zero, or contradicts the file.
    """
    name, sizes = graph_input.name, _declared(graph_input)
    if name in given:
        return _checked(graph_input, given[name], sizes)
    if sizes is None or None in sizes[1:]:
        raise InputError(
            "its shape is not fixed in the file", where=f"graph input {name!r}", remedy=f"Give it: --shape {name}=..."
        )
    if sizes and sizes[0] is None:
        draft.note(f"the batch of input {name!r} is not fixed in the file and is taken as 1")
    return _checked(graph_input, tuple(1 if size is None else size for size in sizes), sizes)


def is_open(graph_input: onnx.ValueInfoProto) -> bool:
    """Whether the file leaves more than the size of the first axis open."""
    sizes = _declared(graph_input)
    return sizes is None or None in sizes[1:]


def filled(graph_input: onnx.ValueInfoProto, size: int) -> tuple[int, ...]:
    """The declared shape with open sizes filled in, the first axis' with 1; an image where nothing is declared."""
    sizes = _declared(graph_input)
    if sizes is None:
        return (1, 3, size, size)
    return tuple((size if place else 1) if known is None else known for place, known in enumerate(sizes))


def options(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Command-line options that give these shapes."""
    return " ".join(f"--shape {name}={','.join(map(str, shape))}" for name, shape in shapes.items())


def _declared(graph_input: onnx.ValueInfoProto) -> tuple[int | None, ...] | None:
    """Sizes as the file has them: None for one that is open, or negative as some exporters write it."""
    if not graph_input.type.HasField("tensor_type"):
        raise InputError(
            f"is no tensor but a {graph_input.type.WhichOneof('value') or 'value without a type'}",
            where=f"graph input {graph_input.name!r}",
            remedy="Export the model with tensors as inputs.",
        )
    tensor = graph_input.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return tuple(
        dim.dim_value if dim.HasField("dim_value") and dim.dim_value >= 0 else None for dim in tensor.shape.dim
    )


def shown(graph_input: onnx.ValueInfoProto) -> str:
    """The declared shape, open axes by their names."""
    if _declared(graph_input) is None:
        return "no shape"
    dims = graph_input.type.tensor_type.shape.dim
    return " x ".join(dim.dim_param or str(dim.dim_value if dim.HasField("dim_value") else "?") for dim in dims)


def _checked(
    graph_input: onnx.ValueInfoProto, shape: tuple[int, ...], declared: tuple[int | None, ...] | None
) -> tuple[int, ...]:
    fits = declared is None or (
        len(shape) == len(declared) and all(old in (None, new) for new, old in zip(shape, declared, strict=True))
    )
    if not fits or any(size < 1 for size in shape):
        name = graph_input.name
        raise InputError(
            f"shape {shape} does not fit input {name!r}, declared as {shown(graph_input)}"
            if not fits
            else f"shape {shape} of input {name!r} has a size below 1",
            where=f"graph input {name!r}",
            remedy=f"Give sizes of at least 1 that fit: {options({name: filled(graph_input, USUAL_SIZES[0])})}",
        )
    return check_shape(shape)


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
    try:
        return bool(kind) and bool(np.issubdtype(onnx.helper.tensor_dtype_to_np_dtype(kind), np.integer))
    except KeyError as fault:
        raise InputError(
            f"has the data type {kind}, which ONNX does not know",
            where=f"graph input {graph_input.name!r}",
            remedy="The model is not valid ONNX (check it with onnx.checker); export it again.",
        ) from fault


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
    for node in graph.node:
        if tensor not in node.input or node.op_type in _SHAPE_ONLY:
            continue
        if node.op_type == "Transpose":
            listed = Node(node, 1).integers("perm") or range(rank)[::-1]
            if sorted(listed) != list(range(rank)):
                break
            order = [order[axis] for axis in listed]
        elif node.op_type not in _TRANSPARENT:
            return node.op_type, order
        tensor = node.output[0]
    return "", order
