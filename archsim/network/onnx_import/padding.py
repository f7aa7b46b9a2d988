"""Repeating and padding along axes: Tile and Pad."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.limits import check_entries
from archsim.network.onnx_import.moves import Array, Move, by_index, join
from archsim.network.onnx_import.views import Ids


def tile(call: Call) -> tuple[Move, ...]:
    shape = call.tensor(0).shape
    repeats = call.integers("repeats", 1) or ()
    if len(repeats) != len(shape) or any(times < 0 for times in repeats):
        raise call.node.fault(f"its repeats {repeats} do not fit data of shape {shape}", "Check the model.")
    for size, times in zip(shape, repeats, strict=True):
        check_entries((size, times))
    return by_index(tuple(np.tile(np.arange(size), times) for size, times in zip(shape, repeats, strict=True)))


def pad(call: Call) -> tuple[Move, ...]:
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
        return by_index([_padded_index(size, side, mode) for size, side in zip(shape, sides, strict=True)])
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
