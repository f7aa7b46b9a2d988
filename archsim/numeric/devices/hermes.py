"""IBM HERMES project chip, 14 nm PCM, one or two devices per polarity.

Source: AIHWKIT HermesNoiseModel (hermes.py); Le Gallo et al. 2023, Khaddam-Aljameh et al. 2022, Vasilopoulos et al.
2023. With r = g / g_max, in uS: sigma_prog = (g_max / g_ref)(c0 + c1 r + c2 r^2 + c3 r^3); the mean and the spread of
the drift exponent and Q are a clipped logarithm below a threshold of r, and a polynomial above. Two devices are
programmed by maximum-significance filling, which the fit holds already; they count as one cell of twice the range.

Validity: g_max 10.35 uS and t_0 200 s (one device), 20.7 uS and 300 s (two); t_read 512 ns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.devices.device import MICRO
from archsim.numeric.devices.ideal import check_range
from archsim.numeric.devices.power_law import NoiseScales, ReadingTimes, accumulated_noise, drifted


@dataclass(frozen=True, slots=True)
class Branch:
    """clip(slope ln r + offset, low, high) below a threshold of r, a polynomial (highest power first) above it."""

    threshold: float
    slope: float
    offset: float
    low: float
    high: float
    polynomial: tuple[float, ...]

    def __call__(self, r: F64) -> F64:
        logarithm = self.slope * np.log(np.maximum(r, 1e-7)) + self.offset
        below = np.clip(logarithm, self.low, self.high)
        return np.where(r < self.threshold, below, np.polyval(self.polynomial, r))


@dataclass(frozen=True, slots=True)
class HermesFit:
    """Coefficients of one cell: g_ref in siemens, the programming polynomial in uS (highest power first), branches."""

    reference_s: float
    times: ReadingTimes
    programming_us: tuple[float, ...]
    drift_mean: Branch
    drift_spread: Branch
    read: Branch


_MEAN = Branch(0.0945, -0.0387, -0.0182, 0.0720, 0.13, (-0.0436, -0.0126, 0.0736))
ONE_DEVICE = HermesFit(
    reference_s=10.35e-6,
    times=ReadingTimes(200.0, 512e-9),
    programming_us=(0.68841818, -2.16310839, 2.32443916, 0.15781817),
    drift_mean=_MEAN,
    drift_spread=Branch(0.3039, -0.0120, -0.0023, 0.0124, 0.04, (-0.0165, 0.0116, 0.0104)),
    read=Branch(0.1591, -0.0078, 0.0038, 0.0179, 0.04, (0.0664, -0.1352, 0.0768, 0.0088)),
)
TWO_DEVICES = HermesFit(
    reference_s=20.7e-6,
    times=ReadingTimes(300.0, 512e-9),
    programming_us=(4.68961419, -8.48101252, 4.71806468, 0.16603222),
    drift_mean=_MEAN,
    drift_spread=Branch(0.3055, -0.0117, -0.0057, 0.0091, 0.04, (-0.0118, 0.0093, 0.0073)),
    read=Branch(0.16, -0.0117, -0.0069, 0.015, 0.04, (0.0069, -0.0280, 0.0211, 0.0123)),
)


@dataclass(frozen=True, slots=True)
class HermesDevice:
    """PCM cell of the HERMES chip.

    Parameters
    ----------
    fit : HermesFit
        ``ONE_DEVICE`` or ``TWO_DEVICES``.
    g_min_s : float
        Lowest conductance in siemens.
    scales : NoiseScales
        Factors on the fits.
    """

    fit: HermesFit
    g_min_s: float = 0.0
    scales: NoiseScales = field(default_factory=NoiseScales)
    first_time_s: ClassVar[float] = 0.0
    relaxes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_range(self.g_min_s, self.g_max_s)

    @property
    def g_max_s(self) -> float:
        """Highest conductance in siemens."""
        return self.fit.reference_s

    def programming_sigma(self, target_s: F64) -> F64:
        """Spread of one programming, in siemens; see ``Device``."""
        sigma_us = np.polyval(self.fit.programming_us, target_s / self.g_max_s)
        return np.asarray(self.scales.programming * MICRO * sigma_us, np.float64)

    def bounded(self, conductance_s: F64) -> F64:
        """The draw, cut to the physical range; see ``Device``."""
        return np.maximum(conductance_s, 0.0)

    def aged(self, target_s: F64, programmed_s: F64, draws: F64, time_s: float) -> F64:
        """Conductance at a time, in siemens; see ``Device``."""
        r = target_s / self.g_max_s
        exponents = np.abs(self.fit.drift_mean(r) + self.fit.drift_spread(r) * draws)
        return drifted(programmed_s, self.scales.drift * exponents, self.fit.times, time_s)

    def read_sigma(self, programmed_s: F64, aged_s: F64, time_s: float) -> F64:
        """Spread of a reading, in siemens; see ``Device``."""
        quality = self.fit.read(programmed_s / self.g_max_s)
        return aged_s * quality * self.scales.read * accumulated_noise(self.fit.times, time_s)
