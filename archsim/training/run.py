"""Training a network on a chip and, with the same seeds and order, in floating point."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from archsim.errors import InputError
from archsim.memory import free_bytes, gibibytes
from archsim.numeric.chunks import single_threaded
from archsim.training.checkpoint import Position, read_checkpoint, write_checkpoint
from archsim.training.conversion import HardwareAware, OnChip
from archsim.training.course import Course, Plan, scored
from archsim.training.examples import Examples, ExampleSets
from archsim.training.scores import Score

Progress = Callable[[int, int], None]
"""Told the examples that were trained since it was told last, and how many there are in all."""
BYTES_PER_SEED = 64 << 10
"""Of a training's objects, beside its numbers: measured on 400 of the least network."""
_LEAST_EXPRESSED = 0.25
"""Share of the wanted steps that pulse trains must have. Asymmetric devices were published at rates that cut a half."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is trained.

    Parameters
    ----------
    name : str
        All that decides the result, a line each.
    build : callable
        From a seed to a module with its initial weights.
    place : callable
        From a module with its initial weights and a seed to the one that is trained on the chip.
    sets : ExampleSets
    plan : Plan
    seeds : tuple of int
    """

    name: str
    build: Callable[[int], nn.Module]
    place: Callable[[nn.Module, int], OnChip | HardwareAware]
    sets: ExampleSets
    plan: Plan
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where and how often checkpoints are written.

    Parameters
    ----------
    path : Path
    every_s : float
        Seconds at least between two; one is written after every epoch, too.
    """

    path: Path
    every_s: float = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Trainings:
    """What came out.

    Parameters
    ----------
    scores : tuple of Score
    courses : tuple of Course
        With their modules as they are at the end.
    resumed : int
        Epochs that a checkpoint had.
    """

    scores: tuple[Score, ...]
    courses: tuple[Course, ...]
    resumed: int


def train(task: Task, keeping: Keeping | None = None, progress: Progress = lambda examples, total: None) -> Trainings:
    """Train for every seed, in floating point and on the chip, epoch by epoch.

    Parameters
    ----------
    task : Task
    keeping : Keeping, optional
        A checkpoint that is there is gone on with.
    progress : callable, optional

    Raises
    ------
    InputError
        If the chip cannot hold the weights, the loss is no number, the rate cannot be expressed by pulses, or a
        checkpoint is of another training.
    """
    with _one_thread():
        courses = _all_courses(task)
        position = Position(task.name, 0, 0, ())
        if keeping is not None and keeping.path.exists():
            position, leaves = read_checkpoint(keeping.path, task.name)
            for course in courses:
                course.take(leaves)
        last = position
        for reached in _steps(task, courses, position, keeping, progress):
            last = reached
            if keeping is not None:
                write_checkpoint(keeping.path, reached, (leaf for course in courses for leaf in course.leaves()))
    return Trainings(last.scores, courses, position.epoch)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Mini-batches are too small for several; and sums have one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with single_threaded():
            yield
    finally:
        torch.set_num_threads(before)


def _all_courses(task: Task) -> tuple[Course, ...]:
    """In floating point and on the chip for each seed, once it is known that the examples fit and all have room."""
    first, *others = task.seeds
    pair = _courses(task, first)
    _check_examples(pair[0], task.sets.training)
    _check_room(pair, len(task.seeds))
    return (*pair, *(course for seed in others for course in _courses(task, seed)))


def _check_examples(course: Course, examples: Examples) -> None:
    """See that a module can compute an example; what it draws for that is not missed later."""
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            scored(course.module.eval(), examples.at(np.zeros(1, np.int64)))
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise InputError(
            f"the model cannot compute examples of the shape {examples.inputs.shape[1:]}: {error}",
            where="MODEL, data",
            remedy="Give data of the shape that the model takes, without the axis of examples.",
        ) from error


def _check_room(pair: tuple[Course, Course], seeds: int) -> None:
    """See that the trainings of all seeds have room side by side."""
    each = BYTES_PER_SEED + sum(np.asarray(leaf).nbytes for course in pair for leaf in course.leaves())
    needed, free = each * (seeds - 1), free_bytes()
    if needed > free:
        raise InputError(
            f"{seeds:,} trainings side by side take about {gibibytes(needed)} of memory, and {gibibytes(free)} are "
            "free",
            where="--seeds",
            remedy=f"At most {free // each + 1:,} fit; train the others by another --seed.",
        )


def _courses(task: Task, seed: int) -> tuple[Course, Course]:
    source = task.build(seed)
    return Course(seed, source, task.plan), Course(seed, task.place(source, seed), task.plan)


def _steps(
    task: Task, courses: tuple[Course, ...], position: Position, keeping: Keeping | None, progress: Progress
) -> Iterator[Position]:
    """Train on; positions at which a checkpoint is due."""
    scores, examples = list(position.scores), task.sets.training
    total = task.plan.epochs * len(courses) * len(examples)
    before = (position.epoch * len(courses) + position.course) * len(examples)
    progress(before + courses[position.course].step * task.plan.batch, total)
    due = time.monotonic() + (keeping.every_s if keeping else 0.0)
    for epoch in range(position.epoch, task.plan.epochs):
        for index in range(position.course if epoch == position.epoch else 0, len(courses)):
            course = courses[index]
            for _ in course.epoch(examples, epoch):
                progress(task.plan.batch, total)
                if keeping and time.monotonic() >= due:
                    yield Position(task.name, epoch, index, tuple(scores))
                    due = time.monotonic() + keeping.every_s
            scores.append(_score(course, task, epoch, scores))
            last = index + 1 == len(courses)
            yield Position(task.name, epoch + last, 0 if last else index + 1, tuple(scores))


def _score(course: Course, task: Task, epoch: int, before: list[Score]) -> Score:
    loss, accuracy = course.finish(task.sets.training), course.accuracy(task.sets.test)
    if not isinstance(course.module, OnChip):
        return Score(course.seed, course.on_chip, epoch + 1, loss, accuracy)
    score = _on_chip(course, course.module, (epoch + 1, loss, accuracy), before)
    _check_pulses(score, task.plan.rate)
    return score


def _on_chip(course: Course, module: OnChip, found: tuple[int, float, float], before: list[Score]) -> Score:
    """Counts of this epoch: all of them less those of the epochs before."""
    own = [score for score in before if score.on_chip and score.seed == course.seed]
    effort, sizes = module.effort, [arrays.matrix.weights.size for arrays in module.arrays]
    saturated = sum(arrays.matrix.saturated * size for arrays, size in zip(module.arrays, sizes, strict=True))
    return Score(
        course.seed,
        True,
        *found,
        saturated / sum(sizes),
        effort.up - sum(score.up for score in own),
        effort.down - sum(score.down for score in own),
        effort.expressed / effort.wanted if effort.wanted else 1.0,
        effort.transfers - sum(score.transfers for score in own),
        effort.refreshed - sum(score.refreshed for score in own),
        effort.digital_macs - sum(score.digital_macs for score in own),
    )


def _check_pulses(score: Score, rate: float) -> None:
    if score.expressed < _LEAST_EXPRESSED:
        raise InputError(
            f"pulse trains of the chip's length express {score.expressed:.1%} of the changes that a learning rate of "
            f"{rate:g} asks for",
            where="--rate",
            remedy="Lower it, or raise tile.training.updates.slots or tile.training.device.step.",
        )
