"""The Placement: which block of which weight matrix is on which array, and which unit does each digital layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archsim.chip.schema import Chip
from archsim.machine import BlockShapes, Pass, Stage
from archsim.mapping.floorplan import Floorplan
from archsim.network import Network

Ids = NDArray[np.int64]
ON_ARRAY = -1
"""In place of a unit: the part is finished behind an array's converters."""
AT_PORT = -2
"""In place of a unit: the part is handled at the chip's port (host, memory)."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """Weight blocks on arrays, ordered by layer, replica, column and row; every column has shape ``(blocks,)``.

    Parameters
    ----------
    layer : int64
        Index into ``Network.order``.
    replica, row, column : int64
        Copy of the layer, row block within its column block, column block.
    row_start, row_stop, column_start, column_stop : int64
        Part of the layer's weight matrix (all groups counted).
    weights : int64
        Weights on the array that are not structurally zero.
    node : int64
        Global node: chip times the floorplan's nodes, plus the tile.
    array : int64
        Array of the tile.
    """

    layer: Ids
    replica: Ids
    row: Ids
    column: Ids
    row_start: Ids
    row_stop: Ids
    column_start: Ids
    column_stop: Ids
    weights: Ids
    node: Ids
    array: Ids

    def __len__(self) -> int:
        return len(self.layer)

    @property
    def shapes(self) -> BlockShapes:
        """Of the blocks, as a matrix unit sees them."""
        return BlockShapes(self.row_stop - self.row_start, self.column_stop - self.column_start, self.weights)


@dataclass(frozen=True, slots=True)
class Homes:
    """Where each part of each layer's output is made, ordered by layer; every column has shape ``(parts,)``.

    Parameters
    ----------
    layer, replica : int64
        Replica j of r makes tokens j, j + r, j + 2r, ...
    part : int64
        Number of the slice of the token's width.
    start, stop : int64
        Elements of the token.
    node : int64
        Global node.
    unit : int64
        Index of the unit's kind in ``Chip.units``, ``ON_ARRAY`` or ``AT_PORT``.
    """

    layer: Ids
    replica: Ids
    part: Ids
    start: Ids
    stop: Ids
    node: Ids
    unit: Ids

    def __len__(self) -> int:
        return len(self.layer)


@dataclass(frozen=True)
class Placement:
    """A network laid on a system of chips.

    Parameters
    ----------
    network : Network
        As it was mapped (grouped convolutions are digital layers where the chip says so).
    chip : Chip
    floorplan : Floorplan
        Of one chip.
    chips : int
        Chips used.
    replicas : tuple of int
        Copies of each layer, in the order of ``Network.order``.
    blocks : Blocks
    homes : Homes
    interleave : int
        Samples whose tokens take turns; units have room for so many samples' keys and values.
    """

    network: Network
    chip: Chip
    floorplan: Floorplan
    chips: int
    replicas: tuple[int, ...]
    blocks: Blocks
    homes: Homes
    interleave: int

    @cached_property
    def index(self) -> dict[str, int]:
        """Layer indices by name."""
        return {layer.name: index for index, layer in enumerate(self.network.order)}

    @cached_property
    def _block_bounds(self) -> Ids:
        return np.searchsorted(self.blocks.layer, np.arange(len(self.replicas) + 1))

    @cached_property
    def _home_bounds(self) -> Ids:
        return np.searchsorted(self.homes.layer, np.arange(len(self.replicas) + 1))

    @cached_property
    def products(self) -> tuple[Stage, ...]:
        """The stages of a product with each block; their columns have shape ``(blocks,)``."""
        shapes, back = self.blocks.shapes.distinct()
        return tuple(stage.at(back) for stage in self.floorplan.unit.stages(shapes, Pass.FORWARD))

    def blocks_of(self, layer: int) -> slice:
        """Rows of ``blocks`` that belong to a layer."""
        return slice(int(self._block_bounds[layer]), int(self._block_bounds[layer + 1]))

    def homes_of(self, layer: int) -> slice:
        """Rows of ``homes`` that belong to a layer."""
        return slice(int(self._home_bounds[layer]), int(self._home_bounds[layer + 1]))

    @property
    def tiles_used(self) -> int:
        """Tiles with at least one block."""
        return len(np.unique(self.blocks.node))

    @property
    def tiles(self) -> int:
        """Tiles on the chips used."""
        return self.chips * self.floorplan.tiles

    @property
    def cell_utilisation(self) -> float:
        """Weights held / weights that all arrays of the chips used could hold."""
        room = self.chips * self.floorplan.arrays * self.floorplan.unit.limits.weights
        return float(self.blocks.weights.sum()) / room
