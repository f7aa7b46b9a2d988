"""Ending early: a run without an exact period, whose samples follow each other evenly all the same.

Where packets meet a little differently in every sample, no state returns. Who needs no more than a given precision may
have the rest of the batch taken as repetitions of the latest samples. They are compared with those before them when 3,
6, 12, ... chunks are done: if the last third of these took as long as the second, and in it as many samples entered as
left in as much time, within the precision, then the last third stands for what would come. A run of few firings is run
whole: little would be saved, and an exact period may show itself later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.engine.service import service_time
from archsim.engine.skipping import Repetition, Rest
from archsim.engine.state import DONE, State
from archsim.program import Program
from archsim.program.tables import Counts, Picoseconds

FEWEST_FIRINGS = 5_000_000
"""That are done before anything stands for the rest: a few tenths of a second."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is taken to repeat itself.

    Parameters
    ----------
    what : Repetition
        As measured, but in no less time than the busiest resource works in it.
    apart : float
        By how much it differs from the stretch before, and what enters from what leaves; the largest, relative.
    """

    what: Repetition
    apart: float


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where all actors stood at a chunk's end; columns of shape ``(actors,)``."""

    fired: Counts
    end: Picoseconds
    starved: Picoseconds
    blocked: Picoseconds
    rested: Picoseconds
    rests: Counts


class Settling:
    """Looks for a stretch that may stand for the rest of a run.

    Parameters
    ----------
    program : Program
    width : int
        Samples in a chunk.
    firings : int64, shape (actors,)
        Each actor's in a chunk.
    within : float
        The precision.
    """

    def __init__(self, program: Program, width: int, firings: Counts, within: float) -> None:
        self.program, self.width, self.firings, self.within = program, width, firings, within
        self.busy = service_time(program, firings)
        self.least = _least_time(program, self.busy)
        self.ends: list[Counts] = []
        self.third = 1
        self.mark: _Mark | None = None
        samples = program.samples
        gates = np.concatenate([samples.sinks[:1], samples.sources, samples.sinks[1:]])
        self.gates = gates[firings[gates] > 0]

    def look(self, state: State) -> Stretch | None:
        """Look at a chunk's end; the stretch that ends there, if it may stand for the rest."""
        actors = state.actor_columns
        self.ends.append(np.stack([actors.end[self.gates], actors.fired[self.gates]]))
        done = len(self.ends)
        if done == 2 * self.third:
            columns = actors.fired, actors.end, actors.starved, actors.blocked, state.rested, state.rests
            self.mark = _Mark(*(column.copy() for column in columns))
        if done < 3 * self.third or self.mark is None:
            return None
        apart = self._apart()
        # One whose firings do not divide into chunks cannot be carried on.
        even = not ((self.firings == 0) & (actors.fired < actors.firings)).any()
        due = even and apart <= self.within and state.registers[DONE] >= FEWEST_FIRINGS
        found = self._stretch(state, self.mark, apart) if due else None
        self.third, self.mark = 2 * self.third, None
        return found

    def _apart(self) -> float:
        """By how much the last third differs from the second, and from what enters and leaves in it."""
        third = self.third
        before, begin, end = (self.ends[chunks * third - 1] for chunks in (1, 2, 3))
        (second, *_), (times, passed) = (begin - before)[0], end - begin
        if second <= 0 or times[0] <= 0:
            return np.inf
        # A source without rivals fires ahead of the clock as far as there is room: its own time tells whether it waits.
        shares = np.concatenate([times[:1] / second, times / times[0], passed / (self.firings[self.gates] * third)])
        return float(np.abs(shares - 1.0).max())

    def _stretch(self, state: State, mark: _Mark, apart: float) -> Stretch:
        actors, third = state.actor_columns, self.third
        time = max(int(self.ends[-1][0, 0] - self.ends[2 * third - 1][0, 0]), int(np.ceil(self.least * third)))
        # Waits are those of the stretch, in proportion to what its time leaves beside the work.
        worked = service_time(self.program, actors.fired) - service_time(self.program, mark.fired)
        share = (time - self.busy * third) / np.maximum(actors.end - mark.end - worked, 1)
        starved, blocked = (
            np.floor((now - then) * share).astype(np.int64)
            for now, then in ((actors.starved, mark.starved), (actors.blocked, mark.blocked))
        )
        rest = Rest(state.rested - mark.rested, state.rests - mark.rests)
        return Stretch(Repetition(self.width * third, time, self.firings * third, starved, blocked, rest), apart)


def _least_time(program: Program, busy: Picoseconds) -> float:
    """Picoseconds in which all resources, and all actors, can do so much work."""
    weights = busy.astype(np.float64)
    resources = np.bincount(program.actors.resource, weights=weights, minlength=len(program.resources))
    return max(float((resources / program.resources.servers).max()), float(busy.max()))
