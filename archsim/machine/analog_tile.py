"""Arrays of memory cells as a matrix unit: integration, conversion, and a digital affine stage behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from archsim.chip import Chip
from archsim.chip.schema import AnalogTile, CostChoice, InputKind
from archsim.chip.tile import ANALOG
from archsim.chip.tile_kinds import TileKind
from archsim.machine.matrix_unit import BlockLimits
from archsim.machine.part import Fact, Facts, Kind, Part, Place, Purpose, process_facts
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
        """Inputs are driven on rows, and columns are converted; cells are written where the chip file says how."""
        return frozenset({Pass.FORWARD} if self.tile.array.programming is None else {Pass.FORWARD, Pass.PROGRAM})

    @property
    def endurance(self) -> float | None:
        """As the chip file says it."""
        programming = self.tile.array.programming
        return None if programming is None else programming.endurance

    def stages(self, blocks: BlockShapes, doing: Pass) -> tuple[Stage, ...]:
        """Integrate, convert, scale, and add another row block's sums; or write the cells."""
        if doing is Pass.PROGRAM:
            return (self._program(blocks),)
        return (self._integrate(blocks), self._convert(blocks), self._affine(blocks), self._accumulate(blocks))

    def parts(self) -> tuple[Part, ...]:
        """Arrays, drivers, converters, sample-and-holds and affine stages."""
        return tuple(_parts(self.chip, self.tile))

    def _integrate(self, blocks: BlockShapes) -> Stage:
        tile = self.tile
        driven = (blocks.rows * tile.array.weight.rows * tile.input.phases).astype(np.float64)
        actions = (
            Action("array", "cell", (blocks.weights * tile.array.weight.devices).astype(np.float64)),
            Action("array", "row", driven),
            Action("driver", "conversion", driven),
        )
        interval, latency = self._integration(blocks)
        return Stage(
            Role.INTEGRATE,
            Resource.ARRAY,
            "array",
            interval,
            latency,
            input_bits=blocks.rows * self.chip.activation_bits,
            output_bits=np.zeros_like(blocks.rows),
            in_flight=2 if tile.adc.held else 1,
            actions=actions,
        )

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

    def _convert(self, blocks: BlockShapes) -> Stage:
        tile = self.tile
        conversions = (blocks.columns * tile.array.weight.columns * self._conversions_per_column).astype(np.float64)
        held = (Action("sample-hold", "sample", conversions),) if tile.adc.held else ()
        busy = self._conversion(blocks)
        actions = (Action("adc", "conversion", conversions), *held)
        return self._digital(Role.CONVERT, Resource.ADC, "adc", busy, busy, blocks, actions)

    def _affine(self, blocks: BlockShapes) -> Stage:
        """Scale and offset of every column, and the additions that join its phases, slices and signs."""
        joining = self.tile.array.weight.columns * self._conversions_per_column - 1
        adding = (Action("affine", "add", (blocks.columns * joining).astype(np.float64)),) if joining else ()
        actions = (Action("affine", "mac", blocks.columns.astype(np.float64)), *adding)
        return self._behind(Role.AFFINE, blocks.columns * (1 + joining), blocks, actions)

    def _accumulate(self, blocks: BlockShapes) -> Stage:
        actions = (Action("affine", "add", blocks.columns.astype(np.float64)),)
        return self._behind(Role.ACCUMULATE, blocks.columns, blocks, actions)

    def _behind(self, role: Role, operations: Ids, blocks: BlockShapes, actions: tuple[Action, ...]) -> Stage:
        """So many operations behind the converters of one array."""
        affine = self.tile.affine
        clock = period_ps(affine.clock)
        cycles = -(-operations // affine.lanes)
        latency = (cycles + affine.pipeline - 1) * clock
        return self._digital(role, Resource.AFFINE, "affine", cycles * clock, latency, blocks, actions)

    def _digital(
        self,
        role: Role,
        resource: Resource,
        label: str,
        interval: Ids,
        latency: Ids,
        blocks: BlockShapes,
        actions: tuple[Action, ...],
    ) -> Stage:
        """A stage whose tokens are partial sums."""
        sums = blocks.columns * self.tile.affine.sum_bits
        return Stage(role, resource, label, interval, latency, np.zeros_like(sums), sums, actions=actions)

    @property
    def _conversions_per_column(self) -> int:
        """Conversions of one physical column per product."""
        return self.tile.input.phases if self.tile.adc.per_phase else 1

    @property
    def _phases(self) -> tuple[int, ...]:
        """Picoseconds of each phase."""
        return tuple(picoseconds(length) for length in self.tile.input.phase_lengths)

    def _turns(self, blocks: BlockShapes) -> Ids:
        """Picoseconds of the conversions of one phase.

        Used columns spread evenly over the converters, so that a half-used array takes half the turns.
        """
        tile = self.tile
        converters = -(-tile.array.columns // tile.adc.columns_per_adc)
        return -(-blocks.columns * tile.array.weight.columns // converters) * picoseconds(tile.adc.conversion_seconds)

    def _cycles(self, blocks: BlockShapes) -> Ids:
        """Each phase and conversions: the longer of the two with a sample-and-hold, one after the other without.

        Shape ``(phases, blocks)``. With a sample-and-hold, the conversions beside a phase are those of the one before.
        """
        phases, turns = np.array(self._phases, np.int64)[:, None], self._turns(blocks)
        return np.maximum(phases, turns) if self.tile.adc.held else phases + turns

    def _integration(self, blocks: BlockShapes) -> tuple[Ids, Ids]:
        """Interval and latency on the array."""
        whole = np.full(len(blocks), sum(self._phases), np.int64)
        if self.tile.adc.during_integration:
            # A token takes at least 1 ps from the array to its converters; both are through at the same time.
            return whole, np.ones_like(whole)
        if self.tile.adc.per_phase:
            return self._cycles(blocks).sum(axis=0), np.full_like(whole, self._phases[0])
        return whole, whole

    def _conversion(self, blocks: BlockShapes) -> Ids:
        """Interval of the converters, which is their latency, too."""
        turns = self._turns(blocks)
        if self.tile.adc.during_integration:
            return sum(self._phases) + turns - 1
        return self._cycles(blocks)[1:].sum(axis=0) + turns if self.tile.adc.per_phase else turns


def _unit(chip: Chip) -> AnalogArrays:
    return AnalogArrays(chip, chip.analog)


ANALOG_ARRAYS = TileKind(ANALOG, AnalogTile, _unit)


def _parts(chip: Chip, tile: AnalogTile) -> Iterator[Part]:
    process = process_facts(chip)
    arrays = chip.fabric.tile_count * tile.arrays
    driver = {
        **process,
        "kind": tile.input.kind,
        "bits": tile.input.bits_per_phase or tile.input.bits,
        "phase_time": tile.input.phase_seconds,
    }
    yield _array_part(chip, tile, arrays)
    drivers = ("driver", Kind.DRIVER, Purpose.COMPUTE, arrays * tile.array.rows, ("conversion",))
    yield _part(*drivers, tile.input.cost, driver, "input.cost")
    yield from _converter_parts(chip, tile, arrays)
    affine = {
        **process,
        "lanes": tile.affine.lanes,
        "clock": tile.affine.clock,
        "sum_bits": tile.affine.sum_bits,
        "input_bits": tile.adc.bits,
    }
    yield _part("affine", Kind.AFFINE, Purpose.COMPUTE, arrays, ("mac", "add"), tile.affine.cost, affine, "affine.cost")


def _part(
    name: str,
    kind: Kind,
    purpose: Purpose,
    count: int,
    actions: tuple[str, ...],
    choice: CostChoice,
    facts: Facts,
    where: str,
) -> Part:
    return Part(name, kind, Place.TILE, purpose, count, actions, choice, facts, f"tile.{where}")


def _array_part(chip: Chip, tile: AnalogTile, arrays: int) -> Part:
    """The arrays; what writing takes is said beside how it is done, not in the cost section."""
    programming, choice = tile.array.programming, tile.array.cost
    actions: tuple[str, ...] = ("cell", "row")
    if programming is not None:
        choice = choice.model_copy(update={"energy": {**choice.energy, "program": programming.energy}})
        actions = (*actions, "program")
    array = ("array", Kind.ARRAY, Purpose.COMPUTE, arrays, actions)
    return _part(*array, choice, _array_facts(chip, tile), "array.cost")


def _array_facts(chip: Chip, tile: AnalogTile) -> Facts:
    array, drive = tile.array, tile.input
    return {
        **process_facts(chip),
        "rows": array.rows,
        "columns": array.columns,
        "devices": array.logical_rows * array.logical_columns * array.weight.devices,
        "cell_area": array.cell.area,
        "max_conductance": array.cell.max_conductance,
        "mean_conductance": array.cell.mean_conductance,
        "read_voltage": array.cell.read_voltage,
        "phases": drive.phases // drive.sign_phases,
        "phase_time": drive.mean_phase_seconds,
        "mean_activity": drive.mean_activity,
        "amplitude": drive.kind is InputKind.VOLTAGE,
        **({} if drive.mean_square is None else {"mean_square": drive.mean_square}),
    }


def _converter_parts(chip: Chip, tile: AnalogTile, arrays: int) -> Iterator[Part]:
    adc, columns, process = tile.adc, tile.array.columns, process_facts(chip)
    facts = {
        **process,
        "kind": adc.kind,
        "bits": adc.bits,
        "conversion_time": adc.conversion_seconds,
        "shared_columns": columns,
        "phase_time": tile.input.mean_phase_seconds,
        "read_voltage": tile.array.cell.read_voltage,
        **_column(tile),
    }
    count = arrays * -(-columns // adc.columns_per_adc)
    yield _part("adc", Kind.ADC, Purpose.CONVERT, count, ("conversion",), adc.cost, facts, "adc.cost")
    if adc.sample_hold is not None:
        held = ("sample-hold", Kind.SAMPLE_HOLD, Purpose.CONVERT, arrays * columns, ("sample",))
        yield _part(*held, adc.sample_hold, process, "adc.sample_hold")


def _column(tile: AnalogTile) -> dict[str, Fact]:
    """Equivalent resistance of a column: all its cells at the mean conductance and activity, in parallel."""
    cell, activity = tile.array.cell, tile.input.mean_activity
    conductance = tile.array.rows * cell.max_conductance * cell.mean_conductance * activity
    return {"column_resistance": 1 / conductance} if conductance else {}
