"""A training algorithm of somebody else's: one pulse against the sign of every summed gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from archsim.numeric import Stream
from archsim.numeric.arrays import F32
from archsim.training.algorithms import Batch, CellKinds, Devices, Effort, Method, made_devices


@dataclass(frozen=True)
class SignDescent:
    """Settings: how many pulses a gradient is worth, whatever its size."""

    cells: CellKinds
    pulses: int = 1

    def trained(self, shape: tuple[int, int], stream: Stream) -> SignWeights:
        return SignWeights(self.pulses, made_devices(self.cells.main, shape, stream))


@dataclass(frozen=True, eq=False)
class SignWeights:
    """One matrix of devices."""

    pulses: int
    devices: Devices

    @property
    def weights(self) -> F32:
        return self.devices.weights

    @property
    def lowest(self) -> F32:
        return self.devices.lowest

    @property
    def highest(self) -> F32:
        return self.devices.highest

    @property
    def step(self) -> float:
        return self.devices.step

    def written(self, weights: F32) -> SignWeights:
        return replace(self, devices=self.devices.written(weights))

    def updated(self, batch: Batch) -> tuple[SignWeights, Effort]:
        signs = -np.sign(batch.inputs.T @ batch.errors).astype(np.int64)
        devices, effort = self.devices.pulsed(self.pulses * signs)
        return replace(self, devices=devices), effort + Effort(batches=1)


SIGN_DESCENT = Method("sign-descent", "a pulse against the sign of every gradient", SignDescent)
