"""A chip's floorplan to scale: places for tiles at their routers, units, the edge, and the fabric's links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from archsim.chip import Chip
from archsim.cost import Bill
from archsim.report.blueprint.packing import Room, packed
from archsim.report.blueprint.scale import bar_of
from archsim.report.blueprint.silicon import Piece, Silicon, legend_of, silicon_of
from archsim.report.drawing import Box, Drawing, Stamp, Wire
from archsim.report.quantities import counted, engineering, square_metres
from archsim.topology import fabric_routes

MOST_PLACES, MOST_WIRES = 4096, 6000
"""Places and links that are drawn; of more, the drawing would be megabytes that nobody tells apart."""
_MARGIN = 0.02


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the routers of a chip are.

    Parameters
    ----------
    rows, columns : int
        Of routers.
    side : float
        Metres of a router's place.
    needed : float
        Metres of the side of the largest place's silicon.
    """

    rows: int
    columns: int
    side: float
    needed: float

    def corner(self, router: int) -> tuple[float, float]:
        """The upper left corner of a router's place, in metres."""
        row, column = divmod(router, self.columns)
        return column * self.side, row * self.side

    def centre(self, router: int) -> tuple[float, float]:
        """The middle of a router's place, in metres."""
        x, y = self.corner(router)
        return x + self.side / 2, y + self.side / 2


def layout_of(chip: Chip, silicon: Silicon) -> Layout:
    """Places at the fabric's pitch, or as large as the largest one's silicon where that does not fit."""
    tiles = _tiles_at(chip)
    tile = sum(piece.area_m2 for piece in silicon.tile)
    largest = max(
        count * tile + sum(piece.area_m2 for piece in there)
        for count, there in zip(tiles, silicon.routers, strict=True)
    )
    needed = sqrt(largest)
    return Layout(chip.fabric.rows, chip.fabric.columns, max(needed / (1 - _MARGIN), chip.fabric.pitch), needed)


def _tiles_at(chip: Chip) -> list[int]:
    """Tiles at each router."""
    fabric = chip.fabric
    return [
        max(0, min(fabric.concentration, fabric.tile_count - router * fabric.concentration))
        for router in range(fabric.routers)
    ]


def chip_drawing(chip: Chip, bill: Bill) -> Drawing | None:
    """The chip from above; None where there are too many places to draw."""
    if chip.fabric.routers * chip.fabric.concentration > MOST_PLACES:
        return None
    silicon = silicon_of(chip, bill)
    layout = layout_of(chip, silicon)
    width, grid = layout.columns * layout.side, layout.rows * layout.side
    edge = _edge(silicon.edge, width, grid)
    height = grid + (edge.boxes[0].height if edge else 0.0)
    shown = [*silicon.tile, *(piece for there in silicon.routers for piece in there), *silicon.edge]
    return Drawing(
        f"{chip.name}: {engineering(width, 'm', digits=3)} x {engineering(height, 'm', digits=3)}, "
        f"{square_metres(width * height)} of which {square_metres(_whole(bill))} is silicon that is described",
        width,
        height,
        (*_stamps(chip, silicon, layout), *([edge] if edge else [])),
        legend_of(shown),
        bar_of(width),
        tuple(fabric_wires(chip, layout)),
        outline=True,
    )


def _whole(bill: Bill) -> float:
    return sum(part.count * part.area_m2.value for part in bill.components)


def _stamps(chip: Chip, silicon: Silicon, layout: Layout) -> Iterator[Stamp]:
    """One for each kind of place: what is there, at all the routers where it is so."""
    kinds: dict[tuple[int, tuple[Piece, ...]], list[int]] = {}
    for router, (tiles, there) in enumerate(zip(_tiles_at(chip), silicon.routers, strict=True)):
        kinds.setdefault((tiles, there), []).append(router)
    for (tiles, there), routers in kinds.items():
        boxes = _place(silicon.tile, tiles, there, layout)
        if boxes:
            yield Stamp(boxes, tuple(map(layout.corner, routers)), tuple(f"router {router}" for router in routers))


def _place(tile: tuple[Piece, ...], tiles: int, there: tuple[Piece, ...], layout: Layout) -> tuple[Box, ...]:
    """The pieces of a router's place; of several tiles at one router, each on its own."""
    rim = (layout.side - layout.needed) / 2
    room = Room(rim, rim, layout.needed, layout.needed)
    whole = sum(piece.area_m2 for piece in tile)
    areas = [*(piece.area_m2 for piece in there), *([whole] * tiles)]
    rooms = packed(areas, room)
    boxes = [_box(piece, one) for piece, one in zip(there, rooms[: len(there)], strict=True)]
    for number, one in enumerate(rooms[len(there) :]):
        called = f"tile {number + 1} of {tiles}: " if tiles > 1 else ""
        inner = packed([piece.area_m2 for piece in tile], one)
        boxes += [_box(piece, within, called) for piece, within in zip(tile, inner, strict=True)]
    return tuple(boxes)


def _box(piece: Piece, room: Room, before: str = "") -> Box:
    name = f"{before}{piece.component.name}"
    return Box(name, room.x, room.y, room.width, room.height, piece.tone, piece.words)


def _edge(pieces: Sequence[Piece], width: float, below: float) -> Stamp | None:
    """A strip along the lower edge, to scale."""
    if not pieces:
        return None
    height = sum(piece.area_m2 for piece in pieces) / width
    x, boxes = 0.0, []
    for piece in pieces:
        long = piece.area_m2 / height
        boxes.append(_box(piece, Room(x, 0.0, long, height)))
        x += long
    return Stamp(tuple(boxes), ((0.0, below),), ("the edge",))


def fabric_wires(chip: Chip, layout: Layout) -> Iterator[Wire]:
    """A line for each pair of routers that a link joins; none where there are too many."""
    fabric = chip.fabric
    if fabric.links > 2 * MOST_WIRES:
        return
    pairs = _pairs(chip)
    spots = _spots(pairs, layout, fabric.switches)
    for one, other in pairs.tolist():
        (x, y), (to_x, to_y) = spots[one], spots[other]
        distant = max(abs(to_x - x), abs(to_y - y)) > 1.5 * layout.side and other < fabric.routers
        yield Wire(x, y, to_x, to_y, bent=distant)


def _pairs(chip: Chip) -> NDArray[np.int64]:
    """Routers that are joined, the lower one first, shape ``(links, 2)``; those of a bus in a row."""
    fabric = chip.fabric
    if fabric.shape.shared:
        return np.column_stack([np.arange(fabric.routers - 1), np.arange(1, fabric.routers)])
    joined = np.argwhere(np.triu(fabric_routes(fabric.shape, fabric.rows, fabric.columns).hops == 1))
    return np.asarray(joined, np.int64)


def _spots(pairs: NDArray[np.int64], layout: Layout, switches: int) -> list[tuple[float, float]]:
    """Where each router is drawn: at its place, or, of those that only join others, between those before it."""
    spots = [layout.centre(router) for router in range(layout.rows * layout.columns)]
    for inner in range(len(spots), switches):
        below = [spots[one] for one, other in pairs.tolist() if other == inner and one < len(spots)]
        x, y = (sum(axis) / len(below) for axis in zip(*below, strict=True)) if below else layout.centre(0)
        spots.append((x, y))
    return spots


def layout_words(chip: Chip, layout: Layout) -> str:
    """How the largest place and the fabric's pitch agree."""
    pitch = engineering(chip.fabric.pitch, "m", digits=3)
    largest = square_metres(layout.needed**2)
    if layout.side > chip.fabric.pitch:
        return (
            f"The largest router's place has {largest} of silicon, more than the wires' length between neighbours "
            f"({pitch}, fabric.pitch) leaves room for: places are drawn {engineering(layout.side, 'm', digits=3)} wide."
        )
    return (
        f"Routers are {pitch} apart (fabric.pitch); the largest one's place has {largest} of silicon, "
        f"{counted(chip.fabric.concentration, 'tile')} with it. What is blank is not described: wiring, pads, margins."
    )
