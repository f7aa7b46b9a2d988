"""A cell without any error. Equation: g = g_target at all times. Validity: a reference, no physical device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.guards import at_least, require


def check_range(g_min_s: float, g_max_s: float) -> None:
    """Refuse a conductance range that is empty, negative or not finite."""
    at_least(g_min_s, 0.0, "g_min (S)")
    require(
        np.isfinite(g_max_s) and g_max_s > g_min_s,
        f"is {g_max_s} S with g_min {g_min_s} S",
        where="g_max (S)",
        remedy="Give a finite g_max above g_min.",
    )


@dataclass(frozen=True, slots=True)
class IdealDevice:
    """Holds what it is given.

    Parameters
    ----------
    g_min_s, g_max_s : float
        Conductance range in siemens; g_min over g_max is the inverse of the on/off ratio.
    """

    g_min_s: float = 0.0
    g_max_s: float = 25e-6
    first_time_s: ClassVar[float] = 0.0
    relaxes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_range(self.g_min_s, self.g_max_s)

    def programming_sigma(self, target_s: F64) -> F64:
        """Spread of one programming, in siemens; see ``Device``."""
        return np.zeros_like(target_s)

    def bounded(self, conductance_s: F64) -> F64:
        """The draw, cut to the physical range; see ``Device``."""
        return conductance_s

    def aged(self, target_s: F64, programmed_s: F64, draws: F64, time_s: float) -> F64:
        """Conductance at a time, in siemens; see ``Device``."""
        return programmed_s

    def read_sigma(self, programmed_s: F64, aged_s: F64, time_s: float) -> F64:
        """Spread of a reading, in siemens; see ``Device``."""
        return np.zeros_like(aged_s)
