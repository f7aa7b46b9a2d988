"""Resize by interpolation."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from archsim.network.access import NOTHING, Access
from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.feeds import Piece, access_of
from archsim.network.onnx_import.resampling import neighbours, taps
from archsim.network.onnx_import.views import Ids, Tensor, View, placed
from archsim.network.onnx_import.windows import positions
from archsim.network.operators import Digital
from archsim.network.work import interpolation_work

_REACH = {"linear": 1, "bilinear": 1, "trilinear": 1, "cubic": 2}


def interpolation(call: Call) -> tuple[Tensor, ...]:
    """Resize in mode linear or cubic: every output position weighs its neighbours, channel by channel."""
    view = call.view(0)
    mode = call.node.text("mode", "nearest")
    if mode not in _REACH:
        raise call.node.fault(f"resizing in mode {mode!r} is not modelled", f"Use one of {', '.join(_REACH)}, nearest.")
    spans = neighbours(call, _REACH[mode])
    shape = tuple(len(first) for first, _ in spans)
    batch, channels, *spatial = shape
    if shape[:2] != view.shape[:2]:
        raise call.node.fault("resizes the batch or the channels, which is not modelled", "Resize spatial axes only.")
    tokens = batch * prod(spatial)
    operator = Digital("resize", interpolation_work(taps(call, _REACH[mode]), channels))
    index = call.layer(operator, tokens, channels, grid=tuple(spatial))
    grid = (batch, *view.shape[2:])

    def access(piece: Piece, produced: int) -> Access:
        own = [spans[0], *spans[2:]]
        return access_of(*_reach(piece, grid, own), produced, _neighbours(own) if piece.single else None)

    call.draft.connect(index, call.draft.feed(positions(view)), access=access)
    element = placed(np.arange(channels, dtype=np.int64), (1,), shape)
    token = placed(np.arange(tokens, dtype=np.int64), (0, *range(2, len(shape))), shape)
    return (View(np.broadcast_to(np.int64(index), shape), token, element, True),)


def _neighbours(spans: list[tuple[Ids, Ids]]) -> Ids:
    """Positions that each output position is interpolated from."""
    counts = np.ones(1, np.int64)
    for low, high in spans:
        counts = (counts[:, None] * (high - low + 1)).ravel()
    return counts


def _reach(piece: Piece, grid: tuple[int, ...], spans: list[tuple[Ids, Ids]]) -> tuple[Ids, Ids]:
    """Tokens between the corners of every output position's neighbourhood."""
    first, last = piece.first.reshape(grid), piece.last.reshape(grid)
    lows, highs = [], []
    for corner in product((0, 1), repeat=len(grid)):
        places = np.ix_(*(span[side] for span, side in zip(spans, corner, strict=True)))
        lows.append(first[places].ravel())
        highs.append(last[places].ravel())
    high = np.maximum.reduce(highs)
    low = np.minimum.reduce([np.where(part == NOTHING, high, part) for part in lows])
    return low, high
