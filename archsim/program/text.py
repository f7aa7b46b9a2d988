"""A Program as text: one line per resource, actor and channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from archsim.program.names import actor_name, resource_name
from archsim.program.tables import Kind, Program, Role, Series

# Values of a period that are written out.
SHOWN = 4


def to_text(program: Program, *, limit: int | None = None) -> str:
    """The listing of ``text_lines``, joined.

    Parameters
    ----------
    limit : int or None
        Most rows to list of each table; all of them for None.
    """
    return "\n".join(text_lines(program, limit=limit))


def text_lines(program: Program, *, limit: int | None = None) -> Iterator[str]:
    """Lines of a readable listing, made one by one, so that a large program can be written to a file.

    Parameters
    ----------
    limit : int or None
        Most rows to list of each table; all of them for None.
    """
    actors, channels, resources = len(program.actors), len(program.channels), len(program.resources)
    return chain(
        [_headline(program)],
        _section(f"resources ({resources})", resources, limit, lambda row: _resource_line(program, row)),
        _section(f"actors ({actors})", actors, limit, lambda row: _actor_line(program, row)),
        _section(f"channels ({channels})", channels, limit, lambda row: _channel_line(program, row)),
    )


def curve_text(series: Series, row: int) -> str:
    """Short form of a row: ``n+1``, ``2n+3``, ``4``, or ``[3,5,5,6,..]+12/9``, a period of 9 that advances by 12."""
    start, length, advance = int(series.start[row]), int(series.length[row]), int(series.advance[row])
    values = [int(value) for value in series.values[start : start + min(length, SHOWN)]]
    if length == 1:
        return _line_text(advance, values[0])
    more = ",.." if length > SHOWN else ""
    repeat = f"+{advance}/{length}" if advance else f"/{length}"
    return f"[{','.join(map(str, values))}{more}]{repeat}"


def _line_text(slope: int, offset: int) -> str:
    if not slope:
        return str(offset)
    factor = "" if slope == 1 else str(slope)
    return f"{factor}n{offset:+d}" if offset else f"{factor}n"


def _headline(program: Program) -> str:
    samples = program.samples
    groups = f" in groups of {samples.group}" if samples.group > 1 else ""
    ends = f"sources {_ids('a', samples.sources.tolist())}, sinks {_ids('a', samples.sinks.tolist())}"
    return f"program: {samples.count} samples{groups}, {ends}"


def _ids(letter: str, ids: list[int]) -> str:
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return " ".join(f"{letter}{number}" for number in ids[:SHOWN]) + more


def _section(title: str, rows: int, limit: int | None, line: Callable[[int], str]) -> Iterator[str]:
    yield title
    shown = rows if limit is None else min(rows, limit)
    for row in range(shown):
        yield f"  {line(row)}"
    if shown < rows:
        yield f"  ... {rows - shown} more"


def _resource_line(program: Program, row: int) -> str:
    kind = Kind(int(program.resources.kind[row])).name.lower()
    return f"r{row} {resource_name(program, row)}: {kind}, servers {program.resources.servers[row]}"


def _actor_line(program: Program, row: int) -> str:
    actors = program.actors
    role = Role(int(actors.role[row])).name.lower()
    interval = _duration_text(program, int(actors.interval[row]), int(actors.interval_table[row]))
    latency = _duration_text(program, int(actors.latency[row]), int(actors.latency_table[row]))
    return (
        f"a{row} {actor_name(program, row)}: {role} on r{actors.resource[row]}, "
        f"{actors.firings[row]} firings, interval {interval}, latency {latency}"
    )


def _duration_text(program: Program, constant: int, table: int) -> str:
    return f"{constant} ps" if table < 0 else f"{curve_text(program.durations, table)} ps"


def _channel_line(program: Program, row: int) -> str:
    channels = program.channels
    return (
        f"c{row} a{channels.source[row]} -> a{channels.target[row]}: capacity {channels.capacity[row]}, "
        f"initial {channels.initial[row]}, need {curve_text(program.curves, int(channels.need[row]))}, "
        f"release {curve_text(program.curves, int(channels.release[row]))}, {channels.token_bits[row]} bits"
    )
