"""Compiled rows of an update, one after the other: the pulses of a row are counted, then its devices step.

A kernel for each way in which pulses are counted. What a row draws is named by the row, so that bands of rows can be
given to threads.
"""

from __future__ import annotations

import numpy as np

from archsim.compiled import jit
from archsim.numeric.arrays import F32, Integers
from archsim.numeric.update.coincidences import (
    Lengths,
    Signs,
    Trains,
    count_products,
    count_trains,
    draw_counts,
)
from archsim.numeric.update.steps import Counts, Key, step_row

i16 = np.int16
u32 = np.uint32
Table = tuple[int, F32, F32, Key, u32]
"""Law, parameters of the cells (rows, 6, columns), those of the law, and the name of the draws."""


@jit(error_model="numpy")
def _step(
    lasting: F32, row: int, counts: Counts, only_up: bool, cells: Table
) -> tuple[int, int]:  # pragma: no cover - compiled
    kind, table, shared, key, update = cells
    if only_up:
        for b in range(counts.shape[0]):
            for j in range(counts.shape[1]):
                counts[b, j] = max(counts[b, j], i16(0))
    return step_row(lasting[row], counts, kind, table[row], shared, key, u32(row), update)


@jit(nogil=True, error_model="numpy")
def step_given(lasting: F32, rows: Integers, counts: Counts, cells: Table) -> tuple[int, int]:  # pragma: no cover
    """Pulses that are given, shape (all rows, times, columns). Like all here, it returns the steps up and down."""
    up, down = 0, 0
    for row in rows:
        own = _step(lasting, row, counts[row], False, cells)
        up, down = up + own[0], down + own[1]
    return up, down


@jit(nogil=True, error_model="numpy")
def step_trains(
    lasting: F32,
    rows: Integers,
    trains: tuple[Trains, Trains],
    signs: tuple[Signs, Signs],
    only_up: bool,
    cells: Table,
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Coincidences of the trains of rows and columns; signs of rows come first, too."""
    up, down = 0, 0
    counts = np.empty(signs[1].shape, i16)
    for row in rows:
        count_trains(counts, trains[0][:, :, row], signs[0][:, row], trains[1], signs[1])
        own = _step(lasting, row, counts, only_up, cells)
        up, down = up + own[0], down + own[1]
    return up, down


@jit(nogil=True, error_model="numpy")
def step_products(
    lasting: F32,
    rows: Integers,
    probabilities: tuple[F32, F32],
    signs: tuple[Signs, Signs],
    lengths: Lengths,
    only_up: bool,
    cells: Table,
) -> tuple[int, int]:  # pragma: no cover - compiled
    """The nearest whole numbers to slots times both probabilities."""
    up, down = 0, 0
    counts = np.empty(signs[1].shape, i16)
    for row in rows:
        count_products(counts, probabilities[0][:, row], signs[0][:, row], probabilities[1], signs[1], lengths)
        own = _step(lasting, row, counts, only_up, cells)
        up, down = up + own[0], down + own[1]
    return up, down


@jit(nogil=True, error_model="numpy")
def step_drawn(
    lasting: F32,
    rows: Integers,
    probabilities: tuple[F32, F32],
    signs: tuple[Signs, Signs],
    lengths: Lengths,
    draws: Key,
    only_up: bool,
    cells: Table,
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Numbers drawn from the distribution of coincidences; ``draws`` is their key."""
    up, down = 0, 0
    counts = np.empty(signs[1].shape, i16)
    for row in rows:
        names = (draws[0], draws[1], u32(row), cells[4])
        draw_counts(counts, probabilities[0][:, row], signs[0][:, row], probabilities[1], signs[1], lengths, names)
        own = _step(lasting, row, counts, only_up, cells)
        up, down = up + own[0], down + own[1]
    return up, down
