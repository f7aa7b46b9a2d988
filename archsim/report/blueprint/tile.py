"""A tile to scale, and one array with the periphery at its edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from archsim.chip import Chip
from archsim.cost import Bill
from archsim.machine import Kind, matrix_unit, parts
from archsim.report.blueprint.packing import Room, packed
from archsim.report.blueprint.scale import bar_of
from archsim.report.blueprint.silicon import Piece, silicon_of
from archsim.report.drawing import Box, Drawing, Stamp
from archsim.report.quantities import counted, engineering, square_metres
from archsim.report.tones import Tone

_BELOW = (Kind.SAMPLE_HOLD, Kind.ADC, Kind.AFFINE)
"""What lies at the ends of the columns, from the array on."""


def tile_drawing(chip: Chip, bill: Bill) -> Drawing | None:
    """One tile's parts, each as large as it is; None where nothing of it has an area."""
    pieces = silicon_of(chip, bill).tile
    area = sum(piece.area_m2 for piece in pieces)
    if not area:
        return None
    side = sqrt(area)
    rooms = packed([piece.area_m2 for piece in pieces], Room(0.0, 0.0, side, side))
    boxes = [_box(piece, room) for piece, room in zip(pieces, rooms, strict=True)]
    title = f"A tile: {square_metres(area)}, {engineering(side, 'm', digits=3)} wide as a square"
    return Drawing(title, side, side, (Stamp(tuple(boxes)),), _told(pieces), bar_of(side), outline=True)


def _told(pieces: Sequence[Piece]) -> tuple[tuple[Tone, str], ...]:
    """Each piece with its colour, the largest first."""
    ordered = sorted(pieces, key=lambda piece: -piece.area_m2)
    return tuple((piece.tone, f"{piece.component.name}: {piece.words}") for piece in ordered)


def _box(piece: Piece, room: Room) -> Box:
    return Box(piece.component.name, room.x, room.y, room.width, room.height, piece.tone, piece.words)


@dataclass(frozen=True, slots=True)
class _Array:
    """An array and what each of them has of other kinds."""

    array: Piece
    beside: tuple[Piece, ...]
    below: tuple[Piece, ...]


def array_drawing(chip: Chip, bill: Bill) -> Drawing | None:
    """One array with its drivers beside its rows and its converters below its columns, all to scale.

    None for a tile that has no such array, or whose array takes no area.
    """
    found = _array(chip, bill)
    if found is None:
        return None
    limits = matrix_unit(chip).limits
    width = sqrt(found.array.area_m2 * limits.columns / limits.rows)
    height = found.array.area_m2 / width
    left = sum(piece.area_m2 for piece in found.beside) / height
    boxes = [_box(found.array, Room(left, 0.0, width, height))]
    boxes += [_box(piece, Room(0.0, 0.0, piece.area_m2 / height, height)) for piece in found.beside]
    y = height
    for piece in found.below:
        boxes.append(_box(piece, Room(left, y, width, piece.area_m2 / width)))
        y += piece.area_m2 / width
    title = (
        f"An array of {limits.rows} x {limits.columns} weights with its periphery, "
        f"{counted(matrix_unit(chip).places, 'such array')} in a tile"
    )
    shown = (found.array, *found.beside, *found.below)
    return Drawing(title, left + width, y, (Stamp(tuple(boxes)),), _told(shown), bar_of(left + width))


def _array(chip: Chip, bill: Bill) -> _Array | None:
    kinds = {part.name: part.kind for part in parts(chip)}
    arrays = next((part.count for part in bill.components if kinds[part.name] is Kind.ARRAY), 0)
    mine = {
        kinds[part.name]: Piece(part, part.count // arrays)
        for part in bill.components
        if arrays and part.count >= arrays and part.area_m2.value and kinds[part.name] is not Kind.OTHER
    }
    if Kind.ARRAY not in mine:
        return None
    beside = tuple(mine[kind] for kind in (Kind.DRIVER,) if kind in mine)
    return _Array(mine[Kind.ARRAY], beside, tuple(mine[kind] for kind in _BELOW if kind in mine))
