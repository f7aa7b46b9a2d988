"""Compiled passes over all devices of an array: their decay, and a look for pairs that are to be refreshed."""

from __future__ import annotations

import numpy as np

from archsim.compiled import jit
from archsim.numeric.arrays import F32

f32 = np.float32

LOWER, UPPER = 0, 1
"""Rows of a table of cells."""


@jit(nogil=True, error_model="numpy")
def decay(
    lasting: F32, shown: F32, before: tuple[F32, F32], table: F32, rest: F32, kept: F32, walk: F32
) -> None:  # pragma: no cover - compiled
    """Let a mini-batch pass.

    Parameters
    ----------
    lasting, shown : ndarray, shape (rows, columns)
        Filled: weights of the devices, and as products see them. Nothing is shown where it is empty.
    before : tuple of ndarray
        Both as they were.
    table : ndarray, shape (rows, 6, columns)
        Parameters of the cells. What is stuck stays: its bounds are one.
    rest, kept : ndarray, shape (rows, columns)
        Where they decay to, and the share of the distance that stays; nothing decays where it is empty.
    walk : ndarray, shape (rows, columns)
        Added to each; nothing where it is empty.
    """
    for i in range(lasting.shape[0]):
        for j in range(lasting.shape[1]):
            earlier = before[0][i, j]
            after = earlier
            if kept.size > 0:
                after = rest[i, j] + (earlier - rest[i, j]) * kept[i, j]
            if walk.size > 0:
                after = after + walk[i, j]
            after = min(max(after, table[i, LOWER, j]), table[i, UPPER, j])
            lasting[i, j] = after
            if shown.size > 0:
                shown[i, j] = before[1][i, j] + (after - earlier)


@jit(nogil=True, error_model="numpy")
def any_beyond(plus: F32, minus: F32, upper: f32, lower: f32) -> bool:  # pragma: no cover - compiled
    """Whether a pair's larger device is beyond one threshold while its smaller one is beyond the other."""
    for i in range(plus.shape[0]):
        found = 0
        for j in range(plus.shape[1]):
            larger, smaller = max(plus[i, j], minus[i, j]), min(plus[i, j], minus[i, j])
            found += int((larger > upper) & (smaller > lower))
        if found:
            return True
    return False
