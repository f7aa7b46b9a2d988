"""Chopped Tiki-Taka 2: rows of the fast matrix take their gradients with a sign that changes at random.

What the fast matrix holds besides the gradient, as an error of its reference, cancels on average. Rasch et al., Nature
Communications 15:7133, 2024; numbers as AIHWKIT's presets have them (in_chop_prob is ``flips``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from archsim.numeric import Stream
from archsim.numeric.arrays import F32
from archsim.numeric.guards import require
from archsim.numeric.philox import Key, uniforms
from archsim.numeric.streams import Purpose
from archsim.training.algorithms.buffered import BufferedWeights, Buffering, buffered_weights
from archsim.training.algorithms.contract import CellKinds, Method
from archsim.training.algorithms.transfer import CHOPPER, own_stream


@dataclass(frozen=True, slots=True)
class Chopped:
    """Settings: the kinds of cells, those of ``Buffering``, and the choppers.

    Parameters
    ----------
    flips : float
        Probability that a row's sign changes after it was read.
    """

    cells: CellKinds
    transfer_every: int = 1
    fast_rate: float = 0.5
    granularity: float = 1000.0
    most_pulses: int = 1
    momentum: float = 0.0
    flips: float = 0.01

    @property
    def buffering(self) -> Buffering:
        """How the buffer fills and empties."""
        return Buffering(self.transfer_every, self.fast_rate, self.granularity, self.most_pulses, self.momentum)

    def __post_init__(self) -> None:
        _ = self.buffering
        require(0 <= self.flips <= 1, f"is {self.flips}", where="flips", remedy="Give a probability from 0 to 1.")

    def trained(self, shape: tuple[int, int], stream: Stream) -> BufferedWeights:
        """See ``Algorithm``."""
        key = own_stream(stream, CHOPPER).key(Purpose.PULSE)
        rule = Choppers(np.ones(shape[0], np.float32), self.flips, key)
        return buffered_weights(self.buffering, self.cells, rule, shape, stream)


@dataclass(frozen=True, slots=True, eq=False)
class Choppers:
    """A reading counts with its row's sign, which then may change.

    Parameters
    ----------
    signs : ndarray, shape (rows,)
    flips : float
    key : Key
        Of the draws.
    """

    signs: F32
    flips: float
    key: Key

    def taken(self, row: int, found: F32, turn: int) -> tuple[Choppers, F32]:
        """See ``Rule``."""
        sign = self.signs[row]
        if uniforms(self.key, (1, 1), page=turn)[0, 0] >= self.flips:
            return self, sign * found
        signs = self.signs.copy()
        signs[row] = -sign
        return replace(self, signs=signs), sign * found


CHOPPED = Method(
    "tiki-taka-2-chopped", "gradients with signs that change at random (Rasch et al. 2024)", Chopped, two_kinds=True
)
