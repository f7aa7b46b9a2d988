"""A matrix of devices of one kind, whichever kind it is: single devices, one-sided pairs, or exact weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from archsim.numeric import Stream
from archsim.numeric.arrays import F32
from archsim.numeric.guards import positive
from archsim.numeric.update import (
    Cells,
    PairCells,
    PairState,
    Preset,
    Pulses,
    State,
    decayed,
    decayed_pairs,
    pulsed,
    refreshed_pairs,
    sampled_cells,
    sampled_pairs,
    updated,
    updated_pairs,
    written,
    written_pairs,
)
from archsim.training.algorithms.effort import NOTHING, Effort, effort_of

Counts = NDArray[np.int64]


class Devices(Protocol):
    """Weights on devices; a value: whatever changes them gives another."""

    @property
    def weights(self) -> F32:
        """As products see them, shape (rows, columns)."""
        ...

    @property
    def lowest(self) -> F32:
        """The least weight that each place can have."""
        ...

    @property
    def highest(self) -> F32:
        """The largest."""
        ...

    @property
    def step(self) -> float:
        """Mean change by one pulse."""
        ...

    def written(self, weights: F32) -> Self:
        """With given weights, as near as the bounds allow."""
        ...

    def updated(self, inputs: F32, errors: F32, rate: float, how: Pulses) -> tuple[Self, Effort]:
        """After pulses towards W - rate x^T d, vector by vector."""
        ...

    def pulsed(self, counts: Counts) -> tuple[Self, Effort]:
        """After given numbers of pulses, negative ones down, shape (rows, columns)."""
        ...

    def passed(self) -> tuple[Self, Effort]:
        """A mini-batch later: decayed, and refreshed where a device needs it."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class SingleDevices:
    """A device per weight."""

    cells: Cells
    state: State

    @property
    def weights(self) -> F32:
        """See ``Devices``."""
        return self.state.weights

    @property
    def lowest(self) -> F32:
        """See ``Devices``."""
        return self._seen(self.cells.lower)

    @property
    def highest(self) -> F32:
        """See ``Devices``."""
        return self._seen(self.cells.upper)

    @property
    def step(self) -> float:
        """See ``Devices``."""
        return self.cells.device.step

    def _seen(self, bound: F32) -> F32:
        return bound if self.cells.reference is None else bound - self.cells.reference

    def written(self, weights: F32) -> SingleDevices:
        """See ``Devices``."""
        return replace(self, state=written(self.cells, weights))

    def updated(self, inputs: F32, errors: F32, rate: float, how: Pulses) -> tuple[SingleDevices, Effort]:
        """See ``Devices``."""
        made = updated(self.cells, self.state, inputs, errors, rate, how)
        return replace(self, state=made.state), effort_of(made)

    def pulsed(self, counts: Counts) -> tuple[SingleDevices, Effort]:
        """See ``Devices``."""
        made = pulsed(self.cells, self.state, counts)
        return replace(self, state=made.state), effort_of(made)

    def passed(self) -> tuple[SingleDevices, Effort]:
        """See ``Devices``."""
        return replace(self, state=decayed(self.cells, self.state)), NOTHING


@dataclass(frozen=True, slots=True, eq=False)
class DevicePairs:
    """A one-sided pair per weight."""

    cells: PairCells
    state: PairState

    @property
    def weights(self) -> F32:
        """See ``Devices``."""
        return self.state.weights

    @property
    def lowest(self) -> F32:
        """See ``Devices``."""
        return self.cells.plus.lower - self.cells.minus.upper

    @property
    def highest(self) -> F32:
        """See ``Devices``."""
        return self.cells.plus.upper - self.cells.minus.lower

    @property
    def step(self) -> float:
        """See ``Devices``."""
        return self.cells.plus.device.step

    def written(self, weights: F32) -> DevicePairs:
        """See ``Devices``."""
        return replace(self, state=written_pairs(self.cells, weights))

    def updated(self, inputs: F32, errors: F32, rate: float, how: Pulses) -> tuple[DevicePairs, Effort]:
        """See ``Devices``."""
        state, sides = updated_pairs(self.cells, self.state, inputs, errors, rate, how)
        return replace(self, state=state), effort_of(*sides)

    def pulsed(self, counts: Counts) -> tuple[DevicePairs, Effort]:
        """See ``Devices``; pulses down raise the second device."""
        plus = pulsed(self.cells.plus, self.state.plus, np.maximum(counts, 0))
        minus = pulsed(self.cells.minus, self.state.minus, np.maximum(-counts, 0))
        state = PairState(plus.state, minus.state, self.state.refreshed)
        return replace(self, state=state), effort_of(plus, minus)

    def passed(self) -> tuple[DevicePairs, Effort]:
        """See ``Devices``."""
        state = refreshed_pairs(self.cells, decayed_pairs(self.cells, self.state))
        return replace(self, state=state), Effort(refreshed=state.refreshed - self.state.refreshed)


@dataclass(frozen=True, slots=True, eq=False)
class ExactWeights:
    """Weights without devices: every wanted change comes out exactly. What training is compared with."""

    weights: F32
    step: float

    @property
    def lowest(self) -> F32:
        """See ``Devices``."""
        return np.full_like(self.weights, -np.inf)

    @property
    def highest(self) -> F32:
        """See ``Devices``."""
        return np.full_like(self.weights, np.inf)

    def written(self, weights: F32) -> ExactWeights:
        """See ``Devices``."""
        return replace(self, weights=np.array(weights, np.float32))

    def updated(self, inputs: F32, errors: F32, rate: float, how: Pulses) -> tuple[ExactWeights, Effort]:
        """See ``Devices``."""
        return replace(self, weights=self.weights - np.float32(rate) * (inputs.T @ errors)), NOTHING

    def pulsed(self, counts: Counts) -> tuple[ExactWeights, Effort]:
        """See ``Devices``."""
        return replace(self, weights=self.weights + np.float32(self.step) * counts.astype(np.float32)), NOTHING

    def passed(self) -> tuple[ExactWeights, Effort]:
        """See ``Devices``."""
        return self, NOTHING


@dataclass(frozen=True, slots=True)
class ExactDevice:
    """What ``ExactWeights`` are made from.

    Parameters
    ----------
    step : float
        What algorithms that write whole pulses take for one.
    """

    step: float = 1e-3

    def __post_init__(self) -> None:
        positive(self.step, "step of a pulse")


def made_devices(kind: Preset | ExactDevice, shape: tuple[int, int], stream: Stream) -> Devices:
    """Draw a matrix of devices; their weights are as near to 0 as they can be.

    Parameters
    ----------
    kind : Preset or ExactDevice
    shape : tuple of int
        Rows and columns.
    stream : Stream
    """
    zeros = np.zeros(shape, np.float32)
    if isinstance(kind, ExactDevice):
        return ExactWeights(zeros, kind.step)
    if kind.pair is None:
        cells = sampled_cells(kind.device, shape, stream)
        return SingleDevices(cells, written(cells, zeros))
    pairs = sampled_pairs(kind.device, shape, stream, kind.pair)
    return DevicePairs(pairs, written_pairs(pairs, zeros))
