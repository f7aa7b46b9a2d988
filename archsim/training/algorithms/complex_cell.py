"""A cell of two significances: capacitors take the gradients, PCM pairs keep the weights.

    W = range ((G+ - G-) / G_max + s (g + o) / F)

Pulses move the capacitor g, which leaks. Every N examples the whole weight is read and written into the pair in a
closed loop, the capacitor is set to its middle, and its polarity s is inverted, so that what a fixed mismatch (o, and
steps up and down of unequal size) did in one interval is undone in the next. Ambrogio et al., Nature 558:60, 2018; F,
the write error and the spread of o are not published.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from archsim.numeric import Stream
from archsim.numeric.arrays import F32
from archsim.numeric.guards import at_least, positive, require
from archsim.numeric.philox import normals
from archsim.numeric.streams import Purpose
from archsim.training.algorithms.contract import CellKinds, Kind, Method
from archsim.training.algorithms.devices import Devices, ExactDevice, made_devices
from archsim.training.algorithms.effort import NOTHING, Batch, Effort
from archsim.training.algorithms.transfer import FAST, SLOW, own_stream


@dataclass(frozen=True, slots=True)
class ComplexCell:
    """Settings.

    Parameters
    ----------
    cells : CellKinds
        The main kind keeps the weights, the second takes the gradients.
    significance : float
        F: what a whole swing of the second kind counts less than one of the main kind.
    transfer_every : int
        Examples between transfers.
    inversion : bool
        Whether the polarity is inverted at every transfer.
    range : float
        Weight of a main device at its bound.
    offset : float
        Weights below this share of the range are left to the second kind, as both main devices are reset.
    offset_spread : float
        Of o over cells, as a share of the second kind's bound: read transistors against the shared one.
    write_error : float
        Standard deviation of one writing of the main devices, as a share of the range.
    tolerance : float
        A writing is repeated until it is this near, as a share of the range.
    attempts : int
        Writings at most.
    """

    cells: CellKinds
    significance: float = 3.0
    transfer_every: int = 8000
    inversion: bool = True
    range: float = 1.0
    offset: float = 0.1
    offset_spread: float = 0.0
    write_error: float = 0.04
    tolerance: float = 0.02
    attempts: int = 5

    def __post_init__(self) -> None:
        positive(self.significance, "significance")
        positive(self.range, "range")
        for value, words in (
            (self.offset, "offset"),
            (self.offset_spread, "offset_spread"),
            (self.write_error, "write_error"),
            (self.tolerance, "tolerance"),
        ):
            at_least(value, 0.0, words)
        require(self.transfer_every >= 1, f"is {self.transfer_every}", where="transfer_every", remedy="Give 1 or more.")
        require(self.attempts >= 1, f"is {self.attempts}", where="attempts", remedy="Give 1 or more.")

    def trained(self, shape: tuple[int, int], stream: Stream) -> ComplexWeights:
        """See ``Algorithm``."""
        fine, coarse = own_stream(stream, FAST), own_stream(stream, SLOW)
        offsets = np.float32(self.offset_spread) * normals(fine.key(Purpose.COLUMN_GAIN), shape)
        made = made_devices(self.cells.main, shape, coarse), made_devices(self.cells.second, shape, fine)
        return ComplexWeights(self, coarse, *made, offsets)


@dataclass(frozen=True, slots=True, eq=False)
class ComplexWeights:
    """Both kinds of devices.

    Parameters
    ----------
    settings
    stream : Stream
        Of the closed loop's errors.
    coarse, fine : Devices
    offsets : ndarray of float32, shape (rows, columns)
        o.
    polarity : int
        s: 1 or -1.
    examples, transfers : int
        Until now.
    """

    settings: ComplexCell
    stream: Stream
    coarse: Devices
    fine: Devices
    offsets: F32
    polarity: int = 1
    examples: int = 0
    transfers: int = 0

    @property
    def weights(self) -> F32:
        """See ``Trained``."""
        fine = self.fine.weights + self.offsets
        fine *= np.float32(self.polarity * self._share)
        fine += self.coarse.weights * np.float32(self.settings.range / self._full)
        return fine

    @property
    def _full(self) -> float:
        """Nominal bound of the main devices, in their own weights."""
        return _bound(self.settings.cells.main)

    @property
    def _share(self) -> float:
        """Weight of the second kind's unit."""
        return self.settings.range / self.settings.significance / _bound(self.settings.cells.second)

    @property
    def lowest(self) -> F32:
        """See ``Trained``."""
        coarse = self.coarse.lowest * np.float32(self.settings.range / self._full)
        return coarse + np.minimum(*self._swing())

    @property
    def highest(self) -> F32:
        """See ``Trained``."""
        coarse = self.coarse.highest * np.float32(self.settings.range / self._full)
        return coarse + np.maximum(*self._swing())

    def _swing(self) -> tuple[F32, F32]:
        share = np.float32(self.polarity * self._share)
        return (self.fine.lowest + self.offsets) * share, (self.fine.highest + self.offsets) * share

    @property
    def step(self) -> float:
        """See ``Trained``: of the second kind, in weights."""
        return self.fine.step * self._share

    def written(self, weights: F32) -> ComplexWeights:
        """See ``Trained``: into the main devices without an error, what they cannot hold into the others."""
        return self._holding(np.asarray(weights, np.float32), np.zeros(self.offsets.shape, np.float32))

    def _holding(self, target: F32, error: F32) -> ComplexWeights:
        """Both kinds after a target was written with an error of the main devices, in weights."""
        settings, share = self.settings, np.float32(self.polarity * self._share)
        wanted = target - self.offsets * share
        small = np.abs(wanted) < settings.offset * settings.range
        scale = np.float32(self._full / settings.range)
        coarse = self.coarse.written(np.where(small, 0, (wanted + error) * scale).astype(np.float32))
        missing = wanted - coarse.weights / scale
        left = small | (np.abs(missing) > np.abs(error) + np.float32(1e-6))
        fine = self.fine.written(np.where(left, missing / share, 0).astype(np.float32))
        return replace(self, coarse=coarse, fine=fine)

    def updated(self, batch: Batch) -> tuple[ComplexWeights, Effort]:
        """See ``Trained``."""
        rate = batch.rate * self.polarity / self._share
        fine, effort = self.fine.updated(batch.inputs, batch.errors, rate, self.settings.cells.pulses)
        (fine, first), (coarse, second) = fine.passed(), self.coarse.passed()
        later = replace(self, fine=fine, coarse=coarse, examples=self.examples + batch.examples)
        every = self.settings.transfer_every
        due = later.examples // every > self.examples // every
        moved, more = later.transferred() if due else (later, NOTHING)
        return moved, effort + first + second + more + Effort(batches=1)

    def transferred(self) -> tuple[ComplexWeights, Effort]:
        """After everything was moved into the main devices."""
        target, error, attempts = self.weights, *self._errors()
        sign = -self.polarity if self.settings.inversion else self.polarity
        after = replace(self, polarity=sign, transfers=self.transfers + 1)._holding(target, error)
        return after, Effort(reads=len(target) * attempts, transfers=target.size)

    def _errors(self) -> tuple[F32, int]:
        """What the closed loop leaves of the error, in weights, and the writings of the slowest cell."""
        settings = self.settings
        key = self.stream.key(Purpose.VERIFY, self.transfers)
        shape = rows, columns = self.offsets.shape
        error = np.full(shape, np.inf, np.float32)
        for attempt in range(settings.attempts):
            again = np.abs(error) > settings.tolerance * settings.range
            if not again.any():
                return error, attempt
            drawn = np.float32(settings.write_error * settings.range) * normals(key, (rows, columns), page=attempt)
            error = np.where(again, drawn, error)
        return error, settings.attempts


def _bound(kind: Kind) -> float:
    return 1.0 if isinstance(kind, ExactDevice) else kind.device.upper.mean


COMPLEX_CELL = Method(
    "complex-cell", "capacitors take gradients, PCM pairs keep them (Ambrogio et al. 2018)", ComplexCell, two_kinds=True
)
