"""Tensors as the importer sees them: constants, and views of layers' streams.

A view says of every entry of a tensor which layer made it, and which element of which token it is there. Operators
that only move data are executed on these numbers, so they cost nothing on the chip. The arrays are broadcast (stride
0) along every axis where they are constant, which keeps them small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from archsim.network.onnx_import.limits import check_entries

Ids = NDArray[np.int64]
Values = NDArray[np.generic]
Entry = TypeVar("Entry", bound=np.generic)

CONSTANT = -1
"""Stands for "no layer made this entry" in all three arrays of a view."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Where the entries of an activation tensor are in the layers' streams.

    Parameters
    ----------
    layer, token, element : ndarray of int64, of the tensor's shape
        Index of the layer, token of its stream and element of the token, ``CONSTANT`` where the entry is a constant.
    sole : bool
        True when nothing but the reader of this tensor can see the layer's output, so that what follows may be
        folded into the layer.
    """

    layer: Ids
    token: Ids
    element: Ids
    sole: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the tensor."""
        return self.layer.shape

    @property
    def producer(self) -> int | None:
        """The one layer that made every entry, or None where there are several or constants among them."""
        smallest = core(self.layer)
        return int(smallest.flat[0]) if smallest.size == 1 and smallest.flat[0] != CONSTANT else None

    def mapped(self, move: Callable[[Ids], Ids], *, sole: bool = False) -> View:
        """The view after the same data movement of all three arrays."""
        return View(compact(move(self.layer)), compact(move(self.token)), compact(move(self.element)), sole)


def merged(views: Sequence[View], merge: Callable[[list[Ids]], Ids]) -> View:
    """One view from several, by the same operation on each of the three arrays."""
    return View(
        compact(merge([view.layer for view in views])),
        compact(merge([view.token for view in views])),
        compact(merge([view.element for view in views])),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A tensor that does not depend on the network's inputs.

    Parameters
    ----------
    value : ndarray
        The values; zeros of the right shape and type where they are not known.
    known : bool
        Whether ``value`` holds the truth: weights may be large, external or absent.
    names : tuple of str
        Initializers that it was made from.
    """

    value: Values
    known: bool = True
    names: tuple[str, ...] = field(default=())

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the tensor."""
        return self.value.shape


Tensor = View | Constant


def unknown(shape: Sequence[int], dtype: np.dtype[np.generic], names: tuple[str, ...] = ()) -> Constant:
    """A constant of which only the shape matters."""
    return Constant(np.broadcast_to(np.zeros((), dtype), tuple(shape)), False, names)


def as_view(tensor: Tensor) -> View:
    """The tensor itself, or a view that says "constant" everywhere."""
    if isinstance(tensor, View):
        return tensor
    nowhere = np.broadcast_to(np.int64(CONSTANT), tensor.shape)
    return View(nowhere, nowhere, nowhere)


def varies(array: NDArray[Entry], axis: int) -> bool:
    """Whether a compacted array differs along an axis."""
    return array.shape[axis] > 1 and array.strides[axis] != 0


def core(array: NDArray[Entry]) -> NDArray[Entry]:
    """The array with every axis of stride 0 reduced to size 1."""
    if 0 in array.shape:
        return array
    return array[tuple(slice(None) if varies(array, axis) else slice(0, 1) for axis in range(array.ndim))]


def compact(array: NDArray[Entry]) -> NDArray[Entry]:
    """The same array with stride 0 along every axis where it is constant."""
    smallest = core(array)
    for axis in range(array.ndim):
        if smallest.shape[axis] > 1:
            first = smallest[(slice(None),) * axis + (slice(0, 1),)]
            smallest = first if bool((smallest == first).all()) else smallest
    return np.broadcast_to(smallest, array.shape)


def reshaped(array: NDArray[Entry], shape: Sequence[int]) -> NDArray[Entry]:
    """``numpy.reshape`` that leaves broadcast axes broadcast, as far as the new shape keeps them apart.

    Raises
    ------
    TooLarge
        If what has to be copied has more than ``MOST_ENTRIES``.
    """
    target = tuple(shape)
    if not array.size or array.size == 1:
        return array.reshape(target)
    cut: list[slice] = []
    sizes: list[int] = []
    for old, new in _together(array.shape, target):
        varied = any(varies(array, axis) for axis in old)
        cut += [slice(None) if varied else slice(0, 1)] * len(old)
        sizes += [target[axis] if varied else 1 for axis in new]
    check_entries(sizes)
    return np.broadcast_to(array[tuple(cut)].reshape(sizes), target)


def _together(old: Sequence[int], new: Sequence[int]) -> Iterator[tuple[range, range]]:
    """Axes of two shapes of as many elements, in the shortest runs that hold the same number."""
    i = j = 0
    while i < len(old) or j < len(new):
        first, second = i, j
        left = right = 1
        while True:
            if left <= right and i < len(old):
                left, i = left * old[i], i + 1
            elif j < len(new):
                right, j = right * new[j], j + 1
            else:
                left, i = left * old[i], i + 1
            if left == right:
                break
        yield range(first, i), range(second, j)


def placed(values: NDArray[Entry], axes: Sequence[int], shape: tuple[int, ...]) -> NDArray[Entry]:
    """Values laid along ascending axes of a shape (raster order) and constant along the others."""
    dims = tuple(size if axis in axes else 1 for axis, size in enumerate(shape))
    return np.broadcast_to(values.reshape(dims), shape)
