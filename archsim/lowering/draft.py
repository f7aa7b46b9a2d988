"""Tables under construction: chunks of actors, channels and actions that become one Program at the end."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archsim.columns import Columns, Ids, column_of
from archsim.lowering.passing import Selections
from archsim.lowering.series import SeriesBook
from archsim.program import Actions, Actors, Channels, Kind, Labels, Program, Resources, Role, Samples

Column = NDArray[np.int64] | int
NO_TABLE = -1
NONE = np.zeros(0, np.int64)


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
class Copied(Columns):
    """What actors take over from others that they are modelled on; columns of shape ``(actors,)``."""

    layer: Ids
    replica: Ids
    column: Ids
    firings: Ids


@dataclass(frozen=True, slots=True)
class _DraftActors(Columns):
    """Actors with the places that they hold in place of resource ids; columns of shape ``(actors,)``."""

    layer: Ids
    role: Ids
    replica: Ids
    row: Ids
    column: Ids
    kind: Ids
    label: Ids
    node: Ids
    index: Ids
    servers: Ids
    firings: Ids
    interval: Ids
    latency: Ids
    interval_table: Ids
    latency_table: Ids


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
    selections: Selections = field(init=False)
    _actors: list[_DraftActors] = field(default_factory=list)
    _channels: list[Channels] = field(default_factory=list)
    _actions: list[Actions] = field(default_factory=list)
    _action_names: dict[str, int] = field(default_factory=dict)
    _labels: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    def __post_init__(self) -> None:
        self.selections = Selections(self.curves)

    def actors(self, rows: ActorRows, count: int) -> Ids:
        """Append actors; returns their ids, shape ``(count,)``."""
        place, timing = rows.place, rows.timing
        table = _DraftActors.broadcast(
            count,
            layer=rows.layer,
            role=rows.role,
            replica=rows.replica,
            row=rows.row,
            column=rows.column,
            kind=place.kind,
            label=self._labels.setdefault(place.label, len(self._labels)),
            node=place.node,
            index=place.index,
            servers=place.servers,
            firings=rows.firings,
            interval=timing.interval,
            latency=timing.latency,
            interval_table=timing.interval_table,
            latency_table=timing.latency_table,
        )
        self._actors.append(table)
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
            self._actors = [_DraftActors.concatenate(self._actors)]
        table = self._actors[0]
        return Copied(table.layer[ids], table.replica[ids], table.column[ids], table.firings[ids])

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
        table = Channels.broadcast(
            len(source),
            source=source,
            target=target,
            capacity=capacity,
            initial=initial,
            need=need,
            release=release,
            token_bits=token_bits,
        )
        self._channels.append(table)

    def act(self, actors: Ids, action: str, count: ArrayLike) -> None:
        """Say what each firing of some actors does: ``component.action``, so often."""
        name = self._action_names.setdefault(action, len(self._action_names))
        counts = np.broadcast_to(np.asarray(count, np.float64), len(actors))
        self._actions.append(Actions(actors, np.full(len(actors), name, np.int64), counts))

    def finish(self, layers: tuple[str, ...], samples: Samples) -> Program:
        """The Program."""
        drafted = _DraftActors.concatenate(self._actors)
        resources, resource = self._resources(drafted)
        actors = Actors(
            layer=drafted.layer,
            role=drafted.role.astype(np.int8),
            replica=drafted.replica,
            row=drafted.row,
            column=drafted.column,
            resource=resource,
            firings=drafted.firings,
            interval=drafted.interval,
            latency=drafted.latency,
            interval_table=drafted.interval_table,
            latency_table=drafted.latency_table,
        )
        return Program(
            actors=actors,
            channels=Channels.concatenate(self._channels),
            resources=resources,
            curves=self.curves.finish(),
            durations=self.durations.finish(),
            actions=Actions.concatenate(self._actions) if self._actions else Actions(NONE, NONE, np.zeros(0)),
            samples=samples,
            labels=Labels(layers, tuple(self._action_names), tuple(self._labels)),
        )

    def _resources(self, actors: _DraftActors) -> tuple[Resources, Ids]:
        """Resources, each once, and the one that each actor holds."""
        place = (actors.kind, actors.label, actors.node, actors.index)
        sizes = tuple(int(column.max(initial=0)) + 1 for column in place)
        key = np.ravel_multi_index(place, sizes)
        _, first, resource = np.unique(key, return_index=True, return_inverse=True)
        kind, label, node, index = (column[first] for column in place)
        chip, local = np.divmod(node, self.nodes)
        # A link's two ends are counted over all chips alike; a chip link's other end is a chip.
        index = np.where(kind == Kind.LINK, index % self.nodes, index)
        table = Resources(kind.astype(np.int8), label, chip, local, index, actors.servers[first])
        return table, resource


@dataclass
class TimesAlone(Draft):
    """A Program of which nobody wants more than how long its actors take."""

    nodes: int = 0
    _intervals: list[NDArray[np.int64]] = field(default_factory=list)
    _latencies: list[NDArray[np.int64]] = field(default_factory=list)

    def actors(self, rows: ActorRows, count: int) -> Ids:
        """As `Draft.actors`."""
        self._intervals.append(column_of(rows.timing.interval, count))
        self._latencies.append(column_of(rows.timing.latency, count))
        self._count += count
        return np.arange(self._count - count, self._count, dtype=np.int64)

    def channels(self, source: Ids, target: Ids, **_: Column) -> None:
        """Nothing."""

    def act(self, actors: Ids, action: str, count: ArrayLike) -> None:
        """Nothing."""

    def times(self) -> tuple[Ids, Ids]:
        """Intervals and latencies of all actors, shape ``(actors,)`` each."""
        return np.concatenate([NONE, *self._intervals]), np.concatenate([NONE, *self._latencies])
