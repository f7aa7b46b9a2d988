"""What digital units should keep up with.

Whoever places them asks for nothing but comparisons with it. Most of these have the same answer for another pace, and
then so has the whole placement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np

from archsim.chip.reads import Answer


class Pace(Protocol):
    """What units should keep up with."""

    def kept(self, busy_ps: float) -> bool:
        """Whether somebody keeps up who is busy for so many picoseconds per sample."""

    def rounds(self, busy_ps: float) -> float:
        """How many it takes to keep up with so much work per sample."""


@dataclass(frozen=True, slots=True)
class PaceOf:
    """The pace of something that takes so long for a sample.

    Parameters
    ----------
    time_ps : float
    """

    time_ps: float

    def kept(self, busy_ps: float) -> bool:
        """As `Pace.kept`."""
        return busy_ps <= self.time_ps

    def rounds(self, busy_ps: float) -> float:
        """As `Pace.rounds`."""
        return float(np.ceil(busy_ps / self.time_ps))


_KEPT, _ROUNDS = "kept", "rounds"


@dataclass(frozen=True, slots=True)
class AskedPace:
    """A pace by questions (`archsim.chip.reads`): whoever uses it is known to have asked for these comparisons alone.

    Parameters
    ----------
    ask : callable
        Takes the words of a question.
    """

    ask: Answer

    def kept(self, busy_ps: float) -> bool:
        """As `Pace.kept`."""
        return cast(bool, self.ask(_KEPT, repr(busy_ps)))

    def rounds(self, busy_ps: float) -> float:
        """As `Pace.rounds`."""
        return cast(float, self.ask(_ROUNDS, repr(busy_ps)))


def answer_pace(pace: Pace) -> Answer:
    """What answers the questions of `AskedPace`."""

    def answer(kind: str, busy_ps: str) -> bool | float:
        return pace.kept(float(busy_ps)) if kind == _KEPT else pace.rounds(float(busy_ps))

    return answer
