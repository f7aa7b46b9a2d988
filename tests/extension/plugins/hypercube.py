"""A hypercube: routers whose numbers differ in one bit are neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx

from archsim.topology import Routes, Topology, graph_routes


@dataclass(frozen=True, slots=True)
class Hypercube(Topology):
    """Of ``rows * columns`` routers; those beyond the last power of two lack some neighbours."""

    def routes(self, rows: int, columns: int) -> Routes:
        """The fewest links."""
        count = rows * columns
        graph: nx.Graph[int] = nx.Graph()
        graph.add_nodes_from(range(count))
        bits = range(count.bit_length())
        graph.add_edges_from((one, one ^ 1 << bit) for one in range(count) for bit in bits if one ^ 1 << bit < count)
        return graph_routes(graph)


HYPERCUBE = Hypercube("hypercube", 8)
