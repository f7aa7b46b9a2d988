"""What a device that works layer by layer has no use for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from archsim.chip.mapping_rules import Dealing, Depthwise, Order
from archsim.chip.roofline_tile import RooflineTile
from archsim.chip.stepped_tile import SteppedTile, SystolicTile

if TYPE_CHECKING:
    from archsim.chip.schema import Chip


def idle_fields(chip: Chip) -> Iterator[tuple[bool, str, str]]:
    """What a device that works layer by layer makes no use of: whether it is given, in words, and the way out."""
    schedule = chip.mapping.schedule
    yield schedule.order is not Order.AUTO, f"mapping.schedule.order is {schedule.order}", "Remove it."
    yield schedule.ahead, "mapping.schedule.ahead is set", "Remove it: operands are always fetched ahead."
    share = isinstance(chip.tile, RooflineTile | SystolicTile)
    yield chip.system.chips != 1 and not share, f"system.chips is {chip.system.chips}", "Set it to 1."
    apart = chip.system.topology != "line" and chip.system.link is None
    yield apart, f"system.topology is {chip.system.topology}, of links that there are not", "Describe system.link."
    needed = chip.system.chips == "as needed"
    yield needed and share, "system.chips is 'as needed'", "Say how many chips share every layer, as 4."
    yield chip.mapping.grouped is not Depthwise.ARRAY, "mapping.grouped is digital", "Remove it."
    yield chip.mapping.digital is not None, "mapping.digital is given", "Remove it."
    yield chip.mapping.packing, "mapping.packing is set", "Remove it."
    yield chip.mapping.dealing is not Dealing.AUTO, "mapping.dealing is given", "Remove it."
    yield chip.mapping.optimiser is not None, "mapping.optimiser is given", "Remove it."
    yield chip.tile.issue is not None, "tile.issue is given", "Remove it."
    idle = isinstance(chip.tile, SteppedTile) and chip.tile.covers.store and chip.tile.cost.leakage == 0
    yield idle, "tile.covers.store is set, and tile.cost.leakage is 0", "Set it to false."
    yield chip.tile.buffer.read_bandwidth is not None, "tile.buffer.read_bandwidth is given", "Remove it."
    for name, unit in chip.units.items():
        yield (
            unit.serves is not None,
            f"units.{name}.serves is given",
            "Remove it: the first unit that can does a layer.",
        )
        yield unit.overhead is not None, f"units.{name}.overhead is given", "Remove it."
        yield unit.where != "tile", f"unit {name!r} is at routers", f"Write 'units.{name}.where: tile'."
        yield unit.buffer is not None, f"unit {name!r} has a buffer", "Remove it: the tile's memories serve it."
