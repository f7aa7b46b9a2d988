"""Two ways to take a product: on arrays, and in floating point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from archsim.functional.arrays import Block, Layers, Reading
from archsim.functional.batches import Samples
from archsim.functional.meter import Meter
from archsim.functional.runtime import F32
from archsim.functional.weights import WeightMatrix
from archsim.mapping.dealing import Dealing
from archsim.numeric import multiply

RECORDED = 1024
"""Input vectors per layer that are kept for calibration."""


class Products(Protocol):
    """Products of vectors with the matrices of a placed model."""

    def __call__(self, layer: int, vectors: F32, samples: Samples, step: int, turn: int = 0) -> F32:
        """Multiply.

        Parameters
        ----------
        layer : int
            Index into ``Network.order``.
        vectors : ndarray, shape (samples * positions, groups * rows)
        samples : Samples
            Whose they are.
        step : int
            Step of a recurrence.
        turn : int
            Which of the layers that use the same weights asks.

        Returns
        -------
        ndarray, shape (samples * positions, groups * columns)
        """
        ...


_READINGS = 1 << 20
"""More than a sample has steps: readings of an array by several layers are numbered apart."""


@dataclass(frozen=True, slots=True, eq=False)
class ArrayProducts:
    """On arrays, block by block; partial sums of row blocks are added digitally, in the rows' order.

    Parameters
    ----------
    reading : Reading
        The arrays at the time of the products.
    dealings : tuple of Dealing
        How each layer's tokens are dealt to its copies: each takes its positions of every sample.
    layers : Layers
        The weights that were asked for.
    meter : Meter, optional
        What observes the products.
    """

    reading: Reading
    dealings: tuple[Dealing, ...]
    layers: Layers
    meter: Meter | None = None
    _by_copy: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, block in enumerate(self.reading.blocks):
            self._by_copy.setdefault((block.key.layer, block.key.replica), []).append(index)

    def __call__(self, layer: int, vectors: F32, samples: Samples, step: int, turn: int = 0) -> F32:
        groups, _, columns = self.layers[layer].shape
        stacked = vectors.reshape(samples.count, -1, vectors.shape[1])
        result = np.zeros((*stacked.shape[:2], groups * columns), np.float32)
        for copy in range(self.dealings[layer].copies):
            mine = self.dealings[layer].tokens(copy, step + stacked.shape[1]) - step
            mine = mine[mine >= 0]
            part = stacked[:, mine]
            if part.shape[1]:
                flat = np.ascontiguousarray(part.reshape(-1, vectors.shape[1]))
                made = self._copy((layer, copy), flat, samples.first * part.shape[1], step + turn * _READINGS)
                result[:, mine] = made.reshape(*part.shape[:2], -1)
        outputs = result.reshape(len(vectors), -1)
        if self.meter is not None:
            self.meter.compare(layer, exact_product(self.layers[layer], vectors), outputs)
        return outputs

    def _copy(self, copy: tuple[int, int], vectors: F32, first: int, reading: int) -> F32:
        groups, _, columns = self.layers[copy[0]].shape
        result = np.zeros((len(vectors), groups * columns), np.float32)
        for block, index in self._blocks(copy):
            crossbar = self.reading.crossbars[index]
            given = np.ascontiguousarray(vectors[:, block.rows])
            readout = multiply(crossbar, given, first_sample=first, reading=reading)
            result[:, block.columns] += readout.outputs
            if self.meter is not None:
                self.meter.observe(copy[0], crossbar, given, readout)
        return result

    def _blocks(self, copy: tuple[int, int]) -> Iterator[tuple[Block, int]]:
        for index in self._by_copy[copy]:
            yield self.reading.blocks[index], index


@dataclass(frozen=True, slots=True, eq=False)
class ProductsInRounds:
    """On arrays that are written anew for every round of samples.

    Parameters
    ----------
    samples : int
        In a round; no batch may have more.
    written : callable
        From the number of a round to products on the arrays as they were written for it.
    """

    samples: int
    written: Callable[[int], Products]

    def __call__(self, layer: int, vectors: F32, samples: Samples, step: int, turn: int = 0) -> F32:
        return self.written(samples.first // self.samples)(layer, vectors, samples, step, turn)


def exact_product(matrix: WeightMatrix, vectors: F32) -> F32:
    """The floating-point product of vectors of shape (vectors, groups * rows)."""
    groups, rows, columns = matrix.shape
    if groups == 1:
        whole: F32 = vectors @ matrix.groups[0]
        return whole
    apart = vectors.reshape(-1, groups, rows).transpose(1, 0, 2)
    made: F32 = np.matmul(apart, matrix.groups)
    return made.transpose(1, 0, 2).reshape(-1, groups * columns)


@dataclass(frozen=True, slots=True, eq=False)
class FloatProducts:
    """In floating point, writing some of the input vectors down where that is asked for."""

    layers: Layers
    record: Record | None = None

    def __call__(self, layer: int, vectors: F32, samples: Samples, step: int, turn: int = 0) -> F32:
        if self.record is not None:
            self.record.add(layer, vectors)
        return exact_product(self.layers[layer], vectors)


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """Input vectors of all layers, a few of every batch.

    Parameters
    ----------
    batches : int
        Batches that there will be.
    """

    batches: int
    _parts: dict[int, list[F32]] = field(default_factory=dict)

    def add(self, layer: int, vectors: F32) -> None:
        """Keep this batch's share of the vectors."""
        self._parts.setdefault(layer, []).append(_thinned(vectors, -(-RECORDED // self.batches)))

    def vectors(self) -> dict[int, F32]:
        """At most ``RECORDED`` vectors of each layer, evenly spread."""
        return {layer: _thinned(np.concatenate(parts), RECORDED) for layer, parts in self._parts.items()}


def _thinned(vectors: F32, most: int) -> F32:
    """A copy of at most so many vectors."""
    if len(vectors) <= most:
        return vectors.copy()
    return vectors[np.linspace(0, len(vectors) - 1, most).astype(np.int64)]
