"""Several small blocks in one array, side by side and one below the other.

The two-dimensional bin packing is MAXRECTS with the best short side (J. Jylänki, "A thousand ways to pack the bin",
2010), over blocks from the largest to the smallest; blocks are not turned, since rows are inputs and columns outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archsim.machine import BlockLimits, BlockShapes

Ids = NDArray[np.int64]


class _Room(NamedTuple):
    """A free rectangle of an array, in rows and columns of weights."""

    top: int
    left: int
    rows: int
    columns: int


@dataclass
class _Array:
    """An array under packing: its largest free rectangles, which may overlap."""

    free: list[_Room] = field(default_factory=list)

    def best(self, rows: int, columns: int) -> tuple[int, _Room] | None:
        """The free rectangle whose shorter rest is least, and that rest."""
        fitting = [room for room in self.free if rows <= room.rows and columns <= room.columns]
        rests = [(min(room.rows - rows, room.columns - columns), room) for room in fitting]
        return min(rests, default=None)

    def take(self, room: _Room, rows: int, columns: int) -> None:
        """Put a block into the corner of a free rectangle."""
        taken = _Room(room.top, room.left, rows, columns)
        pieces = [piece for old in self.free for piece in _without(old, taken)]
        self.free = [
            piece
            for place, piece in enumerate(pieces)
            if not any(_covers(other, piece, place < at) for at, other in enumerate(pieces) if at != place)
        ]


def _without(room: _Room, taken: _Room) -> list[_Room]:
    """The largest rectangles of a free one that a block leaves."""
    bottom, right = room.top + room.rows, room.left + room.columns
    below, beside = taken.top + taken.rows, taken.left + taken.columns
    if taken.top >= bottom or below <= room.top or taken.left >= right or beside <= room.left:
        return [room]
    parts = (
        _Room(room.top, room.left, taken.top - room.top, room.columns),
        _Room(below, room.left, bottom - below, room.columns),
        _Room(room.top, room.left, room.rows, taken.left - room.left),
        _Room(room.top, beside, room.rows, right - beside),
    )
    return [part for part in parts if part.rows > 0 and part.columns > 0]


def _covers(other: _Room, room: _Room, first: bool) -> bool:
    """Whether a rectangle lies within another; of two equal ones, the later within the first."""
    within = (
        other.top <= room.top
        and other.left <= room.left
        and other.top + other.rows >= room.top + room.rows
        and other.left + other.columns >= room.left + room.columns
    )
    return within and not (first and other == room)


def packed(shapes: BlockShapes, limits: BlockLimits) -> Ids:
    """Which array each block is in, counted in the order of their first blocks; shape ``(blocks,)``.

    Parameters
    ----------
    shapes : BlockShapes
        Each within the limits.
    limits : BlockLimits
        Of one array.
    """
    bins, arrays = np.empty(len(shapes), np.int64), list[_Array]()
    size = shapes.rows * shapes.columns
    for block in np.lexsort((np.arange(len(shapes)), -np.maximum(shapes.rows, shapes.columns), -size)).tolist():
        rows, columns = int(shapes.rows[block]), int(shapes.columns[block])
        found = [(*best, at) for at, array in enumerate(arrays) if (best := array.best(rows, columns)) is not None]
        if found:
            _, room, at = min(found)
        else:
            at, room = len(arrays), _Room(0, 0, limits.rows, limits.columns)
            arrays.append(_Array([room]))
        arrays[at].take(room, rows, columns)
        bins[block] = at
    return _in_order(bins)


def _in_order(bins: Ids) -> Ids:
    """Bins renumbered by their first blocks, so that neighbours in the network stay near."""
    _, first, which = np.unique(bins, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    numbered: Ids = rank[which]
    return numbered
