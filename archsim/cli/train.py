"""``archsim train``: a network trained on a chip's arrays, beside the same training in floating point."""

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
from archsim.cli.output import refuse_place, results
from archsim.cli.printing import PrintOptions
from archsim.errors import InputError

if TYPE_CHECKING:
    from archsim.training.run import Keeping
    from archsim.training.settings import Choice
    from archsim.training.study import TrainingQuestion

_MODEL, _CHIP, _TRAINING, _OUTPUT = "The model", "The chip", "The training", "The output"


class Activation(StrEnum):
    """Hidden layers of a fully connected network, as on the command line."""

    SIGMOID = "sigmoid"
    RELU = "relu"


@dataclass(frozen=True, slots=True)
class TrainedModelOptions:
    """Which network, and which examples."""

    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="Widths of a fully connected network (784-250-125-10), an ONNX file, a trained model's name "
            "(digits-cnn), or MODULE:FUNCTION that returns a torch.nn.Module.",
        ),
    ]
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npz",
            help="One array of inputs, and 'labels'; 'test.NAME' and 'test.labels' where there is a test set. A "
            "trained model brings its own.",
            rich_help_panel=_MODEL,
        ),
    ] = None
    holdout: Annotated[
        float,
        typer.Option(
            metavar="SHARE", help="Of the examples, for the test, where there is no set.", rich_help_panel=_MODEL
        ),
    ] = 0.2
    activation: Annotated[
        Activation, typer.Option(help="Hidden layers of a network given by widths.", rich_help_panel=_MODEL)
    ] = Activation.SIGMOID
    keep_weights: Annotated[
        bool,
        typer.Option(
            "--keep-weights", help="Begin with the ONNX file's weights, not with new ones.", rich_help_panel=_MODEL
        ),
    ] = False


@dataclass(frozen=True, slots=True)
class TrainingChipOptions:
    """Which chip, and how it is changed."""

    chip: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE",
            help="A preset with a section tile.training, or a chip file.",
            rich_help_panel=_CHIP,
        ),
    ] = "nature2018-training"
    set: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="Change a field of the chip, as [bold]tile.training.second_device.lifetime=100.0[/]. Repeatable.",
            rich_help_panel=_CHIP,
        ),
    ] = None
    algorithm: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[,NUMBER=VALUE,...]",
            help="Another algorithm than the chip's: sgd, tiki-taka, tiki-taka-2, tiki-taka-2-chopped, agad, "
            "mixed-precision, complex-cell, or a package's; with its numbers, as [bold]tiki-taka,transfer_every=2[/].",
            rich_help_panel=_CHIP,
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class CourseOptions:
    """How long, and how fast."""

    epochs: Annotated[int, typer.Option(metavar="N", help="Epochs.", rich_help_panel=_TRAINING)]
    rate: Annotated[
        float, typer.Option(metavar="LR", help="Learning rate, of a mini-batch's mean loss.", rich_help_panel=_TRAINING)
    ] = 0.05
    batch: Annotated[int, typer.Option(metavar="N", help="Examples of a mini-batch.", rich_help_panel=_TRAINING)] = 5
    seeds: Annotated[int, typer.Option(metavar="N", help="Trainings.", rich_help_panel=_TRAINING)] = 1
    first_seed: Annotated[
        int, typer.Option("--seed", metavar="S", help="Number of the first.", rich_help_panel=_TRAINING)
    ] = 0
    hardware_aware: Annotated[
        bool,
        typer.Option(
            "--hardware-aware",
            help="Weights stay in floating point; products have the programming errors, drift, noise and converters "
            "that [bold]archsim accuracy[/] gives them. Any analog chip; --out gets trained-SEED.onnx and test.npz.",
            rich_help_panel=_TRAINING,
        ),
    ] = False
    until: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="With --hardware-aware: times since programming are drawn up to this one (1 hour).",
            rich_help_panel=_TRAINING,
        ),
    ] = None

    def aware_s(self, out: Path | None) -> float | None:
        """The longest time since programming; None where devices are trained.

        Raises
        ------
        InputError
            If the trained weights have no place, or a time no meaning.
        """
        if not self.hardware_aware:
            if self.until is not None:
                raise InputError(
                    "weights on devices are read as they are trained",
                    where="--until",
                    remedy="Leave it out, or add --hardware-aware.",
                )
            return None
        if out is None:
            raise InputError(
                "the trained weights have no place", where="--hardware-aware", remedy="Give a directory by --out DIR."
            )
        return _longest(self.until or "1 hour")


@dataclass(frozen=True, slots=True)
class KeepingOptions:
    """Where results go."""

    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npz",
            help="Write the state here every minute and after every epoch; go on from it where it is there.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write scores.csv, layers.csv, training.png and training.json into this directory; the trained model "
            "and its test set instead of layers.csv with --hardware-aware.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None

    def keeping(self) -> Keeping | None:
        """Where checkpoints are written.

        Raises
        ------
        InputError
            If it is no place for one.
        """
        from archsim.training.run import Keeping

        if self.checkpoint is None:
            return None
        refuse_place(self.checkpoint, "--checkpoint", (".npz",))
        return Keeping(self.checkpoint)


@grouped
def train(
    model: TrainedModelOptions,
    chip: TrainingChipOptions,
    course: CourseOptions,
    keeping: KeepingOptions,
    printing: PrintOptions,
) -> None:
    """Train a network on the chip's arrays: accuracy by epoch, beside the same training in floating point.

    Forward products, transposed products and updates are the arrays', with converters, noise and pulses; all else is
    PyTorch's. The chip file says which devices there are, and how they are trained (tile.training).

    Examples: [cyan]archsim train digits-cnn --epochs 5[/],
    [cyan]archsim train 64-32-10 --data digits.npz --chip reram-mesh-22nm --epochs 10 --seeds 3[/],
    [cyan]archsim train net.onnx --data train.npz --algorithm mixed-precision --epochs 20 --checkpoint run.npz[/],
    [cyan]archsim train digits-cnn --hardware-aware --chip pcm-mesh-14nm --epochs 5 --out aware[/].
    """
    from archsim.training.extra import require_torch

    require_torch()
    from archsim.report.training import training_document, write_training
    from archsim.training.study import training_study

    command = ("archsim", *sys.argv[1:])
    with results(keeping.out) as folder:
        question = _question(model, chip, course, keeping.out)
        with _progress() as progress:
            study = training_study(question, keeping.keeping(), progress)
        if folder is not None:
            write_training(folder, study, command)
    printing.print(training_document(study, command))


def _longest(text: str) -> float:
    from archsim.units import quantity

    try:
        seconds = quantity(text, "s")
    except InputError as error:
        raise InputError(error.what, where="--until", remedy=error.remedy) from None
    if seconds < 0:
        raise InputError(f"{text!r} is before programming", where="--until", remedy="Give a time of at least 0 s.")
    return seconds


def _question(
    model: TrainedModelOptions, chip: TrainingChipOptions, course: CourseOptions, out: Path | None
) -> TrainingQuestion:
    from archsim.training.course import Plan
    from archsim.training.study import TrainingQuestion

    return TrainingQuestion(
        model.model,
        chip.chip,
        Plan(course.epochs, course.batch, course.rate),
        tuple(chip.set or ()),
        model.data,
        course.seeds,
        course.first_seed,
        model.holdout,
        read_algorithm(chip.algorithm) if chip.algorithm else None,
        model.activation is Activation.RELU,
        model.keep_weights,
        course.aware_s(out),
    )


def read_algorithm(text: str) -> Choice:
    """Read ``tiki-taka,transfer_every=2,fast_share=0.5``.

    Raises
    ------
    InputError
        If a part is no number with a name.
    """
    from archsim.training.settings import Choice

    name, *parts = text.split(",")
    return Choice(name.strip(), dict(_number(part) for part in parts))


def _number(part: str) -> tuple[str, float | int | bool]:
    name, _, value = (piece.strip() for piece in part.partition("="))
    known: dict[str, bool] = {"true": True, "false": False}
    if value in known:
        return name, known[value]
    try:
        return name, int(value) if value.lstrip("+-").isdigit() else float(value)
    except ValueError:
        raise InputError(
            f"{part.strip()!r} is no number with a name",
            where="--algorithm",
            remedy="Write NAME=NUMBER, as flips=0.01.",
        ) from None


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr with the rate and the time left, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    class _Speed(ProgressColumn):
        def render(self, task: Task) -> str:
            return f"{task.speed:,.0f}/s" if task.speed else ""

    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("examples"),
        _Speed(),
        Remaining(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("training", total=None)
        yield lambda examples, total: bar.update(task, advance=examples, total=total)
