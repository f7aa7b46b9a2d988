"""Buses: one wire along all routers, on which they take turns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.topology.routes import Routes
from archsim.topology.shape import Topology


@dataclass(frozen=True, slots=True)
class Bus(Topology):
    """One link that all share."""

    def routes(self, rows: int, columns: int) -> Routes:
        """Those of a single router."""
        return Routes(np.zeros((1, 1), np.int64), np.zeros((1, 1), np.int64))

    def links(self, rows: int, columns: int) -> int:
        """One, if it leads anywhere."""
        return min(1, rows * columns - 1)


BUS = Bus("bus", 1, shared=True)
