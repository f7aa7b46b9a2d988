"""Tables under construction: chunks of actors, channels and actions that become one Program at the end."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archsim.program import Actions, Actors, Channels, Kind, Labels, Program, Resources, Role, Samples, Series

Ids = NDArray[np.int64]
Column = NDArray[np.int64] | int
NO_TABLE = -1
_NODE_BITS = 26


@dataclass(frozen=True, slots=True)
class Place:
    """A resource, before it has an id; each field an int or one entry per actor.

    Parameters
    ----------
    kind : Kind
    label : str
    node : int64
        Global node (for a link: where it starts, counted over all chips).
    index : int64
        Which of the node's (for a link: where it ends).
    servers : int
    """

    kind: Kind
    label: str
    node: Column
    index: Column = 0
    servers: int = 1


@dataclass(frozen=True, slots=True)
class Timing:
    """Interval and latency of new actors, and the rows of ``Program.durations`` where they vary by firing."""

    interval: Column
    latency: Column
    interval_table: Column = NO_TABLE
    latency_table: Column = NO_TABLE


@dataclass(frozen=True, slots=True)
class ActorRows:
    """New actors; scalars stand for a whole column."""

    layer: Column
    role: Role
    place: Place
    firings: Column
    timing: Timing
    replica: Column = 0
    row: Column = 0
    column: Column = 0


@dataclass(frozen=True, slots=True)
class Copied:
    """Columns of actors that others are modelled on."""

    layer: Ids
    replica: Ids
    column: Ids
    firings: Ids


@dataclass
class SeriesBook:
    """Periodic sequences, each kept once."""

    rows: dict[tuple[bytes, int], int] = field(default_factory=dict)
    values: list[Ids] = field(default_factory=list)
    advance: list[int] = field(default_factory=list)

    def add(self, values: Ids, advance: int) -> int:
        """Row of a sequence given by one period and its advance; straight lines are kept as one entry."""
        values, advance = _shortest(values, advance)
        key = (values.tobytes(), advance)
        if key not in self.rows:
            self.rows[key] = len(self.values)
            self.values.append(values)
            self.advance.append(advance)
        return self.rows[key]

    def one_by_one(self) -> int:
        """Row of the curve by which firing n takes token n."""
        return self.add(np.array([1], np.int64), 1)

    def finish(self) -> Series:
        """All rows as arrays."""
        length = np.array([len(values) for values in self.values], np.int64)
        return Series(
            start=np.cumsum(length) - length,
            length=length,
            advance=np.array(self.advance, np.int64),
            values=np.concatenate(self.values) if self.values else np.zeros(0, np.int64),
        )


def _shortest(values: Ids, advance: int) -> tuple[Ids, int]:
    steps = np.diff(values, append=values[0] + advance)
    return (values[:1], int(steps[0])) if (steps == steps[0]).all() else (values, advance)


@dataclass
class Draft:
    """A Program under construction.

    Parameters
    ----------
    nodes : int
        Nodes per chip, to tell chip and node apart in a global node.
    """

    nodes: int
    curves: SeriesBook = field(default_factory=SeriesBook)
    durations: SeriesBook = field(default_factory=SeriesBook)
    _actors: list[tuple[Ids, ...]] = field(default_factory=list)
    _channels: list[tuple[Ids, ...]] = field(default_factory=list)
    _actions: list[tuple[Ids, Ids, NDArray[np.float64]]] = field(default_factory=list)
    _action_names: dict[str, int] = field(default_factory=dict)
    _labels: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    def actors(self, rows: ActorRows, count: int) -> Ids:
        """Append actors; returns their ids, shape ``(count,)``."""
        place = rows.place
        label = self._labels.setdefault(place.label, len(self._labels))
        key = (
            (np.int64(int(place.kind) * 64 + label) << np.int64(2 * _NODE_BITS))
            + (np.asarray(place.node, np.int64) << np.int64(_NODE_BITS))
            + np.asarray(place.index, np.int64)
        )
        columns = (
            rows.layer, int(rows.role), rows.replica, rows.row, rows.column, key, place.servers, rows.firings,
            rows.timing.interval, rows.timing.latency, rows.timing.interval_table, rows.timing.latency_table,
        )  # fmt: skip
        self._actors.append(tuple(np.broadcast_to(np.asarray(column, np.int64), count) for column in columns))
        self._count += count
        return np.arange(self._count - count, self._count, dtype=np.int64)

    def timing(self, interval: Ids, extra: int) -> Timing:
        """Timing of one actor whose firings take the given intervals, its latency being longer by ``extra``."""
        first = int(interval[0])
        if (interval == first).all():
            return Timing(first, first + extra)
        tables = self.durations.add(interval, 0), self.durations.add(interval + extra, 0)
        return Timing(first, first + extra, *tables)

    def actor_columns(self, ids: Ids) -> Copied:
        """What link actors take over from the actors whose tokens they carry."""
        if len(self._actors) > 1:
            self._actors = [tuple(_stacked(self._actors, 12))]
        columns = self._actors[0]
        return Copied(columns[0][ids], columns[2][ids], columns[4][ids], columns[7][ids])

    def channels(
        self,
        source: Ids,
        target: Ids,
        *,
        need: Column,
        release: Column,
        capacity: Column,
        token_bits: Column,
        initial: Column = 0,
    ) -> None:
        """Append channels."""
        columns = (source, target, capacity, initial, need, release, token_bits)
        self._channels.append(tuple(np.broadcast_to(np.asarray(c, np.int64), len(source)) for c in columns))

    def act(self, actors: Ids, action: str, count: ArrayLike) -> None:
        """Say what each firing of some actors does: ``component.action``, so often."""
        name = self._action_names.setdefault(action, len(self._action_names))
        counts = np.broadcast_to(np.asarray(count, np.float64), len(actors))
        self._actions.append((actors, np.full(len(actors), name, np.int64), counts))

    def finish(self, layers: tuple[str, ...], samples: Samples) -> Program:
        """The Program."""
        (layer, role, replica, row, column, key, servers, firings, interval, latency, interval_table, latency_table) = (
            _stacked(self._actors, 12)
        )
        resources, resource = self._resources(key, servers)
        actors = Actors(
            layer=layer.astype(np.int32),
            role=role.astype(np.int8),
            replica=replica.astype(np.int32),
            row=row.astype(np.int32),
            column=column.astype(np.int32),
            resource=resource.astype(np.int32),
            firings=firings,
            interval=interval,
            latency=latency,
            interval_table=interval_table.astype(np.int32),
            latency_table=latency_table.astype(np.int32),
        )
        labels = Labels(layers, tuple(self._action_names), tuple(self._labels))
        return Program(
            actors=actors,
            channels=self._finished_channels(),
            resources=resources,
            curves=self.curves.finish(),
            durations=self.durations.finish(),
            actions=self._finished_actions(),
            samples=samples,
            labels=labels,
        )

    def _finished_channels(self) -> Channels:
        source, target, capacity, initial, need, release, token_bits = _stacked(self._channels, 7)
        return Channels(
            source=source.astype(np.int32),
            target=target.astype(np.int32),
            capacity=capacity,
            initial=initial,
            need=need.astype(np.int32),
            release=release.astype(np.int32),
            token_bits=token_bits,
        )

    def _finished_actions(self) -> Actions:
        if not self._actions:
            return Actions(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))
        actor, action, count = (np.concatenate(column) for column in zip(*self._actions, strict=True))
        return Actions(actor.astype(np.int32), action.astype(np.int32), count)

    def _resources(self, key: Ids, servers: Ids) -> tuple[Resources, Ids]:
        unique, first, resource = np.unique(key, return_index=True, return_inverse=True)
        mask = np.int64((1 << _NODE_BITS) - 1)
        kind, label = np.divmod(unique >> np.int64(2 * _NODE_BITS), 64)
        node, index = (unique >> np.int64(_NODE_BITS)) & mask, unique & mask
        chip, local = np.divmod(node, self.nodes)
        # A link's two ends are counted over all chips alike; a chip link's other end is a chip.
        ends = kind == Kind.LINK
        table = Resources(
            kind=kind.astype(np.int8),
            label=label.astype(np.int32),
            chip=chip.astype(np.int32),
            node=local.astype(np.int32),
            index=np.where(ends, index % self.nodes, index).astype(np.int32),
            servers=servers[first].astype(np.int32),
        )
        return table, resource


def _stacked(chunks: list[tuple[Ids, ...]], columns: int) -> list[Ids]:
    if not chunks:
        return [np.zeros(0, np.int64) for _ in range(columns)]
    return [np.concatenate(column) for column in zip(*chunks, strict=True)]
