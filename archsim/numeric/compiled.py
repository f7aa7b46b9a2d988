"""Compiled kernels of the numpy path: one pass over an array for each of drive and conversion.

They run on one thread: the matrix products between them are BLAS's, and two pools of threads slow each other down.
"""

from __future__ import annotations

import numpy as np

from archsim.compiled import jit
from archsim.numeric.arrays import F32
from archsim.numeric.drive import EXACT, WHOLE, InputCircuit, Phase
from archsim.numeric.philox import Key, row_normals, row_words
from archsim.numeric.sense import OutputCircuit
from archsim.numeric.state import Columns

f32 = np.float32
i32 = np.int32
u32 = np.uint32
u64 = np.uint64

Limits = tuple[f32, f32, f32]
"""Lower end in bounds, the bound, and its steps; or lowest and highest code, and half a step."""
Counts = np.ndarray[tuple[int], np.dtype[np.int64]]


def drive(inputs: F32, scales: F32, circuit: InputCircuit, phase: Phase) -> F32:
    """Signals on the rows in one phase; see ``portable.drive``."""
    signals = np.empty_like(inputs)
    column, part = scales[:, 0], i32(phase.part.value)
    floor, bound = f32(-1.0 if circuit.signed else 0.0), f32(circuit.bound)
    if phase.mask == EXACT:
        _exact_drive(signals, inputs, column, (floor, bound), part)
    elif phase.mask == WHOLE:
        _whole_drive(signals, inputs, column, (floor, bound, f32(circuit.steps), f32(circuit.half_step)), part)
    else:
        limits = (floor, bound, f32(circuit.steps))
        _sliced_drive(signals, inputs, column, limits, (i32(phase.shift), i32(phase.mask)), part)
    return signals


@jit(nogil=True, error_model="numpy")
def _one_sign(value: f32, part: i32) -> f32:  # pragma: no cover - compiled
    if part == 0:
        return value
    return max(value * f32(part), f32(0))


@jit(nogil=True, error_model="numpy")
def _exact_drive(
    signals: F32, inputs: F32, scales: F32, limits: tuple[f32, f32], part: i32
) -> None:  # pragma: no cover - compiled
    floor, bound = limits
    for i in range(inputs.shape[0]):
        scale = scales[i]
        for j in range(inputs.shape[1]):
            signals[i, j] = _one_sign(min(max(inputs[i, j] / scale, floor * bound), bound), part)


@jit(nogil=True, error_model="numpy")
def _whole_drive(
    signals: F32, inputs: F32, scales: F32, limits: tuple[f32, f32, f32, f32], part: i32
) -> None:  # pragma: no cover - compiled
    floor, bound, steps, half = limits
    up, down = steps / bound, bound / steps
    for i in range(inputs.shape[0]):
        scale = scales[i]
        for j in range(inputs.shape[1]):
            code = min(max(np.rint(inputs[i, j] / scale * up - half), floor * steps - half), steps - half)
            signals[i, j] = _one_sign((code + half) * down, part)


@jit(nogil=True, error_model="numpy")
def _sliced_drive(
    signals: F32, inputs: F32, scales: F32, limits: Limits, bits: tuple[i32, i32], part: i32
) -> None:  # pragma: no cover - compiled
    floor, bound, largest = limits
    shift, mask = bits
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
    """Noise, column nonlinearity, ADC and digital sum; see ``portable.convert``. Overwrites ``raw``."""
    if variance is not None or circuit.noise > 0:
        key, first_row, page = draws
        spread = np.broadcast_to(f32(0), raw.shape) if variance is None else variance
        _add_noise(raw, spread, columns.sigma, u32(key[0]), u32(key[1]), u64(first_row), u32(page))
    if circuit.shape is not None:
        _bend(raw, columns.bend, f32(columns.gain))
    clips, codes = np.zeros(len(raw), np.int64), np.zeros(len(raw), np.int64)
    weights = np.asarray(group_weights, f32)
    if circuit.bits is None:
        _add_groups(outputs, raw, weights)
        return clips, codes
    steps, half = circuit.steps, circuit.half_step
    lsb = (columns.bound / f32(steps)).astype(f32)
    levels = (f32(circuit.lowest * steps - half), f32(steps - half), f32(half))
    _digitise(outputs, raw, lsb, levels, weights, clips, codes)
    return clips, codes


# Division follows numpy (error_model): Python's check for zero keeps loops from vectorising.
# The passes are kernels of their own: fused into one function, the compiler no longer vectorised the normals and the
# whole became ten times slower. A chunk stays in the second-level cache between them.


@jit(nogil=True, error_model="numpy")
def _add_noise(
    raw: F32, variance: F32, sigma: F32, k0: u32, k1: u32, first_row: u64, page: u32
) -> None:  # pragma: no cover - compiled
    width = raw.shape[1]
    words = np.empty((width + 3) // 4 * 4, u32)
    normals = np.empty(width, f32)
    for i in range(raw.shape[0]):
        row_words(words, k0, k1, u64(first_row + u64(i)), page)
        row_normals(normals, words)
        for c in range(width):
            raw[i, c] += np.sqrt(variance[i, c] + sigma[c] * sigma[c]) * normals[c]


@jit(nogil=True, error_model="numpy")
def _bend(raw: F32, bend: F32, gain: f32) -> None:  # pragma: no cover - compiled
    for i in range(raw.shape[0]):
        for c in range(raw.shape[1]):
            raw[i, c] = gain * raw[i, c] / (f32(1) + abs(bend[c] * raw[i, c]))


@jit(nogil=True, error_model="numpy")
def _digitise(
    outputs: F32, raw: F32, lsb: F32, levels: Limits, group_weights: F32, clips: Counts, codes: Counts
) -> None:  # pragma: no cover - compiled
    """Quantise, clip and add to the digital sums; count conversions that clipped and the codes' magnitudes."""
    lowest, highest, half = levels
    width = outputs.shape[1]
    for i in range(raw.shape[0]):
        clipped, total = i32(0), i32(0)
        output = outputs[i]
        for q in range(group_weights.size):
            weight = group_weights[q]
            signal, step = raw[i, q * width : (q + 1) * width], lsb[q * width : (q + 1) * width]
            for c in range(width):
                code = np.rint(signal[c] / step[c] - half)
                held = min(max(code, lowest), highest)
                clipped += i32(code != held)
                total += i32(abs(held + half))
                output[c] += weight * ((held + half) * step[c])
        clips[i], codes[i] = clipped, total


@jit(nogil=True, error_model="numpy")
def _add_groups(outputs: F32, raw: F32, group_weights: F32) -> None:  # pragma: no cover - compiled
    width = outputs.shape[1]
    for i in range(raw.shape[0]):
        output = outputs[i]
        for q in range(group_weights.size):
            signal = raw[i, q * width : (q + 1) * width]
            for c in range(width):
                output[c] += group_weights[q] * signal[c]
