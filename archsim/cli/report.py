"""``archsim report``: a run as a page that can be put before a review."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.cli.accuracy import TIMES, Drift, read_times
from archsim.cli.doubt import DoubtOptions
from archsim.cli.grouping import grouped
from archsim.cli.options import BatchOptions, ChipOptions, EngineName, NetworkOptions, ReplicationOptions
from archsim.cli.output import refuse_place
from archsim.cli.parsing import read_names
from archsim.cli.printing import PrintOptions
from archsim.cli.terminal import write

if TYPE_CHECKING:
    from archsim.chip import Chip
    from archsim.comparison import Comparison
    from archsim.comparison import Question as Asked
    from archsim.report import Document, Question, Summary
    from archsim.report.review import Review
    from archsim.studies import AccuracyQuestion, AccuracyStudy, Sensitivity, Uncertainty, WhatIf

_CONTENT, _ACCURACY = "What is in it", "Accuracy over time"


@dataclass(frozen=True, slots=True)
class FunctionalOptions:
    """Whether and how the model is computed on the arrays as well."""

    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npz",
            help="Compute the model on the chip's arrays with these data, as [bold]archsim accuracy[/] does, and show "
            "its accuracy over time; a trained model brings its own, and needs [bold]--at[/] alone.",
            rich_help_panel=_ACCURACY,
        ),
    ] = None
    at: Annotated[
        str | None,
        typer.Option(metavar="TIMES", help=f"Times since programming: {TIMES}.", rich_help_panel=_ACCURACY),
    ] = None
    seeds: Annotated[int, typer.Option(metavar="N", help="Programmings.", rich_help_panel=_ACCURACY)] = 5
    compensation: Annotated[Drift, typer.Option(help="Digital drift compensation.", rich_help_panel=_ACCURACY)] = (
        Drift.NONE
    )

    def question(self, question: Question) -> AccuracyQuestion | None:
        """What is computed; None where nothing is to be.

        Raises
        ------
        InputError
            If there are no such model and data, or a time cannot be used.
        """
        if self.data is None and self.at is None:
            return None
        from archsim.functional import Compensation, Plan
        from archsim.studies import AccuracyQuestion, model_files

        model_files(question.model, self.data)
        return AccuracyQuestion(
            question.model,
            question.chip,
            question.overrides,
            data=self.data,
            shapes=question.shapes,
            replicate=question.settings.replicate,
            compensation=Compensation(self.compensation.value),
            plan=Plan(read_times(self.at or TIMES), self.seeds),
        )


@grouped
def report(
    network: NetworkOptions,
    chip: ChipOptions,
    replication: ReplicationOptions,
    batch: BatchOptions,
    functional: FunctionalOptions,
    doubt: DoubtOptions,
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
    against: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="Run the same on other chips too, as [bold]a100,tpu-v1[/], and set them beside this one.",
            rich_help_panel=_CONTENT,
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
    pipeline, critical path, floorplan maps, buffers, accuracy over time where data are given, and where every number
    comes from.

    Examples: [cyan]archsim report resnet50 --replicate balanced --batch 64 --sensitivity --out report.html[/],
    [cyan]archsim report resnet50 --batch 16 --against a100,tpu-v1 --out report.html[/],
    [cyan]archsim report digits-cnn --at '1 s,1 day,1 year' --out report.html[/].
    """
    from archsim.report import Question
    from archsim.report.review import review_document

    for option, file, ending in (("--out", out, ".html"), ("--pdf", pdf, ".pdf")):
        if file is not None:
            refuse_place(file, option, (ending,))
    settings = batch.settings(replication, EngineName.COMPILED)
    question = Question(network.model, chip.chip, chip.overrides, network.workload, network.shapes, settings)
    doubt.check(question)
    compared = _compared(question, network, chip, against) if against else None
    asked = functional.question(question)
    review = _reviewed(question, network, chip, what_if=what_if, sensitivity=sensitivity, asked=asked)
    if doubt.uncertainty:
        review = replace(review, uncertainty=_doubted(question, review, doubt))
    if compared is not None:
        review = replace(review, against=_beside(compared))
    document = review_document(review)
    if out is None and pdf is None:
        printing.print(document)
        return
    _write(document, out, pdf)


def _reviewed(
    question: Question,
    network: NetworkOptions,
    chip: ChipOptions,
    *,
    what_if: bool,
    sensitivity: bool,
    asked: AccuracyQuestion | None,
) -> Review:
    from archsim.report.review import Review
    from archsim.studies import follow

    summary = _simulated(question, network, chip)
    with _steps() as step:
        step("following one sample", 0, 1)
        followed = follow(summary.result)
        changes = _changes(summary, step) if what_if else None
        ranked = _ranked(summary, step) if sensitivity else None
        study = _computed(asked, step) if asked else None
    return Review(summary, followed, changes, ranked, study)


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


def _computed(asked: AccuracyQuestion, step: Callable[[str, int, int], None]) -> AccuracyStudy:
    from archsim.studies import accuracy_study

    done = count(1)
    return accuracy_study(asked, lambda: step("computing on the arrays", next(done), asked.evaluations))


def _doubted(question: Question, review: Review, doubt: DoubtOptions) -> Uncertainty | None:
    with _steps() as step:
        return doubt.found(question, review.summary.result, lambda done, total: step("running ranges", done, total))


def _compared(question: Question, network: NetworkOptions, chip: ChipOptions, names: str) -> Asked:
    """The same network, batch and copies on this chip and on others."""
    from archsim.comparison import question as asking

    chips: tuple[Chip | str, ...] = (chip.load(), *read_names(names, "--against"))
    return asking([network.load()], chips, batch=question.settings.batch, replicate=question.settings.replicate)


def _beside(asked: Asked) -> Comparison:
    from archsim.comparison import comparison

    with _steps() as step:
        return comparison(asked, lambda what, done, total: step(what, done, total))


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
