"""Energy and area of one arithmetic operation, and of the registers around it.

Sources: energies Horowitz, ISSCC 2014, 45 nm 0.9 V (as reproduced in PMC8934428 and stillwater-sc/universal); integer
areas and registers Aladdin, 40 nm; floating-point areas Horowitz, unverified. Between tabulated widths the logarithm
of the energy is interpolated over the logarithm of the width. Moved between nodes by Stillmaker's factors.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from archsim.cost.estimate import PJ, UM2
from archsim.cost.leakage import ALADDIN, ALADDIN_SOURCE
from archsim.cost.published import Reference
from archsim.cost.scaling import SOURCE as SCALING_SOURCE
from archsim.cost.scaling import Point, log_log
from archsim.cost.settings import Format

HOROWITZ = Reference(45, 0.9)
SOURCE = f"Horowitz, ISSCC 2014, 45 nm 0.9 V; {SCALING_SOURCE}"
AREA_SOURCE = f"{ALADDIN_SOURCE}; floating point Horowitz (unverified)"
REGISTER_SOURCE = ALADDIN_SOURCE

_INT_ADD_PJ = ((8.0, 0.03), (16.0, 0.05), (32.0, 0.1))
_INT_MULTIPLY_PJ = ((8.0, 0.2), (32.0, 3.1))
_REGISTER_PJ, _REGISTER_UM2 = 0.009, 5.98
_ADDER_UM2, _MULTIPLIER_UM2, _COMPARATOR_UM2, _COMPARATOR_PJ = 278.0, 6350.0, 71.0, 0.02947


@dataclass(frozen=True, slots=True)
class Float:
    """Energies in pJ and areas in um^2 of a floating-point format's adder and multiplier at 45 nm."""

    bits: int
    add_pj: float
    multiply_pj: float
    add_um2: float
    multiply_um2: float


_FP16 = Float(16, 0.4, 1.1, 1360, 1640)
_FP32 = Float(32, 0.9, 3.7, 4184, 7700)


def bits_of(number: Format) -> int:
    """Width of a number format."""
    return int(number.removeprefix("int").removeprefix("fp"))


def integer_add(bits: float, point: Point) -> float:
    """Joules of an integer addition."""
    return log_log(_INT_ADD_PJ, bits) * PJ * HOROWITZ.energy(point)


def integer_multiply(bits: float, other_bits: float, point: Point) -> float:
    """Joules of an integer multiplication of two widths: that of the square one with as many partial products."""
    return log_log(_INT_MULTIPLY_PJ, sqrt(bits * other_bits)) * PJ * HOROWITZ.energy(point)


def add(number: Format, point: Point) -> float:
    """Joules of an addition in a number format."""
    floating = _float(number)
    if floating is None:
        return integer_add(bits_of(number), point)
    return floating.add_pj * PJ * HOROWITZ.energy(point)


def multiply(number: Format, point: Point) -> float:
    """Joules of a multiplication in a number format."""
    floating = _float(number)
    if floating is None:
        return integer_multiply(bits_of(number), bits_of(number), point)
    return floating.multiply_pj * PJ * HOROWITZ.energy(point)


def accumulate(number: Format, point: Point) -> float:
    """Joules of adding a product into a 32-bit sum of the format's own sort."""
    return add("fp32" if _float(number) else "int32", point)


def register(bits: float, point: Point) -> float:
    """Joules of writing or reading so many register bits."""
    return bits * _REGISTER_PJ * PJ * ALADDIN.energy(point)


def compare(bits: float, point: Point) -> float:
    """Joules of one digital comparison of a pulse-width driver."""
    return bits / 32 * _COMPARATOR_PJ * PJ * ALADDIN.energy(point)


def adder_area(bits: float, point: Point) -> float:
    """Square metres of an integer adder."""
    return bits / 32 * _ADDER_UM2 * UM2 * ALADDIN.area(point)


def multiplier_area(bits: float, other_bits: float, point: Point) -> float:
    """Square metres of an integer multiplier."""
    return bits * other_bits / 1024 * _MULTIPLIER_UM2 * UM2 * ALADDIN.area(point)


def register_area(bits: float, point: Point) -> float:
    """Square metres of so many register bits."""
    return bits * _REGISTER_UM2 * UM2 * ALADDIN.area(point)


def comparator_area(bits: float, point: Point) -> float:
    """Square metres of a digital comparator."""
    return bits / 32 * _COMPARATOR_UM2 * UM2 * ALADDIN.area(point)


def format_area(number: Format, point: Point, *, multiplies: bool) -> float:
    """Square metres of an adder of a format (32 bits wide for products' sums), with a multiplier if it multiplies."""
    floating = _float(number)
    if floating is None:
        product = multiplier_area(bits_of(number), bits_of(number), point) if multiplies else 0.0
        return product + adder_area(32 if multiplies else bits_of(number), point)
    total = (floating.multiply_um2 + _FP32.add_um2) if multiplies else floating.add_um2
    return total * UM2 * HOROWITZ.area(point)


def _float(number: Format) -> Float | None:
    if number == "fp16":
        return _FP16
    return _FP32 if number == "fp32" else None
