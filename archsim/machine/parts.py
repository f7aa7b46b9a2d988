"""The components of a chip: how many there are, which cost section prices them, and what the chip says of them."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

from archsim.chip import Chip
from archsim.chip.buffer import Buffer
from archsim.chip.digital import Unit
from archsim.chip.stepped_tile import SteppedTile
from archsim.chip.system import Memory
from archsim.machine.part import READ_WRITE, Facts, Kind, Part, Place, Purpose, Rate, process_facts
from archsim.machine.registry import matrix_unit

BUFFER = "buffer"
"""The memory of each tile, from which products read."""
OVERHEAD = "overhead"
"""What a digital unit does for every token beside its operations."""
ISSUE = "issue"
"""What starts the products of a tile."""


def parts(chip: Chip) -> tuple[Part, ...]:
    """All components of a chip; of the one that was asked for last, those that were found then."""
    if type(chip) is not Chip:
        # What is noted while a chip is read must be read each time, and kept by nobody.
        return _parts(chip)
    last = _LAST.get(Chip)
    if last is not None and last[0]() is chip:
        return last[1]
    found = _parts(chip)
    _LAST[Chip] = weakref.ref(chip), found
    return found


_LAST: dict[type[Chip], tuple[weakref.ref[Chip], tuple[Part, ...]]] = {}


def _parts(chip: Chip) -> tuple[Part, ...]:
    fabric = () if chip.alone else _fabric_parts(chip)
    return (*_tile_parts(chip), *_unit_parts(chip), *fabric, *_port_parts(chip))


def _tile_parts(chip: Chip) -> Iterator[Part]:
    tile, tiles = chip.tile, chip.fabric.tile_count
    yield from matrix_unit(chip).parts()
    buffer = _buffer_facts(chip, tile.buffer)
    yield Part(
        BUFFER, Kind.BUFFER, Place.TILE, Purpose.STORE, tiles, READ_WRITE, tile.buffer.cost, buffer, "tile.buffer.cost"
    )
    if tile.issue is not None:
        yield Part(
            ISSUE, Kind.OTHER, Place.TILE, Purpose.CONTROL, tiles, ("issue",), tile.issue.cost, process_facts(chip),
            "tile.issue.cost", full_rates=(Rate("issue", tile.issue.width / tile.issue.time),),
        )  # fmt: skip
    for name, choice in chip.other.items():
        purpose = Purpose(choice.serves)
        yield Part(name, Kind.OTHER, Place.TILE, purpose, tiles, (), choice, process_facts(chip), f"other.{name}")


def _unit_parts(chip: Chip) -> Iterator[Part]:
    for name, unit in chip.units.items():
        place = Place.TILE if unit.where == "tile" else Place.FABRIC
        count, process = _unit_count(chip, unit), process_facts(chip)
        rates = tuple(f"{operation}:{rate:g}" for operation, rate in unit.operations.items())
        yield Part(
            name,
            Kind.UNIT,
            place,
            Purpose.DIGITAL,
            count,
            (*(str(operation) for operation in unit.operations), *(() if unit.overhead is None else (OVERHEAD,))),
            unit.cost,
            {**process, "lanes": unit.lanes, "clock": unit.clock, "operations": rates},
            f"units.{name}.cost",
            full_rates=tuple(Rate(str(op), unit.lanes * unit.clock * rate) for op, rate in unit.operations.items()),
        )
        if unit.buffer is not None:
            yield Part(
                f"{name}-buffer",
                Kind.BUFFER,
                place,
                Purpose.DIGITAL,
                count,
                READ_WRITE,
                unit.buffer.cost,
                _buffer_facts(chip, unit.buffer),
                f"units.{name}.buffer.cost",
            )


def _buffer_facts(chip: Chip, buffer: Buffer) -> Facts:
    return {
        **process_facts(chip),
        "kind": buffer.kind,
        "capacity": buffer.capacity,
        "width": _port_width(chip),
    }


def _port_width(chip: Chip) -> float:
    """Bits that an access to a memory on the chip moves."""
    return chip.tile.port_width if isinstance(chip.tile, SteppedTile) else chip.fabric.link_width


def _unit_count(chip: Chip, unit: Unit) -> int:
    places = chip.fabric.tile_count if unit.where == "tile" else len(unit.sites(chip.fabric.routers))
    return places * unit.count


def _fabric_parts(chip: Chip) -> Iterator[Part]:
    fabric = chip.fabric
    shared = {**process_facts(chip), "width": fabric.link_width, "clock": fabric.clock}
    room = {} if fabric.router_buffer is None else {"buffer": fabric.router_buffer}
    # A bus is one wire along all its routers.
    length = fabric.pitch * (max(1, fabric.routers - 1) if fabric.shape.shared else 1)
    yield Part(
        "router",
        Kind.ROUTER,
        Place.FABRIC,
        Purpose.MOVE,
        fabric.switches,
        ("flit",),
        fabric.cost,
        {**shared, **room, "ports": fabric.shape.degree + fabric.concentration},
        "fabric.cost",
        full_rates=(Rate("flit", fabric.clock),),
    )
    yield Part(
        "wire",
        Kind.WIRE,
        Place.FABRIC,
        Purpose.MOVE,
        fabric.links,
        ("bit_hop",),
        fabric.wire_cost,
        {**shared, "length": length},
        "fabric.wire_cost",
        full_rates=(Rate("bit_hop", fabric.clock * fabric.link_width),),
    )


def _port_parts(chip: Chip) -> Iterator[Part]:
    for name, memory in chip.memory.items():
        yield _memory_part(chip, name, memory)
    link = chip.system.link
    if link is not None:
        yield Part(
            "chip-link",
            Kind.CHIP_LINK,
            Place.PORT,
            Purpose.MOVE,
            link.ports,
            ("bit",),
            link.cost,
            {**process_facts(chip), "bandwidth": link.bandwidth},
            "system.link.cost",
            full_rates=(Rate("bit", link.bandwidth),),
        )


def _memory_part(chip: Chip, name: str, memory: Memory) -> Part:
    facts = {
        **process_facts(chip),
        "kind": memory.kind,
        "capacity": memory.capacity,
        "bandwidth": memory.bandwidth,
        "width": _port_width(chip),
    }
    on_die = memory.where == "chip"
    return Part(
        name,
        Kind.MEMORY,
        Place.PORT,
        Purpose.STORE,
        1,
        READ_WRITE,
        memory.cost,
        facts,
        f"memory.{name}.cost",
        on_die=on_die,
        full_rates=(Rate("read_bit", memory.bandwidth),) if on_die else (),
    )
