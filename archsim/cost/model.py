"""What a cost model is, and how one is declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import TypeVar, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from archsim.cost.estimate import Estimate, Kind
from archsim.cost.settings import Settings, Unit, Value, Values
from archsim.errors import InputError

S = TypeVar("S", bound=Settings)

MOST_KEPT = 256
"""Estimates that a model keeps, those asked for last."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a cost model.

    Parameters
    ----------
    name, unit : str
        The SI unit, empty for a plain number or word.
    default : str
        As text; ``required`` where there is none.
    """

    name: str
    unit: str
    default: str


@dataclass(frozen=True, slots=True)
class CostModel:
    """A named way to price a kind of component.

    Parameters
    ----------
    name : str
        As written in a chip file's ``cost.model``.
    kind : Kind
    parameters : tuple of Parameter
    source : str
        Where formula and coefficients come from.
    validity : str
        The range it was fitted in.
    estimate : callable
        From parameter values to an `Estimate`; raises InputError for impossible ones.
    sorts : tuple of str
        What the chip file's ``kind`` of such a component may be; empty where any may.
    """

    name: str
    kind: Kind
    parameters: tuple[Parameter, ...]
    source: str
    validity: str
    estimate: Callable[[Values], Estimate]
    sorts: tuple[str, ...] = ()
    _names: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", frozenset(parameter.name for parameter in self.parameters))

    def prices(self, sort: object) -> bool:
        """Whether the model prices this sort of component, by the chip file's ``kind`` of it."""
        return not self.sorts or sort in self.sorts

    def accepts(self, parameter: str) -> bool:
        """Whether the model has a parameter of this name."""
        return parameter in self._names


def declare(
    name: str,
    kind: Kind,
    settings: type[S],
    estimate: Callable[[S], Estimate],
    *,
    source: str,
    validity: str,
    sorts: tuple[str, ...] = (),
) -> CostModel:
    """Make a cost model of a settings class and a function; see `CostModel` for what else describes it.

    Examples
    --------
    A package adds its own by an entry point in the group ``archsim.cost_models`` that names a `CostModel` or a tuple of
    them:

    >>> class MySettings(Process):
    ...     bits: Count
    >>> def my_adc(settings: MySettings) -> Estimate: ...
    >>> MINE = declare("mine", Kind.ADC, MySettings, my_adc, source="my paper", validity="8 bits at 22 nm")
    """
    where = f"cost model {name!r} of {kind}"

    # Most components of a chip stay as they are from one variant of it to the next. Numbers that are equal but differ
    # (1 and 1.0, 0.0 and -0.0) have different texts.
    @lru_cache(maxsize=MOST_KEPT)
    def kept(told: tuple[tuple[str, str, Value], ...]) -> Estimate:
        return estimate(_validated(settings, {name: value for name, _, value in told}, where))

    def bound(values: Values) -> Estimate:
        return kept(tuple((name, repr(value), value) for name, value in values.items()))

    parameters = tuple(_parameter(key, field) for key, field in settings.model_fields.items())
    return CostModel(name, kind, parameters, source, validity, bound, sorts)


def nearest(word: str, known: tuple[str, ...]) -> str:
    """The remedy for a word that nobody knows: its nearest neighbour, or all of them."""
    close = get_close_matches(word, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known) or 'none'}."


def _parameter(name: str, field: FieldInfo) -> Parameter:
    units = [part.symbol for part in _metadata(field) if isinstance(part, Unit)]
    default = "required" if field.is_required() else "from the others" if field.default is None else str(field.default)
    return Parameter(name, units[0] if units else "", default)


def _metadata(field: FieldInfo) -> tuple[object, ...]:
    """What a parameter's type bears; that of an optional one bears it within its union."""
    optional = (part for option in get_args(field.annotation) for part in get_args(option)[1:])
    return (*field.metadata, *optional)


def _validated(settings: type[S], values: Values, where: str) -> S:
    unknown = [name for name in values if name not in settings.model_fields]
    if unknown:
        raise InputError(
            f"there is no parameter {unknown[0]!r}",
            where=where,
            remedy=nearest(unknown[0], tuple(settings.model_fields)),
        )
    try:
        return settings.model_validate(values)
    except ValidationError as error:
        raise _input_error(error, where) from None


def _input_error(error: ValidationError, where: str) -> InputError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"][:1])
    if first["type"] == "missing":
        return InputError(f"parameter {name!r} is missing", where=where, remedy=f"Give it: {name}=...")
    reason = first["msg"].removeprefix("Value error, ")
    return InputError(
        f"parameter {name!r} cannot be {first['input']!r}: {reason}",
        where=where,
        remedy="Give a value within the stated limits.",
    )
