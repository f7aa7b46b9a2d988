"""Ranges from data: the input range of a tile, the bounds of its ADCs, and an affine fit of its columns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from archsim.numeric.arrays import F32, F64
from archsim.numeric.compiled import drive
from archsim.numeric.drive import CalibratedScale, phases, row_scales
from archsim.numeric.guards import finite_batch, finite_matrix, require
from archsim.numeric.multiply import Occasion, analog_reads
from archsim.numeric.programmed import ProgrammedArray, assemble
from archsim.numeric.sense import CalibratedRange
from archsim.numeric.state import Crossbar


def calibrate(array: ProgrammedArray, inputs: F32, *, time_s: float = 0.0) -> ProgrammedArray:
    """Set the ranges that the settings leave to data.

    Parameters
    ----------
    array : ProgrammedArray
        The programmed array.
    inputs : ndarray, shape (batch, rows)
        Representative vectors.
    time_s : float
        When calibration takes place, in seconds since programming.

    Returns
    -------
    ProgrammedArray
        The same array with its input range and ADC bounds; what the settings fix stays.

    Raises
    ------
    InputError
        If the inputs have a wrong shape or type, are not finite, or are none.
    """
    vectors = finite_batch(inputs, array.planes[0].target_s.shape[0])
    require(len(vectors) > 0, "hold no vector", where="calibration inputs", remedy="Give at least one vector.")
    scale, span = array.settings.inputs.scale, array.settings.outputs.range
    if isinstance(scale, CalibratedScale):
        array = replace(array, input_range=float(np.percentile(np.abs(vectors), scale.percentile)) or 1.0)
    if isinstance(span, CalibratedRange):
        array = replace(array, bounds=_bounds(assemble(array, time_s), vectors, span))
    return array


def _bounds(crossbar: Crossbar, vectors: F32, span: CalibratedRange) -> F32:
    """Percentile of the analog magnitudes, per group or per converted column."""
    scales = row_scales(vectors, crossbar.settings.inputs.scale, crossbar.input_range)
    reads = analog_reads(crossbar, vectors, scales, Occasion(0, (2, 0)), first_page=0)
    seen = np.concatenate([np.abs(read.raw) for read in reads]).reshape(
        -1, len(crossbar.group_weights), crossbar.columns
    )
    axes = (0,) if span.per_column else (0, 2)
    bounds = np.percentile(seen, span.percentile, axis=axes)
    shared = bounds if span.per_column else np.repeat(bounds[:, None], crossbar.columns, axis=1)
    return shared.reshape(-1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Affine:
    """Digital correction per column, y -> gain * y + offset.

    Parameters
    ----------
    gain, offset : ndarray, shape (columns,)
    """

    gain: F64
    offset: F64

    def __call__(self, outputs: F32) -> F32:
        """Corrected outputs, shape (batch, columns)."""
        return (outputs * self.gain + self.offset).astype(np.float32)


def fit_affine(measured: F32, ideal: F32) -> Affine:
    """Least-squares gain and offset of every column.

    Parameters
    ----------
    measured, ideal : ndarray, shape (batch, columns)
        What the array gave, and what it should give. A column that always gave the same keeps gain 1.

    Raises
    ------
    InputError
        If the shapes differ, or a value is not finite.
    """
    given, wanted = finite_matrix(measured, "measured outputs"), finite_matrix(ideal, "ideal outputs")
    require(
        given.shape == wanted.shape,
        f"have the shape {given.shape}, the ideal ones {wanted.shape}",
        where="measured outputs",
        remedy="Give outputs of the same vectors.",
    )
    centred = given - given.mean(axis=0)
    power = (centred**2).sum(axis=0)
    gain = np.where(power > 0, (centred * wanted).sum(axis=0) / np.where(power > 0, power, 1.0), 1.0)
    return Affine(gain, wanted.mean(axis=0) - gain * given.mean(axis=0))


def mean_drive(crossbar: Crossbar, inputs: F32) -> F64:
    """Mean magnitude of the signals on the rows, as a share of full scale, per phase: what array energy follows.

    Parameters
    ----------
    crossbar : Crossbar
        The array, on the host.
    inputs : ndarray, shape (batch, rows)
        Input vectors.

    Returns
    -------
    ndarray, shape (phases,)
    """
    vectors = finite_batch(inputs, crossbar.rows)
    circuit = crossbar.settings.inputs
    scales = row_scales(vectors, circuit.scale, crossbar.input_range)
    return np.array([np.abs(drive(vectors, scales, circuit, phase)).mean() for phase in phases(circuit)], np.float64)
