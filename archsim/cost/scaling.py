"""Technology scaling of energy, delay and area between process nodes.

Source: Stillmaker and Baas, Integration 58 (2017), polynomials with the corrigendum's values; between tabulated nodes
the logarithm of a factor is interpolated over the logarithm of the node. Fitted range: 7 nm to 180 nm.

Traps that are handled here: source and target use the same flavour (high performance or low power), never a mixture;
each side has its own supply; the delay cubics and energy parabolas are held at their minimum beyond which the fit
turns.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import exp, log, sqrt
from typing import Literal

from archsim.errors import InputError

Flavour = Literal["high-performance", "low-power"]
SOURCE = "Stillmaker & Baas, Integration 58 (2017), with corrigendum"
SMALLEST_NM, LARGEST_NM = 7.0, 180.0
NM = 1e-9


@dataclass(frozen=True, slots=True)
class Row:
    """One node of the fit: cubic of the delay, parabola of the energy, highest power first."""

    node_nm: float
    delay: tuple[float, float, float, float]
    energy: tuple[float, float, float]


_PLANAR = (
    Row(180, (0, 97.09, -356.7, 406.5), (0, 24.64, -17.98)),
    Row(130, (-76.65, 334.9, -493.4, 275.8), (7.171, -6.709, 2.904)),
    Row(90, (-60.34, 262.5, -384.2, 210.9), (4.762, -4.781, 2.092)),
    Row(65, (-53.3, 230.4, -333.9, 178.6), (3.755, -4.398, 1.975)),
)
_HIGH_PERFORMANCE = (
    *_PLANAR,
    Row(45, (-501.6, 1567, -1619, 566.1), (1.018, -0.3107, 0.1539)),
    Row(32, (-1047, 2982, -2797, 873.5), (0.8367, -0.4341, 0.1701)),
    Row(20, (0, 34.63, -66.37, 41.15), (0.373, -0.1582, 0.04104)),
    Row(16, (0, 24.8, -47.52, 28.87), (0.2958, -0.1241, 0.03024)),
    Row(14, (-40.66, 109.2, -100.6, 35.92), (0.2363, -0.09675, 0.02239)),
    Row(10, (-34.95, 93.65, -85.99, 30.4), (0.2068, -0.09311, 0.02375)),
    Row(7, (-28.58, 76.6, -70.26, 24.69), (0.1776, -0.09097, 0.02447)),
)
_LOW_POWER = (
    *_PLANAR,
    Row(45, (-285.7, 1239, -1795, 898.8), (1.103, -0.362, 0.2767)),
    Row(32, (-325.9, 1374, -1922, 913.2), (0.9559, -0.7823, 0.471)),
    Row(20, (-160.5, 514.1, -558.6, 217.5), (0.2632, -0.14, 0.06841)),
    Row(16, (-114.6, 366.7, -397.4, 153.6), (0.2139, -0.1187, 0.05639)),
    Row(14, (-85.37, 271.6, -292.2, 111.4), (0.1556, -0.06472, 0.03066)),
    Row(10, (-71.76, 228.6, -246.3, 93.91), (0.1261, -0.0518, 0.02769)),
    Row(7, (-61.79, 196.1, -210.3, 79.55), (0.09365, -0.03409, 0.02043)),
)
# The table's other rows say the same within their two digits; one row keeps the factors transitive.
_AREA_FROM_45 = (
    (180.0, 19.0), (130.0, 6.4), (90.0, 2.8), (65.0, 1.5), (45.0, 1.0), (32.0, 0.46), (20.0, 0.21), (16.0, 0.19),
    (14.0, 0.17), (10.0, 0.1), (7.0, 0.059),
)  # fmt: skip
# 45 nm to 7 nm: the supplies at which the reference values were moved; above: the nodes' usual supplies.
_NOMINAL_SUPPLY = (
    (180.0, 1.8), (130.0, 1.2), (90.0, 1.1), (65.0, 1.0), (45.0, 0.9), (32.0, 0.9), (20.0, 0.9), (16.0, 0.8),
    (14.0, 0.8), (10.0, 0.75), (7.0, 0.7),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """An operating point: node in metres, supply in volts, the transistors' flavour, and temperature in kelvin.

    ``leakage`` is times what the flavour's transistors leak.
    """

    node: float
    supply: float
    flavour: Flavour = "high-performance"
    temperature: float = 300.0
    leakage: float = 1.0

    def __str__(self) -> str:
        return f"{self.node / NM:g} nm {self.supply:g} V"


def log_log(points: Sequence[tuple[float, float]], at: float) -> float:
    """Interpolate ln(y) over ln(x); beyond the ends, continue with the last slope.

    Parameters
    ----------
    points : sequence of (x, y)
        Positive, in any order of x.
    at : float
        Positive.
    """
    ordered = sorted(points)
    index = min(max(bisect_left([x for x, _ in ordered], at), 1), len(ordered) - 1)
    (x0, y0), (x1, y1) = ordered[index - 1], ordered[index]
    share = log(at / x0) / log(x1 / x0)
    return exp(log(y0) + share * log(y1 / y0))


def nominal_supply(node: float) -> float:
    """Usual supply in volts of high-performance logic at a node in metres."""
    return log_log(_NOMINAL_SUPPLY, min(max(node / NM, SMALLEST_NM), LARGEST_NM))


def energy_factor(source: Point, target: Point) -> float:
    """Ratio of switching energies, target over source.

    Below 7 nm the energy falls with the root of the node, above 180 nm it rises so (hwcomponents, after the IRDS).
    """
    _same_flavour(source, target)
    return _energy(target) / _energy(source)


def delay_factor(source: Point, target: Point) -> float:
    """Ratio of gate delays, target over source; beyond the fitted nodes the last node's delay is kept."""
    _same_flavour(source, target)
    return _delay(target) / _delay(source)


def area_factor(source_node: float, target_node: float) -> float:
    """Ratio of logic areas, target over source; nodes in metres.

    Below 7 nm and above 180 nm the area goes with the node (hwcomponents, after the IRDS).
    """
    return _area(target_node) / _area(source_node)


def node_notes(node: float, low_nm: float = SMALLEST_NM, high_nm: float = LARGEST_NM) -> tuple[str, ...]:
    """A sentence if a node in metres is outside a fit, nothing otherwise."""
    if low_nm - 1e-6 <= node / NM <= high_nm + 1e-6:
        return ()
    return (f"node {node / NM:g} nm is outside the fitted {low_nm:g} nm to {high_nm:g} nm",)


def _same_flavour(source: Point, target: Point) -> None:
    if source.flavour != target.flavour:
        raise InputError(
            f"scaling from {source.flavour} to {target.flavour} transistors mixes two fits",
            where="technology scaling",
            remedy="Give both operating points the same flavour.",
        )


def _rows(flavour: Flavour) -> tuple[Row, ...]:
    return _HIGH_PERFORMANCE if flavour == "high-performance" else _LOW_POWER


def _fitted(node: float) -> float:
    if node <= 0:
        raise InputError(f"node {node:g} m is not positive", where="technology scaling", remedy="Write node: '14 nm'.")
    return min(max(node / NM, SMALLEST_NM), LARGEST_NM)


def _energy(point: Point) -> float:
    inside = _fitted(point.node)
    points = [(row.node_nm, _parabola(row, point.supply)) for row in _bracket(_rows(point.flavour), inside)]
    return log_log(points, inside) * sqrt(point.node / NM / inside)


def _delay(point: Point) -> float:
    inside = _fitted(point.node)
    points = [(row.node_nm, _cubic(row, point.supply)) for row in _bracket(_rows(point.flavour), inside)]
    return log_log(points, inside)


def _area(node: float) -> float:
    inside = _fitted(node)
    return log_log(_AREA_FROM_45, inside) * node / NM / inside


def _bracket(rows: tuple[Row, ...], node_nm: float) -> tuple[Row, Row]:
    for upper, lower in pairwise(rows):
        if lower.node_nm < node_nm:
            return upper, lower
    return rows[-2], rows[-1]


def _parabola(row: Row, supply: float) -> float:
    a, b, c = row.energy
    volts = max(supply, -b / (2 * a)) if a else supply
    energy = (a * volts + b) * volts + c
    if energy <= 0:
        raise InputError(
            f"the scaling fit has no energy at {row.node_nm:g} nm and {supply:g} V",
            where="technology.supply",
            remedy=f"Use a supply near the node's {nominal_supply(row.node_nm * NM):g} V.",
        )
    return energy


def _cubic(row: Row, supply: float) -> float:
    volts = min(supply, _turning_point(row))
    return _evaluate(row.delay)(volts)


@lru_cache(maxsize=64)
def _turning_point(row: Row) -> float:
    """Supply at which the delay stops falling: the lower root of the cubic's derivative, or the parabola's vertex."""
    a, b, c, _ = row.delay
    if a == 0:
        return -c / (2 * b)
    discriminant = b * b - 3 * a * c
    if discriminant < 0:
        return float("inf")
    # With a < 0 the derivative rises through zero first: the lower root is the minimum.
    return min((-b + sqrt(discriminant)) / (3 * a), (-b - sqrt(discriminant)) / (3 * a))


def _evaluate(cubic: tuple[float, float, float, float]) -> Callable[[float], float]:
    a, b, c, d = cubic
    return lambda v: ((a * v + b) * v + c) * v + d
