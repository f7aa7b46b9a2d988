"""Compiled decay of an array: one pass over its devices."""

from __future__ import annotations

from archsim.compiled import jit
from archsim.numeric.arrays import F32

LOWER, UPPER = 0, 1
"""Rows of a table of cells."""


@jit(nogil=True, error_model="numpy")
def decay(lasting: F32, shown: F32, table: F32, rest: F32, kept: F32, walk: F32) -> None:  # pragma: no cover - compiled
    """Let a mini-batch pass.

    Parameters
    ----------
    lasting, shown : ndarray, shape (rows, columns)
        Weights of the devices, and as products see them; changed in place.
    table : ndarray, shape (rows, 6, columns)
        Parameters of the cells. What is stuck stays: its bounds are one.
    rest, kept : ndarray, shape (rows, columns)
        Where they decay to, and the share of the distance that stays; nothing decays where it is empty.
    walk : ndarray, shape (rows, columns)
        Added to each; nothing where it is empty.
    """
    for i in range(lasting.shape[0]):
        for j in range(lasting.shape[1]):
            before = lasting[i, j]
            after = before
            if kept.size > 0:
                after = rest[i, j] + (before - rest[i, j]) * kept[i, j]
            if walk.size > 0:
                after = after + walk[i, j]
            after = min(max(after, table[i, LOWER, j]), table[i, UPPER, j])
            lasting[i, j] = after
            shown[i, j] += after - before
