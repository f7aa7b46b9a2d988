"""What a run waits for: its critical path, or the critical cycle of its periodic regime.

Every firing starts at the moment when the last thing that it waited for came about: its actor's previous firing, or
that of another actor, left the resource; a token arrived; room was left. Going back from cause to cause, from the last
thing that happened, gives the critical path, whose steps add up to the makespan. In a periodic regime the causes
repeat, too, so that the way back ends in a cycle: its steps add up to whole periods, and nothing outside it can make
the run faster.

Starts are looked up, not kept while running: the run is done once more for them, up to the end of one period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archsim.engine.cause import Cause, Critical
from archsim.engine.compiled import firings_between
from archsim.engine.jit import kernel
from archsim.engine.window import LogWindow
from archsim.errors import Inconsistent, InputError
from archsim.program import FiringLog, Program, Trace
from archsim.program.tables import Counts

MOST_FIRINGS = 12_000_000
"""Firings whose starts are looked up at most: some 340 MB while they are."""
NOTHING = -1


def critical_path(trace: Trace) -> Critical | None:
    """The critical cycle where the run has a period, else the critical path.

    Parameters
    ----------
    trace : Trace
        Of a complete run.

    Returns
    -------
    Critical or None
        Nothing for a run with more firings than can be looked up, or whose end was not run.
    """
    if trace.extrapolated is not None:
        return None
    return _cycle(trace) or _path(trace)


def _cycle(trace: Trace) -> Critical | None:
    """The cycle of one period, if all of it lies within the run."""
    if trace.period is None or trace.periodic_since is None:
        return None
    program = trace.program
    time, samples = trace.period
    firings = program.actors.firings * samples // program.samples.count
    if firings.sum() > MOST_FIRINGS:
        return None
    since = trace.periodic_since
    walk = _walk(program, firings_between(program, LogWindow(since, since + time, MOST_FIRINGS)), time)
    if (walk.actors["count"] != firings).any():
        return None
    _around(walk, int(np.argmax(program.actors.resource == trace.resource_busy.argmax())))
    return Critical(True, walk.spent, walk.waits)


def _path(trace: Trace) -> Critical | None:
    program = trace.program
    if program.actors.firings.sum() > MOST_FIRINGS:
        return None
    walk = _walk(program, firings_between(program, LogWindow(limit=MOST_FIRINGS)), 0)
    _back(walk, trace.makespan)
    return Critical(False, walk.spent, walk.waits)


@dataclass(frozen=True, slots=True)
class Trail:
    """The critical path of one sample, stretch by stretch in order of time; columns of shape ``(stretches,)``.

    Parameters
    ----------
    start, end : int64
        Picoseconds. The stretches touch; they begin where the sample enters, and end where its last token leaves.
    actor : int64
        Who works, or waits.
    cause : int8
        A `Cause`: an actor's own service and the making of a token are work; for room and for a shared resource, it
        waits.
    """

    start: Counts
    end: Counts
    actor: NDArray[np.int64]
    cause: NDArray[np.int8]


def sample_window(trace: Trace, sample: int) -> LogWindow:
    """When the firings start that a sample's critical path may lead through: in its life, or shortly before.

    Parameters
    ----------
    trace : Trace
        Of a complete run, all of which was run.
    sample : int

    Raises
    ------
    InputError
        If part of the run was not run.
    """
    if trace.extrapolated is not None:
        raise InputError(
            f"only {trace.extrapolated.run} of {len(trace.sample_in)} samples were run",
            where="within",
            remedy="Run all of them to follow one: leave out within.",
        )
    actors, durations = trace.program.actors, trace.program.durations.values
    longest = max(int(actors.interval.max()), int(actors.latency.max()), int(durations.max(initial=0)))
    begin = max(0, int(trace.sample_in[sample]) - longest)
    return LogWindow(begin, int(trace.sample_out[sample]) + 1, 2**62)


def sample_trail(trace: Trace, sample: int, parts: Sequence[FiringLog]) -> Trail:
    """The critical path of one sample, from its last token back to its first.

    Parameters
    ----------
    trace : Trace
        Of a complete run.
    sample : int
    parts : sequence of FiringLog
        The firings of `sample_window`, each actor's in order.
    """
    walk = _walk(trace.program, parts, 0)
    begin, end = int(trace.sample_in[sample]), int(trace.sample_out[sample])
    rows = np.empty((len(walk.start) + 2, 4), np.int64)
    size = _trail(walk, *_last_token(walk, trace, sample), end, begin, rows)
    if not size:
        raise Inconsistent(
            f"a start on the way of sample {sample} has no cause",
            where="the firings looked up",
            remedy="Look up those of sample_window.",
        )
    start, stop, actor, cause = rows[:size][::-1].T
    return Trail(start, stop, actor.astype(np.int64), cause.astype(np.int8))


def _last_token(walk: _Walk, trace: Trace, sample: int) -> tuple[int, int]:
    """The firing that a sample's last token waits for: a sink's last of that sample, or one that it queues behind."""
    samples, firings = trace.program.samples, trace.program.actors.firings
    group, member = divmod(sample, samples.group)
    for sink in samples.sinks.tolist():
        tokens = int(firings[sink]) // samples.count
        firing = (group + 1) * tokens * samples.group - samples.group + member
        if _exists(walk, sink, firing):
            arrival, made = _arrival(walk, sink, firing)
            if arrival == trace.sample_out[sample]:
                return sink, made
    raise Inconsistent(
        f"sample {sample} leaves by no sink", where="the firings looked up", remedy="Look up those of sample_window."
    )


_ACTOR = np.dtype(
    [
        (name, np.int64)
        for name in (
            "interval", "interval_first", "interval_length", "latency", "latency_first", "latency_length", "longest",
            "resource", "first", "offset", "count", "in_first", "in_last", "out_first", "out_last",
        )
    ]
)  # fmt: skip
_CHANNEL = np.dtype(
    [
        (name, np.int64)
        for name in (
            "source", "target", "capacity", "initial", "need_first", "need_length", "need_advance", "release_first",
            "release_length", "release_advance",
        )
    ]
)  # fmt: skip


class _Walk(NamedTuple):
    """All that the walk back reads, and the sums that it writes; ``period`` is 0 for a run without one.

    The start of firing n of an actor is ``start[offset + n - first]``.
    """

    period: int
    actors: NDArray[np.void]
    channels: NDArray[np.void]
    start: Counts
    duration: Counts
    value: Counts
    inputs: Counts
    outputs: Counts
    sharing: Counts
    sharing_first: Counts
    spent: Counts
    waits: Counts


def _walk(program: Program, parts: Sequence[FiringLog], period: int) -> _Walk:
    actors, channels = program.actors, program.channels
    rows = np.zeros(len(actors), _ACTOR)
    inputs, input_first = _groups(channels.target, len(actors))
    outputs, output_first = _groups(channels.source, len(actors))
    sharing, sharing_first = _groups(actors.resource, len(program.resources))
    rows["in_first"], rows["in_last"] = input_first[:-1], input_first[1:]
    rows["out_first"], rows["out_last"] = output_first[:-1], output_first[1:]
    rows["resource"] = actors.resource
    _fill_durations(rows, program)
    return _Walk(
        period=period,
        actors=rows,
        channels=_channel_rows(program),
        start=_starts(rows, parts),
        duration=program.durations.values.astype(np.int64),
        value=program.curves.values.astype(np.int64),
        inputs=inputs,
        outputs=outputs,
        sharing=sharing,
        sharing_first=sharing_first,
        spent=np.zeros((len(actors), len(Cause)), np.int64),
        waits=np.zeros((len(channels), len(Cause)), np.int64),
    )


def _groups(owner: NDArray[np.integer], size: int) -> tuple[Counts, Counts]:
    """Rows by owner, and where each owner's start."""
    bounds = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=size))])
    return np.argsort(owner, kind="stable").astype(np.int64), bounds.astype(np.int64)


def _fill_durations(rows: NDArray[np.void], program: Program) -> None:
    """Constants, and where tables are; ``longest`` is the longest latency."""
    actors, durations = program.actors, program.durations
    for name in ("interval", "latency"):
        rows[name] = getattr(actors, name)
        table = getattr(actors, f"{name}_table")
        tabled = table >= 0
        rows[f"{name}_first"][tabled] = durations.start[table[tabled]]
        rows[f"{name}_length"][tabled] = durations.length[table[tabled]]
    rows["longest"] = rows["latency"]
    for actor in np.flatnonzero(rows["latency_length"]):
        first = rows["latency_first"][actor]
        rows["longest"][actor] = durations.values[first : first + rows["latency_length"][actor]].max()


def _channel_rows(program: Program) -> NDArray[np.void]:
    channels, curves = program.channels, program.curves
    rows = np.zeros(len(channels), _CHANNEL)
    for name in ("source", "target", "capacity", "initial"):
        rows[name] = getattr(channels, name)
    for name in ("need", "release"):
        curve = getattr(channels, name)
        rows[f"{name}_first"], rows[f"{name}_length"] = curves.start[curve], curves.length[curve]
        rows[f"{name}_advance"] = curves.advance[curve]
    return rows


def _starts(rows: NDArray[np.void], parts: Sequence[FiringLog]) -> Counts:
    """Starts of a window's firings, those of an actor side by side; says in ``rows`` where they are."""
    for part in reversed(parts):
        rows["count"] += np.bincount(part.actor, minlength=len(rows))
        # Each actor's firings are in order, so that the last to be written is its first.
        rows["first"][part.actor[::-1]] = part.firing[::-1]
    rows["offset"] = np.cumsum(rows["count"]) - rows["count"]
    start = np.empty(int(rows["count"].sum()), np.int64)
    shift = rows["offset"] - rows["first"]
    for part in parts:
        start[shift[part.actor] + part.firing] = part.start
    return start


class _Link(NamedTuple):
    """A firing that was waited for, and how: until its end, or its token's arrival."""

    actor: int
    firing: int
    cause: int
    channel: int
    span: int


@kernel
def _around(walk: _Walk, actor: int) -> None:
    """Follow the causes from an actor's first firing until they repeat (Brent), then sum up once around."""
    kept_actor, kept_firing = actor, walk.actors[actor].first
    hare = _cause(walk, kept_actor, kept_firing)
    power = steps = 1
    while hare.cause != NOTHING and (hare.actor != kept_actor or hare.firing != kept_firing):
        if power == steps:
            kept_actor, kept_firing = hare.actor, hare.firing
            power *= 2
            steps = 0
        hare = _cause(walk, hare.actor, hare.firing)
        steps += 1
    while hare.cause != NOTHING:
        hare = _cause(walk, hare.actor, hare.firing)
        _add(walk, hare)
        if hare.actor == kept_actor and hare.firing == kept_firing:
            return


@kernel
def _back(walk: _Walk, makespan: int) -> None:
    """Follow the causes from the end of the run to its beginning."""
    link = _last(walk, makespan)
    while link.cause != NOTHING:
        _add(walk, link)
        link = _cause(walk, link.actor, link.firing)


@kernel
def _trail(walk: _Walk, actor: int, firing: int, end: int, begin: int, rows: Counts) -> int:
    """Write the stretches from ``end`` back to ``begin``, the last first; how many there are."""
    top, owner, cause = end, actor, 2
    for size in range(len(rows)):
        start = _start(walk, actor, firing)
        rows[size, 0], rows[size, 1] = max(start, begin), top
        rows[size, 2], rows[size, 3] = owner, cause
        if start <= begin:
            return size + 1
        link = _cause(walk, actor, firing)
        if link.cause == NOTHING:
            return 0
        # Who serves or makes is at work; who lacks room or a resource waits.
        owner = link.actor if link.cause == 0 or link.cause == 2 else actor
        top, actor, firing, cause = start, link.actor, link.firing, link.cause
    return 0


@kernel
def _add(walk: _Walk, link: _Link) -> None:
    walk.spent[link.actor, link.cause] += link.span
    if link.channel != NOTHING:
        walk.waits[link.channel, link.cause] += 1


@kernel
def _last(walk: _Walk, makespan: int) -> _Link:
    """The firing that ends, or whose token arrives, at the end of the run."""
    for number in range(len(walk.actors)):
        firing = walk.actors[number].count - 1
        if firing >= 0:
            if _end(walk, number, firing) == makespan:
                return _Link(number, firing, 0, -1, makespan - _start(walk, number, firing))
            arrival, made = _arrival(walk, number, firing)
            if arrival == makespan:
                return _Link(number, made, 2, -1, makespan - _start(walk, number, made))
    return _Link(-1, -1, -1, -1, 0)


@kernel
def _cause(walk: _Walk, number: int, firing: int) -> _Link:
    """What a firing's start waited for last; with cause -1 if it waited for nothing."""
    begin, actor = _start(walk, number, firing), walk.actors[number]
    if begin == 0 and walk.period == 0:
        return _Link(-1, -1, -1, -1, 0)
    if _exists(walk, number, firing - 1) and _end(walk, number, firing - 1) == begin:
        return _link(walk, number, firing - 1, begin, 0, -1)
    for place in range(actor.in_first, actor.in_last):
        channel = walk.channels[walk.inputs[place]]
        token = _curve(walk, channel.need_first, channel.need_length, channel.need_advance, firing) - 1
        if token >= 0 and _exists(walk, channel.source, token - channel.initial):
            arrival, made = _arrival(walk, channel.source, token - channel.initial)
            if arrival == begin:
                return _link(walk, channel.source, made, begin, 2, walk.inputs[place])
    for place in range(actor.out_first, actor.out_last):
        channel = walk.channels[walk.outputs[place]]
        freeing = _freed_by(walk, walk.outputs[place], channel.initial + firing + 1 - channel.capacity)
        if _exists(walk, channel.target, freeing) and _end(walk, channel.target, freeing) == begin:
            return _link(walk, channel.target, freeing, begin, 3, walk.outputs[place])
    return _shared(walk, number, begin)


@kernel
def _link(walk: _Walk, number: int, firing: int, begin: int, cause: int, channel: int) -> _Link:
    """A link; in a periodic regime its firing is brought into the window."""
    span, actor = begin - _start(walk, number, firing), walk.actors[number]
    if walk.period > 0:
        firing = actor.first + (firing - actor.first) % actor.count
    return _Link(number, firing, cause, channel, span)


@kernel
def _shared(walk: _Walk, number: int, begin: int) -> _Link:
    """The firing of another actor that left the resource at that moment."""
    resource = walk.actors[number].resource
    for place in range(walk.sharing_first[resource], walk.sharing_first[resource + 1]):
        other = walk.sharing[place]
        if other != number and walk.actors[other].count > 0:
            firing = _ended_by(walk, other, begin)
            if _exists(walk, other, firing) and _end(walk, other, firing) == begin:
                return _link(walk, other, firing, begin, 1, -1)
    return _Link(-1, -1, -1, -1, 0)


@kernel
def _ended_by(walk: _Walk, number: int, time: int) -> int:
    """The last firing of an actor that ends at a time or before; -1 if there is none."""
    low, high = walk.actors[number].first - 1, walk.actors[number].first + walk.actors[number].count
    if walk.period > 0:
        # A period's last firings may end in the next: firings of the periods around count as well.
        periods = (time - _end(walk, number, low + 1)) // walk.period
        low += periods * (high - low - 1)
        high = low + 2 * walk.actors[number].count + 1
    while high - low > 1:
        middle = (low + high) // 2
        if _end(walk, number, middle) <= time:
            low = middle
        else:
            high = middle
    return int(low)


@kernel
def _exists(walk: _Walk, number: int, firing: int) -> bool:
    """Whether a firing is one of those looked up; in a periodic regime, all are."""
    count = walk.actors[number].count
    place = firing - walk.actors[number].first
    return bool(count > 0 and (walk.period > 0 or 0 <= place < count))


@kernel
def _start(walk: _Walk, number: int, firing: int) -> int:
    actor = walk.actors[number]
    place = firing - actor.first
    if walk.period == 0:
        return int(walk.start[actor.offset + place])
    return int(walk.start[actor.offset + place % actor.count] + place // actor.count * walk.period)


@kernel
def _end(walk: _Walk, number: int, firing: int) -> int:
    actor = walk.actors[number]
    interval = actor.interval
    if actor.interval_length > 0:
        interval = walk.duration[actor.interval_first + firing % actor.interval_length]
    return int(_start(walk, number, firing) + interval)


@kernel
def _arrival(walk: _Walk, number: int, firing: int) -> tuple[int, int]:
    """When a firing's token arrives, and the firing that it had to queue behind: itself, or one before."""
    actor = walk.actors[number]
    if actor.latency_length == 0:
        return _start(walk, number, firing) + actor.latency, firing
    first, length = actor.latency_first, actor.latency_length
    latest, made = _start(walk, number, firing) + walk.duration[first + firing % length], firing
    before = firing - 1
    while _exists(walk, number, before) and _start(walk, number, before) + actor.longest > latest:
        arrival = _start(walk, number, before) + walk.duration[first + before % length]
        if arrival > latest:
            latest, made = arrival, before
        before -= 1
    return latest, made


@kernel
def _curve(walk: _Walk, first: int, length: int, advance: int, firing: int) -> int:
    """Entry of a curve, left unclipped."""
    return int(walk.value[first + firing % length]) + firing // length * advance


@kernel
def _freed_by(walk: _Walk, number: int, tokens: int) -> int:
    """The consumer's first firing at whose end so many tokens have been freed; -1 if they never needed to be."""
    channel = walk.channels[number]
    first, length, advance = channel.release_first, channel.release_length, channel.release_advance
    if tokens <= 0 and walk.period == 0:
        return NOTHING
    low, high = 0, length
    if advance > 0:
        # In the period before the first whose least entry suffices, or in that itself.
        high = ((tokens - walk.value[first]) // advance + 1) * length
        span = (walk.value[first + length - 1] - walk.value[first]) // advance + 2
        low = high - span * length
    elif walk.value[first + length - 1] < tokens:
        return NOTHING
    low -= 1
    while high - low > 1:
        middle = (low + high) // 2
        if _curve(walk, first, length, advance, middle) >= tokens:
            high = middle
        else:
            low = middle
    return int(high)
