"""Parts of a layer's output: which copy and which slice of the width is made where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.network import Edge, Layer

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of one layer's output; columns of shape ``(parts,)`` as in ``Homes``."""

    replica: Ids
    part: Ids
    start: Ids
    stop: Ids
    node: Ids
    unit: Ids

    @property
    def replicas(self) -> int:
        """Copies of the layer."""
        return int(self.replica.max()) + 1


def single(layer: Layer, node: int) -> Parts:
    """A layer in one piece that no unit makes."""
    zero = np.zeros(1, np.int64)
    return Parts(zero, zero, zero, np.array([layer.width]), np.array([node]), zero)


def carried(edge: Edge, source: Parts, contract: int) -> Parts | None:
    """The source's parts as parts of the target, or None where the edge scatters or splits them unevenly."""
    low = np.maximum(source.start, edge.source_start) - edge.source_start + edge.target_start
    high = np.minimum(source.stop, edge.source_start + edge.elements) - edge.source_start + edge.target_start
    kept = low < high
    if edge.scattered or (low[kept] % contract).any() or (high[kept] % contract).any():
        return None
    low, high = low[kept] // contract, high[kept] // contract
    return Parts(source.replica[kept], source.part[kept], low, high, source.node[kept], source.unit[kept])


def one_copy(parts: Parts, copy: int, number: int) -> Parts:
    """The parts of one copy, as copy ``number`` of another layer."""
    kept = parts.replica == copy
    columns = (parts.part, parts.start, parts.stop, parts.node, parts.unit)
    return Parts(np.full(int(kept.sum()), number), *(column[kept] for column in columns))


def joined(pieces: list[Parts]) -> Parts:
    """Parts of several inputs side by side, renumbered in the order of their elements."""
    names = ("replica", "start", "stop", "node", "unit")
    replica, start, stop, node, unit = (np.concatenate([getattr(piece, name) for piece in pieces]) for name in names)
    order = np.lexsort((start, replica))
    replica = replica[order]
    part = np.arange(len(order)) - np.searchsorted(replica, replica)
    return Parts(replica, part, start[order], stop[order], node[order], unit[order])
