"""A pair that holds the weight, and pairs that correct what programming left over.

The first pair is programmed to w; each pair after it to the error that is still measured, scaled by the ratio of
significances and clipped to its range. A correcting pair of significance f < 1 adds f times its own programming error.
Exact for w in [-1, 1] without programming errors (the correcting pairs then stay at g_min).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.encodings.encoding import Plane
from archsim.numeric.guards import positive


@dataclass(frozen=True, slots=True)
class CorrectedPairs:
    """Differential pairs programmed one after the other, each on the measured remainder.

    Parameters
    ----------
    corrections : tuple of float
        Significance of each correcting pair, relative to the pair that holds the weight.
    """

    corrections: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        for significance in self.corrections:
            positive(significance, "significance of a correcting pair")

    @property
    def steps(self) -> tuple[tuple[Plane, ...], ...]:
        """Planes in programming order; see ``Encoding``."""
        return tuple((Plane(f), Plane(-f)) for f in (1.0, *self.corrections))

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
        remainder = (wanted - held) / (1.0, *self.corrections)[step]
        return np.clip(remainder, 0.0, 1.0), np.clip(-remainder, 0.0, 1.0)
