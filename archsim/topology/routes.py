"""Routes: which router comes before which, on the one way from any router to any other.

They are kept as a table of predecessors, one tree per source router, so that the routes of one multicast always form a
tree. Meshes and tori are routed dimension by dimension, columns first; a torus takes the shorter way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import networkx as nx

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


def graph_routes(graph: nx.Graph[int]) -> Routes:
    """Shortest routes of any connected graph whose nodes are 0 to n - 1."""
    # Both take a while to load, and few fabrics need them.
    import networkx as nx
    from scipy.sparse import csgraph

    size = graph.number_of_nodes()
    matrix = nx.to_scipy_sparse_array(graph, nodelist=range(size), format="csr")
    distance, predecessor = csgraph.shortest_path(matrix, unweighted=True, return_predecessors=True)
    own = np.arange(size)
    predecessor[own, own] = own
    return Routes(predecessor.astype(np.int64), distance.astype(np.int64))


def grid_routes(rows: int, columns: int, *, wrap: bool) -> Routes:
    """Routes of a grid whose edges end, or are joined to the opposite ones."""
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
