"""How a tensor is cut into the tokens of the layer that makes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from archsim.network.onnx_import.limits import MOST_ENTRIES, check_stream
from archsim.network.onnx_import.views import CONSTANT, Entry, Ids, View, compact, core, placed, reshaped, varies


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Tokens and elements of a tensor's entries.

    Parameters
    ----------
    token, element : ndarray of int64, of the tensor's shape
        Token and element of every entry.
    tokens, width : int
        Tokens, and elements of each.
    order : ndarray of int64, shape (tokens, width), or None
        Flat index of every (token, element); None where ``axes`` says it.
    axes : tuple of int
        Axes of the tensor, those of the tokens first.
    token_axes : tuple of int
        Those of the tokens.
    token_order, element_order : ndarray of int64 or None
        Raster index over the token axes (the width axes) of each token (element), where they are not in raster order.
    grid : tuple of int
        Sizes of the token axes, where the tokens are in raster order.
    """

    token: Ids
    element: Ids
    tokens: int
    width: int
    order: Ids | None = None
    axes: tuple[int, ...] = ()
    token_axes: tuple[int, ...] = ()
    token_order: Ids | None = None
    element_order: Ids | None = None
    grid: tuple[int, ...] = ()

    def arranged(self, array: NDArray[Entry]) -> NDArray[Entry]:
        """An array of the tensor's shape as ``(tokens, width)``."""
        if self.order is not None:
            return compact(array.ravel()[self.order])
        rows = reshaped(array.transpose(self.axes), (self.tokens, self.width))
        if self.token_order is not None and len(core(rows)) > 1:
            rows = rows[self.token_order]
        if self.element_order is not None and len(core(rows)[0]) > 1:
            rows = rows[:, self.element_order]
        return compact(rows)

    def rows(self, view: View) -> View:
        """A view of the tensor's shape as ``(tokens, width)``."""
        return View(self.arranged(view.layer), self.arranged(view.token), self.arranged(view.element))

    def stream(self, layer: int) -> View:
        """The tensor as the output of a layer with these tokens."""
        return View(np.broadcast_to(np.int64(layer), self.token.shape), self.token, self.element, True)


def partition(view: View, merged: Iterable[int] = ()) -> Partition:
    """The tokens that a layer inherits from its main input.

    Axes along which the input's tokens vary become the token axes, in the order of the input's stream; the others
    make up the width.

    Parameters
    ----------
    view : View
        The main input, broadcast to the output's shape.
    merged : iterable of int
        Axes that the operator works across, which must not be cut.
    """
    merged = set(merged)
    token_axes = [axis for axis in range(len(view.shape)) if varies(view.token, axis) and axis not in merged]
    if not merged and any(varies(view.element, axis) for axis in token_axes):
        rest = [axis for axis in token_axes if axis != len(view.shape) - 1]
        return _by_value(view) or by_axes(view, rest)
    return by_axes(view, token_axes)


def by_axes(
    view: View,
    token_axes: Iterable[int],
    *,
    own_elements: bool = False,
    own_tokens: bool = False,
    progress: NDArray[np.float64] | None = None,
) -> Partition:
    """Tokens along the given axes, in the order in which the input's stream completes them.

    Parameters
    ----------
    view : View
        The input.
    token_axes : iterable of int
        Axes whose entries are tokens.
    own_elements : bool
        True for elements in raster order of the other axes (a matrix's rows), False to keep the input's order.
    own_tokens : bool
        True for tokens in raster order of their axes, whatever the stream's order.
    progress : ndarray of float64, of the view's shape, optional
        How far all streams that an entry depends on must be; orders the tokens where the view's own stream alone does
        not say.
    """
    shape = view.shape
    outer = sorted(token_axes)
    inner = [axis for axis in range(len(shape)) if axis not in outer]
    tokens, width = prod(shape[axis] for axis in outer), prod(shape[axis] for axis in inner)
    check_stream(tokens, width)
    token_order = None if own_tokens else _stream_order(view, outer, progress)
    element_order = None if own_elements else _element_order(view, inner, width)
    return Partition(
        placed(_rank(token_order, tokens), outer, shape),
        placed(_rank(element_order, width), inner, shape),
        tokens,
        width,
        axes=(*outer, *inner),
        token_axes=tuple(outer),
        token_order=token_order,
        element_order=element_order,
        grid=tuple(shape[axis] for axis in outer if shape[axis] > 1) if token_order is None else (),
    )


def _stream_order(view: View, outer: list[int], progress: NDArray[np.float64] | None) -> Ids | None:
    """Raster indices of the tokens, by the last token of the (one) producer that they read; None for raster order."""
    if view.producer is None:
        return None
    keys = [_last(view.token, outer)] + ([] if progress is None else [_last(progress, outer)])
    order = np.lexsort(keys)
    return None if np.array_equal(order, np.arange(len(order))) else order


def _last(entries: NDArray[Entry], outer: list[int]) -> NDArray[Entry]:
    """Largest entry of each token, in raster order."""
    inner = tuple(axis for axis in range(entries.ndim) if axis not in outer)
    small = core(entries)
    most = small.max(axis=inner, keepdims=True) if inner else small
    dims = tuple(size if axis in outer else 1 for axis, size in enumerate(entries.shape))
    return np.broadcast_to(most, dims).ravel()


def _element_order(view: View, inner: list[int], width: int) -> Ids | None:
    """Raster indices of the elements in the producer's order; None where that is raster order or has gaps."""
    if view.producer is None or any(varies(view.element, axis) for axis in range(len(view.shape)) if axis not in inner):
        return None
    dims = tuple(size if axis in inner else 1 for axis, size in enumerate(view.shape))
    elements = np.broadcast_to(core(view.element), dims).ravel()
    order = np.argsort(elements, kind="stable")
    if np.array_equal(order, np.arange(width)) or (np.diff(elements[order]) == 0).any():
        return None
    return order


def _rank(order: Ids | None, count: int) -> Ids:
    rank = np.arange(count, dtype=np.int64)
    if order is None:
        return rank
    inverse = np.empty_like(rank)
    inverse[order] = rank
    return inverse


def _by_value(view: View) -> Partition | None:
    """The producer's own tokens and elements, for a flattened map; None unless every token is there and complete."""
    if view.producer is None or prod(view.shape) > MOST_ENTRIES:
        return None
    token_value, token = np.unique(view.token, return_inverse=True)
    element_value, element = np.unique(view.element, return_inverse=True)
    tokens, width = len(token_value), len(element_value)
    place = (token * width + element).ravel()
    if tokens * width != place.size or token_value[0] == CONSTANT:
        return None
    order = np.argsort(place, kind="stable")
    if not np.array_equal(place[order], np.arange(place.size)):
        return None
    shape = view.shape
    return Partition(token.reshape(shape), element.reshape(shape), tokens, width, order=order.reshape(tokens, width))
