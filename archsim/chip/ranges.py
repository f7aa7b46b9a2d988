"""Ranges of numbers in chip files: ``42 fJ ± 20 %``, ``42 fJ ± 5 fJ``, ``42 fJ [30 fJ, 60 fJ]``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from archsim.errors import InputError
from archsim.units import same_unit

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_VALUE = rf"\s*({_NUMBER})\s*([^\d\s,\[\]±%][^,\[\]±]*?|)\s*"
_AROUND = re.compile(rf"{_VALUE}±\s*({_NUMBER})\s*([^,\[\]±]*?)\s*")
_ENDS = re.compile(rf"{_VALUE}\[{_VALUE},{_VALUE}\]\s*")
_STARTS = re.compile(rf"\s*{_NUMBER}")
_WRITE = "Write it as '42 fJ ± 20 %' or '42 fJ [30 fJ, 60 fJ]'."


@dataclass(frozen=True, slots=True)
class Range:
    """A number and between what it lies, each as it would stand in a file alone.

    Parameters
    ----------
    value, low, high : str
    """

    value: str
    low: str
    high: str


def read_range(text: str, origin: str) -> Range | None:
    """Read a number with its range; None for a text that has none.

    Raises
    ------
    InputError
        If the range excludes its value, or is a share of more than all of it.
    """
    if around := _AROUND.fullmatch(text):
        return _around(around.groups(), origin)
    if ends := _ENDS.fullmatch(text):
        return _between(ends.groups(), text, origin)
    if "±" in text and _STARTS.match(text):
        raise InputError(f"{text!r} has no range that can be read", where=origin, remedy=_WRITE)
    return None


def _around(groups: tuple[str, ...], origin: str) -> Range:
    number, unit, step, step_unit = groups
    value, size = float(number), abs(float(step))
    if step_unit == "%":
        if size > 100.0:
            raise InputError(
                f"± {step} % is more than the whole number", where=origin, remedy="Give at most ± 100 %, or two ends."
            )
        size *= abs(value) / 100.0
    else:
        size *= _factor(step_unit, unit, origin)
    return Range(_written(number, unit), _with(value - size, unit), _with(value + size, unit))


def _between(groups: tuple[str, ...], text: str, origin: str) -> Range:
    number, unit, low, low_unit, high, high_unit = groups
    ends = (float(low) * _factor(low_unit, unit, origin), float(high) * _factor(high_unit, unit, origin))
    if not ends[0] <= float(number) <= ends[1]:
        raise InputError(
            f"the range of {text.strip()!r} excludes its value",
            where=origin,
            remedy="Write the lower end first, and the value between both ends.",
        )
    return Range(_written(number, unit), _written(low, low_unit), _written(high, high_unit))


def _factor(unit: str, into: str, origin: str) -> float:
    try:
        return same_unit(unit, into)
    except ValueError as error:
        raise InputError(str(error), where=origin, remedy=_WRITE) from None


def _with(value: float, unit: str) -> str:
    return _written(f"{value:.12g}", unit)


def _written(number: str, unit: str) -> str:
    return f"{number} {unit}".strip()
