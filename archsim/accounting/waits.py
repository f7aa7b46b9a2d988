"""What each logged firing waited for, and from when to when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.accounting.course import held
from archsim.program import FiringLog, Program, Trace
from archsim.program.tables import Series

Numbers = NDArray[np.int64]
BEFORE = -1
"""In place of a row: a firing that the log does not hold."""


@dataclass(frozen=True, slots=True, eq=False)
class Waits:
    """Moments of each logged firing, in picoseconds, each not before the one above; shape ``(firings,)``.

    Parameters
    ----------
    free : int64
        When its actor's previous firing left the resource; 0 for an actor's first firing, and the start where the log
        does not hold the one before.
    fed : int64
        When its last input was there too.
    room : int64
        When its outputs had room, too.
    start : int64
        When it was served.
    maker : int64
        Row of the firing that made the last of the tokens that it needed and that the firing before did not need;
        `BEFORE` where there is none, or the log does not hold it.
    """

    free: Numbers
    fed: Numbers
    room: Numbers
    start: Numbers
    maker: Numbers


def waits(trace: Trace) -> Waits:
    """What each firing of a log waited for; what the log does not hold is taken not to have delayed it.

    Parameters
    ----------
    trace : Trace
        With a log whose firings are in order for each actor.
    """
    log, program = trace.log, trace.program
    assert log is not None
    rows = _Rows.of(program, log)
    end = log.start + held(program, log.actor, log.firing)
    first = np.where(log.firing == 0, 0, log.start)
    free = np.where(rows.previous >= 0, end[rows.previous], first)
    fed, maker = _fed(program, log, rows, free.copy())
    room = _roomy(program, rows, end, fed.copy())
    return Waits(free, fed, np.minimum(room, log.start), log.start, maker)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Where each actor's firings are in a log.

    Parameters
    ----------
    order : int64, shape (firings,)
        Rows by actor, each actor's in order.
    base, count, first : int64, shape (actors,)
        Where an actor's rows begin in ``order``, how many there are, and the number of the first firing.
    previous : int64, shape (firings,)
        Row of the same actor's firing before.
    """

    order: Numbers
    base: Numbers
    count: Numbers
    first: Numbers
    previous: Numbers

    @classmethod
    def of(cls, program: Program, log: FiringLog) -> _Rows:
        size = len(program.actors)
        order = np.argsort(log.actor, kind="stable").astype(np.int64)
        count = np.bincount(log.actor, minlength=size).astype(np.int64)
        base = np.cumsum(count) - count
        first = np.zeros(size, np.int64)
        some = count > 0
        first[some] = log.firing[order[base[some]]]
        previous = np.full(len(order), BEFORE, np.int64)
        same = log.actor[order[1:]] == log.actor[order[:-1]]
        previous[order[1:][same]] = order[:-1][same]
        return cls(order, base, count, first, previous)

    def of_actor(self, actor: int) -> Numbers:
        """Rows of an actor's firings."""
        return self.order[self.base[actor] : self.base[actor] + self.count[actor]]


def _fed(program: Program, log: FiringLog, rows: _Rows, fed: Numbers) -> tuple[Numbers, Numbers]:
    """When the last input of each firing arrived, and who made it."""
    maker = np.full(len(fed), BEFORE, np.int64)
    arrival = _arrivals(program, log, rows)
    channels = program.channels
    columns = (channels.source, channels.target, channels.initial, channels.need)
    for source, target, initial, need in zip(*(column.tolist() for column in columns), strict=True):
        if not (rows.count[source] and rows.count[target]):
            continue
        mine = rows.of_actor(target)
        firing = rows.first[target] + np.arange(len(mine))
        needed = _entries(program.curves, need, firing)
        token = needed - initial - 1
        fresh = needed > _entries(program.curves, need, firing - 1)
        place = token - rows.first[source]
        known = (needed > 0) & (place >= 0) & (place < rows.count[source])
        made = rows.of_actor(source)[place[known]]
        later = arrival[made] > fed[mine[known]]
        fed[mine[known]] = np.maximum(fed[mine[known]], arrival[made])
        arrow = fresh[known] & (later | (maker[mine[known]] == BEFORE))
        maker[mine[known][arrow]] = made[arrow]
    return np.minimum(fed, log.start), maker


def _arrivals(program: Program, log: FiringLog, rows: _Rows) -> Numbers:
    """When each firing's token arrives: never before that of the firing before."""
    actors, durations = program.actors, program.durations
    latency = actors.latency[log.actor]
    table = actors.latency_table[log.actor]
    varied = np.flatnonzero(table >= 0)
    row = table[varied]
    latency[varied] = durations.values[durations.start[row] + log.firing[varied] % durations.length[row]]
    arrival: Numbers = log.start + latency
    for actor in np.unique(log.actor[varied]).tolist():
        mine = rows.of_actor(actor)
        arrival[mine] = np.maximum.accumulate(arrival[mine])
    return arrival


def _roomy(program: Program, rows: _Rows, end: Numbers, room: Numbers) -> Numbers:
    """When the outputs of each firing had room."""
    channels = program.channels
    columns = (channels.source, channels.target, channels.initial, channels.capacity, channels.release)
    for source, target, initial, capacity, release in zip(*(column.tolist() for column in columns), strict=True):
        if not (rows.count[source] and rows.count[target]):
            continue
        mine, takers = rows.of_actor(source), rows.of_actor(target)
        wanted = rows.first[source] + np.arange(len(mine)) + 1 + initial - capacity
        freed = _entries(program.curves, release, rows.first[target] + np.arange(len(takers)))
        place = np.searchsorted(freed, wanted, side="left")
        # What was free before the log's first firing has delayed nobody.
        earlier = int(_entries(program.curves, release, rows.first[[target]] - 1)[0]) if rows.first[target] else 0
        known = (place < len(takers)) & (wanted > earlier)
        room[mine[known]] = np.maximum(room[mine[known]], end[takers[place[known]]])
    return room


def _entries(series: Series, row: int, firing: Numbers) -> Numbers:
    """Entries of a curve, clipped below at 0."""
    length, start = int(series.length[row]), int(series.start[row])
    period, offset = np.divmod(firing, length)
    return np.asarray(np.maximum(0, series.values[start + offset] + period * int(series.advance[row])), np.int64)
