"""A log as a timeline that opens in Perfetto and chrome://tracing: the Trace Event Format, as JSON.

A process is a chip, a thread a resource at its node, or one of its servers. A slice is a firing, with its layer, sample
and token. Where a resource serves one actor only, the time between its firings is told by what that actor waited for.
Arrows lead from the firing that made a token to the one that could start with it; counters show power and what the
buffers before each layer hold.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archsim.accounting.course import firing_power, held, occupancy
from archsim.accounting.waits import Waits, waits
from archsim.cost import Bill
from archsim.escaping import visible
from archsim.program import Kind, Program, Role, Trace, resource_name
from archsim.report.files import publish_bytes

Numbers = NDArray[np.int64]

PS_PER_US = 1e6
BINS = 400
"""Values of each counter."""
MOST_FIRINGS = 1_000_000
"""Firings of a timeline whose window nobody has given."""
_COLOURS = {"starved": "grey", "blocked": "bad", "contended": "terrible"}
"""Names of the format's colours."""
_HOST = "host"


def write_timeline(path: Path, trace: Trace, bill: Bill) -> Path:
    """Write a trace's log as a timeline; compressed where the file's name ends in ``.gz``.

    Parameters
    ----------
    path : Path
    trace : Trace
        With a log.
    bill : Bill
        Of the chip, for the counter of power.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    text = "".join(chain(['{"displayTimeUnit":"ns","traceEvents":[\n'], _joined(_events(trace, bill)), ["\n]}\n"]))
    data = text.encode("utf-8")
    return publish_bytes(path, gzip.compress(data, 1, mtime=0) if path.suffix == ".gz" else data)


def _joined(events: Iterable[str]) -> Iterator[str]:
    yield ",\n".join(events)


def _events(trace: Trace, bill: Bill) -> Iterator[str]:
    assert trace.log is not None
    tracks = _Tracks(trace)
    return chain(tracks.names(), _slices(trace, tracks), _stalls(trace, tracks), _counters(trace, bill))


class _Tracks:
    """Which thread each firing is drawn in: one per server of a resource."""

    def __init__(self, trace: Trace) -> None:
        log = trace.log
        assert log is not None
        self.program = trace.program
        self.resource = self.program.actors.resource[log.actor].astype(np.int64)
        servers = self.program.resources.servers.astype(np.int64)
        self.first = np.cumsum(servers) - servers
        end = log.start + held(self.program, log.actor, log.firing)
        self.thread = self.first[self.resource] + self._lanes(log.start, end, servers)
        self.used = np.unique(self.resource)

    def _lanes(self, start: Numbers, end: Numbers, servers: Numbers) -> Numbers:
        """Servers of pools, taken in turn as they become free."""
        lanes = np.zeros(len(start), np.int64)
        rows = np.flatnonzero(servers[self.resource] > 1)
        free: dict[int, list[int]] = {}
        for row, resource, begin, stop in zip(
            rows.tolist(), self.resource[rows].tolist(), start[rows].tolist(), end[rows].tolist(), strict=True
        ):
            ends = free.setdefault(resource, [0] * int(servers[resource]))
            lane = next(number for number, until in enumerate(ends) if until <= begin)
            ends[lane] = stop
            lanes[row] = lane
        return lanes

    def process(self, resource: int) -> int:
        """Number of a resource's process: its chip's, after the host's."""
        table = self.program.resources
        return 0 if Kind(int(table.kind[resource])) is Kind.HOST else int(table.chip[resource]) + 1

    def names(self) -> Iterator[str]:
        """What processes and threads are called, and their order: by node."""
        for process in sorted({self.process(resource) for resource in self.used.tolist()}):
            yield _meta("process_name", process, 0, {"name": f"chip {process - 1}" if process else _HOST})
            yield _meta("process_sort_index", process, 0, {"sort_index": process})
        table = self.program.resources
        for resource in self.used.tolist():
            process, name = self.process(resource), visible(resource_name(self.program, resource))
            for server in range(int(table.servers[resource])):
                thread = int(self.first[resource]) + server
                told = name if table.servers[resource] == 1 else f"{name} server {server}"
                yield _meta("thread_name", process, thread, {"name": told})
                order = int(table.node[resource]) * len(Kind) + int(table.kind[resource])
                yield _meta("thread_sort_index", process, thread, {"sort_index": order})


def _meta(name: str, process: int, thread: int, arguments: dict[str, str | int]) -> str:
    return json.dumps({"ph": "M", "name": name, "pid": process, "tid": thread, "args": arguments})


def _slices(trace: Trace, tracks: _Tracks) -> Iterator[str]:
    log, program = trace.log, trace.program
    assert log is not None
    heads = {actor: _head(program, tracks, actor) for actor in np.unique(log.actor).tolist()}
    length = held(program, log.actor, log.firing) / PS_PER_US
    sample, token = sample_and_token(program, log.actor, log.firing)
    columns = (log.actor, tracks.thread, log.start / PS_PER_US, length, sample, token)
    for actor, thread, start, span, group, step in zip(*(column.tolist() for column in columns), strict=True):
        yield (f'{heads[actor]}{thread},"ts":{start:.6f},"dur":{span:.6f},"args":{{"sample":{group},"token":{step}}}}}')


def _head(program: Program, tracks: _Tracks, actor: int) -> str:
    layer = visible(program.labels.layers[program.actors.layer[actor]])
    role = Role(int(program.actors.role[actor])).name.lower()
    process = tracks.process(int(program.actors.resource[actor]))
    return f'{{"ph":"X","name":{json.dumps(f"{layer} {role}")},"cat":"{role}","pid":{process},"tid":'


def sample_and_token(program: Program, actor: NDArray[np.int64], firing: Numbers) -> tuple[Numbers, Numbers]:
    """Sample of each firing, and the number of the firing among its actor's of that sample; both from 0.

    Firings of the samples of a group take turns.
    """
    samples = program.samples
    each = np.maximum(program.actors.firings[actor] // samples.count, 1)
    group, within = np.divmod(firing, each * samples.group)
    token, member = np.divmod(within, samples.group)
    return group * samples.group + member, token


def _stalls(trace: Trace, tracks: _Tracks) -> Iterator[str]:
    """Waits in the tracks of resources that serve one actor, and arrows between all."""
    found = waits(trace)
    alone = np.bincount(trace.program.actors.resource, minlength=len(trace.program.resources)) == 1
    for kind, start, end in (
        ("starved", found.free, found.fed),
        ("blocked", found.fed, found.room),
        ("contended", found.room, found.start),
    ):
        rows = np.flatnonzero((end > start) & alone[tracks.resource])
        heads = {
            resource: f'{{"ph":"X","name":"{kind}","cat":"stall","cname":"{_COLOURS[kind]}",'
            f'"pid":{tracks.process(resource)},"tid":'
            for resource in np.unique(tracks.resource[rows]).tolist()
        }
        columns = (tracks.resource[rows], tracks.thread[rows], start[rows] / PS_PER_US, (end - start)[rows] / PS_PER_US)
        for resource, thread, begin, span in zip(*(column.tolist() for column in columns), strict=True):
            yield f'{heads[resource]}{thread},"ts":{begin:.6f},"dur":{span:.6f}}}'
    yield from _arrows(trace, tracks, found)


def _arrows(trace: Trace, tracks: _Tracks, found: Waits) -> Iterator[str]:
    """From the firing that made the last token that a firing needed, to that firing."""
    log = trace.log
    assert log is not None
    rows = np.flatnonzero(found.maker >= 0)
    makers = found.maker[rows]
    processes = np.array([tracks.process(resource) for resource in range(len(trace.program.resources))])
    columns = (
        processes[tracks.resource[makers]], tracks.thread[makers], log.start[makers] / PS_PER_US,
        processes[tracks.resource[rows]], tracks.thread[rows], log.start[rows] / PS_PER_US,
    )  # fmt: skip
    parts = zip(*(column.tolist() for column in columns), strict=True)
    for number, (process, thread, start, other, to, end) in enumerate(parts):
        yield f'{{"ph":"s","id":{number},"name":"token","cat":"flow","pid":{process},"tid":{thread},"ts":{start:.6f}}}'
        yield (
            f'{{"ph":"f","bp":"e","id":{number},"name":"token","cat":"flow","pid":{other},"tid":{to},"ts":{end:.6f}}}'
        )


def _counters(trace: Trace, bill: Bill) -> Iterator[str]:
    log = trace.log
    assert log is not None
    if not len(log.start):
        return
    begin, end = int(log.start[0]), int((log.start + held(trace.program, log.actor, log.firing)).max())
    power = firing_power(trace, bill, begin, end, BINS)
    for chip, row in enumerate(power.values):
        yield from _counter("power", chip + 1, "W", power.edges_ps[:-1], row)
    full = occupancy(trace, begin, end, BINS)
    for layer, row in zip(full.course.layers, full.course.values, strict=True):
        yield from _counter(f"before {visible(layer)}", 1, "bytes", full.course.edges_ps[1:], row / 8)


def _counter(
    name: str, process: int, unit: str, when: NDArray[np.float64], values: NDArray[np.float64]
) -> Iterator[str]:
    """A value where it changes."""
    changed = np.flatnonzero(np.diff(values, prepend=np.nan) != 0)
    for time, value in zip((when[changed] / PS_PER_US).tolist(), values[changed].tolist(), strict=True):
        yield (
            f'{{"ph":"C","name":{json.dumps(name)},"pid":{process},"tid":0,"ts":{time:.6f},'
            f'"args":{{"{unit}":{value:.9g}}}}}'
        )
