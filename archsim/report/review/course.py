"""One sample's life: which layer was busy when, what its latency is made of, how full the buffers were."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archsim.accounting import Passing, SamplePath
from archsim.accounting.course import Course, busy_course, occupancy, turn_ends, writing_course
from archsim.program import Trace
from archsim.report.document import (
    Over,
    Paragraph,
    Part,
    Raster,
    Remark,
    Span,
    Strip,
    Table,
    Tone,
    bars,
    names,
    numbers,
    spans,
    table,
)
from archsim.report.quantities import counted, engineering, percent
from archsim.units import PS_PER_S

if TYPE_CHECKING:
    import pandas as pd

    from archsim.studies import Followed

Reals = NDArray[np.float64]

MOST_ROWS = 160
"""Layers of a pipeline diagram; of more, those that work longest."""
MOST_TURNS = 100
"""Ends of turns that are marked; of more, none."""
PIECES = 240
"""Pieces of the critical path's strip."""
_NOT_FOLLOWED = Remark("Not shown: following one sample would keep too many firings.")
_TONES = {
    Passing.PRODUCT: Tone.PRODUCT,
    Passing.CONVERSION: Tone.CONVERSION,
    Passing.DIGITAL: Tone.DIGITAL,
    Passing.TRANSPORT: Tone.TRANSPORT,
    Passing.MEMORY: Tone.MEMORY,
    Passing.HOST: Tone.HOST,
    Passing.WAITING: Tone.WAITING,
}


def _time(picoseconds: float) -> str:
    return engineering(picoseconds / PS_PER_S, "s")


def pipeline_parts(followed: Followed | None) -> Iterator[Part]:
    """Which layer is busy when, from the fill (where it was kept) to the end of the sample."""
    if followed is None:
        yield _NOT_FOLLOWED
        return
    start, stop = followed.start_ps, followed.path.stop_ps
    course = _most_active(busy_course(followed.trace, start, stop))
    ends = turn_ends(followed.trace)
    begins = (
        "from the first token of the run on, through the filling of the pipeline"
        if start == 0
        else "in one sample's life"
    )
    yield Paragraph("", f"How busy each layer's busiest role is, {begins}; darker is busier.{_turn_words(ends)}")
    yield Raster(
        "Which layer is busy when",
        course.layers,
        course.values,
        _time(start),
        _time(stop),
        (*_marks(followed), *_turn_marks(followed, ends)),
        _writing(followed.trace, course),
    )


def _writing(trace: Trace, course: Course) -> Over | None:
    written = writing_course(trace, course).values
    return Over("weights written", written) if written.any() else None


def _turn_words(ends: NDArray[np.int64]) -> str:
    return f" Layers take turns: the lines are where {counted(len(ends), 'turn')} ended." if len(ends) else ""


def _turn_marks(followed: Followed, ends: NDArray[np.int64]) -> Iterator[tuple[float, str]]:
    start, stop = followed.start_ps, followed.path.stop_ps
    within = ends[(ends > start) & (ends < stop)]
    for end in within[: MOST_TURNS if len(within) <= MOST_TURNS else 0].tolist():
        yield (end - start) / (stop - start), ""


def _marks(followed: Followed) -> Iterator[tuple[float, str]]:
    start, stop = followed.start_ps, followed.path.stop_ps
    trace, last = followed.trace, followed.sample
    seen = {0, last}
    for sample in sorted(seen):
        for when, word in ((trace.sample_in[sample], "in"), (trace.sample_out[sample], "out")):
            if start < when <= stop:
                yield (int(when) - start) / (stop - start), f"sample {sample + 1} {word}"


def _most_active(course: Course) -> Course:
    if len(course.layers) <= MOST_ROWS:
        return course
    kept = np.sort(np.argsort(-course.values.sum(axis=1), kind="stable")[:MOST_ROWS])
    return Course(tuple(course.layers[row] for row in kept), course.edges_ps, course.values[kept])


def latency_parts(followed: Followed | None) -> Iterator[Part]:
    """The critical path as a strip over time and as a table of layers."""
    if followed is None:
        yield _NOT_FOLLOWED
        return
    path = followed.path
    yield Strip(
        f"The critical path of sample {path.sample + 1}, {_time(path.stop_ps - path.start_ps)} from left to right",
        tuple(_pieces(path)),
        tuple((_TONES[kind], kind.value) for kind in Passing if (path.stretches.passing == kind.value).any()),
    )
    yield Remark(
        "Waiting is for a resource that serves another, or for room that a consumer has yet to make. A converter that "
        "counts while its array integrates does both in one: that is told as conversion."
    )
    yield path_table(path)


def path_table(path: SamplePath) -> Table:
    """One row per layer, in the order in which the path meets them; the last adds up to the latency."""
    import pandas as pd  # late: a third of a start

    frame = path.by_layer
    present = [kind for kind in Passing if frame[kind.value].any()]
    whole = frame.drop(columns="layer").sum().to_frame().T.assign(layer="all")
    frame = pd.concat([frame, whole], ignore_index=True)
    total = float(path.stop_ps - path.start_ps)
    return table(
        "Work and waiting on the critical path",
        names("layer", frame.layer),
        spans("", (_shares(row, present) for _, row in frame.iterrows())),
        *(numbers(kind.value, frame[kind.value], lambda ps: _time(ps) if ps else "") for kind in present),
        numbers("all", frame.total_ps, _time),
        numbers("of the latency", frame.total_ps / total, percent),
    )


def _shares(row: pd.Series[float], present: list[Passing]) -> Iterator[Span]:
    place, total = 0.0, float(row.total_ps) or 1.0
    for kind in present:
        width = float(row[kind.value]) / total
        if width:
            yield Span(place, place + width, _TONES[kind])
        place += width


def _pieces(path: SamplePath) -> Iterator[Span]:
    """Pieces of equal length, each of the kind that takes most of it; neighbours alike are one."""
    frame, total = path.stretches, path.stop_ps - path.start_ps
    edges = np.linspace(path.start_ps, path.stop_ps, PIECES + 1)
    taken = {kind: _overlap(frame[frame.passing == kind.value], edges) for kind in Passing}
    kinds = list(Passing)
    most = np.argmax([taken[kind] for kind in kinds], axis=0)
    bounds = [0, *(np.flatnonzero(np.diff(most)) + 1).tolist(), PIECES]
    for first, last in pairwise(bounds):
        begin, end = (float(edges[place] - path.start_ps) / total for place in (first, last))
        yield Span(begin, end, _TONES[kinds[int(most[first])]])


def _overlap(stretches: pd.DataFrame, edges: Reals) -> Reals:
    """Picoseconds of the stretches within each piece; the stretches are in order and apart, shape ``(pieces,)``."""
    if stretches.empty:
        return np.zeros(len(edges) - 1)
    start, end = stretches.start_ps.to_numpy(float), stretches.end_ps.to_numpy(float)
    # How much of all stretches lies before each of their ends; between these it grows evenly, or not at all.
    corners = np.column_stack([start, end]).ravel()
    covered = np.repeat(np.cumsum(end - start), 2)
    covered[::2] -= end - start
    return np.diff(np.interp(edges, corners, covered))


def buffer_parts(followed: Followed | None) -> Iterator[Part]:
    """How full the buffers before each layer were."""
    if followed is None:
        yield _NOT_FOLLOWED
        return
    frame = occupancy(followed.trace, followed.start_ps, followed.path.stop_ps).frame
    yield Paragraph("", "Room before each layer, and how much of it was taken in the time of the pipeline diagram.")
    yield table(
        "Buffers before the layers; packet buffers of the fabric are not counted",
        names("layer", frame.layer),
        numbers("room", frame.room_bits / 8, lambda size: engineering(size, "B")),
        numbers("most taken", frame.peak_bits / 8, lambda size: engineering(size, "B")),
        numbers("on average", frame.mean_bits / 8, lambda size: engineering(size, "B")),
        numbers("at most full", frame.full, percent),
        bars(frame.full),
    )
