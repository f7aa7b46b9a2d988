# NOTE FROM THE LEAD (contract change, please remove this comment when done): release(n) MAY RUN AHEAD OF need(n) and even ahead of what has been
# produced: a token that nobody will touch is dropped as it comes (strided convolutions leave rows untouched; a recurrence's last step). It is bounded only by
# the tokens ever produced (initial + producer firings). Room for token q is still "freed >= q + 1 - capacity". Verifier: only refuse
# release beyond what is ever produced. The reference engine needs no change; the compiled rings do (a place freed before its token
# arrives): see tests/unit/engine/test_dropped_tokens.py, and cover it in the random programs. Also: lowering works now; real programs to compare with:
# `sys.path.insert(0, "/work/tmp"); from chip import chip; lower(place(workloads.build("resnet18"), chip()))` (archsim.mapping.place, archsim.lowering.lower).
"""The compiled engine's inner loop.

An actor with a resource of its own starts a firing at the latest of three times: its last end, the arrival of the last
token that it needs, and the return of the room that it takes. All three are known as soon as the firings that set them
have been looked at, whatever the clock says. So a worklist of actors carries such firings ahead of the clock, as many at
a visit as tokens and room allow.

Only contended resources need an order. Their ready firings wait in a heap by (ready time, actor). When the worklist is
empty, whatever is still unknown depends on a firing in the heap, and so becomes ready later than the heap's least ready
time: that one may take its resource's earliest server, and no other can come before it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from archsim.engine.state import (
    DONE,
    HEAP_COUNT,
    LOG_COUNT,
    NOT_REACHED,
    QUEUED,
    SINK,
    SOURCE,
    WORK_COUNT,
    WORK_FIRST,
    State,
)

# Why the kernel returns.
IDLE, SLICE, BOUNDARY, LOG_FULL = 0, 1, 2, 3
# Most firings of one visit.
BATCH = 64
NONE = -1


@njit(cache=True, inline="always", _nrt=False)
def _room_left(actor, channels, most):
    """Firings for which every output has a place, and the first channel that sets the limit."""
    full = NONE
    for number in range(actor.out_first, actor.out_last):
        channel = channels[np.uint32(number)]
        places = channel.freed + channel.capacity - channel.produced
        if places < most:
            most, full = places, number
    return most, full


@njit(cache=True, inline="always", _nrt=False)
def _gather_inputs(actor, inputs, channels, rings, step, step_next, fed, most):
    """Times at which the next firings have their tokens, as far as those are made, and the channel that sets the limit."""
    empty = NONE
    for place in range(actor.in_first, actor.in_last):
        channel = channels[np.uint32(inputs[place])]
        need, at, produced, freed = channel.need, channel.need_at, channel.produced, channel.freed
        ring, mask = channel.ring, channel.mask
        for i in range(np.uint64(most)):
            if need > produced:
                most, empty = np.int64(i), inputs[place]
                break
            # Tokens already freed were waited for by an earlier firing.
            if need > freed:
                fed[i] = max(fed[i], rings[np.uint64(ring + ((need - 1) & mask))])
            need += step[np.uint32(at)]
            at = step_next[np.uint32(at)]
    return most, empty


@njit(cache=True, inline="always", _nrt=False)
def _gather_room(actor, channels, rings, room, count):
    """Times at which the places that the next tokens take were left."""
    for number in range(actor.out_first, actor.out_last):
        channel = channels[np.uint32(number)]
        ring, mask, token = channel.ring, channel.mask, channel.produced - channel.capacity
        for i in range(np.uint64(count)):
            room[i] = max(room[i], rings[np.uint64(ring + ((token + np.int64(i)) & mask))])


@njit(cache=True, inline="always", _nrt=False)
def _table_entry(table, firing, duration, duration_first, duration_length):
    return duration[duration_first[table] + firing % duration_length[table]]


@njit(cache=True, inline="always", _nrt=False)
def _settle(actor, fed, room, start, count, grant, duration, duration_first, duration_length):
    """Turn the times of tokens and room into starts, arrivals (in ``fed``) and ends (in ``room``)."""
    end, arrival = actor.end, actor.arrival
    starved, blocked = actor.starved, actor.blocked
    interval, latency = actor.interval, actor.latency
    interval_table, latency_table, fired = actor.interval_table, actor.latency_table, actor.fired
    for i in range(np.uint64(count)):
        inputs_met = max(end, fed[i])
        ready = max(inputs_met, room[i])
        begin = max(ready, grant)
        starved += inputs_met - end
        blocked += ready - inputs_met
        if interval_table >= 0:
            interval = _table_entry(interval_table, fired + np.int64(i), duration, duration_first, duration_length)
        if latency_table >= 0:
            latency = _table_entry(latency_table, fired + np.int64(i), duration, duration_first, duration_length)
        end = begin + interval
        arrival = max(arrival, begin + latency)
        start[i], fed[i], room[i] = begin, arrival, end
    if actor.fired == 0:
        actor.first_start = start[0]
    actor.end, actor.arrival, actor.starved, actor.blocked = end, arrival, starved, blocked
    actor.fired += count


@njit(cache=True, inline="always", _nrt=False)
def _put_tokens(actor, channels, rings, arrived, count, work, registers):
    """Write the arrivals into the output rings, and wake the consumers that waited for them."""
    for number in range(actor.out_first, actor.out_last):
        channel = channels[np.uint32(number)]
        ring, mask, token = channel.ring, channel.mask, channel.produced
        for i in range(np.uint64(count)):
            rings[np.uint64(ring + ((token + np.int64(i)) & mask))] = arrived[i]
        channel.produced = token + count
        if 0 < channel.want <= channel.produced:
            channel.want = 0
            _push_work(work, registers, channel.target)


@njit(cache=True, inline="always", _nrt=False)
def _free_tokens(actor, inputs, channels, rings, step, step_next, ended, count, work, registers):
    """Write the ends into the places that are left, and wake the producers that waited for them."""
    for place in range(actor.in_first, actor.in_last):
        channel = channels[np.uint32(inputs[place])]
        ring, mask = channel.ring, channel.mask
        need, need_at = channel.need, channel.need_at
        release, release_at, freed = channel.release, channel.release_at, channel.freed
        for i in range(np.uint64(count)):
            while freed < release:
                rings[np.uint64(ring + (freed & mask))] = ended[i]
                freed += 1
            release += step[np.uint32(release_at)]
            release_at = step_next[np.uint32(release_at)]
            need += step[np.uint32(need_at)]
            need_at = step_next[np.uint32(need_at)]
        channel.need, channel.need_at = need, need_at
        channel.release, channel.release_at, channel.freed = release, release_at, freed
        if channel.want < 0 and -channel.want <= freed:
            channel.want = 0
            _push_work(work, registers, channel.source)


@njit(cache=True, inline="always", _nrt=False)
def _push_work(work, registers, actor):
    place = registers[WORK_FIRST] + registers[WORK_COUNT]
    if place >= len(work):
        place -= len(work)
    work[place] = actor
    registers[WORK_COUNT] += 1


@njit(cache=True, inline="always", _nrt=False)
def _pop_work(work, registers):
    first = registers[WORK_FIRST]
    registers[WORK_FIRST] = first + 1 if first + 1 < len(work) else 0
    registers[WORK_COUNT] -= 1
    return work[first]


@njit(cache=True, inline="always", _nrt=False)
def _push_heap(ready, actor, heap_ready, heap_actor, registers):
    place = registers[HEAP_COUNT]
    registers[HEAP_COUNT] = place + 1
    while place > 0:
        parent = (place - 1) >> 1
        if heap_ready[parent] < ready or (heap_ready[parent] == ready and heap_actor[parent] < actor):
            break
        heap_ready[place], heap_actor[place] = heap_ready[parent], heap_actor[parent]
        place = parent
    heap_ready[place], heap_actor[place] = ready, actor


@njit(cache=True, inline="always", _nrt=False)
def _drop_heap_top(heap_ready, heap_actor, registers):
    """Take the least entry off the heap."""
    count = registers[HEAP_COUNT] - 1
    registers[HEAP_COUNT] = count
    ready, actor = heap_ready[count], heap_actor[count]
    place, child = 0, 1
    while child < count:
        other = child + 1
        if other < count and (
            heap_ready[other] < heap_ready[child]
            or (heap_ready[other] == heap_ready[child] and heap_actor[other] < heap_actor[child])
        ):
            child = other
        if ready < heap_ready[child] or (ready == heap_ready[child] and actor < heap_actor[child]):
            break
        heap_ready[place], heap_actor[place] = heap_ready[child], heap_actor[child]
        place, child = child, 2 * child + 1
    if count > 0:
        heap_ready[place], heap_actor[place] = ready, actor


@njit(cache=True, inline="always", _nrt=False)
def _take_server(server_free, first, last, time):
    """Set the earliest server, at the top of its resource's heap, to be free at ``time`` next."""
    count = last - first
    place, child = 0, 1
    while child < count:
        if child + 1 < count and server_free[first + child + 1] < server_free[first + child]:
            child += 1
        if time <= server_free[first + child]:
            break
        server_free[first + place] = server_free[first + child]
        place, child = child, 2 * child + 1
    server_free[first + place] = time


@njit(cache=True, _nrt=False)
def _mark_samples(actor, start, arrived, count, group, sample_in, sample_out):
    """Note when samples enter by a source and leave by a sink."""
    tokens = actor.firings // len(sample_in)
    for i in range(count):
        firing = actor.fired - count + i
        block = firing // (tokens * group)
        token = firing % (tokens * group) // group
        sample = block * group + firing % group
        if actor.flags & SOURCE and token == 0 and (sample_in[sample] == NOT_REACHED or start[i] < sample_in[sample]):
            sample_in[sample] = start[i]
        if actor.flags & SINK and token == tokens - 1:
            sample_out[sample] = max(sample_out[sample], arrived[i])


@njit(cache=True, _nrt=False)
def _write_log(number, fired, start, count, window, registers, log_actor, log_firing, log_start):
    row = registers[LOG_COUNT]
    for i in range(count):
        if window[0] <= start[i] < window[1]:
            log_actor[row], log_firing[row], log_start[row] = number, fired - count + i, start[i]
            row += 1
    registers[LOG_COUNT] = row


@njit(cache=True, _nrt=False)
def advance(state, budget, gate, group, window):
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
        First start that is logged, and the first that no longer is.

    Returns
    -------
    int
        ``IDLE``, ``SLICE``, ``BOUNDARY`` or ``LOG_FULL``.
    """
    actors, channels, inputs, rings = state.actors, state.channels, state.inputs, state.rings
    step, step_next, work, registers = state.step, state.step_next, state.work, state.registers
    heap_ready, heap_actor = state.heap_ready, state.heap_actor
    duration, duration_first, duration_length = state.duration, state.duration_first, state.duration_length
    server_first, server_free = state.server_first, state.server_free
    fed, room, start = state.scratch[0], state.scratch[1], state.scratch[2]
    log_rows = len(state.log_actor)
    while registers[DONE] < budget:
        if 0 < log_rows < registers[LOG_COUNT] + BATCH:
            return LOG_FULL
        blocker, grant = NONE, 0
        if registers[WORK_COUNT] > 0:
            number = _pop_work(work, registers)
            actor = actors[number]
            most = min(actor.firings - actor.fired, 1 if actor.flags & QUEUED else BATCH)
            if most == 0:
                continue
            count, blocker = _room_left(actor, channels, most)
            for i in range(np.uint64(count)):
                fed[i] = 0
                room[i] = 0
            count, empty = _gather_inputs(actor, inputs, channels, rings, step, step_next, fed, count)
            if empty != NONE:
                blocker = empty
            _gather_room(actor, channels, rings, room, count)
            if count and actor.flags & QUEUED:
                actor.fed = max(actor.end, fed[0])
                _push_heap(max(actor.fed, room[0]), number, heap_ready, heap_actor, registers)
                continue
        else:
            if actors[gate[0]].fired >= gate[1]:
                return BOUNDARY
            if registers[HEAP_COUNT] == 0:
                return IDLE
            number, count = heap_actor[0], 1
            actor = actors[number]
            fed[0], room[0] = actor.fed, heap_ready[0]
            _drop_heap_top(heap_ready, heap_actor, registers)
            if actor.resource >= 0:
                grant = server_free[server_first[actor.resource]]
        if count:
            _settle(actor, fed, room, start, count, grant, duration, duration_first, duration_length)
            if actor.resource >= 0:
                first, last = server_first[actor.resource], server_first[actor.resource + 1]
                _take_server(server_free, first, last, room[0])
            registers[DONE] += count
            _put_tokens(actor, channels, rings, fed, count, work, registers)
            _free_tokens(actor, inputs, channels, rings, step, step_next, room, count, work, registers)
            if actor.flags & (SOURCE | SINK):
                _mark_samples(actor, start, fed, count, group, state.sample_in, state.sample_out)
            if log_rows:
                _write_log(
                    number, actor.fired, start, count, window, registers,
                    state.log_actor, state.log_firing, state.log_start,
                )
        if blocker == NONE:
            _push_work(work, registers, number)
            continue
        channel = channels[blocker]
        if channel.target == number and channel.need > channel.produced:
            channel.want = channel.need
        elif channel.source == number and channel.freed + channel.capacity <= channel.produced:
            channel.want = channel.capacity - channel.produced - 1
        else:
            _push_work(work, registers, number)
    return SLICE
