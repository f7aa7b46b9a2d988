"""Room on edges: all that a Program's structure takes from the times of products.

A change of these times mostly leaves every room as it was, and with it who waits for whom, over which links, by which
curves. So structure asks for rooms (`Rooms`), and the times of products are filled in afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, cast

from archsim.chip.reads import Answer
from archsim.lowering.curves import Demands
from archsim.lowering.passing import Selections
from archsim.lowering.schedule import Pace, Tempo, edge_capacity, paced_schedule, window_capacity
from archsim.lowering.series import SeriesBook
from archsim.lowering.tempo import Around, around_products, layer_tempos
from archsim.mapping import Placement


class Rooms(Protocol):
    """Entries that edges of a placed network have room for, the edges counted along ``Network.edges``."""

    def even(self, edges: tuple[int, ...], stretch: int) -> tuple[int, ...]:
        """Of some edges, for the full rate, or for one so many times slower."""

    def window(self, edge: int) -> int:
        """For what is fetched evenly at the full rate."""


def paced_demands(placement: Placement) -> Demands:
    """What the paced schedule needs to know of a placed network's streams; nothing of its chip."""
    return Demands(placement.network, placement.interleave, Selections(SeriesBook()), placement.dealt)


class PacedRooms:
    """Those of the paced schedule, each worked out when somebody asks.

    Parameters
    ----------
    placement : Placement
    demands : Demands, optional
        As `paced_demands` of this placement; they remember what they have worked out.
    around : callable, optional
        As `around_products`.
    """

    def __init__(
        self,
        placement: Placement,
        demands: Demands | None = None,
        around: Callable[[Placement], Around] = around_products,
    ) -> None:
        self.placement, self._around = placement, around
        self._demands = demands or paced_demands(placement)
        self._paces: dict[int, Pace] = {}

    def even(self, edges: tuple[int, ...], stretch: int) -> tuple[int, ...]:
        """As `Rooms.even`."""
        described, pace = self.placement.network.edges, self._pace(stretch)
        return tuple(edge_capacity(self._demands, described[edge], self._tempos, pace) for edge in edges)

    def window(self, edge: int) -> int:
        """As `Rooms.window`."""
        described = self.placement.network.edges[edge]
        return window_capacity(self._demands, described, self._tempos, self._pace(1))

    @cached_property
    def _tempos(self) -> dict[str, Tempo]:
        return layer_tempos(self.placement, self._around(self.placement))

    def _pace(self, stretch: int) -> Pace:
        if stretch not in self._paces:
            self._paces[stretch] = paced_schedule(self._demands, self._tempos, stretch)
        return self._paces[stretch]


_EVEN, _WINDOW = "even", "window"


@dataclass(frozen=True, slots=True)
class AskedRooms:
    """Rooms by questions (`archsim.chip.reads`): whoever uses them is known to have asked for these, and for no others.

    Parameters
    ----------
    ask : callable
        Takes the words of a question.
    """

    ask: Answer

    def even(self, edges: tuple[int, ...], stretch: int) -> tuple[int, ...]:
        """As `Rooms.even`."""
        return cast("tuple[int, ...]", self.ask(_EVEN, " ".join(map(str, edges)), str(stretch)))

    def window(self, edge: int) -> int:
        """As `Rooms.window`."""
        return cast(int, self.ask(_WINDOW, str(edge)))


def answer_rooms(rooms: Rooms) -> Answer:
    """What answers the questions of `AskedRooms`."""

    def answer(kind: str, edges: str, *stretch: str) -> int | tuple[int, ...]:
        numbers = tuple(map(int, edges.split()))
        return rooms.even(numbers, *map(int, stretch)) if kind == _EVEN else rooms.window(*numbers)

    return answer
