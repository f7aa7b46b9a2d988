"""Leakage of logic, by its area.

Source: the adder, multiplier, comparator and counter of Aladdin (Shao et al., ISCA 2014, 40 nm, as in hwcomponents-
library): 82.75 uW on 7194.5 um^2. Moved to another node as energy over area (hwcomponents' leakage rule).
"""

from __future__ import annotations

from archsim.cost.bill import Figure
from archsim.cost.published import Reference
from archsim.cost.scaling import Point
from archsim.cost.temperature import warmed_at

ALADDIN = Reference(40, 0.9)
ALADDIN_SOURCE = "Aladdin (Shao et al., ISCA 2014), 40 nm, via hwcomponents-library; supply of 0.9 V assumed"
_POWER_W = (2.40e-6, 8.00e-5, 2.51e-8, 3.21e-7)
_AREA_M2 = (278e-12, 6350e-12, 71e-12, 495.5e-12)
DENSITY_40NM = sum(_POWER_W) / sum(_AREA_M2)
SOURCE = f"{ALADDIN_SOURCE}: leakage over area of its four units"


def density(point: Point) -> float:
    """Watts per square metre of logic at an operating point's node and supply, and 300 K."""
    return DENSITY_40NM * ALADDIN.energy(point) / ALADDIN.area(point)


def logic_leakage(area_m2: float, point: Point) -> Figure:
    """Leakage of a piece of logic."""
    watts = density(point)
    return warmed_at(Figure(area_m2 * watts, f"area x {watts / 1e3:.3g} mW/mm^2 at {point}", SOURCE), point)
