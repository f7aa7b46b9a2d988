"""Operators that only move data, as functions on arrays of any kind: ids of a view, or a constant's values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import prod
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.resampling import nearest_indices
from archsim.network.onnx_import.views import Entry, Ids, varies

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
    return np.broadcast_to(small.take(indices, axis), shape)


def join(arrays: Sequence[Array], axis: int) -> Array:
    """``numpy.concatenate`` that leaves broadcast axes broadcast."""
    rank = arrays[0].ndim
    kept = [other == axis or any(varies(array, other) for array in arrays) for other in range(rank)]
    cut = tuple(slice(None) if keep else slice(0, 1) for keep in kept)
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
    if prod(full) != prod(shape):
        raise call.node.fault(
            f"cannot reshape {shape} to {target}",
            "Check the input shapes; a batch other than the exported one needs a model with a dynamic batch.",
        )
    return _single(lambda array: array.reshape(full))


def _flatten(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    axis = call.node.integer("axis", 1)
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
    order = call.node.integers("perm")
    return _single(lambda array: array.transpose(order))


def _slice(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    starts, ends = call.integers("starts", 1), call.integers("ends", 2)
    if starts is None or ends is None:
        raise call.node.fault("its starts or ends are missing", "Export the model again; the node is not valid ONNX.")
    axes = call.axes(call.integers("axes", 3) or tuple(range(len(starts))), len(shape))
    steps = call.integers("steps", 4) or (1,) * len(starts)
    cuts = [slice(None)] * len(shape)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        cuts[axis] = slice(start, end, step)
    return _single(lambda array: array[tuple(cuts)])


def _split(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    axis = call.axis(0, len(shape))
    sizes = call.integers("split", 1) or _even(shape[axis], len(call.node.outputs))
    bounds = np.cumsum((0, *sizes)).tolist()
    before = (slice(None),) * axis

    def part(start: int, end: int) -> Move:
        return lambda arrays, fill: arrays[0][(*before, slice(start, end))]

    return tuple(part(start, end) for start, end in pairwise(bounds))


def _even(size: int, parts: int) -> tuple[int, ...]:
    """Equal sizes, the last one smaller where they do not divide."""
    chunk = -(-size // parts)
    return (*(chunk,) * (parts - 1), size - chunk * (parts - 1))


def _concat(call: Call) -> tuple[Move, ...]:
    axis = call.axis(1, len(call.tensor(0).shape))
    return (lambda arrays, fill: join(arrays, axis),)


def _gather(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    axis = call.axis(0, len(shape))
    indices = call.values(1, "indices").astype(np.int64)
    flat = np.where(indices < 0, indices + shape[axis], indices).ravel()
    target = (*shape[:axis], *indices.shape, *shape[axis + 1 :])
    return _single(lambda array: take(array, flat, axis).reshape(target))


def _gather_elements(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    axis = call.axis(0, len(shape))
    indices = call.values(1, "indices").astype(np.int64)
    wrapped = np.where(indices < 0, indices + shape[axis], indices)
    return _single(lambda array: np.take_along_axis(array, wrapped, axis))


def _gather_nd(call: Call) -> tuple[Move, ...]:
    if call.node.integer("batch_dims", 0):
        raise call.node.fault("batch_dims other than 0 is not modelled", "Export it as Gather or GatherElements.")
    indices = call.values(1, "indices").astype(np.int64)
    return _single(lambda array: array[tuple(np.moveaxis(indices, -1, 0))])


def _scatter_nd(call: Call) -> tuple[Move, ...]:
    indices = tuple(np.moveaxis(call.values(1, "indices").astype(np.int64), -1, 0))

    def move(arrays: Sequence[Array], fill: np.generic) -> Array:
        written = arrays[0].copy()
        written[indices] = arrays[2]
        return written

    return (move,)


def _scatter_elements(call: Call) -> tuple[Move, ...]:
    axis = call.axis(0, len(call.tensor(0).shape))
    indices = call.values(1, "indices").astype(np.int64)

    def move(arrays: Sequence[Array], fill: np.generic) -> Array:
        written = arrays[0].copy()
        np.put_along_axis(written, indices, arrays[2], axis)
        return written

    return (move,)


def _expand(call: Call) -> tuple[Move, ...]:
    target = call.integers("shape", 1) or ()
    shape = np.broadcast_shapes(call.tensor(0).shape, target)
    return _single(lambda array: np.broadcast_to(array, shape))


def _tile(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    repeats = call.integers("repeats", 1) or ()
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
    half = len(pads) // 2
    sides = [(0, 0)] * len(shape)
    for place, axis in enumerate(axes):
        sides[axis] = (pads[place], pads[place + half])
    if call.node.text("mode", "constant") != "constant":
        mode = {"reflect": "reflect", "edge": "edge", "wrap": "wrap"}[call.node.text("mode", "constant")]
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


def _depth_to_space(call: Call) -> tuple[Move, ...]:
    batch, depth, height, width = call.tensor(0).shape
    block = call.node.integer("blocksize", 1)
    out = depth // block**2
    final = (batch, out, height * block, width * block)
    if call.node.text("mode", "DCR") == "CRD":
        return _split_axes((batch, out, block, block, height, width), (0, 1, 4, 2, 5, 3), final)
    return _split_axes((batch, block, block, out, height, width), (0, 3, 4, 1, 5, 2), final)


def _space_to_depth(call: Call) -> tuple[Move, ...]:
    batch, depth, height, width = call.tensor(0).shape
    block = call.node.integer("blocksize", 1)
    rows, columns = height // block, width // block
    final = (batch, depth * block**2, rows, columns)
    channels_last = call.node.text("mode", "DCR") == "DCR"
    order = (0, 3, 5, 1, 2, 4) if channels_last else (0, 1, 3, 5, 2, 4)
    return _split_axes((batch, depth, rows, block, columns, block), order, final)


def _split_axes(shape: tuple[int, ...], order: tuple[int, ...], final: tuple[int, ...]) -> tuple[Move, ...]:
    return _single(lambda array: array.reshape(shape).transpose(order).reshape(final))


def _trilu(call: Call) -> tuple[Move, ...]:
    rows, columns = call.tensor(0).shape[-2:]
    diagonal = int(call.values(1, "k").ravel()[0]) if call.has(1) else 0
    upper = call.node.integer("upper", 1)
    all_places = np.ones((rows, columns), bool)
    kept = np.triu(all_places, diagonal) if upper else np.tril(all_places, diagonal)
    return (lambda arrays, fill: np.where(kept, arrays[0], np.asarray(fill, arrays[0].dtype)),)


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
