"""The space of a study: its parameters, which combinations are points, and what a point is on a chip."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

from archsim.chip.nearness import nearest
from archsim.chip.paths import unknown_path
from archsim.errors import InputError
from archsim.exploration.comparison import Comparison, Sign, read_comparison
from archsim.exploration.parameters import RUN_FIELDS, Listed, Parameter, number_of, parameter
from archsim.exploration.schema import Kind, Scalar, Study
from archsim.simulation import Settings

MOST_GRID = 1_000_000
"""Points of a grid."""


@dataclass(frozen=True, slots=True)
class Point:
    """The values of those parameters that have a meaning together, in the study's order."""

    values: tuple[tuple[str, Scalar], ...]

    @property
    def key(self) -> str:
        """Two points are the same if their keys are."""
        return json.dumps(self.values)

    def get(self, name: str) -> Scalar:
        """A parameter's value; None where it has no meaning here."""
        return next((value for parameter, value in self.values if parameter == name), None)


@dataclass(frozen=True, slots=True)
class Variant:
    """What a point is: a chip with changes, and how networks are run on it.

    Parameters
    ----------
    chip : str
        A preset's name or a file.
    overrides : tuple of str
    settings : Settings
    batch_given : bool
        Whether the point itself says how many samples run.
    """

    chip: str
    overrides: tuple[str, ...]
    settings: Settings
    batch_given: bool


class Space:
    """All points of a study.

    Parameters
    ----------
    study : Study
    where : str
        What messages call it.
    folder : Path
        Where chip files lie that a parameter names.

    Raises
    ------
    InputError
        If a parameter or a condition names something that there is not, or has no value.
    """

    def __init__(self, study: Study, where: str = "study", folder: Path = Path()) -> None:
        self.study, self.where, self._folder = study, where, folder
        self.parameters = tuple(parameter(name, part, where) for name, part in study.parameters.items())
        self._by_name = {one.name: one for one in self.parameters}
        self.requirements = tuple(read_comparison(text, f"{where}: require") for text in study.require)
        for one in self.parameters:
            self._check_conditions(one)
        for required in self.requirements:
            self._check_requirement(required)

    @property
    def size(self) -> int | None:
        """Combinations of listed values, conditions aside; None where a parameter takes any value of a range."""
        domains = [one.domain for one in self.parameters]
        return prod(len(d.values) for d in domains if isinstance(d, Listed)) if self.listed else None

    @property
    def listed(self) -> bool:
        """Whether all values are listed."""
        return all(isinstance(one.domain, Listed) for one in self.parameters)

    def point(self, genes: Mapping[str, Scalar]) -> Point | None:
        """The point with these values, of which those without a meaning are left out; None where it is not allowed."""
        kept: dict[str, Scalar] = {}
        for one in self.parameters:
            if all(other in kept and kept[other] in wanted for other, wanted in one.when.items()):
                kept[one.name] = genes[one.name]
        if not all(_holds(required, kept) for required in self.requirements):
            return None
        return Point(tuple(kept.items()))

    def variant(self, point: Point) -> Variant:
        """What a point is."""
        run, chip = self.study.run, self.study.chip
        order = [] if run.schedule is None else [f"mapping.schedule.order={run.schedule}"]
        overrides = [*self.study.set, *order]
        settings = Settings(run.batch, run.replicate, run.interleave, within=run.within)
        batch_given = False
        for name, value in point.values:
            known = self._by_name[name]
            if name == "chip":
                chip = beside(str(value), self._folder)
            elif name == "schedule":
                overrides.append(f"mapping.schedule.order={value}")
            elif known.of_run:
                changed: dict[str, Any] = {name: known.copies.get(value, value)}
                settings = replace(settings, **changed)
                batch_given = batch_given or name == "batch"
            else:
                overrides += known.overrides(value)
        return Variant(chip, tuple(overrides), settings, batch_given)

    def check(self) -> None:
        """See that every path is one of the chip, before anything runs.

        Raises
        ------
        InputError
            With the nearest one that there is.
        """
        if self.study.method.kind is Kind.GRID:
            self._check_grid()
        for one in self.parameters:
            for value, path in _paths(one):
                self._check_path(one, value, path)
        self._check_acting()

    def _check_grid(self) -> None:
        unlisted = [one.name for one in self.parameters if not isinstance(one.domain, Listed)]
        if unlisted:
            raise InputError(
                f"a grid does not know which values of {unlisted[0]} to take",
                where=f"{self.where}: parameters.{unlisted[0]}",
                remedy="Give step, or count, or take another method.",
            )
        if (self.size or 0) > MOST_GRID:
            raise InputError(
                f"the grid has {self.size:,} points",
                where=f"{self.where}: method",
                remedy=f"At most {MOST_GRID:,} make a grid: take fewer values, or quasi-random, nsga2 or tpe.",
            )

    def _check_path(self, one: Parameter, value: Scalar, path: str) -> None:
        """Whether the chip has a path, as it is or with some of the other sub-descriptions."""
        faults = []
        for chip in self.chips:
            for others in ((), *self._contexts):
                fault = unknown_path(chip, (*self.study.set, *others), path)
                if fault is None:
                    return
                faults.append(fault)
        first = faults[0]
        name = f"parameters.{one.name}" if value is None else f"parameters.{one.name}.choices.{value}"
        near = nearest(one.name, RUN_FIELDS) if "." not in one.name else None
        remedy = f"Did you mean {near!r}?" if near else first.remedy
        raise InputError(first.what, where=f"{self.where}: {name}", remedy=remedy)

    def _check_acting(self) -> None:
        """Refuse what does nothing, since a parameter says something else of the same in every point."""
        always = [one.name for one in self.parameters if not one.when]
        run = self.study.run.model_fields_set
        said = {
            **{f"networks.{name}.batch": "batch" for name, part in self.study.networks.items() if part.batch},
            **{f"set: {change}": change.partition("=")[0].strip() for change in self.study.set},
            **{f"run.{field}": field for field in RUN_FIELDS if field in run},
            **{
                f"parameters.{one.name}.choices.{value}": path
                for number, one in enumerate(self.parameters)
                for value, path in _paths(one)
                if one.effects and any(other.name == path for other in self.parameters[number:])
            },
        }
        for place, field in said.items():
            if field in always:
                raise InputError(
                    f"does nothing: the parameter {field} says it of every point",
                    where=f"{self.where}: {place}",
                    remedy="Take it out, or say with 'when' in which points the parameter has a meaning.",
                )

    @cached_property
    def chips(self) -> tuple[str, ...]:
        """The base chips: the study's, or those that a parameter takes."""
        known = self._by_name.get("chip")
        if known is None or not isinstance(known.domain, Listed):
            return (self.study.chip,)
        return tuple(beside(str(value), self._folder) for value in known.domain.values)

    @property
    def _contexts(self) -> Iterator[tuple[str, ...]]:
        """What each sub-description sets."""
        for one in self.parameters:
            yield from one.effects.values()

    def _check_conditions(self, one: Parameter) -> None:
        place = f"{self.where}: parameters.{one.name}.when"
        before = [other.name for other in self.parameters[: self.parameters.index(one)]]
        for other, wanted in one.when.items():
            if other not in before:
                raise _unknown_parameter(other, before, place, "before it")
            domain = self._by_name[other].domain
            odd = [value for value in wanted if isinstance(domain, Listed) and value not in domain.values]
            if odd:
                raise InputError(f"{other} is never {odd[0]!r}", where=place, remedy=f"Its values: {_shown(domain)}.")

    def _check_requirement(self, required: Comparison) -> None:
        if required.left not in self._by_name:
            raise _unknown_parameter(required.left, self._by_name, f"{self.where}: require", "in this study")
        if required.right in self._by_name or number_of(required.right) is not None:
            return
        domain = self._by_name[required.left].domain
        if not isinstance(domain, Listed) or required.right not in map(str, domain.values):
            raise _unknown_parameter(required.right, self._by_name, f"{self.where}: require", "in this study")
        if required.sign not in (Sign.SAME, Sign.OTHER):
            raise InputError(
                f"{required.right!r} is no number to compare with",
                where=f"{self.where}: require",
                remedy="Write == or != between a parameter and a word.",
            )


def beside(name: str, folder: Path) -> str:
    """A file beside the study, if there is one of that name; else the name."""
    return str(folder / name) if (folder / name).is_file() else name


def _paths(one: Parameter) -> Iterator[tuple[Scalar, str]]:
    """The fields that a parameter sets, and for which of its choices."""
    if one.effects:
        for choice, changes in one.effects.items():
            for change in changes:
                yield choice, change.partition("=")[0]
    elif not one.of_run:
        yield None, one.name


def _unknown_parameter(name: str, known: Mapping[str, Parameter] | list[str], where: str, which: str) -> InputError:
    near = nearest(name, known)
    remedy = f"Did you mean {near!r}?" if near else f"Parameters {which}: {', '.join(known) or 'none'}."
    return InputError(f"there is no parameter {name!r} {which}", where=where, remedy=remedy)


def _shown(domain: object) -> str:
    return ", ".join(map(repr, domain.values)) if isinstance(domain, Listed) else "those of its range"


def _holds(required: Comparison, values: Mapping[str, Scalar]) -> bool:
    """Whether a requirement is kept; where a parameter has no meaning there is nothing to keep."""
    if required.left not in values:
        return True
    left = values[required.left]
    right = values.get(required.right, required.right)
    numbers = number_of(left), number_of(right)
    if None not in numbers:
        return required.sign.holds(*numbers)
    return required.sign.holds(str(left), str(right))


def batch_of(variant: Variant, own: int | None) -> int:
    """Samples that a network runs: those of the point, else its own, else the study's."""
    return variant.settings.batch if variant.batch_given or own is None else own
