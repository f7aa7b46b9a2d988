"""What every device model offers: the error of programming, the state at a time, and the noise of reading.

All conductances are in siemens, per physical cell. Times are seconds since programming.
"""

from __future__ import annotations

from typing import Protocol

from archsim.numeric.arrays import F64

MICRO = 1e-6
"""Published fits are in microsiemens."""


class Device(Protocol):
    """A resistive cell."""

    @property
    def g_min_s(self) -> float:
        """Lowest conductance that is programmed, in siemens."""
        ...

    @property
    def g_max_s(self) -> float:
        """Highest conductance that is programmed, in siemens."""
        ...

    @property
    def first_time_s(self) -> float:
        """Earliest time since programming of which the model has a value, in seconds."""
        ...

    @property
    def relaxes(self) -> bool:
        """Whether cells relax around their targets, so that no factor common to them compensates for it."""
        ...

    def programming_sigma(self, target_s: F64) -> F64:
        """Standard deviation of the conductance after one programming, in siemens."""
        ...

    def bounded(self, conductance_s: F64) -> F64:
        """The conductance that a cell can really have: the draw, cut to the physical range."""
        ...

    def aged(self, target_s: F64, programmed_s: F64, draws: F64, time_s: float) -> F64:
        """Conductance at a time.

        Parameters
        ----------
        target_s, programmed_s : ndarray
            What was asked for, and what programming gave, in siemens.
        draws : ndarray
            Standard normals, one per cell, the same at every time.
        time_s : float
            Seconds since programming, at least 0.

        Raises
        ------
        InputError
            If the model holds at tabulated times only, and this is not one.
        """
        ...

    def read_sigma(self, programmed_s: F64, aged_s: F64, time_s: float) -> F64:
        """Standard deviation of reading noise at a time, in siemens."""
        ...
