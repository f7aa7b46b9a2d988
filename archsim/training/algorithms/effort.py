"""What an algorithm is given, and what it did with it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from operator import add, attrgetter

from archsim.numeric.arrays import F32
from archsim.numeric.update import Updated


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The gradient of a mini-batch, as the array's two sides have it.

    Parameters
    ----------
    inputs : ndarray of float32, shape (vectors, rows)
        x, in the order of the updates.
    errors : ndarray of float32, shape (vectors, columns)
        d, of the loss by the outputs.
    rate : float
        The wanted change is -rate x^T d, summed over the vectors.
    examples : int
        Training examples that the vectors belong to: a convolution has a vector for each of its positions.
    """

    inputs: F32
    errors: F32
    rate: float
    examples: int


@dataclass(frozen=True, slots=True)
class Effort:
    """Counts of what was done to an array.

    Parameters
    ----------
    batches : int
    up, down : int
        Steps of all devices, up and down.
    slots : int
        Slots of pulse trains, one after the other.
    wanted, expressed : float
        Mean numbers of steps: that the learning rate of the run asks for, and that pulse trains have of them.
    reads : int
        Readings of single rows, for a transfer or a closed loop.
    transfers : int
        Moves from one device to another: of a row, or of a whole cell.
    refreshed : int
        One-sided pairs that were refreshed.
    digital_macs : int
        Multiplications with an addition that were done digitally.
    """

    batches: int = 0
    up: int = 0
    down: int = 0
    slots: int = 0
    wanted: float = 0.0
    expressed: float = 0.0
    reads: int = 0
    transfers: int = 0
    refreshed: int = 0
    digital_macs: int = 0

    def __add__(self, other: Effort) -> Effort:
        return Effort(*map(add, _COUNTS(self), _COUNTS(other)))


_COUNTS = attrgetter(*(field.name for field in fields(Effort)))
NOTHING = Effort()


def effort_of(*updates: Updated) -> Effort:
    """Counts of updates of devices that see the same trains: their slots pass once."""
    return Effort(
        up=sum(update.up for update in updates),
        down=sum(update.down for update in updates),
        slots=max(update.slots for update in updates),
        wanted=max(update.wanted for update in updates),
        expressed=max(update.expressed for update in updates),
    )


def of_a_filter(effort: Effort) -> Effort:
    """Counts of a matrix that only gathers gradients: it may saturate, as what is read of it is scaled by the rate."""
    return replace(effort, wanted=0.0, expressed=0.0)
