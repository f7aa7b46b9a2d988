"""``archsim accuracy``: what a model still knows when it is computed on the chip's arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.cli.grouping import grouped
from archsim.cli.options import ChipOptions, ReplicationOptions
from archsim.cli.parsing import read_shapes
from archsim.cli.terminal import show, write
from archsim.errors import InputError

if TYPE_CHECKING:
    from archsim.chip import Chip
    from archsim.functional import DataSet, Metric, Model, Plan, Scores
    from archsim.report.accuracy import AccuracyStudy

_MODEL, _EVALUATION, _OUTPUT = "The model", "The evaluation", "The output"


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

    @property
    def files(self) -> tuple[Path, Path]:
        """The model's file and the data's.

        Raises
        ------
        InputError
            If no data were given for a file of one's own.
        """
        from archsim.workloads.trained import TRAINED, trained

        known = trained(self.model)
        if known is not None:
            return known.model, self.data or known.data
        if not Path(self.model).is_file():
            raise InputError(
                f"there is no file {self.model!r}, and no trained model of that name",
                where="MODEL",
                remedy=f"Give an ONNX file, or one of: {', '.join(entry.name for entry in TRAINED)}.",
            )
        if self.data is None:
            raise InputError(
                "a model needs data to be evaluated on",
                where="--data",
                remedy="Give an .npz file with one array per input of the model, and 'labels'.",
            )
        return Path(self.model), self.data


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
    ] = "1 s,1 hour,1 day,1 month,1 year"
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

    def load_metric(self) -> Metric:
        """The metric."""
        from archsim.functional import accuracy, load_metric

        return load_metric(self.metric) if self.metric else accuracy


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
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON, and nothing else.", rich_help_panel=_OUTPUT)
    ] = False


@grouped
def accuracy(
    model: ModelOptions,
    chip: ChipOptions,
    replication: ReplicationOptions,
    evaluation: EvaluationOptions,
    output: ResultOptions,
) -> None:
    """Compute a model on the chip's arrays: its accuracy over time, beside floating point, with its spread.

    Examples: [cyan]archsim accuracy digits-cnn[/], [cyan]archsim accuracy digits-lstm --compensation global[/],
    [cyan]archsim accuracy net.onnx --data test.npz --sweep tile.adc.bits=4:10 --at '1 day' --out results[/].

    Give the copies of layers that [bold]archsim run[/] was given: each copy has programming errors of its own.
    """
    from archsim.report import prepare_directory
    from archsim.report.accuracy import accuracy_json, accuracy_report, write_accuracy

    if output.out is not None:
        prepare_directory(output.out)
    study = _study(model, chip, replication, evaluation)
    if output.out is not None:
        write_accuracy(output.out, study)
    if output.json:
        write(accuracy_json(study))
    else:
        show(*accuracy_report(study))


def _study(
    model: ModelOptions, chip: ChipOptions, replication: ReplicationOptions, evaluation: EvaluationOptions
) -> AccuracyStudy:
    from archsim.report.accuracy import AccuracyStudy, swept_labels

    field, values = read_sweep(evaluation.sweep) if evaluation.sweep else ("", ("",))
    plan, metric = evaluation.plan(), evaluation.load_metric()
    labels = swept_labels(field, values) if field else ("",)
    overrides = [(*chip.overrides, f"{field}={value}") if field else chip.overrides for value in values]
    found: list[tuple[str, Scores]] = []
    with _progress(len(values) * plan.seeds * len(plan.times_s)) as progress:
        for label, changes in zip(labels, overrides, strict=True):
            setting = Setting(chip.chip, changes, replication, evaluation.compensation)
            scores, data_set = _evaluated(model, setting, metric, plan=plan, progress=progress)
            found.append((label, scores))
    name = evaluation.metric or "accuracy"
    return AccuracyStudy(
        ("archsim", *sys.argv[1:]), model.model, chip.chip, replication.replicate, name,
        evaluation.compensation.value, data_set.data.samples, plan.seeds, tuple(found), data_set.notes,
    )  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """One setting of the sweep."""

    chip: str
    overrides: tuple[str, ...]
    replication: ReplicationOptions
    drift: Drift

    @cached_property
    def described(self) -> Chip:
        """The chip."""
        from archsim.chip import load_chip

        return load_chip(self.chip, self.overrides)


def placed_model(model: ModelOptions, setting: Setting) -> Model:
    """The model on the arrays where ``archsim run`` with the same options has it."""
    from archsim.functional import prepare
    from archsim.simulation import load_network

    path, _ = model.files
    network = load_network(path, shapes=read_shapes(model.shape or []))
    return prepare(path, setting.replication.place(network, setting.described))


def _evaluated(
    model: ModelOptions, setting: Setting, metric: Metric, *, plan: Plan, progress: Callable[[], None]
) -> tuple[Scores, DataSet]:
    from archsim.functional import Compensation, crossbar_settings, evaluate, read_data_set

    settings = crossbar_settings(setting.described, compensation=Compensation(setting.drift.value))
    placed = placed_model(model, setting)
    _, data = model.files
    data_set = read_data_set(data, placed)
    return evaluate(placed, settings, data_set, metric=metric, plan=plan, progress=progress), data_set


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


def read_sweep(text: str) -> tuple[str, tuple[str, ...]]:
    """Read ``tile.adc.bits=4:10`` (both ends included) or ``tile.adc.bits=4,6,8``.

    Raises
    ------
    InputError
        If it is of another form.
    """
    field, equals, values = (part.strip() for part in text.partition("="))
    if not equals or not field or not values:
        raise InputError(
            f"{text!r} sweeps nothing", where="--sweep", remedy="Write a field and its values, as tile.adc.bits=4:10."
        )
    if ":" not in values:
        return field, tuple(value.strip() for value in values.split(","))
    try:
        low, high = (int(end) for end in values.split(":"))
    except ValueError:
        raise InputError(
            f"{values!r} is no range of whole numbers", where="--sweep", remedy="Write LOW:HIGH, or values with commas."
        ) from None
    if low > high:
        raise InputError(f"the range {values!r} is empty", where="--sweep", remedy="Write the lower end first.")
    return field, tuple(str(value) for value in range(low, high + 1))
