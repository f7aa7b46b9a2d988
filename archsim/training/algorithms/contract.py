"""What an algorithm is: how weights on devices follow their gradients. One page, one file for each algorithm.

An algorithm is a frozen dataclass. Its first field says which devices there are; the others are its own numbers, by the
names that a chip file gives them. ``trained`` makes the weights of one array, a value that each mini-batch replaces by
the next. Everything that changes is in its fields, as arrays, whole numbers and other such values: that is what a
checkpoint holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Protocol

from archsim.errors import InputError
from archsim.numeric import Stream
from archsim.numeric.arrays import F32
from archsim.numeric.update import Preset, Pulses
from archsim.training.algorithms.devices import ExactDevice
from archsim.training.algorithms.effort import Batch, Effort

Kind = Preset | ExactDevice
Number = float | int | bool


@dataclass(frozen=True, slots=True)
class CellKinds:
    """The devices that an algorithm works with.

    Parameters
    ----------
    main : Preset or ExactDevice
        Of the weights that last.
    second : Preset or ExactDevice
        Of those that gather gradients, where an algorithm has such; the main one again where none is given.
    pulses : Pulses
        How gradients become pulses.
    """

    main: Kind
    second: Kind
    pulses: Pulses


class Trained(Protocol):
    """The weights of an array while they are trained; a value."""

    @property
    def weights(self) -> F32:
        """As products see them, shape (rows, columns)."""
        ...

    @property
    def lowest(self) -> F32:
        """The least weight that each place can have."""
        ...

    @property
    def highest(self) -> F32:
        """The largest."""
        ...

    @property
    def step(self) -> float:
        """Mean change of a weight by one pulse."""
        ...

    def written(self, weights: F32) -> Trained:
        """With given weights, as near as the devices allow."""
        ...

    def updated(self, batch: Batch) -> tuple[Trained, Effort]:
        """After a mini-batch."""
        ...


class Algorithm(Protocol):
    """How weights are trained."""

    def trained(self, shape: tuple[int, int], stream: Stream) -> Trained:
        """An array of (rows, columns) weights, with devices drawn from a stream."""
        ...


@dataclass(frozen=True, slots=True)
class Method:
    """An algorithm that chip files may name.

    Parameters
    ----------
    name : str
    summary : str
        One line for a reader, with its source.
    build : callable
        The algorithm's dataclass: the kinds of cells, then its numbers by name.
    two_kinds : bool
        Whether it has devices of a second kind.
    """

    name: str
    summary: str
    build: Callable[..., Algorithm]
    two_kinds: bool = False

    def algorithm(self, cells: CellKinds, numbers: Mapping[str, Number], where: str) -> Algorithm:
        """The algorithm with some of its numbers set.

        Raises
        ------
        InputError
            If it has no such number, or cannot take the value.
        """
        known = self.numbers
        for name in numbers:
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = f"Did you mean {near[0]!r}? " if near else ""
                raise InputError(
                    f"the algorithm {self.name!r} has no number {name!r}",
                    where=f"{where}.{name}",
                    remedy=f"{hint}It has: {', '.join(known) or 'none'}.",
                )
        return self.build(cells, **numbers)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of the algorithm's own numbers."""
        return tuple(field.name for field in fields(self.build) if field.name != "cells")  # type: ignore[arg-type]
