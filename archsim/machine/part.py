"""The components of a chip, before they are priced: what each is, where it sits, what it is for, what it can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from archsim.chip import Chip
from archsim.chip.section import CostChoice

Fact = float | int | str | bool | tuple[str, ...]
Facts = Mapping[str, Fact]

READ_WRITE = ("read_bit", "write_bit")


class Kind(StrEnum):
    """Kinds of components that have cost models."""

    ARRAY = "array"
    DRIVER = "driver"
    ADC = "adc"
    SAMPLE_HOLD = "sample-hold"
    AFFINE = "affine"
    BUFFER = "buffer"
    UNIT = "unit"
    ROUTER = "router"
    WIRE = "wire"
    MEMORY = "memory"
    CHIP_LINK = "chip-link"
    OTHER = "other"


class Place(StrEnum):
    """Where a component sits."""

    TILE = "tile"
    """In every tile: idle where the tile holds no weights."""
    FABRIC = "fabric"
    """At routers, or between them."""
    PORT = "port"
    """Where the chip meets its memories and other chips."""


class Purpose(StrEnum):
    """What a component is for."""

    COMPUTE = "compute"
    """Products with weights, and what belongs to them: rows' drivers, scales and sums behind converters."""
    CONVERT = "convert"
    """From the analog to the digital side."""
    MOVE = "move"
    STORE = "store"
    DIGITAL = "digital"
    """Work of digital units, their own buffers included."""
    CONTROL = "control"
    """Instructions, sequencers."""
    CLOCK = "clock"
    """Making the clock and bringing it everywhere."""
    SUPPLY = "supply"
    """Power conversion."""


@dataclass(frozen=True, slots=True)
class Rate:
    """An action at full activity.

    Parameters
    ----------
    action : str
    per_s : float
        Actions per second of one instance.
    """

    action: str
    per_s: float


@dataclass(frozen=True, slots=True)
class Part:
    """A component of a chip, before it is priced.

    Parameters
    ----------
    name : str
        As in action names.
    kind : Kind
    place : Place
    purpose : Purpose
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
    full_rates : tuple of Rate
        What one instance can do at full activity: one of these at a time. Parts of matrix units and what products read
        from have none: their rates follow from the products.
    covers : frozenset of Purpose
        What else its figures contain: the power of a whole chip, as measured, has clock and control in it.
    """

    name: str
    kind: Kind
    place: Place
    purpose: Purpose
    count: int
    actions: tuple[str, ...]
    choice: CostChoice
    facts: Facts
    where: str
    on_die: bool = True
    full_rates: tuple[Rate, ...] = ()
    covers: frozenset[Purpose] = frozenset()

    @property
    def stores(self) -> bool:
        """Whether it is a buffer or a memory."""
        return self.kind in (Kind.BUFFER, Kind.MEMORY)


def process_facts(chip: Chip) -> dict[str, Fact]:
    """What cost models ask of the process."""
    technology = chip.technology
    scale: dict[str, Fact] = {} if technology.leakage_scale is None else {"leakage_scale": technology.leakage_scale}
    return {
        **scale,
        "node": technology.node,
        "supply": technology.supply,
        "temperature": technology.temperature,
        "flavour": technology.flavour,
    }
