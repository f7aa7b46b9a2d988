"""Trees: routers with places as leaves, two of each level joined by one of the next."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx

from archsim.topology.routes import Routes, graph_routes
from archsim.topology.shape import Topology


@dataclass(frozen=True, slots=True)
class Tree(Topology):
    """A balanced binary tree; its inner routers are numbered after the leaves."""

    def routes(self, rows: int, columns: int) -> Routes:
        """By way of the common ancestor."""
        return graph_routes(binary_tree(rows * columns))

    def routers(self, rows: int, columns: int) -> int:
        """The leaves and all levels above them."""
        count = level = rows * columns
        while level > 1:
            level = -(-level // 2)
            count += level
        return count

    def links(self, rows: int, columns: int) -> int:
        """Two from every router but the root to the one above."""
        return 2 * (self.routers(rows, columns) - 1)


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


TREE = Tree("tree", 3)
