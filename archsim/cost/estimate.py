"""The answer of a cost model, and the words in which it explains itself."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import floor, log10

from archsim.cost.bill import Figure
from archsim.machine.part import Kind as Kind

PJ, FJ = 1e-12, 1e-15
UM2, MM2 = 1e-12, 1e-6


class CostRangeWarning(UserWarning):
    """A cost model was used outside the range that it was fitted in."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a model says of one instance.

    Parameters
    ----------
    energy_j : tuple of (str, Figure)
        Joules per action.
    area_m2, leakage_w : Figure or None
        None where the model's source says nothing: the chip file must then give the number.
    latency_s : Figure or None
        Seconds of one action, where the source gives them.
    notes : tuple of str
        Parameters outside the fitted range, and what was done about them.
    """

    energy_j: tuple[tuple[str, Figure], ...]
    area_m2: Figure | None
    leakage_w: Figure | None
    latency_s: Figure | None = None
    notes: tuple[str, ...] = ()


def warn_about(notes: tuple[str, ...]) -> None:
    """Raise each note as a Python warning."""
    for note in notes:
        warnings.warn(note, CostRangeWarning, stacklevel=3)


def range_notes(name: str, value: float, low: float, high: float) -> tuple[str, ...]:
    """A sentence if a value is outside a fitted range, nothing otherwise."""
    slack = 1e-9 * abs(value)
    if low - slack <= value <= high + slack:
        return ()
    return (f"{name} {value:g} is outside the fitted {low:g} to {high:g}",)


_PREFIXES = "yzafpnum kMGTPEZY"


def engineering(value: float, unit: str) -> str:
    """Write a value with an SI prefix, as ``1.67 pJ``."""
    if value == 0:
        return f"0 {unit}"
    index = min(max(floor(log10(abs(value)) / 3), -8), 8)
    return f"{value / 1000.0**index:.4g} {_PREFIXES[index + 8].strip()}{unit}"


def square(value: float) -> str:
    """Write an area in square micrometres or millimetres."""
    return f"{value / MM2:.4g} mm^2" if value >= 0.01 * MM2 else f"{value / UM2:.4g} um^2"
