"""All arrays of a placed model: programmed once, calibrated, and read at any time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from archsim.errors import InputError
from archsim.functional.runtime import F32
from archsim.functional.weights import WeightMatrix
from archsim.mapping import Placement
from archsim.numeric import Crossbar, CrossbarSettings, ProgrammedArray, Stream, calibrate, program


@dataclass(frozen=True, slots=True)
class BlockKey:
    """Which block of which copy of whose weights an array holds: its name in files, and of its randomness.

    Parameters
    ----------
    layer : int
        Index into ``Network.order``, of the first layer that uses the weights.
    replica, row, column : int
        Copy of the layer, row block and column block.
    """

    layer: int
    replica: int
    row: int
    column: int

    @property
    def numbers(self) -> tuple[int, ...]:
        """The key as numbers."""
        return self.layer, self.replica, self.row, self.column


@dataclass(frozen=True, slots=True)
class Block:
    """The part of a layer's matrix that an array holds.

    Parameters
    ----------
    key : BlockKey
    rows, columns : slice
    reloaded : bool
        Whether it is written anew for each of its turns, and so never older than a turn.
    """

    key: BlockKey
    rows: slice
    columns: slice
    reloaded: bool = False


Layers = Mapping[int, WeightMatrix]
"""Weights by index of the layer in ``Network.order``."""


def blocks_of(placement: Placement, layers: Layers) -> tuple[Block, ...]:
    """The blocks of a placement, checked against the weights; none on a device that works layer by layer.

    Raises
    ------
    InputError
        If the placement is of another model.
    """
    if placement.plan is not None:
        return ()
    found = tuple(_block(placement, index) for index in range(len(placement.blocks)))
    for layer, matrix in layers.items():
        groups, rows, columns = matrix.shape
        own = [block for block in found if block.key.layer == layer]
        extent = max((b.rows.stop for b in own), default=0), max((b.columns.stop for b in own), default=0)
        if extent != (groups * rows, groups * columns):
            raise InputError(
                f"its weights are {groups * rows} x {groups * columns}, but {extent[0]} x {extent[1]} are placed",
                where=f"layer {placement.network.order[layer].name!r}",
                remedy="Place the same model file that is computed.",
            )
    return tuple(block for block in found if block.key.layer in layers)


def _block(placement: Placement, index: int) -> Block:
    table = placement.blocks
    holder = int(placement.holders[table.matrix[index]])
    key = BlockKey(holder, *(int(column[index]) for column in (table.replica, table.row, table.column)))
    rows = slice(int(table.row_start[index]), int(table.row_stop[index]))
    columns = slice(int(table.column_start[index]), int(table.column_stop[index]))
    return Block(key, rows, columns, placement.turns is not None and bool(placement.turns.reloaded[index]))


@dataclass(frozen=True, slots=True, eq=False)
class Arrays:
    """Programmed arrays by block, in the placement's order.

    Parameters
    ----------
    blocks : tuple of Block
    arrays : tuple of ProgrammedArray
    again : callable, optional
        Where blocks take turns on arrays: the arrays as they are written for a later round of samples, by its number.
    """

    blocks: tuple[Block, ...]
    arrays: tuple[ProgrammedArray, ...]
    again: Callable[[int], Arrays] | None = None

    def mapped(self, change: Callable[[Block, ProgrammedArray], ProgrammedArray]) -> Arrays:
        """The same blocks with other arrays."""
        pairs = zip(self.blocks, self.arrays, strict=True)
        return Arrays(self.blocks, tuple(change(block, array) for block, array in pairs))

    def calibrated(self, inputs: Mapping[int, F32]) -> Arrays:
        """The arrays with the ranges of their converters.

        Parameters
        ----------
        inputs : mapping of int to ndarray, shape (vectors, rows)
            Representative input vectors of each layer.
        """

        def one(block: Block, array: ProgrammedArray) -> ProgrammedArray:
            vectors = np.ascontiguousarray(inputs[block.key.layer][:, block.rows])
            return _open_bounds(calibrate(array, vectors, time_s=array.settings.device.first_time_s))

        return self.mapped(one)

    def at(self, time_s: float) -> Reading:
        """The arrays at a time since programming, in seconds; those written for this turn as early as can be."""
        pairs = zip(self.blocks, self.arrays, strict=True)
        ages = [(array, array.settings.device.first_time_s if block.reloaded else time_s) for block, array in pairs]
        return Reading(self.blocks, tuple(array.at(age) for array, age in ages))


def _open_bounds(array: ProgrammedArray) -> ProgrammedArray:
    """Give converters that saw nothing but zeros the range in which nothing clips."""
    if array.bounds is None or bool((array.bounds > 0).all()):
        return array
    rows = np.float32(array.planes[0].target_s.shape[0])
    return replace(array, bounds=np.where(array.bounds > 0, array.bounds, rows).astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """All arrays at one time, ready to multiply."""

    blocks: tuple[Block, ...]
    crossbars: tuple[Crossbar, ...]


def program_arrays(
    blocks: tuple[Block, ...], layers: Layers, settings: CrossbarSettings, *, seed: int, turn: int = 0
) -> Arrays:
    """Program every block into its array.

    Parameters
    ----------
    blocks : tuple of Block
    layers : mapping of int to WeightMatrix
    settings : CrossbarSettings
        Of every array.
    seed : int
        Of all randomness; each array's own stream is named by its block, so that the order does not matter.
    turn : int
        How often blocks that are written anew have been written before.
    """

    def one(block: Block) -> ProgrammedArray:
        weights = layers[block.key.layer].block(block.rows, block.columns)
        writing = (turn,) if block.reloaded else ()
        return program(weights, settings, Stream(seed, (*block.key.numbers, *writing)))

    return Arrays(blocks, tuple(one(block) for block in blocks))
