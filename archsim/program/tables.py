"""The tables of a Program: actors, channels, resources, curves and actions, as numpy arrays.

A row is an id. No table holds a string: names are built from ids when somebody looks (see ``names``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Columns, Ids

Picoseconds = NDArray[np.int64]
Counts = NDArray[np.int64]


class Role(IntEnum):
    """What an actor does for its layer."""

    SOURCE = 0
    INTEGRATE = 1
    CONVERT = 2
    AFFINE = 3
    ACCUMULATE = 4
    COMPUTE = 5
    LINK = 6
    WRITE = 7
    READ = 8
    SINK = 9
    MULTIPLY = 10
    PROGRAM = 11
    """Writes a block of weights."""
    TURN = 12
    """Ends a turn: what works in the next one waits for it."""
    FETCH = 13
    """Reads a product's inputs over the ports of the tile's buffer."""
    ISSUE = 14
    """Starts a product."""
    UPDATE = 15
    """Adds outer products to weights."""
    TRANSFER = 16
    """Moves weights from some devices of their cells to others."""
    REFRESH = 17
    """Writes weights anew that stay the same."""


class Kind(IntEnum):
    """What a resource is."""

    HOST = 0
    ARRAY = 1
    """What multiplies by the weights that it holds: a place of a matrix unit."""
    ADC = 2
    AFFINE = 3
    UNIT = 4
    LINK = 5
    CHIP_LINK = 6
    MEMORY = 7
    CONTROL = 8
    """What decides who works next."""
    BUFFER = 9
    """The ports of a tile's buffer."""


@dataclass(frozen=True, slots=True)
class Actors(Columns):
    """Firing sequences; every column has shape ``(actors,)``.

    Parameters
    ----------
    layer : int64
        Index into the program's layer names.
    role : int8
        A ``Role``.
    replica, row, column : int64
        Which copy of the layer, row block and column block (for a link: the position on its route in ``row``).
    resource : int64
        What it holds while it fires.
    firings : int64
        How often it fires in the whole run.
    interval, latency : int64
        Picoseconds the resource is held, and from the start to the outputs' appearance.
    interval_table, latency_table : int64
        Row of ``Program.durations`` that replaces the constant, firing by firing; -1 for none.
    """

    layer: Ids
    role: NDArray[np.int8]
    replica: Ids
    row: Ids
    column: Ids
    resource: Ids
    firings: Counts
    interval: Picoseconds
    latency: Picoseconds
    interval_table: Ids
    latency_table: Ids


@dataclass(frozen=True, slots=True)
class Channels(Columns):
    """Token queues from one actor to one actor; every column has shape ``(channels,)``.

    Parameters
    ----------
    source, target : int64
        Actor ids.
    capacity, initial : int64
        Tokens of room (those in flight included) and tokens there at time 0. Below 0: so many of the first tokens are
        dropped as they come, and token 0 is the one behind them.
    need, release : int64
        Rows of ``Program.curves``.
    token_bits : int64
        Size of one token, for buffer sizes in bytes.
    """

    source: Ids
    target: Ids
    capacity: Counts
    initial: Counts
    need: Ids
    release: Ids
    token_bits: Counts


@dataclass(frozen=True, slots=True)
class Resources(Columns):
    """Things that serve firings; every column has shape ``(resources,)``.

    Parameters
    ----------
    kind : int8
        A ``Kind``.
    label : int64
        Index into the program's resource labels (which unit, which memory).
    chip, node, index : int64
        Where it is. A link leads from ``node`` to ``index``; anything else is number ``index`` at fabric node ``node``.
    servers : int64
        Firings served at once.
    """

    kind: NDArray[np.int8]
    label: Ids
    chip: Ids
    node: Ids
    index: Ids
    servers: Ids


@dataclass(frozen=True, slots=True)
class Series:
    """Periodic integer sequences, stored as one period each.

    Entry n of row c is ``values[start[c] + n % length[c]] + (n // length[c]) * advance[c]``. A curve of tokens is this
    clipped below at 0; a table of durations has advance 0.

    Parameters
    ----------
    start, length, advance : int64, shape (rows,)
    values : int64, shape (entries,)
    """

    start: Counts
    length: Counts
    advance: Counts
    values: Counts

    def __len__(self) -> int:
        return len(self.start)

    def at(self, row: int, firing: int) -> int:
        """Entry ``firing`` (from 0) of a row, clipped below at 0."""
        period, offset = divmod(firing, int(self.length[row]))
        return max(0, int(self.values[self.start[row] + offset]) + period * int(self.advance[row]))


@dataclass(frozen=True, slots=True)
class Actions(Columns):
    """What each firing does that costs energy; every column has shape ``(actions,)``.

    Parameters
    ----------
    actor : int64
        Who does it.
    action : int64
        Index into the program's action names (``component.action``).
    count : float64
        How often per firing, averaged over the firings of a sample.
    """

    actor: Ids
    action: Ids
    count: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Samples:
    """Where samples begin and end.

    Samples run in groups whose tokens interleave: token t of sample k of a group is firing ``t * group + k`` of the
    group's share.

    Parameters
    ----------
    count : int
        Samples in the run.
    group : int
        Samples that interleave; 1 for none.
    sources, sinks : int64
        Actors whose first firing of a sample starts it, and whose last firing's output completes it.
    """

    count: int
    group: int
    sources: Ids
    sinks: Ids


@dataclass(frozen=True, slots=True)
class Labels:
    """The names behind the ids."""

    layers: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]


@dataclass(frozen=True)
class Program:
    """A timed dataflow graph on shared resources: all that an engine reads."""

    actors: Actors
    channels: Channels
    resources: Resources
    curves: Series
    durations: Series
    actions: Actions
    samples: Samples
    labels: Labels

    @cached_property
    def extremes(self) -> tuple[Counts, Counts]:
        """Most tokens that each channel holds at once, and how far its releases run ahead; see `curve_extremes`."""
        from archsim.program.extremes import curve_extremes

        firings = self.actors.firings[self.channels.target]
        return curve_extremes(self.curves, self.channels.need, self.channels.release, firings)

    @cached_property
    def well_formed(self) -> bool:
        """That all but its times keeps the contract.

        Raises
        ------
        ProgramError
            If not.
        """
        from archsim.program.verify import verify_structure

        verify_structure(self)
        return True

    @cached_property
    def findings(self) -> dict[object, object]:
        """What others have worked out of its structure alone, by their own keys; not written with it."""
        return {}

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name != "findings"}

    def timed(self, interval: Picoseconds, latency: Picoseconds) -> Program:
        """The same with other times of its first actors; its structure is checked once for all of them."""
        actors, rest = self.actors, slice(len(interval), None)
        timed = replace(
            actors,
            interval=np.concatenate([interval, actors.interval[rest]]),
            latency=np.concatenate([latency, actors.latency[rest]]),
        )
        other = replace(self, actors=timed)
        vars(other).update({name: getattr(self, name) for name in _OF_THE_STRUCTURE})
        return other


_OF_THE_STRUCTURE = ("extremes", "well_formed", "findings")
