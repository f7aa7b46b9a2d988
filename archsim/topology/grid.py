"""Meshes, tori and rings: routers in rows and columns, whose edges end or are joined."""

from __future__ import annotations

from dataclasses import dataclass

from archsim.topology.routes import Routes, grid_routes
from archsim.topology.shape import Topology


@dataclass(frozen=True, slots=True)
class Mesh(Topology):
    """A grid whose edges end."""

    def routes(self, rows: int, columns: int) -> Routes:
        """Columns first."""
        return grid_routes(rows, columns, wrap=False)

    def links(self, rows: int, columns: int) -> int:
        """Two between neighbours."""
        return 2 * (rows * (columns - 1) + columns * (rows - 1))


@dataclass(frozen=True, slots=True)
class Torus(Topology):
    """A grid whose opposite edges are joined."""

    def routes(self, rows: int, columns: int) -> Routes:
        """Columns first, the shorter way round."""
        return grid_routes(rows, columns, wrap=True)

    def links(self, rows: int, columns: int) -> int:
        """Two between neighbours, once round every row and column."""
        return 2 * (rows * _round(columns) + columns * _round(rows))


@dataclass(frozen=True, slots=True)
class Ring(Topology):
    """Routers in a circle."""

    def routes(self, rows: int, columns: int) -> Routes:
        """The shorter way round."""
        return grid_routes(1, rows * columns, wrap=True)

    def links(self, rows: int, columns: int) -> int:
        """Two between neighbours."""
        return 2 * _round(rows * columns)


def _round(nodes: int) -> int:
    """Pairs of neighbours in a circle; two nodes are one pair."""
    return nodes if nodes > 2 else nodes - 1


MESH = Mesh("mesh", 4, grid=True, most_tiles=1, instead="concentrated-mesh")
CONCENTRATED_MESH = Mesh("concentrated-mesh", 4, grid=True, least_tiles=2, instead="mesh")
TORUS = Torus("torus", 4, grid=True)
RING = Ring("ring", 2)
