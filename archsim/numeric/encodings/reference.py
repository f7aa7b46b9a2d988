"""One cell per weight against one shared reference column: w = 2 (t - t_ref), t_ref = 1/2.

Source: the offset style with an analog zero-point column (CrossSim OFFSET; shared G- column). The reference column is
programmed once, so that its errors and its read noise are common to all columns. Exact for w in [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.encodings.encoding import Plane


@dataclass(frozen=True, slots=True)
class SharedReference:
    """A cell per weight, and a column of cells in the middle of their range, subtracted in the analog domain."""

    @property
    def steps(self) -> tuple[tuple[Plane, ...], ...]:
        """Planes in programming order; see ``Encoding``."""
        return ((Plane(2.0), Plane(-2.0, shared=True)),)

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
        return (1 + wanted) / 2, np.full((wanted.shape[0], 1), 0.5)
