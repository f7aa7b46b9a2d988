"""Where the nodes of a chip sit: tiles, digital units at routers, and the port to the outside."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from archsim.chip.digital import Unit
from archsim.chip.schema import Chip
from archsim.errors import InputError
from archsim.machine import MatrixUnit, matrix_unit
from archsim.topology import Routes, fabric_routes

Nodes = NDArray[np.int64]
_ROUTE_BYTES = 72
"""Per pair of chips: predecessor and hops, and what finding them takes."""
_LOAD_BYTES = 8
"""Per node: the work of its units of one kind, or the keys that they hold."""
_LARGEST_TABLES = 2 * 2**30
STRIP = 4
"""Rows of a strip of the tile order: runs of tiles then cover nearly square patches."""


@dataclass(frozen=True)
class Floorplan:
    """Nodes of one chip: tiles first, then the units at routers, then the port (host, memories, chip links).

    Parameters
    ----------
    chip : Chip
        The chip's description.
    """

    chip: Chip

    @cached_property
    def routes(self) -> Routes:
        """Routes between routers."""
        fabric = self.chip.fabric
        return fabric_routes(fabric.shape, fabric.rows, fabric.columns)

    @cached_property
    def tiles(self) -> int:
        """Tiles on one chip."""
        return self.chip.fabric.tile_count

    @cached_property
    def unit(self) -> MatrixUnit:
        """What multiplies in each tile."""
        return matrix_unit(self.chip)

    @property
    def arrays(self) -> int:
        """Arrays on one chip: places of its matrix units."""
        return self.tiles * self.unit.places

    @cached_property
    def unit_nodes(self) -> dict[str, Nodes]:
        """Nodes that have each kind of unit."""
        nodes: dict[str, Nodes] = {}
        following = self.tiles
        for name, unit in self.chip.units.items():
            if unit.where == "tile":
                nodes[name] = np.arange(self.tiles)
            else:
                sites = len(self._sites(unit))
                nodes[name] = np.arange(following, following + sites)
                following += sites
        return nodes

    @cached_property
    def port(self) -> int:
        """The node of host, memories and chip links."""
        return self.tiles + sum(len(self._sites(unit)) for unit in self.chip.units.values() if unit.where == "router")

    @cached_property
    def nodes(self) -> int:
        """Node numbers per chip."""
        # A tree has more routers than places; links are named by routers, so there must be a number for each.
        return max(self.port + 1, len(self.routes))

    @cached_property
    def router(self) -> Nodes:
        """Router of each node, shape ``(nodes,)``; the port is at router 0."""
        tiles = np.arange(self.tiles) // self.chip.fabric.concentration
        sites = [self._sites(unit) for unit in self.chip.units.values() if unit.where == "router"]
        routers = np.concatenate([tiles, *sites, [0]]).astype(np.int64)
        return np.zeros_like(routers) if self.chip.fabric.shape.shared else routers

    @cached_property
    def tile_order(self) -> Nodes:
        """Tiles in an order that keeps successors near, shape ``(tiles,)``."""
        fabric = self.chip.fabric
        routers = serpentine(fabric.rows, fabric.columns) if fabric.shape.grid else np.arange(fabric.routers)
        spread = np.arange(fabric.concentration)
        order: Nodes = (routers[:, None] * fabric.concentration + spread).ravel()
        return order[order < self.tiles]

    def check_chips(self, chips: int) -> None:
        """See that the tables of a system can be held, before they are built.

        Raises
        ------
        InputError
            If they cannot; it says how many chips fit.
        """
        per_chip = self.nodes * (len(self.chip.units) + 1) * _LOAD_BYTES
        needed = chips * (chips * _ROUTE_BYTES + per_chip)
        if needed > _LARGEST_TABLES:
            fits = (sqrt(per_chip**2 + 4 * _ROUTE_BYTES * _LARGEST_TABLES) - per_chip) / (2 * _ROUTE_BYTES)
            raise InputError(
                f"the routes between {chips:,} chips, and the loads of their {chips * self.nodes:,} nodes, take "
                f"{needed / 2**30:,.0f} GiB",
                where="system.chips",
                remedy=f"At most {int(fits):,} such chips fit {_LARGEST_TABLES / 2**30:g} GiB: lower system.chips.",
            )

    def hops(self, node: int) -> Nodes:
        """Links between a node's router and every node's router, shape ``(nodes,)``."""
        distances: Nodes = self.routes.hops[self.router[node], self.router]
        return distances

    def _sites(self, unit: Unit) -> Nodes:
        return np.array(unit.sites(self.chip.fabric.routers), np.int64)


def serpentine(rows: int, columns: int) -> Nodes:
    """Routers of a grid in strips of rows, column by column, turning at each end, shape ``(rows * columns,)``."""
    order: list[int] = []
    for number, top in enumerate(range(0, rows, STRIP)):
        strip = list(range(top, min(top + STRIP, rows)))
        across = range(columns) if number % 2 == 0 else range(columns - 1, -1, -1)
        for place, column in enumerate(across):
            order.extend(row * columns + column for row in (strip if place % 2 == 0 else reversed(strip)))
    return np.array(order, np.int64)
