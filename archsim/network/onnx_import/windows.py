"""Sliding windows of convolution and pooling nodes, and what they read of an input that is not a plain feature map."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from archsim.network.access import NOTHING, Access, Same, Whole, Window
from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.feeds import Piece, access_of
from archsim.network.onnx_import.views import Ids, View
from archsim.network.product import Convolution

_BEYOND = np.int64(2**62)


@dataclass(frozen=True, slots=True)
class Sliding:
    """A window over the positions of a feature map; the batch is its slowest axis.

    Parameters
    ----------
    window : Window
        The access to a plain feature map, batch first.
    """

    window: Window

    @property
    def taps(self) -> int:
        """Positions of the kernel."""
        return prod(self.window.kernel)

    @property
    def positions(self) -> int:
        """Output positions, over the whole batch."""
        return prod(self.window.out_grid)

    @property
    def grid(self) -> tuple[int, ...]:
        """Output positions per axis, without a batch of one."""
        out = self.window.out_grid
        return out[1:] if out[0] == 1 else out

    def access(self, piece: Piece, produced: int) -> Access:
        """The access to a producer whose tokens lie at the input's positions as the piece says."""
        plain = np.array_equal(piece.first, piece.last) and np.array_equal(piece.first, np.arange(produced))
        if not plain:
            first, last = self.reach(piece.first, piece.last)
            taps = np.minimum(self.window.taps(), np.where(last == NOTHING, 0, last - first + 1))
            return access_of(first, last, produced, taps if piece.single else None)
        if self._pointwise:
            return Same()
        return Whole() if self.positions == 1 and self._covers else _without_single_batch(self.window)

    @property
    def _covers(self) -> bool:
        """Whether a single window touches the first and the last position."""
        first, last = self.window.reach(prod(self.window.grid), 1)
        return bool(first[0] == 0 and last[0] == prod(self.window.grid) - 1)

    @property
    def _pointwise(self) -> bool:
        window = self.window
        return window.grid == window.out_grid and self.taps == 1 and not any(window.pad)

    def reach(self, first: Ids, last: Ids) -> tuple[Ids, Ids]:
        """First and last token that each output position touches, of those at the input's positions."""
        low = self._folded(np.where(first == NOTHING, _BEYOND, first), np.minimum, _BEYOND)
        high = self._folded(last, np.maximum, np.int64(NOTHING))
        return np.where(high == NOTHING, NOTHING, low), high

    def _folded(self, tokens: Ids, fold: np.ufunc, outside: np.int64) -> Ids:
        """Fold over the window, axis after axis."""
        window = self.window
        grid = tokens.reshape(window.grid)
        for axis, taps in enumerate(window.kernel):
            start = np.arange(window.out_grid[axis]) * window.stride[axis] - window.pad[axis]
            parts = [_shifted(grid, axis, start + tap * window.dilation[axis], outside) for tap in range(taps)]
            grid = fold.reduce(parts)
        return grid.ravel()


def _shifted(grid: Ids, axis: int, places: Ids, outside: np.int64) -> Ids:
    """Entries at the given places along an axis, ``outside`` where they are not on the grid."""
    size = grid.shape[axis]
    inside = ((places >= 0) & (places < size)).reshape((-1,) + (1,) * (grid.ndim - axis - 1))
    return np.where(inside, grid.take(np.clip(places, 0, size - 1), axis), outside)


def _without_single_batch(window: Window) -> Window:
    if window.grid[0] != 1:
        return window
    return Window(
        window.grid[1:], window.out_grid[1:], window.kernel[1:], window.stride[1:], window.pad[1:], window.dilation[1:]
    )


def sliding(call: Call, shape: tuple[int, ...], kernel: tuple[int, ...]) -> Sliding:
    """The window of a Conv or pooling node.

    Parameters
    ----------
    call : Call
        The node: strides, pads, auto_pad, dilations, ceil_mode.
    shape : tuple of int
        Shape of its input: batch, channels, then the spatial axes.
    kernel : tuple of int
        Kernel size per spatial axis.

    Raises
    ------
    InputError
        If the kernel does not fit the input.
    """
    node, spatial = call.node, shape[2:]
    stride = node.integers("strides") or (1,) * len(kernel)
    dilation = node.integers("dilations") or (1,) * len(kernel)
    if len(kernel) != len(spatial):
        raise node.fault(f"has a kernel of {kernel} over an input of {shape}", "Check the input shapes.")
    before, out = [], []
    for axis, size in enumerate(spatial):
        extent = dilation[axis] * (kernel[axis] - 1) + 1
        pad, count = _padding(call, axis, (size, extent, stride[axis], len(kernel)))
        if count < 1:
            raise node.fault(
                f"its kernel of {extent} does not fit an input of {size} with the padding given",
                "Use a larger input: the shape of the network's input may be too small for this model.",
            )
        before.append(pad)
        out.append(count)
    ones = (1,)
    grid = (shape[0], *spatial)
    return Sliding(Window(grid, (shape[0], *out), ones + kernel, ones + stride, (0, *before), ones + dilation))


def _padding(call: Call, axis: int, sizes: tuple[int, int, int, int]) -> tuple[int, int]:
    """Padding before the first element, and output positions, of one axis."""
    size, extent, stride, axes = sizes
    mode = call.node.text("auto_pad", "NOTSET")
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        count = -(-size // stride)
        total = max(0, (count - 1) * stride + extent - size)
        return (total // 2 if mode == "SAME_UPPER" else total - total // 2), count
    pads = (call.node.integers("pads") if mode == "NOTSET" else None) or (0,) * (2 * axes)
    room = size + pads[axis] + pads[axis + axes] - extent
    count = room // stride + 1
    if call.node.integer("ceil_mode", 0) and room % stride and count * stride < size + pads[axis]:
        count += 1
    return pads[axis], count


def convolved(call: Call, slide: Sliding, groups: int) -> Convolution:
    """The window of a Conv node in the words of a product's form: with its padding at both ends."""
    window = slide.window
    kernel, stride, dilation = window.kernel[1:], window.stride[1:], window.dilation[1:]
    sizes = zip(window.grid[1:], window.out_grid[1:], kernel, stride, window.pad[1:], dilation, strict=True)
    after = tuple((out - 1) * step + (taps - 1) * gap + 1 - pad - size for size, out, taps, step, pad, gap in sizes)
    return Convolution(kernel, stride, dilation, window.pad[1:], after, groups)


def positions(view: View) -> View:
    """A feature map (batch, channels, spatial...) as input vectors, shape ``(positions, channels)``."""
    channels = view.shape[1]
    return view.mapped(lambda array: np.moveaxis(array, 1, -1).reshape(-1, channels))


def feature_map(layer: int, slide: Sliding, channels: int) -> View:
    """The output of a window layer as a tensor (batch, channels, spatial...)."""
    batch, *spatial = slide.window.out_grid
    shape = (batch, channels, *spatial)
    token = np.arange(slide.positions, dtype=np.int64).reshape(batch, 1, *spatial)
    element = np.arange(channels, dtype=np.int64).reshape(1, channels, *(1,) * len(spatial))
    whole = np.broadcast_to(np.int64(layer), shape)
    return View(whole, np.broadcast_to(token, shape), np.broadcast_to(element, shape), True)
