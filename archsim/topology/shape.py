"""What a topology of the on-chip fabric is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from archsim.topology.routes import Routes


@dataclass(frozen=True, slots=True)
class Topology(ABC):
    """A shape of the fabric between the routers of a chip.

    Parameters
    ----------
    name : str
        As a chip file's ``fabric.topology`` says it.
    degree : int
        Links of a router to others, at most: its ports beside those of tiles and units.
    grid : bool
        Whether routers lie in rows and columns, so that neighbours in both directions are near.
    shared : bool
        Whether one link serves all: the routes then are those of a single router.
    least_tiles, most_tiles : int
        Places for tiles that a router may have; 0 for as many as wanted.
    instead : str
        The topology to take where there are more or fewer.
    """

    name: str
    degree: int
    grid: bool = False
    shared: bool = False
    least_tiles: int = 1
    most_tiles: int = 0
    instead: str = ""

    @abstractmethod
    def routes(self, rows: int, columns: int) -> Routes:
        """Routes between all routers; those with places for tiles are the first ``rows * columns``."""

    def of_arity(self, arity: int) -> Topology | None:
        """The shape whose routers join so many below them; None where there is no such thing."""
        return None

    def routers(self, rows: int, columns: int) -> int:
        """All routers, those without places included."""
        return rows * columns

    def links(self, rows: int, columns: int) -> int:
        """One-way links between routers."""
        return int((self.routes(rows, columns).hops == 1).sum())
