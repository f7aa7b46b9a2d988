"""Rectangles of given areas inside a rectangle, as nearly square as they can be.

Squarified treemaps: Bruls, Huizing and van Wijk, Data Visualization 2000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Room:
    """A rectangle, in metres."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Square metres."""
        return self.width * self.height


def packed(areas: Sequence[float], room: Room) -> list[Room]:
    """One rectangle per area, in the areas' order; areas of nothing get nothing.

    Parameters
    ----------
    areas : sequence of float
        Square metres; at most the room's in sum. What is left stays empty at the far side.
    room : Room
    """
    order = sorted(range(len(areas)), key=lambda place: -areas[place])
    found = [Room(room.x, room.y, 0.0, 0.0)] * len(areas)
    rest = _taken(room, sum(areas))
    while order and areas[order[0]] > 0:
        row = _row([areas[place] for place in order], min(rest.width, rest.height))
        placed, rest = _laid([areas[place] for place in order[:row]], rest)
        for place, one in zip(order[:row], placed, strict=True):
            found[place] = one
        order = order[row:]
    return found


def _taken(room: Room, area: float) -> Room:
    """The part of a room, over its whole width, that has an area."""
    return Room(room.x, room.y, room.width, min(room.height, area / room.width)) if room.width else room


def _row(areas: Sequence[float], side: float) -> int:
    """How many of the areas make a row along a side, so that its worst rectangle is as square as it can be."""
    count, best = 1, _worst(areas[:1], side)
    while count < len(areas) and areas[count] > 0 and _worst(areas[: count + 1], side) <= best:
        count += 1
        best = _worst(areas[:count], side)
    return count


def _worst(areas: Sequence[float], side: float) -> float:
    """The largest ratio of a rectangle's sides in a row."""
    whole = sum(areas)
    squared = side * side
    return max(squared * max(areas) / whole**2, whole**2 / (squared * min(areas)))


def _laid(areas: Sequence[float], rest: Room) -> tuple[list[Room], Room]:
    """A row of rectangles along the shorter side, and what is left of the room."""
    thick = sum(areas) / min(rest.width, rest.height)
    along, placed = 0.0, []
    for area in areas:
        long = area / thick
        if rest.width >= rest.height:
            placed.append(Room(rest.x, rest.y + along, thick, long))
        else:
            placed.append(Room(rest.x + along, rest.y, long, thick))
        along += long
    if rest.width >= rest.height:
        return placed, Room(rest.x + thick, rest.y, max(0.0, rest.width - thick), rest.height)
    return placed, Room(rest.x, rest.y + thick, rest.width, max(0.0, rest.height - thick))
