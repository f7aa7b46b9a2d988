"""Noise that does not depend on the state of the cell.

Source: AIHWKIT StateIndependentNoiseModel (custom.py).

    sigma_prog = 0.2 uS,  nu = s_d |0.1 + 0.05 draw|
    sigma_read = rho (g / g_max) sqrt(ln((t + t_read) / (2 t_read))), in uS per uS of g_max

Validity: a model for studies, no measured device. t_0 20 s, t_read 250 ns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.devices.ideal import check_range
from archsim.numeric.devices.power_law import NoiseScales, ReadingTimes, accumulated_noise, drifted, mushroom_times
from archsim.numeric.guards import at_least


@dataclass(frozen=True, slots=True)
class StateIndependentDevice:
    """A cell whose errors are the same in every state.

    Parameters
    ----------
    read_s : float
        rho, the 1/f noise of a cell at g_max, in siemens. The source gives no value, so that one must be named.
    programming_s : float
        sigma_prog in siemens.
    drift_mean, drift_spread : float
        Mean and standard deviation of nu.
    g_min_s, g_max_s : float
        Conductance range in siemens.
    times, scales
        As for ``PcmDevice``.
    """

    read_s: float
    programming_s: float = 0.2e-6
    drift_mean: float = 0.1
    drift_spread: float = 0.05
    g_min_s: float = 0.0
    g_max_s: float = 25e-6
    times: ReadingTimes = field(default_factory=mushroom_times)
    scales: NoiseScales = field(default_factory=NoiseScales)
    first_time_s: ClassVar[float] = 0.0
    relaxes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_range(self.g_min_s, self.g_max_s)
        at_least(self.read_s, 0.0, "read noise (S)")
        at_least(self.programming_s, 0.0, "programming noise (S)")

    def programming_sigma(self, target_s: F64) -> F64:
        """Spread of one programming, in siemens; see ``Device``."""
        return np.full_like(target_s, self.scales.programming * self.programming_s)

    def bounded(self, conductance_s: F64) -> F64:
        """The draw, cut to the physical range; see ``Device``."""
        return np.maximum(conductance_s, 0.0)

    def aged(self, target_s: F64, programmed_s: F64, draws: F64, time_s: float) -> F64:
        """Conductance at a time, in siemens; see ``Device``."""
        exponents = self.scales.drift * np.abs(self.drift_mean + self.drift_spread * draws)
        return drifted(programmed_s, exponents, self.times, time_s)

    def read_sigma(self, programmed_s: F64, aged_s: F64, time_s: float) -> F64:
        """Spread of a reading, in siemens; see ``Device``."""
        factor = self.scales.read * self.read_s * accumulated_noise(self.times, time_s)
        return factor * aged_s / self.g_max_s
