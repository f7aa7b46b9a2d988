"""Parallel differential pairs that hold the same weight: w = mean of (t_i+ - t_i-).

Independent programming errors of k copies average to 1 / sqrt(k) of one pair's. Exact for w in [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.encodings.encoding import Plane
from archsim.numeric.guards import at_least


@dataclass(frozen=True, slots=True)
class RedundantPairs:
    """Copies of one pair, summed in the analog domain.

    Parameters
    ----------
    copies : int
        Pairs per weight, at least 1.
    """

    copies: int

    def __post_init__(self) -> None:
        at_least(self.copies, 1, "copies of a pair")

    @property
    def steps(self) -> tuple[tuple[Plane, ...], ...]:
        """Planes in programming order; see ``Encoding``."""
        return (tuple(Plane(sign / self.copies) for _ in range(self.copies) for sign in (1.0, -1.0)),)

    @property
    def group_weights(self) -> tuple[float, ...]:
        """Digital factor of each group; see ``Encoding``."""
        return (1.0,)

    @property
    def zero(self) -> float:
        """Digital zero point; see ``Encoding``."""
        return 0.0

    def states(self, step: int, wanted: F64, held: F64) -> tuple[F64, ...]:
        """Target states of the planes of one step; see ``Encoding``."""
        return (np.maximum(wanted, 0.0), np.maximum(-wanted, 0.0)) * self.copies
