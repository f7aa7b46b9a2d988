"""Matrix-vector products on an array: the whole chain from vectors to digital outputs.

    scale -> DAC, phase by phase -> input noise -> sum of the cells (wires included) -> read noise -> column ->
    ADC -> digital sum of phases and groups -> digital scale, zero, centre and offset

Noise belongs to the absolute index of a vector, and numpy batches are cut at multiples of ``CHUNK`` of that index and
padded, so that each vector takes part in a product of one shape at one place: splitting a batch changes no bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from archsim.numeric import compiled, portable
from archsim.numeric.arrays import Array, Integers, Mask, namespace, on_host
from archsim.numeric.chunks import side_by_side, single_threaded
from archsim.numeric.drive import EXACT, WHOLE, InputCircuit, Phase, SignPart, phases, row_scales
from archsim.numeric.guards import finite_batch, require
from archsim.numeric.philox import Key, normals, portable_normals
from archsim.numeric.sense import Conversion, IterativeBound
from archsim.numeric.state import Crossbar, Readout, joined
from archsim.numeric.streams import Purpose
from archsim.numeric.wires import AveragedWires, averaged_drop

CHUNK = 128
"""Vectors per product. Smaller chunks cost large batches more calls, larger ones cost single vectors more padding."""


class Occasion(NamedTuple):
    """Which reading of the array a product is; indexes its randomness."""

    first: int
    indices: tuple[int, ...]


class _Sums(NamedTuple):
    """Digital sums of one reading, with clipped conversions and code magnitudes per vector."""

    outputs: Array
    clips: Integers
    codes: Integers


class AnalogRead(NamedTuple):
    """Analog values that are converted together: sums and noise variance, shape (batch, groups * columns)."""

    raw: Array
    variance: Array | None
    weight: float


def multiply(crossbar: Crossbar, inputs: Array, *, first_sample: int = 0, reading: int = 0) -> Readout:
    """Multiply a batch of vectors by the array's weights.

    Parameters
    ----------
    crossbar : Crossbar
        The array at a time.
    inputs : array, shape (batch, rows)
        Floating-point vectors, in the namespace of the crossbar's arrays.
    first_sample : int
        Absolute index of the first vector; it names the vector's noise, so that batches can be split anyhow.
    reading : int
        Which reading of the same vectors this is (a step of a recurrence, a repetition); each has noise of its own.

    Returns
    -------
    Readout

    Raises
    ------
    InputError
        If the inputs have a wrong shape or type or are not finite, an index is negative, or a range that is to be
        calibrated has not been.
    """
    require(
        first_sample >= 0 and reading >= 0,
        f"are sample {first_sample}, reading {reading}",
        where="indices of the inputs",
        remedy="Give indices of at least 0.",
    )
    vectors = finite_batch(inputs, crossbar.rows)
    _check_calibrated(crossbar)
    return _in_chunks(crossbar, vectors, Occasion(first_sample, (0, reading)))


def multiply_whole(crossbar: Crossbar, inputs: Array, *, first_sample: int = 0, reading: int = 0) -> Readout:
    """Multiply a batch as it is: neither cut nor padded, so that small batches cost no more than they are.

    Arguments, result and errors as of ``multiply``, and the same draws. Sums may differ from its in their last bit, and
    so between batches that are split in different ways: for training, which always has the same batches.
    """
    vectors = finite_batch(inputs, crossbar.rows)
    _check_calibrated(crossbar)
    with single_threaded():
        return _managed(crossbar, vectors, Occasion(first_sample, (0, reading)))


def read_one_hot(crossbar: Crossbar, time_bits: int) -> Array:
    """Outputs for every one-hot input of full scale, shape (rows, columns): a calibration reading."""
    xp = namespace(crossbar.weights)
    _check_calibrated(crossbar)
    return _in_chunks(crossbar, xp.eye(crossbar.rows, dtype=xp.float32), Occasion(0, (1, time_bits))).outputs


def _check_calibrated(crossbar: Crossbar) -> None:
    xp = namespace(crossbar.weights)
    require(
        crossbar.settings.outputs.bits is None or bool(xp.all(crossbar.circuits.bound > 0)),
        "is to be calibrated and has not been (or calibration saw only zeros)",
        where="ADC range",
        remedy="Call calibrate with representative inputs first, or give a fixed bound.",
    )


def _in_chunks(crossbar: Crossbar, vectors: Array, occasion: Occasion) -> Readout:
    if not on_host(vectors):
        return _managed(crossbar, vectors, occasion)
    last = occasion.first + max(vectors.shape[0], 1)
    bases = list(range(occasion.first - occasion.first % CHUNK, last, CHUNK))
    return joined(side_by_side(lambda base: _chunk(crossbar, vectors, occasion, base), bases))


def _chunk(crossbar: Crossbar, vectors: Array, occasion: Occasion, base: int) -> Readout:
    """The vectors whose absolute index lies between ``base`` and ``base + CHUNK``."""
    low = max(base, occasion.first)
    high = min(base + CHUNK, occasion.first + vectors.shape[0])
    padded = vectors[low - occasion.first : high - occasion.first]
    if len(padded) < CHUNK:
        padded = np.zeros((CHUNK, vectors.shape[1]), np.float32)
        padded[low - base : high - base] = vectors[low - occasion.first : high - occasion.first]
    whole = _managed(crossbar, np.ascontiguousarray(padded), Occasion(base, occasion.indices))
    return _rows(whole, slice(low - base, high - base))


def _rows(readout: Readout, rows: slice) -> Readout:
    return Readout(readout.outputs[rows], readout.clipped[rows], readout.repeats[rows], readout.level[rows])


def _managed(crossbar: Crossbar, vectors: Array, occasion: Occasion) -> Readout:
    """One reading, repeated with halved inputs for vectors that clip, where bound management says so."""
    xp = namespace(vectors)
    settings = crossbar.settings
    scales = row_scales(vectors, settings.inputs.scale, crossbar.input_range)
    sums = _reading(crossbar, vectors, scales, occasion, attempt=0)
    repeats = xp.zeros((vectors.shape[0],), dtype=xp.int32)
    management = settings.outputs.bound_management
    factor, attempt = 1.0, 0
    while management is not None and 2 * factor <= _largest_factor(management, settings.inputs):
        again = sums.clips > 0
        if not bool(xp.any(again)):
            break
        factor, attempt = 2 * factor, attempt + 1
        scales = xp.where(again[:, None], 2 * scales, scales)
        sums = _chosen(again, _reading(crossbar, vectors, scales, occasion, attempt=attempt), sums)
        repeats = repeats + xp.astype(again, xp.int32)
    return _readout(crossbar, vectors, scales, sums, repeats)


def _largest_factor(management: IterativeBound, circuit: InputCircuit) -> float:
    if circuit.bits is None:
        return management.max_factor
    return min(management.max_factor, management.max_resolution * 2 * circuit.steps)


def _chosen(condition: Mask, new: _Sums, old: _Sums) -> _Sums:
    xp = namespace(new.outputs)
    return _Sums(
        xp.where(condition[:, None], new.outputs, old.outputs),
        xp.where(condition, new.clips, old.clips),
        xp.where(condition, new.codes, old.codes),
    )


def _readout(crossbar: Crossbar, vectors: Array, scales: Array, sums: _Sums, repeats: Integers) -> Readout:
    """Digital part: scale, zero and centre times the sum of the inputs, offset; and the shares of the counts.

    Works in the sums' own array.
    """
    xp = namespace(vectors)
    outputs = sums.outputs
    applied = _input_sums(crossbar, vectors, scales) if crossbar.corrected else None
    if applied is not None:
        outputs = outputs - crossbar.zero * applied
    outputs *= crossbar.scale * scales
    if applied is not None:
        outputs += (scales * applied) * crossbar.centre
    converted = conversions(crossbar)
    circuit = crossbar.settings.outputs
    full = converted * (1.0 if circuit.bits is None else circuit.steps)
    clipped = xp.astype(sums.clips, xp.float32) / converted
    outputs += crossbar.offset
    return Readout(outputs, clipped, repeats, xp.astype(sums.codes, xp.float32) / full)


def _input_sums(crossbar: Crossbar, vectors: Array, scales: Array) -> Array:
    """Sum of the inputs of each vector as the DAC knows them, in full scales, shape (batch, 1)."""
    circuit = crossbar.settings.inputs
    whole = Phase(0, EXACT if circuit.bits is None else WHOLE, 1.0, SignPart.BOTH)
    xp = namespace(vectors)
    total: Array = xp.sum(_drive(vectors)(vectors, scales, circuit, whole), axis=1, keepdims=True)
    return total


def conversions(crossbar: Crossbar) -> int:
    """ADC conversions of one vector, bound management's repeats left out."""
    reads = (
        1 if crossbar.settings.outputs.conversion is Conversion.ACCUMULATED else len(phases(crossbar.settings.inputs))
    )
    return reads * int(crossbar.weights.shape[1])


def _drive(vectors: Array) -> Callable[[Array, Array, InputCircuit, Phase], Array]:
    return compiled.drive if on_host(vectors) else portable.drive


def _reading(crossbar: Crossbar, vectors: Array, scales: Array, occasion: Occasion, *, attempt: int) -> _Sums:
    """All phases of one reading."""
    xp = namespace(vectors)
    convert = compiled.convert if on_host(vectors) else portable.convert
    outputs = xp.zeros((vectors.shape[0], crossbar.columns), dtype=xp.float32)
    clips = codes = xp.zeros((vectors.shape[0],), dtype=xp.int64)
    key = crossbar.stream.key(Purpose.READ, *occasion.indices)
    first_page = attempt * len(phases(crossbar.settings.inputs))
    for index, read in enumerate(analog_reads(crossbar, vectors, scales, occasion, first_page=first_page)):
        clipped, magnitudes = convert(
            outputs,
            read.raw,
            read.variance,
            circuit=crossbar.settings.outputs,
            columns=crossbar.circuits,
            group_weights=tuple(read.weight * weight for weight in crossbar.group_weights),
            draws=(key, occasion.first, first_page + index),
        )
        clips, codes = clips + clipped, codes + magnitudes
    return _Sums(outputs, clips, codes)


def analog_reads(
    crossbar: Crossbar, vectors: Array, scales: Array, occasion: Occasion, *, first_page: int
) -> Iterator[AnalogRead]:
    """Analog sums of every conversion, in order, before output noise and ADC."""
    table = phases(crossbar.settings.inputs)
    applied = (
        (phase, _applied(crossbar, vectors, scales, occasion, (phase, first_page + index)))
        for index, phase in enumerate(table)
    )
    if crossbar.settings.outputs.conversion is Conversion.ACCUMULATED:
        yield _accumulated(crossbar, applied, occasion, first_page)
        return
    for index, (phase, signals) in enumerate(applied):
        raw = signals @ crossbar.weights
        drop = _drop(crossbar, signals)
        squares = signals * signals if crossbar.noisy else None
        yield _noisy_read(
            crossbar, raw if drop is None else raw - drop, squares, occasion, first_page + index, phase.weight
        )


def _accumulated(
    crossbar: Crossbar, applied: Iterator[tuple[Phase, Array]], occasion: Occasion, page: int
) -> AnalogRead:
    """Phases added in the analog domain: one product for all of them, as the array is linear."""
    signals: Array | None = None
    squares: Array | None = None
    drops: Array | None = None
    for phase, part in applied:
        signals = _plus(signals, phase.weight * part)
        if crossbar.noisy:
            squares = _plus(squares, phase.weight**2 * part * part)
        drop = _drop(crossbar, part)
        drops = drops if drop is None else _plus(drops, phase.weight * drop)
    assert signals is not None
    raw = signals @ crossbar.weights
    return _noisy_read(crossbar, raw if drops is None else raw - drops, squares, occasion, page, 1.0)


def _plus(total: Array | None, term: Array) -> Array:
    return term if total is None else total + term


def _applied(crossbar: Crossbar, vectors: Array, scales: Array, occasion: Occasion, step: tuple[Phase, int]) -> Array:
    """Signals on the rows in one phase, input noise included."""
    phase, page = step
    circuit = crossbar.settings.inputs
    signals = _drive(vectors)(vectors, scales, circuit, phase)
    if circuit.noise == 0:
        return signals
    key = crossbar.stream.key(Purpose.INPUT, *occasion.indices)
    return signals + circuit.noise * _normals(signals, key, tuple(signals.shape), occasion.first, page)


def _drop(crossbar: Crossbar, signals: Array) -> Array | None:
    wires = crossbar.settings.wires
    if crossbar.averaged is None or not isinstance(wires, AveragedWires):
        return None
    return averaged_drop(signals, *crossbar.averaged, wires)


def _noisy_read(
    crossbar: Crossbar, raw: Array, squares: Array | None, occasion: Occasion, page: int, weight: float
) -> AnalogRead:
    """The analog sums with the variance of their read noise; noise of shared columns is common to a group."""
    xp = namespace(raw)
    variance = None if squares is None or crossbar.variance is None else squares @ crossbar.variance
    if squares is not None and crossbar.shared_variance is not None:
        shape = (raw.shape[0], crossbar.shared_variance.shape[1])
        key = crossbar.stream.key(Purpose.REFERENCE_READ, *occasion.indices)
        draws = _normals(raw, key, shape, occasion.first, page)
        common = xp.sqrt(squares @ crossbar.shared_variance) * draws
        raw = raw + xp.repeat(common, crossbar.columns, axis=1)
    return AnalogRead(raw, variance, weight)


def _normals(like: Array, key: Key, shape: tuple[int, ...], first_row: int, page: int) -> Array:
    rows, columns = shape
    if on_host(like):
        return normals(key, (rows, columns), first_row=first_row, page=page)
    return portable_normals(like, key, (rows, columns), first_row=first_row, page=page)
