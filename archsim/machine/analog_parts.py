"""The components of analog arrays: arrays, drivers, converters, and what makes pulses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archsim.chip import Chip
from archsim.chip.periphery import InputDriver, InputKind
from archsim.chip.section import CostChoice
from archsim.chip.tile import AnalogTile
from archsim.chip.training import Training
from archsim.machine.analog_readout import Readout
from archsim.machine.part import Fact, Facts, Kind, Part, Place, Purpose, process_facts
from archsim.machine.stages import Pass


@dataclass(frozen=True, slots=True)
class Side:
    """Components of one direction: drivers, converters, sample-and-holds; and what driving a line is called."""

    driver: str
    adc: str
    sample_hold: str
    line: str


FORWARD = Side("driver", "adc", "sample-hold", "row")
BACKWARD = Side("column-driver", "row-adc", "row-sample-hold", "column")
PULSES = "pulse-driver"
"""What makes the pulse trains of rows and columns."""


def analog_parts(chip: Chip, tile: AnalogTile) -> Iterator[Part]:
    """All components of the arrays of one chip's tiles."""
    process = process_facts(chip)
    arrays = chip.fabric.tile_count * tile.arrays
    yield _array_part(chip, tile, arrays)
    forward = Readout(tile.input, tile.adc, tile.array.columns, tile.array.weight.columns)
    yield from _side_parts(chip, FORWARD, forward, (tile.array.rows, _column(tile)), ("input", "adc"))
    affine = {
        **process,
        "lanes": tile.affine.lanes,
        "clock": tile.affine.clock,
        "sum_bits": tile.affine.sum_bits,
        "input_bits": tile.adc.bits,
    }
    yield _part("affine", Kind.AFFINE, Purpose.COMPUTE, arrays, ("mac", "add"), tile.affine.cost, affine, "affine.cost")
    if tile.training is not None and tile.training.timed:
        yield from _training_parts(chip, tile, tile.training)


def _training_parts(chip: Chip, tile: AnalogTile, training: Training) -> Iterator[Part]:
    """The other sides' drivers and converters, and what makes pulses."""
    backward, pulses, array = training.backward, training.updates.pulses, tile.array
    assert backward.driver is not None and backward.adc is not None and pulses is not None
    readout = Readout(backward.driver, backward.adc, array.rows, array.weight.rows)
    where = ("training.backward.driver", "training.backward.adc")
    yield from _side_parts(chip, BACKWARD, readout, (array.columns, _row(tile, backward.driver)), where)
    lines = chip.fabric.tile_count * tile.arrays * (array.rows + array.columns)
    facts = {**process_facts(chip), "phase_time": pulses.slot_time}
    place = "training.updates.pulses.cost"
    yield _part(PULSES, Kind.DRIVER, Purpose.COMPUTE, lines, ("pulse",), pulses.cost, facts, place)


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
    changing = _changing(tile)
    choice = tile.array.cost.model_copy(update={"energy": {**tile.array.cost.energy, **changing}})
    trains = tile.training is not None and tile.training.timed
    actions = ("cell", "row", *(("column",) if trains else ()), *changing)
    array = ("array", Kind.ARRAY, Purpose.COMPUTE, arrays, actions)
    return _part(*array, choice, _array_facts(chip, tile), "array.cost")


def _changing(tile: AnalogTile) -> dict[str, float]:
    """Joules of what changes cells, by action."""
    programming, training = tile.array.programming, tile.training
    found = {} if programming is None else {"program": programming.energy}
    if training is None or not training.timed:
        return found
    assert training.updates.pulses is not None
    found["step"] = training.updates.pulses.energy
    for name, how in ((Pass.TRANSFER, training.transfer), (Pass.REFRESH, training.refresh)):
        if how is not None:
            found[name.value] = how.energy
    return found


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


def _side_parts(
    chip: Chip, names: Side, readout: Readout, driven: tuple[int, dict[str, Fact]], where: tuple[str, str]
) -> Iterator[Part]:
    """Drivers of the lines of one side (how many, and what is known of the other's), and converters of the other."""
    tile, drive, adc, process = chip.analog, readout.driver, readout.adc, process_facts(chip)
    arrays, (lines, resistance) = chip.fabric.tile_count * tile.arrays, driven
    driver = {
        **process,
        "kind": drive.kind,
        "bits": drive.bits_per_phase or drive.bits,
        "phase_time": drive.phase_seconds,
    }
    drivers = (names.driver, Kind.DRIVER, Purpose.COMPUTE, arrays * lines, ("conversion",))
    yield _part(*drivers, drive.cost, driver, f"{where[0]}.cost")
    facts = {
        **process,
        "kind": adc.kind,
        "bits": adc.bits,
        "conversion_time": adc.conversion_seconds,
        "shared_columns": readout.lines,
        "phase_time": drive.mean_phase_seconds,
        "read_voltage": tile.array.cell.read_voltage,
        **resistance,
    }
    count = arrays * -(-readout.lines // adc.columns_per_adc)
    yield _part(names.adc, Kind.ADC, Purpose.CONVERT, count, ("conversion",), adc.cost, facts, f"{where[1]}.cost")
    if adc.sample_hold is not None:
        held = (names.sample_hold, Kind.SAMPLE_HOLD, Purpose.CONVERT, arrays * readout.lines, ("sample",))
        yield _part(*held, adc.sample_hold, process, f"{where[1]}.sample_hold")


def _column(tile: AnalogTile) -> dict[str, Fact]:
    """Equivalent resistance of a column: all its cells at the mean conductance and activity, in parallel."""
    return _resistance(tile, tile.array.rows, tile.input)


def _row(tile: AnalogTile, driver: InputDriver) -> dict[str, Fact]:
    """The same of a row that is read."""
    return _resistance(tile, tile.array.columns, driver)


def _resistance(tile: AnalogTile, cells: int, driver: InputDriver) -> dict[str, Fact]:
    cell = tile.array.cell
    conductance = cells * cell.max_conductance * cell.mean_conductance * driver.mean_activity
    return {"column_resistance": 1 / conductance} if conductance else {}
