"""The compiled engine's state: flat records for actors and channels, and the rings that hold token times.

Channels are renumbered so that the outputs of an actor are neighbours. The rings of a channel hold when its latest
tokens arrived and when its latest places were left; token p is at place ``p & mask`` of both. Where none is released
before a firing has needed it, the two are one ring: a place holds its token's arrival and then when it was left.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from archsim.engine.jit import compiled
from archsim.errors import ProgramError
from archsim.program import Program, Series, channel_name
from archsim.program.tables import Counts

Integer = TypeVar("Integer", np.int32, np.int64)
Ids = NDArray[np.int32]
"""The engine's own: half as wide as a Program's, so that twice as many lie in a cache."""
# Traits of actors.
QUEUED, SOURCE, SINK = 1, 2, 4
# Registers: the worklist's first entry and length, the heap's length, firings done, rows of the log.
WORK_FIRST, WORK_COUNT, HEAP_COUNT, DONE, LOG_COUNT, REGISTERS = 0, 1, 2, 3, 4, 5
NOT_REACHED = -1
NEVER_RESTS = 2**62
# Token places in one channel; more of them in all, and longer steps of curves, do not fit into 32 bits.
MOST_PLACES, MOST_IN_ALL = 2**30, 2**31 - 1

CACHE_LINE = 64


def _lines(**fields: type[np.integer]) -> np.dtype[np.void]:
    """A record that fills whole cache lines."""
    formats = [np.dtype(field) for field in fields.values()]
    size = sum(field.itemsize for field in formats)
    return np.dtype({"names": list(fields), "formats": formats, "itemsize": -(-size // CACHE_LINE) * CACHE_LINE})


# What a look at an actor reads lies in its first line, what a firing adds to in its second.
ACTOR = _lines(
    firings=np.int64,
    fired=np.int64,
    end=np.int64,
    arrival=np.int64,
    interval=np.int64,
    latency=np.int64,
    in_first=np.int32,
    in_last=np.int32,
    out_first=np.int32,
    out_last=np.int32,
    fed=np.int64,
    starved=np.int64,
    blocked=np.int64,
    patience=np.int64,
    interval_table=np.int32,
    latency_table=np.int32,
    server_first=np.int32,
    server_last=np.int32,
    traits=np.int32,
)

# ``wanted`` is what someone waits for: the consumer for the tokens that it needs, or the producer for the next place.
# Both cannot wait at once, as the verifier has seen that the capacity covers every need.
NOTHING, TOKENS, PLACE = 0, 1, 2
CHANNEL = _lines(
    produced=np.int64,
    freed=np.int64,
    need=np.int64,
    release=np.int64,
    ring=np.int32,
    room=np.int32,
    capacity=np.int32,
    mask=np.int32,
    need_at=np.int32,
    release_at=np.int32,
    target=np.int32,
    wanted=np.int32,
)

# From one entry of a curve to the next, and where that is.
STEP = np.dtype([("tokens", np.int32), ("after", np.int32)])


class ActorRecord(Protocol):
    """One row of ``State.actors``, as the kernel sees it; assignments write through."""

    firings: int
    fired: int
    end: int
    arrival: int
    interval: int
    latency: int
    in_first: int
    in_last: int
    out_first: int
    out_last: int
    fed: int
    starved: int
    blocked: int
    patience: int
    interval_table: int
    latency_table: int
    server_first: int
    server_last: int
    traits: int


class State(NamedTuple):
    """Everything that the kernel reads and writes.

    Parameters
    ----------
    actors, channels : records, shapes (actors,), (channels,)
    channel_source : int32, shape (channels,)
        Each channel's producer.
    inputs : int32, shape (channels,)
        Channels by consumer; those of an actor span ``in_first:in_last``.
    rested, rests, first_start : int64, shape (actors,)
        Picoseconds and times that its server rested before its firings, and when it fired first.
    rings : int64, shape (places,)
    steps : records, shape (entries,)
        Curves as differences.
    duration, duration_first, duration_length : int64
        Tables of durations.
    server_first : int32, shape (resources + 1,)
        Where a resource's servers start in ``server_free``; an actor's span ``server_first:server_last``.
    server_free : int64, shape (servers,)
        When each server of a contended resource is free; a binary heap per resource.
    work : int32, shape (actors + 1,)
        Circular queue of the actors to look at.
    heap_ready, heap_actor : int64 and int32, shape (queued actors,)
        Binary heap of ready firings that wait for their turn.
    registers : int64
        The scalars named above.
    sample_in, sample_first, sample_out : int64, shape (samples,)
    log_actor, log_firing, log_start : int32, int64, int64
        Rows of the log not yet drained.
    """

    actors: NDArray[np.void]
    channels: NDArray[np.void]
    channel_source: Ids
    inputs: Ids
    rested: Counts
    rests: Counts
    first_start: Counts
    rings: Counts
    steps: NDArray[np.void]
    duration: Counts
    duration_first: Counts
    duration_length: Counts
    server_first: Ids
    server_free: Counts
    work: Ids
    heap_ready: Counts
    heap_actor: Ids
    registers: Counts
    sample_in: Counts
    sample_first: Counts
    sample_out: Counts
    log_actor: Ids
    log_firing: Counts
    log_start: Counts

    @property
    def actor_columns(self) -> np.recarray[tuple[int], np.dtype[np.record]]:
        """The actors' records, by column: the same memory."""
        return self.actors.view(np.recarray)

    @property
    def channel_columns(self) -> np.recarray[tuple[int], np.dtype[np.record]]:
        """The channels' records, by column: the same memory."""
        return self.channels.view(np.recarray)


def build_state(program: Program, *, log_rows: int, patience: Counts | None = None) -> State:
    """State at time 0, with every actor to be looked at.

    Parameters
    ----------
    program : Program
        A verified program.
    log_rows : int
        Room for rows of the log; 0 for no log.
    patience : int64, shape (resources,), optional
        Picoseconds for which a server waits before it rests; none rests where it is not given.
    """
    steps, row_first = _steps(program.curves)
    order = np.argsort(program.channels.source, kind="stable").astype(np.int32)
    channels, places = _channel_records(program, order, row_first)
    inputs = np.argsort(channels["target"], kind="stable").astype(np.int32)
    source = program.channels.source[order].astype(np.int32)
    contended = np.where(contended_resources(program), program.resources.servers, 0)
    servers = _bounds(contended, np.int32)
    actors = _actor_records(program, (source, channels["target"][inputs]), servers)
    if patience is not None:
        actors["patience"] = patience[program.actors.resource]
    queued = int(np.count_nonzero(actors["traits"] & QUEUED))
    durations = program.durations
    count = program.samples.count
    return State(
        actors=actors,
        channels=channels,
        channel_source=source,
        inputs=inputs,
        rested=np.zeros(len(actors), np.int64),
        rests=np.zeros(len(actors), np.int64),
        first_start=np.zeros(len(actors), np.int64),
        rings=np.zeros(places, np.int64),
        steps=steps,
        duration=durations.values.astype(np.int64),
        duration_first=durations.start.astype(np.int64),
        duration_length=durations.length.astype(np.int64),
        server_first=servers,
        server_free=np.zeros(int(contended.sum()), np.int64),
        work=np.append(np.arange(len(actors), dtype=np.int32), np.int32(0)),
        heap_ready=np.zeros(queued, np.int64),
        heap_actor=np.zeros(queued, np.int32),
        registers=_registers(len(actors)),
        sample_in=np.full(count, NOT_REACHED, np.int64),
        sample_first=np.full(count, NOT_REACHED, np.int64),
        sample_out=np.full(count, NOT_REACHED, np.int64),
        log_actor=np.zeros(log_rows, np.int32),
        log_firing=np.zeros(log_rows, np.int64),
        log_start=np.zeros(log_rows, np.int64),
    )


def _registers(actors: int) -> Counts:
    registers = np.zeros(REGISTERS, np.int64)
    registers[WORK_COUNT] = actors
    return registers


def freed_tokens(program: Program, state: State) -> Counts:
    """Tokens ever freed, in the program's order of channels; shape ``(channels,)``."""
    freed = np.zeros(len(program.channels), np.int64)
    freed[np.argsort(program.channels.source, kind="stable")] = state.channel_columns.freed
    return freed


def _bounds(counts: NDArray[np.integer], kind: type[Integer]) -> NDArray[Integer]:
    """Where each of several runs of entries starts, and where the last ends."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(kind)


def _steps(curves: Series) -> tuple[NDArray[np.void], Ids]:
    """Differences from entry to entry of every row, and where each row starts."""
    bounds = _bounds(curves.length, np.int32)
    steps = _whole_lines(int(bounds[-1]), STEP)
    longest = _fill_steps(steps, bounds, *(getattr(curves, name) for name in ("start", "advance", "values")))
    if longest > MOST_IN_ALL:
        raise ProgramError(
            f"a curve with a step of {longest} tokens",
            where="curves",
            remedy=f"The engine counts up to {MOST_IN_ALL} tokens from one firing to the next: make samples smaller.",
        )
    return steps, bounds


@compiled
def _fill_steps(steps: NDArray[np.void], bounds: Ids, start: Counts, advance: Counts, values: Counts) -> int:
    """Write the steps of every row; the longest of them."""
    longest = 0
    for row in range(len(start)):
        first, last, begin = bounds[row], bounds[row + 1] - 1, start[row]
        for entry in range(first, last + 1):
            here = values[begin + entry - first]
            tokens = values[begin] + advance[row] - here if entry == last else values[begin + entry - first + 1] - here
            steps[entry].tokens = tokens
            steps[entry].after = first if entry == last else entry + 1
            longest = max(longest, abs(tokens))
    return longest


def _whole_lines(count: int, record: np.dtype[np.void]) -> NDArray[np.void]:
    """Records of zeros that begin with a cache line."""
    memory = np.zeros(count * record.itemsize + CACHE_LINE, np.uint8)
    skipped = -memory.ctypes.data % CACHE_LINE
    return memory[skipped : skipped + count * record.itemsize].view(record)


def _channel_records(program: Program, order: Ids, row_first: Ids) -> tuple[NDArray[np.void], int]:
    table, curves = program.channels, program.curves
    rows = _whole_lines(len(table), CHANNEL)
    records = rows.view(np.recarray)
    tokens = table.initial + program.actors.firings[table.source]
    # Places beyond all tokens of the run would never be used.
    capacity = np.minimum(table.capacity, np.maximum(tokens, 1))[order]
    if (capacity > MOST_PLACES).any():
        row = int(order[np.argmax(capacity)])
        raise ProgramError(
            f"a buffer of {capacity.max()} tokens",
            where=channel_name(program, row),
            remedy=f"The engine holds up to {MOST_PLACES} tokens in a channel: lower its capacity.",
        )
    ahead = _release_ahead(program)[order]
    # Times are kept from the token that is needed next to the last that is made, or to the last place that is left.
    places = _power_of_two(np.where(ahead > 0, capacity + ahead + 1, capacity))
    bounds = _bounds(np.where(ahead > 0, 2 * places, places), np.int64)
    if bounds[-1] > MOST_IN_ALL:
        raise ProgramError(
            f"buffers of {bounds[-1]} tokens in all",
            where="channels",
            remedy=f"The engine holds up to {MOST_IN_ALL} tokens: lower capacities.",
        )
    records.produced = table.initial[order]
    records.ring = bounds[:-1]
    records.room = np.where(ahead > 0, bounds[:-1] + places, bounds[:-1])
    records.capacity, records.mask = capacity, places - 1
    for name, curve in (("need", table.need[order]), ("release", table.release[order])):
        # Left unclipped: what lies below 0 asks for nothing.
        records[name] = curves.values[curves.start[curve]]
        records[f"{name}_at"] = row_first[curve]
    records.target = table.target[order]
    return rows, int(bounds[-1])


def _release_ahead(program: Program) -> Counts:
    """By how many tokens each channel's releases run ahead of its needs at most; 0 or less where they never do."""
    return program.extremes[1]


def _power_of_two(values: Counts) -> Counts:
    """Least power of two at or above each value."""
    exponent = np.ceil(np.log2(np.maximum(values, 1))).astype(np.int64)
    return np.left_shift(np.int64(1), exponent)


def contended_resources(program: Program) -> NDArray[np.bool_]:
    """Resources with fewer servers than actors."""
    users = np.bincount(program.actors.resource, minlength=len(program.resources))
    return np.asarray(users > program.resources.servers, np.bool_)


def _actor_records(program: Program, ends: tuple[Ids, Ids], servers: Ids) -> NDArray[np.void]:
    """Records of actors, from the producers of all channels, the consumers of all inputs, and resources' servers."""
    table = program.actors
    rows = _whole_lines(len(table), ACTOR)
    records = rows.view(np.recarray)
    for name in ("firings", "interval", "latency", "interval_table", "latency_table"):
        records[name] = getattr(table, name)
    numbers = np.arange(len(table))
    for side, owners in (("out", ends[0]), ("in", ends[1])):
        records[f"{side}_first"] = np.searchsorted(owners, numbers, "left")
        records[f"{side}_last"] = np.searchsorted(owners, numbers, "right")
    contended = contended_resources(program)[table.resource]
    records.patience = NEVER_RESTS
    records.server_first, records.server_last = servers[table.resource], servers[table.resource + 1]
    records.traits = np.where(contended, QUEUED, 0)
    records.traits[program.samples.sources] |= SOURCE
    # Sinks go through the queue even alone, so that no part of the program runs samples ahead of the rest.
    records.traits[program.samples.sinks] |= SINK | QUEUED
    return rows
