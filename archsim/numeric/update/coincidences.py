"""Compiled counts of coincidences: how many pulses every device of a row gets from every sample.

Lines are stored sample by sample, so that a row's loops run along its columns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archsim.compiled import jit
from archsim.numeric.arrays import F32
from archsim.numeric.philox import counter_words
from archsim.numeric.update.steps import Counts, Key, Places

f32 = np.float32
i16 = np.int16
i32 = np.int32
u32 = np.uint32
u64 = np.uint64
Trains = NDArray[np.uint64]
Signs = NDArray[np.int8]
Lengths = NDArray[np.int64]
SLOTS = 64
"""Slots of a pulse train in one word."""


@jit(nogil=True, error_model="numpy")
def draw_trains(
    trains: Trains, probabilities: F32, lengths: Lengths, key: Key, update: u32
) -> None:  # pragma: no cover - compiled
    """Fill trains of shape (samples, words, lines): each slot fires with the line's probability."""
    trains[:] = u64(0)
    for b in range(trains.shape[0]):
        for line in range(trains.shape[2]):
            p = probabilities[b, line]
            if p <= f32(0):
                continue
            limit = u64(min(np.float64(p), 1.0) * 4294967296.0)
            for slot in range(lengths[b]):
                turn = slot & 3
                if turn == 0:
                    c0, c1, c2, c3 = counter_words(u32(line), u32(slot >> 2), u32(b), update, key[0], key[1])
                drawn = c0 if turn == 0 else c1 if turn == 1 else c2 if turn == 2 else c3
                if u64(drawn) < limit:
                    trains[b, slot >> 6, line] |= u64(1) << u64(slot & 63)


@jit(error_model="numpy")
def _ones(word: u64) -> u64:  # pragma: no cover - compiled
    """Number of ones of a word, summed in parallel (Warren, "Hacker's Delight", 2012)."""
    word = word - ((word >> u64(1)) & u64(0x5555555555555555))
    word = (word & u64(0x3333333333333333)) + ((word >> u64(2)) & u64(0x3333333333333333))
    word = (word + (word >> u64(4))) & u64(0x0F0F0F0F0F0F0F0F)
    return (word * u64(0x0101010101010101)) >> u64(56)


@jit(nogil=True, error_model="numpy")
def fired(trains: Trains, signs: Signs) -> tuple[Places, Lengths]:  # pragma: no cover - compiled
    """The lines of each sample that fire at all, and how many they are.

    Trains of shape (samples, words, lines) and signs are changed: those of the lines that fire are moved to the front.
    """
    lines, numbers = np.empty(signs.shape, i32), np.zeros(signs.shape[0], np.int64)
    for b in range(signs.shape[0]):
        e = 0
        for j in range(signs.shape[1]):
            any_slot = u64(0)
            for word in range(trains.shape[1]):
                any_slot |= trains[b, word, j]
            if any_slot == u64(0):
                continue
            for word in range(trains.shape[1]):
                trains[b, word, e] = trains[b, word, j]
            lines[b, e], signs[b, e] = j, signs[b, j]
            e += 1
        numbers[b] = e
    return lines, numbers


@jit(nogil=True, error_model="numpy")
def count_trains(
    counts: Counts, row: Trains, row_sign: np.int8, columns: Trains, column_signs: Signs
) -> bool:  # pragma: no cover - compiled
    """Slots in which both lines fire, as pulses with the sign of the product; whether the row fires at all.

    Parameters
    ----------
    counts : ndarray of int16, shape (columns,)
        Filled where the row fires.
    row : ndarray, shape (words,)
    columns, column_signs : ndarray, shape (words, columns or more) and (columns or more,)
    """
    sign, fires = i16(row_sign), False
    for word in range(row.size):
        mine = row[word]
        if mine == u64(0):
            continue
        if not fires:
            counts[:] = i16(0)
        fires = True
        for e in range(counts.size):
            counts[e] += i16(_ones(mine & columns[word, e])) * sign * i16(column_signs[e])
    return fires


@jit(nogil=True, error_model="numpy")
def count_products(
    counts: Counts, row: f32, row_sign: np.int8, columns: F32, column_signs: Signs, slots: int
) -> None:  # pragma: no cover - compiled
    """The nearest whole number to slots times both probabilities; counts, probabilities and signs of the columns."""
    share, sign = f32(slots) * row, i16(row_sign)
    for j in range(counts.size):
        counts[j] = i16(np.rint(share * columns[j])) * sign * i16(column_signs[j])


@jit(error_model="numpy")
def _binomial(slots: int, p: float, uniform: float) -> int:  # pragma: no cover - compiled
    """The binomial number at a quantile, by adding up its probabilities."""
    if p <= 0.0:
        return 0
    if p >= 1.0:
        return slots
    share = (1.0 - p) ** slots
    below, hits = share, 0
    while uniform >= below and hits < slots:
        share *= (slots - hits) / (hits + 1.0) * p / (1.0 - p)
        below += share
        hits += 1
    return hits


@jit(nogil=True, error_model="numpy")
def draw_counts(
    counts: Counts,
    row: f32,
    row_sign: np.int8,
    columns: F32,
    column_signs: Signs,
    slots: int,
    draws: tuple[u32, u32, u32, u32, u32],
) -> None:  # pragma: no cover - compiled
    """Coincidences drawn from their distribution, device by device; the draws' key, row, sample and update."""
    k0, k1, place, sample, update = draws
    for j in range(counts.size):
        turn = j & 3
        if turn == 0:
            c0, c1, c2, c3 = counter_words(u32(j >> 2), place, sample, update, k0, k1)
        drawn = c0 if turn == 0 else c1 if turn == 1 else c2 if turn == 2 else c3
        uniform = (np.float64(drawn) + 0.5) / 4294967296.0
        hits = _binomial(slots, np.float64(row) * np.float64(columns[j]), uniform)
        counts[j] = i16(hits) * i16(row_sign) * i16(column_signs[j])
