"""Single differential pair: w = t+ - t-.

Source: AIHWKIT SinglePairConductanceConverter; CrossSim BALANCED, one-sided and two-sided. Exact for w in [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.encodings.encoding import Plane


@dataclass(frozen=True, slots=True)
class DifferentialPair:
    """Two cells per weight, subtracted in the analog domain.

    Parameters
    ----------
    two_sided : bool
        Both cells move, t = (1 +- w) / 2; otherwise one cell holds the magnitude and the other stays at g_min. The
        two-sided pair spans the same range of w.
    """

    two_sided: bool = False

    @property
    def steps(self) -> tuple[tuple[Plane, ...], ...]:
        """Planes in programming order; see ``Encoding``."""
        return ((Plane(1.0), Plane(-1.0)),)

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
        if self.two_sided:
            return (1 + wanted) / 2, (1 - wanted) / 2
        return np.maximum(wanted, 0.0), np.maximum(-wanted, 0.0)
