"""Operators that only move data, as functions on arrays of any kind: ids of a view, or a constant's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import prod
from types import MappingProxyType

import numpy as np

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.indexing import gather, gather_elements, gather_nd, scatter_elements, scatter_nd
from archsim.network.onnx_import.limits import check_entries
from archsim.network.onnx_import.moves import Array, Move, Plan, by_index, join, single
from archsim.network.onnx_import.padding import pad, tile
from archsim.network.onnx_import.resampling import nearest_indices
from archsim.network.onnx_import.views import reshaped


def _identity(call: Call) -> tuple[Move, ...]:
    return single(lambda array: array)


def _reshape(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    wanted = call.integers("shape", 1)
    if wanted is None:
        raise call.node.fault("its shape is missing", "Export the model again; the node is not valid ONNX.")
    copied = not call.node.integer("allowzero", 0)
    target = tuple(shape[place] if size == 0 and copied else size for place, size in enumerate(wanted))
    return _reshaped(call, target)


def _reshaped(call: Call, target: tuple[int, ...]) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    rest = prod(size for size in target if size != -1)
    full = tuple(prod(shape) // rest if size == -1 and rest else size for size in target)
    if prod(full) != prod(shape) or any(size < 0 for size in full):
        raise call.node.fault(
            f"cannot reshape {shape} to {target}",
            "Check the input shapes; a batch other than the exported one needs a model with a dynamic batch.",
        )
    return single(lambda array: reshaped(array, full))


def _flatten(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    axis = call.node.integer("axis", 1)
    if not -len(shape) <= axis <= len(shape):
        raise call.node.fault(f"axis {axis} does not exist in {len(shape)} dimensions", "Check the model's shapes.")
    axis = axis + len(shape) if axis < 0 else axis
    return _reshaped(call, (prod(shape[:axis]), prod(shape[axis:])))


def _squeeze(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    given = call.integers("axes", 1)
    axes = (
        tuple(axis for axis, size in enumerate(shape) if size == 1) if given is None else call.axes(given, len(shape))
    )
    return _reshaped(call, tuple(size for axis, size in enumerate(shape) if axis not in axes))


def _unsqueeze(call: Call) -> tuple[Move, ...]:
    shape = list(call.tensor(0).shape)
    given = call.integers("axes", 1) or ()
    for axis in sorted(call.axes(given, len(shape) + len(given))):
        shape.insert(axis, 1)
    return _reshaped(call, tuple(shape))


def _transpose(call: Call) -> tuple[Move, ...]:
    order, rank = call.node.integers("perm"), len(call.tensor(0).shape)
    if order is not None and sorted(order) != list(range(rank)):
        raise call.node.fault(f"its perm {order} is no order of {rank} axes", "Check the model's shapes.")
    return single(lambda array: array.transpose(order))


def _slice(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    starts, ends = call.integers("starts", 1), call.integers("ends", 2)
    if starts is None or ends is None:
        raise call.node.fault("its starts or ends are missing", "Export the model again; the node is not valid ONNX.")
    axes = call.axes(call.integers("axes", 3) or tuple(range(len(starts))), len(shape))
    steps = call.integers("steps", 4) or (1,) * len(starts)
    if len({len(starts), len(ends), len(axes), len(steps)}) > 1 or 0 in steps:
        raise call.node.fault(
            f"its starts {starts}, ends {ends}, axes {axes} and steps {steps} are not as many each, or a step is 0",
            "Export the model again; the node is not valid ONNX.",
        )
    cuts = [slice(None)] * len(shape)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        cuts[axis] = _span(shape[axis], start, end, step)
    return single(lambda array: array[tuple(cuts)])


def _span(size: int, start: int, end: int, step: int) -> slice:
    """A slice by ONNX's rules: places are counted from the end where they are negative, then moved inside."""
    first, stop = (place + size if place < 0 else place for place in (start, end))
    if step > 0:
        return slice(min(max(first, 0), size), min(max(stop, 0), size), step)
    low = min(max(stop, -1), size - 1)
    return slice(min(max(first, 0), size - 1), None if low < 0 else low, step)


def _split(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    axis = call.axis(0, len(shape))
    sizes = call.integers("split", 1) or _even(shape[axis], len(call.node.outputs))
    if len(sizes) != len(call.node.outputs) or sum(sizes) != shape[axis] or min(sizes) < 0:
        raise call.node.fault(
            f"splits {shape[axis]} entries into {sizes} for {len(call.node.outputs)} outputs",
            "Check the shapes given for the network's inputs.",
        )
    bounds = np.cumsum((0, *sizes)).tolist()
    before = (slice(None),) * axis

    def part(start: int, end: int) -> Move:
        return lambda arrays, fill: arrays[0][(*before, slice(start, end))]

    return tuple(part(start, end) for start, end in pairwise(bounds))


def _even(size: int, parts: int) -> tuple[int, ...]:
    """Equal sizes, the last one smaller where they do not divide."""
    chunk = -(-size // max(1, parts))
    return (*(chunk,) * (parts - 1), size - chunk * (parts - 1))


def _concat(call: Call) -> tuple[Move, ...]:
    axis = call.axis(1, len(call.tensor(0).shape))
    others = [
        shape[:axis] + shape[axis + 1 :] for shape in (tensor.shape for tensor in call.inputs if tensor is not None)
    ]
    if any(other != others[0] for other in others):
        shapes = ", ".join(str(tensor.shape) for tensor in call.inputs if tensor is not None)
        raise call.node.fault(f"cannot join {shapes} along axis {axis}", "Check the shapes of the network's inputs.")
    return (lambda arrays, fill: join(arrays, axis),)


def _expand(call: Call) -> tuple[Move, ...]:
    target = call.integers("shape", 1) or ()
    shape = np.broadcast_shapes(call.tensor(0).shape, target)
    return single(lambda array: np.broadcast_to(array, shape))


def _blocked(call: Call) -> tuple[tuple[int, ...], int]:
    """Shape and block size of a DepthToSpace or SpaceToDepth node, after a check that they fit."""
    shape, block = call.tensor(0).shape, call.node.integer("blocksize", 1)
    deep = call.node.kind == "DepthToSpace"
    if len(shape) != 4 or block < 1 or (shape[1] % block**2 if deep else shape[2] % block or shape[3] % block):
        raise call.node.fault(f"cannot cut data of shape {shape} into blocks of {block}", "Check the model's shapes.")
    return shape, block


def _depth_to_space(call: Call) -> tuple[Move, ...]:
    (batch, depth, height, width), block = _blocked(call)
    out = depth // block**2
    final = (batch, out, height * block, width * block)
    if call.node.text("mode", "DCR") == "CRD":
        return _split_axes((batch, out, block, block, height, width), (0, 1, 4, 2, 5, 3), final)
    return _split_axes((batch, block, block, out, height, width), (0, 3, 4, 1, 5, 2), final)


def _space_to_depth(call: Call) -> tuple[Move, ...]:
    (batch, depth, height, width), block = _blocked(call)
    rows, columns = height // block, width // block
    final = (batch, depth * block**2, rows, columns)
    channels_last = call.node.text("mode", "DCR") == "DCR"
    order = (0, 3, 5, 1, 2, 4) if channels_last else (0, 1, 3, 5, 2, 4)
    return _split_axes((batch, depth, rows, block, columns, block), order, final)


def _split_axes(shape: tuple[int, ...], order: tuple[int, ...], final: tuple[int, ...]) -> tuple[Move, ...]:
    return single(lambda array: reshaped(reshaped(array, shape).transpose(order), final))


def _trilu(call: Call) -> tuple[Move, ...]:
    rows, columns = call.tensor(0).shape[-2:]
    check_entries((rows, columns))
    diagonal = int(call.values(1, "k").ravel()[0]) if call.has(1) else 0
    upper = call.node.integer("upper", 1)
    all_places = np.ones((rows, columns), bool)
    kept = np.triu(all_places, diagonal) if upper else np.tril(all_places, diagonal)

    def move(arrays: Sequence[Array], fill: np.generic) -> Array:
        check_entries(arrays[0].shape)
        return np.where(kept, arrays[0], np.asarray(fill, arrays[0].dtype))

    return (move,)


def _resize(call: Call) -> tuple[Move, ...]:
    return by_index(nearest_indices(call))


MOVEMENTS: Mapping[str, Plan] = MappingProxyType(
    {
        **dict.fromkeys(("Identity", "Cast", "CastLike", "Dropout"), _identity),
        "Reshape": _reshape,
        "Flatten": _flatten,
        "Squeeze": _squeeze,
        "Unsqueeze": _unsqueeze,
        "Transpose": _transpose,
        "Slice": _slice,
        "Split": _split,
        "Concat": _concat,
        "Gather": gather,
        "GatherElements": gather_elements,
        "GatherND": gather_nd,
        "ScatterND": scatter_nd,
        "ScatterElements": scatter_elements,
        "Expand": _expand,
        "Tile": tile,
        "Pad": pad,
        "DepthToSpace": _depth_to_space,
        "SpaceToDepth": _space_to_depth,
        "Trilu": _trilu,
        "Resize": _resize,
        "Upsample": _resize,
    }
)
"""Operators that cost nothing on a chip, by their ONNX names."""
