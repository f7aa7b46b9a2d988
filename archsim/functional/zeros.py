"""Zeros that a model's weights and its data have: what arrays that skip or gate them can save.

A layer's inputs are the vectors that meet its weights, with the zeros that pad an image. What is zero in floating point
counts; small values that integers of few bits make zero do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from archsim.chip import Chip
from archsim.chip.stepped_tile import SystolicTile, Zeros
from archsim.errors import InputError
from archsim.functional.arrays import Layers
from archsim.functional.batches import Data, Samples
from archsim.functional.model import Model
from archsim.functional.products import exact_product
from archsim.functional.runtime import F32


@dataclass(frozen=True, slots=True)
class LayerZeros:
    """Shares of zeros of one layer.

    Parameters
    ----------
    layer : str
    inputs, weights : float
        Of all elements.
    """

    layer: str
    inputs: float
    weights: float


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """Products in floating point whose inputs are counted, by the matrix and which of its users asks."""

    layers: Layers
    zeros: dict[tuple[int, int], int] = field(default_factory=dict)
    elements: dict[tuple[int, int], int] = field(default_factory=dict)

    def __call__(self, layer: int, vectors: F32, samples: Samples, step: int, turn: int = 0) -> F32:
        key = layer, turn
        self.zeros[key] = self.zeros.get(key, 0) + vectors.size - int(np.count_nonzero(vectors))
        self.elements[key] = self.elements.get(key, 0) + vectors.size
        return exact_product(self.layers[layer], vectors)


def measured_zeros(model: Model, data: Data, *, batch: int | None = None) -> tuple[LayerZeros, ...]:
    """Zeros of all layers, in the network's order, in a run in floating point.

    Parameters
    ----------
    model : Model
    data : Data
    batch : int, optional
        Samples at a time.
    """
    counted = _Counted(model.layers)
    model.run(data, counted, batch=batch)
    network, index = model.placement.network, model.placement.index
    users = {index[layers[0].name]: layers for layers in network.users.values()}
    found = {
        users[layer][turn].name: (zeros / counted.elements[layer, turn], _share(model.layers[layer].groups))
        for (layer, turn), zeros in counted.zeros.items()
    }
    return tuple(LayerZeros(layer.name, *found[layer.name]) for layer in network.matrices if layer.name in found)


def _share(values: F32) -> float:
    return 1.0 - int(np.count_nonzero(values)) / values.size


def with_zeros(chip: Chip, found: Iterable[LayerZeros]) -> Chip:
    """The chip with measured shares in the place of its file's, where it makes use of zeros; a pattern stays.

    Raises
    ------
    InputError
        If it makes use of none.
    """
    tile, layers = chip.tile, tuple(found)
    uses = isinstance(tile, SystolicTile) and (tile.zero_inputs is not None or tile.zero_weights is not None)
    if not uses or not isinstance(tile, SystolicTile):
        raise InputError(
            "zeros are to be measured, and the chip makes no use of them",
            where=f"chip {chip.name!r}",
            remedy="Take systolic arrays, and say what they do with zeros: --set tile.zero_inputs.use=skipped --set "
            "tile.zero_inputs.share=0.5, where the share is that of layers without data.",
        )
    inputs = _measured(tile.zero_inputs, {layer.layer: layer.inputs for layer in layers})
    weights = _measured(tile.zero_weights, {layer.layer: layer.weights for layer in layers})
    return chip.model_copy(update={"tile": tile.model_copy(update={"zero_inputs": inputs, "zero_weights": weights})})


def _measured(zeros: Zeros | None, shares: dict[str, float]) -> Zeros | None:
    if zeros is None or zeros.group is not None:
        return zeros
    return zeros.model_copy(update={"layers": shares})
