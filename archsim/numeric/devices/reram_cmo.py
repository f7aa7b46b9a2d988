"""Analogue CMO/HfOx ReRAM, IBM Research Zurich.

Source: AIHWKIT ReRamCMONoiseModel (reram.py). Conductances in uS, times in s:

    sigma_prog = c1 g + c0, by acceptance range of the closed-loop programming
    relaxation: g(t) = g_prog - s_d 0.08900206 ln t + s_d (0.04201137 ln t + 0.41183342) draw; none at t = 0
    sigma_read = s_r 0.0277316483 log10(g) sqrt(ln((t + t_read) / (2 t_read))), t_read = 1 us

The result is cut to g_min .. g_max. Validity: 9 to 88.2 uS, one cell per weight with an offset, t of at least 1 s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.devices.device import MICRO
from archsim.numeric.devices.ideal import check_range
from archsim.numeric.devices.power_law import NoiseScales

_READ_S = 1e-6


class AcceptanceRange(Enum):
    """Acceptance range of the closed-loop programming, as (c1, c0 in uS)."""

    NARROW = (0.00106879, 0.00081107)
    """0.2 per cent."""
    WIDE = (0.01129027418, 0.0112185391)
    """2 per cent."""


@dataclass(frozen=True, slots=True)
class CmoReramDevice:
    """CMO/HfOx ReRAM cell.

    Parameters
    ----------
    acceptance : AcceptanceRange
        How closely programming converged; there is no default.
    g_min_s, g_max_s : float
        Conductance range in siemens.
    scales : NoiseScales
        Factors on programming, read and relaxation.
    """

    acceptance: AcceptanceRange
    g_min_s: float = 9e-6
    g_max_s: float = 88.2e-6
    scales: NoiseScales = field(default_factory=NoiseScales)
    first_time_s: ClassVar[float] = 0.0
    relaxes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_range(self.g_min_s, self.g_max_s)

    def programming_sigma(self, target_s: F64) -> F64:
        """Spread of one programming, in siemens; see ``Device``."""
        slope, constant_us = self.acceptance.value
        return self.scales.programming * (slope * target_s + constant_us * MICRO)

    def bounded(self, conductance_s: F64) -> F64:
        """The draw, cut to the physical range; see ``Device``."""
        return np.clip(conductance_s, self.g_min_s, self.g_max_s)

    def aged(self, target_s: F64, programmed_s: F64, draws: F64, time_s: float) -> F64:
        """Conductance at a time, in siemens; see ``Device``."""
        if time_s == 0:
            return programmed_s
        log_t = float(np.log(time_s))
        shift_us = -0.08900206 * log_t + (0.04201137 * log_t + 0.41183342) * draws
        return self.bounded(programmed_s + self.scales.drift * MICRO * shift_us)

    def read_sigma(self, programmed_s: F64, aged_s: F64, time_s: float) -> F64:
        """Spread of a reading, in siemens; see ``Device``."""
        # Below 1 uS the fit's logarithm turns negative; such cells lie far outside the measured range.
        level = np.log10(np.maximum(aged_s / MICRO, 1.0))
        accumulated = float(np.sqrt(np.log(max((time_s + _READ_S) / (2 * _READ_S), 1.0))))
        return self.scales.read * 0.0277316483 * MICRO * level * accumulated
