"""AGAD: chopped transfer with a reference that is found on the way.

Signs of the rows change after a fixed number of readings. What counts is a reading less the mean of those of the period
before, so that the fast matrix needs no reference of its own. Rasch et al., Nature Communications 15:7133, 2024; as
AIHWKIT's DynamicTransferCompound computes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from archsim.numeric import Stream
from archsim.numeric.arrays import F32, Integers
from archsim.numeric.guards import positive, require
from archsim.training.algorithms.buffered import BufferedWeights, Buffering, buffered_weights
from archsim.training.algorithms.contract import CellKinds, Method


@dataclass(frozen=True, slots=True)
class Agad:
    """Settings: the kinds of cells, those of ``Buffering``, and the choppers.

    Parameters
    ----------
    period : int
        Readings of a row with one sign.
    tail : float
        A reading counts tail / period in the running mean, at most 1.
    """

    cells: CellKinds
    transfer_every: int = 1
    fast_rate: float = 0.5
    granularity: float = 1000.0
    most_pulses: int = 1
    momentum: float = 0.0
    period: int = 50
    tail: float = 5.0

    @property
    def buffering(self) -> Buffering:
        """How the buffer fills and empties."""
        return Buffering(self.transfer_every, self.fast_rate, self.granularity, self.most_pulses, self.momentum)

    def __post_init__(self) -> None:
        _ = self.buffering
        require(self.period >= 1, f"is {self.period}", where="period", remedy="Give at least 1 reading.")
        positive(self.tail, "tail")

    def trained(self, shape: tuple[int, int], stream: Stream) -> BufferedWeights:
        """See ``Algorithm``."""
        zeros = np.zeros(shape, np.float32)
        rule = FoundReference(
            np.ones(shape[0], np.float32), self.period, min(self.tail / self.period, 1.0), zeros, zeros,
            np.zeros(shape[0], np.int64),
        )  # fmt: skip
        return buffered_weights(self.buffering, self.cells, rule, shape, stream)


@dataclass(frozen=True, slots=True, eq=False)
class FoundReference:
    """A reading counts with its row's sign, less the mean of the period before.

    Parameters
    ----------
    signs : ndarray, shape (rows,)
    period : int
    share : float
        Of a reading in the running mean.
    mean, reference : ndarray, shape (rows, columns)
        Running mean, and that at the end of the period before.
    readings : ndarray of int, shape (rows,)
        Of each row until now.
    """

    signs: F32
    period: int
    share: float
    mean: F32
    reference: F32
    readings: Integers

    def taken(self, row: int, found: F32, turn: int) -> tuple[FoundReference, F32]:
        """See ``Rule``: nothing counts in the first period."""
        change = self.signs[row] * (found - self.reference[row])
        counted = change if self.readings[row] >= self.period else np.zeros_like(change)
        mean, readings = self.mean.copy(), self.readings.copy()
        mean[row] += np.float32(self.share) * (found - mean[row])
        readings[row] += 1
        after = replace(self, mean=mean, readings=readings)
        return (after._switched(row) if readings[row] % self.period == 0 else after), counted

    def _switched(self, row: int) -> FoundReference:
        signs, reference = self.signs.copy(), self.reference.copy()
        signs[row], reference[row] = -signs[row], self.mean[row]
        return replace(self, signs=signs, reference=reference)


AGAD = Method("agad", "chopped, with a reference found on the way (Rasch et al. 2024)", Agad, two_kinds=True)
