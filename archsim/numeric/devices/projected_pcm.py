"""Custom or projected phase-change memory: tabulated drift, the mushroom cell's programming error and 1/f noise.

Source: AIHWKIT CustomDriftPCMLikeNoiseModel (example 31); N. Li et al., Adv. Electron. Mater. 2023, for projected PCM.
Equation: mu_nu(g) and sd_nu(g) by linear interpolation over a table, constant beyond its ends; all else as in pcm.py.
Validity: that of the table. The example's table is ``EXAMPLE_TABLE``; no published projected-PCM table is shipped.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.devices.pcm import PcmDevice
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
class ProjectedPcmDevice(PcmDevice):
    """PCM with drift of one's own.

    Parameters
    ----------
    table : DriftTable
        Drift exponents.
    g_min_s, g_max_s, times, scales
        As for ``PcmDevice``.
    """

    table: DriftTable = field(kw_only=True)

    def drift_exponent(self, target_s: F64) -> tuple[F64, F64]:
        """See ``PcmDevice``: between the table's rows."""
        table = self.table
        mean = np.interp(target_s, table.conductance_s, table.mean)
        return mean, np.interp(target_s, table.conductance_s, table.spread)
