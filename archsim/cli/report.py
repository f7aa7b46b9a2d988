"""``archsim report``: a run as a page that can be put before a review."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.cli.grouping import grouped
from archsim.cli.options import BatchOptions, ChipOptions, EngineName, NetworkOptions, ReplicationOptions
from archsim.cli.output import refuse_place
from archsim.cli.printing import PrintOptions
from archsim.cli.terminal import write

if TYPE_CHECKING:
    from archsim.report import Document, Question, Summary
    from archsim.report.review import Review
    from archsim.studies import Sensitivity, WhatIf

_CONTENT = "What is in it"


@grouped
def report(
    network: NetworkOptions,
    chip: ChipOptions,
    replication: ReplicationOptions,
    batch: BatchOptions,
    printing: PrintOptions,
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write the report into this file.", rich_help_panel="The output"),
    ] = None,
    pdf: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.pdf", help="Print the page into this file; needs Chromium.", rich_help_panel="The output"
        ),
    ] = None,
    what_if: Annotated[
        bool,
        typer.Option(help="Run a copy more, wider links and faster converters.", rich_help_panel=_CONTENT),
    ] = True,
    sensitivity: Annotated[
        bool,
        typer.Option(help="Vary each assumed number of the chip, and rank them.", rich_help_panel=_CONTENT),
    ] = False,
) -> None:
    """Run a network on a chip and explain it on one page: a self-contained HTML file, and PDF.

    What bounds throughput and latency, what would help, efficiency loss by loss, energy and area down to the layer,
    pipeline, critical path, floorplan maps, buffers, and where every number comes from.

    Example: [cyan]archsim report resnet50 --replicate balanced --batch 64 --sensitivity --out report.html[/].
    """
    from archsim.report import Question
    from archsim.report.review import review_document

    for option, file, ending in (("--out", out, ".html"), ("--pdf", pdf, ".pdf")):
        if file is not None:
            refuse_place(file, option, (ending,))
    settings = batch.settings(replication, EngineName.COMPILED)
    question = Question(network.model, chip.chip, chip.overrides, network.workload, network.shapes, settings)
    review = _reviewed(question, network, chip, what_if=what_if, sensitivity=sensitivity)
    document = review_document(review)
    if out is None and pdf is None:
        printing.print(document)
        return
    _write(document, out, pdf)


def _reviewed(
    question: Question, network: NetworkOptions, chip: ChipOptions, *, what_if: bool, sensitivity: bool
) -> Review:
    from archsim.report.review import Review
    from archsim.studies import follow

    summary = _simulated(question, network, chip)
    with _steps() as step:
        step("following one sample", 0, 1)
        followed = follow(summary.result)
        changes = _changes(summary, step) if what_if else None
        ranked = _ranked(summary, step) if sensitivity else None
    return Review(summary, followed, changes, ranked)


def _simulated(question: Question, network: NetworkOptions, chip: ChipOptions) -> Summary:
    from rich.console import Console

    from archsim.cli.progress import RunProgress
    from archsim.report import Summary, run_notes
    from archsim.simulation import simulate

    with RunProgress(Console(stderr=True)) as progress:
        result = simulate(network.load(), chip.load(), question.settings, progress=progress)
    return Summary(("archsim", *sys.argv[1:]), question, result, run_notes(question, result))


def _changes(summary: Summary, step: Callable[[str, int, int], None]) -> tuple[WhatIf, ...]:
    from archsim.studies import what_ifs

    question = summary.question
    return what_ifs(
        question.chip,
        question.overrides,
        question.settings,
        summary.result,
        progress=lambda done, total: step("running changes", done, total),
    )


def _ranked(summary: Summary, step: Callable[[str, int, int], None]) -> Sensitivity:
    from archsim.studies import sensitivity

    question = summary.question
    return sensitivity(
        question.chip,
        question.overrides,
        question.settings,
        summary.result,
        progress=lambda done, total: step("varying assumed numbers", done, total),
    )


@contextmanager
def _steps() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr, where that is a terminal: told what is done, how much of it, and of how much."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("")
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)


def _write(document: Document, out: Path | None, pdf: Path | None) -> None:
    from archsim.report.files import publish_text
    from archsim.report.html import html
    from archsim.report.paper import print_pdf

    page = html(document)
    if out is not None:
        publish_text(out, page)
    if pdf is not None:
        print_pdf(page, pdf)
    write(", ".join(f"{path}: {document.title}" for path in (out, pdf) if path is not None))
