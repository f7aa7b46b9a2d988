"""The contract of everything that multiplies by weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from archsim.machine.part import Part
from archsim.machine.stages import BlockShapes, Pass, Stage


@dataclass(frozen=True, slots=True)
class BlockLimits:
    """What a block of weights may be.

    Parameters
    ----------
    rows, columns : int
        At most so many.
    diagonal : bool
        Whether several groups of a grouped matrix may lie in one block, along its diagonal.
    """

    rows: int
    columns: int
    diagonal: bool = True

    @property
    def weights(self) -> int:
        """Weights of a full block."""
        return self.rows * self.columns


@runtime_checkable
class MatrixUnit(Protocol):
    """What multiplies in the tiles of a chip: an analog array, a systolic array, a vector unit with its weights.

    Mapping cuts weights by its limits and fills its places; lowering, peak figures, power at full activity, balance of
    copies and the efficiency ladder read its stages; pricing prices its parts. Nothing else knows its inside.
    """

    @property
    def places(self) -> int:
        """Blocks that a tile holds, each with resources of its own."""

    @property
    def limits(self) -> BlockLimits:
        """What a block may be."""

    @property
    def passes(self) -> frozenset[Pass]:
        """What it can do with a block of weights."""

    @property
    def endurance(self) -> float | None:
        """How often a weight can be written; None where that is not known."""

    def stages(self, blocks: BlockShapes, doing: Pass) -> tuple[Stage, ...]:
        """One product (or other pass) with each of some blocks: its stages in order.

        Parameters
        ----------
        blocks : BlockShapes
            Within the limits.
        doing : Pass
            One that it offers.
        """

    def parts(self) -> tuple[Part, ...]:
        """Its components on one chip: every component that its stages' actions name, and what else it consists of."""
