"""Mixed precision: gradients add up digitally, and what exceeds a threshold is written as whole pulses.

    chi <- chi - rate x^T d;   n = trunc(chi / epsilon);   n pulses;   chi <- chi - n epsilon

Nandakumar et al., Frontiers in Neuroscience 14:406, 2020. Costs rows x columns digital multiplications per vector.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from archsim.numeric import Stream
from archsim.numeric.arrays import F32
from archsim.numeric.guards import require
from archsim.training.algorithms.contract import CellKinds, Method
from archsim.training.algorithms.devices import Devices, made_devices
from archsim.training.algorithms.effort import NOTHING, Batch, Effort

_MOST = 1023
"""Pulses of a device at one writing."""


@dataclass(frozen=True, slots=True)
class MixedPrecision:
    """Settings.

    Parameters
    ----------
    cells : CellKinds
    write_every : int
        Mini-batches between writings.
    threshold : int
        epsilon, in steps of the devices.
    """

    cells: CellKinds
    write_every: int = 1
    threshold: int = 1

    def __post_init__(self) -> None:
        require(self.write_every >= 1, f"is {self.write_every}", where="write_every", remedy="Give 1 or more.")
        require(self.threshold >= 1, f"is {self.threshold}", where="threshold", remedy="Give 1 step or more.")

    def trained(self, shape: tuple[int, int], stream: Stream) -> MixedPrecisionWeights:
        """See ``Algorithm``."""
        return MixedPrecisionWeights(self, made_devices(self.cells.main, shape, stream), np.zeros(shape, np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class MixedPrecisionWeights:
    """Devices, and the digital sum.

    Parameters
    ----------
    settings
    devices : Devices
    owed : ndarray of float32, shape (rows, columns)
        chi, in weights.
    batches : int
        Until now.
    """

    settings: MixedPrecision
    devices: Devices
    owed: F32
    batches: int = 0

    @property
    def weights(self) -> F32:
        """See ``Trained``."""
        return self.devices.weights

    @property
    def lowest(self) -> F32:
        """See ``Trained``."""
        return self.devices.lowest

    @property
    def highest(self) -> F32:
        """See ``Trained``."""
        return self.devices.highest

    @property
    def step(self) -> float:
        """See ``Trained``."""
        return self.devices.step

    def written(self, weights: F32) -> MixedPrecisionWeights:
        """See ``Trained``."""
        return replace(self, devices=self.devices.written(weights))

    def updated(self, batch: Batch) -> tuple[MixedPrecisionWeights, Effort]:
        """See ``Trained``."""
        owed = self.owed - np.float32(batch.rate) * (batch.inputs.T @ batch.errors)
        summed = replace(self, owed=owed, batches=self.batches + 1)
        due = summed.batches % self.settings.write_every == 0
        paid, effort = summed._paid() if due else (summed, NOTHING)
        devices, more = paid.devices.passed()
        macs = Effort(batches=1, digital_macs=len(batch.inputs) * owed.size)
        return replace(paid, devices=devices), effort + more + macs

    def _paid(self) -> tuple[MixedPrecisionWeights, Effort]:
        """After all whole pulses were written."""
        threshold = self.settings.threshold * self.devices.step
        times = np.clip(np.trunc(self.owed / threshold), -_MOST, _MOST)
        if not times.any():
            return self, NOTHING
        counts = times.astype(np.int64) * self.settings.threshold
        devices, effort = self.devices.pulsed(counts)
        return replace(self, devices=devices, owed=(self.owed - times * threshold).astype(np.float32)), effort


MIXED_PRECISION = Method(
    "mixed-precision", "gradients add up digitally, whole pulses are written (Nandakumar et al. 2020)", MixedPrecision
)
