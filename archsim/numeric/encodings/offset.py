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
        return ((Plane(2.0),),)

    @property
    def group_weights(self) -> tuple[float, ...]:
        return (1.0,)

    @property
    def zero(self) -> float:
        return 1.0

    def states(self, step: int, wanted: F64, held: F64) -> tuple[F64, ...]:
        return ((1 + wanted) / 2,)
