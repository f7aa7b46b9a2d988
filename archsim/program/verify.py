"""The Program's verifier: every rule of the timing contract that can be checked before a run.

All checks are array expressions, so that a Program of a million actors is checked in about a second. The first row that
breaks a rule is named in the error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from archsim.errors import ProgramError
from archsim.program.extremes import series_at
from archsim.program.names import actor_name, channel_name
from archsim.program.tables import Actions, Actors, Channels, Counts, Kind, Program, Resources, Role, Series

TIME_LIMIT_PS = 2**62
Table = Actors | Channels | Resources | Series | Actions
Namer = Callable[[int], str]
IntColumn = NDArray[np.integer]
Flags = NDArray[np.bool_]


def verify(program: Program) -> None:
    """Refuse a program that breaks the timing contract or that could never finish.

    Parameters
    ----------
    program : Program

    Raises
    ------
    ProgramError
        Naming the first actor, channel, resource or row at fault.
    """
    _verify_columns("actors", program.actors, len(program.actors))
    assert program.well_formed
    _verify_durations(program)
    _verify_time_bound(program)


def verify_structure(program: Program) -> None:
    """As `verify`, of everything but how long firings take; `Program.well_formed` does it once."""
    _verify_shapes(program)
    _verify_series(program.curves, "curve")
    _verify_series(program.durations, "duration table")
    _verify_labels(program)
    _verify_actors(program)
    _verify_channels(program)
    if len(program.channels):
        _verify_curves(program)
    _verify_samples(program)
    _verify_actions(program)


def _refuse(bad: Flags, name: Namer, what: str, remedy: str) -> None:
    """Raise for the first row of ``bad`` that is set."""
    if bad.any():
        raise ProgramError(what, where=name(int(np.argmax(bad))), remedy=remedy)


def _outside(column: IntColumn, size: int, lowest: int = 0) -> Flags:
    return (column < lowest) | (column >= size)


def _plain(kind: str) -> Namer:
    return lambda row: f"{kind} {row}"


def _verify_shapes(program: Program) -> None:
    for name, table in (
        ("actors", program.actors),
        ("channels", program.channels),
        ("resources", program.resources),
        ("actions", program.actions),
    ):
        _verify_columns(name, table, len(table))
    for name, series in (("curves", program.curves), ("durations", program.durations)):
        _verify_columns(name, series, len(series))
    if not len(program.actors):
        raise ProgramError("the program has no actors", where="actors", remedy="Lower a network with a layer.")


def _verify_columns(name: str, table: Table, rows: int) -> None:
    for field in fields(table):
        column = getattr(table, field.name)
        where = f"{name}.{field.name}"
        free = isinstance(table, Series) and field.name == "values"
        if column.ndim != 1 or (len(column) != rows and not free):
            raise ProgramError(
                f"column of shape {column.shape} in a table of {rows} rows",
                where=where,
                remedy="Give every column one entry per row.",
            )
        allowed = "f" if isinstance(table, Actions) and field.name == "count" else "i"
        if column.dtype.kind != allowed:
            raise ProgramError(
                f"column of type {column.dtype}", where=where, remedy="Build the column with the type in its docstring."
            )


def _verify_series(series: Series, kind: str) -> None:
    name, remedy = _plain(kind), "Let start and length span entries that exist."
    _refuse(series.length < 1, name, "a row needs one entry or more", remedy)
    size = len(series.values)
    beyond = (series.start < 0) | (series.start > size) | (series.length > size - series.start)
    _refuse(beyond, name, f"the row leaves the {size} stored values", remedy)


def _verify_labels(program: Program) -> None:
    actors, resources, labels = program.actors, program.resources, program.labels
    remedy = "Use ids of rows that exist."
    _refuse(_outside(actors.layer, len(labels.layers)), _plain("actor"), "unknown layer label", remedy)
    _refuse(_outside(actors.role, len(Role)), _plain("actor"), "unknown role", remedy)
    _refuse(_outside(resources.kind, len(Kind)), _plain("resource"), "unknown kind", remedy)
    _refuse(_outside(resources.label, len(labels.resources)), _plain("resource"), "unknown resource label", remedy)
    _refuse(resources.servers < 1, _plain("resource"), "a resource needs a server", "Set servers to 1 or more.")


def _verify_actors(program: Program) -> None:
    actors = program.actors

    def name(row: int) -> str:
        return actor_name(program, row)

    unknown = _outside(actors.resource, len(program.resources))
    _refuse(unknown, name, "its resource does not exist", "Use a resource id.")
    _refuse(actors.firings < 0, name, "a negative number of firings", "Use 0 or more firings.")
    for table, what in ((actors.interval_table, "interval"), (actors.latency_table, "latency")):
        rows = len(program.durations)
        _refuse(_outside(table, rows, -1), name, f"its {what} table does not exist", "Use a row of durations, or -1.")


def _verify_durations(program: Program) -> None:
    actors, durations = program.actors, program.durations

    def actor(row: int) -> str:
        return actor_name(program, row)

    for column, table, what in (
        (actors.interval, actors.interval_table, "interval"),
        (actors.latency, actors.latency_table, "latency"),
    ):
        _refuse((table < 0) & (column < 1), actor, f"its {what} is below 1 ps", "Durations are 1 ps or longer.")
    used = np.unique(np.concatenate([program.actors.interval_table, program.actors.latency_table]))
    used = used[used >= 0]
    if not len(used):
        return
    low, _ = _row_bounds(durations)
    name = _plain("duration table")

    def used_name(row: int) -> str:
        return name(int(used[row]))

    _refuse(low[used] < 1, used_name, "a duration is below 1 ps", "Durations are 1 ps or longer.")
    _refuse(durations.advance[used] != 0, used_name, "a table of durations that advances", "Set its advance to 0.")


def _row_bounds(series: Series) -> tuple[Counts, Counts]:
    """Least and greatest stored value of each row; shapes ``(rows,)``."""
    # The dummy entry at the end lets a row end at the last value.
    padded = np.append(series.values, 0)
    cuts = np.stack([series.start, series.start + series.length], axis=1).ravel()
    return np.minimum.reduceat(padded, cuts)[::2], np.maximum.reduceat(padded, cuts)[::2]


def _verify_time_bound(program: Program) -> None:
    # Something is always in flight before the end, so that a run lasts no longer than all firings one after another.
    actors = program.actors
    interval = _longest(actors.interval, actors.interval_table, program)
    latency = _longest(actors.latency, actors.latency_table, program)
    total = actors.firings * np.maximum(interval, latency)
    if total.sum() > TIME_LIMIT_PS:
        raise ProgramError(
            f"its run could last {total.sum():.3g} ps, beyond the limit of 2^62 ps",
            where=actor_name(program, int(np.argmax(total))),
            remedy="Run fewer samples, or check the durations of this actor.",
        )


def _longest(constant: Counts, table: NDArray[np.int64], program: Program) -> NDArray[np.float64]:
    if not (table >= 0).any():
        return constant.astype(np.float64)
    _, high = _row_bounds(program.durations)
    return np.where(table >= 0, high[np.maximum(table, 0)], constant).astype(np.float64)


def _verify_channels(program: Program) -> None:
    channels, size = program.channels, len(program.actors)
    for column, what in ((channels.source, "source"), (channels.target, "target")):
        _refuse(_outside(column, size), _plain("channel"), f"its {what} does not exist", "Use an actor id.")

    def name(row: int) -> str:
        return channel_name(program, row)

    for column, what in ((channels.need, "need"), (channels.release, "release")):
        _refuse(_outside(column, len(program.curves)), name, f"its {what} curve does not exist", "Use a row of curves.")
    _refuse(channels.capacity < 1, name, "a capacity below one token", "Give the channel room for a token.")
    _refuse(channels.token_bits < 0, name, "tokens of negative size", "Use 0 or more bits.")
    full = channels.initial > channels.capacity
    _refuse(full, name, "more initial tokens than capacity", "Raise the capacity to the initial tokens.")


def _verify_curves(program: Program) -> None:
    channels, curves = program.channels, program.curves
    firings = program.actors.firings[channels.target]

    def name(row: int) -> str:
        return channel_name(program, row)

    _verify_token_range(program, firings)
    for rows, what in ((channels.need, "need"), (channels.release, "release")):
        falling = _falls(curves)[rows] | (_drops_at_wrap(curves)[rows] & (firings > curves.length[rows]))
        _refuse(falling, name, f"its {what} curve falls", "Let the curve never decrease, its next period included.")
    gap, _ = program.extremes
    short = np.flatnonzero(gap > channels.capacity)[:1]
    most = int(gap[short[0]]) if len(short) else 0
    what = f"a firing needs {most} tokens at once, beyond the capacity"
    _refuse(gap > channels.capacity, name, what, f"Raise the capacity to {most} tokens.")
    _verify_totals(program, firings)


def _verify_token_range(program: Program, firings: Counts) -> None:
    channels, curves = program.channels, program.curves

    def name(row: int) -> str:
        return channel_name(program, row)

    low, high = _row_bounds(curves)
    reach = np.maximum(np.abs(low.astype(np.float64)), np.abs(high.astype(np.float64)))
    for rows in (channels.need, channels.release):
        total = reach[rows] + firings / curves.length[rows] * np.abs(curves.advance[rows].astype(np.float64))
        _refuse(total > TIME_LIMIT_PS, name, "its curve counts beyond 2^62 tokens", "Check the curve's values.")
    tokens = channels.initial.astype(np.float64) + program.actors.firings[channels.source]
    _refuse(tokens > TIME_LIMIT_PS, name, "it carries more than 2^62 tokens", "Run fewer samples.")


def _falls(curves: Series) -> Flags:
    """Rows whose stored values decrease somewhere."""
    drops = np.concatenate([[0], np.cumsum(np.diff(curves.values) < 0)])
    return np.asarray(drops[curves.start + curves.length - 1] > drops[curves.start], np.bool_)


def _drops_at_wrap(curves: Series) -> Flags:
    last, first = curves.values[curves.start + curves.length - 1], curves.values[curves.start]
    return np.asarray(first + curves.advance < last, np.bool_)


def _verify_totals(program: Program, firings: Counts) -> None:
    """Everything needed is produced, and everything produced finds room."""
    channels = program.channels

    def name(row: int) -> str:
        return channel_name(program, row)

    last = np.maximum(firings - 1, 0)
    needed = np.where(firings > 0, series_at(program.curves, channels.need, last), 0)
    freed = np.where(firings > 0, series_at(program.curves, channels.release, last), 0)
    produced = channels.initial + program.actors.firings[channels.source]
    what = "its last firing needs more tokens than are ever produced"
    _refuse(needed > produced, name, what, "Add firings to the producer, or lower the need curve.")
    # A release may run ahead of the need: a token that nobody will touch is dropped as it comes, as are those before
    # the first one that is touched of the next samples.
    dropped = np.maximum(-channels.initial, 0)
    what = "it frees more tokens than are ever produced"
    _refuse(freed > produced + dropped, name, what, "Lower the release curve.")
    what = "the producer's last token never finds room, as too few are freed"
    remedy = "Raise the capacity, or let the consumer release all that it has used."
    _refuse(produced - channels.capacity > freed, name, what, remedy)


def _verify_samples(program: Program) -> None:
    samples = program.samples
    if samples.count < 1 or samples.group < 1 or samples.count % samples.group:
        raise ProgramError(
            f"{samples.count} samples in groups of {samples.group}",
            where="samples",
            remedy="Use one sample or more, in whole groups.",
        )
    for ids, what in ((samples.sources, "sources"), (samples.sinks, "sinks")):
        if ids.ndim != 1 or not len(ids) or _outside(ids, len(program.actors)).any():
            what = f"samples.{what}"
            raise ProgramError("no actor ids, or some that do not exist", where=what, remedy="Use actor ids.")
        firings = program.actors.firings[ids]
        bad = (firings < 1) | (firings % samples.count != 0)

        def name(row: int, ids: NDArray[np.int64] = ids) -> str:
            return actor_name(program, int(ids[row]))

        remedy = "Let every source and sink fire equally often in each sample."
        _refuse(bad, name, f"its firings do not divide into {samples.count} samples", remedy)


def _verify_actions(program: Program) -> None:
    actions, name = program.actions, _plain("action row")
    remedy = "Use ids of rows that exist."
    _refuse(_outside(actions.actor, len(program.actors)), name, "its actor does not exist", remedy)
    _refuse(_outside(actions.action, len(program.labels.actions)), name, "unknown action label", remedy)
    wrong = ~(np.isfinite(actions.count) & (actions.count >= 0))
    _refuse(wrong, name, "its count is negative or not a number", "Use a finite count of 0 or more.")
