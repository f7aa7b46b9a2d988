"""What a network is told that trains: what each layer is for, and when updates count."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from archsim.errors import InputError


@dataclass(frozen=True, slots=True)
class Learning:
    """When updates count, in a network that trains.

    Parameters
    ----------
    batch : int
        Samples whose updates are made together: all of them multiply by the same weights.
    stale : int
        Mini-batches by which a product's weights may lag behind: 0 waits for the updates of the one before.
    summed : bool
        Whether gradients of layers with several tokens (positions of a convolution, steps of a recurrence) are summed
        digitally and written row by row once per sample; else each token is an update of its own.
    """

    batch: int = 1
    stale: int = 0
    summed: bool = False

    def __post_init__(self) -> None:
        if self.batch < 1 or self.stale < 0:
            raise InputError(
                f"mini-batches of {self.batch} samples, weights {self.stale} of them old",
                where="--update",
                remedy="Take at least one sample, and weights of an age of 0 or more.",
            )

    @property
    def age(self) -> int:
        """Samples whose updates a product may do without, beside those of its own mini-batch."""
        return self.batch * self.stale


class Phase(StrEnum):
    """What a layer is for, where a network trains."""

    FORWARD = "forward"
    BACKWARD = "backward"
    UPDATE = "update"
    TRANSFER = "transfer"
    """Of no layer: the moving and refreshing of weights on their arrays."""
