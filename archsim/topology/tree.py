"""Trees: routers with places as leaves, so many of each level joined by one of the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archsim.topology.routes import Routes, graph_routes
from archsim.topology.shape import Topology

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, slots=True)
class Tree(Topology):
    """A balanced tree; its inner routers are numbered after the leaves.

    Parameters
    ----------
    arity : int
        Routers that one of the next level joins.
    """

    arity: int = 2

    def of_arity(self, arity: int) -> Tree:
        """The tree whose routers join so many below them."""
        return Tree(self.name, arity + 1, arity=arity)

    def routes(self, rows: int, columns: int) -> Routes:
        """By way of the common ancestor."""
        return graph_routes(balanced_tree(rows * columns, self.arity))

    def routers(self, rows: int, columns: int) -> int:
        """The leaves and all levels above them."""
        count = level = rows * columns
        while level > 1:
            level = -(-level // self.arity)
            count += level
        return count

    def links(self, rows: int, columns: int) -> int:
        """Two from every router but the root to the one above."""
        return 2 * (self.routers(rows, columns) - 1)


def balanced_tree(leaves: int, arity: int) -> nx.Graph[int]:
    """A balanced tree whose leaves are 0 to ``leaves`` - 1."""
    import networkx as nx  # takes long to load, and few need it

    tree: nx.Graph[int] = nx.Graph()
    tree.add_nodes_from(range(leaves))
    level, following = list(range(leaves)), leaves
    while len(level) > 1:
        parents = []
        for first in range(0, len(level), arity):
            tree.add_edges_from((following, child) for child in level[first : first + arity])
            parents.append(following)
            following += 1
        level = parents
    return tree


TREE = Tree("tree", 3)
