"""A fast and a slow matrix with a digital buffer between them: what Tiki-Taka 2, its chopped form and AGAD share.

Rows of the fast matrix are read, one after the other; what a ``Rule`` makes of a reading is added to the buffer, whose
whole pulses move the slow matrix. The rule also says with which signs the fast matrix sees its inputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from archsim.numeric import Stream
from archsim.numeric.arrays import F32
from archsim.numeric.guards import at_least, positive, require
from archsim.numeric.update import Pulses
from archsim.training.algorithms.contract import CellKinds
from archsim.training.algorithms.devices import Devices, made_devices
from archsim.training.algorithms.effort import Batch, Effort, of_a_filter
from archsim.training.algorithms.transfer import FAST, SLOW, RowReader, own_stream, row_reader


@dataclass(frozen=True, slots=True)
class Buffering:
    """How the buffer fills and empties.

    Parameters
    ----------
    transfer_every : int
        Mini-batches between the readings of one row.
    fast_rate : float
        The fast matrix' rate is such that the largest product of a mini-batch takes this share of the slots.
    granularity : float
        One pulse of the slow matrix is worth granularity / (rows transfer_every) steps of the fast one.
    most_pulses : int
        Of a device at one transfer.
    momentum : float
        Share of what was written that stays in the buffer.
    """

    transfer_every: int
    fast_rate: float
    granularity: float
    most_pulses: int
    momentum: float

    def __post_init__(self) -> None:
        require(self.transfer_every >= 1, f"is {self.transfer_every}", where="transfer_every", remedy="Give 1 or more.")
        positive(self.granularity, "granularity")
        require(self.most_pulses >= 1, f"is {self.most_pulses}", where="most_pulses", remedy="Give 1 or more.")
        require(0 <= self.momentum < 1, f"is {self.momentum}", where="momentum", remedy="Give 0 to 1.")
        at_least(self.fast_rate, 0.0, "fast_rate")

    def worth(self, step: float, rows: int) -> float:
        """What has to be read of the fast matrix, in its weights, for one pulse of the slow one at a rate of 1."""
        return self.granularity * step / (rows * self.transfer_every)


class Rule(Protocol):
    """What becomes of a reading; a value."""

    @property
    def signs(self) -> F32:
        """Of the inputs of the fast matrix, shape (rows,)."""
        ...

    def taken(self, row: int, found: F32, turn: int) -> tuple[Rule, F32]:
        """What a reading of a row adds to the buffer, and the rule afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class Magnitudes:
    """Running means of the largest input and error of a mini-batch, by which the fast matrix' rate is scaled.

    Parameters
    ----------
    inputs, errors : float
        0 until the first mini-batch.
    """

    inputs: float = 0.0
    errors: float = 0.0

    def followed(self, batch: Batch) -> Magnitudes:
        """With another mini-batch, which counts 1 % (AIHWKIT's auto_momentum)."""
        return Magnitudes(_followed(self.inputs, batch.inputs), _followed(self.errors, batch.errors))

    def rate(self, share: float, slots: int, step: float) -> float:
        """The rate at which the largest product is ``share`` of all slots; 0 where there is no product."""
        product = self.inputs * self.errors
        return share * slots * step / product if product > 0 else 0.0


def _followed(mean: float, values: F32) -> float:
    largest = float(np.abs(values).max(initial=0.0))
    return largest if mean == 0.0 else 0.99 * mean + 0.01 * largest


@dataclass(frozen=True, slots=True, eq=False)
class BufferedWeights:
    """Both matrices and the buffer.

    Parameters
    ----------
    buffering, pulses, reader
    fast, slow : Devices
    rule : Rule
    buffer : ndarray of float32, shape (rows, columns)
        H, in pulses of the slow matrix.
    magnitudes : Magnitudes
    batches : int
        Until now.
    """

    buffering: Buffering
    pulses: Pulses
    reader: RowReader
    fast: Devices
    slow: Devices
    rule: Rule
    buffer: F32
    magnitudes: Magnitudes = field(default_factory=Magnitudes)
    batches: int = 0

    @property
    def weights(self) -> F32:
        """See ``Trained``: the slow matrix'."""
        return self.slow.weights

    @property
    def lowest(self) -> F32:
        """See ``Trained``."""
        return self.slow.lowest

    @property
    def highest(self) -> F32:
        """See ``Trained``."""
        return self.slow.highest

    @property
    def step(self) -> float:
        """See ``Trained``."""
        return self.slow.step

    def written(self, weights: F32) -> BufferedWeights:
        """See ``Trained``: into the slow matrix, the fast one stays at zero."""
        return replace(self, slow=self.slow.written(weights))

    def updated(self, batch: Batch) -> tuple[BufferedWeights, Effort]:
        """See ``Trained``."""
        magnitudes = self.magnitudes.followed(batch)
        rate = magnitudes.rate(self.buffering.fast_rate, self.pulses.slots, self.fast.step)
        fast, effort = self.fast.updated(batch.inputs * self.rule.signs, batch.errors, rate, self.pulses)
        fed = replace(self, fast=fast, magnitudes=magnitudes, batches=self.batches + 1)
        due = fed.batches % self.buffering.transfer_every == 0
        moved, more = fed._transferred(batch.rate) if due else (fed, Effort())
        (fast, first), (slow, second) = moved.fast.passed(), moved.slow.passed()
        return replace(moved, fast=fast, slow=slow), of_a_filter(effort) + more + first + second + Effort(batches=1)

    def _transferred(self, rate: float) -> tuple[BufferedWeights, Effort]:
        """After the next row was read, added to the buffer, and its whole pulses were written."""
        rows, columns = self.buffer.shape
        turn = self.batches // self.buffering.transfer_every - 1
        row = turn % rows
        rule, share = self.rule.taken(row, self.reader.read(self.fast.weights[row], turn), turn)
        gathered = self.buffer[row] + share * np.float32(rate / self.buffering.worth(self.fast.step, rows))
        counts = np.clip(np.trunc(gathered), -self.buffering.most_pulses, self.buffering.most_pulses)
        kept = gathered - np.float32(1 - self.buffering.momentum) * counts
        slow, effort = self.slow.pulsed(_in_row(counts, row, (rows, columns)))
        after = replace(self, slow=slow, rule=rule, buffer=_with_row(self.buffer, row, kept))
        return after, effort + Effort(reads=1, transfers=1, digital_macs=columns)


def _in_row(counts: F32, row: int, shape: tuple[int, int]) -> NDArray[np.int64]:
    whole = np.zeros(shape, np.int64)
    whole[row] = counts
    return whole


def _with_row(matrix: F32, row: int, values: F32) -> F32:
    changed = matrix.copy()
    changed[row] = values
    return changed


def buffered_weights(
    buffering: Buffering, cells: CellKinds, rule: Rule, shape: tuple[int, int], stream: Stream
) -> BufferedWeights:
    """Both matrices of an array, drawn from its stream."""
    fast = made_devices(cells.second, shape, own_stream(stream, FAST))
    slow = made_devices(cells.main, shape, own_stream(stream, SLOW))
    reader = row_reader(shape[1], stream)
    return BufferedWeights(buffering, cells.pulses, reader, fast, slow, rule, np.zeros(shape, np.float32))
