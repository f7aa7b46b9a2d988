"""From vectors and a learning rate to pulses on rows and columns.

The wanted change -lr x_i d_j is made of steps of the mean size dw. In each of BL slots row i fires with probability
|x_i| B and column j with |d_j| A; where both do, the device between them takes a step. The expected number of steps is
lr |x_i d_j| / dw where A B = lr / (dw BL) and no probability is cut at 1.

Management (Gokmen and Vlasov, 2016; as AIHWKIT computes it): pulse-length management takes only the slots that the
largest product needs, BL = min(ceil(lr x_max d_max / dw), BL_max); update management shares the factor so that the
largest probabilities of rows and columns are equal: A / B = x_max / d_max.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from archsim.numeric.arrays import F32, F64
from archsim.numeric.guards import at_least, bit_count, require
from archsim.numeric.update.coincidences import Lengths, Signs

LONGEST = 1024
"""Slots that a train has at most."""


class Counting(Enum):
    """How the coincidences of a row and a column are found."""

    TRAINS = "trains"
    """Both lines carry random trains, which all their devices see: coincidences of a line are correlated."""
    DRAWN = "drawn"
    """Each device's number is drawn from the binomial distribution that trains have."""
    ROUNDED = "rounded"
    """The nearest whole number to slots times probabilities: no chance."""


@dataclass(frozen=True, slots=True)
class Pulses:
    """How updates are turned into pulses.

    Parameters
    ----------
    slots : int
        BL_max, slots of a train at most; BL where its length is not managed.
    counting : Counting
    length_management, update_management : bool
    bits : int or None
        Resolution of the probabilities; None is exact.
    """

    slots: int = 31
    counting: Counting = Counting.TRAINS
    length_management: bool = True
    update_management: bool = True
    bits: int | None = None

    def __post_init__(self) -> None:
        require(
            1 <= self.slots <= LONGEST,
            f"are {self.slots}",
            where="slots of a pulse train",
            remedy=f"Give 1 to {LONGEST}.",
        )
        bit_count(self.bits, 1, "resolution of pulse probabilities")


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Vectors as pulses.

    Parameters
    ----------
    rows, columns : ndarray of float32, shape (samples, lines)
        Probability of a pulse in a slot.
    row_signs, column_signs : ndarray of int8, same shapes
        Their product is the direction of the step.
    lengths : ndarray of int, shape (samples,)
        Slots.
    wanted, expressed : float
        Mean numbers of steps of all devices together: that the rate asks for, and that are left where probabilities are
        cut at 1.
    """

    rows: F32
    columns: F32
    row_signs: Signs
    column_signs: Signs
    lengths: Lengths
    wanted: float
    expressed: float


def encoded(inputs: F32, gradients: F32, rate: float, step: float, how: Pulses) -> Encoded:
    """Encode a batch.

    Parameters
    ----------
    inputs : ndarray, shape (samples, rows)
        x.
    gradients : ndarray, shape (samples, columns)
        d, of the loss by the outputs.
    rate : float
        lr; negative ones go up the gradient.
    step : float
        dw, mean step of the devices.
    how : Pulses

    Raises
    ------
    InputError
        If numbers of samples differ, or a value is not finite.
    """
    _check(inputs, gradients, rate, step)
    largest = [np.abs(lines).max(axis=1, initial=0.0).astype(np.float64) for lines in (inputs, gradients)]
    needed = abs(rate) * largest[0] * largest[1] / step
    lengths = _lengths(needed, how)
    share = np.sqrt(abs(rate) / (step * np.maximum(lengths, 1)))
    balance = _balance(largest, how)
    rows, row_sums = _probabilities(inputs, share / balance, how)
    columns, column_sums = _probabilities(gradients, share * balance, how)
    signs = np.sign(gradients) * (-1.0 if rate > 0 else 1.0)
    return Encoded(
        rows, columns, np.sign(inputs).astype(np.int8), signs.astype(np.int8), lengths,
        float((lengths * row_sums * column_sums).sum()),
        float((lengths * rows.sum(axis=1) * columns.sum(axis=1)).sum()),
    )  # fmt: skip


def _check(inputs: F32, gradients: F32, rate: float, step: float) -> None:
    at_least(abs(rate), 0.0, "learning rate")
    require(step > 0, f"is {step}", where="mean step", remedy="Give a device whose pulses move a weight.")
    require(
        inputs.ndim == gradients.ndim == 2 and len(inputs) == len(gradients),
        f"have the shapes {inputs.shape} and {gradients.shape}",
        where="inputs and gradients of an update",
        remedy="Give (samples, rows) and (samples, columns).",
    )
    require(
        bool(np.isfinite(inputs).all() and np.isfinite(gradients).all()),
        "hold NaN or infinity",
        where="inputs and gradients of an update",
        remedy="Lower the learning rate; replace NaN and infinity by finite numbers.",
    )


def _lengths(needed: F64, how: Pulses) -> NDArray[np.int64]:
    """Slots of each sample; the rounding of single precision asks for no further one."""
    if not how.length_management:
        return np.where(needed > 0, how.slots, 0).astype(np.int64)
    return np.ceil(np.minimum(needed, how.slots) * (1 - 1e-6)).astype(np.int64)


def _balance(largest: list[F64], how: Pulses) -> F64:
    """sqrt(x_max / d_max), by which columns fire more often and rows less."""
    inputs, gradients = largest
    if not how.update_management:
        return np.ones_like(inputs)
    known = (inputs > 0) & (gradients > 0)
    return np.sqrt(np.divide(inputs, gradients, out=np.ones_like(inputs), where=known))


def _probabilities(lines: F32, factor: F64, how: Pulses) -> tuple[F32, F64]:
    """Probabilities, and the sum over each sample's lines before any was cut at 1."""
    wanted = np.abs(lines) * factor[:, None]
    sums: F64 = wanted.sum(axis=1)
    if how.bits is not None:
        levels = 2**how.bits - 1
        wanted = np.rint(wanted * levels) / levels
    return np.ascontiguousarray(np.minimum(wanted, 1.0), np.float32), sums
