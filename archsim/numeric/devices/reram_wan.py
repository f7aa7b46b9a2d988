"""Filamentary ReRAM of the NeuRRAM chip.

Source: Wan et al., Nature 608:504, 2022, as fitted in AIHWKIT (ReRamWan2022NoiseModel).

    sigma(t) = c0 + c1 r + c2 r^2 + c3 r^3 + c4 r^4 [uS], r = g_target / g_max, at t = 1 s, 1 day and 2 days

The error is drawn anew around the target at each time: it does not accumulate on the programming error, and there is
no value between the times. Reading noise is about 1 % of g_max, white.

Validity: g_max 40 uS; other ranges rescale linearly. (The source intends that rescaling; its code applies none.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from archsim.errors import InputError
from archsim.numeric.arrays import F64
from archsim.numeric.devices.device import MICRO
from archsim.numeric.devices.ideal import check_range
from archsim.numeric.guards import at_least

DAY_S = 86400.0
_REFERENCE_S = 40e-6
_TABLE_US = (
    (1.0, (-16.815, 45.393, -43.853, 16.030, 0.348)),
    (DAY_S, (-16.458, 47.095, -50.773, 22.086, 0.701)),
    (2 * DAY_S, (-11.934, 37.062, -43.507, 20.274, 0.782)),
)


@dataclass(frozen=True, slots=True)
class WanReramDevice:
    """ReRAM cell of NeuRRAM.

    Parameters
    ----------
    g_min_s, g_max_s : float
        Conductance range in siemens.
    read_fraction : float
        Reading noise as a fraction of g_max.
    """

    g_min_s: float = 0.0
    g_max_s: float = _REFERENCE_S
    read_fraction: float = 0.01
    first_time_s: ClassVar[float] = 1.0
    relaxes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_range(self.g_min_s, self.g_max_s)
        at_least(self.read_fraction, 0.0, "read noise as a fraction of g_max")

    def programming_sigma(self, target_s: F64) -> F64:
        """Spread of one programming, in siemens; see ``Device``."""
        return self._sigma(target_s, 1.0)

    def bounded(self, conductance_s: F64) -> F64:
        """The draw, cut to the physical range; see ``Device``."""
        return np.maximum(conductance_s, 0.0)

    def aged(self, target_s: F64, programmed_s: F64, draws: F64, time_s: float) -> F64:
        """Conductance at a time, in siemens; see ``Device``."""
        return self.bounded(target_s + self._sigma(target_s, time_s) * draws)

    def read_sigma(self, programmed_s: F64, aged_s: F64, time_s: float) -> F64:
        """Spread of a reading, in siemens; see ``Device``."""
        return np.full_like(aged_s, self.read_fraction * self.g_max_s)

    def _sigma(self, target_s: F64, time_s: float) -> F64:
        for tabulated_s, polynomial in _TABLE_US:
            if time_s == tabulated_s:
                sigma_us = np.polyval(polynomial, target_s / self.g_max_s)
                scale = MICRO * (self.g_max_s / _REFERENCE_S)
                return np.asarray(np.maximum(sigma_us, 0.0) * scale, np.float64)
        raise InputError(
            f"time since programming is {time_s:g} s, and Wan et al. measured ReRAM at 1 s, 1 day and 2 days only",
            where="time since programming",
            remedy=f"Ask for 1, {DAY_S:g} or {2 * DAY_S:g} s.",
        )
