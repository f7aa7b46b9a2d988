"""Routes between the chips of a system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from archsim.topology.routes import Routes, graph_routes, grid_routes


def _line(chips: int) -> Routes:
    return grid_routes(1, chips, wrap=False)


def _ring(chips: int) -> Routes:
    return grid_routes(1, chips, wrap=True)


def _mesh(chips: int) -> Routes:
    """As square as their number allows."""
    rows = next(rows for rows in range(int(chips**0.5), 0, -1) if chips % rows == 0)
    return grid_routes(rows, chips // rows, wrap=False)


def _all_to_all(chips: int) -> Routes:
    import networkx as nx  # takes long to load, and few need it

    return graph_routes(nx.complete_graph(chips))


_SHAPES: Mapping[str, Callable[[int], Routes]] = MappingProxyType(
    {"line": _line, "ring": _ring, "mesh": _mesh, "all-to-all": _all_to_all}
)


@lru_cache(maxsize=32)
def chip_routes(topology: str, chips: int) -> Routes:
    """Routes between the chips of a system.

    Parameters
    ----------
    topology : str
        As in ``System.topology``.
    chips : int
    """
    return _SHAPES[topology](chips)
