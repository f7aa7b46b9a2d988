"""Reading and writing at constant indices: Gather and Scatter in all their forms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.moves import Array, Move, single, take, writable
from archsim.network.onnx_import.views import Ids, reshaped


def gather(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    axis = call.axis(0, len(shape))
    indices = _indices(call, shape[axis])
    target = (*shape[:axis], *indices.shape, *shape[axis + 1 :])
    return single(lambda array: reshaped(take(array, indices.ravel(), axis), target))


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


def gather_elements(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    axis = call.axis(0, len(shape))
    indices = _indices(call, shape[axis])
    _check_within(call, indices.shape, shape, axis)
    cut = tuple(slice(None) if other == axis else slice(0, size) for other, size in enumerate(indices.shape))
    return single(lambda array: np.take_along_axis(array[cut], indices, axis))


def _check_within(call: Call, indices: tuple[int, ...], shape: tuple[int, ...], axis: int) -> None:
    """Indices of a GatherElements or ScatterElements node have the data's rank, and no more entries beside its axis."""
    beside = (have <= room for place, (have, room) in enumerate(zip(indices, shape, strict=False)) if place != axis)
    if len(indices) != len(shape) or not all(beside):
        raise call.node.fault(f"its indices of shape {indices} do not fit data of shape {shape}", "Check the model.")


def gather_nd(call: Call) -> tuple[Move, ...]:
    if call.node.integer("batch_dims", 0):
        raise call.node.fault("batch_dims other than 0 is not modelled", "Export it as Gather or GatherElements.")
    indices = _indices_nd(call)
    return single(lambda array: array[tuple(np.moveaxis(indices, -1, 0))])


def _indices_nd(call: Call) -> Ids:
    """Indices of a GatherND or ScatterND node, shape ``(..., axes)``."""
    shape, depth = call.tensor(0).shape, call.constant(1, "indices").shape[-1:]
    if not depth or not 1 <= depth[0] <= len(shape):
        raise call.node.fault(f"its indices do not fit data of shape {shape}", "Check the model.")
    return _indices(call, *shape[: depth[0]])


def scatter_nd(call: Call) -> tuple[Move, ...]:
    indices = tuple(np.moveaxis(_indices_nd(call), -1, 0))

    def move(arrays: Sequence[Array], fill: np.generic) -> Array:
        written = writable(arrays[0])
        written[indices] = arrays[2]
        return written

    return (move,)


def scatter_elements(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    axis = call.axis(0, len(shape))
    indices = _indices(call, shape[axis])
    _check_within(call, indices.shape, shape, axis)
    cut = tuple(slice(None) if other == axis else slice(0, size) for other, size in enumerate(indices.shape))

    def move(arrays: Sequence[Array], fill: np.generic) -> Array:
        written = writable(arrays[0])
        np.put_along_axis(written[cut], indices, arrays[2], axis)
        return written

    return (move,)
