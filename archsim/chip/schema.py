"""The Chip: what a hardware description file may say.

Every quantity is a string with a unit in the file and an SI float here. Nothing has a silent default that stands for
a cost or a duration: what a file leaves out is either structural (no cores, one chip) or an error when it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Mapping_
from difflib import get_close_matches
from enum import StrEnum
from math import isqrt
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from archsim.chip.periphery import Adc, AdcKind, InputDriver, InputKind
from archsim.chip.power import Power
from archsim.chip.roofline_tile import RooflineTile
from archsim.chip.section import (
    Arity,
    Bits,
    BitsPerSecond,
    BufferBits,
    CostChoice,
    Count,
    Cycles,
    Farads,
    Flag,
    Fraction,
    Hertz,
    Joules,
    JoulesPerBit,
    Kelvin,
    MemoryBits,
    Metres,
    Moves,
    Patterns,
    Pitch,
    Precision,
    Rate,
    Seconds,
    Section,
    Seed,
    Serves,
    Siemens,
    SquareMetres,
    Volts,
    Watts,
    refusal,
)
from archsim.chip.stepped_tile import SteppedTile, SystolicTile
from archsim.chip.tile import (
    Affine,
    AnalogTile,
    Array,
    Buffer,
    Cell,
    Encoding,
    Imperfections,
    Tile,
    Weight,
    WireModel,
)
from archsim.chip.tile_kinds import names_stepped, read_tile
from archsim.errors import InputError
from archsim.network import Primitive
from archsim.topology import Topology, topologies

__all__ = [
    "Adc",
    "AdcKind",
    "Affine",
    "AnalogTile",
    "Array",
    "Bits",
    "BitsPerSecond",
    "Buffer",
    "Cell",
    "Chip",
    "ChipLink",
    "CostChoice",
    "Count",
    "Depthwise",
    "Encoding",
    "Fabric",
    "Farads",
    "Formats",
    "Fraction",
    "Hertz",
    "Imperfections",
    "InputDriver",
    "InputKind",
    "Joules",
    "JoulesPerBit",
    "Kelvin",
    "Mapping",
    "Memory",
    "Metres",
    "OtherPart",
    "Seconds",
    "Section",
    "Serves",
    "Siemens",
    "SquareMetres",
    "System",
    "Technology",
    "Tile",
    "Unit",
    "Volts",
    "Watts",
    "Weight",
    "WireModel",
]


class Technology(Section):
    """Process node and operating point of the digital parts.

    Parameters
    ----------
    leakage_scale : float, optional
        Times what the models say that the transistors leak.
    """

    node: Metres
    supply: Volts
    temperature: Kelvin
    flavour: Literal["high-performance", "low-power"] = "high-performance"
    leakage_scale: Rate | None = None


class Unit(Section):
    """A kind of digital unit.

    Parameters
    ----------
    where : str
        ``tile``: ``count`` of them in every tile. ``router``: ``count`` of them at every ``every``-th router, or at
        ``routers`` of them.
    routers : int, optional
        At how many routers, spread evenly: in place of ``every``, for any share of them.
    lanes : int
        Elements treated side by side.
    pipeline : int
        Cycles from an operand to its result.
    operations : dict of Primitive to float
        What it can do, and how many per lane and cycle.
    serves : tuple of str, optional
        Kinds of operators that are its own (``"softmax, depthwise-*"``): it does no others, and no unit without
        ``serves`` does these. A unit without takes whatever its operations allow.
    overhead : int, optional
        Cycles of each token beside the operations: instructions, loops, setting up a transfer. Each costs an
        ``overhead`` of the unit.
    """

    where: Literal["tile", "router"]
    count: Count = 1
    every: Count = 1
    routers: Count | None = None
    lanes: Count
    clock: Hertz
    pipeline: Cycles
    operations: dict[Primitive, Rate] = Field(min_length=1)
    serves: Patterns | None = None
    overhead: Cycles | None = None
    buffer: Buffer | None = None
    cost: CostChoice

    @model_validator(mode="after")
    def _placed(self) -> Self:
        if self.where == "tile" and self.every > 1:
            raise refusal(
                f"every: {self.every} is given for units that are in every tile",
                "Remove it, or choose 'where: router'.",
            )
        if self.routers is not None and (self.where == "tile" or self.every > 1):
            other = "where: tile" if self.where == "tile" else f"every: {self.every}"
            raise refusal(f"routers: {self.routers} is given beside '{other}'", "Keep one of them.")
        return self

    def sites(self, routers: int) -> range | list[int]:
        """Which of so many routers have units of this kind, where they are at routers."""
        if self.routers is None:
            return range(0, routers, self.every)
        return [site * routers // self.routers for site in range(self.routers)]


def _known_topology(name: str) -> str:
    if name in topologies():
        return name
    near = get_close_matches(name, topologies(), 1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise refusal(f"{name!r} is not understood", f"{hint}Choose one of {', '.join(topologies())}.")


_ROUTE_BYTES = 72
"""Per pair of routers: predecessor and hops, and what finding them takes."""
_LARGEST_TABLES = 2 * 2**30
_MOST_TILES = 1_000_000


class Fabric(Section):
    """Routers and links between the nodes of a chip.

    Parameters
    ----------
    rows, columns : int
        Routers (a ring, tree or bus has rows * columns of them).
    concentration : int
        Places for a tile at each router.
    arity : int, optional
        Of a tree: routers of a level that one of the next joins; two where it is not given.
    tiles : int, optional
        Tiles on a chip where they do not fill every place; tile t is at router t // concentration.
    link_width : Bits
        Per flit, one flit a cycle.
    header : Bits, optional
        Added to every packet; a circuit-switched fabric has none.
    router_delay, link_delay : int
        Cycles of a header.
    shared_flits : bool
        True where tokens that follow each other share a flit, as many whole ones as its width holds; at least two
        elements have to fit.
    buffer_packets : int
        Packets of room that a flow has at each router, as long as ``router_buffer`` holds them.
    router_buffer : Bits, optional
        What all ports of a router hold together. Where the flows through a router ask for more, each gets fewer
        packets, but one. Without it each flow has its packets, and nothing but the router's own cost pays for them.
    pitch : Metres
        Wire length between neighbours.
    """

    topology: Annotated[str, AfterValidator(_known_topology)]
    rows: Count
    columns: Count
    concentration: Count = 1
    arity: Arity | None = None
    tiles: Count | None = None
    link_width: Bits
    header: Bits | None = None
    clock: Hertz
    router_delay: Cycles
    link_delay: Cycles
    shared_flits: Flag = False
    buffer_packets: Count
    router_buffer: BufferBits | None = None
    pitch: Pitch
    multicast: Flag = True
    cost: CostChoice
    wire_cost: CostChoice

    @property
    def routers(self) -> int:
        """Routers on a chip that have places for tiles and units."""
        return self.rows * self.columns

    @property
    def shape(self) -> Topology:
        """How the routers are joined."""
        named = topologies()[self.topology]
        return (named if self.arity is None else named.of_arity(self.arity)) or named

    @property
    def switches(self) -> int:
        """All routers on a chip: those with places, and those that only join others."""
        return self.shape.routers(self.rows, self.columns)

    @property
    def links(self) -> int:
        """One-way links between the routers of a chip."""
        return self.shape.links(self.rows, self.columns)

    @property
    def tile_count(self) -> int:
        """Tiles on a chip."""
        return self.tiles or self.routers * self.concentration

    @model_validator(mode="after")
    def _small_enough(self) -> Self:
        if self.arity is not None and topologies()[self.topology].of_arity(self.arity) is None:
            raise refusal(f"arity is given for a {self.topology}", "Remove it, or choose 'topology: tree'.")
        # Before anything is built of them: a route from every router to every other.
        routed = 1 if self.shape.shared else self.switches
        needed = routed**2 * _ROUTE_BYTES
        if needed > _LARGEST_TABLES:
            fits = isqrt(_LARGEST_TABLES // _ROUTE_BYTES)
            raise refusal(
                f"{self.rows} x {self.columns} makes {routed:,} routers, whose routes take {needed / 2**30:,.0f} GiB",
                f"At most {fits:,} routers fit {_LARGEST_TABLES / 2**30:g} GiB: lower rows or columns, or join several "
                "tiles at a router (concentration), or several chips.",
            )
        if self.tile_count > _MOST_TILES:
            raise refusal(
                f"a chip of {self.tile_count:,} tiles", f"At most {_MOST_TILES:,} are simulated: lower concentration."
            )
        return self

    @model_validator(mode="after")
    def _shaped(self) -> Self:
        places = self.routers * self.concentration
        if self.tiles is not None and self.tiles > places:
            raise refusal(
                f"{self.tiles} tiles do not fit the {places} places of {self.rows} x {self.columns} routers",
                "Raise rows, columns or concentration.",
            )
        self._check_concentration()
        return self

    def _check_concentration(self) -> None:
        if self.concentration < self.shape.least_tiles:
            raise refusal(
                f"a {self.topology} has at least {self.shape.least_tiles} tiles per router",
                f"Set concentration, or choose 'topology: {self.shape.instead}'.",
            )
        if self.concentration > (self.shape.most_tiles or self.concentration):
            raise refusal(
                f"a {self.topology} has {self.concentration} tiles per router",
                f"Choose 'topology: {self.shape.instead}'.",
            )


class Memory(Section):
    """A shared memory: on the chip at a router, or beside it.

    Parameters
    ----------
    bandwidth : BitsPerSecond
        Of all channels together.
    latency : Seconds
        From a request to its first bit.
    channels : int
        For the reader: an access is striped over all of them, so that their number changes no time.
    """

    where: Literal["chip", "system"]
    kind: Literal["sram", "edram", "lpddr", "ddr", "gddr", "hbm"]
    capacity: MemoryBits
    bandwidth: BitsPerSecond
    latency: Seconds
    channels: Count = 1
    cost: CostChoice

    @model_validator(mode="after")
    def _placed(self) -> Self:
        on_die = self.kind in ("sram", "edram")
        if on_die != (self.where == "chip"):
            other = "chip" if on_die else "system"
            raise refusal(f"{self.kind} is given with where: {self.where}", f"Write 'where: {other}'.")
        return self


class ChipLink(Section):
    """A link between two chips.

    Parameters
    ----------
    bandwidth : BitsPerSecond
        Of one link, each way.
    latency : Seconds
        From the first bit sent to the first bit received.
    ports : int
        Links that one chip has; area and leakage count that often.
    """

    bandwidth: BitsPerSecond
    latency: Seconds
    ports: Count = 1
    cost: CostChoice


class System(Section):
    """Chips and how they are joined; ``chips: as needed`` takes as many as the network asks for."""

    chips: Count | Literal["as needed"] = 1
    topology: Literal["ring", "line", "mesh", "all-to-all"] = "line"
    link: ChipLink | None = None
    host_bandwidth: BitsPerSecond

    @model_validator(mode="after")
    def _joined(self) -> Self:
        if self.chips != 1 and self.link is None:
            raise refusal(
                f"{self.chips} chips have no link between them", "Describe system.link, or set system.chips to 1."
            )
        return self


class Depthwise(StrEnum):
    """Where grouped convolutions run."""

    ARRAY = "array"
    DIGITAL = "digital"


class Order(StrEnum):
    """When weights may work."""

    AUTO = "auto"
    """Pipelined where the arrays hold all weights, else grouped."""
    PIPELINED = "pipelined"
    """All layers at once; every weight stays on its array."""
    SEQUENTIAL = "sequential"
    """One matrix layer after the other."""
    GROUPED = "grouped"
    """As many consecutive layers at once as the arrays hold."""


class Schedule(Section):
    """Whether layers work at once or take turns.

    Parameters
    ----------
    order : Order
        Where blocks that take turns do not all fit, each is written anew for its turn, as ``tile.array.programming``
        says.
    samples : int, optional
        Samples that pass in one turn, before the next: the more, the more seldom weights are written, and the more lies
        in memory between turns. One where it is not given; a device that works layer by layer then takes the whole
        batch together.
    ahead : bool
        True where the arrays of the next turn are written while those of this one work: each turn then has half of all
        arrays at most.
    """

    order: Order = Order.AUTO
    samples: Count | None = None
    ahead: Flag = False


class Optimiser(Section):
    """A search for places of tiles between which less travels less far: simulated annealing of traffic times links.

    Parameters
    ----------
    moves : int
        Exchanges of two tiles that are tried; at most ten million.
    seed : int
        Of the search: the same one finds the same places.
    """

    moves: Moves
    seed: Seed = 0


class Mapping(Section):
    """How networks are laid on this chip.

    Parameters
    ----------
    grouped : Depthwise
        Where grouped convolutions run.
    digital : tuple of str, optional
        Matrix layers that run on digital units, by name or pattern (``"fc*, head"``).
    top_outputs : int, optional
        Of each output token, only so many of the largest elements go to the host, with their indices; a digital unit
        finds them.
    packing : bool
        True where small blocks of weights share an array, which then serves them in turn.
    optimiser : Optimiser, optional
        Which tile holds what is searched for, from the usual order on; without it, that order stays.
    schedule : Schedule
    """

    grouped: Depthwise = Depthwise.ARRAY
    digital: Patterns | None = None
    top_outputs: Count | None = None
    packing: Flag = False
    optimiser: Optimiser | None = None
    schedule: Schedule = Schedule()


class OtherPart(CostChoice):
    """A part that only takes power and area.

    Parameters
    ----------
    serves : Serves
        What it is for: reports say by it whether a chip's figures include clock, control and power conversion.
    share : float, optional
        Its share of all that the parts of ``of`` and it draw together, below 1; in place of leakage and running power.
    of : str, optional
        Names of parts on the die, or patterns of names. Other shares may be among them.
    """

    serves: Serves = Serves.CONTROL
    share: Annotated[float, Field(gt=0, lt=1, strict=True)] | None = None
    of: Patterns | None = None

    @model_validator(mode="after")
    def _shared(self) -> Self:
        if (self.share is None) != (self.of is None):
            raise refusal("a share and what it is a share of go together", "Give both 'share' and 'of', or neither.")
        given = {"model": self.model, "leakage": self.leakage, "running": self.running, "energy": self.energy or None}
        for name, value in given.items():
            if self.share is not None and value is not None:
                raise refusal(
                    f"{name} is given for a part that draws a share of what others do", f"Remove {name}, or the share."
                )
        return self


class Formats(Section):
    """Numbers as they travel and wait.

    Parameters
    ----------
    activations : int, optional
        Bits of an element of a token; where not given, those that the matrix unit takes in.
    """

    activations: Precision | None = None


NO_COST = CostChoice(area=0.0, leakage=0.0)
NO_FABRIC = Fabric(
    topology="mesh",
    rows=1,
    columns=1,
    link_width=1.0,
    clock=1e9,
    router_delay=1,
    link_delay=1,
    buffer_packets=1,
    pitch=1e-3,
    cost=NO_COST,
    wire_cost=NO_COST,
)
"""Of a device that is one tile: nothing crosses it, and no part of it is there."""


class Chip(Section):
    """A validated hardware description; a device that works layer by layer (`SteppedTile`) has no fabric."""

    name: str
    description: str = ""
    technology: Technology
    tile: Annotated[SerializeAsAny[Tile], BeforeValidator(read_tile, json_schema_input_type=AnalogTile)]
    precision: Formats = Formats()
    units: dict[str, Unit] = Field(default_factory=dict)
    fabric: Fabric
    memory: dict[str, Memory] = Field(default_factory=dict)
    system: System
    power: Power = Power()
    mapping: Mapping = Mapping()
    other: dict[str, OtherPart] = Field(default_factory=dict)
    """Parts that only cost area and power (clock tree, control, instruction memory), by name, per tile."""

    @property
    def activation_bits(self) -> int:
        """Bits of an element of a token, in buffers, on links and in memories."""
        return self.precision.activations or self.tile.input_bits

    @property
    def alone(self) -> bool:
        """Whether it is one device that works layer by layer, without a fabric between tiles."""
        return isinstance(self.tile, SteppedTile)

    @property
    def analog(self) -> AnalogTile:
        """The tile, where it is one of analog arrays.

        Raises
        ------
        InputError
            If something else multiplies.
        """
        if isinstance(self.tile, AnalogTile):
            return self.tile
        raise InputError(
            f"its tiles multiply by {self.tile.unit!r}, which have no model of analog cells",
            where=f"chip {self.name!r}, tile.unit",
            remedy="Take a chip with analog arrays.",
        )

    @model_validator(mode="before")
    @classmethod
    def _without_fabric(cls, given: object) -> object:
        if not isinstance(given, Mapping_) or not names_stepped(given.get("tile")):
            return given
        if given.get("fabric") is not None:
            raise refusal(
                "a fabric is given for a device that works layer by layer, in which nothing crosses one",
                "Remove 'fabric'.",
            )
        return {**given, "fabric": NO_FABRIC}

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, object]:
        written: dict[str, object] = write(self)
        if self.alone:
            written.pop("fabric", None)
        return written

    @model_validator(mode="after")
    def _lone(self) -> Self:
        if self.alone:
            for wrong, what, remedy in _idle_fields(self):
                if wrong:
                    raise refusal(f"{what}, which does nothing in a device that works layer by layer", remedy)
        return self

    @model_validator(mode="after")
    def _precise(self) -> Self:
        if self.activation_bits < self.tile.input_bits:
            raise refusal(
                f"the matrix unit takes in {self.tile.input_bits} bits of activations that have {self.activation_bits}",
                "Raise precision.activations, or lower the bits of the matrix unit's input.",
            )
        return self

    @model_validator(mode="after")
    def _room(self) -> Self:
        room = self.fabric.link_width - (self.fabric.header or 0.0)
        if self.fabric.shared_flits and room < 2 * self.activation_bits:
            raise refusal(
                f"tokens share flits (fabric.shared_flits), and beside its header a flit has {max(0, room):g} bits: no "
                f"room for two of {self.activation_bits}",
                "Widen fabric.link_width, shorten the header, or remove shared_flits.",
            )
        return self

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name, unit in self.units.items():
            if unit.where == "router" and unit.every > self.fabric.routers:
                raise refusal(
                    f"unit {name!r} is at every {unit.every}th of {self.fabric.routers} routers: there is none",
                    f"Set units.{name}.every to at most {self.fabric.routers}.",
                )
            if (unit.routers or 0) > self.fabric.routers:
                raise refusal(
                    f"unit {name!r} is at {unit.routers} of {self.fabric.routers} routers",
                    f"Set units.{name}.routers to at most {self.fabric.routers}.",
                )
        if self.mapping.schedule.ahead and isinstance(self.tile, AnalogTile) and self.tile.array.programming is None:
            raise refusal(
                "weights are to be written ahead (mapping.schedule.ahead), and nothing says how they are written",
                "Describe tile.array.programming, or remove 'ahead'.",
            )
        if self.mapping.optimiser is not None and self.fabric.shape.shared:
            raise refusal(
                f"mapping.optimiser has nothing to shorten on a {self.fabric.topology}, where all is equally far",
                "Remove it.",
            )
        macs = any(Primitive.MAC in unit.operations for unit in self.units.values())
        if self.mapping.grouped is Depthwise.DIGITAL and not macs:
            raise refusal(
                "grouped convolutions run on digital units, and none of them does 'mac'",
                "Add 'mac' to a unit's operations, or set 'mapping.grouped: array'.",
            )
        return self


def _idle_fields(chip: Chip) -> Iterator[tuple[bool, str, str]]:
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
