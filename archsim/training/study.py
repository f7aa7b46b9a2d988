"""What ``archsim train`` asks, and what it finds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from torch import nn

from archsim.chip import Chip, load_chip
from archsim.errors import InputError
from archsim.functional import crossbar_settings
from archsim.numeric import CrossbarSettings
from archsim.training.conversion import HardwareAware, OnChip
from archsim.training.course import MOST_SEEDS, Plan
from archsim.training.examples import read_examples
from archsim.training.kinds import KindSeen, kinds_seen
from archsim.training.matrix import ArraySettings
from archsim.training.models import builder
from archsim.training.run import Keeping, Progress, Task, Trainings, train
from archsim.training.settings import Choice, array_settings
from archsim.workloads.trained import trained


@dataclass(frozen=True, slots=True)
class TrainingQuestion:
    """What is trained, on which chip, and how.

    Parameters
    ----------
    model : str
        See ``archsim.training.models.builder``.
    chip : str
        A preset's name, or a chip file.
    overrides : tuple of str
        Changes to the chip file.
    data : Path, optional
        A trained model brings its own.
    plan : Plan
    seeds, first_seed : int
        How many trainings, and the number of the first.
    holdout : float
        Share of the examples for the test, where the file has no test set.
    choice : Choice, optional
        Of another algorithm than the chip's.
    relu, keep_weights : bool
    aware_s : float, optional
        Weights stay in floating point and learn the chip's errors (hardware-aware training), with times since
        programming up to this one (s); None trains them on the devices.
    """

    model: str
    chip: str
    plan: Plan
    overrides: tuple[str, ...] = ()
    data: Path | None = None
    seeds: int = 1
    first_seed: int = 0
    holdout: float = 0.2
    choice: Choice | None = None
    relu: bool = False
    keep_weights: bool = False
    aware_s: float | None = None

    def __post_init__(self) -> None:
        if self.seeds < 1 or self.first_seed < 0:
            raise InputError(
                f"{self.seeds} seeds from {self.first_seed} on",
                where="--seeds, --seed",
                remedy="Give at least 1, and 0.",
            )
        if self.first_seed + self.seeds > MOST_SEEDS:
            raise InputError(
                f"{self.seeds:,} seeds from {self.first_seed:,} on; their numbers end at {MOST_SEEDS:,}",
                where="--seeds, --seed",
                remedy="Give smaller numbers.",
            )
        if self.aware_s is not None and self.choice is not None:
            raise InputError(
                "hardware-aware training is PyTorch's descent, and has no algorithm of devices",
                where="--algorithm",
                remedy="Leave it out, or leave out --hardware-aware.",
            )


@dataclass(frozen=True, slots=True, eq=False)
class TrainingStudy:
    """A question with its answer.

    Parameters
    ----------
    question : TrainingQuestion
    algorithm : str
        Its name.
    task : Task
    kinds : tuple of KindSeen
        Of its devices.
    trainings : Trainings
    """

    question: TrainingQuestion
    algorithm: str
    task: Task
    kinds: tuple[KindSeen, ...]
    trainings: Trainings


@dataclass(frozen=True, slots=True)
class OnArrays:
    """Places a module on arrays that train."""

    settings: ArraySettings

    def __call__(self, source: nn.Module, seed: int) -> OnChip:
        return OnChip(source, self.settings, seed)


@dataclass(frozen=True, slots=True)
class Aware:
    """Makes a module's products those of arrays as they are programmed for inference."""

    settings: CrossbarSettings
    limits: tuple[int, int]
    longest_s: float

    def __call__(self, source: nn.Module, seed: int) -> HardwareAware:
        return HardwareAware(source, self.settings, self.limits, seed, self.longest_s)


def _place(chip: Chip, question: TrainingQuestion) -> OnArrays | Aware:
    if question.aware_s is None:
        return OnArrays(array_settings(chip, question.choice))
    array = chip.analog.array
    return Aware(crossbar_settings(chip), (array.logical_rows, array.logical_columns), question.aware_s)


def training_task(question: TrainingQuestion) -> Task:
    """All that is needed to train.

    Raises
    ------
    ArchsimError
        If the model, the data or the chip cannot be used.
    """
    chip = load_chip(question.chip, question.overrides)
    place = _place(chip, question)
    build = builder(question.model, relu=question.relu, keep_weights=question.keep_weights)
    data = _data(question)
    sets = read_examples(data, holdout=question.holdout, seed=question.first_seed)
    if question.plan.batch > len(sets.training):
        raise InputError(
            f"a mini-batch of {question.plan.batch:,} examples, and there are {len(sets.training):,} to train with",
            where="--batch",
            remedy="Take fewer in a mini-batch.",
        )
    names: Mapping[str, object] = {
        "archsim": _version(),
        "model": f"{question.model}{_digest(Path(question.model))}",
        "chip": f"{chip.name} {hashlib.sha256(repr(place).encode()).hexdigest()[:12]}",
        "data": f"{data.name}{_digest(data)}",
        "batch": question.plan.batch,
        "rate": question.plan.rate,
        "seeds": f"{question.seeds} from {question.first_seed}",
        "holdout": question.holdout,
        "layers": "rectified" if question.relu else "sigmoid",
        "weights": "kept" if question.keep_weights else "drawn",
    }
    seeds = tuple(range(question.first_seed, question.first_seed + question.seeds))
    name = "\n".join(f"{key} {value}" for key, value in names.items())
    return Task(name, build, place, sets, question.plan, seeds)


def training_study(
    question: TrainingQuestion, keeping: Keeping | None = None, progress: Progress = lambda examples, total: None
) -> TrainingStudy:
    """Train a network on a chip and in floating point.

    Raises
    ------
    ArchsimError
        If the model, the data or the chip cannot be used, or the training comes to no end.
    """
    task = training_task(question)
    found = train(task, keeping, progress)
    kinds = kinds_seen(task.place.settings.algorithm) if isinstance(task.place, OnArrays) else ()
    return TrainingStudy(question, _algorithm(question), task, kinds, found)


def trained_weights(study: TrainingStudy, seed: int) -> nn.Module:
    """The network of a seed in floating point, with the weights that it came to on the chip."""
    module = study.task.build(seed)
    for course in study.trainings.courses:
        if course.seed == seed and isinstance(course.module, HardwareAware | OnChip):
            course.module.give_back(module)
    return module


def _algorithm(question: TrainingQuestion) -> str:
    if question.aware_s is not None:
        return "hardware-aware"
    if question.choice is not None:
        return question.choice.algorithm
    training = load_chip(question.chip, question.overrides).analog.training
    assert training is not None
    return training.algorithm


def _data(question: TrainingQuestion) -> Path:
    known = trained(question.model)
    if question.data is None and known is None:
        raise InputError(
            "a network needs examples to be trained on",
            where="--data",
            remedy="Give an .npz file with one array of inputs, and 'labels'.",
        )
    if question.data is not None:
        return question.data
    assert known is not None
    own: Path = known.data
    return own


def _version() -> str:
    try:
        return version("archsim")
    except PackageNotFoundError:
        return "source"


def _digest(path: Path) -> str:
    return f" {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}" if path.is_file() else ""
