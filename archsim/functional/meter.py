"""What arrays really see while a model runs: errors, clipping, and the activity that energy follows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from archsim.functional.runtime import F32
from archsim.numeric import Crossbar, Polarity, Readout, conversions, mean_drive


@dataclass(slots=True)
class LayerMeter:
    """Sums over the products of one layer.

    Parameters
    ----------
    signal, error : float
        Sums of squares of the exact outputs, and of the outputs' distance from them.
    conversions, clipped, codes : float
        ADC conversions, those of them that clipped, and the sum of the codes' magnitudes as shares of the bound.
    inputs, limited : float
        Elements of input vectors applied to arrays, and those of them beyond the input range.
    drive : float
        Sum over these elements of the applied signal: magnitudes in full scales for one phase, or ones per bit.
    cells : float
        Weights read, over all products.
    """

    signal: float = 0.0
    error: float = 0.0
    conversions: float = 0.0
    clipped: float = 0.0
    codes: float = 0.0
    inputs: float = 0.0
    limited: float = 0.0
    drive: float = 0.0
    cells: float = 0.0

    @property
    def snr_db(self) -> float:
        """Signal-to-noise ratio of the layer's products, inputs as they were; infinite without any error."""
        if self.error == 0:
            return float("inf")
        return float(10 * np.log10(max(self.signal, np.finfo(np.float64).tiny) / self.error))

    @property
    def clipped_share(self) -> float:
        """Share of the conversions that clipped."""
        return self.clipped / max(self.conversions, 1.0)

    @property
    def limited_share(self) -> float:
        """Share of the inputs beyond the input range."""
        return self.limited / max(self.inputs, 1.0)

    @property
    def mean_code(self) -> float:
        """Mean magnitude of the ADC's codes, as a share of the bound."""
        return self.codes / max(self.conversions, 1.0)

    @property
    def mean_drive(self) -> float:
        """Mean input, as a share of full scale, or share of ones of bit-serial inputs."""
        return self.drive / max(self.inputs, 1.0)


@dataclass(frozen=True, slots=True)
class Meter:
    """Meters of all layers, by index into ``Network.order``."""

    layers: dict[int, LayerMeter] = field(default_factory=dict)

    def compare(self, layer: int, exact: F32, outputs: F32) -> None:
        """Note a layer's outputs beside the exact ones for the same inputs."""
        meter = self._of(layer)
        meter.signal += _power(exact)
        meter.error += _power(outputs - exact)

    def observe(self, layer: int, crossbar: Crossbar, inputs: F32, readout: Readout) -> None:
        """Note a reading of one array."""
        meter = self._of(layer)
        count = conversions(crossbar)
        meter.conversions += count * len(inputs)
        meter.clipped += count * float(readout.clipped.sum(dtype=np.float64))
        meter.codes += count * float(readout.level.sum(dtype=np.float64))
        meter.inputs += inputs.size
        meter.cells += inputs.size * crossbar.columns
        meter.drive += inputs.size * _activity(crossbar, inputs)
        if crossbar.input_range is not None:
            limit = crossbar.input_range * crossbar.settings.inputs.bound * (1 + 1e-6)
            beyond = np.abs(inputs) > limit if crossbar.settings.inputs.signed else (inputs > limit) | (inputs < 0)
            meter.limited += int(beyond.sum())

    def _of(self, layer: int) -> LayerMeter:
        return self.layers.setdefault(layer, LayerMeter())


def _power(values: F32) -> float:
    return float((values.astype(np.float64) ** 2).sum())


def _activity(crossbar: Crossbar, inputs: F32) -> float:
    """Mean drive of a bit slot: phases of the two signs share the slots, as each input is driven in one of them."""
    per_phase = mean_drive(crossbar, inputs)
    circuit = crossbar.settings.inputs
    parts = 2 if circuit.signed and circuit.polarity is not Polarity.TOGETHER else 1
    return float(per_phase.sum() * parts / len(per_phase))
