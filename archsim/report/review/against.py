"""The run beside other chips: figures, ratios, what bounds each, and what is not alike."""

from __future__ import annotations

from collections.abc import Iterator

from archsim.comparison import Comparison
from archsim.report.comparison import bound_table, chip_table, failed_runs, figure_table
from archsim.report.document import Bullets, Paragraph, Part


def against_parts(found: Comparison) -> Iterator[Part]:
    """The same network with the same batch on each chip."""
    frame = found.frame
    yield Paragraph("", f"Ratios say how many times better than {found.question.baseline}: above 1 is better.")
    yield figure_table(frame, "The same network and batch on each chip")
    yield bound_table(frame)
    failures = failed_runs(frame)
    if failures:
        yield Bullets(failures)
    yield chip_table(found)
    if found.differences:
        yield Paragraph("Not alike")
        yield Bullets(found.differences)
