"""Published values as people write them: ``41.3 TOPS``, ``10.5 TOPS/W``, ``49 %``, ``65.8 W``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from math import isfinite

from archsim.errors import InputError
from archsim.units import quantity

_MM2 = 1e-6
_NUMBER = re.compile(r"\s*([+-]?\d[\d,]*\.?\d*(?:[eE][+-]?\d+)?)\s*(\S.*?)?\s*")


class Dimension(Enum):
    """What a value measures; the member's value is the SI unit of its bare number."""

    POWER = "W"
    AREA = "m^2"
    TIME = "s"
    ENERGY = "J"
    STORAGE = "bit"
    OPERATIONS = "op"
    OPERATION_RATE = "op/s"
    EFFICIENCY = "op/J"
    DENSITY = "op/s/m^2"
    POWER_DENSITY = "W/m^2"
    SAMPLE_RATE = "samples/s"
    SAMPLES_PER_ENERGY = "samples/J"
    SHARE = "1"
    RATIO = "x"
    COUNT = "count"


_UNITS: Mapping[Dimension, Mapping[str, float]] = {
    Dimension.OPERATIONS: {"op": 1.0, "Mop": 1e6, "Gop": 1e9, "Top": 1e12},
    Dimension.OPERATION_RATE: {"TOPS": 1e12, "GOPS": 1e9, "op/s": 1.0},
    Dimension.EFFICIENCY: {"TOPS/W": 1e12, "GOP/s/W": 1e9, "op/J": 1.0},
    Dimension.DENSITY: {"TOPS/mm^2": 1e12 / _MM2, "GOP/s/mm^2": 1e9 / _MM2, "op/s/m^2": 1.0},
    Dimension.POWER_DENSITY: {"W/mm^2": 1.0 / _MM2, "W/m^2": 1.0},
    Dimension.SAMPLE_RATE: {"samples/s": 1.0},
    Dimension.SAMPLES_PER_ENERGY: {"samples/s/W": 1.0},
    Dimension.SHARE: {"%": 0.01, "": 1.0},
    Dimension.RATIO: {"x": 1.0},
    Dimension.COUNT: {"": 1.0},
}


@dataclass(frozen=True, slots=True)
class Value:
    """A value with the unit that it was written in.

    Parameters
    ----------
    si : float
        In the SI unit of its dimension.
    scale : float
        SI units in one of ``unit``.
    unit : str
        As written; empty for a plain number.
    """

    si: float
    scale: float
    unit: str

    @property
    def number(self) -> float:
        """As written."""
        return self.si / self.scale

    def like(self, si: float) -> Value:
        """Another value in the same unit."""
        return Value(si, self.scale, self.unit)


def read_value(text: str, dimension: Dimension) -> Value:
    """Read a value with its unit.

    Parameters
    ----------
    text : str
        Such as ``"483.5 GOP/s/mm^2"``; thousands may be divided by commas.
    dimension : Dimension

    Raises
    ------
    InputError
        If there is no number, or the unit is not one of the dimension's.
    """
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise InputError(f"{text!r} is not a value", remedy=f"Write a number and a unit, as '1 {_example(dimension)}'.")
    number, unit = float(found[1].replace(",", "")), found[2] or ""
    scale = _scale(text, unit, dimension)
    if not isfinite(number) or number <= 0:
        raise InputError(
            f"{text!r} is not a positive value", remedy="Give what was published; it is compared by ratio."
        )
    return Value(number * scale, scale, unit)


def read_share(text: str) -> float:
    """Read a share such as ``"2 %"`` as a fraction of 1.

    Raises
    ------
    InputError
        If it is none, or not between 0 and 1.
    """
    share = read_value(text, Dimension.SHARE).si
    if share >= 1:
        raise InputError(f"{text!r} is not below 100 %", remedy="Write a share such as '2 %'.")
    return share


def read_factor(text: str) -> float | None:
    """Read ``"factor 2"``; None where it is of another form.

    Raises
    ------
    InputError
        If there is a factor that is not above 1.
    """
    word, _, number = text.partition(" ")
    if word != "factor":
        return None
    factor = read_value(number, Dimension.COUNT).si
    if factor <= 1:
        raise InputError(f"{text!r} is not above 1", remedy="Write a factor such as 'factor 2'.")
    return factor


def _scale(text: str, unit: str, dimension: Dimension) -> float:
    units = _UNITS.get(dimension)
    if units is None:
        return quantity(f"1 {unit}", dimension.value)
    if unit not in units:
        known = ", ".join(name or "none" for name in units)
        raise InputError(f"{text!r}: {unit!r} is no unit of {dimension.name.lower()}", remedy=f"Units here: {known}.")
    return units[unit]


def _example(dimension: Dimension) -> str:
    return next(iter(_UNITS.get(dimension, {dimension.value: 1.0})))
