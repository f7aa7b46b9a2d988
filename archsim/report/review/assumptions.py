"""Every number of the chip with its source, and how much those matter that nobody published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from archsim.chip import Source, sources
from archsim.report.datasheet import source_facts
from archsim.report.document import Paragraph, Part, Remark, Span, Table, Tone, names, numbers, prose, spans, table
from archsim.report.ladder import signed_percent
from archsim.report.quantities import counted, percent
from archsim.report.summary import Summary
from archsim.studies import FIGURES, STEP, Sensitivity

if TYPE_CHECKING:
    import pandas as pd

_HEADINGS = ("GOP/s/W", "TOP/s/mm²", "throughput", "latency")


def assumption_parts(summary: Summary, found: Sensitivity | None) -> Iterator[Part]:
    """What is assumed, ranked by its effect, and where all numbers come from."""
    given = sources(summary.question.chip, summary.question.overrides)
    yield Paragraph("", f"The chip's description has {source_facts(given)}.")
    if found is None:
        yield Remark("Their effects were not ranked (archsim report --sensitivity varies each of them).")
    else:
        yield Paragraph("", _ranking_words(found))
        yield sensitivity_table(found)
    yield source_rows(given)


def _ranking_words(found: Sensitivity) -> str:
    effects = found.frame.effect
    none = int((effects == 0).sum())
    idle = f" Without any effect on these figures: {counted(none, 'number')}." if none else ""
    return (
        f"Each assumed number was made {percent(STEP)} less and more (a count at least one), one at a time, and the "
        f"network placed, run and priced again.{idle}"
    )


def sensitivity_table(found: Sensitivity) -> Table:
    """One row per assumed number, the one that matters most first."""
    frame = found.frame
    top = max(float(frame.effect.max()), 1e-12) if len(frame) else 1.0
    return table(
        "What the assumed numbers change: with the lower value, with the higher",
        names("field", frame.field),
        names("value", frame.value),
        spans("", (_bars(row, top) for _, row in frame.iterrows())),
        numbers("largest effect", frame.effect, percent),
        *(
            names(heading, (_both(row, figure) for _, row in frame.iterrows()))
            for heading, figure in zip(_HEADINGS, FIGURES, strict=True)
        ),
        *([prose("not possible", frame.fault)] if frame.fault.any() else []),
    )


def _both(row: pd.Series[float], figure: str) -> str:
    low, high = (float(row[f"{figure}_{side}"]) for side in ("low", "high"))
    return f"{_signed(low)}, {_signed(high)}"


def _signed(change: float) -> str:
    return "not possible" if np.isnan(change) else signed_percent(change)


def _bars(row: pd.Series[float], top: float) -> Iterator[Span]:
    """The figure that moves most, around the middle: left what the lower value does, or what lowers the figure."""
    changes = [[float(row[f"{figure}_{side}"]) for side in ("low", "high")] for figure in FIGURES]
    sizes = [np.nanmax(np.abs(pair)) if not np.isnan(pair).all() else 0.0 for pair in changes]
    for change, tone in zip(changes[int(np.argmax(sizes))], (Tone.LOWER, Tone.HIGHER), strict=True):
        if not np.isnan(change) and change:
            ends = sorted((0.5, 0.5 + 0.5 * change / top))
            yield Span(ends[0], ends[1], tone)


def source_rows(given: Sequence[Source]) -> Table:
    """One row per value of the description."""
    return table(
        "Where each number comes from",
        names("field", (one.path for one in given)),
        names("value", (one.value for one in given)),
        *([names("range", map(_range, given))] if any(one.low for one in given) else []),
        names("assumed", ("assumed" if one.assumed else "" for one in given)),
        prose("source", (one.source or ("none given" if one.is_number else "") for one in given)),
    )


def _range(one: Source) -> str:
    return f"{one.low} to {one.high}" if one.low else ""
