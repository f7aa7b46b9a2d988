"""The components of a chip: how many there are, which cost section prices them, and what the chip says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archsim.chip import Chip
from archsim.chip.schema import CostChoice, Fabric, InputKind, Memory, Topology, Unit
from archsim.cost.estimate import Kind
from archsim.cost.settings import Values

READ_WRITE = ("read_bit", "write_bit")


@dataclass(frozen=True, slots=True)
class Part:
    """A component of a chip, before it is priced.

    Parameters
    ----------
    name : str
        As in action names.
    kind : Kind
    count : int
        Instances on one chip.
    actions : tuple of str
        What it may be asked to do.
    choice : CostChoice
    facts : mapping
        What the chip says of it, by the parameter names of cost models.
    where : str
        Place of its cost section in the chip file.
    on_die : bool
        False for a memory beside the chip.
    """

    name: str
    kind: Kind
    count: int
    actions: tuple[str, ...]
    choice: CostChoice
    facts: Values
    where: str
    on_die: bool = True


def parts(chip: Chip) -> tuple[Part, ...]:
    """All components of a chip."""
    return (*_tile_parts(chip), *_unit_parts(chip), *_fabric_parts(chip), *_system_parts(chip))


def directed_links(fabric: Fabric) -> int:
    """One-way links between the routers of a chip; a bus is one link that all of them share."""
    routers = fabric.routers
    match fabric.topology:
        case Topology.MESH | Topology.CONCENTRATED_MESH:
            return 2 * (fabric.rows * (fabric.columns - 1) + fabric.columns * (fabric.rows - 1))
        case Topology.TORUS:
            return 2 * (fabric.rows * _ring_links(fabric.columns) + fabric.columns * _ring_links(fabric.rows))
        case Topology.RING:
            return 2 * _ring_links(routers)
        case Topology.TREE:
            return 2 * (fabric.switches - 1)
        case Topology.BUS:
            return min(1, routers - 1)


def _ring_links(nodes: int) -> int:
    return nodes if nodes > 2 else nodes - 1


def _process(chip: Chip) -> dict[str, float | str]:
    technology = chip.technology
    return {
        "node": technology.node,
        "supply": technology.supply,
        "temperature": technology.temperature,
        "flavour": technology.flavour,
    }


def _tile_parts(chip: Chip) -> Iterator[Part]:
    tile, process = chip.tile, _process(chip)
    arrays = chip.fabric.tile_count * tile.arrays
    yield Part("array", Kind.ARRAY, arrays, ("cell", "row"), tile.array.cost, _array_facts(chip), "tile.array.cost")
    yield Part(
        "driver",
        Kind.DRIVER,
        arrays * tile.array.rows,
        ("conversion",),
        tile.input.cost,
        {**process, "bits": tile.input.bits_per_phase or tile.input.bits, "phase_time": tile.input.phase_seconds},
        "tile.input.cost",
    )
    yield from _converter_parts(chip, arrays)
    affine = {
        "lanes": tile.affine.lanes,
        "clock": tile.affine.clock,
        "sum_bits": tile.affine.sum_bits,
        "input_bits": tile.adc.bits,
    }
    yield Part(
        "affine", Kind.AFFINE, arrays, ("mac", "add"), tile.affine.cost, {**process, **affine}, "tile.affine.cost"
    )
    buffer = {**process, "capacity": tile.buffer.capacity, "width": chip.fabric.link_width}
    where = "tile.buffer.cost"
    yield Part("buffer", Kind.BUFFER, chip.fabric.tile_count, READ_WRITE, tile.buffer.cost, buffer, where)
    for name, choice in chip.other.items():
        yield Part(name, Kind.OTHER, chip.fabric.tile_count, (), choice, process, f"other.{name}")


def _array_facts(chip: Chip) -> Values:
    array, drive = chip.tile.array, chip.tile.input
    return {
        **_process(chip),
        "rows": array.rows,
        "columns": array.columns,
        "devices": array.logical_rows * array.logical_columns * array.weight.devices,
        "cell_area": array.cell.area,
        "max_conductance": array.cell.max_conductance,
        "mean_conductance": array.cell.mean_conductance,
        "read_voltage": array.cell.read_voltage,
        "phases": drive.phases // drive.sign_phases,
        "phase_time": drive.phase_seconds,
        "mean_activity": drive.mean_activity,
        "amplitude": drive.kind is InputKind.VOLTAGE,
    }


def _converter_parts(chip: Chip, arrays: int) -> Iterator[Part]:
    adc, columns = chip.tile.adc, chip.tile.array.columns
    facts = {
        **_process(chip),
        "bits": adc.bits,
        "conversion_time": adc.conversion_seconds,
        "shared_columns": columns,
        "phase_time": chip.tile.input.phase_seconds,
        "read_voltage": chip.tile.array.cell.read_voltage,
        **_column(chip),
    }
    count = arrays * -(-columns // adc.columns_per_adc)
    yield Part("adc", Kind.ADC, count, ("conversion",), adc.cost, facts, "tile.adc.cost")
    if adc.sample_hold is not None:
        where = "tile.adc.sample_hold"
        process = _process(chip)
        yield Part("sample-hold", Kind.SAMPLE_HOLD, arrays * columns, ("sample",), adc.sample_hold, process, where)


def _column(chip: Chip) -> dict[str, float]:
    """Equivalent resistance of a column: all its cells at the mean conductance and activity, in parallel."""
    cell, activity = chip.tile.array.cell, chip.tile.input.mean_activity
    conductance = chip.tile.array.rows * cell.max_conductance * cell.mean_conductance * activity
    return {"column_resistance": 1 / conductance} if conductance else {}


def _unit_parts(chip: Chip) -> Iterator[Part]:
    for name, unit in chip.units.items():
        operations = tuple(str(operation) for operation in unit.operations)
        rates = tuple(f"{operation}:{rate:g}" for operation, rate in unit.operations.items())
        count = _unit_count(chip, unit)
        facts = {**_process(chip), "lanes": unit.lanes, "clock": unit.clock, "operations": rates}
        yield Part(name, Kind.UNIT, count, operations, unit.cost, facts, f"units.{name}.cost")
        if unit.buffer is not None:
            yield Part(
                f"{name}-buffer",
                Kind.BUFFER,
                count,
                READ_WRITE,
                unit.buffer.cost,
                {**_process(chip), "capacity": unit.buffer.capacity, "width": chip.fabric.link_width},
                f"units.{name}.buffer.cost",
            )


def _unit_count(chip: Chip, unit: Unit) -> int:
    places = chip.fabric.tile_count if unit.where == "tile" else -(-chip.fabric.routers // unit.every)
    return places * unit.count


def _fabric_parts(chip: Chip) -> Iterator[Part]:
    fabric, process = chip.fabric, _process(chip)
    shared = {**process, "width": fabric.link_width, "clock": fabric.clock}
    router = {**shared, "ports": _ports(fabric)}
    # A bus is one wire along all its routers.
    length = fabric.pitch * (max(1, fabric.routers - 1) if fabric.topology is Topology.BUS else 1)
    links = directed_links(fabric)
    yield Part("router", Kind.ROUTER, fabric.switches, ("flit",), fabric.cost, router, "fabric.cost")
    wire = {**shared, "length": length}
    yield Part("wire", Kind.WIRE, links, ("bit_hop",), fabric.wire_cost, wire, "fabric.wire_cost")


def _ports(fabric: Fabric) -> int:
    match fabric.topology:
        case Topology.MESH | Topology.CONCENTRATED_MESH | Topology.TORUS:
            return 4 + fabric.concentration
        case Topology.RING:
            return 2 + fabric.concentration
        case Topology.TREE:
            return 3 + fabric.concentration
        case Topology.BUS:
            return 1 + fabric.concentration


def _system_parts(chip: Chip) -> Iterator[Part]:
    for name, memory in chip.memory.items():
        yield _memory_part(chip, name, memory)
    link = chip.system.link
    if link is not None:
        facts = {**_process(chip), "bandwidth": link.bandwidth}
        yield Part("chip-link", Kind.CHIP_LINK, link.ports, ("bit",), link.cost, facts, "system.link.cost")


def _memory_part(chip: Chip, name: str, memory: Memory) -> Part:
    facts = {
        **_process(chip),
        "capacity": memory.capacity,
        "bandwidth": memory.bandwidth,
        "width": chip.fabric.link_width,
    }
    on_die = memory.where == "chip"
    return Part(name, Kind.MEMORY, 1, READ_WRITE, memory.cost, facts, f"memory.{name}.cost", on_die)
