"""Custom or projected phase-change memory: tabulated drift, the mushroom cell's programming error and 1/f noise.

Source: AIHWKIT CustomDriftPCMLikeNoiseModel (example 31); N. Li et al., Adv. Electron. Mater. 2023, for projected PCM.
Equation: mu_nu(g) and sd_nu(g) by linear interpolation over a table, constant beyond its ends; all else as in pcm.py.
Validity: that of the table. The example's table is ``EXAMPLE_TABLE``; no published projected-PCM table is shipped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.devices.ideal import check_range
from archsim.numeric.devices.pcm import programming_fit, read_fit
from archsim.numeric.devices.power_law import NoiseScales, ReadingTimes, accumulated_noise, drifted, mushroom_times
from archsim.numeric.guards import require


@dataclass(frozen=True, slots=True)
class DriftTable:
    """Drift exponents over conductance.

    Parameters
    ----------
    conductance_s : tuple of float
        Rising, in siemens.
    mean, spread : tuple of float
        Mean and standard deviation of nu at each.
    """

    conductance_s: tuple[float, ...]
    mean: tuple[float, ...]
    spread: tuple[float, ...]

    def __post_init__(self) -> None:
        lengths = {len(self.conductance_s), len(self.mean), len(self.spread)}
        require(
            len(lengths) == 1 and lengths != {0},
            "has columns of different lengths, or none",
            where="drift table",
            remedy="Give one mean and one spread per conductance.",
        )
        require(
            bool(np.all(np.diff(self.conductance_s) > 0)),
            "has conductances that do not rise",
            where="drift table",
            remedy="Sort the table by conductance.",
        )


EXAMPLE_TABLE = DriftTable((0.0, 10e-6, 25e-6), (0.08, 0.05, 0.03), (0.03, 0.02, 0.01))
"""Table of AIHWKIT's example 31."""


@dataclass(frozen=True, slots=True)
class ProjectedPcmDevice:
    """PCM with drift of one's own.

    Parameters
    ----------
    table : DriftTable
        Drift exponents.
    g_min_s, g_max_s : float
        Conductance range in siemens.
    times, scales
        As for ``PcmDevice``.
    """

    table: DriftTable
    g_min_s: float = 0.0
    g_max_s: float = 25e-6
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
        mean = np.interp(target_s, self.table.conductance_s, self.table.mean)
        spread = np.interp(target_s, self.table.conductance_s, self.table.spread)
        return drifted(programmed_s, self.scales.drift * np.abs(mean + spread * draws), self.times, time_s)

    def read_sigma(self, programmed_s: F64, aged_s: F64, time_s: float) -> F64:
        """Spread of a reading, in siemens; see ``Device``."""
        relative = self.scales.read * accumulated_noise(self.times, time_s)
        return aged_s * read_fit(programmed_s / self.g_max_s) * relative
