"""Compiled kernels of the numpy path: one pass over an array for each of drive and conversion.

They run on one thread: the matrix products between them are BLAS's, and two pools of threads slow each other down.
"""

from __future__ import annotations

import numba
import numpy as np

from archsim.numeric.arrays import F32
from archsim.numeric.drive import InputCircuit, Phase
from archsim.numeric.philox import Key, row_normals, row_words
from archsim.numeric.sense import OutputCircuit
from archsim.numeric.state import Columns

f32 = np.float32
i32 = np.int32
u32 = np.uint32
u64 = np.uint64

Counts = np.ndarray[tuple[int], np.dtype[np.int64]]


def drive(inputs: F32, scales: F32, circuit: InputCircuit, phase: Phase) -> F32:
    """Signals on the rows in one phase; see ``portable.drive``."""
    signals = np.empty_like(inputs)
    bound = f32(circuit.bound)
    floor = f32(-1.0 if circuit.signed else 0.0)
    part = i32(phase.part.value)
    if phase.mask == 0:
        _exact_drive(signals, inputs, scales[:, 0], bound, floor * bound, part)
    elif phase.mask == circuit.largest_code:
        _full_drive(signals, inputs, scales[:, 0], bound, floor, f32(circuit.largest_code), part)
    else:
        _sliced_drive(
            signals, inputs, scales[:, 0], bound, floor, f32(circuit.largest_code), i32(phase.shift), i32(phase.mask), part
        )
    return signals


@numba.njit(cache=True, nogil=True)
def _one_sign(value: f32, part: i32) -> f32:  # pragma: no cover - compiled
    if part == 0:
        return value
    return max(value * f32(part), f32(0))


@numba.njit(cache=True, nogil=True)
def _exact_drive(
    signals: F32, inputs: F32, scales: F32, bound: f32, floor: f32, part: i32
) -> None:  # pragma: no cover - compiled
    for i in range(inputs.shape[0]):
        scale = scales[i]
        for j in range(inputs.shape[1]):
            signals[i, j] = _one_sign(min(max(inputs[i, j] / scale, floor), bound), part)


@numba.njit(cache=True, nogil=True)
def _full_drive(
    signals: F32, inputs: F32, scales: F32, bound: f32, floor: f32, largest: f32, part: i32
) -> None:  # pragma: no cover - compiled
    up, down = largest / bound, bound / largest
    for i in range(inputs.shape[0]):
        scale = scales[i]
        for j in range(inputs.shape[1]):
            code = min(max(np.rint(inputs[i, j] / scale * up), floor * largest), largest)
            signals[i, j] = _one_sign(code * down, part)


@numba.njit(cache=True, nogil=True)
def _sliced_drive(
    signals: F32,
    inputs: F32,
    scales: F32,
    bound: f32,
    floor: f32,
    largest: f32,
    shift: i32,
    mask: i32,
    part: i32,
) -> None:  # pragma: no cover - compiled
    up, down = largest / bound, bound / f32(mask)
    for i in range(inputs.shape[0]):
        scale = scales[i]
        for j in range(inputs.shape[1]):
            code = min(max(np.rint(inputs[i, j] / scale * up), floor * largest), largest)
            digit = f32((i32(abs(code)) >> shift) & mask) * down
            signals[i, j] = _one_sign(digit if code > f32(0) else -digit, part)


def convert(
    outputs: F32,
    raw: F32,
    variance: F32 | None,
    *,
    circuit: OutputCircuit,
    columns: Columns,
    group_weights: tuple[float, ...],
    draws: tuple[Key, int, int],
) -> tuple[Counts, Counts]:
    """Noise, column nonlinearity, ADC and digital sum of one conversion; see ``portable.convert``."""
    key, first_row, page = draws
    clips, codes = np.zeros(len(raw), np.int64), np.zeros(len(raw), np.int64)
    lsb, lowest, highest = _levels(circuit, columns)
    noisy = variance is not None or circuit.noise > 0
    _convert(
        outputs,
        raw,
        np.zeros((0, 0), f32) if variance is None else variance,
        (columns.sigma, columns.bend, lsb),
        (f32(columns.gain), lowest, highest, f32(circuit.half_step)),
        (noisy, circuit.shape is not None, circuit.bits is not None),
        np.asarray(group_weights, f32),
        (u32(key[0]), u32(key[1]), u64(first_row), u32(page)),
        (clips, codes),
    )
    return clips, codes


def _levels(circuit: OutputCircuit, columns: Columns) -> tuple[F32, f32, f32]:
    """Step of every column, lowest and highest code."""
    if circuit.bits is None:
        return columns.bound, f32(0), f32(0)
    steps = circuit.steps
    half = circuit.half_step
    return (columns.bound / f32(steps)).astype(f32), f32(circuit.lowest * steps - half), f32(steps - half)


@numba.njit(cache=True, nogil=True)
def _convert(
    outputs, raw, variance, columns, levels, effects, group_weights, stream, counts
):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    sigma, bend, lsb = columns
    gain, lowest, highest, half = levels
    noisy, curved, digitised = effects
    clips, codes = counts
    width = raw.shape[1]
    row = np.empty(width, f32)
    words = np.empty((width + 3) // 4 * 4, u32)
    normals = np.empty(width, f32)
    for i in range(raw.shape[0]):
        row[:] = raw[i]
        if noisy:
            row_words(words, stream[0], stream[1], u64(stream[2] + u64(i)), stream[3])
            row_normals(normals, words)
            if variance.size:
                for c in range(width):
                    row[c] += np.sqrt(variance[i, c] + sigma[c] * sigma[c]) * normals[c]
            else:
                for c in range(width):
                    row[c] += sigma[c] * normals[c]
        if curved:
            for c in range(width):
                row[c] = gain * row[c] / (f32(1) + abs(bend[c] * row[c]))
        if digitised:
            clips[i], codes[i] = _digitise(row, lsb, lowest, highest, half)
        _add_groups(outputs[i], row, group_weights)


@numba.njit(cache=True, nogil=True)
def _digitise(row, lsb, lowest, highest, half):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Quantise and clip a row in place; conversions that clipped, and the sum of the codes' magnitudes."""
    clipped, total = i32(0), i32(0)
    for c in range(row.size):
        code = np.rint(row[c] / lsb[c] - half)
        held = min(max(code, lowest), highest)
        clipped += i32(code != held)
        total += i32(abs(held + half))
        row[c] = (held + half) * lsb[c]
    return clipped, total


@numba.njit(cache=True, nogil=True)
def _add_groups(output, row, group_weights):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    width = output.size
    for q in range(group_weights.size):
        weight = group_weights[q]
        for c in range(width):
            output[c] += weight * row[q * width + c]
