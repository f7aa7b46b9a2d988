"""Arithmetic that is done beside the cost models, on the coefficients of their sources."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import log
from typing import Any

import pytest

from archsim.cost import CostRangeWarning, quote

PJ, FJ, UM2, MM2 = 1e-12, 1e-15, 1e-12, 1e-6

# Stillmaker's parabolas b2 V^2 + b1 V + b0, high performance, by node in nm.
_PARABOLAS = {
    130: (7.171, -6.709, 2.904),
    65: (3.755, -4.398, 1.975),
    45: (1.018, -0.3107, 0.1539),
    32: (0.8367, -0.4341, 0.1701),
    20: (0.373, -0.1582, 0.04104),
    14: (0.2363, -0.09675, 0.02239),
    10: (0.2068, -0.09311, 0.02375),
    7: (0.1776, -0.09097, 0.02447),
}


def switching(node: int, volts: float) -> float:
    """Energy of a switch, in Stillmaker's unit."""
    b2, b1, b0 = _PARABOLAS[node]
    return b2 * volts**2 + b1 * volts + b0


# At the nodes' usual supplies.
E130, E65, E45, E32 = switching(130, 1.2), switching(65, 1.0), switching(45, 0.9), switching(32, 0.9)
E20, E14, E7 = switching(20, 0.9), switching(14, 0.8), switching(7, 0.7)
# Areas relative to 45 nm.
A130, A65, A45, A32, A20, A14, A7 = 6.4, 1.5, 1.0, 0.46, 0.21, 0.17, 0.059


def between(at: float, one: tuple[float, float], other: tuple[float, float]) -> float:
    """The power law through two points."""
    (x, y), (x1, y1) = one, other
    return float(y * (y1 / y) ** (log(at / x) / log(x1 / x)))


# Aladdin's node lies between two of Stillmaker's.
E40 = between(40, (45, E45), (32, E32))
A40 = between(40, (45, A45), (32, A32))
# Its adder, multiplier, comparator and counter: watts over square metres.
LEAK_40 = (2.40 + 80.0 + 0.0251 + 0.321) * 1e-6 / ((278 + 6350 + 71 + 495.5) * UM2)
# Transistors of one threshold step more leak less by this (ASAP7's regular cells over low-threshold ones).
STEP = 1.08 / 10.3


def leaking(um2: float, energy: float, area: float) -> float:
    """Watts of so much silicon where a switch takes so much energy and logic so much area, in Stillmaker's units."""
    return um2 * UM2 * LEAK_40 * (energy / E40) / (area / A40)


@dataclass(frozen=True)
class Answer:
    """A quote in plain numbers: joules, square metres, watts, seconds."""

    energy: dict[str, float]
    words: dict[str, str]
    area: float | None
    leakage: float | None
    latency: float | None
    notes: tuple[str, ...]


def ask(kind: str, settings: str) -> Answer:
    """What a model says, whether within its range or not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CostRangeWarning)
        said = quote(kind, [settings])
    values = (said.area_m2, said.leakage_w, said.latency_s)
    area, leakage, latency = (None if figure is None else figure.value for figure in values)
    energies = {name: figure.value for name, figure in said.energy_j}
    words = {name: figure.formula for name, figure in said.energy_j}
    return Answer(energies, words, area, leakage, latency, said.notes)


def near(value: Any) -> Any:
    """A value or a dict of values to nine digits; ``pytest.approx`` alone takes all picojoules for equal."""
    return pytest.approx(value, rel=1e-9, abs=0)
