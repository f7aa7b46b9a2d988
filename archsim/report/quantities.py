"""Numbers as an engineer writes them: few digits, a prefix, a unit."""

from __future__ import annotations

from math import floor, isfinite, log10

DIGITS = 4
"""Significant digits of a figure in a report."""
LEAST_SHARE = 1e-3
"""Shares below it are not told apart."""
_PREFIXES = ("a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E")
_UNITY = _PREFIXES.index("")
_MM2, _UM2 = 1e-6, 1e-12
SMALL_M2 = 0.01 * _MM2
"""Areas below it are written in square micrometres."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def engineering(value: float, unit: str = "", *, digits: int = DIGITS) -> str:
    """Write a value with an SI prefix.

    Parameters
    ----------
    value : float
        In ``unit``.
    unit : str
        An SI unit that takes a prefix; empty for a plain number.
    digits : int
        Significant digits.

    Examples
    --------
    >>> engineering(0.0016965, "s")
    '1.697 ms'
    >>> engineering(999.96, "J")
    '1 kJ'
    """
    if value == 0 or not isfinite(value):
        return f"{value:g} {unit}".strip()
    rounded = float(f"{value:.{digits}g}")
    step = min(max(floor(log10(abs(rounded)) / 3 + 1e-12), -_UNITY), len(_PREFIXES) - 1 - _UNITY)
    number = significant(rounded / 1000.0**step, digits=digits)
    return f"{number} {_PREFIXES[_UNITY + step]}{unit}".strip()


def joules(energy_j: float) -> str:
    """Write an energy with an SI prefix."""
    return engineering(energy_j, "J")


def significant(value: float, *, digits: int = DIGITS) -> str:
    """Write a number in full, with so many significant digits and spaces between thousands.

    Examples
    --------
    >>> significant(20138.9)
    '20 140'
    >>> significant(0.00382256)
    '0.003823'
    """
    if value == 0 or not isfinite(value):
        return f"{value:g}"
    places = digits - 1 - floor(log10(abs(float(f"{value:.{digits}g}"))))
    text = f"{round(value, places):,.{max(0, places)}f}".replace(",", " ")
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """Write a share of 1 in per cent, to a tenth of one.

    Examples
    --------
    >>> percent(0.0526967)
    '5.3 %'
    """
    if 0 < share < LEAST_SHARE:
        return f"< {100.0 * LEAST_SHARE:.1f} %"
    return f"{100.0 * share:.1f} %"


def square_metres(area_m2: float) -> str:
    """Write an area, in square millimetres or micrometres.

    Examples
    --------
    >>> square_metres(0.000559467)
    '559.5 mm²'
    >>> square_metres(1e-9)
    '1 000 µm²'
    """
    if 0 < area_m2 < SMALL_M2:
        return f"{significant(area_m2 / _UM2)} µm²"
    return f"{significant(area_m2 / _MM2)} mm²"


def whole(count: int) -> str:
    """Write a count in full, with spaces between thousands."""
    return f"{count:,}".replace(",", " ")


def counted(count: int, noun: str) -> str:
    """Write a count with its noun: ``1 chip``, ``75 tiles``."""
    return f"{whole(count)} {noun}{'' if count == 1 else 's'}"


def bar(share: float, width: int = 10) -> str:
    """Draw a share of 1 as a bar of at most ``width`` characters, to an eighth of one."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")
