"""Systolic arrays as a unit that works layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from archsim.chip import Chip
from archsim.chip.buffer import Buffer
from archsim.chip.nearness import nearest
from archsim.chip.stepped_tile import SYSTOLIC, Dataflow, Filling, SystolicTile, TensorsAre, WeightsAre, Zeros
from archsim.chip.tile_kinds import TileKind
from archsim.errors import InputError
from archsim.machine.matrix_unit import BlockLimits
from archsim.machine.memories import Stored, memory_for
from archsim.machine.part import READ_WRITE, Facts, Kind, Part, Place, Purpose, process_facts
from archsim.machine.parts import BUFFER
from archsim.machine.shares import piece_of, together
from archsim.machine.stages import Action, BlockShapes, Pass, Stage
from archsim.machine.stepped import Elementwise, Keeping, Product, Spent, Steps
from archsim.machine.systolic.choice import best_loops
from archsim.machine.systolic.folds import Folded, Operand, pieces
from archsim.machine.systolic.loops import Loops, Shares, Sizes
from archsim.machine.systolic.zeros import multiplied_share, stored_share, thinned
from archsim.machine.vector_unit import AHEAD, spread, unit_steps
from archsim.network import Network
from archsim.program import Kind as Resource
from archsim.program import Role
from archsim.units import PS_PER_S, period_ps

ARRAY, WEIGHT_BUFFER, SUM_BUFFER = "array", "weight-buffer", "sum-buffer"
MOST_AHEAD = 16
"""Steps whose weights are fetched ahead at most: beyond, a memory's size changes nothing but the number of channels."""


@dataclass(frozen=True, slots=True)
class SystolicArrays:
    """The systolic arrays of a chip.

    Parameters
    ----------
    chip : Chip
    tile : SystolicTile
        Of that chip.
    """

    chip: Chip
    tile: SystolicTile

    @property
    def places(self) -> int:
        """Arrays."""
        return self.tile.arrays

    @property
    def limits(self) -> BlockLimits:
        """Weights of one fold."""
        return BlockLimits(self.tile.rows, self.tile.columns)

    @property
    def passes(self) -> frozenset[Pass]:
        """Forward only."""
        return frozenset({Pass.FORWARD})

    @property
    def endurance(self) -> None:
        """Nothing wears out."""
        return None

    def stages(self, blocks: BlockShapes, doing: Pass) -> tuple[Stage, ...]:
        """At the peak, a vector enters every cycle."""
        cycle = np.full(len(blocks), period_ps(self.tile.clock), np.int64)
        macs = (Action(ARRAY, "mac", blocks.weights.astype(np.float64)),)
        read = blocks.rows * self.chip.activation_bits
        made = blocks.columns * self.tile.precision.sums
        return (Stage(Role.MULTIPLY, Resource.ARRAY, ARRAY, cycle, cycle, read, made, actions=macs),)

    def parts(self) -> tuple[Part, ...]:
        """The arrays, and the memories for weights and sums."""
        tile = self.tile
        facts = {**process_facts(self.chip), "lanes": tile.rows * tile.columns, "clock": tile.clock}
        facts["operations"] = ("mac:1",)
        arrays = (ARRAY, Kind.UNIT, Place.TILE, Purpose.COMPUTE, tile.arrays, ("mac",), tile.cost, facts, "tile.cost")
        return (
            Part(*arrays, covers=frozenset(Purpose(served) for served in tile.covers.served)),
            self._memory(WEIGHT_BUFFER, tile.weight_buffer, "weight_buffer"),
            self._memory(SUM_BUFFER, tile.sum_buffer, "sum_buffer"),
        )

    @property
    def keeping(self) -> Keeping:
        """Weights in their memory, tensors in the buffer, as the chip file says."""
        tile = self.tile
        return Keeping(
            weight_bits=tile.precision.weights,
            weights=tile.weight_buffer.capacity * self.chips if tile.weights is WeightsAre.RESIDENT else None,
            weights_between=tile.weight_buffer.capacity * self.chips / 2,
            buffer=tile.buffer.capacity * self.chips,
            tensors=tile.tensors is TensorsAre.KEPT,
            hands_over=True,
            chips=self.chips,
        )

    @property
    def chips(self) -> int:
        """That share every layer."""
        chips = self.chip.system.chips
        return chips if isinstance(chips, int) else 1

    def check(self, network: Network, samples: int) -> None:
        """Refuse shares of zeros of layers that there are not; else any network will do."""
        layers = [layer.name for layer in network.matrices]
        for field, zeros in (("zero_inputs", self.tile.zero_inputs), ("zero_weights", self.tile.zero_weights)):
            for name in () if zeros is None else zeros.layers:
                if name not in layers:
                    raise InputError(
                        f"{network.name} has no layer {name!r} with weights",
                        where=f"chip {self.chip.name!r}, tile.{field}.layers",
                        remedy=f"Give shares of its layers, such as {nearest(name, layers) or layers[0]!r}.",
                    )

    def product(self, product: Product, most: int) -> Steps:
        """The folds of a product, in at most so many steps; of one that chips share, those of the largest piece."""
        whole = self._stored(product)
        piece = piece_of(whole)
        chips = 1 if product.shared is None else product.shared.chips
        loops = self.loops(piece)
        moved = tuple(replace(one, count=one.count * chips) for one in self._spent(piece, loops))
        return together(self._folds(piece, loops, most), (Spent(ARRAY, "mac", float(whole.macs)), *moved), chips)

    def _folds(self, product: Product, loops: Loops, most: int) -> Steps:
        """The folds of one chip."""
        count = min(most, loops.folds)
        ends = np.arange(1, count + 1, dtype=np.int64) * loops.folds // count
        cycles = loops.cycles(ends)
        cycles[-1] -= 1
        operands, period = product.operands, period_ps(self.tile.clock)
        inputs = spread(operands.inputs_fetched, loops.visited(Operand.INPUTS, ends))
        weights = spread(operands.weights_fetched, loops.visited(Operand.WEIGHTS, ends))
        done = loops.done(ends)
        outputs = spread(operands.outputs_written, done)
        spilt = spread(self._sum_bits(product), (loops.visits(Operand.SUMS) - 1.0) * ends / loops.folds)
        return Steps(
            role=Role.MULTIPLY,
            resource=Resource.ARRAY,
            label=ARRAY,
            interval=np.maximum(np.diff(cycles, prepend=0), 1) * period,
            latency=0,
            inputs=inputs + spilt,
            weights=weights,
            outputs=outputs + spilt,
            done=done,
            ahead=self._ahead(int(weights.max())),
            spent=(),
        )

    def elementwise(self, work: Elementwise, most: int) -> Steps:
        """On the chip's digital units."""
        return unit_steps(self.chip, work, most)

    def _zeros(self, product: Product) -> dict[Operand, Zeros | None]:
        """What the chip file says of zeros; products of two activations have none that are known."""
        tile = self.tile
        found: dict[Operand, Zeros | None] = dict.fromkeys(Operand)
        if product.constant:
            given = ((Operand.INPUTS, tile.zero_inputs), (Operand.WEIGHTS, tile.zero_weights))
            found.update((operand, zeros.of(product.layer)) for operand, zeros in given if zeros is not None)
        return found

    def _stored(self, product: Product) -> Product:
        """The product with the bits and the multiplications that zeros leave."""
        zeros, operands = self._zeros(product), product.operands
        inputs = stored_share(self.chip.activation_bits, zeros[Operand.INPUTS])
        weights = stored_share(self.tile.precision.weights, zeros[Operand.WEIGHTS])
        left = replace(
            operands,
            inputs=ceil(operands.inputs * inputs),
            inputs_fetched=ceil(operands.inputs_fetched * inputs),
            weights=ceil(operands.weights * weights),
            weights_fetched=ceil(operands.weights_fetched * weights),
        )
        return replace(product, operands=left, macs=round(product.macs * multiplied_share(zeros)))

    def loops(self, product: Product) -> Loops:
        """The loops that a product is run with."""
        tile, operands = self.tile, product.operands
        one = Loops(
            folded=thinned(Folded.of(product, tile.dataflow), self._zeros(product), (tile.rows, tile.columns)),
            sizes={
                Operand.INPUTS: Sizes(operands.inputs / product.groups, operands.room / 2),
                Operand.WEIGHTS: Sizes(operands.weights / product.groups, tile.weight_buffer.capacity / 2),
                Operand.SUMS: Sizes(self._sum_bits(product) / product.groups, tile.sum_buffer.capacity / 2),
            },
            array=(tile.rows, tile.columns),
            groups=product.groups,
            shares=Shares(),
            repeats=pieces(self.chip.activation_bits, tile.precision.inputs),
            parts=1,
            by_columns=True,
            loading=0 if tile.dataflow is Dataflow.OUTPUT_STATIONARY else tile.load_cycles or tile.rows,
            exposed=tile.filling is Filling.EXPOSED,
        )
        return best_loops(
            one, tile.arrays, product, cycle_ps=period_ps(tile.clock), bits_per_ps=self._memory_rate(product)
        )

    def _memory_rate(self, product: Product) -> float:
        """Bits per picosecond of the memory, if anything can pass there."""
        if not self.chip.memory:
            return np.inf
        return memory_for(self.chip, Stored.WEIGHTS)[1].bandwidth / PS_PER_S

    def _sum_bits(self, product: Product) -> int:
        return product.vectors * product.columns * product.groups * self.tile.precision.sums

    def _ahead(self, weights: int) -> int:
        """Steps whose weights their memory holds."""
        room = int(self.tile.weight_buffer.capacity // max(1, weights))
        return min(max(AHEAD, room), MOST_AHEAD)

    def _spent(self, product: Product, loops: Loops) -> Iterator[Spent]:
        """What the arrays and the memory behind them read and write on the chip."""
        tile, operands = self.tile, product.operands
        read, write = READ_WRITE
        taken = _taken(product, loops)
        zeros = self._zeros(product)
        taken[Operand.INPUTS] *= stored_share(self.chip.activation_bits, zeros[Operand.INPUTS])
        taken[Operand.WEIGHTS] *= stored_share(tile.precision.weights, zeros[Operand.WEIGHTS])
        fetched = {
            Operand.INPUTS: operands.inputs_fetched * loops.visits(Operand.INPUTS),
            Operand.WEIGHTS: operands.weights_fetched * loops.visits(Operand.WEIGHTS),
        }
        yield Spent(BUFFER, read, taken[Operand.INPUTS] * self.chip.activation_bits)
        yield Spent(BUFFER, write, fetched[Operand.INPUTS] + operands.outputs - operands.outputs_written)
        yield Spent(WEIGHT_BUFFER, read, taken[Operand.WEIGHTS] * tile.precision.weights)
        yield Spent(WEIGHT_BUFFER, write, fetched[Operand.WEIGHTS])
        yield Spent(SUM_BUFFER, write, taken[Operand.SUMS] * tile.precision.sums)
        # Every addition but the first reads what is there; the results are read once they are complete.
        yield Spent(SUM_BUFFER, read, taken[Operand.SUMS] * tile.precision.sums)

    def _memory(self, name: str, buffer: Buffer, field: str) -> Part:
        facts: Facts = {
            **process_facts(self.chip),
            "kind": buffer.kind,
            "capacity": buffer.capacity,
            "width": self.tile.port_width,
        }
        where = (name, Kind.BUFFER, Place.TILE, Purpose.STORE, 1, READ_WRITE)
        return Part(*where, buffer.cost, facts, f"tile.{field}.cost")


def _taken(product: Product, loops: Loops) -> dict[Operand, float]:
    """Elements that pass between the arrays' edges and the memories on the chip: once in each fold that uses them."""
    folded = loops.folded
    sizes = {
        Operand.INPUTS: product.vectors * product.rows,
        Operand.WEIGHTS: product.rows * product.columns,
        Operand.SUMS: product.vectors * product.columns,
    }
    rows, columns = (pieces(size, most) for size, most in zip(_plane(folded), loops.array, strict=True))
    uses = {folded.stays: loops.parts, folded.across: columns, folded.down: rows}
    if folded.stays is Operand.SUMS:
        uses[Operand.SUMS] = 1
    return {operand: float(sizes[operand] * product.groups * uses[operand]) for operand in Operand}


def _plane(folded: Folded) -> tuple[int, int]:
    return folded.along_rows, folded.along_columns


def _unit(chip: Chip) -> SystolicArrays:
    assert isinstance(chip.tile, SystolicTile)
    return SystolicArrays(chip, chip.tile)


SYSTOLIC_ARRAYS = TileKind(SYSTOLIC, SystolicTile, _unit)
