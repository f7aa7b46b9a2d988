"""``archsim accuracy``: what a model still knows when it is computed on the chip's arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.cli.grouping import grouped
from archsim.cli.options import ChipOptions, ReplicationOptions
from archsim.cli.output import results
from archsim.cli.parsing import read_replicate, read_shapes
from archsim.cli.printing import PrintOptions
from archsim.errors import InputError

if TYPE_CHECKING:
    from archsim.functional import Plan
    from archsim.studies import AccuracyQuestion

_MODEL, _EVALUATION, _OUTPUT = "The model", "The evaluation", "The output"

TIMES = "1 s,1 hour,1 day,1 month,1 year"
"""Since programming, where none are given."""


class Drift(StrEnum):
    """Drift compensation, as on the command line."""

    NONE = "none"
    GLOBAL = "global"
    PER_COLUMN = "per-column"


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Which model, and which data."""

    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="An ONNX file with its weights, or a trained model's name (digits-cnn)."),
    ]
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npz",
            help="One array per input of the model, and 'labels'; a trained model brings its own.",
            rich_help_panel=_MODEL,
        ),
    ] = None
    shape: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=SIZES",
            help="Shape of an input that the file leaves open. Repeatable.",
            rich_help_panel=_MODEL,
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """What is evaluated, when and how often."""

    metric: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:FUNCTION",
            help="From the first output and the labels to a number; the share of right classes where none is given.",
            rich_help_panel=_EVALUATION,
        ),
    ] = None
    at: Annotated[
        str,
        typer.Option(metavar="TIMES", help="Times since programming.", rich_help_panel=_EVALUATION),
    ] = TIMES
    seeds: Annotated[int, typer.Option(metavar="N", help="Programmings.", rich_help_panel=_EVALUATION)] = 10
    first_seed: Annotated[
        int, typer.Option("--seed", metavar="S", help="Number of the first programming.", rich_help_panel=_EVALUATION)
    ] = 0
    compensation: Annotated[Drift, typer.Option(help="Digital drift compensation.", rich_help_panel=_EVALUATION)] = (
        Drift.NONE
    )
    sweep: Annotated[
        str | None,
        typer.Option(
            metavar="FIELD=LOW:HIGH|A,B,...",
            help="Evaluate for several values of a field of the chip, as [bold]tile.adc.bits=4:10[/].",
            rich_help_panel=_EVALUATION,
        ),
    ] = None
    batch: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Samples at a time, as suits the model where it is not given; changes no result.",
            rich_help_panel=_EVALUATION,
        ),
    ] = None

    def plan(self) -> Plan:
        """When and how often.

        Raises
        ------
        InputError
            If a time or a number cannot be used.
        """
        from archsim.functional import Plan

        return Plan(read_times(self.at), self.seeds, self.first_seed, self.batch)


@dataclass(frozen=True, slots=True)
class ResultOptions:
    """Where results go."""

    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write scores.csv, layers.csv, accuracy.png and accuracy.json into this directory.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None


@grouped
def accuracy(
    model: ModelOptions,
    chip: ChipOptions,
    replication: ReplicationOptions,
    evaluation: EvaluationOptions,
    output: ResultOptions,
    printing: PrintOptions,
) -> None:
    """Compute a model on the chip's arrays: its accuracy over time, beside floating point, with its spread.

    Examples: [cyan]archsim accuracy digits-cnn[/], [cyan]archsim accuracy digits-lstm --compensation global[/],
    [cyan]archsim accuracy net.onnx --data test.npz --sweep tile.adc.bits=4:10 --at '1 day' --out results[/].

    On a chip of spiking neurons: accuracy over the ticks of a sample; each seed is a run with other random spikes.

    Give the copies of layers that [bold]archsim run[/] was given: each copy has programming errors of its own.
    """
    from archsim.report.accuracy import accuracy_document, write_accuracy
    from archsim.studies import accuracy_study, spikes

    command = ("archsim", *sys.argv[1:])
    with results(output.out) as folder:
        question = _question(model, chip, replication, evaluation)
        if spikes(question):
            _spiking(question, evaluation, folder, printing)
            return
        with _progress(question.evaluations) as progress:
            study = accuracy_study(question, progress)
        if folder is not None:
            write_accuracy(folder, study, command)
    printing.print(accuracy_document(study, command))


def _spiking(
    question: AccuracyQuestion, evaluation: EvaluationOptions, folder: Path | None, printing: PrintOptions
) -> None:
    """The same on spiking neurons, over ticks instead of times."""
    from archsim.report import TableFormat, json_text, write_table, write_text
    from archsim.report.rates import rate_data, rate_document
    from archsim.studies import rate_study

    if evaluation.at != TIMES or evaluation.batch is not None:
        raise InputError(
            "spiking neurons do not age, and all samples are computed at once",
            where="--at, --batch",
            remedy="Leave them out; tile.ticks says how long a sample lasts.",
        )
    command = ("archsim", *sys.argv[1:])
    with _progress(question.plan.seeds) as progress:
        study = rate_study(question, progress)
    if folder is not None:
        write_table(folder / "scores", study.scores, TableFormat.CSV)
        write_table(folder / "layers", study.rates, TableFormat.CSV)
        write_text(folder / "accuracy.json", json_text(rate_data(study, command)) + "\n")
    printing.print(rate_document(study, command))


def _question(
    model: ModelOptions, chip: ChipOptions, replication: ReplicationOptions, evaluation: EvaluationOptions
) -> AccuracyQuestion:
    from archsim.functional import Compensation
    from archsim.studies import AccuracyQuestion, read_sweep

    return AccuracyQuestion(
        model.model,
        chip.chip,
        chip.overrides,
        data=model.data,
        shapes=read_shapes(model.shape or []),
        replicate=read_replicate(replication.replicate),
        metric=evaluation.metric,
        compensation=Compensation(evaluation.compensation.value),
        plan=evaluation.plan(),
        sweep=read_sweep(evaluation.sweep) if evaluation.sweep else None,
    )


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("evaluating", total=total)
        yield lambda: bar.advance(task)


def read_times(text: str) -> tuple[float, ...]:
    """Read ``1 s,1 hour,1 day`` as seconds, in rising order.

    Raises
    ------
    InputError
        If one is no time, or negative.
    """
    from archsim.units import quantity

    times = []
    for part in text.split(","):
        try:
            seconds = quantity(part.strip(), "s")
        except InputError as error:
            raise InputError(error.what, where="--at", remedy=error.remedy) from None
        if seconds < 0:
            raise InputError(
                f"{part.strip()!r} is before programming", where="--at", remedy="Give times of at least 0 s."
            )
        times.append(seconds)
    return tuple(sorted(set(times)))
