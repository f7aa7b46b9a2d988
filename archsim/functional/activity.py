"""Measured activity: what a functional run tells the cost models about its data.

The ledger prices a read of an array by the mean magnitude of its inputs and the mean conductance of its devices, both
of which a chip file can only assume. ``with_activity`` puts the measured ones in their place; pricing the chip again
and accounting the same Trace with the new Bill gives energies that follow the data:

    bill = price(with_activity(chip, activity))
    ledger = account(trace, placement, bill)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.chip import Chip
from archsim.errors import InputError
from archsim.functional.arrays import Arrays
from archsim.functional.meter import Meter


@dataclass(frozen=True, slots=True)
class LayerActivity:
    """Activity of one layer.

    Parameters
    ----------
    layer : int
        Index into ``Network.order``.
    mean_input : float
        Mean magnitude of the inputs as a share of full scale, or share of ones of bit-serial inputs.
    mean_conductance : float
        Mean over the layer's devices, as a share of the largest.
    mean_code : float
        Mean magnitude of the converters' codes, as a share of their range.
    reads : float
        Weights read, over the whole run: how much the layer counts in the mean of all.
    """

    layer: int
    mean_input: float
    mean_conductance: float
    mean_code: float
    reads: float


@dataclass(frozen=True, slots=True)
class Activity:
    """Activity of a functional run, layer by layer."""

    layers: tuple[LayerActivity, ...]

    @property
    def mean_input(self) -> float:
        """Mean input over all reads of all weights."""
        return self._mean([layer.mean_input for layer in self.layers])

    @property
    def mean_conductance(self) -> float:
        """Conductance that an input meets on average, so that its product with ``mean_input`` is the mean current.

        Layers of large inputs count for more, as the current is the product of the two.
        """
        current = self._mean([layer.mean_input * layer.mean_conductance for layer in self.layers])
        return current / self.mean_input if self.mean_input else 0.0

    @property
    def mean_code(self) -> float:
        """Mean code over all layers."""
        return self._mean([layer.mean_code for layer in self.layers])

    def _mean(self, values: list[float]) -> float:
        return float(np.average(values, weights=[layer.reads for layer in self.layers]))


def measured_activity(arrays: Arrays, meter: Meter, time_s: float) -> Activity:
    """Activity of a run that was measured.

    Parameters
    ----------
    arrays : Arrays
    meter : Meter
        Of the execution.
    time_s : float
        Since programming, in seconds.

    Raises
    ------
    InputError
        If nothing was measured.
    """
    if not meter.layers:
        raise InputError(
            "nothing was measured", where="functional run", remedy="Execute with measure=True on at least one sample."
        )
    conductance = {layer: _mean_conductance(arrays, layer, time_s) for layer in sorted(meter.layers)}
    return Activity(
        tuple(
            LayerActivity(layer, meter.layers[layer].mean_drive, mean, meter.layers[layer].mean_code, found.cells)
            for layer, mean in conductance.items()
            for found in [meter.layers[layer]]
        )
    )


def _mean_conductance(arrays: Arrays, layer: int, time_s: float) -> float:
    """Mean over all devices of a layer's blocks, as a share of the largest."""
    mine = [array for block, array in zip(arrays.blocks, arrays.arrays, strict=True) if block.key.layer == layer]
    total, cells = 0.0, 0
    for array in mine:
        for plane in array.conductances(time_s):
            total += float(plane.sum()) / array.settings.device.g_max_s
            cells += plane.size
    return total / cells


def with_activity(chip: Chip, activity: Activity) -> Chip:
    """The chip with measured means in the place of its file's: its costs then follow the data, its timing stays.

    Parameters
    ----------
    chip : Chip
    activity : Activity
        Of a run on this chip.
    """
    cell = chip.analog.array.cell.model_copy(update={"mean_conductance": min(activity.mean_conductance, 1.0)})
    driver = chip.analog.input.model_copy(update={"mean_activity": min(activity.mean_input, 1.0), "mean_square": None})
    array = chip.analog.array.model_copy(update={"cell": cell})
    tile = chip.analog.model_copy(update={"array": array, "input": driver})
    return chip.model_copy(update={"tile": tile})
