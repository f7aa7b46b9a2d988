"""SONOS charge-trap flash, 40 nm, as a current source read at a fixed voltage.

Source: CrossSim SONOS model. Current in nA: sigma_I = A (1 - exp(-I / B)), with (A, B) for days 0 to 5 after
programming; reading noise by the same law with A 12.58037, B 215.36557. A conductance here is I over the read voltage.

Not modelled: the mean drift of the current (a tenth-order polynomial per day whose coefficients are not in our source),
and times between the days. Validity: currents up to 3200 nA.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from archsim.errors import InputError
from archsim.numeric.arrays import F64
from archsim.numeric.guards import positive

_DAY_S = 86400.0
_NANO = 1e-9
_SPREAD_NA = (
    (19.88665, 176.3115),
    (25.59102, 186.85544),
    (28.72753, 193.56834),
    (31.04318, 198.90332),
    (33.76214, 204.77023),
    (34.57909, 207.34309),
)
_READ_NA = (12.58037, 215.36557)


@dataclass(frozen=True, slots=True)
class SonosDevice:
    """SONOS cell.

    Parameters
    ----------
    read_v : float
        Voltage across the cell when it is read, in volt.
    max_current_a : float
        Current of a fully conducting cell, in ampere, at most 3200 nA.
    """

    read_v: float
    max_current_a: float
    first_time_s: ClassVar[float] = 0.0
    relaxes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        positive(self.read_v, "read voltage (V)")
        positive(self.max_current_a, "largest cell current (A)")
        if self.max_current_a > 3200 * _NANO:
            raise InputError(
                f"largest cell current is {self.max_current_a:g} A, beyond the fit's 3200 nA",
                where="largest cell current (A)",
                remedy="Give at most 3.2e-6 A.",
            )

    @property
    def g_min_s(self) -> float:
        """A cell can be switched off."""
        return 0.0

    @property
    def g_max_s(self) -> float:
        """Largest current over the read voltage, in siemens."""
        return self.max_current_a / self.read_v

    def programming_sigma(self, target_s: F64) -> F64:
        """Spread of one programming, in siemens; see ``Device``."""
        return self._sigma(target_s, _SPREAD_NA[0])

    def bounded(self, conductance_s: F64) -> F64:
        """The draw, cut to the physical range; see ``Device``."""
        return np.maximum(conductance_s, 0.0)

    def aged(self, target_s: F64, programmed_s: F64, draws: F64, time_s: float) -> F64:
        """Conductance at a time, in siemens; see ``Device``."""
        day = time_s / _DAY_S
        if day not in range(len(_SPREAD_NA)):
            raise InputError(
                f"time since programming is {time_s:g} s, and SONOS cells were measured after 0 to 5 whole days",
                where="time since programming",
                remedy="Ask for a whole number of days, 0 to 5 times 86400 s.",
            )
        if day == 0:
            return programmed_s
        # What retention adds to the error of programming; the two variances sum to the measured one.
        first, later = self._sigma(target_s, _SPREAD_NA[0]), self._sigma(target_s, _SPREAD_NA[int(day)])
        return self.bounded(programmed_s + np.sqrt(np.maximum(later**2 - first**2, 0.0)) * draws)

    def read_sigma(self, programmed_s: F64, aged_s: F64, time_s: float) -> F64:
        """Spread of a reading, in siemens; see ``Device``."""
        return self._sigma(aged_s, _READ_NA)

    def _sigma(self, conductance_s: F64, law_na: tuple[float, float]) -> F64:
        amplitude, decay = law_na
        current_na = conductance_s * self.read_v / _NANO
        return amplitude * -np.expm1(-current_na / decay) * _NANO / self.read_v
