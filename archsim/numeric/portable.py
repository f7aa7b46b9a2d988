"""The same steps in plain array operations: any array-API namespace, on any device."""

from __future__ import annotations

from types import ModuleType

from archsim.numeric.arrays import Array, Integers, namespace
from archsim.numeric.drive import EXACT, WHOLE, InputCircuit, Phase, SignPart
from archsim.numeric.philox import Key, portable_normals
from archsim.numeric.sense import OutputCircuit
from archsim.numeric.state import Columns


def drive(inputs: Array, scales: Array, circuit: InputCircuit, phase: Phase) -> Array:
    """Signals on the rows in one phase.

    Parameters
    ----------
    inputs : array, shape (batch, rows)
        Input vectors.
    scales : array, shape (batch, 1)
        Input of full scale, per vector.
    circuit : InputCircuit
        DAC.
    phase : Phase
        Which bits and signs are applied.

    Returns
    -------
    array, shape (batch, rows)
        In full scales.
    """
    xp = namespace(inputs)
    floor = -circuit.bound if circuit.signed else 0.0
    if phase.mask == EXACT:
        return _one_sign(xp, xp.clip(inputs / scales, floor, circuit.bound), phase.part)
    steps, half = circuit.steps, circuit.half_step
    lowest = (-steps if circuit.signed else 0.0) - half
    code = xp.clip(xp.round(inputs / scales * (steps / circuit.bound) - half), lowest, steps - half)
    if phase.mask == WHOLE:
        return _one_sign(xp, (code + half) * (circuit.bound / steps), phase.part)
    magnitude = xp.astype(xp.abs(code), xp.int32)
    digit = xp.astype((magnitude >> phase.shift) & phase.mask, xp.float32) * (circuit.bound / phase.mask)
    return _one_sign(xp, xp.where(code > 0, digit, -digit), phase.part)


def _one_sign(xp: ModuleType, signals: Array, part: SignPart) -> Array:
    if part is SignPart.BOTH:
        return signals
    driven: Array = xp.clip(signals * float(part.value), 0.0, None)
    return driven


def convert(
    outputs: Array,
    raw: Array,
    variance: Array | None,
    *,
    circuit: OutputCircuit,
    columns: Columns,
    group_weights: tuple[float, ...],
    draws: tuple[Key, int, int],
) -> tuple[Integers, Integers]:
    """Noise, column nonlinearity, ADC and digital sum of one conversion.

    Parameters
    ----------
    outputs : array, shape (batch, columns)
        The digital sums so far, added to in place.
    raw : array, shape (batch, groups * columns)
        Analog sums.
    variance : array or None, same shape
        Variance of the noise referred to the outputs.
    circuit : OutputCircuit
        Kind of conversion.
    columns : Columns
        Circuits of the columns.
    group_weights : tuple of float
        Digital factor of every group.
    draws : tuple
        Key, absolute index of the first vector, and page of the noise.

    Returns
    -------
    tuple of array, shape (batch,)
        Conversions that clipped, and the sum of the codes' magnitudes.
    """
    xp = namespace(raw)
    signal = raw
    if variance is not None or circuit.noise > 0:
        signal = signal + _noise(raw, variance, columns, draws)
    if circuit.shape is not None:
        signal = columns.gain * signal / (1.0 + xp.abs(columns.bend * signal))
    clips = codes = xp.zeros((raw.shape[0],), dtype=xp.int64)
    if circuit.bits is not None:
        lsb, half = columns.bound / circuit.steps, circuit.half_step
        code = xp.round(signal / lsb - half)
        held = xp.clip(code, circuit.lowest * circuit.steps - half, circuit.steps - half)
        clips = xp.sum(xp.astype(code != held, xp.int64), axis=1)
        codes = xp.sum(xp.astype(xp.abs(held + half), xp.int64), axis=1)
        signal = (held + half) * lsb
    width = outputs.shape[1]
    for group, weight in enumerate(group_weights):
        outputs += weight * signal[:, group * width : (group + 1) * width]
    return clips, codes


def _noise(raw: Array, variance: Array | None, columns: Columns, draws: tuple[Key, int, int]) -> Array:
    xp = namespace(raw)
    key, first_row, page = draws
    rows, width = raw.shape
    normals = portable_normals(raw, key, (rows, width), first_row=first_row, page=page)
    square = columns.sigma * columns.sigma
    noise: Array = xp.sqrt(square if variance is None else variance + square) * normals
    return noise
