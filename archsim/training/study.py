"""What ``archsim train`` asks, and what it finds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from archsim.chip import load_chip
from archsim.errors import InputError
from archsim.training.course import MOST_SEEDS, Plan
from archsim.training.examples import read_examples
from archsim.training.kinds import KindSeen, kinds_seen
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


@dataclass(frozen=True, slots=True, eq=False)
class TrainingStudy:
    """A question with its answer.

    Parameters
    ----------
    question : TrainingQuestion
    algorithm : str
        Its name.
    trained, tested : int
        Examples.
    note : str
        On the data.
    kinds : tuple of KindSeen
        Of its devices.
    trainings : Trainings
    """

    question: TrainingQuestion
    algorithm: str
    trained: int
    tested: int
    note: str
    kinds: tuple[KindSeen, ...]
    trainings: Trainings


def training_task(question: TrainingQuestion) -> Task:
    """All that is needed to train.

    Raises
    ------
    ArchsimError
        If the model, the data or the chip cannot be used.
    """
    chip = load_chip(question.chip, question.overrides)
    settings = array_settings(chip, question.choice)
    build = builder(question.model, relu=question.relu, keep_weights=question.keep_weights)
    data = _data(question)
    sets = read_examples(data, holdout=question.holdout, seed=question.first_seed)
    names: Mapping[str, object] = {
        "archsim": _version(),
        "model": f"{question.model}{_digest(Path(question.model))}",
        "chip": f"{chip.name} {hashlib.sha256(repr(settings).encode()).hexdigest()[:12]}",
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
    return Task(name, build, settings, sets, question.plan, seeds)


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
    chosen = question.choice.algorithm if question.choice else _algorithm(question)
    found = train(task, keeping, progress)
    sizes = len(task.sets.training), len(task.sets.test)
    return TrainingStudy(question, chosen, *sizes, task.sets.note, kinds_seen(task.settings.algorithm), found)


def _algorithm(question: TrainingQuestion) -> str:
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
