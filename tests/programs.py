"""Small Programs for tests, made from Python integers and lists."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from archsim.program import Actions, Actors, Channels, Kind, Labels, Program, Resources, Role, Samples, Series

# A curve is (values of one period, advance); n+1 takes and frees one token per firing.
Curve = tuple[tuple[int, ...], int]
EACH: Curve = ((1,), 1)
Duration = int | list[int]


@dataclass
class Sketch:
    """A Program in the making; every method returns the id of its row."""

    servers: list[int] = field(default_factory=list)
    actors: list[tuple[int, int, Duration, Duration]] = field(default_factory=list)
    channels: list[tuple[int, int, int, int, Curve, Curve]] = field(default_factory=list)

    def resource(self, servers: int = 1) -> int:
        self.servers.append(servers)
        return len(self.servers) - 1

    def actor(
        self, firings: int, interval: Duration, *, latency: Duration | None = None, resource: int | None = None
    ) -> int:
        """An actor, by default on a resource of its own and with its interval as latency."""
        resource = self.resource() if resource is None else resource
        self.actors.append((resource, firings, interval, interval if latency is None else latency))
        return len(self.actors) - 1

    def channel(
        self, source: int, target: int, capacity: int, *, initial: int = 0, need: Curve = EACH, release: Curve = EACH
    ) -> int:
        self.channels.append((source, target, capacity, initial, need, release))
        return len(self.channels) - 1

    def program(
        self, *, samples: int = 1, group: int = 1, sources: list[int] | None = None, sinks: list[int] | None = None
    ) -> Program:
        """The Program; by default its first actor is the source and its last one the sink."""
        durations: dict[Curve, int] = {}
        curves: dict[Curve, int] = {}
        return Program(
            actors=self._actor_table(durations),
            channels=self._channel_table(curves),
            resources=_resource_table(self.servers),
            curves=series(list(curves)),
            durations=series(list(durations)),
            actions=Actions(ids([]), ids([]), np.zeros(0)),
            samples=Samples(samples, group, ids(sources or [0]), ids(sinks or [len(self.actors) - 1])),
            labels=Labels(("a",), (), ("unit",)),
        )

    def _actor_table(self, durations: dict[Curve, int]) -> Actors:
        def row(duration: Duration) -> int:
            return durations.setdefault((tuple(duration), 0), len(durations)) if isinstance(duration, list) else -1

        def constant(duration: Duration) -> int:
            return 0 if isinstance(duration, list) else duration

        size = len(self.actors)
        zeros, columns = ids([0] * size), list(zip(*self.actors, strict=True)) or [(), (), (), ()]
        return Actors(
            layer=zeros,
            role=np.full(size, Role.COMPUTE, np.int8),
            replica=ids(list(range(size))),
            row=zeros,
            column=zeros,
            resource=ids(columns[0]),
            firings=np.array(columns[1], np.int64),
            interval=np.array([constant(duration) for duration in columns[2]], np.int64),
            latency=np.array([constant(duration) for duration in columns[3]], np.int64),
            interval_table=ids([row(duration) for duration in columns[2]]),
            latency_table=ids([row(duration) for duration in columns[3]]),
        )

    def _channel_table(self, curves: dict[Curve, int]) -> Channels:
        columns = list(zip(*self.channels, strict=True)) or [()] * 6

        def rows(column: tuple[Curve, ...]) -> list[int]:
            return [curves.setdefault(curve, len(curves)) for curve in column]

        return Channels(
            source=ids(columns[0]),
            target=ids(columns[1]),
            capacity=np.array(columns[2], np.int64),
            initial=np.array(columns[3], np.int64),
            need=ids(rows(columns[4])),
            release=ids(rows(columns[5])),
            token_bits=np.full(len(self.channels), 8, np.int64),
        )


def ids(values: list[int] | tuple[int, ...]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


def series(rows: list[Curve]) -> Series:
    length = np.array([len(values) for values, _ in rows], np.int64)
    flat = [value for values, _ in rows for value in values]
    advance = [advance for _, advance in rows]
    return Series(np.cumsum(length) - length, length, np.array(advance, np.int64), np.array(flat, np.int64))


def _resource_table(servers: list[int]) -> Resources:
    size = len(servers)
    return Resources(
        kind=np.full(size, Kind.UNIT, np.int8),
        label=ids([0] * size),
        chip=ids([0] * size),
        node=ids(list(range(size))),
        index=ids([0] * size),
        servers=ids(servers),
    )
