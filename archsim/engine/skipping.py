"""Carrying a run on by repetitions of what it did last, without running them: counts and times move together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.engine.jit import compiled
from archsim.engine.service import service_time
from archsim.engine.state import DONE, HEAP_COUNT, WORK_COUNT, State
from archsim.program import Program
from archsim.program.tables import Counts


@dataclass(frozen=True, slots=True)
class Rest:
    """What servers rested in one repetition, by the actor that woke them: picoseconds and times, ``(actors,)``."""

    rested: Counts
    rests: Counts

    def equals(self, other: Rest | None) -> bool:
        """Whether another is the same."""
        return (
            other is not None and np.array_equal(self.rested, other.rested) and np.array_equal(self.rests, other.rests)
        )


@dataclass(frozen=True, slots=True)
class Repetition:
    """What repeats itself.

    Parameters
    ----------
    samples, time : int
        That leave in it, and its picoseconds.
    firings : int64, shape (actors,)
        0 for an actor that is done.
    starved, blocked : int64, shape (actors,)
        Picoseconds.
    rest : Rest or None
    """

    samples: int
    time: int
    firings: Counts
    starved: Counts
    blocked: Counts
    rest: Rest | None


@dataclass(frozen=True, slots=True)
class Passage:
    """How far samples have come.

    Parameters
    ----------
    entered : int64, shape (sources,)
        Samples that have entered by each source.
    begun, left : int64, shape (sinks,)
        Samples of which each sink has put out something, and all.
    """

    entered: Counts
    begun: Counts
    left: Counts


def passage(program: Program, state: State) -> Passage:
    """How far samples have come by now."""
    samples = program.samples
    entered = _with_first_token(*_progress(program, state, samples.sources), samples.group)
    fired, tokens = _progress(program, state, samples.sinks)
    last = np.maximum(fired % (tokens * samples.group) - (tokens - 1) * samples.group, 0)
    left = np.asarray(fired // (tokens * samples.group) * samples.group + last, np.int64)
    return Passage(entered, _with_first_token(fired, tokens, samples.group), left)


def _progress(program: Program, state: State, ids: NDArray[np.int64]) -> tuple[Counts, Counts]:
    """Firings of some actors, and how many belong to a sample."""
    return state.actor_columns.fired[ids], program.actors.firings[ids] // program.samples.count


def _with_first_token(fired: Counts, tokens: Counts, group: int) -> Counts:
    return np.asarray(fired // (tokens * group) * group + np.minimum(fired % (tokens * group), group), np.int64)


def most_repeats(program: Program, state: State, firings: Counts) -> int:
    """How often so many firings of each actor are left, and one more: what waits in the state is still to come."""
    going = firings > 0
    left = (program.actors.firings - state.actor_columns.fired - 1)[going] // firings[going]
    return int(left.min()) if len(left) else 0


def skip(program: Program, state: State, what: Repetition, repeats: int) -> None:
    """Move the state as so many repetitions would.

    Parameters
    ----------
    program : Program
    state : State
        At the end of one repetition.
    what : Repetition
    repeats : int
        At most `most_repeats`.
    """
    actors, now, later = state.actor_columns, passage(program, state), what.time * repeats
    for times, reached in (
        (state.sample_in, now.entered), (state.sample_first, now.begun), (state.sample_out, now.left)
    ):  # fmt: skip
        _extend(times, reached, what, repeats)
    actors.starved += what.starved * repeats
    actors.blocked += what.blocked * repeats
    if what.rest is not None:
        state.rested[:] += what.rest.rested * repeats
        state.rests[:] += what.rest.rests * repeats
    for name in ("end", "arrival", "fed"):
        actors[name] += np.where(actors.fired < actors.firings, later, 0)
    _shift_channels(state, what.firings * repeats, later)
    actors.fired += what.firings * repeats
    state.server_free[_serving(program, state, what.firings)] += later
    state.heap_ready[:] += later
    state.registers[DONE] += int(what.firings.sum()) * repeats


def finish(program: Program, state: State, what: Repetition) -> None:
    """End a run as if nothing but repetitions followed, their last one in part; the pipeline does not drain faster.

    Parameters
    ----------
    program : Program
    state : State
        At the end of one repetition; nothing is left to do in it afterwards.
    what : Repetition
    """
    actors, now = state.actor_columns, passage(program, state)
    _continue(state.sample_in, int(now.entered.max()), what)
    _continue(state.sample_first, int(now.begun.max()), what)
    _continue(state.sample_out, int(now.left.min()), what)
    left = actors.firings - actors.fired
    share = left / np.maximum(what.firings, 1)
    work = service_time(program, actors.firings) - service_time(program, actors.fired)
    later = np.maximum(np.ceil(share * what.time).astype(np.int64), work)
    starved = np.minimum(np.floor(what.starved * share).astype(np.int64), later - work)
    actors.starved += starved
    actors.blocked += np.minimum(np.floor(what.blocked * share).astype(np.int64), later - work - starved)
    if what.rest is not None:
        state.rested[:] += np.rint(what.rest.rested * share).astype(np.int64)
        state.rests[:] += np.rint(what.rest.rests * share).astype(np.int64)
    actors.end += later
    last = int(np.max(actors.end))
    actors.arrival += np.where(left > 0, later, 0)
    sink = program.samples.sinks[0]
    arrival = state.actors["arrival"]
    arrival[sink] = max(arrival[sink], state.sample_out[-1])
    after = int(later[sink])
    serving = _serving(program, state, what.firings)
    state.server_free[serving] = np.minimum(state.server_free[serving] + after, last)
    actors.fired += left
    state.registers[DONE] += int(left.sum())
    state.registers[HEAP_COUNT] = state.registers[WORK_COUNT] = 0


def _continue(times: Counts, known: int, what: Repetition) -> None:
    """Fill in the times of all samples that are not known."""
    ahead = np.arange(len(times) - known)
    behind = times[known - what.samples + ahead % what.samples]
    times[known:] = behind + (ahead // what.samples + 1) * what.time


def _serving(program: Program, state: State, firings: Counts) -> NDArray[np.bool_]:
    """Servers of resources that take part; the others have been free all along."""
    bounds = state.server_first
    busy = np.zeros(len(bounds) - 1, np.bool_)
    busy[program.actors.resource[firings > 0]] = True
    return np.repeat(busy, np.diff(bounds))


def _extend(times: Counts, reached: Counts, what: Repetition, repeats: int) -> None:
    """Fill in the skipped samples' times, and move those that are not yet whole behind them."""
    whole, begun = int(reached.min()), int(reached.max())
    if whole == len(times):
        return
    shift = what.samples * repeats
    times[whole + shift : begun + shift] = times[whole:begun] + what.time * repeats
    ahead = np.arange(shift)
    behind = times[whole - what.samples + ahead % what.samples]
    times[whole : whole + shift] = behind + (ahead // what.samples + 1) * what.time


@compiled
def _shift_channels(state: State, made: Counts, delay: int) -> None:
    """Advance counts by the firings of each producer, and times by ``delay``."""
    actors, channels, rings = state.actors, state.channels, state.rings
    for number in range(len(channels)):
        channel = channels[number]
        source, target = actors[state.channel_source[number]], actors[channel.target]
        if source.fired == source.firings and target.fired == target.firings:
            continue
        tokens = made[state.channel_source[number]]
        for first in range(channel.ring, channel.room + 1, channel.mask + 1):
            old = rings[first : first + channel.mask + 1].copy()
            for place in range(len(old)):
                rings[first + ((place + tokens) & channel.mask)] = old[place] + delay
        channel.produced += tokens
        if target.fired < target.firings:
            channel.freed += tokens
            channel.need += tokens
            channel.release += tokens
