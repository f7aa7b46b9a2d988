"""Arrays of memory cells as a matrix unit: integration, conversion, and a digital affine stage behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.chip import Chip
from archsim.chip.tile import ANALOG, AnalogTile
from archsim.chip.tile_kinds import TileKind
from archsim.chip.training import Training
from archsim.machine.analog_parts import BACKWARD, FORWARD, PULSES, Side, analog_parts
from archsim.machine.analog_readout import Readout
from archsim.machine.matrix_unit import BlockLimits
from archsim.machine.part import Part
from archsim.machine.stages import Action, BlockShapes, Ids, Pass, Stage
from archsim.program import Kind as Resource
from archsim.program import Role
from archsim.units import period_ps, picoseconds


@dataclass(frozen=True, slots=True)
class AnalogArrays:
    """The analog arrays of a chip's tiles.

    Parameters
    ----------
    chip : Chip
    tile : AnalogTile
        Of that chip.
    """

    chip: Chip
    tile: AnalogTile

    @property
    def places(self) -> int:
        """Arrays of a tile."""
        return self.tile.arrays

    @property
    def limits(self) -> BlockLimits:
        """An array, in weights."""
        return BlockLimits(self.tile.array.logical_rows, self.tile.array.logical_columns)

    @property
    def passes(self) -> frozenset[Pass]:
        """Products; the writing of cells, and all that training takes, where the chip file says how."""
        found = {Pass.FORWARD}
        if self.tile.array.programming is not None:
            found.add(Pass.PROGRAM)
        return frozenset(found | self._training_passes)

    @property
    def _training_passes(self) -> set[Pass]:
        training = self.tile.training
        # Rows would add up slices of different significance.
        if training is None or not training.timed or self.tile.array.weight.slices > 1:
            return set()
        rewritten = {Pass.TRANSFER: training.transfer, Pass.REFRESH: training.refresh}
        return {
            Pass.TRANSPOSED,
            Pass.UPDATE,
            Pass.WRITE,
            *(doing for doing, how in rewritten.items() if how is not None),
        }

    @property
    def endurance(self) -> float | None:
        """As the chip file says it."""
        programming = self.tile.array.programming
        return None if programming is None else programming.endurance

    def stages(self, blocks: BlockShapes, doing: Pass) -> tuple[Stage, ...]:
        """Integrate, convert, scale, and add another block's sums; or change the cells."""
        if doing is Pass.PROGRAM:
            return (self._program(blocks),)
        if doing is Pass.UPDATE:
            return (self._update(blocks),)
        if doing is Pass.WRITE:
            return (self._write(blocks),)
        if doing in (Pass.TRANSFER, Pass.REFRESH):
            return (self._rewriting(blocks, doing),)
        way = self._forward(blocks) if doing is Pass.FORWARD else self._transposed(blocks)
        return (self._integrate(blocks, way), self._convert(way), self._affine(way), self._accumulate(way))

    def parts(self) -> tuple[Part, ...]:
        """Arrays, drivers, converters, sample-and-holds and affine stages."""
        return tuple(analog_parts(self.chip, self.tile))

    def _forward(self, blocks: BlockShapes) -> _Way:
        tile, weight = self.tile, self.tile.array.weight
        readout = Readout(tile.input, tile.adc, tile.array.columns, weight.columns)
        return _Way(FORWARD, readout, blocks.rows, blocks.rows * weight.rows, blocks.columns)

    def _transposed(self, blocks: BlockShapes) -> _Way:
        array, weight = self.tile.array, self.tile.array.weight
        backward = self._training.backward
        assert backward.driver is not None and backward.adc is not None
        readout = Readout(backward.driver, backward.adc, array.rows, weight.rows)
        return _Way(BACKWARD, readout, blocks.columns, blocks.columns * weight.columns, blocks.rows)

    @property
    def _training(self) -> Training:
        assert self.tile.training is not None
        return self.tile.training

    def _integrate(self, blocks: BlockShapes, way: _Way) -> Stage:
        driven = (way.driven * way.readout.driver.phases).astype(np.float64)
        # A device's charge goes with how long and how strongly it is driven; its energy is that of a forward product.
        forward, own = self.tile.input.exposure, way.readout.driver.exposure
        # Where forward inputs are all 0, there is nothing to compare with.
        devices = self.tile.array.weight.devices * (own / forward if forward else 1.0)
        actions = (
            Action("array", "cell", (blocks.weights * devices).astype(np.float64)),
            Action("array", way.names.line, driven),
            Action(way.names.driver, "conversion", driven),
        )
        interval, latency = way.readout.integration(way.outputs)
        return Stage(
            Role.INTEGRATE,
            Resource.ARRAY,
            "array",
            interval,
            latency,
            input_bits=way.inputs * self.chip.activation_bits,
            output_bits=np.zeros_like(way.inputs),
            in_flight=2 if way.readout.adc.held else 1,
            actions=actions,
        )

    def _update(self, blocks: BlockShapes) -> Stage:
        """Pulse trains on rows and columns at once; where both have a pulse, a device steps."""
        pulses, weight = self._training.updates.pulses, self.tile.array.weight
        assert pulses is not None
        slots = self._training.updates.slots * pulses.sign_phases
        on_rows = blocks.rows * weight.rows * pulses.row_activity
        on_columns = blocks.columns * weight.columns * pulses.column_activity
        coinciding = pulses.row_activity * pulses.column_activity
        actions = (
            Action(PULSES, "pulse", (slots * (on_rows + on_columns)).astype(np.float64)),
            Action("array", "step", (slots * coinciding * blocks.weights).astype(np.float64)),
        )
        time = np.full(len(blocks), slots * picoseconds(pulses.slot_time), np.int64)
        taken = (blocks.rows + blocks.columns) * self.chip.activation_bits
        none = np.zeros_like(blocks.rows)
        return Stage(Role.UPDATE, Resource.ARRAY, "array", time, time, taken, none, actions=actions)

    def _write(self, blocks: BlockShapes) -> Stage:
        """A train for each row, whose line has a pulse in every slot and the columns in theirs."""
        pulses, weight = self._training.updates.pulses, self.tile.array.weight
        assert pulses is not None
        slots = self._training.updates.slots * pulses.sign_phases
        lines = weight.rows + blocks.columns * weight.columns * pulses.column_activity
        actions = (
            Action(PULSES, "pulse", (slots * blocks.rows * lines).astype(np.float64)),
            Action("array", "step", (slots * pulses.column_activity * blocks.weights).astype(np.float64)),
        )
        time = blocks.rows * (slots * picoseconds(pulses.slot_time))
        taken = blocks.rows * blocks.columns * self.chip.activation_bits
        return Stage(Role.UPDATE, Resource.ARRAY, "array", time, time, taken, np.zeros_like(time), actions=actions)

    def _rewriting(self, blocks: BlockShapes, doing: Pass) -> Stage:
        """Rows of weights one after the other, or so many at once."""
        how = self._training.transfer if doing is Pass.TRANSFER else self._training.refresh
        assert how is not None
        rows = blocks.rows if how.rows is None else np.minimum(blocks.rows, how.rows)
        time = -(-rows // how.rows_at_once) * picoseconds(how.time)
        written = (blocks.weights * (rows / blocks.rows)).astype(np.float64)
        none = np.zeros_like(blocks.rows)
        role = Role.TRANSFER if doing is Pass.TRANSFER else Role.REFRESH
        actions = (Action("array", doing.value, written),)
        return Stage(role, Resource.ARRAY, "array", time, time, none, none, actions=actions)

    def _program(self, blocks: BlockShapes) -> Stage:
        """Rows of cells one after the other, or so many at once."""
        weight, programming = self.tile.array.weight, self.tile.array.programming
        assert programming is not None
        groups = -(-blocks.rows * weight.rows // programming.rows_at_once)
        time = groups * picoseconds(programming.time)
        written = (blocks.weights * weight.devices).astype(np.float64)
        return Stage(
            Role.PROGRAM,
            Resource.ARRAY,
            "array",
            time,
            time,
            input_bits=blocks.weights * programming.bits,
            output_bits=np.zeros_like(blocks.rows),
            actions=(Action("array", "program", written),),
        )

    def _convert(self, way: _Way) -> Stage:
        conversions = (way.outputs * way.readout.conversions_per_weight).astype(np.float64)
        names, busy = way.names, way.readout.conversion(way.outputs)
        held = (Action(names.sample_hold, "sample", conversions),) if way.readout.adc.held else ()
        actions = (Action(names.adc, "conversion", conversions), *held)
        return self._digital(Role.CONVERT, (Resource.ADC, names.adc), (busy, busy), way, actions)

    def _affine(self, way: _Way) -> Stage:
        """Scale and offset of every sum, and the additions that join its phases, slices and signs."""
        joining = way.readout.conversions_per_weight - 1
        adding = (Action("affine", "add", (way.outputs * joining).astype(np.float64)),) if joining else ()
        actions = (Action("affine", "mac", way.outputs.astype(np.float64)), *adding)
        return self._behind(Role.AFFINE, way.outputs * (1 + joining), way, actions)

    def _accumulate(self, way: _Way) -> Stage:
        actions = (Action("affine", "add", way.outputs.astype(np.float64)),)
        return self._behind(Role.ACCUMULATE, way.outputs, way, actions)

    def _behind(self, role: Role, operations: Ids, way: _Way, actions: tuple[Action, ...]) -> Stage:
        """So many operations behind the converters of one array."""
        affine = self.tile.affine
        clock = period_ps(affine.clock)
        cycles = -(-operations // affine.lanes)
        latency = (cycles + affine.pipeline - 1) * clock
        return self._digital(role, (Resource.AFFINE, "affine"), (cycles * clock, latency), way, actions)

    def _digital(
        self, role: Role, where: tuple[Resource, str], times: tuple[Ids, Ids], way: _Way, actions: tuple[Action, ...]
    ) -> Stage:
        """A stage whose tokens are partial sums, with its interval and latency."""
        sums = way.outputs * self.tile.affine.sum_bits
        return Stage(role, *where, *times, np.zeros_like(sums), sums, actions=actions)


@dataclass(frozen=True, slots=True)
class _Way:
    """Products with some blocks in one direction; columns of shape ``(blocks,)``.

    Parameters
    ----------
    names : Side
    readout : Readout
    inputs, driven, outputs : int64
        Elements that come in, physical lines that they drive, and sums that come out.
    """

    names: Side
    readout: Readout
    inputs: Ids
    driven: Ids
    outputs: Ids


def _unit(chip: Chip) -> AnalogArrays:
    return AnalogArrays(chip, chip.analog)


ANALOG_ARRAYS = TileKind(ANALOG, AnalogTile, _unit)
