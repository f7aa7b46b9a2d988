"""Programming errors without a time: CrossSim's fits of measured cells, and generic errors.

Source: CrossSim device models. sigma in uS, g in uS:

    PCM, Joshi 2020 (g <= 25 uS, on/off 100)   sigma = -0.00178767 g^2 + 0.07585724 g + 0.28638599, at 27.36 s
    ReRAM, Milo (50 to 225 uS)                 sigma = -0.009107 g + 4.782321
    ReRAM, Wan 2022 (up to 39.26 uS)           sigma = 1.536e-4 g^3 - 1.167e-2 g^2 + 0.2374 g + 1.053
    generic                                    sigma = a g_max, a g, or a g_min g_max / g

Not modelled: Milo's nonlinear I(V) (cells are ohmic here), and what happens after the time of the fit: the state stays.
Validity: the range given; the generic errors have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.devices.device import MICRO
from archsim.numeric.devices.ideal import check_range
from archsim.numeric.guards import at_least, require


@dataclass(frozen=True, slots=True)
class PolynomialErrorDevice:
    """A cell with sigma_prog as a polynomial of its conductance, and no change after.

    Parameters
    ----------
    polynomial_us : tuple of float
        Coefficients in uS over uS, highest power first.
    g_min_s, g_max_s : float
        Conductance range in siemens, within the fit's.
    """

    polynomial_us: tuple[float, ...]
    g_min_s: float
    g_max_s: float
    first_time_s: ClassVar[float] = 0.0
    relaxes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_range(self.g_min_s, self.g_max_s)

    def programming_sigma(self, target_s: F64) -> F64:
        """Spread of one programming, in siemens; see ``Device``."""
        sigma_us = np.polyval(self.polynomial_us, target_s / MICRO)
        return np.asarray(np.maximum(sigma_us, 0.0) * MICRO, np.float64)

    def bounded(self, conductance_s: F64) -> F64:
        """The draw, cut to the physical range; see ``Device``."""
        return np.maximum(conductance_s, 0.0)

    def aged(self, target_s: F64, programmed_s: F64, draws: F64, time_s: float) -> F64:
        """Conductance at a time, in siemens; see ``Device``."""
        return programmed_s

    def read_sigma(self, programmed_s: F64, aged_s: F64, time_s: float) -> F64:
        """Spread of a reading, in siemens; see ``Device``."""
        return np.zeros_like(aged_s)


PCM_JOSHI = PolynomialErrorDevice((-0.00178767, 0.07585724, 0.28638599), 0.25e-6, 25e-6)
RERAM_MILO = PolynomialErrorDevice((-0.009107, 4.782321), 50e-6, 225e-6)
RERAM_WAN_STATIC = PolynomialErrorDevice((1.536e-4, -1.167e-2, 0.2374, 1.053), 0.0, 39.26e-6)


class ErrorLaw(Enum):
    """How a generic error depends on the conductance."""

    INDEPENDENT = "independent"
    PROPORTIONAL = "proportional"
    INVERSE = "inverse-proportional"


@dataclass(frozen=True, slots=True)
class GenericErrorDevice:
    """A cell with generic programming and reading errors.

    Parameters
    ----------
    law : ErrorLaw
        Dependence on the conductance, of both errors.
    programming, read : float
        Standard deviations: of g_max (independent), of g (proportional), or of g_min g_max / g (inverse).
    g_min_s, g_max_s : float
        Conductance range in siemens; g_min must be positive for the inverse law.
    """

    law: ErrorLaw
    programming: float
    read: float = 0.0
    g_min_s: float = 0.0
    g_max_s: float = 25e-6
    first_time_s: ClassVar[float] = 0.0
    relaxes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_range(self.g_min_s, self.g_max_s)
        at_least(self.programming, 0.0, "programming error")
        at_least(self.read, 0.0, "reading error")
        require(
            self.law is not ErrorLaw.INVERSE or self.g_min_s > 0,
            "is 0 S with an error inversely proportional to the conductance",
            where="g_min (S)",
            remedy="Give a positive g_min.",
        )

    def programming_sigma(self, target_s: F64) -> F64:
        """Spread of one programming, in siemens; see ``Device``."""
        return self.programming * self._unit(target_s)

    def bounded(self, conductance_s: F64) -> F64:
        """The draw, cut to the physical range; see ``Device``."""
        return np.maximum(conductance_s, 0.0)

    def aged(self, target_s: F64, programmed_s: F64, draws: F64, time_s: float) -> F64:
        """Conductance at a time, in siemens; see ``Device``."""
        return programmed_s

    def read_sigma(self, programmed_s: F64, aged_s: F64, time_s: float) -> F64:
        """Spread of a reading, in siemens; see ``Device``."""
        return self.read * self._unit(aged_s)

    def _unit(self, conductance_s: F64) -> F64:
        if self.law is ErrorLaw.INDEPENDENT:
            return np.full_like(conductance_s, self.g_max_s)
        if self.law is ErrorLaw.PROPORTIONAL:
            return conductance_s
        return self.g_min_s * self.g_max_s / np.maximum(conductance_s, self.g_min_s)
