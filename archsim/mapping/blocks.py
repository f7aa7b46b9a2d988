"""Cutting weight matrices into blocks that a matrix unit can hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from archsim.machine import BlockLimits, BlockShapes
from archsim.network import Digital, Layer, Matrix, Network, Use, Weights

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cut:
    """Blocks of one copy of one weight matrix; every column has shape ``(blocks,)``.

    Rows and columns count over all groups of a grouped matrix, which is block-diagonal.

    Parameters
    ----------
    row, column : int64
        Number of the row block within its column block, and of the column block.
    row_start, row_stop, column_start, column_stop : int64
        The part of the layer's matrix.
    weights : int64
        Weights that are not structurally zero.
    """

    row: Ids
    column: Ids
    row_start: Ids
    row_stop: Ids
    column_start: Ids
    column_stop: Ids
    weights: Ids

    def __len__(self) -> int:
        return len(self.row)

    @property
    def shapes(self) -> BlockShapes:
        """Of the blocks, as a matrix unit sees them."""
        return BlockShapes(self.row_stop - self.row_start, self.column_stop - self.column_start, self.weights)

    def columns(self) -> tuple[Ids, ...]:
        """All columns, in the order of their declaration."""
        return tuple(getattr(self, field.name) for field in fields(self))


@lru_cache(maxsize=512)
def cut_weights(weights: Weights, limits: BlockLimits, granularity: int, *, packing: bool = False) -> Cut:
    """Cut a weight matrix into nearly equal blocks, or, for packing, into full ones and a rest.

    The same matrix is cut once, so that nobody may change its blocks.

    Small groups share a block, along its diagonal, where the limits allow; a group larger than a block is cut like a
    matrix of its own.

    Parameters
    ----------
    weights : Weights
    limits : BlockLimits
    granularity : int
        Columns to keep together (the gates of one unit of a recurrent cell), if a block has as many.
    packing : bool
        Whether small blocks share an array.
    """
    rows, columns = limits.rows, limits.columns
    together = min(rows // weights.rows, columns // weights.columns) if limits.diagonal else 0
    if together >= 1:
        return _diagonal(weights, together)
    kept = granularity if granularity <= columns else 1
    return _cut_groups(weights, rows, columns, kept, full_edges if packing else even_edges)


def column_granularity(network: Network, layers: tuple[Layer, ...]) -> int:
    """Columns of weights that the consumers of the layers which use them need side by side."""
    forward = [layer for layer in layers if isinstance(layer.operator, Matrix) and layer.operator.use is Use.FORWARD]
    edges = (edge for layer in forward for edge in network.outputs_of(layer.name))
    targets = (network.by_name[edge.target].operator for edge in edges)
    return max((target.contract for target in targets if isinstance(target, Digital)), default=1)


def _diagonal(weights: Weights, together: int) -> Cut:
    first = np.arange(0, weights.groups, together, dtype=np.int64)
    last = np.minimum(first + together, weights.groups)
    return Cut(
        row=np.zeros(len(first), np.int64),
        column=np.arange(len(first), dtype=np.int64),
        row_start=first * weights.rows,
        row_stop=last * weights.rows,
        column_start=first * weights.columns,
        column_stop=last * weights.columns,
        weights=(last - first) * weights.rows * weights.columns,
    )


def _cut_groups(
    weights: Weights, rows: int, columns: int, granularity: int, edges: Callable[[int, int, int], Ids]
) -> Cut:
    row_edges = edges(weights.rows, rows, 1)
    column_edges = edges(weights.columns, columns, granularity)
    group, column, row = (
        index.ravel()
        for index in np.meshgrid(
            np.arange(weights.groups), np.arange(len(column_edges) - 1), np.arange(len(row_edges) - 1), indexing="ij"
        )
    )
    row_start, row_stop = row_edges[row], row_edges[row + 1]
    column_start, column_stop = column_edges[column], column_edges[column + 1]
    return Cut(
        row=row,
        column=group * (len(column_edges) - 1) + column,
        row_start=group * weights.rows + row_start,
        row_stop=group * weights.rows + row_stop,
        column_start=group * weights.columns + column_start,
        column_stop=group * weights.columns + column_stop,
        weights=(row_stop - row_start) * (column_stop - column_start),
    )


def even_edges(size: int, most: int, granularity: int = 1) -> Ids:
    """Boundaries of the fewest nearly equal pieces of at most ``most``, at multiples of ``granularity``."""
    units, most_units = -(-size // granularity), max(1, most // granularity)
    pieces = -(-units // most_units)
    edges: Ids = np.minimum(np.arange(pieces + 1, dtype=np.int64) * units // pieces * granularity, size)
    return edges


def full_edges(size: int, most: int, granularity: int = 1) -> Ids:
    """Boundaries of pieces as large as multiples of ``granularity`` within ``most`` can be, and of the rest."""
    piece = max(1, most // granularity) * granularity
    return np.append(np.arange(0, size, piece, dtype=np.int64), size)
