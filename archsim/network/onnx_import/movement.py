"""Operators that only move data, as functions on arrays of any kind: ids of a view, or a constant's values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import prod
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.limits import check_entries
from archsim.network.onnx_import.resampling import nearest_indices
from archsim.network.onnx_import.views import Entry, Ids, reshaped, varies

Array = NDArray[np.generic]
Move = Callable[[Sequence[Array], np.generic], Array]
"""From the data inputs, and what padding is filled with, to one output."""
Plan = Callable[[Call], tuple[Move, ...]]
"""From a node to the movement of each of its outputs."""


def take(array: NDArray[Entry], indices: Ids, axis: int) -> NDArray[Entry]:
    """``numpy.take`` along one axis that leaves broadcast axes broadcast."""
    shape = (*array.shape[:axis], len(indices), *array.shape[axis + 1 :])
    small = array[
        tuple(slice(None) if other == axis or varies(array, other) else slice(0, 1) for other in range(array.ndim))
    ]
    if array.size and not varies(array, axis):
        return np.broadcast_to(small[(slice(None),) * axis + (slice(0, 1),)], shape)
    check_entries((*small.shape[:axis], len(indices), *small.shape[axis + 1 :]))
    return np.broadcast_to(small.take(indices, axis), shape)


def join(arrays: Sequence[Array], axis: int) -> Array:
    """``numpy.concatenate`` that leaves broadcast axes broadcast."""
    rank = arrays[0].ndim
    kept = [other == axis or any(varies(array, other) for array in arrays) for other in range(rank)]
    cut = tuple(slice(None) if keep else slice(0, 1) for keep in kept)
    length = sum(array.shape[axis] for array in arrays)
    check_entries(
        length if other == axis else size for other, size in enumerate(arrays[0].shape) if kept[other] and size
    )
    joined = np.concatenate([array[cut] for array in arrays], axis)
    shape = tuple(joined.shape[axis] if other == axis else arrays[0].shape[other] for other in range(rank))
    return np.broadcast_to(joined, shape)


def _single(move: Callable[[Array], Array]) -> tuple[Move, ...]:
    return (lambda arrays, fill: move(arrays[0]),)


def _identity(call: Call) -> tuple[Move, ...]:
    return _single(lambda array: array)


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
    return _single(lambda array: reshaped(array, full))


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
    return _single(lambda array: array.transpose(order))


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
    return _single(lambda array: array[tuple(cuts)])


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


def _gather(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    axis = call.axis(0, len(shape))
    indices = _indices(call, shape[axis])
    target = (*shape[:axis], *indices.shape, *shape[axis + 1 :])
    return _single(lambda array: reshaped(take(array, indices.ravel(), axis), target))


def _indices(call: Call, *sizes: int) -> Ids:
    """Constant indices into axes of these sizes (the same for all, or one per entry of their last axis), from 0 on."""
    indices = call.whole(1, "indices")
    bounds = np.asarray(sizes if len(sizes) > 1 else sizes[0], np.int64)
    outside = (indices < -bounds) | (indices >= bounds)
    if bool(outside.any()):
        raise call.node.fault(
            f"reads or writes at index {int(indices[outside][0])}, outside of an axis of "
            f"{' or '.join(map(str, dict.fromkeys(sizes)))}",
            "Check the indices in the model against the shapes given for its inputs.",
        )
    return np.where(indices < 0, indices + bounds, indices)


def _gather_elements(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    axis = call.axis(0, len(shape))
    indices = _indices(call, shape[axis])
    _check_within(call, indices.shape, shape, axis)
    cut = tuple(slice(None) if other == axis else slice(0, size) for other, size in enumerate(indices.shape))
    return _single(lambda array: np.take_along_axis(array[cut], indices, axis))


def _check_within(call: Call, indices: tuple[int, ...], shape: tuple[int, ...], axis: int) -> None:
    """Indices of a GatherElements or ScatterElements node have the data's rank, and no more entries beside its axis."""
    beside = (have <= room for place, (have, room) in enumerate(zip(indices, shape, strict=False)) if place != axis)
    if len(indices) != len(shape) or not all(beside):
        raise call.node.fault(f"its indices of shape {indices} do not fit data of shape {shape}", "Check the model.")


def _gather_nd(call: Call) -> tuple[Move, ...]:
    if call.node.integer("batch_dims", 0):
        raise call.node.fault("batch_dims other than 0 is not modelled", "Export it as Gather or GatherElements.")
    indices = _indices_nd(call)
    return _single(lambda array: array[tuple(np.moveaxis(indices, -1, 0))])


def _indices_nd(call: Call) -> Ids:
    """Indices of a GatherND or ScatterND node, shape ``(..., axes)``."""
    shape, depth = call.tensor(0).shape, call.constant(1, "indices").shape[-1:]
    if not depth or not 1 <= depth[0] <= len(shape):
        raise call.node.fault(f"its indices do not fit data of shape {shape}", "Check the model.")
    return _indices(call, *shape[: depth[0]])


def _writable(array: Array) -> Array:
    check_entries(array.shape)
    return array.copy()


def _scatter_nd(call: Call) -> tuple[Move, ...]:
    indices = tuple(np.moveaxis(_indices_nd(call), -1, 0))

    def move(arrays: Sequence[Array], fill: np.generic) -> Array:
        written = _writable(arrays[0])
        written[indices] = arrays[2]
        return written

    return (move,)


def _scatter_elements(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    axis = call.axis(0, len(shape))
    indices = _indices(call, shape[axis])
    _check_within(call, indices.shape, shape, axis)
    cut = tuple(slice(None) if other == axis else slice(0, size) for other, size in enumerate(indices.shape))

    def move(arrays: Sequence[Array], fill: np.generic) -> Array:
        written = _writable(arrays[0])
        np.put_along_axis(written[cut], indices, arrays[2], axis)
        return written

    return (move,)


def _expand(call: Call) -> tuple[Move, ...]:
    target = call.integers("shape", 1) or ()
    shape = np.broadcast_shapes(call.tensor(0).shape, target)
    return _single(lambda array: np.broadcast_to(array, shape))


def _tile(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    repeats = call.integers("repeats", 1) or ()
    if len(repeats) != len(shape) or any(times < 0 for times in repeats):
        raise call.node.fault(f"its repeats {repeats} do not fit data of shape {shape}", "Check the model.")
    for size, times in zip(shape, repeats, strict=True):
        check_entries((size, times))
    return _by_index(tuple(np.tile(np.arange(size), times) for size, times in zip(shape, repeats, strict=True)))


def _by_index(indices: Sequence[Ids]) -> tuple[Move, ...]:
    """Take the same indices of every axis."""

    def move(array: Array) -> Array:
        for axis, chosen in enumerate(indices):
            array = array if np.array_equal(chosen, np.arange(array.shape[axis])) else take(array, chosen, axis)
        return array

    return _single(move)


def _pad(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    pads = call.integers("pads", 1) or call.node.integers("paddings") or ()
    chosen = call.integers("axes", 3) if call.has(3) else None
    axes = call.axes(chosen, len(shape)) if chosen is not None else tuple(range(len(shape)))
    half = len(axes)
    if len(pads) != 2 * half:
        raise call.node.fault(f"has {len(pads)} pads for {half} axes", "Give two for each axis.")
    sides = [(0, 0)] * len(shape)
    for place, axis in enumerate(axes):
        sides[axis] = (pads[place], pads[place + half])
        check_entries((max(0, shape[axis] + sum(sides[axis])),))
        if any(-side > shape[axis] for side in sides[axis]) or shape[axis] + sum(sides[axis]) < 0:
            raise call.node.fault(f"cuts {sides[axis]} off an axis of {shape[axis]}", "Check the model's shapes.")
    if call.node.text("mode", "constant") != "constant":
        mode = call.node.text("mode", "constant")
        if mode not in ("reflect", "edge", "wrap"):
            raise call.node.fault(f"pads in the unknown mode {mode!r}", "Use constant, reflect, edge or wrap.")
        return _by_index([_padded_index(size, side, mode) for size, side in zip(shape, sides, strict=True)])
    return (lambda arrays, fill: _constant_pad(arrays[0], sides, fill),)


def _padded_index(size: int, side: tuple[int, int], mode: str) -> Ids:
    """Which entry each entry of a padded axis repeats; negative padding crops."""
    before, after = side
    indices = np.arange(size)[max(0, -before) : size - max(0, -after)]
    padding = (max(0, before), max(0, after))
    modes = {"reflect": np.pad(indices, padding, "reflect"), "edge": np.pad(indices, padding, "edge")}
    return modes[mode] if mode in modes else np.pad(indices, padding, "wrap")


def _constant_pad(array: Array, sides: Sequence[tuple[int, int]], fill: np.generic) -> Array:
    for axis, (before, after) in enumerate(sides):
        size = array.shape[axis]
        kept = array[(slice(None),) * axis + (slice(max(0, -before), size - max(0, -after)),)]
        blocks = [_block(array, axis, before, fill), kept, _block(array, axis, after, fill)]
        array = join([block for block in blocks if block.shape[axis]], axis)
    return array


def _block(array: Array, axis: int, size: int, fill: np.generic) -> Array:
    shape = (*array.shape[:axis], max(0, size), *array.shape[axis + 1 :])
    return np.broadcast_to(np.asarray(fill, array.dtype), shape)


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
    return _single(lambda array: reshaped(reshaped(array, shape).transpose(order), final))


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
    return _by_index(nearest_indices(call))


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
        "Gather": _gather,
        "GatherElements": _gather_elements,
        "GatherND": _gather_nd,
        "ScatterND": _scatter_nd,
        "ScatterElements": _scatter_elements,
        "Expand": _expand,
        "Tile": _tile,
        "Pad": _pad,
        "DepthToSpace": _depth_to_space,
        "SpaceToDepth": _space_to_depth,
        "Trilu": _trilu,
        "Resize": _resize,
        "Upsample": _resize,
    }
)
"""Operators that cost nothing on a chip, by their ONNX names."""
