"""What movements are made of: functions on arrays of any kind, ids of a view or a constant's values."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.limits import check_entries
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


def single(move: Callable[[Array], Array]) -> tuple[Move, ...]:
    return (lambda arrays, fill: move(arrays[0]),)


def by_index(indices: Sequence[Ids]) -> tuple[Move, ...]:
    """Take the same indices of every axis."""

    def move(array: Array) -> Array:
        for axis, chosen in enumerate(indices):
            array = array if np.array_equal(chosen, np.arange(array.shape[axis])) else take(array, chosen, axis)
        return array

    return single(move)


def writable(array: Array) -> Array:
    check_entries(array.shape)
    return array.copy()
