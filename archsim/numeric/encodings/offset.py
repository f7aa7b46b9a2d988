"""One cell per weight, with the offset subtracted digitally: w = 2 t - 1.

Source: AIHWKIT SingleDeviceConductanceConverter (with scaling ``centred``, W_min maps to g_min and W_max to g_max);
CrossSim OFFSET. The correction needs the sum of the inputs. Exact for w in [-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

from archsim.numeric.arrays import F64
from archsim.numeric.encodings.encoding import Plane


@dataclass(frozen=True, slots=True)
class OffsetCell:
    """A single cell per weight."""

    @property
    def steps(self) -> tuple[tuple[Plane, ...], ...]:
        """Planes in programming order; see ``Encoding``."""
        return ((Plane(2.0),),)

    @property
    def group_weights(self) -> tuple[float, ...]:
        """Digital factor of each group; see ``Encoding``."""
        return (1.0,)

    @property
    def zero(self) -> float:
        """Digital zero point; see ``Encoding``."""
        return 1.0

    def states(self, step: int, wanted: F64, held: F64) -> tuple[F64, ...]:
        """Target states of the planes of one step; see ``Encoding``."""
        return ((1 + wanted) / 2,)
