"""Tiles of a chip file: what every kind has, and the one of analog arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

from pydantic import model_validator

from archsim.chip.array import Array
from archsim.chip.buffer import TileBuffer
from archsim.chip.issue import Issue
from archsim.chip.periphery import Adc, InputDriver
from archsim.chip.section import (
    CostChoice,
    Count,
    Cycles,
    Hertz,
    Section,
    Width,
    refusal,
)
from archsim.chip.training import Training


class Affine(Section):
    """The scale, offset, shift-and-add and partial sums behind the converters of one array.

    Parameters
    ----------
    lanes : int
        Columns treated per cycle.
    pipeline : int
        Cycles from a code to its result.
    sum_bits : int
        Of a partial sum, as it travels to where it is added.
    """

    lanes: Count
    clock: Hertz
    pipeline: Cycles
    sum_bits: Width
    cost: CostChoice


ANALOG = "analog"
"""The matrix unit of a tile that does not name one."""


class Tile(Section, ABC):
    """A node of the fabric that multiplies by weights; each kind of matrix unit adds its own fields.

    Parameters
    ----------
    unit : str
        What multiplies: ``analog``, or another registered matrix unit.
    buffer : TileBuffer
        Where the inputs of products and the outputs of others wait.
    issue : Issue, optional
        What starts products; every array starts by itself where not given.
    """

    unit: str = ANALOG
    buffer: TileBuffer
    issue: Issue | None = None

    @property
    @abstractmethod
    def input_bits(self) -> int:
        """Bits of an element that the matrix unit takes in."""

    @property
    def weight_bits(self) -> int | None:
        """Bits of a weight; None where weights have any value, or nobody says."""
        return None


class AnalogTile(Tile):
    """A tile of analog arrays.

    Parameters
    ----------
    arrays : int
        Arrays that share the tile's buffer; each has its own drivers, converters and affine stage.
    training : Training, optional
        How the arrays train, where they do.
    """

    arrays: Count = 1
    array: Array
    input: InputDriver
    adc: Adc
    affine: Affine
    training: Training | None = None

    @property
    def input_bits(self) -> int:
        """Bits of an element that the drivers apply."""
        return self.input.bits

    @property
    def weight_bits(self) -> int | None:
        """Bits of a weight; None where it may have any value."""
        return self.array.weight.bits

    @model_validator(mode="after")
    def _shared_evenly(self) -> Self:
        if self.array.columns % self.adc.columns_per_adc:
            raise refusal(
                f"{self.array.columns} columns cannot share converters {self.adc.columns_per_adc} each",
                "Make array.columns a multiple of adc.columns_per_adc.",
            )
        backward = None if self.training is None else self.training.backward.adc
        if backward is not None and self.array.rows % backward.columns_per_adc:
            raise refusal(
                f"{self.array.rows} rows cannot share converters {backward.columns_per_adc} each",
                "Make array.rows a multiple of training.backward.adc.columns_per_adc.",
            )
        return self
