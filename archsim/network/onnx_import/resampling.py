"""Resize and Upsample: where each output entry looks along each axis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, inf

import numpy as np
from numpy.typing import NDArray

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.limits import check_entries
from archsim.network.onnx_import.views import Ids

Positions = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Target:
    """Sizes and scales of a Resize node's output, one entry per axis."""

    sizes: tuple[int, ...]
    scales: tuple[float, ...]


def target(call: Call) -> Target:
    """Output sizes and scales of a Resize or Upsample node."""
    shape = call.tensor(0).shape
    scales, sizes = _given(call, len(shape))
    if sizes is not None:
        return _from_sizes(call, shape, sizes)
    if scales is not None and not all(0 < scale < inf for scale in scales):
        raise call.node.fault(f"its scales {scales} are not all positive numbers", "Check the model.")
    if scales is None:
        raise call.node.fault("has neither scales nor sizes", "Export the model again; the node is not valid ONNX.")
    return Target(tuple(floor(size * scale) for size, scale in zip(shape, scales, strict=True)), scales)


def _given(call: Call, rank: int) -> tuple[tuple[float, ...] | None, tuple[int, ...] | None]:
    """Scales and sizes of all axes as the node gives them, in any operator set."""
    if call.node.kind == "Upsample" or call.node.opset < 11:
        return call.node.numbers("scales") or _floats(call, 1), None
    axes = call.axes(call.node.integers("axes") or tuple(range(rank)), rank)
    scales, sizes = _floats(call, 2), _floats(call, 3)
    shape = call.tensor(0).shape
    if sizes:
        full = dict(zip(axes, sizes, strict=True))
        return None, tuple(int(full.get(axis, shape[axis])) for axis in range(rank))
    full = dict(zip(axes, scales or (), strict=True))
    return (tuple(full.get(axis, 1.0) for axis in range(rank)) if scales else None), None


def _floats(call: Call, place: int) -> tuple[float, ...] | None:
    values = tuple(float(value) for value in call.values(place, "size").ravel()) if call.has(place) else ()
    return values or None


def _from_sizes(call: Call, shape: tuple[int, ...], sizes: tuple[int, ...]) -> Target:
    policy = call.node.text("keep_aspect_ratio_policy", "stretch")
    scales = tuple(new / old for new, old in zip(sizes, shape, strict=True))
    if policy == "stretch":
        return Target(sizes, scales)
    changed = call.axes(call.node.integers("axes") or tuple(range(len(shape))), len(shape))
    common = (min if policy == "not_larger" else max)(scales[axis] for axis in changed)
    kept = tuple(common if axis in changed else 1.0 for axis in range(len(shape)))
    return Target(tuple(floor(size * scale + 0.5) for size, scale in zip(shape, kept, strict=True)), kept)


def _positions(mode: str, size: int, out: int, scale: float) -> Positions:
    """Where output index x lies on the input axis, by ``coordinate_transformation_mode``."""
    x = np.arange(out, dtype=np.float64)
    if mode == "align_corners":
        return x * (size - 1) / (out - 1) if out > 1 else x * 0
    if mode in ("asymmetric", "tf_crop_and_resize"):
        return x / scale
    centred = (x + 0.5) / scale - 0.5
    if mode == "pytorch_half_pixel" and out == 1:
        return np.zeros(1)
    if mode == "half_pixel_symmetric":
        return centred + size / 2 * (1 - out / (scale * size))
    return centred + 0.5 / scale if mode == "tf_half_pixel_for_nn" else centred


_ROUNDING: dict[str, Callable[[Positions], Positions]] = {
    "round_prefer_floor": lambda x: np.ceil(x - 0.5),
    "round_prefer_ceil": lambda x: np.floor(x + 0.5),
    "floor": np.floor,
    "ceil": np.ceil,
}


def _coordinates(call: Call) -> list[Positions]:
    """Input positions of every output index, axis by axis."""
    older = call.node.kind == "Upsample" or call.node.opset < 11
    mode = "asymmetric" if older else call.node.text("coordinate_transformation_mode", "half_pixel")
    if mode == "tf_crop_and_resize":
        raise call.node.fault("resizes a cropped region, which is not modelled", "Crop with Slice, then resize.")
    shape, wanted = call.tensor(0).shape, target(call)
    for size in wanted.sizes:
        check_entries((size,))
    return [
        np.arange(size, dtype=np.float64) if size == out and scale == 1 else _positions(mode, size, out, scale)
        for size, out, scale in zip(shape, wanted.sizes, wanted.scales, strict=True)
    ]


def nearest_indices(call: Call) -> list[Ids]:
    """Input index of every output index, axis by axis, for mode "nearest"."""
    older = call.node.kind == "Upsample" or call.node.opset < 11
    rounding = _ROUNDING["floor" if older else call.node.text("nearest_mode", "round_prefer_floor")]
    return [
        np.clip(rounding(positions), 0, size - 1).astype(np.int64)
        for positions, size in zip(_coordinates(call), call.tensor(0).shape, strict=True)
    ]


def neighbours(call: Call, reach: int) -> list[tuple[Ids, Ids]]:
    """First and last input index that each output index is interpolated from, axis by axis.

    Parameters
    ----------
    call : Call
        The node.
    reach : int
        Neighbours on either side: 1 for linear, 2 for cubic.
    """
    spans = []
    for positions, size in zip(_coordinates(call), call.tensor(0).shape, strict=True):
        below = np.floor(positions).astype(np.int64)
        exact = len(positions) == size and bool((positions == np.arange(size)).all())
        low, high = (below, below) if exact else (below - reach + 1, below + reach)
        spans.append((np.clip(low, 0, size - 1), np.clip(high, 0, size - 1)))
    return spans


def taps(call: Call, reach: int) -> int:
    """Neighbours that one output entry is interpolated from."""
    changed = sum(
        not (len(low) == size and np.array_equal(low, high) and np.array_equal(low, np.arange(size)))
        for (low, high), size in zip(neighbours(call, reach), call.tensor(0).shape, strict=True)
    )
    return int((2 * reach) ** changed)
