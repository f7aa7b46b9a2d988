"""The compiled engine's inner loop.

An actor with a resource of its own starts a firing at the latest of three times: its last end, the arrival of the last
token that it needs, and the return of the room that it takes. All three are known as soon as the firings that set them
have been looked at, whatever the clock says. So a worklist of actors carries such firings ahead of the clock, as many
at a visit as tokens and room allow.

Only contended resources need an order. Their ready firings wait in a heap by (ready time, actor). When the worklist is
empty, whatever is still unknown depends on a firing in the heap, and so becomes ready later than the heap's least ready
time: that one may take its resource's earliest server, and no other can come before it.

Places are unsigned, as numba would otherwise look for negative ones.
"""

from __future__ import annotations

import numpy as np

from archsim.engine.jit import inlined, kernel
from archsim.engine.state import (
    DONE,
    HEAP_COUNT,
    LOG_COUNT,
    NOT_REACHED,
    NOTHING,
    PLACE,
    QUEUED,
    SINK,
    SOURCE,
    TOKENS,
    WORK_COUNT,
    WORK_FIRST,
    ActorRecord,
    State,
)

# Why the kernel returns.
IDLE, SLICE, BOUNDARY, LOG_FULL = 0, 1, 2, 3
# Most firings of one visit, so that none keeps the kernel from returning.
VISIT = 64
# What the times of inputs and room say instead of a time.
WAITS = -1


@inlined
def _inputs_met(state: State, actor: ActorRecord) -> int:
    """When the next firing has its last end and its tokens behind it; WAITS, and says so, if one is not yet made."""
    time = actor.end
    for place in range(actor.in_first, actor.in_last):
        channel = state.channels[np.uint32(state.inputs[np.uint32(place)])]
        need = channel.need
        # What asks for nothing does not wait for tokens that are dropped, either.
        if need > max(channel.produced, 0):
            channel.wanted = TOKENS
            return WAITS
        # A token too old for the ring was waited for by an earlier firing.
        if channel.produced - need <= channel.mask:
            time = max(time, state.rings[np.uint64(channel.ring + ((need - 1) & channel.mask))])
    return time


@inlined
def _room_met(state: State, actor: ActorRecord, time: int) -> int:
    """The later of ``time`` and when the next token has a place in every output; WAITS if one is not yet left."""
    for number in range(actor.out_first, actor.out_last):
        channel = state.channels[np.uint32(number)]
        leaving = channel.produced - channel.capacity
        if leaving >= channel.freed:
            channel.wanted = PLACE
            return WAITS
        time = max(time, state.rings[np.uint64(channel.room + (leaving & channel.mask))])
    return time


@inlined
def _account(state: State, number: int, inputs_met: int, ready: int, begin: int, free: int) -> None:
    """Count a firing, its waits, its end and its arrival, and the rest of the server that was free until then."""
    actor = state.actors[np.uint32(number)]
    fired = actor.fired
    rested = begin - free - actor.patience
    if rested > 0:
        state.rested[np.uint32(number)] += rested
        state.rests[np.uint32(number)] += 1
    if fired == 0:
        state.first_start[np.uint32(number)] = begin
    actor.starved += inputs_met - actor.end
    actor.blocked += ready - inputs_met
    interval, latency = actor.interval, actor.latency
    table = actor.interval_table
    if table >= 0:
        interval = state.duration[state.duration_first[table] + fired % state.duration_length[table]]
    table = actor.latency_table
    if table >= 0:
        latency = state.duration[state.duration_first[table] + fired % state.duration_length[table]]
    actor.fired = fired + 1
    actor.end = begin + interval
    actor.arrival = max(actor.arrival, begin + latency)


@inlined
def _put_tokens(state: State, actor: ActorRecord) -> None:
    """Write the arrival into every output, and wake the consumers that waited for it."""
    for number in range(actor.out_first, actor.out_last):
        channel = state.channels[np.uint32(number)]
        token = channel.produced
        # Nobody waits for a token below 0: it is dropped as it comes.
        if token >= 0:
            state.rings[np.uint64(channel.ring + (token & channel.mask))] = actor.arrival
        channel.produced = token + 1
        if channel.wanted == TOKENS and channel.need <= token + 1:
            channel.wanted = NOTHING
            _push_work(state, channel.target)


@inlined
def _free_tokens(state: State, actor: ActorRecord) -> None:
    """Write the end into every place that is left, and wake the producers that waited for one."""
    for place in range(actor.in_first, actor.in_last):
        number = np.uint32(state.inputs[np.uint32(place)])
        channel = state.channels[number]
        step = state.steps[np.uint32(channel.need_at)]
        channel.need += step.tokens
        channel.need_at = step.after
        freed, release = channel.freed, channel.release
        while freed < release:
            state.rings[np.uint64(channel.room + (freed & channel.mask))] = actor.end
            freed += 1
        channel.freed = freed
        step = state.steps[np.uint32(channel.release_at)]
        channel.release = release + step.tokens
        channel.release_at = step.after
        if channel.wanted == PLACE and channel.produced - channel.capacity < freed:
            channel.wanted = NOTHING
            _push_work(state, state.channel_source[number])


@inlined
def _push_work(state: State, actor: int) -> None:
    place = state.registers[WORK_FIRST] + state.registers[WORK_COUNT]
    if place >= len(state.work):
        place -= len(state.work)
    state.work[np.uint64(place)] = actor
    state.registers[WORK_COUNT] += 1


@inlined
def _pop_work(state: State) -> int:
    first = state.registers[WORK_FIRST]
    state.registers[WORK_FIRST] = first + 1 if first + 1 < len(state.work) else 0
    state.registers[WORK_COUNT] -= 1
    return int(state.work[np.uint64(first)])


@inlined
def _push_heap(state: State, ready: int, actor: int) -> None:
    heap_ready, heap_actor = state.heap_ready, state.heap_actor
    place = state.registers[HEAP_COUNT]
    state.registers[HEAP_COUNT] = place + 1
    while place > 0:
        parent = (place - 1) >> 1
        if heap_ready[parent] < ready or (heap_ready[parent] == ready and heap_actor[parent] < actor):
            break
        heap_ready[place], heap_actor[place] = heap_ready[parent], heap_actor[parent]
        place = parent
    heap_ready[place], heap_actor[place] = ready, actor


@inlined
def _drop_heap_top(state: State) -> None:
    """Take the least entry off the heap."""
    heap_ready, heap_actor = state.heap_ready, state.heap_actor
    count = state.registers[HEAP_COUNT] - 1
    state.registers[HEAP_COUNT] = count
    ready, actor = heap_ready[count], heap_actor[count]
    place, child = 0, 1
    while child < count:
        other = min(child + 1, count - 1)
        here, there = heap_ready[np.uint64(child)], heap_ready[np.uint64(other)]
        child += (there < here) | ((there == here) & (heap_actor[np.uint64(other)] < heap_actor[np.uint64(child)]))
        least = heap_ready[np.uint64(child)]
        if ready < least or (ready == least and actor < heap_actor[np.uint64(child)]):
            break
        heap_ready[np.uint64(place)], heap_actor[np.uint64(place)] = least, heap_actor[np.uint64(child)]
        place, child = child, 2 * child + 1
    heap_ready[place], heap_actor[place] = ready, actor


@inlined
def _take_server(state: State, first: int, last: int, time: int) -> None:
    """Set the earliest of a resource's servers, at the top of their heap, to be free at ``time`` next."""
    free, count = state.server_free, last - first
    place, child = 0, 1
    while child < count:
        if child + 1 < count and free[first + child + 1] < free[first + child]:
            child += 1
        if time <= free[first + child]:
            break
        free[first + place] = free[first + child]
        place, child = child, 2 * child + 1
    free[first + place] = time


@inlined
def _mark_sample(state: State, actor: ActorRecord, begin: int, group: int) -> None:
    """Note when a sample enters by a source or leaves by a sink."""
    tokens = actor.firings // len(state.sample_in)
    block, firing = (actor.fired - 1) // (tokens * group), (actor.fired - 1) % (tokens * group)
    sample, token = block * group + firing % group, firing // group
    if actor.traits & SOURCE and token == 0:
        known = state.sample_in[sample]
        state.sample_in[sample] = begin if known == NOT_REACHED else min(known, begin)
    if actor.traits & SINK and token == 0:
        known = state.sample_first[sample]
        state.sample_first[sample] = actor.arrival if known == NOT_REACHED else min(known, actor.arrival)
    if actor.traits & SINK and token == tokens - 1:
        state.sample_out[sample] = max(state.sample_out[sample], actor.arrival)


@inlined
def _write_log(state: State, number: int, firing: int, begin: int) -> None:
    row = state.registers[LOG_COUNT]
    state.log_actor[row], state.log_firing[row], state.log_start[row] = number, firing, begin
    state.registers[LOG_COUNT] = row + 1


@inlined
def _observe(state: State, number: int, begin: int, group: int, window: tuple[int, int]) -> None:
    """Note samples and the log."""
    actor = state.actors[np.uint32(number)]
    if actor.traits & (SOURCE | SINK):
        _mark_sample(state, actor, begin, group)
    if window[0] <= begin < window[1]:
        _write_log(state, number, actor.fired - 1, begin)


@inlined
def _visit(state: State, number: int, group: int, window: tuple[int, int]) -> int:
    """Fire an actor as often as it can, or queue it for its resource; the number of firings done."""
    actor = state.actors[np.uint32(number)]
    for count in range(VISIT):
        if actor.fired == actor.firings:
            return count
        inputs_met = _inputs_met(state, actor)
        if inputs_met == WAITS:
            return count
        ready = _room_met(state, actor, inputs_met)
        if ready == WAITS:
            return count
        if actor.traits & QUEUED:
            actor.fed = inputs_met
            _push_heap(state, ready, number)
            return count
        _account(state, number, inputs_met, ready, ready, actor.end)
        _put_tokens(state, actor)
        _free_tokens(state, actor)
        _observe(state, number, ready, group, window)
    _push_work(state, number)
    return VISIT


@inlined
def _grant(state: State, group: int, window: tuple[int, int]) -> int:
    """Start the firing that has been ready longest, on its resource's earliest server."""
    ready, number = state.heap_ready[0], state.heap_actor[0]
    _drop_heap_top(state)
    actor = state.actors[np.uint32(number)]
    begin, free = ready, actor.end
    first, last = actor.server_first, actor.server_last
    if first < last:
        free = state.server_free[np.uint32(first)]
        begin = max(ready, free)
    _account(state, number, actor.fed, ready, begin, free)
    if first < last:
        _take_server(state, first, last, actor.end)
    _put_tokens(state, actor)
    _free_tokens(state, actor)
    _observe(state, number, begin, group, window)
    return int(number)


@kernel
def advance(state: State, budget: int, gate: tuple[int, int], group: int, window: tuple[int, int]) -> int:
    """Run until there is nothing to do, or a reason to look up.

    Parameters
    ----------
    state : State
    budget : int
        Total of firings at which to return.
    gate : (int, int)
        An actor, and its number of firings at which to return once everything that follows is done.
    group : int
        Samples that interleave.
    window : (int, int)
        First start that is logged, and the first that no longer is; empty for no log.

    Returns
    -------
    int
        ``IDLE``, ``SLICE``, ``BOUNDARY`` or ``LOG_FULL``.
    """
    registers = state.registers
    while registers[DONE] < budget:
        if registers[LOG_COUNT] + VISIT > len(state.log_actor):
            return LOG_FULL
        if registers[WORK_COUNT] > 0:
            number = _pop_work(state)
        elif state.actors[gate[0]].fired >= gate[1]:
            return BOUNDARY
        elif registers[HEAP_COUNT] > 0:
            number = _grant(state, group, window)
            registers[DONE] += 1
        else:
            return IDLE
        registers[DONE] += _visit(state, number, group, window)
    return SLICE
