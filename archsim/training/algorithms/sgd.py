"""Plain stochastic gradient descent: the gradient's pulses go to the weights themselves.

Gokmen and Vlasov, Frontiers in Neuroscience 10:333, 2016; Burr et al., IEEE Trans. Electron Devices 62:3498, 2015 (on
pairs of PCM).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from archsim.numeric import Stream
from archsim.numeric.arrays import F32
from archsim.numeric.update import Pulses
from archsim.training.algorithms.contract import CellKinds, Method
from archsim.training.algorithms.devices import Devices, made_devices
from archsim.training.algorithms.effort import Batch, Effort


@dataclass(frozen=True, slots=True)
class Sgd:
    """Plain descent."""

    cells: CellKinds

    def trained(self, shape: tuple[int, int], stream: Stream) -> SgdWeights:
        """See ``Algorithm``."""
        return SgdWeights(self.cells.pulses, made_devices(self.cells.main, shape, stream))


@dataclass(frozen=True, slots=True, eq=False)
class SgdWeights:
    """One matrix of devices."""

    pulses: Pulses
    devices: Devices

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

    def written(self, weights: F32) -> SgdWeights:
        """See ``Trained``."""
        return replace(self, devices=self.devices.written(weights))

    def updated(self, batch: Batch) -> tuple[SgdWeights, Effort]:
        """See ``Trained``."""
        moved, effort = self.devices.updated(batch.inputs, batch.errors, batch.rate, self.pulses)
        later, more = moved.passed()
        return replace(self, devices=later), effort + more + Effort(batches=1)


SGD = Method("sgd", "the gradient's pulses go to the weights themselves (Gokmen and Vlasov 2016)", Sgd)
