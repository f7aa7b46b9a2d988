"""One direction through an array: lines that are driven, lines that are read, and how long their converters take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.chip.periphery import Adc, InputDriver
from archsim.columns import Ids
from archsim.units import picoseconds


@dataclass(frozen=True, slots=True)
class Readout:
    """Drivers at one side of an array and converters at the other.

    Parameters
    ----------
    driver : InputDriver
    adc : Adc
    lines : int
        Physical lines of the array that are read.
    per_weight : int
        Of them, those of one weight.
    """

    driver: InputDriver
    adc: Adc
    lines: int
    per_weight: int

    @property
    def conversions_per_weight(self) -> int:
        """Conversions of one weight's lines per product."""
        return self.per_weight * (self.driver.phases if self.adc.per_phase else 1)

    def integration(self, read: Ids) -> tuple[Ids, Ids]:
        """Interval and latency on the array, of blocks of which so many weights' lines are read."""
        whole = np.full(len(read), sum(self._phases), np.int64)
        if self.adc.during_integration:
            # A token takes at least 1 ps from the array to its converters; both are through at the same time.
            return whole, np.ones_like(whole)
        if self.adc.per_phase:
            return self._cycles(read).sum(axis=0), np.full_like(whole, self._phases[0])
        return whole, whole

    def conversion(self, read: Ids) -> Ids:
        """Interval of the converters, which is their latency, too."""
        turns = self._turns(read)
        if self.adc.during_integration:
            return sum(self._phases) + turns - 1
        return self._cycles(read)[1:].sum(axis=0) + turns if self.adc.per_phase else turns

    @property
    def _phases(self) -> tuple[int, ...]:
        """Picoseconds of each phase."""
        return tuple(picoseconds(length) for length in self.driver.phase_lengths)

    def _turns(self, read: Ids) -> Ids:
        """Picoseconds of the conversions of one phase.

        Used lines spread evenly over the converters, so that a half-used array takes half the turns.
        """
        converters = -(-self.lines // self.adc.columns_per_adc)
        return -(-read * self.per_weight // converters) * picoseconds(self.adc.conversion_seconds)

    def _cycles(self, read: Ids) -> Ids:
        """Each phase and conversions: the longer of the two with a sample-and-hold, one after the other without.

        Shape ``(phases, blocks)``. With a sample-and-hold, the conversions beside a phase are those of the one before.
        """
        phases, turns = np.array(self._phases, np.int64)[:, None], self._turns(read)
        return np.maximum(phases, turns) if self.adc.held else phases + turns
