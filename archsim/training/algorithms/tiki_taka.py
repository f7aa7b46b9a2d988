"""Tiki-Taka: pulses go to a fast matrix, which is read row by row and moves the slow one by pulses.

Asymmetric devices drift towards their symmetry points; with the fast matrix's at zero, what it holds is the gradient.
Gokmen and Haensch, Frontiers in Neuroscience 14:103, 2020; as AIHWKIT's TransferCompound computes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from archsim.numeric import Stream
from archsim.numeric.arrays import F32
from archsim.numeric.guards import at_least, require
from archsim.training.algorithms.contract import CellKinds, Method
from archsim.training.algorithms.devices import Devices, made_devices
from archsim.training.algorithms.effort import Batch, Effort, of_a_filter
from archsim.training.algorithms.transfer import FAST, SLOW, RowReader, own_stream, row_reader


@dataclass(frozen=True, slots=True)
class TikiTaka:
    """Settings.

    Parameters
    ----------
    cells : CellKinds
        The second kind is the fast matrix'.
    transfer_every : int
        Mini-batches between the readings of one row.
    transfer_rate : float
        What is read counts that often, times the learning rate.
    fast_rate : float
        Learning rate of the fast matrix; 0 takes that of the run.
    fast_share : float
        gamma: the weights are the slow matrix' plus gamma times the fast one's.
    """

    cells: CellKinds
    transfer_every: int = 1
    transfer_rate: float = 1.0
    fast_rate: float = 0.0
    fast_share: float = 0.0

    def __post_init__(self) -> None:
        require(self.transfer_every >= 1, f"is {self.transfer_every}", where="transfer_every", remedy="Give 1 or more.")
        at_least(self.transfer_rate, 0.0, "transfer_rate")
        at_least(self.fast_rate, 0.0, "fast_rate")
        at_least(self.fast_share, 0.0, "fast_share")

    def trained(self, shape: tuple[int, int], stream: Stream) -> TikiTakaWeights:
        """See ``Algorithm``."""
        fast = made_devices(self.cells.second, shape, own_stream(stream, FAST))
        slow = made_devices(self.cells.main, shape, own_stream(stream, SLOW))
        return TikiTakaWeights(self, row_reader(shape[1], stream), fast, slow)


@dataclass(frozen=True, slots=True, eq=False)
class TikiTakaWeights:
    """Both matrices.

    Parameters
    ----------
    settings, reader
    fast, slow : Devices
    batches : int
        Until now.
    """

    settings: TikiTaka
    reader: RowReader
    fast: Devices
    slow: Devices
    batches: int = 0

    @property
    def weights(self) -> F32:
        """See ``Trained``."""
        share = self.settings.fast_share
        return self.slow.weights if share == 0 else self.slow.weights + np.float32(share) * self.fast.weights

    @property
    def lowest(self) -> F32:
        """See ``Trained``: the slow matrix'."""
        return self.slow.lowest

    @property
    def highest(self) -> F32:
        """See ``Trained``: the slow matrix'."""
        return self.slow.highest

    @property
    def step(self) -> float:
        """See ``Trained``: the slow matrix'."""
        return self.slow.step

    def written(self, weights: F32) -> TikiTakaWeights:
        """See ``Trained``: into the slow matrix, the fast one stays at zero."""
        return replace(self, slow=self.slow.written(weights))

    def updated(self, batch: Batch) -> tuple[TikiTakaWeights, Effort]:
        """See ``Trained``."""
        settings = self.settings
        rate = settings.fast_rate or batch.rate
        fast, effort = self.fast.updated(batch.inputs, batch.errors, rate, settings.cells.pulses)
        fed = replace(self, fast=fast, batches=self.batches + 1)
        moved, more = fed._transferred(batch.rate) if fed.batches % settings.transfer_every == 0 else (fed, Effort())
        (fast, first), (slow, second) = moved.fast.passed(), moved.slow.passed()
        return replace(moved, fast=fast, slow=slow), of_a_filter(effort) + more + first + second + Effort(batches=1)

    def _transferred(self, rate: float) -> tuple[TikiTakaWeights, Effort]:
        """The slow matrix after the pulses that the next row asks for."""
        turn = self.batches // self.settings.transfer_every - 1
        row = turn % len(self.fast.weights)
        found = self.reader.read(self.fast.weights[row], turn)
        one = np.zeros((1, len(self.fast.weights)), np.float32)
        one[0, row] = 1
        wanted = self.settings.transfer_rate * rate
        slow, effort = self.slow.updated(one, -found[None, :], wanted, self.settings.cells.pulses)
        return replace(self, slow=slow), effort + Effort(reads=1, transfers=1)


TIKI_TAKA = Method(
    "tiki-taka", "a fast matrix is read row by row into a slow one (Gokmen and Haensch 2020)", TikiTaka, two_kinds=True
)
