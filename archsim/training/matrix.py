"""A weight matrix on arrays that train: cut into blocks, read from both sides, and pulsed.

Sums over blocks of rows are digital. Every block has drivers and converters of its own, and draws of its own; what a
vector draws is named by how many were read before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from archsim.errors import InputError
from archsim.numeric import Crossbar, Stream, multiply_whole
from archsim.numeric.arrays import F32
from archsim.numeric.update import Circuits, backward_crossbar, forward_crossbar
from archsim.training.algorithms import Algorithm, Batch, Effort, Trained

_CELLS, _FORWARD, _BACKWARD = range(3)
"""Numbers of a block's streams."""


@dataclass(frozen=True, slots=True)
class ArraySettings:
    """How a chip's arrays train.

    Parameters
    ----------
    algorithm : Algorithm
    rows, columns : int
        Weights of an array.
    forward, backward : Circuits
        Drivers and converters of both directions.
    scale : float
        A weight is this times what its devices hold: a digital factor behind the converters.
    """

    algorithm: Algorithm
    rows: int
    columns: int
    forward: Circuits
    backward: Circuits
    scale: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One array.

    Parameters
    ----------
    rows, columns : tuple of int
        First of the matrix that it holds, and the one after the last.
    trained : Trained
    weights : ndarray of float32
        Its weights, kept as every product of both directions asks for them.
    forward, backward : Crossbar
        Its circuits; the weights in them are none.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]
    trained: Trained
    weights: F32
    forward: Crossbar
    backward: Crossbar

    def part(self, vectors: F32, cut: tuple[int, int]) -> F32:
        """The elements of vectors that this block takes."""
        whole = vectors.shape[1] == cut[1] - cut[0]
        return vectors if whole else np.ascontiguousarray(vectors[:, cut[0] : cut[1]])


@dataclass(frozen=True, slots=True)
class Readings:
    """How many vectors were read, which names the draws of the next.

    Parameters
    ----------
    forward, backward : int
        While training.
    evaluated : int
        Without training; these have draws of their own, so that an evaluation changes nothing.
    """

    forward: int = 0
    backward: int = 0
    evaluated: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """A weight matrix on arrays; a value.

    Parameters
    ----------
    shape : tuple of int
        Rows (inputs) and columns (outputs).
    scale : float
    blocks : tuple of Block
    readings : Readings
    """

    shape: tuple[int, int]
    scale: float
    blocks: tuple[Block, ...]
    readings: Readings = Readings()

    @property
    def weights(self) -> F32:
        """As products see them, shape (rows, columns)."""
        return self._whole([block.weights for block in self.blocks])

    def _whole(self, parts: list[F32]) -> F32:
        whole = np.empty(self.shape, np.float32)
        for block, part in zip(self.blocks, parts, strict=True):
            whole[slice(*block.rows), slice(*block.columns)] = part
        return np.float32(self.scale) * whole

    @property
    def saturated(self) -> float:
        """Share of the weights that are within a step of the end of their range."""
        found = 0
        for block in self.blocks:
            trained = block.trained
            near = np.float32(trained.step)
            weights = block.weights
            found += int(((weights >= trained.highest - near) | (weights <= trained.lowest + near)).sum())
        return found / (self.shape[0] * self.shape[1])

    def forward(self, inputs: F32, *, training: bool) -> tuple[F32, Matrix]:
        """x W, and the matrix after the reading.

        Parameters
        ----------
        inputs : ndarray of float32, shape (vectors, rows)
        training : bool
        """
        seen = self.readings
        first, reading = (seen.forward, 0) if training else (seen.evaluated, 1)
        outputs = np.zeros((len(inputs), self.shape[1]), np.float32)
        for block in self.blocks:
            crossbar = replace(block.forward, weights=block.weights)
            found = multiply_whole(crossbar, block.part(inputs, block.rows), first_sample=first, reading=reading)
            outputs[:, slice(*block.columns)] += found.outputs
        later = replace(seen, forward=first + len(inputs)) if training else replace(seen, evaluated=first + len(inputs))
        return np.float32(self.scale) * outputs, replace(self, readings=later)

    def backward(self, errors: F32) -> tuple[F32, Matrix]:
        """d W^T, read at the rows, and the matrix after the reading; errors of shape (vectors, columns)."""
        first = self.readings.backward
        outputs = np.zeros((len(errors), self.shape[0]), np.float32)
        for block in self.blocks:
            crossbar = replace(block.backward, weights=block.weights.T)
            found = multiply_whole(crossbar, block.part(errors, block.columns), first_sample=first)
            outputs[:, slice(*block.rows)] += found.outputs
        readings = replace(self.readings, backward=first + len(errors))
        return np.float32(self.scale) * outputs, replace(self, readings=readings)

    def updated(self, batch: Batch) -> tuple[Matrix, Effort]:
        """The matrix after a mini-batch."""
        blocks, efforts = [], []
        for block in self.blocks:
            own = Batch(
                block.part(batch.inputs, block.rows),
                block.part(batch.errors, block.columns),
                batch.rate / self.scale,
                batch.examples,
            )
            trained, effort = block.trained.updated(own)
            blocks.append(replace(block, trained=trained, weights=trained.weights))
            efforts.append(effort)
        return replace(self, blocks=tuple(blocks)), reduce(Effort.__add__, efforts)


def placed(weights: F32, settings: ArraySettings, stream: Stream, name: str) -> Matrix:
    """Write a weight matrix into arrays, cut into nearly equal blocks.

    Parameters
    ----------
    weights : ndarray of float32, shape (rows, columns)
    settings : ArraySettings
    stream : Stream
        Of this matrix.
    name : str
        Of the layer, for errors.

    Raises
    ------
    InputError
        If the devices' range excludes weights.
    """
    shape = (weights.shape[0], weights.shape[1])
    blocks = tuple(
        _block(weights, rows, columns, settings, Stream(stream.seed, (*stream.block, i, j)))
        for i, rows in enumerate(cuts(shape[0], settings.rows))
        for j, columns in enumerate(cuts(shape[1], settings.columns))
    )
    _check_range(weights, blocks, settings, name)
    return Matrix(shape, settings.scale, blocks)


def cuts(size: int, most: int) -> list[tuple[int, int]]:
    """Nearly equal parts of at most some size: first, and the one after the last."""
    parts = -(-size // most)
    return [(size * part // parts, size * (part + 1) // parts) for part in range(parts)]


def _block(
    weights: F32, rows: tuple[int, int], columns: tuple[int, int], settings: ArraySettings, stream: Stream
) -> Block:
    part = weights[slice(*rows), slice(*columns)] / np.float32(settings.scale)
    cells, forward, backward = (
        Stream(stream.seed, (*stream.block, number)) for number in (_CELLS, _FORWARD, _BACKWARD)
    )
    empty = np.zeros_like(part)
    trained = settings.algorithm.trained((part.shape[0], part.shape[1]), cells).written(part)
    return Block(
        rows,
        columns,
        trained,
        trained.weights,
        forward_crossbar(empty, settings.forward, forward),
        backward_crossbar(empty, settings.backward, backward),
    )


def _check_range(weights: F32, blocks: tuple[Block, ...], settings: ArraySettings, name: str) -> None:
    lowest = settings.scale * float(np.mean([np.mean(block.trained.lowest) for block in blocks]))
    highest = settings.scale * float(np.mean([np.mean(block.trained.highest) for block in blocks]))
    worst = float(max(weights.max(initial=0.0) / highest, weights.min(initial=0.0) / lowest))
    if worst > 1:
        raise InputError(
            f"the devices hold weights from {lowest:.3g} to {highest:.3g} on average, and layer {name!r} begins with "
            f"some from {weights.min():.3g} to {weights.max():.3g}",
            where="tile.training.scale",
            remedy=f"Raise it to {settings.scale * worst * 1.5:.2g}, or begin with smaller weights.",
        )
