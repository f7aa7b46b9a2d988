"""What a chain of waits consists of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from archsim.program.tables import Counts


class Cause(IntEnum):
    """Why a firing did not start earlier."""

    SERVICE = 0
    SHARED = 1
    TOKEN = 2
    ROOM = 3


@dataclass(frozen=True, slots=True)
class Critical:
    """The critical path of a run, or the critical cycle of its period.

    Parameters
    ----------
    cycle : bool
        Whether it is a cycle.
    spent : int64, shape (actors, causes)
        Picoseconds of the path by the actor that was waited for and the reason.
    waits : int64, shape (channels, causes)
        Waits of the path over each channel, for tokens and for room.
    """

    cycle: bool
    spent: Counts
    waits: Counts

    @property
    def length(self) -> int:
        """Picoseconds: the makespan, or a whole number of periods."""
        return int(self.spent.sum())
