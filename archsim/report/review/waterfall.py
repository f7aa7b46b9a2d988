"""The efficiency ladder as a waterfall: what is left after each loss, and what it took."""

from __future__ import annotations

from collections.abc import Iterator

from archsim.accounting import Ladder
from archsim.report.document import Span, Table, Tone, names, numbers, spans, table
from archsim.report.ladder import ladder_rows, signed_percent
from archsim.report.quantities import joules, percent, significant


def waterfall_table(ladder: Ladder) -> Table:
    """One row per rung, with bars from 0 to what is left, and on to what was there before."""
    rows = ladder_rows(ladder)
    values = rows.tops_per_w.tolist()
    return table(
        "TOPS/W with each loss and all before it",
        names("step", rows.step),
        spans("", _bars(values)),
        numbers("TOPS/W", values, significant),
        numbers("change", rows.change, signed_percent),
        numbers("adds per sample", rows.energy_j, joules),
        numbers("of the energy", rows.share, percent),
        width=24,
    )


def _bars(values: list[float]) -> Iterator[tuple[Span, ...]]:
    top = max(values)
    for before, value in zip([values[0], *values], values, strict=False):
        kept = Span(0.0, min(before, value) / top, Tone.KEPT)
        moved = Span(min(before, value) / top, max(before, value) / top, Tone.LOST if value <= before else Tone.GAINED)
        yield (kept, moved) if before != value else (kept,)
