"""Leakage of a chip's transistors: one density by node, flavour, supply and temperature, for logic and for SRAM.

High-performance transistors: the adder, multiplier, comparator and counter of Aladdin (Shao et al., ISCA 2014, 40 nm,
as in hwcomponents-library), 82.75 uW on 7194.5 um^2, moved to another node as energy over area (hwcomponents' rule).
Low-power transistors have a threshold one step higher, which is a factor of 10: ASAP7's regular cells leak 1.08
mW/mm^2 where its low-threshold ones leak 10.3 (OpenROAD's libraries, 7 nm, 25 C).

What the rule is held against (tests/oracle): 10.3 and 1.08 mW/mm^2 of ASAP7, 10.8 of the 32 nm chip Piton, SRAM of 22
to 5 nm in GVSoC's power models, the 14 nm chip Loihi. Above 65 nm it is too much for low-power processes: libraries of
130 nm leak 0.0004 to 0.015 mW/mm^2.
"""

from __future__ import annotations

from dataclasses import replace

from archsim.cost.bill import Figure
from archsim.cost.published import Reference
from archsim.cost.scaling import Point
from archsim.cost.temperature import warmed_at

ALADDIN = Reference(40, 0.9)
ALADDIN_SOURCE = "Aladdin (Shao et al., ISCA 2014), 40 nm, via hwcomponents-library; supply of 0.9 V assumed"
_POWER_W = (2.40e-6, 8.00e-5, 2.51e-8, 3.21e-7)
_AREA_M2 = (278e-12, 6350e-12, 71e-12, 495.5e-12)
DENSITY_40NM = sum(_POWER_W) / sum(_AREA_M2)
THRESHOLD_STEP = 1.08 / 10.3
SOURCE = f"{ALADDIN_SOURCE}: leakage over area of its four units"
LOW_POWER_SOURCE = f"{SOURCE}; one step of the threshold: ASAP7, 1.08 over 10.3 mW/mm^2 (OpenROAD libraries, 25 C)"


def density(point: Point) -> float:
    """Watts per square metre of transistors at an operating point's node, supply, flavour and scale, and 300 K."""
    fast = replace(point, flavour="high-performance")
    step = 1.0 if point.flavour == fast.flavour else THRESHOLD_STEP
    return DENSITY_40NM * ALADDIN.energy(fast) / ALADDIN.area(point) * step * point.leakage


def logic_leakage(area_m2: float, point: Point) -> Figure:
    """Leakage of a piece of logic, or of any other silicon made of the chip's transistors."""
    watts = density(point)
    source = SOURCE if point.flavour == "high-performance" else LOW_POWER_SOURCE
    words = f"area x {watts / 1e3:.3g} mW/mm^2, {point.flavour} at {point}"
    words += "" if point.leakage == 1.0 else f", {point.leakage:g} times"
    return warmed_at(Figure(area_m2 * watts, words, source), point)
