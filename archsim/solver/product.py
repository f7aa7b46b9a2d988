"""A matrix on a chip's arrays: what a product with it gives, and what it takes, from the same placement."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from archsim.accounting import LEAKAGE
from archsim.errors import InputError
from archsim.functional import Ranges, crossbar_settings
from archsim.functional.arrays import blocks_of, program_arrays
from archsim.functional.weights import weight_matrix
from archsim.network import Edge, Layer, Matrix, Network, Same, Sink, Source, Weights
from archsim.numeric import AbsMaxScale, CrossbarSettings, multiply
from archsim.simulation import Result

F64 = NDArray[np.float64]
CALIBRATION = 256
"""Random vectors by which the converters' ranges are set."""


@dataclass(frozen=True, slots=True)
class ProductCost:
    """What one product takes, from a simulated run of one.

    Parameters
    ----------
    time_s : float
        From the first element of the vector on its way from the host to the last of the product there.
    energy_j : float
        Of what happens, leakage apart.
    leakage_w : float
        Of all chips.
    """

    time_s: float
    energy_j: float
    leakage_w: float


def product_network(size: int) -> Network:
    """A network that is one product: a vector from the host, the matrix, a vector to the host."""
    layers = (
        Layer("vector", Source(), 1, size),
        Layer("matrix", Matrix(Weights(size, size)), 1, size),
        Layer("product", Sink(), 1, size),
    )
    edges = (Edge("vector", "matrix", Same(), size), Edge("matrix", "product", Same(), size))
    return Network("product", layers, edges)


def product_cost(result: Result) -> ProductCost:
    """Of a run of `product_network` for one sample."""
    spent, makespan_s = result.ledger.energy, result.trace.makespan / 1e12
    leaked = spent.layer == LEAKAGE
    return ProductCost(
        result.ledger.headline.latency_s,
        float(spent.energy_j[~leaked].sum()),
        float(spent.energy_j[leaked].sum()) / makespan_s,
    )


class AnalogProduct:
    """Products of one matrix with vectors, on programmed arrays.

    Each vector is divided by its largest magnitude before it is driven, and its product multiplied by that: digitally,
    as the vectors of an iteration shrink with its residual. Row blocks are summed in double precision.

    Parameters
    ----------
    matrix : float64, shape (size, size)
    result : Result
        Of `product_network` on the chip: where its blocks lie.
    seed : int
        Of programming errors, noise and calibration vectors.
    time_s : float, optional
        Age of the arrays when they are read; as soon as the device's model allows where it is not given.
    settings : CrossbarSettings, optional
        In place of those of the chip's description.

    Raises
    ------
    InputError
        If the chip's cells have no numeric model, or the matrix is of another size.
    """

    def __init__(
        self,
        matrix: F64,
        result: Result,
        *,
        seed: int = 0,
        time_s: float | None = None,
        settings: CrossbarSettings | None = None,
    ) -> None:
        placement = result.placement
        chosen = settings or crossbar_settings(result.chip, ranges=Ranges(adc_percentile=100.0))
        chosen = replace(chosen, inputs=replace(chosen.inputs, scale=AbsMaxScale()))
        layer = placement.index["matrix"]
        weights = {layer: weight_matrix(matrix.T, "matrix")}
        arrays = program_arrays(blocks_of(placement, weights), weights, chosen, seed=seed)
        vectors = np.random.default_rng(seed).standard_normal((CALIBRATION, len(matrix))).astype(np.float32)
        arrays = arrays.calibrated({layer: vectors})
        self._reading = arrays.at(chosen.device.first_time_s if time_s is None else time_s)
        self._size, self.count = len(matrix), 0

    def __call__(self, vector: F64) -> F64:
        """The matrix times a vector; each call has noise of its own."""
        scale = float(np.abs(vector).max())
        out = np.zeros(self._size)
        if not scale:
            return out
        if not np.isfinite(scale):
            raise InputError(
                "a vector to be multiplied is not finite", where="solver", remedy="The iteration has diverged."
            )
        driven = (vector / scale).astype(np.float32)[None, :]
        for block, crossbar in zip(self._reading.blocks, self._reading.crossbars, strict=True):
            part = np.ascontiguousarray(driven[:, block.rows])
            out[block.columns] += np.asarray(multiply(crossbar, part, first_sample=self.count).outputs[0], np.float64)
        self.count += 1
        return out * scale
