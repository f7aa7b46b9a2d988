"""Parameters: what may change from point to point, its values, and what a value does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from math import isclose, log10

import numpy as np

from archsim.chip.overrides import assignments
from archsim.errors import InputError
from archsim.exploration.schema import ChoicesPart, ParameterPart, RangePart, Scalar, ValuesPart
from archsim.units import SUGGESTED_UNITS, quantity

RUN_FIELDS = ("batch", "replicate", "interleave", "schedule", "chip")
"""What is no field of a chip and may be a parameter all the same."""
MOST_VALUES = 10_000
"""Of one range in steps."""
_MEASURE = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\D.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers between two ends.

    Parameters
    ----------
    low, high : float
        In ``unit``.
    unit : str
        Written behind the number; empty for none.
    whole : bool
        Whole numbers only.
    log : bool
        Drawn evenly in the logarithm.
    """

    low: float
    high: float
    unit: str
    whole: bool
    log: bool

    def written(self, number: float) -> Scalar:
        """A number as a value of the chip file."""
        if self.whole and not self.unit:
            return round(number)
        rounded = round(number) if self.whole else min(max(float(f"{number:.6g}"), self.low), self.high)
        text = f"{rounded:.12g}"
        return f"{text} {self.unit}" if self.unit else float(text)


@dataclass(frozen=True, slots=True)
class Listed:
    """Values one by one.

    Parameters
    ----------
    values : tuple of scalars
        Names of sub-descriptions where there are any.
    ordered : bool
        Whether they are numbers that grow, so that neighbours are alike.
    """

    values: tuple[Scalar, ...]
    ordered: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that changes from point to point.

    Parameters
    ----------
    name : str
    domain : Interval or Listed
    when : mapping of str to tuple
        Other parameters, and their values with which this one has a meaning.
    effects : mapping of scalar to (tuple of str, or copies by layer)
        What each choice sets, where a value is the name of a sub-description.
    """

    name: str
    domain: Interval | Listed
    when: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)
    effects: Mapping[Scalar, tuple[str, ...]] = field(default_factory=dict)
    copies: Mapping[Scalar, Mapping[str, int]] = field(default_factory=dict)

    @property
    def of_run(self) -> bool:
        """Whether it is a setting of the run and no field of the chip."""
        return self.name in RUN_FIELDS

    def overrides(self, value: Scalar) -> tuple[str, ...]:
        """What a value changes of the chip."""
        if value in self.effects:
            return self.effects[value]
        return assignments({self.name: value})


def parameter(name: str, part: ParameterPart, where: str) -> Parameter:
    """A parameter from its description.

    Raises
    ------
    InputError
        If it has no value.
    """
    place = f"{where}: parameters.{name}"
    when = {other: tuple(wanted) if isinstance(wanted, list) else (wanted,) for other, wanted in part.when.items()}
    if isinstance(part, ChoicesPart):
        return _chosen(name, part, when, place)
    if isinstance(part, ValuesPart):
        _refuse_twins(part.values, place)
        return Parameter(name, Listed(tuple(part.values), _grows(part.values)), when)
    return Parameter(name, _range(part, place), when)


def _chosen(name: str, part: ChoicesPart, when: Mapping[str, tuple[Scalar, ...]], place: str) -> Parameter:
    domain = Listed(tuple(part.choices), ordered=False)
    if name == "replicate":
        copies: dict[Scalar, Mapping[str, int]] = {
            choice: dict(layers or {}) for choice, layers in part.choices.items()
        }
        return Parameter(name, domain, when, copies=copies)
    if name in RUN_FIELDS:
        raise InputError(f"{name} has no parts to describe", where=place, remedy="Write its values as a list.")
    effects: dict[Scalar, tuple[str, ...]] = {
        choice: assignments(changes or {}) for choice, changes in part.choices.items()
    }
    return Parameter(name, domain, when, effects)


def _refuse_twins(values: list[Scalar], place: str) -> None:
    twins = [value for number, value in enumerate(values) if value in values[:number]]
    if twins:
        raise InputError(f"the value {twins[0]!r} stands there twice", where=place, remedy="Keep one of the two.")


def _grows(values: list[Scalar]) -> bool:
    numbers = [number for number in map(number_of, values) if number is not None]
    return len(numbers) == len(values) and all(np.diff(numbers) > 0)


def _measure(value: Scalar) -> tuple[float | None, str]:
    """A number and its unit; None where there is no number."""
    if isinstance(value, bool) or value is None:
        return None, ""
    found = _MEASURE.fullmatch(str(value))
    return (float(found[1]), (found[2] or "").strip()) if found else (None, "")


def number_of(value: Scalar) -> float | None:
    """The number in a value, in SI units where it has a unit; None where there is no number."""
    number, unit = _measure(value)
    # 0.1 us is 100 ns, whatever binary fractions make of it.
    return number if number is None or not unit else float(f"{number * _factor(unit):.12g}")


def written_number(value: Scalar) -> float | None:
    """The number in a value as it is written; None where there is none."""
    return _measure(value)[0]


@lru_cache(maxsize=256)
def _factor(unit: str) -> float:
    """What a unit is in SI units; 1 for one that nobody knows."""
    for known in SUGGESTED_UNITS:
        with suppress(InputError):
            return quantity(f"1 {unit}", known)
    return 1.0


def _range(part: RangePart, place: str) -> Interval | Listed:
    ends = [part.from_, part.to, *([] if part.step is None else [part.step])]
    measures = [_measure(end) for end in ends]
    if any(number is None for number, _ in measures):
        raise InputError(f"{ends} are no numbers", where=place, remedy="Write from and to as numbers, as '10 ns'.")
    if len({unit for _, unit in measures}) > 1:
        raise InputError(
            f"the ends have the units {', '.join(unit or 'none' for _, unit in measures)}",
            where=place,
            remedy="Write all of them in the same unit.",
        )
    low, high, *step = (float(number or 0.0) for number, _ in measures)
    whole = all(float(number or 0.0).is_integer() for number, _ in measures) and not any("." in str(e) for e in ends)
    interval = Interval(low, high, measures[0][1], whole, part.log)
    _check_range(interval, place)
    if step:
        return _stepped(interval, step[0], place)
    return interval if part.count is None else _counted(interval, part.count)


def _check_range(interval: Interval, place: str) -> None:
    if interval.low >= interval.high:
        raise InputError(
            f"there is nothing from {interval.low:g} to {interval.high:g}",
            where=place,
            remedy="Write the lower end first, or one value in a list.",
        )
    if interval.log and interval.low <= 0:
        raise InputError(
            f"{interval.low:g} has no logarithm", where=place, remedy="Let a logarithmic range begin above 0."
        )


def _stepped(interval: Interval, step: float, place: str) -> Listed:
    room = (interval.high - interval.low) / step if step > 0 else 0.0
    if not room + 1e-9 >= 1 or room >= MOST_VALUES:
        raise InputError(
            f"steps of {step:g} do not divide {interval.low:g} to {interval.high:g} into 1 to {MOST_VALUES:,}",
            where=place,
            remedy="Choose another step.",
        )
    numbers = interval.low + step * np.arange(int(room + 1e-9) + 1)
    return Listed(tuple(interval.written(float(number)) for number in numbers), ordered=True)


def _counted(interval: Interval, count: int) -> Listed:
    if interval.log:
        numbers = np.logspace(log10(interval.low), log10(interval.high), count)
    else:
        numbers = np.linspace(interval.low, interval.high, count)
    ends = [end if isclose(end, n) else n for end, n in ((interval.low, numbers[0]), (interval.high, numbers[-1]))]
    numbers[0], numbers[-1] = ends
    return Listed(tuple(dict.fromkeys(interval.written(float(number)) for number in numbers)), ordered=True)
