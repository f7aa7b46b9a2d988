"""Tiki-Taka version 2: what is read of the fast matrix gathers in a digital buffer; its whole pulses move the slow one.

The buffer is a low-pass filter: few states and noisy readings do less harm. Gokmen, Frontiers in Artificial
Intelligence 4:699148, 2021; numbers as AIHWKIT's presets have them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.numeric import Stream
from archsim.numeric.arrays import F32
from archsim.training.algorithms.buffered import BufferedWeights, Buffering, buffered_weights
from archsim.training.algorithms.contract import CellKinds, Method


@dataclass(frozen=True, slots=True)
class TikiTaka2:
    """Settings: the kinds of cells, the second being the fast matrix', then those of ``Buffering``."""

    cells: CellKinds
    transfer_every: int = 1
    fast_rate: float = 0.5
    granularity: float = 1000.0
    most_pulses: int = 1
    momentum: float = 0.1

    @property
    def buffering(self) -> Buffering:
        """How the buffer fills and empties."""
        return Buffering(self.transfer_every, self.fast_rate, self.granularity, self.most_pulses, self.momentum)

    def __post_init__(self) -> None:
        _ = self.buffering

    def trained(self, shape: tuple[int, int], stream: Stream) -> BufferedWeights:
        """See ``Algorithm``."""
        rule = AsRead(np.ones(shape[0], np.float32))
        return buffered_weights(self.buffering, self.cells, rule, shape, stream)


@dataclass(frozen=True, slots=True, eq=False)
class AsRead:
    """A reading counts as it is."""

    signs: F32

    def taken(self, row: int, found: F32, turn: int) -> tuple[AsRead, F32]:
        """See ``Rule``."""
        return self, found


TIKI_TAKA_2 = Method(
    "tiki-taka-2", "with a digital buffer between both matrices (Gokmen 2021)", TikiTaka2, two_kinds=True
)
