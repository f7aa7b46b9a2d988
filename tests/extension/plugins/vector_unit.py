"""A digital vector unit that multiplies: weights in an SRAM, so many multiply-accumulates a cycle, one adder tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from archsim.chip import Chip
from archsim.chip.section import CostChoice, Count, Hertz, Precision
from archsim.chip.tile import Tile
from archsim.chip.tile_kinds import TileKind
from archsim.machine import Action, BlockLimits, BlockShapes, Kind, Part, Pass, Place, Purpose, Stage
from archsim.machine.part import process_facts
from archsim.program import Kind as Resource
from archsim.program import Role
from archsim.units import period_ps


class VectorTile(Tile):
    """A tile with one vector unit.

    Parameters
    ----------
    rows, columns : int
        Largest block of weights that the SRAM holds.
    lanes : int
        Multiply-accumulates a cycle.
    pipeline : int
        Cycles from an operand to its sum.
    """

    unit: Literal["vector"]
    rows: Count
    columns: Count
    lanes: Count
    clock: Hertz
    pipeline: Count
    bits: Precision
    bits_per_weight: Precision
    sum_bits: Precision
    lanes_cost: CostChoice
    weights_cost: CostChoice

    @property
    def input_bits(self) -> int:
        """Bits of an input."""
        return self.bits


@dataclass(frozen=True, slots=True)
class VectorUnit:
    """The vector units of a chip's tiles."""

    chip: Chip
    tile: VectorTile

    @property
    def places(self) -> int:
        """One block per tile."""
        return 1

    @property
    def limits(self) -> BlockLimits:
        """What the SRAM holds; groups one by one, since zeros would cost cycles."""
        return BlockLimits(self.tile.rows, self.tile.columns, diagonal=False)

    @property
    def passes(self) -> frozenset[Pass]:
        """Forward only."""
        return frozenset({Pass.FORWARD})

    @property
    def endurance(self) -> None:
        """Its weights stay."""

    def stages(self, blocks: BlockShapes, doing: Pass) -> tuple[Stage, ...]:
        """Multiply by every weight, and add another block's sums, on the same lanes."""
        weights, columns = blocks.weights, blocks.columns
        products = (
            Action("lanes", "mac", weights.astype(np.float64)),
            Action("weights", "read_bit", (weights * self.tile.bits_per_weight).astype(np.float64)),
        )
        sums = (Action("lanes", "add", columns.astype(np.float64)),)
        inputs = blocks.rows * self.chip.activation_bits
        return (
            self._stage(Role.MULTIPLY, weights, blocks, inputs, products),
            self._stage(Role.ACCUMULATE, columns, blocks, np.zeros_like(inputs), sums),
        )

    def _stage(
        self,
        role: Role,
        operations: np.ndarray,
        blocks: BlockShapes,
        inputs: np.ndarray,
        actions: tuple[Action, ...],
    ) -> Stage:
        clock, cycles = period_ps(self.tile.clock), -(-operations // self.tile.lanes)
        latency = (cycles + self.tile.pipeline - 1) * clock
        made = blocks.columns * self.tile.sum_bits
        return Stage(role, Resource.ARRAY, "vector", cycles * clock, latency, inputs, made, actions=actions)

    def parts(self) -> tuple[Part, ...]:
        """The lanes, and the SRAM with the weights."""
        tile, count, process = self.tile, self.chip.fabric.tile_count, process_facts(self.chip)
        lanes = {**process, "lanes": tile.lanes, "clock": tile.clock, "operations": ("mac", "add")}
        held = {**process, "capacity": tile.rows * tile.columns * tile.bits_per_weight, "width": 64}
        in_tile = (Place.TILE, Purpose.COMPUTE, count)
        stored = ("read_bit", "write_bit")
        return (
            Part("lanes", Kind.UNIT, *in_tile, ("mac", "add"), tile.lanes_cost, lanes, "tile.lanes_cost"),
            Part("weights", Kind.BUFFER, *in_tile, stored, tile.weights_cost, held, "tile.weights_cost"),
        )


def _unit(chip: Chip) -> VectorUnit:
    assert isinstance(chip.tile, VectorTile)
    return VectorUnit(chip, chip.tile)


VECTOR_UNIT = TileKind("vector", VectorTile, _unit)
