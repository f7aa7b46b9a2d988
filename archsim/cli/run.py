"""``archsim run``: a network on a chip, from one command."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.cli.doubt import DoubtOptions
from archsim.cli.grouping import grouped
from archsim.cli.options import (
    BatchOptions,
    ChipOptions,
    EngineName,
    LearningOptions,
    NetworkOptions,
    OutputOptions,
    ReplicationOptions,
)
from archsim.cli.output import refuse_place, results
from archsim.cli.parsing import read_window
from archsim.cli.printing import PrintOptions
from archsim.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from archsim.chip import Chip
    from archsim.engine import LogWindow
    from archsim.network import Network
    from archsim.report import Document, Question, Summary, TableFormat
    from archsim.studies import Uncertainty

MOST_FOLLOWED = 3_000_000
"""Firings of a sample's life that a run's page may take; `archsim report` takes more."""


@grouped
def run(
    network: NetworkOptions,
    chip: ChipOptions,
    replication: ReplicationOptions,
    batch: BatchOptions,
    learning: LearningOptions,
    output: OutputOptions,
    doubt: DoubtOptions,
    printing: PrintOptions,
    *,
    engine: Annotated[
        EngineName,
        typer.Option(help="The reference is slow and judges the compiled one.", rich_help_panel="The run"),
    ] = EngineName.COMPILED,
    within: Annotated[
        float | None,
        typer.Option(
            metavar="PART",
            help="End a long run early where samples show no exact period: once the latest take as long as those "
            "before them to this part ([bold]0.01[/]: 1 %), they stand for the rest of the batch.",
            rich_help_panel="The run",
        ),
    ] = None,
    zeros: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.npz|own",
            help="Count zeros of the model's weights, and of its layers' inputs on this data (own: a trained model's), "
            "for a chip that skips or gates them (tile.zero_inputs, tile.zero_weights).",
            rich_help_panel="The run",
        ),
    ] = None,
) -> None:
    """Run a network on a chip: latency, throughput, where time, energy and area go, and the bottleneck.

    Examples: [cyan]archsim run bert-base --seq 128 --batch 8[/], [cyan]archsim run gpt2 --seq 64 --generate 16[/],
    [cyan]archsim run net.onnx --shape data=1,3,224,224 --out results --format parquet[/].
    """
    from archsim.report.question import Question

    window = _window(output)
    samples = learning.samples(chip.load()) if learning.learning else None
    settings = batch.settings(replication, engine, samples, within)
    with results(output.out, replaces=_replaced(output)) as folder:
        question = Question(
            network.model, chip.chip, chip.overrides, network.workload, network.shapes, settings, learning.learning
        )
        doubt.check(question)
        if zeros is not None and doubt.uncertainty:
            raise InputError(
                "zeros are counted for one run, and uncertainty takes many",
                where="--zeros, --uncertainty",
                remedy="Leave one of them out.",
            )
        asked = _Asked(question, learning.derived(network.load()), *_counted(network.model, chip.load(), zeros))
        if folder is None and window is None and not doubt.uncertainty:
            report = asked.report()
        else:
            report = _with_files(asked, window, output, folder, doubt)
    printing.print(report)


def _with_files(
    asked: _Asked, window: LogWindow | None, output: OutputOptions, folder: Path | None, doubt: DoubtOptions
) -> Document:
    """The report of a run of which more is wanted than that."""
    from archsim.report import TableFormat, run_report, write_results
    from archsim.report.doubt import doubted

    summary = asked.simulated(window)
    found = doubt.found(asked.question, summary.result)
    if folder is not None:
        table_format = TableFormat(output.table_format.value)
        _write_page(folder, summary, table_format, found)
        write_results(folder, summary, table_format)
    if output.timeline is not None:
        _write_timeline(output.timeline, summary)
    report = run_report(summary)
    return report if found is None else doubted(report, found)


def _replaced(output: OutputOptions) -> tuple[str, ...]:
    """Files of an earlier run that go where another's are wanted."""
    if output.out is None:
        return ()
    from archsim.report.files import RUN_FILES

    return RUN_FILES


def _window(output: OutputOptions) -> LogWindow | None:
    window = read_window(output.trace_from, output.trace_to)
    if output.timeline is not None:
        refuse_place(output.timeline, "--timeline", (".json", ".json.gz"))
        return window or _whole()
    if window is not None and output.out is None:
        raise InputError(
            "the firing log has no place to go",
            where="--trace-from, --trace-to",
            remedy="Give a directory for it: --out DIR; or a file for a timeline: --timeline FILE.json.",
        )
    return window


def _whole() -> LogWindow:
    from archsim.engine import LogWindow
    from archsim.report.timeline import MOST_FIRINGS

    return LogWindow(limit=MOST_FIRINGS)


def _write_page(folder: Path, summary: Summary, table_format: TableFormat, uncertainty: Uncertainty | None) -> None:
    """The page and, where a sample could be followed, its critical path as a table."""
    from archsim.report import PAGE, write_table, write_text
    from archsim.report.files import CRITICAL_PATH
    from archsim.report.html import html
    from archsim.report.review import Review, review_document
    from archsim.studies import follow

    followed = follow(summary.result, MOST_FOLLOWED)
    write_text(folder / PAGE, html(review_document(Review(summary, followed, uncertainty=uncertainty))))
    if followed is not None:
        write_table(folder / CRITICAL_PATH, followed.path.by_layer, table_format)


def _write_timeline(file: Path, summary: Summary) -> None:
    from archsim.report.timeline import write_timeline

    write_timeline(file, summary.result.trace, summary.result.bill)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A run that is asked for, and what is known of zeros in it."""

    question: Question
    model: Network
    chip: Chip
    counted: tuple[str, ...]

    def report(self) -> Document:
        """What is printed of it."""
        from archsim.report.again import report_again

        command = (*_command(), *self.counted)
        return report_again(command, self.question, self.model, self.chip, self._reported)

    def _reported(self) -> Document:
        from archsim.report import run_report

        return run_report(self.simulated(None))

    def simulated(self, window: LogWindow | None) -> Summary:
        """All of it."""
        from rich.console import Console

        from archsim.cli.progress import RunProgress
        from archsim.report import Summary, run_notes
        from archsim.simulation import simulate

        with RunProgress(Console(stderr=True)) as progress:
            result = simulate(self.model, self.chip, self.question.settings, log=window, progress=progress)
        notes = (*self.counted, *run_notes(self.question, result, window))
        return Summary(_command(), self.question, result, notes)


def _command() -> tuple[str, ...]:
    return ("archsim", *sys.argv[1:])


def _counted(model: str, chip: Chip, zeros: str | None) -> tuple[Chip, tuple[str, ...]]:
    """The chip that knows of the zeros, where they are to be counted, and what was found."""
    if zeros is None:
        return chip, ()
    from archsim.studies import zero_study

    study = zero_study(model, chip, zeros)
    return study.chip, (study.note,)
