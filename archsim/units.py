"""Quantities as people write them ("40 ns", "0.63 mm^2") and as the simulator holds them (SI floats, picoseconds)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from math import ceil, isfinite
from typing import TYPE_CHECKING

from archsim.errors import InputError
from archsim.unit_roots import ROOTS

if TYPE_CHECKING:
    import pint

PS_PER_S = 1_000_000_000_000

SUGGESTED_UNITS: Mapping[str, tuple[str, ...]] = {
    "s": ("ns", "ps", "us", "ms", "s"),
    "m": ("nm", "um", "mm", "m"),
    "m^2": ("mm^2", "um^2", "nm^2", "m^2"),
    "J": ("pJ", "fJ", "aJ", "nJ", "uJ", "mJ", "J"),
    "W": ("mW", "pW", "nW", "uW", "W", "kW"),
    "Hz": ("GHz", "MHz", "kHz", "Hz"),
    "V": ("V", "mV"),
    "ohm": ("ohm", "mohm", "kohm"),
    "S": ("uS", "nS", "pS", "mS", "S"),
    "K": ("K",),
    "F": ("fF", "aF", "pF", "nF", "F"),
    "bit": ("bit", "B", "KiB", "MiB", "GiB", "kbit", "Mbit", "GB"),
    "bit/s": ("GB/s", "Gbit/s", "MB/s", "Mbit/s", "TB/s", "bit/s"),
    "J/bit": ("pJ/bit", "fJ/bit", "J/bit"),
}
"""Units to write each SI unit in; the first is the one that a chip architect would expect."""

PLAUSIBLE: Mapping[str, tuple[float, float]] = {
    "s": (1e-15, 1.0),
    "m": (1e-10, 1.0),
    "m^2": (1e-20, 1.0),
    "J": (1e-24, 1e3),
    "W": (1e-18, 1e6),
    "Hz": (1e3, 1e12),
    "V": (1e-3, 1e4),
    "ohm": (1e-9, 1e18),
    "S": (1e-18, 1e6),
    "K": (1.0, 2e3),
    "F": (1e-24, 1.0),
    "F/m": (1e-18, 1.0),
    "bit": (1.0, 1e18),
    "bit/s": (1e3, 1e18),
    "J/bit": (1e-24, 1e3),
    "W/bit": (1e-24, 1.0),
}
"""Least and largest value of each SI unit in a chip: wider than anything built, and what the arithmetic can hold."""

# One digit per exponent: what stands in a file must not make the unit parser compute 9**9**9.
_UNIT = r"[A-Za-zµμΩ]+(?:²|³|(?:\^|\*\*)-?\d)?"
_QUANTITY = re.compile(rf"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*({_UNIT}(?:\s*[*/]\s*{_UNIT})*|)\s*")


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry[float]:
    # Loading pint and building the registry take half a second: once, and only for a unit that is not known here.
    import pint

    try:
        cached: pint.UnitRegistry[float] = pint.UnitRegistry(cache_folder=":auto:")
    except OSError:
        uncached: pint.UnitRegistry[float] = pint.UnitRegistry()
        return uncached
    return cached


@lru_cache(maxsize=256)
def _root(unit: str) -> tuple[float, str]:
    """A unit in the registry's base units: the factor, and the base units as text (bits are among them)."""
    return ROOTS.get(unit) or asked_root(unit)


def asked_root(unit: str) -> tuple[float, str]:
    """What pint says of a unit.

    Raises
    ------
    ValueError
        If it knows no such unit.
    """
    import pint

    try:
        root = _registry().Quantity(1.0, _registry().parse_units(unit)).to_root_units()
    except (pint.PintError, TypeError, AssertionError, AttributeError, SyntaxError, OverflowError) as error:
        raise ValueError(f"no unit {unit}") from error
    return float(root.magnitude), str(root.units)


def _example(unit: str) -> str:
    return SUGGESTED_UNITS.get(unit, (unit,))[0]


@lru_cache(maxsize=4096)
def quantity(text: str, unit: str, example: str = "") -> float:
    """Read a quantity with its unit.

    Parameters
    ----------
    text : str
        Such as ``"40 ns"``.
    unit : str
        The SI unit that it is wanted in, as ``"s"``, ``"m^2"``, ``"bit/s"``.
    example : str
        The unit to suggest; where not given, that which a chip architect would expect.

    Returns
    -------
    float
        The value in ``unit``.

    Raises
    ------
    InputError
        If there is no number, no unit, or a unit of another dimension (bits count as one).
    """
    example = example or _example(unit)
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise InputError(f"{text!r} is not a quantity", remedy=f"Write it as '1 {example}'.")
    number, given = found.groups()
    if not given:
        raise InputError(f"{text!r} has no unit", remedy=f"Write '{number} {example}'.")
    value = float(number) * _factor(text, given, unit, example)
    if not isfinite(value):
        raise InputError(f"{text!r} is not a finite quantity", remedy=f"Write it as '1 {example}'.")
    return value


def same_unit(unit: str, into: str) -> float:
    """How many of one unit another is; 1 where both are none.

    Raises
    ------
    ValueError
        If they are not of one dimension.

    Examples
    --------
    >>> same_unit("pJ", "fJ")
    1000.0
    """
    if unit == into:
        return 1.0
    if not unit or not into:
        raise ValueError(f"{unit or into!r} beside a number without a unit")
    (factor, root), (other, other_root) = _root(unit), _root(into)
    if root != other_root:
        raise ValueError(f"{unit!r} is not of the dimension of {into!r}")
    return factor / other


def implausible(value: float, unit: str) -> str:
    """What is wrong with a quantity that no chip can have, in words; empty where nothing is, or where it is zero."""
    low, high = PLAUSIBLE[unit]
    if value == 0 or low <= value <= high:
        return ""
    return f"{_rounded(value, unit)} is outside {_rounded(low, unit)} to {_rounded(high, unit)}"


def _rounded(value: float, unit: str) -> str:
    """A quantity in the unit that makes it shortest."""
    units = (*SUGGESTED_UNITS.get(unit, ()), unit)
    return min((f"{value * _root(unit)[0] / _root(written)[0]:.4g} {written}" for written in units), key=len)


def _factor(text: str, given: str, unit: str, example: str) -> float:
    try:
        factor, base = _root(given)
    except ValueError:
        raise InputError(
            f"{text!r}: there is no unit {given!r}", remedy=f"Write a quantity such as '1 {example}'."
        ) from None
    wanted_factor, wanted = _root(unit)
    if base != wanted:
        raise InputError(
            f"{text!r} is in {given}, where {unit} is meant", remedy=f"Write a quantity such as '1 {example}'."
        )
    return factor / wanted_factor


def format_quantity(value: float, unit: str) -> str:
    """Write a quantity so that ``quantity`` reads the very same float back, as shortly as that allows.

    Parameters
    ----------
    value : float
        In ``unit``; finite.
    unit : str
        An SI unit, as ``"s"``, ``"m^2"``.

    Examples
    --------
    >>> format_quantity(4e-08, "s")
    '40 ns'
    """
    candidates = (_in_unit(value, unit, written) for written in (*SUGGESTED_UNITS.get(unit, ()), unit))
    return min((text for text in candidates if quantity(text, unit) == value), key=len, default=f"{value!r} {unit}")


def _in_unit(value: float, unit: str, written: str) -> str:
    number = value * _root(unit)[0] / _root(written)[0]
    text = f"{number:.15g}"
    return f"{text} {written}" if isfinite(number) else f"{value!r} {unit}"


def picoseconds(seconds: float, period_ps: int = 1) -> int:
    """Duration in whole picoseconds, rounded up to a multiple of a clock's period and never below one period.

    Parameters
    ----------
    seconds : float
        The duration; not negative.
    period_ps : int
        The clock's period.
    """
    exact_ps = seconds * PS_PER_S
    whole_ps = round(exact_ps)
    # A duration such as 0.1 ns is not exact in binary: a femtosecond of slack (or, beyond seconds, the float's own
    # resolution) keeps it from becoming one tick more.
    if abs(exact_ps - whole_ps) > max(1e-3, 4e-16 * exact_ps):
        whole_ps = ceil(exact_ps)
    return max(1, -(-whole_ps // period_ps)) * period_ps


@lru_cache(maxsize=256)
def period_ps(frequency_hz: float) -> int:
    """Period of a clock in whole picoseconds, rounded to the nearest."""
    return max(1, round(PS_PER_S / frequency_hz))
