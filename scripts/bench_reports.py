"""Seconds and bytes of reports beyond the run that they are of: python scripts/bench_reports.py [--write] [NAME ...]

Following one sample, making the document and writing the page are timed; what changes would give, and sensitivity,
are runs of their own and left out. Processor seconds of one thread, best of so many repeats. ``--write`` renews
``reports/performance/reports.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from archsim.accounting import account
from archsim.chip import load_chip
from archsim.cost import price
from archsim.engine import LogWindow, run_compiled
from archsim.lowering import lower
from archsim.mapping import place
from archsim.report import Question, Summary, run_notes
from archsim.report.html import html
from archsim.report.review import Review, review_document
from archsim.report.timeline import write_timeline
from archsim.simulation import Result, Settings, load_network, simulate
from archsim.studies import follow
from archsim.workloads import WorkloadOptions

R = TypeVar("R")
REPORT = Path(__file__).parents[1] / "reports" / "performance" / "reports.md"
CHIP = "pcm-mesh-14nm"
WINDOW = 1_000_000


@dataclass(frozen=True)
class Case:
    """A run whose report is timed."""

    name: str
    network: str
    settings: Settings
    options: WorkloadOptions
    repeats: int
    least_s: float
    """What it must stay below."""


CASES = (
    Case("resnet50", "resnet50", Settings(batch=64, replicate="balanced"), WorkloadOptions(), 3, 5.0),
    Case("llama3-8b", "llama3-8b", Settings(), WorkloadOptions(), 1, 60.0),
)


@dataclass(frozen=True)
class Row:
    """What a case took."""

    name: str
    what: str
    actors: int
    run_s: float
    report_s: float
    bytes: int
    least_s: float


def timed(work: Callable[[], R]) -> tuple[R, float]:
    start = time.process_time()
    found = work()
    return found, time.process_time() - start


def page_of(case: Case, result: Result) -> str:
    question = Question(case.network, CHIP, (), case.options, {}, case.settings)
    summary = Summary(("archsim", "report", case.network), question, result, run_notes(question, result))
    return html(review_document(Review(summary, follow(result))))


def page_row(case: Case) -> Row:
    network, chip = load_network(case.network, case.options), load_chip(CHIP)
    result, run_s = timed(lambda: simulate(network, chip, case.settings))
    pages = [timed(lambda: page_of(case, result)) for _ in range(case.repeats)]
    page, report_s = min(pages, key=lambda one: one[1])
    actors = len(result.program.actors)
    return Row(case.name, "page", actors, run_s, report_s, len(page.encode()), case.least_s)


def timeline_row() -> Row:
    """A window of a million firings."""
    network, chip = load_network("resnet50"), load_chip(CHIP)
    placement = place(network, chip, replicate="balanced", batch=8)
    program, bill = lower(placement, batch=8), price(chip)
    trace, run_s = timed(lambda: run_compiled(program, log=LogWindow(limit=WINDOW)))
    account(trace, placement, bill)
    with tempfile.TemporaryDirectory() as folder:
        files = [timed(lambda: write_timeline(Path(folder) / "t.json", trace, bill)) for _ in range(3)]
        file, seconds = min(files, key=lambda one: one[1])
        size = file.stat().st_size
    assert trace.log is not None
    shown = f"timeline of {len(trace.log.start):,} firings"
    return Row("resnet50", shown, len(program.actors), run_s, seconds, size, 5.0)


def written(rows: list[Row]) -> str:
    heads = ("run", "what", "actors", "run, s", "beyond the run, s", "below", "MB")
    lines = [
        "# Reports: seconds beyond the run, and bytes",
        "",
        "Renew with `python scripts/bench_reports.py --write`.",
        "",
        f"Machine: {os.cpu_count()} cores; Python {platform.python_version()}. Processor seconds; chip `{CHIP}`.",
        "",
        f"| {' | '.join(heads)} |",
        f"|{' --- |' * len(heads)}",
    ]
    for row in rows:
        cells = (
            row.name, row.what, f"{row.actors:,}", f"{row.run_s:.1f}", f"{row.report_s:.2f}", f"{row.least_s:.0f}",
            f"{row.bytes / 1e6:.2f}",
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Time all cases, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="resnet50, llama3-8b, timeline")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    rows = [page_row(case) for case in CASES if not chosen.names or case.name in chosen.names]
    if not chosen.names or "timeline" in chosen.names:
        rows.append(timeline_row())
    text = written(rows)
    print(text)
    if chosen.write:
        REPORT.write_text(text)


if __name__ == "__main__":
    main()
