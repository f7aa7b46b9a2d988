"""Fabric topologies: which routers are neighbours, and the one route between any two.

Routes are kept as a table of predecessors, one tree per source router, so that the routes of one multicast always form
a tree. Meshes and tori are routed dimension by dimension, columns first; a torus takes the shorter way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csgraph

from archsim.chip.schema import Fabric, System, Topology

Table = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Routes:
    """Routes between the routers of one fabric.

    Parameters
    ----------
    predecessor : int64, shape (routers, routers)
        ``predecessor[s, v]`` is the router before v on the route from s; v itself where s = v.
    hops : int64, shape (routers, routers)
        Links on the route.
    """

    predecessor: Table
    hops: Table

    def __len__(self) -> int:
        return len(self.hops)


@lru_cache(maxsize=32)
def fabric_routes(topology: Topology, rows: int, columns: int) -> Routes:
    """Routes of an on-chip fabric.

    Parameters
    ----------
    topology : Topology
    rows, columns : int
        Routers; a tree has that many leaves, with its inner routers numbered after them; a bus is one router.
    """
    if topology in (Topology.MESH, Topology.CONCENTRATED_MESH):
        return _grid_routes(rows, columns, wrap=False)
    if topology is Topology.TORUS:
        return _grid_routes(rows, columns, wrap=True)
    if topology is Topology.RING:
        return _grid_routes(1, rows * columns, wrap=True)
    if topology is Topology.TREE:
        return graph_routes(binary_tree(rows * columns))
    return Routes(np.zeros((1, 1), np.int64), np.zeros((1, 1), np.int64))


def fabric_graph(fabric: Fabric) -> nx.DiGraph[int]:
    """The fabric's routers and directed links."""
    routes = fabric_routes(fabric.topology, fabric.rows, fabric.columns)
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(routes)))
    source, target = np.nonzero(routes.hops == 1)
    graph.add_edges_from(zip(source.tolist(), target.tolist(), strict=True))
    return graph


@lru_cache(maxsize=32)
def chip_routes(topology: str, chips: int) -> Routes:
    """Routes between the chips of a system.

    Parameters
    ----------
    topology : str
        As in ``System.topology``; a mesh of chips is as square as their number allows.
    chips : int
    """
    if topology == "ring":
        return _grid_routes(1, chips, wrap=True)
    if topology == "mesh":
        rows = next(rows for rows in range(int(chips**0.5), 0, -1) if chips % rows == 0)
        return _grid_routes(rows, chips // rows, wrap=False)
    if topology == "all-to-all":
        return graph_routes(nx.complete_graph(chips))
    return _grid_routes(1, chips, wrap=False)


def system_routes(system: System, chips: int) -> Routes:
    """Routes between the chips that a placement uses."""
    return chip_routes(system.topology, chips)


def binary_tree(leaves: int) -> nx.Graph[int]:
    """A balanced binary tree whose leaves are 0 to ``leaves`` - 1."""
    tree: nx.Graph[int] = nx.Graph()
    tree.add_nodes_from(range(leaves))
    level, following = list(range(leaves)), leaves
    while len(level) > 1:
        parents = []
        for pair in range(0, len(level), 2):
            tree.add_edges_from((following, child) for child in level[pair : pair + 2])
            parents.append(following)
            following += 1
        level = parents
    return tree


def graph_routes(graph: nx.Graph[int]) -> Routes:
    """Shortest routes of any connected graph whose nodes are 0 to n - 1."""
    size = graph.number_of_nodes()
    matrix = nx.to_scipy_sparse_array(graph, nodelist=range(size), format="csr")
    distance, predecessor = csgraph.shortest_path(matrix, unweighted=True, return_predecessors=True)
    own = np.arange(size)
    predecessor[own, own] = own
    return Routes(predecessor.astype(np.int64), distance.astype(np.int64))


def _grid_routes(rows: int, columns: int, *, wrap: bool) -> Routes:
    y, x = np.divmod(np.arange(rows * columns), columns)
    step_x, far_x = _axis_step(x[:, None], x[None, :], columns, wrap)
    step_y, far_y = _axis_step(y[:, None], y[None, :], rows, wrap)
    back_y = ((y[None, :] - step_y) % rows) * columns + x[None, :]
    back_x = y[None, :] * columns + (x[None, :] - step_x) % columns
    return Routes(np.where(far_y > 0, back_y, back_x), far_x + far_y)


def _axis_step(start: Table, stop: Table, size: int, wrap: bool) -> tuple[Table, Table]:
    """Direction (-1, 0, 1) and number of steps along one axis."""
    forward = stop - start
    if not wrap:
        return np.sign(forward), np.abs(forward)
    ahead = forward % size
    short = np.minimum(ahead, size - ahead)
    return np.where(ahead == 0, 0, np.where(ahead <= size - ahead, 1, -1)), short
