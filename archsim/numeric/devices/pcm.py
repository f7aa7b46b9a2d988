"""Phase-change memory, doped GST mushroom cell.

Source: AIHWKIT PCMLikeNoiseModel (pcm.py); Joshi et al. 2020, Nandakumar et al. 2020. With r = g / g_max, in uS:

    sigma_prog = s_p (g_max / 25) (0.26348 + 1.9650 r - 1.1731 r^2)
    mu_nu = clip(-0.0155 ln r + 0.0244, 0.049, 0.1),  sd_nu = clip(-0.0125 ln r - 0.0059, 0.008, 0.045), r of the target
    Q = min(0.0088 / max(r^0.65, 1e-3), 0.2), r as programmed

Validity: g_max 25 uS (other ranges rescale linearly), t_0 20 s, t_read 250 ns, room temperature. The programming error
is that of an iterative programming scheme already.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.devices.device import MICRO
from archsim.numeric.devices.ideal import check_range
from archsim.numeric.devices.power_law import NoiseScales, ReadingTimes, accumulated_noise, drifted, mushroom_times

_REFERENCE_S = 25e-6


@dataclass(frozen=True, slots=True)
class PcmDevice:
    """Mushroom-cell PCM.

    Parameters
    ----------
    g_min_s, g_max_s : float
        Conductance range in siemens.
    times : ReadingTimes
        t_0 and t_read.
    scales : NoiseScales
        Factors on the fits.
    """

    g_min_s: float = 0.0
    g_max_s: float = _REFERENCE_S
    times: ReadingTimes = field(default_factory=mushroom_times)
    scales: NoiseScales = field(default_factory=NoiseScales)
    first_time_s: ClassVar[float] = 0.0
    relaxes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_range(self.g_min_s, self.g_max_s)

    def programming_sigma(self, target_s: F64) -> F64:
        """Spread of one programming, in siemens; see ``Device``."""
        return self.scales.programming * programming_fit(target_s, self.g_max_s)

    def bounded(self, conductance_s: F64) -> F64:
        """The draw, cut to the physical range; see ``Device``."""
        return np.maximum(conductance_s, 0.0)

    def aged(self, target_s: F64, programmed_s: F64, draws: F64, time_s: float) -> F64:
        """Conductance at a time, in siemens; see ``Device``."""
        mean, spread = self.drift_exponent(target_s)
        return drifted(programmed_s, self.scales.drift * np.abs(mean + spread * draws), self.times, time_s)

    def drift_exponent(self, target_s: F64) -> tuple[F64, F64]:
        """Mean and spread of nu of cells programmed to a target in siemens."""
        return drift_fit(target_s / self.g_max_s)

    def read_sigma(self, programmed_s: F64, aged_s: F64, time_s: float) -> F64:
        """Spread of a reading, in siemens; see ``Device``."""
        relative = self.scales.read * accumulated_noise(self.times, time_s)
        return aged_s * read_fit(programmed_s / self.g_max_s) * relative


def programming_fit(target_s: F64, g_max_s: float) -> F64:
    """sigma_prog in siemens."""
    r = target_s / g_max_s
    sigma_us: F64 = 0.26348 + 1.9650 * r - 1.1731 * r**2
    return sigma_us * MICRO * (g_max_s / _REFERENCE_S)


def drift_fit(r: F64) -> tuple[F64, F64]:
    """Mean and spread of the drift exponent."""
    log_r = np.log(np.maximum(r, 1e-7))
    return np.clip(-0.0155 * log_r + 0.0244, 0.049, 0.1), np.clip(-0.0125 * log_r - 0.0059, 0.008, 0.045)


def read_fit(r: F64) -> F64:
    """Q, the relative 1/f noise."""
    return np.minimum(0.0088 / np.maximum(np.maximum(r, 0.0) ** 0.65, 1e-3), 0.2)
