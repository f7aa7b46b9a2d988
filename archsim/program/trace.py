"""The Trace: what happened in a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Ids
from archsim.program.tables import Counts, Picoseconds, Program


@dataclass(frozen=True, slots=True)
class FiringLog:
    """One row per firing, in order of start time, actor id; columns of shape ``(firings,)``.

    Parameters
    ----------
    actor : int64
    firing : int64
        Number of the firing of its actor, from 0.
    start : int64
        Picoseconds.
    """

    actor: Ids
    firing: Counts
    start: Picoseconds


@dataclass(frozen=True, slots=True)
class Rests:
    """How long servers rested: between two firings, beyond the patience that their resource has.

    Parameters
    ----------
    rested, times : int64, shape (actors,)
        Picoseconds of rest, and how often it ended, booked to the actor whose firing ended it. Of a resource with as
        many servers as actors each actor keeps its own; else the server takes a firing that has been free longest.
    free_since : int64, shape (servers,)
        When each server was last left, 0 for one that nobody used; those of each resource in turn.
    period : tuple of two int64 arrays of shape (actors,), or None
        ``rested`` and ``times`` of one period, where the run found one and its rests repeat.
    """

    rested: Picoseconds
    times: Counts
    free_since: Picoseconds
    period: tuple[Picoseconds, Counts] | None = None


@dataclass(frozen=True, slots=True)
class Extrapolated:
    """What stands for the samples of a batch that were not run.

    Parameters
    ----------
    time, samples : int
        Picoseconds that so many samples are taken to need; the latest of those that were run needed as long, or a
        little less if the busiest resource could not serve them in that time for ever.
    run : int
        Samples that were run to their end.
    apart : float
        By how much those samples differed from as many before them, in their time and in how many entered; relative.
    """

    time: int
    samples: int
    run: int
    apart: float


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened: counts, busy and stall times, and when each sample went in and came out.

    Parameters
    ----------
    program : Program
        What was run.
    makespan : int
        Picoseconds from 0 to the last end or arrival.
    firings, busy, starved, blocked, contended : int64, shape (actors,)
        Firings done and picoseconds. ``busy + starved + blocked + contended + done = makespan`` for every actor, where
        ``done`` is the time after its last end.
    first_start, last_end : int64, shape (actors,)
        Picoseconds; 0 for an actor that never fired.
    sample_in, sample_first, sample_out : int64, shape (samples,)
        When the first token of each sample started into the chip, when its first output token arrived at any sink, and
        when its last output arrived; -1 for samples not reached in an interrupted run.
    period : tuple of (int, int) or None
        ``(picoseconds, samples)`` of the periodic regime where a run found it exactly: in that time every actor
        advances by its share of so many samples.
    periodic_since : int or None
        Picosecond from which on every start repeats one of the period before, or is repeated by one a period later,
        until some actor is done.
    log : FiringLog or None
        On request.
    complete : bool
        False for a run that was interrupted.
    rests : Rests or None
        Where resources rest.
    extrapolated : Extrapolated or None
        Where the run was allowed to end early, and did: of what was not run, times and waits are those of the latest
        samples, repeated.
    """

    program: Program
    makespan: int
    firings: Counts
    busy: Picoseconds
    starved: Picoseconds
    blocked: Picoseconds
    contended: Picoseconds
    first_start: Picoseconds
    last_end: Picoseconds
    sample_in: Picoseconds
    sample_first: Picoseconds
    sample_out: Picoseconds
    period: tuple[int, int] | None = None
    periodic_since: int | None = None
    log: FiringLog | None = None
    complete: bool = True
    rests: Rests | None = None
    extrapolated: Extrapolated | None = None

    @property
    def done(self) -> Picoseconds:
        """Picoseconds between each actor's last end and the end of the run, shape ``(actors,)``."""
        return self.makespan - self.last_end

    @property
    def resource_busy(self) -> Picoseconds:
        """Picoseconds of service summed over servers, shape ``(resources,)``."""
        size = len(self.program.resources)
        # bincount sums in float64, which cannot hold long runs to the picosecond.
        total = np.zeros(size, np.int64)
        np.add.at(total, self.program.actors.resource, self.busy)
        return total

    @property
    def latency(self) -> NDArray[np.int64]:
        """Picoseconds from each sample's first token in to its last token out, shape ``(samples,)``."""
        return self.sample_out - self.sample_in
