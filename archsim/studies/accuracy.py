"""What a model still knows on a chip's arrays, over time and over the values of a field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archsim.chip import Chip, load_chip
from archsim.errors import InputError
from archsim.functional import (
    Compensation,
    Model,
    Plan,
    Scores,
    accuracy,
    crossbar_settings,
    evaluate,
    load_metric,
    prepare,
    read_data_set,
    shapes_in_data,
)
from archsim.mapping import Replication, place
from archsim.simulation import load_network
from archsim.studies.sweep import Sweep
from archsim.workloads.trained import TRAINED, trained

MOST_EVALUATIONS = 100_000
"""Of one study: at a tenth of a second for each, three hours."""


@dataclass(frozen=True, slots=True)
class AccuracyQuestion:
    """What is evaluated, on which chip, when and how often.

    Parameters
    ----------
    model : str
        A trained model's name, or an ONNX file.
    chip : str
        A preset's name, or a chip file.
    overrides : tuple of str
        Changes to the chip file.
    data : Path, optional
        An .npz file with one array per input and ``labels``; a trained model brings its own.
    shapes : mapping of str to tuple of int
        Shapes of inputs that the file leaves open; those of one sample of the data where they are not given.
    replicate : Replication
    metric : str, optional
        ``module:function``; the share of right classes where none is given.
    compensation : Compensation
    plan : Plan
    sweep : Sweep, optional
    """

    model: str
    chip: str
    overrides: tuple[str, ...] = ()
    data: Path | None = None
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    replicate: Replication = "none"
    metric: str | None = None
    compensation: Compensation = Compensation.NONE
    plan: Plan = field(default_factory=Plan)
    sweep: Sweep | None = None

    @property
    def evaluations(self) -> int:
        """How many there are: settings, programmings and times."""
        return len(self.settings) * self.plan.seeds * len(self.plan.times_s)

    @property
    def settings(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Name and changes of each setting; one without a name where nothing is swept."""
        if self.sweep is None:
            return (("", self.overrides),)
        return tuple((name, (*self.overrides, change)) for name, change in self.sweep.settings)


@dataclass(frozen=True, slots=True, eq=False)
class AccuracyStudy:
    """All evaluations of one question.

    Parameters
    ----------
    question : AccuracyQuestion
    samples : int
        In the data.
    settings : tuple of (str, Scores)
        By setting of the sweep.
    notes : tuple of str
        On the data.
    """

    question: AccuracyQuestion
    samples: int
    settings: tuple[tuple[str, Scores], ...]
    notes: tuple[str, ...]

    @property
    def swept(self) -> bool:
        """Whether there are several settings."""
        return len(self.settings) > 1

    @property
    def metric(self) -> str:
        """The metric's name."""
        return self.question.metric or "accuracy"


def accuracy_study(question: AccuracyQuestion, progress: Callable[[], None] = lambda: None) -> AccuracyStudy:
    """Evaluate a model at every setting.

    Parameters
    ----------
    question : AccuracyQuestion
    progress : callable, optional
        Told after each evaluation.

    Raises
    ------
    ArchsimError
        If the model, the data or the chip cannot be used, or there would be no end.
    """
    _check_effort(question)
    metric = load_metric(question.metric) if question.metric else accuracy
    _, data = model_files(question.model, question.data)
    found: list[tuple[str, Scores]] = []
    for name, changes in question.settings:
        described = load_chip(question.chip, changes)
        settings = crossbar_settings(described, compensation=question.compensation)
        placed = placed_model(question, described)
        data_set = read_data_set(data, placed)
        scores = evaluate(placed, settings, data_set, metric=metric, plan=question.plan, progress=progress)
        found.append((name, scores))
    return AccuracyStudy(question, data_set.data.samples, tuple(found), data_set.notes)


def _check_effort(question: AccuracyQuestion) -> None:
    if question.evaluations > MOST_EVALUATIONS:
        raise InputError(
            f"{len(question.settings):,} settings, {question.plan.seeds:,} programmings and "
            f"{len(question.plan.times_s):,} times are {question.evaluations:,} evaluations of the model",
            where="--sweep, --seeds, --at",
            remedy=f"Ask for at most {MOST_EVALUATIONS:,} in one study; ten programmings usually show the spread.",
        )


def placed_model(question: AccuracyQuestion, chip: Chip) -> Model:
    """The model on the arrays where ``archsim run`` with the same options has it."""
    path, data = model_files(question.model, question.data)
    network = load_network(path, shapes={**shapes_in_data(data, path), **question.shapes})
    return prepare(path, place(network, chip, replicate=question.replicate))


def model_files(model: str, data: Path | None = None) -> tuple[Path, Path]:
    """A model's file and the data's.

    Parameters
    ----------
    model : str
        A trained model's name, or an ONNX file.
    data : Path, optional

    Raises
    ------
    InputError
        If there is no such model, or no data were given for a file of one's own.
    """
    known = trained(model)
    if known is not None:
        return known.model, data or known.data
    if not Path(model).is_file():
        raise InputError(
            f"there is no file {model!r}, and no trained model of that name",
            where="MODEL",
            remedy=f"Give an ONNX file, or one of: {', '.join(entry.name for entry in TRAINED)}.",
        )
    if data is None:
        raise InputError(
            "a model needs data to be evaluated on",
            where="--data",
            remedy="Give an .npz file with one array per input of the model, and 'labels'.",
        )
    return Path(model), data
