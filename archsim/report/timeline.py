"""A log as a timeline that opens in Perfetto and chrome://tracing: the Trace Event Format, as JSON.

A process is a chip, a thread a resource at its node, or one of its servers. A slice is a firing, with its layer, sample
and token. Where a resource serves one actor only, the time between its firings is told by what that actor waited for.
Arrows lead from the firing that made a token to the one that could start with it; counters show power and what the
buffers before each layer hold.
"""

from __future__ import annotations

import json
import zlib
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
from archsim.report.files import publish_parts
from archsim.report.json_lines import Picked, lines, microseconds, whole_numbers

Numbers = NDArray[np.int64]

PS_PER_US = 1e6
BINS = 400
"""Values of each counter."""
MOST_FIRINGS = 1_000_000
"""Firings of a timeline whose window nobody has given."""
_COLOURS = {"starved": "grey", "blocked": "bad", "contended": "terrible"}
"""Names of the format's colours."""
_HOST = "host"
_GZIP = 31
"""zlib's number for gzip's header and trailer."""


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
    parts = chain((b'{"displayTimeUnit":"ns","traceEvents":[\n',), _events(trace, bill), (b"\n]}\n",))
    return publish_parts(path, _compressed(parts) if path.suffix == ".gz" else parts)


def _compressed(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same file for the same parts: its header holds no time."""
    packer = zlib.compressobj(1, wbits=_GZIP)
    yield from map(packer.compress, parts)
    yield packer.flush()


def _events(trace: Trace, bill: Bill) -> Iterator[bytes]:
    """Lines of events: names and counters, and after them, each behind a comma, what there are millions of."""
    assert trace.log is not None
    tracks = _Tracks(trace)
    yield ",\n".join(chain(tracks.names(), _counters(trace, bill))).encode("utf-8")
    yield from _slices(trace, tracks)
    yield from _stalls(trace, tracks)


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
        self.processes = np.array([self.process(resource) for resource in range(len(servers))], np.int64)

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


def _slices(trace: Trace, tracks: _Tracks) -> Iterator[bytes]:
    log, program = trace.log, trace.program
    assert log is not None
    known, actor = np.unique(log.actor, return_inverse=True)
    head = Picked([_head(program, tracks, one) for one in known.tolist()])
    length = held(program, log.actor, log.firing)
    sample, token = sample_and_token(program, log.actor, log.firing)
    return lines(
        len(log.start),
        lambda rows: (
            head(actor[rows]),
            whole_numbers(tracks.thread[rows]),
            ',"ts":',
            microseconds(log.start[rows]),
            ',"dur":',
            microseconds(length[rows]),
            ',"args":{"sample":',
            whole_numbers(sample[rows]),
            ',"token":',
            whole_numbers(token[rows]),
            "}}",
        ),
    )


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


def _stalls(trace: Trace, tracks: _Tracks) -> Iterator[bytes]:
    """Waits in the tracks of resources that serve one actor, and arrows between all."""
    found = waits(trace)
    alone = np.bincount(trace.program.actors.resource, minlength=len(trace.program.resources)) == 1
    for kind, start, end in (
        ("starved", found.free, found.fed),
        ("blocked", found.fed, found.room),
        ("contended", found.room, found.start),
    ):
        rows = np.flatnonzero((end > start) & alone[tracks.resource])
        yield from _waits(tracks, kind, rows, start[rows], end[rows])
    yield from _arrows(trace, tracks, found)


def _waits(tracks: _Tracks, kind: str, firings: Numbers, start: Numbers, end: Numbers) -> Iterator[bytes]:
    process, thread = tracks.processes[tracks.resource[firings]], tracks.thread[firings]
    head = f'{{"ph":"X","name":"{kind}","cat":"stall","cname":"{_COLOURS[kind]}","pid":'
    return lines(
        len(firings),
        lambda rows: (
            head,
            whole_numbers(process[rows]),
            ',"tid":',
            whole_numbers(thread[rows]),
            ',"ts":',
            microseconds(start[rows]),
            ',"dur":',
            microseconds(end[rows] - start[rows]),
            "}",
        ),
    )


def _arrows(trace: Trace, tracks: _Tracks, found: Waits) -> Iterator[bytes]:
    """From the firing that made the last token that a firing needed, to that firing."""
    readers = np.flatnonzero(found.maker >= 0)
    makers, numbers = found.maker[readers], np.arange(len(readers))
    for phase, firings in (('"s"', makers), ('"f","bp":"e"', readers)):
        yield from _ends(trace, tracks, phase, numbers, firings)


def _ends(trace: Trace, tracks: _Tracks, phase: str, numbers: Numbers, firings: Numbers) -> Iterator[bytes]:
    log = trace.log
    assert log is not None
    process, thread, start = (
        tracks.processes[tracks.resource[firings]], tracks.thread[firings], log.start[firings],
    )  # fmt: skip
    return lines(
        len(firings),
        lambda rows: (
            f'{{"ph":{phase},"id":',
            whole_numbers(numbers[rows]),
            ',"name":"token","cat":"flow","pid":',
            whole_numbers(process[rows]),
            ',"tid":',
            whole_numbers(thread[rows]),
            ',"ts":',
            microseconds(start[rows]),
            "}",
        ),
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
