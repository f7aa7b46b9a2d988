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
from archsim.numeric.update.steps import Counts, Key, Numbers, Places, step_row

i16 = np.int16
i32 = np.int32
u32 = np.uint32
Table = tuple[int, F32, F32, Key, u32]
"""Law, parameters of the cells (rows, 6, columns), those of the law, and the name of the draws."""


@jit(error_model="numpy")
def _all_lines(samples: int, columns: int) -> tuple[Places, Numbers]:  # pragma: no cover - compiled
    lines = np.empty((samples, columns), i32)
    for b in range(samples):
        for j in range(columns):
            lines[b, j] = j
    return lines, np.full(samples, columns)


@jit(error_model="numpy")
def _step(
    lasting: F32, row: int, counts: Counts, lines: tuple[Places, Numbers], only_up: bool, cells: Table
) -> tuple[int, int]:  # pragma: no cover - compiled
    kind, table, shared, key, update = cells
    if only_up:
        for b in range(counts.shape[0]):
            for e in range(lines[1][b]):
                counts[b, e] = max(counts[b, e], i16(0))
    return step_row(lasting[row], counts, lines, kind, table[row], shared, key, u32(row), update)


@jit(nogil=True, error_model="numpy")
def step_given(lasting: F32, rows: Integers, counts: Counts, cells: Table) -> tuple[int, int]:  # pragma: no cover
    """Pulses that are given, shape (all rows, times, columns). Like all here, it returns the steps up and down."""
    up, down = 0, 0
    lines = _all_lines(counts.shape[1], counts.shape[2])
    for row in rows:
        own = _step(lasting, row, counts[row], lines, False, cells)
        up, down = up + own[0], down + own[1]
    return up, down


@jit(nogil=True, error_model="numpy")
def step_trains(
    lasting: F32,
    rows: Integers,
    trains: tuple[Trains, Trains],
    signs: tuple[Signs, Signs],
    fired: tuple[Places, Numbers],
    only_up: bool,
    cells: Table,
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Coincidences of the trains of rows, shape (rows, samples, words), and of those columns that fire.

    Signs of rows come first, too, both of shape (samples, lines).
    """
    up, down = 0, 0
    counts, numbers = np.empty(signs[1].shape, i16), np.empty(signs[1].shape[0], np.int64)
    for row in rows:
        for b in range(numbers.size):
            taken = counts[b, : fired[1][b]]
            fires = count_trains(taken, trains[0][row, b], signs[0][b, row], trains[1][b], signs[1][b])
            numbers[b] = taken.size if fires else 0
        own = _step(lasting, row, counts, (fired[0], numbers), only_up, cells)
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
    counts, lines = np.empty(signs[1].shape, i16), _all_lines(*signs[1].shape)
    for row in rows:
        for b in range(lengths.size):
            mine, sign = probabilities[0][b, row], signs[0][b, row]
            count_products(counts[b], mine, sign, probabilities[1][b], signs[1][b], lengths[b])
        own = _step(lasting, row, counts, lines, only_up, cells)
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
    counts, lines = np.empty(signs[1].shape, i16), _all_lines(*signs[1].shape)
    for row in rows:
        for b in range(lengths.size):
            names = (draws[0], draws[1], u32(row), u32(b), cells[4])
            mine, sign = probabilities[0][b, row], signs[0][b, row]
            draw_counts(counts[b], mine, sign, probabilities[1][b], signs[1][b], lengths[b], names)
        own = _step(lasting, row, counts, lines, only_up, cells)
        up, down = up + own[0], down + own[1]
    return up, down
