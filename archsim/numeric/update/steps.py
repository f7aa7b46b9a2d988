"""Compiled pulses: the devices of a row take the pulses of a batch, sample by sample.

Devices do not touch each other; of each device the pulses follow in the order of the samples. Of a sample, the
devices that take a pulse are gathered side by side, the most pulses first, and step together: the n-th round holds
those with at least n pulses, so that its loops run over plain arrays. Draws belong to the row, the update and the place
of the step in the row's sequence of steps, not to the thread that makes them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archsim.compiled import jit
from archsim.numeric.arrays import F32
from archsim.numeric.philox import row_normals, row_words

f32 = np.float32
i32 = np.int32
u32 = np.uint32
u64 = np.uint64
Counts = NDArray[np.int16]
Places = NDArray[np.int32]
Key = tuple[u32, u32]
Numbers = NDArray[np.int64]

LOWER, UPPER, UP, DOWN, OWN_UP, OWN_DOWN = range(6)
"""Parameters of a device: bounds, scales of a step, and the law's two."""


@jit(error_model="numpy")
def _exp(x: f32) -> f32:  # pragma: no cover - compiled
    """Exponential in single precision without branches, so that loops vectorise (Cephes' expf)."""
    x = min(max(x, f32(-87.0)), f32(88.0))
    n = np.floor(x * f32(1.44269504088896341) + f32(0.5))
    x = x - n * f32(0.693359375) + n * f32(2.12194440e-4)
    y = f32(1.9875691500e-4)
    y = y * x + f32(1.3981999507e-3)
    y = y * x + f32(8.3334519073e-3)
    y = y * x + f32(4.1665795894e-2)
    y = y * x + f32(1.6666665459e-1)
    y = y * x + f32(5.0000001201e-1)
    y = y * x * x + x + f32(1)
    return y * i32(i32(i32(n) + i32(127)) << i32(23)).view(f32)


@jit(error_model="numpy")
def _affine(w: F32, cells: F32, shared: F32, draws: F32, count: int) -> None:  # pragma: no cover - compiled
    """``cells`` holds, per step, bounds, signed scale and slope: see ``_gathered``."""
    noise, multiplicative = shared[0], shared[1] > f32(0)
    for e in range(count):
        scale = cells[2, e]
        move = scale + cells[3, e] * w[e]
        after = w[e] + move + noise * draws[e] * (move if multiplicative else scale)
        w[e] = min(max(after, cells[0, e]), cells[1, e])


@jit(error_model="numpy")
def _exponential(w: F32, cells: F32, shared: F32, draws: F32, count: int) -> None:  # pragma: no cover - compiled
    noise, added, sloped = shared[0], shared[5], shared[6]
    simple = added == f32(0) and sloped == f32(0)
    for e in range(count):
        scale, z = cells[2, e], cells[3, e] * w[e] + cells[4, e]
        up = scale > f32(0)
        bend = (shared[1] if up else shared[2]) * _exp((shared[3] if up else -shared[4]) * z)
        move = scale * max(f32(1) - bend, f32(0))
        spread = noise * (move if simple else abs(move) + added + sloped * abs(w[e]))
        w[e] = min(max(w[e] + move + spread * draws[e], cells[0, e]), cells[1, e])


@jit(error_model="numpy")
def _power(w: F32, cells: F32, shared: F32, draws: F32, count: int) -> None:  # pragma: no cover - compiled
    noise = shared[0]
    for e in range(count):
        scale, span = cells[2, e], cells[1, e] - cells[0, e]
        room = cells[1, e] - w[e] if scale > f32(0) else w[e] - cells[0, e]
        share = room / span if span > f32(0) else f32(0)
        move = scale * f32(share ** cells[3, e])
        w[e] = min(max(w[e] + move + noise * draws[e] * move, cells[0, e]), cells[1, e])


@jit(error_model="numpy")
def _tabulated(w: F32, cells: F32, shared: F32, draws: F32, count: int) -> None:  # pragma: no cover - compiled
    noise, entries = shared[0], int(shared[1])
    for e in range(count):
        scale = cells[2, e]
        place = (w[e] - cells[0, e]) * cells[3, e]
        low = min(max(int(place), 0), entries - 2)
        first = 2 + low + (0 if scale > f32(0) else entries)
        share = min(max(place - f32(low), f32(0)), f32(1))
        move = scale * (shared[first] + share * (shared[first + 1] - shared[first]))
        w[e] = min(max(w[e] + move + noise * draws[e] * move, cells[0, e]), cells[1, e])


@jit(error_model="numpy")
def _ordered(places: Places, counts: Counts, first: Places) -> int:  # pragma: no cover - compiled
    """Places in ``counts`` with a pulse, the most pulses first; ``first[n]`` becomes how many take more than n."""
    most = 0
    for j in range(counts.size):
        most = max(most, abs(int(counts[j])))
    for n in range(most + 1):
        first[n] = 0
    if most == 0:
        return 0
    for j in range(counts.size):
        first[abs(int(counts[j]))] += 1
    more = 0
    for n in range(most, -1, -1):
        own = first[n]
        first[n] = more
        more += own
    # first[n] now holds how many take more than n pulses, where those with n begin.
    for j in range(counts.size):
        n = abs(int(counts[j]))
        if n > 0:
            places[first[n]] = j
            first[n] += 1
    # and after filling, how many take at least n.
    for n in range(most):
        first[n] = first[n + 1]
    return most


@jit(error_model="numpy")
def _gathered(
    w: F32, own: F32, places: Places, count: int, weights: F32, counts: Counts, lines: Places, kind: int, cells: F32
) -> None:  # pragma: no cover - compiled
    """Weights and parameters side by side: bounds, scale (negative for steps down), the law's own."""
    for e in range(count):
        j = lines[places[e]]
        up = counts[places[e]] > 0
        w[e], own[0, e], own[1, e] = weights[j], cells[0, j], cells[1, j]
        own[2, e] = cells[2, j] if up else -cells[3, j]
        if kind == 0:
            own[3, e] = cells[4, j] if up else -cells[5, j]
        elif kind == 2:
            own[3, e] = cells[4, j] if up else cells[5, j]
        else:
            own[3, e], own[4, e] = cells[4, j], cells[5, j]


@jit(error_model="numpy")
def _round(kind: int, w: F32, own: F32, shared: F32, draws: F32, count: int) -> None:  # pragma: no cover - compiled
    if kind == 0:
        _affine(w, own, shared, draws, count)
    elif kind == 1:
        _exponential(w, own, shared, draws, count)
    elif kind == 2:
        _power(w, own, shared, draws, count)
    else:
        _tabulated(w, own, shared, draws, count)


@jit(error_model="numpy")
def _largest(counts: Counts, numbers: Numbers) -> int:  # pragma: no cover - compiled
    largest = 0
    for b in range(numbers.size):
        for e in range(numbers[b]):
            largest = max(largest, abs(int(counts[b, e])))
    return largest


@jit(nogil=True, error_model="numpy")
def step_row(
    weights: F32,
    counts: Counts,
    lines: tuple[Places, Numbers],
    kind: int,
    cells: F32,
    shared: F32,
    key: Key,
    row: u32,
    update: u32,
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Apply pulses to one row.

    Parameters
    ----------
    weights : ndarray, shape (columns,)
        Changed in place.
    counts : ndarray of int16, shape (samples, columns)
        Pulses of every sample, negative ones down.
    lines : tuple of ndarray
        Which columns they are for, shape (samples, columns), and how many of them count, shape (samples,).
    kind : int
        Law.
    cells : ndarray, shape (6, columns)
        Parameters of the devices.
    shared : ndarray
        Parameters of the law.
    key, row, update
        Name of the draws.

    Returns
    -------
    tuple of int
        Pulses up and down.
    """
    largest = _largest(counts, lines[1])
    if largest == 0:
        return 0, 0
    columns = weights.size
    w, own, draws = np.empty(columns, f32), np.empty((5, columns), f32), np.zeros(columns, f32)
    words, places, first = np.empty(columns + 3, u32), np.empty(columns, i32), np.empty(largest + 2, i32)
    steps, balance, turn = 0, 0, 0
    for b in range(counts.shape[0]):
        taken = counts[b, : lines[1][b]]
        most = _ordered(places, taken, first)
        if most == 0:
            continue
        active = first[0]
        _gathered(w, own, places, active, weights, taken, lines[0][b], kind, cells)
        for n in range(most):
            if shared[0] > f32(0):
                # Called from here and not from a function between: only then are their loops vectorised.
                row_words(words[: (first[n] + 3) // 4 * 4], key[0], key[1], u64(row) | (u64(turn) << u64(32)), update)
                row_normals(draws[: first[n]], words[: first[n]])
                turn += 1
            _round(kind, w, own, shared, draws, first[n])
            steps += first[n]
        for e in range(active):
            weights[lines[0][b, places[e]]] = w[e]
            balance += taken[places[e]]
    return (steps + balance) // 2, (steps - balance) // 2
