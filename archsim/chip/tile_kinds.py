"""Kinds of matrix units: each brings the section that describes its tile, and what makes the unit of a chip."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

from pydantic import ValidationInfo

from archsim.chip.roofline_tile import ROOFLINE
from archsim.chip.section import refusal
from archsim.chip.spiking_tile import SPIKING
from archsim.chip.stepped_tile import SYSTOLIC, SteppedTile
from archsim.chip.tile import ANALOG, Tile
from archsim.registration import refuse_taken, registered

if TYPE_CHECKING:
    from archsim.chip.schema import Chip

GROUP = "archsim.matrix_units"
# Loaded when a chip is read: the units stand above the chip, as those of other packages do.
BUILT_IN = (
    EntryPoint(ANALOG, "archsim.machine.analog_tile:ANALOG_ARRAYS", GROUP),
    EntryPoint(SYSTOLIC, "archsim.machine.systolic:SYSTOLIC_ARRAYS", GROUP),
    EntryPoint(ROOFLINE, "archsim.machine.roofline:ROOFLINE_DEVICE", GROUP),
    EntryPoint(SPIKING, "archsim.machine.spiking:SPIKING_CORES", GROUP),
)


@dataclass(frozen=True, slots=True)
class TileKind:
    """What may stand in a tile and multiply.

    Parameters
    ----------
    name : str
        As a chip file's ``tile.unit`` says it.
    section : type of Tile
        The chip file's ``tile`` section.
    unit : callable
        Makes the `archsim.machine.MatrixUnit` of a chip whose tile is such a section.
    """

    name: str
    section: type[Tile]
    unit: Callable[[Chip], object]


@lru_cache(maxsize=1)
def tile_kinds() -> dict[str, TileKind]:
    """All kinds by name: the built-in ones, then those of the entry point group ``archsim.matrix_units``.

    Raises
    ------
    InputError
        If a package's entry point cannot be loaded, is no TileKind, or takes a name that exists.
    """
    found: dict[str, TileKind] = {}
    for where, kind in registered(GROUP, TileKind, "matrix unit", BUILT_IN):
        refuse_taken(kind.name, found, f"matrix unit {kind.name!r}", where)
        found[kind.name] = kind
    return found


def read_tile(value: object, info: ValidationInfo) -> object:
    """Read a ``tile`` section as its unit's kind describes it."""
    if not isinstance(value, Mapping):
        return value
    name, kinds = str(value.get("unit", ANALOG)), tile_kinds()
    if name not in kinds:
        near = get_close_matches(name, kinds, 1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise refusal(f"there is no matrix unit {name!r}", f"{hint}Known: {', '.join(kinds)}.")
    return kinds[name].section.model_validate(value, context=info.context)


def names_stepped(value: object) -> bool:
    """Whether a ``tile`` section, read or not, is one of a device that works layer by layer."""
    if not isinstance(value, Mapping):
        return isinstance(value, SteppedTile)
    kind = tile_kinds().get(str(value.get("unit", ANALOG)))
    return kind is not None and issubclass(kind.section, SteppedTile)
