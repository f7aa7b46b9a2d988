"""One training: a module, the order of its examples, and how far it has come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from archsim.errors import InputError
from archsim.numeric.arrays import Integers
from archsim.training.conversion import HardwareAware, OnChip
from archsim.training.examples import Examples
from archsim.training.state import Leaf, leaves, with_leaves

MOST_SEEDS = 9_000_000
"""Of trainings: the number of a mini-batch's draws has 64 bits for seed, epoch and step."""
MOST_EPOCHS = 1_000_000
"""Of a training, for the same reason."""
_TESTED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """How a network is trained.

    Parameters
    ----------
    epochs, batch : int
    rate : float
        Learning rate, of the mean loss of a mini-batch.
    """

    epochs: int
    batch: int
    rate: float

    def __post_init__(self) -> None:
        for value, name in ((self.epochs, "--epochs"), (self.batch, "--batch")):
            if value < 1:
                raise InputError(f"{value} is less than one", where=name, remedy="Give at least 1.")
        if self.epochs > MOST_EPOCHS:
            raise InputError(
                f"{self.epochs:,} epochs; their draws would be those of other seeds from {MOST_EPOCHS:,} on",
                where="--epochs",
                remedy=f"Give at most {MOST_EPOCHS:,}; --checkpoint keeps a training that goes on later.",
            )
        if not (self.rate > 0 and np.isfinite(self.rate)):
            raise InputError(
                f"no pulse train expresses a learning rate of {self.rate:g}",
                where="--rate",
                remedy="Give a finite number above 0, such as 0.01.",
            )


@dataclass(slots=True, eq=False)
class Course:
    """A module in training.

    Parameters
    ----------
    seed : int
        Of the order of the examples, and of what PyTorch draws.
    module : nn.Module
    plan : Plan
    step : int
        Mini-batches of this epoch until now.
    loss : float
        Sum over them, weighted by their examples.
    """

    seed: int
    module: nn.Module
    plan: Plan
    step: int = 0
    loss: float = 0.0

    @property
    def on_chip(self) -> bool:
        """Whether its products are those of a chip's arrays."""
        return isinstance(self.module, OnChip | HardwareAware)

    def epoch(self, examples: Examples, epoch: int) -> Iterator[None]:
        """Train from the step where it is to the end of an epoch; yields after every mini-batch.

        Raises
        ------
        InputError
            If the loss is no number any more, or a label is none of the classes.
        """
        order = np.random.default_rng([self.seed, epoch]).permutation(len(examples))
        self.module.train()
        for first in range(self.step * self.plan.batch, len(order), self.plan.batch):
            # Named by the step, so that a run that goes on has the draws of one that was never stopped.
            torch.default_generator.manual_seed((self.seed * 1_000_003 + epoch) * 1_000_003 + self.step)
            self._train(examples.at(order[first : first + self.plan.batch]), epoch)
            self.step += 1
            yield

    def _train(self, part: Examples, epoch: int) -> None:
        loss = functional.cross_entropy(*scored(self.module, part))
        value = loss.item()
        if not np.isfinite(value):
            raise InputError(
                f"the loss became {value} in epoch {epoch + 1}, mini-batch {self.step + 1}"
                f"{'' if self.on_chip else ', in floating point'}",
                where="--rate",
                remedy=f"Lower the learning rate of {self.plan.rate:g}.",
            )
        loss.backward()
        self.loss += value * len(part)
        self._descend()

    @torch.no_grad()
    def _descend(self) -> None:
        for parameter in self.module.parameters():
            if parameter.grad is not None:
                parameter.sub_(self.plan.rate * parameter.grad)
                parameter.grad = None
        if isinstance(self.module, OnChip):
            self.module.update(self.plan.rate)

    def finish(self, examples: Examples) -> float:
        """Mean loss of the epoch; the next one begins."""
        mean = self.loss / len(examples)
        self.step, self.loss = 0, 0.0
        return mean

    @torch.no_grad()
    def accuracy(self, examples: Examples) -> float:
        """Share of right classes."""
        self.module.eval()
        right = 0
        for first in range(0, len(examples), _TESTED_AT_ONCE):
            places = np.arange(first, min(first + _TESTED_AT_ONCE, len(examples)))
            scores, labels = scored(self.module, examples.at(places))
            right += int((scores.argmax(dim=1) == labels).sum())
        return right / examples.labels.size

    def leaves(self) -> Iterator[Leaf]:
        """All that changes, for a checkpoint."""
        yield np.asarray(self.step)
        yield np.asarray(self.loss)
        for parameter in (*self.module.parameters(), *self.module.buffers()):
            yield parameter.detach().numpy()
        if isinstance(self.module, OnChip):
            for arrays in self.module.arrays:
                yield from leaves((arrays.matrix, arrays.effort))

    def take(self, given: Iterator[Leaf]) -> None:
        """Put back what ``leaves`` gave."""
        self.step, self.loss = with_leaves((self.step, self.loss), given)
        for parameter in (*self.module.parameters(), *self.module.buffers()):
            parameter.data = torch.from_numpy(with_leaves(parameter.detach().numpy(), given).copy())
        if isinstance(self.module, OnChip):
            for arrays in self.module.arrays:
                arrays.matrix, arrays.effort = with_leaves((arrays.matrix, arrays.effort), given)


def scored(module: nn.Module, part: Examples) -> tuple[Tensor, Tensor]:
    """Scores, shape (labels, classes), and labels, shape (labels,).

    Raises
    ------
    InputError
        If the module does not give a score per class for every label, or a label is none of the classes.
    """
    labels = torch.from_numpy(np.ascontiguousarray(part.labels))
    scores: Tensor = module(torch.from_numpy(np.ascontiguousarray(part.inputs)))
    if scores.dim() != labels.dim() + 1 or scores.shape[: labels.dim()] != labels.shape:
        raise InputError(
            f"the model gives scores of the shape {tuple(scores.shape)} for labels of the shape {tuple(labels.shape)}",
            where="MODEL",
            remedy="Give a model with a score per class in its last axis, for every label.",
        )
    _check_labels(part.labels, scores.shape[-1])
    return scores.flatten(0, -2), labels.flatten()


def _check_labels(labels: Integers, classes: int) -> None:
    least, most = int(labels.min()), int(labels.max())
    if least < 0 or most >= classes:
        raise InputError(
            f"a label is {most if most >= classes else least}, and the model's classes are 0 to {classes - 1}",
            where="labels of the data",
            remedy="Number the classes from 0, or take a model with more outputs.",
        )
