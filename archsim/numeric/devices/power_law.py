"""The two laws that all phase-change models share: drift with a random exponent, and accumulated 1/f noise.

Source: AIHWKIT inference noise (pcm.py, hermes.py, custom.py); Joshi et al., Nat. Commun. 11:2473, 2020.

    drift       g(t) = g_prog (t / t_0)^(-nu),  t = time + t_0,  nu = s_d |mu + sd * draw|
    1/f noise   sigma(t) = s_r g(t) Q sqrt(ln((t + t_read) / (2 t_read)))

Validity: t of at least t_0, the time of the first reading after programming.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.guards import at_least, positive


@dataclass(frozen=True, slots=True)
class ReadingTimes:
    """Times of a phase-change model, in seconds.

    Parameters
    ----------
    first_s : float
        t_0, first reading after programming.
    integration_s : float
        t_read, integration time of one reading.
    """

    first_s: float
    integration_s: float

    def __post_init__(self) -> None:
        positive(self.first_s, "first reading time (s)")
        positive(self.integration_s, "integration time of a reading (s)")


def mushroom_times() -> ReadingTimes:
    """Times of the mushroom-cell fit: t_0 20 s, t_read 250 ns."""
    return ReadingTimes(20.0, 250e-9)


@dataclass(frozen=True, slots=True)
class NoiseScales:
    """Factors on the published noise: 1 is the fit, 0 switches an effect off.

    Parameters
    ----------
    programming, read, drift : float
        Factors on sigma_prog, sigma_read and nu.
    """

    programming: float = 1.0
    read: float = 1.0
    drift: float = 1.0

    def __post_init__(self) -> None:
        at_least(self.programming, 0.0, "scale of programming noise")
        at_least(self.read, 0.0, "scale of read noise")
        at_least(self.drift, 0.0, "scale of drift")


def drifted(programmed_s: F64, exponents: F64, times: ReadingTimes, time_s: float) -> F64:
    """Conductance after drift, in siemens, shapes as given."""
    factor: F64 = ((time_s + times.first_s) / times.first_s) ** (-exponents)
    return programmed_s * factor


def accumulated_noise(times: ReadingTimes, time_s: float) -> float:
    """The factor sqrt(ln((t + t_read) / (2 t_read))) of 1/f noise."""
    total = time_s + times.first_s
    return float(np.sqrt(np.log((total + times.integration_s) / (2 * times.integration_s))))
