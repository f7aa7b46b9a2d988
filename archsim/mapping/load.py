"""What one copy of each matrix of weights takes: all that placing takes from the times of products.

A change of these times mostly leaves copies and units as they are. So whoever places asks for copies and for
comparisons with the pace (`Loading`), and for the times themselves only where it goes by them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from archsim.chip.reads import Answer
from archsim.columns import Columns, Ids
from archsim.errors import CapacityError
from archsim.machine import BlockShapes, MatrixUnit, Pass, product_period
from archsim.mapping.blocks import Cut
from archsim.mapping.pace import AskedPace, Pace, PaceOf, answer_pace
from archsim.network import Layer, Network, Weights


class Loading(Protocol):
    """What copies of weights take, as far as somebody asks; columns of shape ``(matrices,)``."""

    @property
    def blocks(self) -> Ids:
        """Arrays of a copy."""

    @property
    def most(self) -> Ids:
        """Copies that can help: the tokens of the layer with fewest, or 1 inside a recurrence."""

    def exact(self) -> Load:
        """All of it, times included."""

    def balanced(self, arrays: int, least_ps: int = 0) -> Ids:
        """As the function of this name."""

    def pace(self, copies: Ids) -> Pace:
        """Of the slowest copy of so many of each."""


@dataclass(frozen=True, slots=True)
class Load(Columns):
    """What one copy of each matrix of weights takes; columns of shape ``(matrices,)``.

    Parameters
    ----------
    interval_ps : int64
        Between its products.
    tokens : int64
        Products per sample, of all layers that use it.
    blocks : int64
        Arrays.
    most : int64
        Copies that can help: the tokens of the layer with fewest, or 1 inside a recurrence.
    """

    interval_ps: Ids
    tokens: Ids
    blocks: Ids
    most: Ids

    def time_ps(self, copies: Ids) -> Ids:
        """Picoseconds per sample of so many copies: of the copy with most tokens."""
        return -(-self.tokens // copies) * self.interval_ps

    def exact(self) -> Load:
        """As `Loading.exact`."""
        return self

    def balanced(self, arrays: int, least_ps: int = 0) -> Ids:
        """As `Loading.balanced`."""
        return balanced(self, arrays, least_ps)

    def pace(self, copies: Ids) -> PaceOf:
        """As `Loading.pace`; without weights, nobody is too slow."""
        return PaceOf(float(self.time_ps(copies).max()) if len(self) else np.inf)


def balanced(load: Load, arrays: int, least_ps: int = 0) -> Ids:
    """Copies that make the slowest layer as fast as the arrays allow.

    For a target time T each layer takes as many copies as leave no copy more tokens than fit into T; the smallest T
    whose copies fit is found by bisection. It is never below what a layer with all useful copies takes, nor below the
    time in which samples can enter and leave: more copies would only be more to feed.
    """

    def copies(target: int) -> Ids:
        wanted: Ids = -(-load.tokens // np.maximum(1, target // load.interval_ps))
        return np.minimum(wanted, load.most)

    def fits(target: int) -> bool:
        return int((copies(target) * load.blocks).sum()) <= arrays

    if not len(load.blocks):
        return np.zeros(0, np.int64)
    low, high = (int(load.time_ps(count).max()) for count in (load.most, np.ones_like(load.most)))
    low, high = max(low, least_ps), max(high, least_ps)
    if fits(low):
        return copies(low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return copies(high)


@dataclass(frozen=True)
class Work:
    """The weights of a network cut into blocks, and what they have to do; whatever a product takes.

    Parameters
    ----------
    weights : tuple of Weights
        Of ``Network.users``.
    cuts : tuple of Cut
        The blocks of each.
    tokens, most : int64, shape (matrices,)
        As of `Load`.
    """

    weights: tuple[Weights, ...]
    cuts: tuple[Cut, ...]
    tokens: Ids
    most: Ids

    @classmethod
    def of(cls, network: Network, cuts: tuple[Cut, ...]) -> Work:
        """That of a network as it is mapped."""
        bound, users = recurrent_layers(network), network.users
        tokens = [sum(layer.tokens for layer in layers) for layers in users.values()]
        most = [min(_useful(layer, bound) for layer in layers) for layers in users.values()]
        return cls(tuple(users), cuts, np.array(tokens, np.int64), np.array(most, np.int64))

    @cached_property
    def blocks(self) -> Ids:
        """Arrays of a copy of each, shape ``(matrices,)``."""
        return np.array([len(cut) for cut in self.cuts], np.int64)

    @cached_property
    def summed(self) -> NDArray[np.bool_]:
        """Whether sums of several row blocks are added, shape ``(matrices,)``."""
        return np.array([bool(cut.row.any()) for cut in self.cuts], np.bool_)

    @cached_property
    def shapes(self) -> tuple[BlockShapes, Ids]:
        """Shapes of blocks, each once, and the number of each block's."""
        each = [(cut.shapes.rows, cut.shapes.columns, cut.weights) for cut in self.cuts]
        return BlockShapes(*(np.concatenate(column) for column in zip(*each, strict=True))).distinct()

    def load(self, unit: MatrixUnit) -> Load:
        """What it takes on a matrix unit.

        Raises
        ------
        CapacityError
            If the unit would have to add sums of blocks, and cannot.
        """
        return Load(self._intervals(unit), self.tokens, self.blocks, self.most)

    def _intervals(self, unit: MatrixUnit) -> Ids:
        """Between products of each of the weights: of their slowest block, shape ``(matrices,)``."""
        if not self.cuts:
            return np.zeros(0, np.int64)
        shapes, back = self.shapes
        stages = unit.stages(shapes, Pass.FORWARD)
        if self.summed.any() and not any(stage.sums for stage in stages):
            raise _no_sums(unit, self.weights[int(self.summed.argmax())])
        alone, added = (product_period(stages, summed=with_sums)[back] for with_sums in (False, True))
        periods = np.where(np.repeat(self.summed, self.blocks), added, alone)
        return np.asarray(np.maximum.reduceat(periods, np.cumsum(self.blocks) - self.blocks), np.int64)


def matrix_load(network: Network, unit: MatrixUnit, cuts: tuple[Cut, ...]) -> Load:
    """Time and arrays of the weights of ``Network.users``."""
    return Work.of(network, cuts).load(unit)


def _useful(layer: Layer, bound: frozenset[str]) -> int:
    """Copies that can help a layer."""
    return 1 if layer.name in bound else layer.tokens


def recurrent_layers(network: Network) -> frozenset[str]:
    """Layers on a cycle of every step, which no second copy can speed up."""
    return frozenset().union(*network.cycles)


def _no_sums(unit: MatrixUnit, weights: Weights) -> CapacityError:
    return CapacityError(
        f"their {weights.rows} rows are cut into blocks of {unit.limits.rows}, whose sums no matrix unit adds",
        where=f"weights {weights.name!r}",
        remedy="Take larger blocks in the chip's tile, or a matrix unit that adds partial sums.",
    )


_SOUND, _EXACT, _BALANCED = "sound", "exact", "balanced"


@dataclass(frozen=True, slots=True)
class AskedLoad:
    """A load by questions (`archsim.chip.reads`).

    Parameters
    ----------
    work : Work
    ask : callable
        Takes the words of a question.
    """

    work: Work
    ask: Answer

    @classmethod
    def of(cls, work: Work, ask: Answer) -> AskedLoad:
        """Of work that a matrix unit can do; whoever answers refuses any other."""
        ask(_SOUND)
        return cls(work, ask)

    @property
    def blocks(self) -> Ids:
        """As `Loading.blocks`."""
        return self.work.blocks

    @property
    def most(self) -> Ids:
        """As `Loading.most`."""
        return self.work.most

    def exact(self) -> Load:
        """As `Loading.exact`."""
        intervals = np.array(self.ask(_EXACT), np.int64)
        return Load(intervals, self.work.tokens, self.work.blocks, self.work.most)

    def balanced(self, arrays: int, least_ps: int = 0) -> Ids:
        """As `Loading.balanced`."""
        return np.array(self.ask(_BALANCED, str(arrays), str(least_ps)), np.int64)

    def pace(self, copies: Ids) -> AskedPace:
        """As `Loading.pace`."""
        told = " ".join(map(str, copies.tolist()))
        return AskedPace(lambda *question: self.ask(*question, told))


def answer_load(load: Callable[[], Load]) -> Answer:
    """What answers the questions of `AskedLoad`; of other weights, nothing.

    Parameters
    ----------
    load : callable
        Called anew for each question.
    """

    @cache
    def pace(told: str) -> Answer | None:
        copies = np.array(told.split(), np.int64)
        return answer_pace(load().pace(copies)) if len(copies) == len(load()) else None

    def answer(kind: str, *words: str) -> object:
        if kind == _SOUND:
            return len(load()) >= 0
        if kind == _EXACT:
            return tuple(load().interval_ps.tolist())
        if kind == _BALANCED:
            return tuple(load().balanced(*map(int, words)).tolist())
        *question, told = words
        asked = pace(told)
        return None if asked is None else asked(kind, *question)

    return answer
