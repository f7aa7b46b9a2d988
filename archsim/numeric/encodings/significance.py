"""Several differential pairs of varying significance: w = sum_i f_i (t_i+ - t_i-) / sum_i f_i.

Source: AIHWKIT NPairConductanceConverter and DualPairConductanceConverter (f = [1, F]): the magnitude fills the least
significant pair first. F is realised by a mirror ratio or a longer pulse. Exact for w in [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.encodings.encoding import Plane
from archsim.numeric.guards import positive, require


@dataclass(frozen=True, slots=True)
class SignificancePairs:
    """Differential pairs summed in the analog domain with their significances.

    Parameters
    ----------
    significances : tuple of float
        One per pair, in the order in which they are filled (least significant first).
    """

    significances: tuple[float, ...]

    def __post_init__(self) -> None:
        require(
            bool(self.significances),
            "holds no pair",
            where="significances",
            remedy="Give at least one significance, such as (1.0, 3.0).",
        )
        for significance in self.significances:
            positive(significance, "significance of a pair")

    @property
    def steps(self) -> tuple[tuple[Plane, ...], ...]:
        """Planes in programming order; see ``Encoding``."""
        total = sum(self.significances)
        return (tuple(Plane(sign * f / total) for f in self.significances for sign in (1.0, -1.0)),)

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
        magnitude, filled = np.abs(wanted) * sum(self.significances), 0.0
        states: list[F64] = []
        for significance in self.significances:
            share = np.clip((magnitude - filled) / significance, 0.0, 1.0)
            states += [np.where(wanted > 0, share, 0.0), np.where(wanted < 0, share, 0.0)]
            filled += significance
        return tuple(states)


def dual_pair(factor: float) -> SignificancePairs:
    """IBM's two pairs per weight: significance 1 and ``factor``."""
    return SignificancePairs((1.0, factor))
