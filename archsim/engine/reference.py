"""The reference engine: the timing contract on SimPy, short and obvious. It judges the compiled engine.

Within one instant SimPy takes events of a lower priority number first. Ends and arrivals are ordinary time-outs; grants
come after them, by a higher number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import cast

import numpy as np
import simpy
from numpy.typing import NDArray
from simpy.events import NORMAL, EventPriority

from archsim.engine.deadlock import diagnose
from archsim.engine.window import LogWindow, sorted_log
from archsim.program import Program, Rests, Series, Trace
from archsim.program.tables import Counts
from archsim.program.verify import verify

GRANTS = EventPriority(NORMAL + 1)
NEVER = -1


def run(program: Program, *, log: LogWindow | None = None, patience: Counts | None = None) -> Trace:
    """Run a program, event by event.

    The token of a firing arrives ``latency`` after its start, but never before the token of the firing before: where a
    latency table shortens, the later token queues behind the earlier.

    Parameters
    ----------
    program : Program
    log : LogWindow or None
        Firings to write down.
    patience : int64, shape (resources,), optional
        Picoseconds for which a free server waits before it rests; the trace then has ``rests``.

    Raises
    ------
    ProgramError
        From the verifier.
    Deadlock
        When nothing can happen and firings are left.
    """
    verify(program)
    return _Run(program, log, patience).trace()


run_reference = run


class _Curve:
    """One row of the curves, in plain integers."""

    __slots__ = ("advance", "length", "values")

    def __init__(self, series: Series, row: int) -> None:
        self.values = _period(series, row)
        self.length = len(self.values)
        self.advance = int(series.advance[row])

    def __getitem__(self, firing: int) -> int:
        period, offset = divmod(firing, self.length)
        return max(0, self.values[offset] + period * self.advance)


def _period(series: Series, row: int) -> list[int]:
    first = int(series.start[row])
    values: list[int] = series.values[first : first + int(series.length[row])].tolist()
    return values


@dataclass(slots=True, eq=False)
class _Resource:
    servers: int
    patience: int
    # When each free server was left; a heap. Where there are servers enough, each actor keeps one instead.
    free: list[int]
    shared: bool
    queue: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Actor:
    id: int
    firings: int
    resource: _Resource
    # One period each.
    intervals: list[int]
    latencies: list[int]
    inputs: list[_Channel] = field(default_factory=list)
    outputs: list[_Channel] = field(default_factory=list)
    idle: bool = True
    fired: int = 0
    arrived: int = 0
    # When the next firing had its inputs, and when it had room too.
    fed: int = NEVER
    ready: int = NEVER
    last_arrival: int = 0
    first_start: int = 0
    last_end: int = 0
    busy: int = 0
    starved: int = 0
    blocked: int = 0
    contended: int = 0
    rested: int = 0
    rests: int = 0


@dataclass(slots=True, eq=False)
class _Channel:
    source: _Actor
    target: _Actor
    capacity: int
    initial: int
    need: _Curve
    release: _Curve
    freed: int = 0
    # Tokens that the consumer's next firing needs.
    wanted: int = 0


class _Grants(simpy.Event):
    """The second half of an instant."""

    def __init__(self, env: simpy.Environment, callback: Callable[[simpy.Event], None]) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        self.callbacks = [callback]
        env.schedule(self, GRANTS)


class _Run:
    def __init__(self, program: Program, log: LogWindow | None, patience: Counts | None) -> None:
        self.program, self.log, self.patience = program, log, patience
        self.env = simpy.Environment(initial_time=0)
        self.now = 0
        self.due: list[_Resource] = []
        self.rows: list[tuple[int, int, int]] = []
        self.actors = _actors(program, patience)
        self.channels = _channels(program, self.actors)
        samples = program.samples
        self.sources, self.sinks = set(samples.sources.tolist()), set(samples.sinks.tolist())
        self.sample_in = [2**62] * samples.count
        self.sample_first = [2**62] * samples.count
        self.sample_out = [0] * samples.count

    def trace(self) -> Trace:
        for actor in self.actors:
            self.consider(actor)
        self.env.run()
        if any(actor.fired < actor.firings for actor in self.actors):
            raise self.deadlock()
        return self.finished()

    def consider(self, actor: _Actor) -> None:
        """Queue an actor for its resource if its next firing is ready now."""
        if not actor.idle or actor.ready != NEVER or actor.fired == actor.firings:
            return
        if actor.fed == NEVER:
            for channel in actor.inputs:
                if max(channel.initial + channel.source.arrived, 0) < channel.wanted:
                    return
            actor.fed = self.now
        for channel in actor.outputs:
            if channel.initial + actor.fired + 1 - channel.freed > channel.capacity:
                return
        actor.ready = self.now
        heappush(actor.resource.queue, (self.now, actor.id))
        self.grant_soon(actor.resource)

    def grant_soon(self, resource: _Resource) -> None:
        if not (resource.servers and resource.queue):
            return
        if not self.due:
            _Grants(self.env, self.grant)
        self.due.append(resource)

    def grant(self, _: simpy.Event) -> None:
        """Every free server takes the actor that has been ready longest, the lower id on a tie."""
        for resource in self.due:
            while resource.servers and resource.queue:
                resource.servers -= 1
                self.start(self.actors[heappop(resource.queue)[1]])
        self.due.clear()

    def start(self, actor: _Actor) -> None:
        now, firing = self.now, actor.fired
        interval = actor.intervals[firing % len(actor.intervals)]
        arrival = max(actor.last_arrival, now + actor.latencies[firing % len(actor.latencies)])
        self.rest(actor)
        self.account(actor, interval, arrival)
        actor.idle, actor.fed, actor.ready = False, NEVER, NEVER
        actor.fired, actor.last_arrival = firing + 1, arrival
        end = self.env.timeout(interval, actor)
        if now + interval == arrival:
            end.callbacks += [self.arrive, self.end]
        else:
            end.callbacks.append(self.end)
            self.env.timeout(arrival - now, actor).callbacks.append(self.arrive)

    def rest(self, actor: _Actor) -> None:
        """Count how long the server that starts now has rested."""
        resource = actor.resource
        rested = self.now - (heappop(resource.free) if resource.shared else actor.last_end) - resource.patience
        if rested > 0:
            actor.rested += rested
            actor.rests += 1

    def subject(self, event: simpy.Event) -> _Actor:
        """Whose event it is; the clock moves on to it."""
        self.now = int(self.env.now)
        return cast(_Actor, event.value)

    def arrive(self, event: simpy.Event) -> None:
        actor = self.subject(event)
        actor.arrived += 1
        for channel in actor.outputs:
            self.consider(channel.target)

    def end(self, event: simpy.Event) -> None:
        actor = self.subject(event)
        actor.resource.servers += 1
        if actor.resource.shared:
            heappush(actor.resource.free, self.now)
        self.grant_soon(actor.resource)
        for channel in actor.inputs:
            channel.freed = channel.release[actor.fired - 1]
            channel.wanted = channel.need[actor.fired]
            self.consider(channel.source)
        # Only now, lest a channel to itself starts it before all its inputs are counted.
        actor.idle = True
        self.consider(actor)

    def account(self, actor: _Actor, interval: int, arrival: int) -> None:
        now, firing = self.now, actor.fired
        if not firing:
            actor.first_start = now
        actor.starved += actor.fed - actor.last_end
        actor.blocked += actor.ready - actor.fed
        actor.contended += now - actor.ready
        actor.busy += interval
        actor.last_end = now + interval
        if self.log and self.log.start_ps <= now < self.log.stop_ps:
            self.rows.append((actor.id, firing, now))
        if actor.id in self.sources or actor.id in self.sinks:
            self.mark_sample(actor, arrival)

    def mark_sample(self, actor: _Actor, arrival: int) -> None:
        samples = self.program.samples
        tokens = actor.firings // samples.count
        group, firing = divmod(actor.fired, tokens * samples.group)
        token, member = divmod(firing, samples.group)
        sample = group * samples.group + member
        if actor.id in self.sources and token == 0:
            self.sample_in[sample] = min(self.sample_in[sample], self.now)
        if actor.id in self.sinks and token == 0:
            self.sample_first[sample] = min(self.sample_first[sample], arrival)
        if actor.id in self.sinks and token == tokens - 1:
            self.sample_out[sample] = max(self.sample_out[sample], arrival)

    def deadlock(self) -> Exception:
        fired = np.array([actor.fired for actor in self.actors], np.int64)
        freed = np.array([channel.freed for channel in self.channels], np.int64)
        return diagnose(self.program, fired=fired, freed=freed, time_ps=self.now)

    def finished(self) -> Trace:
        rows = np.array(self.rows, np.int64).reshape(-1, 3).T
        log = sorted_log(rows[0], rows[1], rows[2], self.log.limit) if self.log else None

        def column(name: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
            return np.array([getattr(actor, name) for actor in self.actors], np.int64)

        return Trace(
            program=self.program,
            makespan=self.now,
            firings=column("fired"),
            busy=column("busy"),
            starved=column("starved"),
            blocked=column("blocked"),
            contended=column("contended"),
            first_start=column("first_start"),
            last_end=column("last_end"),
            sample_in=np.array(self.sample_in, np.int64),
            sample_first=np.array(self.sample_first, np.int64),
            sample_out=np.array(self.sample_out, np.int64),
            log=log,
            rests=None if self.patience is None else self.rests(column("rested"), column("rests")),
        )

    def rests(self, rested: Counts, times: Counts) -> Rests:
        """With the servers' last firings, those of a resource side by side."""
        left: list[int] = []
        for resource in self.resources():
            ends = resource.free if resource.shared else [a.last_end for a in self.actors if a.resource is resource]
            left += ends + [0] * (resource.servers - len(ends))
        return Rests(rested, times, np.array(left, np.int64))

    def resources(self) -> list[_Resource]:
        """All of them in order; one without actors has nothing but its servers."""
        known = {
            number: a.resource for number, a in zip(self.program.actors.resource.tolist(), self.actors, strict=True)
        }
        servers = self.program.resources.servers.tolist()
        return [known.get(number, _Resource(count, 0, [], False)) for number, count in enumerate(servers)]


def _rows(*columns: NDArray[np.integer]) -> Iterator[tuple[int, ...]]:
    return zip(*(column.tolist() for column in columns), strict=True)


def _actors(program: Program, patience: Counts | None) -> list[_Actor]:
    table = program.actors
    resources = _resources(program, patience)
    tables = [_period(program.durations, row) for row in range(len(program.durations))]
    columns = (table.firings, table.resource, table.interval, table.interval_table, table.latency, table.latency_table)
    return [
        _Actor(
            id=number,
            firings=firings,
            resource=resources[resource],
            intervals=tables[interval_table] if interval_table >= 0 else [interval],
            latencies=tables[latency_table] if latency_table >= 0 else [latency],
        )
        for number, (firings, resource, interval, interval_table, latency, latency_table) in enumerate(_rows(*columns))
    ]


def _resources(program: Program, patience: Counts | None) -> list[_Resource]:
    servers = program.resources.servers.tolist()
    users = np.bincount(program.actors.resource, minlength=len(servers)).tolist()
    waits = [2**62] * len(servers) if patience is None else patience.tolist()
    return [
        _Resource(count, wait, [0] * count, number > count)
        for count, wait, number in zip(servers, waits, users, strict=True)
    ]


def _channels(program: Program, actors: list[_Actor]) -> list[_Channel]:
    table = program.channels
    curves = [_Curve(program.curves, row) for row in range(len(program.curves))]
    columns = (table.source, table.target, table.capacity, table.initial, table.need, table.release)
    channels = [
        _Channel(actors[source], actors[target], capacity, initial, curves[need], curves[release])
        for source, target, capacity, initial, need, release in _rows(*columns)
    ]
    for channel in channels:
        channel.source.outputs.append(channel)
        channel.target.inputs.append(channel)
        channel.wanted = channel.need[0]
    return channels
