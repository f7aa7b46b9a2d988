"""Which parts a chip's silicon goes to: one tile's, one router's, and those at the edge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archsim.chip import Chip
from archsim.cost import Bill, Component
from archsim.machine import Kind, Place, Purpose, parts
from archsim.mapping import Floorplan
from archsim.report.quantities import square_metres, whole
from archsim.report.tones import Tone

TONES = {
    Purpose.COMPUTE: Tone.PRODUCT,
    Purpose.CONVERT: Tone.CONVERSION,
    Purpose.MOVE: Tone.TRANSPORT,
    Purpose.STORE: Tone.MEMORY,
    Purpose.DIGITAL: Tone.DIGITAL,
    Purpose.CONTROL: Tone.HOST,
    Purpose.CLOCK: Tone.HOST,
    Purpose.SUPPLY: Tone.HOST,
}
WORDS = {
    Tone.PRODUCT: "arrays and what makes products",
    Tone.CONVERSION: "converters",
    Tone.DIGITAL: "digital units",
    Tone.TRANSPORT: "routers and links",
    Tone.MEMORY: "buffers and memories",
    Tone.HOST: "control, clock and supply",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """What a place has of a component.

    Parameters
    ----------
    component : Component
    count : int
        Instances at the place.
    """

    component: Component
    count: int

    @property
    def area_m2(self) -> float:
        """Square metres of all of them."""
        return self.count * self.component.area_m2.value

    @property
    def tone(self) -> Tone:
        """Its colour."""
        return TONES[self.component.purpose]

    @property
    def words(self) -> str:
        """How large, and how many."""
        if self.count == 1:
            return square_metres(self.area_m2)
        return f"{square_metres(self.area_m2)}, {whole(self.count)} of {square_metres(self.component.area_m2.value)}"


@dataclass(frozen=True, slots=True)
class Silicon:
    """The pieces of a chip by where they are.

    Parameters
    ----------
    tile : tuple of Piece
        Of each tile.
    routers : tuple of tuple of Piece
        Of each router that has places, in its order: the router, and the units there.
    inner : tuple of Piece
        Of each router that only joins others.
    edge : tuple of Piece
        Where the chip meets others: links, memories on the chip.
    """

    tile: tuple[Piece, ...]
    routers: tuple[tuple[Piece, ...], ...]
    inner: tuple[Piece, ...]
    edge: tuple[Piece, ...]


def silicon_of(chip: Chip, bill: Bill) -> Silicon:
    """Divide a chip's silicon; what takes no area is left out.

    Parameters
    ----------
    chip : Chip
    bill : Bill
    """
    tiles = chip.fabric.tile_count
    placed = {place: [part for part in bill.components if part.place is place] for place in Place}
    router = [part for part in placed[Place.FABRIC] if part.name == Kind.ROUTER]
    return Silicon(
        _pieces((part, part.count // tiles) for part in placed[Place.TILE]),
        _at_routers(chip, bill, router),
        _pieces((part, 1) for part in router),
        _pieces((part, part.count) for part in placed[Place.PORT] if part.name not in _beside(chip)),
    )


def _beside(chip: Chip) -> set[str]:
    return {part.name for part in parts(chip) if not part.on_die}


def _pieces(counted: Iterable[tuple[Component, int]]) -> tuple[Piece, ...]:
    return tuple(Piece(part, count) for part, count in counted if count and part.area_m2.value)


def _at_routers(chip: Chip, bill: Bill, router: list[Component]) -> tuple[tuple[Piece, ...], ...]:
    here: list[list[tuple[Component, int]]] = [[(part, 1) for part in router] for _ in range(chip.fabric.routers)]
    plan, parts_by_name = Floorplan(chip), {part.name: part for part in bill.components}
    for name, unit in chip.units.items():
        if unit.where != "router":
            continue
        for part in filter(None, (parts_by_name.get(name), parts_by_name.get(f"{name}-buffer"))):
            for site in unit.sites(chip.fabric.routers):
                here[site].append((part, part.count // len(plan.unit_nodes[name])))
    return tuple(map(_pieces, here))


def legend_of(pieces: Iterable[Piece]) -> tuple[tuple[Tone, str], ...]:
    """What the colours of some pieces stand for."""
    seen = {piece.tone for piece in pieces}
    return tuple((tone, words) for tone, words in WORDS.items() if tone in seen)
