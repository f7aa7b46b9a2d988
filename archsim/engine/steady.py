"""Fast-forward: the exact periodic regime of a long batch.

Each time the reference sink completes a chunk of samples, and everything that follows from it is done, the state is
written down relative to that instant: counts beyond the share of a chunk, times since. The system is deterministic and
does not know absolute time, so that when such a state returns, the future repeats. The rest of the batch is then a
multiplication. A time that can no longer delay anything, as its reader is busy for longer, is no part of the state.

States are compared entry by entry with one kept from an earlier chunk, renewed at doubling distances (Brent's search
for cycles), so that no hash can mislead and only one is held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.engine.jit import compiled
from archsim.engine.settling import Settling
from archsim.engine.skipping import Passage, Repetition, Rest, finish, most_repeats, passage, skip
from archsim.engine.state import HEAP_COUNT, NEVER_RESTS, State
from archsim.program import Extrapolated, Program
from archsim.program.tables import Counts

# Chunks after which the search for a period is given up.
MOST_LOOKS = 10_000
GONE = -(2**62)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What happens in one chunk of samples.

    Parameters
    ----------
    samples : int
        Samples in a chunk: whole groups, and whole periods of every curve and table.
    chunks : int
        Chunks in the run.
    firings : int64, shape (actors,)
        Each actor's firings in a chunk; 0 for one whose firings do not divide into chunks.
    """

    samples: int
    chunks: int
    firings: Counts


def find_rhythm(program: Program) -> Rhythm | None:
    """The program's chunks, or None for a run too short to repeat anything."""
    groups = program.samples.count // program.samples.group
    firings = program.actors.firings
    share = np.where(firings % groups == 0, firings // groups, 0)
    chunk = 1
    for actors, lengths in _period_lengths(program):
        used = share[actors] > 0
        wraps = np.unique(lengths[used] // np.gcd(lengths[used], share[actors][used]))
        chunk = _least_common_multiple([chunk, *wraps.tolist()], limit=groups)
    if groups // chunk < 3:
        return None
    return Rhythm(chunk * program.samples.group, groups // chunk, share * chunk)


def _period_lengths(program: Program) -> list[tuple[NDArray[np.int64], Counts]]:
    """Actors, and the lengths of the curves and tables that they step through."""
    actors, channels = program.actors, program.channels
    numbers = np.arange(len(actors), dtype=np.int64)
    lengths = [(channels.target, program.curves.length[rows]) for rows in (channels.need, channels.release)]
    tables = (actors.interval_table, actors.latency_table)
    return lengths + [(numbers[rows >= 0], program.durations.length[rows[rows >= 0]]) for rows in tables]


def _least_common_multiple(numbers: list[int], *, limit: int) -> int:
    """Least common multiple, or the first partial one beyond the limit."""
    multiple = 1
    for number in numbers:
        multiple = int(np.lcm(multiple, number))
        if multiple > limit:
            break
    return multiple


@dataclass(slots=True)
class _Kept:
    """A chunk's state, relative to its end, and the sums that a period adds to."""

    look: int
    time: int
    last_end: int
    state: Counts
    starved: Counts
    blocked: Counts


@dataclass(slots=True)
class _Found:
    """A period, who is in it, and how far samples had come when it was found."""

    look: int
    chunks: int
    time: int
    since: int
    starved: Counts
    blocked: Counts
    rested: Counts
    rests: Counts
    going: NDArray[np.bool_]
    reached: Passage


class SteadySearch:
    """Looks at a run at each chunk's end, and skips the repetitions once there are some.

    Parameters
    ----------
    program, rhythm, state
    within : float or None
        Precision with which a stretch may stand for a period, where there is no exact one.
    """

    def __init__(self, program: Program, rhythm: Rhythm, state: State, within: float | None = None) -> None:
        self.program, self.rhythm, self.state = program, rhythm, state
        self.sink = int(program.samples.sinks[0])
        self.look = 0
        self.next_keep = 1
        self.kept: _Kept | None = None
        self.found: _Found | None = None
        self.rest: Rest | None = None
        self.resting = bool((state.actor_columns.patience < NEVER_RESTS).any())
        self.rest_repeats = False
        self.settling = None if within is None else Settling(program, rhythm.samples, rhythm.firings, within)
        self.extrapolated: Extrapolated | None = None
        self.over = False
        self.buffer = np.zeros(_most_entries(state), np.int64)

    @property
    def gate(self) -> tuple[int, int]:
        """The sink and the number of its firings at which to look next; out of reach once the search is over."""
        if self.over:
            return self.sink, 2**62
        return self.sink, (self.look + 1) * int(self.rhythm.firings[self.sink])

    @property
    def period(self) -> tuple[int, int] | None:
        """Picoseconds and samples of the period, if one was found in which every actor takes part."""
        if self.found is None or not self.found.going.all():
            return None
        return self.found.time, self.found.chunks * self.rhythm.samples

    @property
    def period_rest(self) -> tuple[Counts, Counts] | None:
        """Picoseconds and times that servers rest in a period, by the actor that woke them; None before two agreed."""
        if self.period is None or self.rest is None or not self.rest_repeats:
            return None
        return self.rest.rested, self.rest.rests

    @property
    def periodic_since(self) -> int | None:
        """Picosecond from which on every firing that starts repeats those of the period before."""
        return self.found.since if self.found and self.period else None

    def at_chunk(self, *, now_open: bool) -> None:
        """Look at the state at a chunk's end, and skip ahead if that is due.

        Parameters
        ----------
        now_open : bool
            False while a log is being written, so that nothing may be skipped.
        """
        self.look += 1
        if not now_open:
            return
        if self.found is not None:
            self._skip_when_due(self.found)
        elif self.look > MOST_LOOKS or self.state.registers[HEAP_COUNT] == 0:
            self.over = True
        else:
            self._compare()
            self._settle()

    def _settle(self) -> None:
        """Take a stretch for a period, where no exact one was found and that will do."""
        if self.settling is None or self.found is not None:
            return
        stretch = self.settling.look(self.state)
        if stretch is not None:
            what, run = stretch.what, int(passage(self.program, self.state).left.min())
            finish(self.program, self.state, what)
            self.extrapolated = Extrapolated(what.time, what.samples, run, stretch.apart)
            self.over = True

    def _compare(self) -> None:
        state, actors = self.state, self.state.actor_columns
        time, now = int(actors.end[self.sink]), int(state.heap_ready[0])
        size = _relative_state(state, time, now, self.look, self.rhythm.firings, self.buffer)
        here, kept = self.buffer[:size], self.kept
        if size and kept is not None and np.array_equal(kept.state, here):
            self.found = self._repetition(kept, time)
            self._skip_when_due(self.found)
        elif size and self.look >= self.next_keep:
            self.next_keep = 2 * self.look
            self.kept = _Kept(
                self.look, time, int(actors.end.max()), here.copy(), actors.starved.copy(), actors.blocked.copy()
            )

    def _repetition(self, kept: _Kept, time: int) -> _Found:
        actors = self.state.actor_columns
        return _Found(
            look=self.look,
            chunks=self.look - kept.look,
            time=time - kept.time,
            since=kept.last_end,
            starved=actors.starved - kept.starved,
            blocked=actors.blocked - kept.blocked,
            rested=self.state.rested.copy(),
            rests=self.state.rests.copy(),
            going=actors.fired < actors.firings,
            reached=passage(self.program, self.state),
        )

    def _look_at_rest(self, found: _Found) -> None:
        """Count a period's rests; the first of them may have begun before the state that repeats."""
        rested, rests = self.state.rested.copy(), self.state.rests.copy()
        rest = Rest(rested - found.rested, rests - found.rests)
        self.rest_repeats = rest.equals(self.rest)
        self.rest = rest
        found.rested, found.rests = rested, rests

    def _skip_when_due(self, found: _Found) -> None:
        if (self.look - found.look) % found.chunks != 0:
            return
        if self.resting:
            self._look_at_rest(found)
        # A source's samples of the last period are those that it has entered since the state was there before: all
        # repeat. Until every source and sink has passed what the foremost had reached when the period was found, the
        # last samples whose times are known whole have parts from before that.
        if not self._passed(found) or (self.resting and not self.rest_repeats):
            return
        self.over = True
        actors = self.state.actor_columns
        going = actors.fired < actors.firings
        samples = self.program.samples
        if (going != found.going).any() or not (_alike(going[samples.sources]) and _alike(going[samples.sinks])):
            return
        firings = np.where(going, self.rhythm.firings * found.chunks, 0)
        repeats = most_repeats(self.program, self.state, firings)
        if repeats > 0:
            width = found.chunks * self.rhythm.samples
            what = Repetition(width, found.time, firings, found.starved, found.blocked, self.rest)
            skip(self.program, self.state, what, repeats)

    def _passed(self, found: _Found) -> bool:
        """Whether every source and sink has passed what the foremost had reached when the period was found."""
        now, then = passage(self.program, self.state), found.reached
        pairs = ((now.entered, then.entered), (now.begun, then.begun), (now.left, then.left))
        return all(bool(here.min() >= there.max()) for here, there in pairs)


def _alike(going: NDArray[np.bool_]) -> bool:
    """Are all going, or none? Otherwise their samples' times are no multiplication."""
    return bool(going.all() or not going.any())


def _most_entries(state: State) -> int:
    """Bound on the size of a relative state."""
    return 3 * len(state.actors) + 5 * len(state.channels) + 2 * len(state.rings) + len(state.server_free)


@compiled
def _relative_state(state: State, time: int, now: int, look: int, firings: Counts, out: Counts) -> int:
    """Write the state relative to ``time`` and to ``look`` chunks; its size, or 0 if an actor goes without rhythm."""
    actors, channels, rings = state.actors, state.channels, state.rings
    at = 0
    for number in range(len(actors)):
        actor = actors[number]
        going = actor.fired < actor.firings
        if going and firings[number] == 0:
            return 0
        out[at] = actor.fired - look * firings[number] if going else GONE
        out[at + 1] = actor.end - time if going else GONE
        out[at + 2] = actor.arrival - time if going else GONE
        at += 3
    for number in range(len(channels)):
        channel = channels[number]
        source, target = actors[state.channel_source[number]], actors[channel.target]
        produces, consumes = source.fired < source.firings, target.fired < target.firings
        out[at] = channel.produced - channel.freed if produces or consumes else GONE
        out[at + 1] = channel.need - channel.produced if consumes else GONE
        out[at + 2] = channel.release - channel.freed if consumes else GONE
        out[at + 3] = channel.need_at if consumes else GONE
        out[at + 4] = channel.release_at if consumes else GONE
        at += 5
        if consumes:
            for token in range(max(channel.need, channel.produced - channel.mask) - 1, channel.produced):
                out[at] = max(rings[channel.ring + (token & channel.mask)], target.end) - time
                at += 1
        if produces:
            for token in range(channel.produced - channel.capacity, channel.freed):
                out[at] = max(rings[channel.room + (token & channel.mask)], source.end) - time
                at += 1
    for number in range(len(state.server_first) - 1):
        first, last = state.server_first[number], state.server_first[number + 1]
        # Two servers of a pool are alike: only their times count, not which is which.
        free = np.sort(np.maximum(state.server_free[first:last], now))
        out[at : at + len(free)] = free - time
        at += len(free)
    return at
