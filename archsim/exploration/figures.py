"""Figures that a study can ask for: those of the headline of each network, and those of accuracy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import exp, isfinite, log

from archsim.accounting import Headline
from archsim.accounting.headline import GenerationFigures
from archsim.chip.nearness import nearest
from archsim.comparison import GAINS
from archsim.errors import InputError
from archsim.exploration.comparison import Comparison, Sign, read_comparison
from archsim.exploration.schema import Goal, Study
from archsim.units import quantity

HEADLINE = tuple(field.name for field in fields(Headline) if field.type in ("int", "float"))
GENERATION = tuple(field.name for field in fields(GenerationFigures) if field.type != "int")
ACCURACY = ("accuracy", "accuracy_least", "accuracy_spread", "accuracy_lost")
SHARES = ("leakage_share", "idle_share", "array_utilisation", "cell_utilisation")
"""Figures between 0 and 1."""
_UNITS = {"s": "s", "j": "J", "w": "W", "m2": "m^2"}

Values = Mapping[str, float]
"""Figures by name."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of all networks, or of one.

    Parameters
    ----------
    name : str
        Such as ``latency_s``.
    network : str
        Empty for all.
    """

    name: str
    network: str = ""

    def __str__(self) -> str:
        return f"{self.name} of {self.network}" if self.network else self.name

    def meets(self, other: Figure) -> bool:
        """Whether there is a network whose figure both are."""
        return self.name == other.name and (not self.network or not other.network or self.network == other.network)

    @property
    def unit(self) -> str:
        """The SI unit that its name ends in; empty where it has none."""
        before, _, last = self.name.rpartition("_")
        return "" if before.endswith("_per") else _UNITS.get(last, "")


@dataclass(frozen=True, slots=True)
class Objective:
    """A figure, and which way it should go."""

    figure: Figure
    goal: Goal

    @property
    def sign(self) -> float:
        """What makes less better."""
        return 1.0 if self.goal is Goal.MINIMIZE else -1.0


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure that must not go beyond a value.

    Parameters
    ----------
    figure : Figure
    most : bool
        Whether the value is the largest allowed; the smallest otherwise.
    value : float
        In SI units.
    text : str
        As it is written.
    """

    figure: Figure
    most: bool
    value: float
    text: str

    def excess(self, value: float) -> float:
        """How far a figure is beyond, as a share of the limit; positive where it is broken."""
        beyond = value - self.value if self.most else self.value - value
        return beyond / abs(self.value) if self.value else beyond


@dataclass(frozen=True, slots=True)
class Measured:
    """What a point came to.

    Parameters
    ----------
    networks : mapping of str to mapping of str to float
        Figures of each network.
    accuracy : mapping of str to float
        Those of the accuracy, where a study asks for it.
    """

    networks: Mapping[str, Values]
    accuracy: Values

    def each(self, figure: Figure) -> tuple[float, ...]:
        """A figure of every network that it is of."""
        if figure.name in ACCURACY:
            return (self.accuracy[figure.name],)
        return tuple(values[figure.name] for name, values in self.networks.items() if figure.network in ("", name))

    def mean(self, figure: Figure, weights: Values) -> float:
        """A figure over networks: the geometric mean by weight, as benchmark suites have it (Fleming, CACM 1986)."""
        values = self.each(figure)
        if len(values) == 1:
            return values[0]
        shares = [weights[name] for name in self.networks]
        return geometric_mean(values, shares)


def geometric_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    """The geometric mean by weight; 0 where a value is."""
    if min(values) <= 0:
        return 0.0
    return exp(sum(weight * log(value) for value, weight in zip(values, weights, strict=True)) / sum(weights))


def headline_values(headline: Headline) -> dict[str, float]:
    """All figures of a headline, those of a decoder among them."""
    made = {name: float(getattr(headline, name)) for name in HEADLINE}
    if headline.generation is not None:
        generation = asdict(headline.generation)
        made |= {name: float(generation[name]) for name in GENERATION if generation[name] is not None}
    return made


def objectives(study: Study, where: str) -> tuple[Objective, ...]:
    """The objectives of a study.

    Raises
    ------
    InputError
        If nobody measures one.
    """
    place = f"{where}: objectives"
    return tuple(Objective(read_figure(text, study, place), goal) for text, goal in study.objectives.items())


def limits(study: Study, where: str) -> tuple[Limit, ...]:
    """The constraints of a study.

    Raises
    ------
    InputError
        If nobody measures a figure, a value has the wrong unit, or no point could keep two of them.
    """
    place = f"{where}: constraints"
    found = tuple(_limit(read_comparison(text, place), study, place) for text in study.constraints)
    for low in (limit for limit in found if not limit.most):
        for high in (limit for limit in found if limit.most and limit.figure.meets(low.figure)):
            if low.value > high.value:
                raise InputError(
                    f"no point keeps both {low.text!r} and {high.text!r}", where=place, remedy="Change one of them."
                )
    for limit in found:
        _check_reach(limit, place)
    return found


def _check_reach(limit: Limit, place: str) -> None:
    """Whether a figure can be where it should be at all: all are positive, but what noise takes of the accuracy."""
    name = limit.figure.name
    what = ""
    if not isfinite(limit.value):
        what = f"{limit.text!r} sets no limit"
    elif limit.most and limit.value < 0 and name not in ACCURACY:
        what = f"no point keeps {limit.text!r}: {name} is never below 0"
    elif not limit.most and limit.value > 1 and name in SHARES:
        what = f"no point keeps {limit.text!r}: {name} is a share, at most 1"
    if what:
        raise InputError(what, where=place, remedy="Write a value that the figure can have.")


def _limit(read: Comparison, study: Study, place: str) -> Limit:
    figure = read_figure(read.left, study, place)
    if read.sign not in (Sign.AT_MOST, Sign.AT_LEAST):
        raise InputError(f"{str(read)!r} sets no limit", where=place, remedy="Write <= or >=.")
    return Limit(figure, read.sign is Sign.AT_MOST, _value(read, figure, place), str(read))


def _value(read: Comparison, figure: Figure, place: str) -> float:
    try:
        return quantity(read.right, figure.unit) if figure.unit else float(read.right)
    except InputError as error:
        raise InputError(error.what, where=f"{place}: {read}", remedy=error.remedy) from None
    except ValueError:
        raise InputError(
            f"{read.right!r} is no number",
            where=f"{place}: {read}",
            remedy=f"{figure.name} has no unit: write a number.",
        ) from None


def read_figure(text: str, study: Study, where: str) -> Figure:
    """Read ``latency_s`` or ``latency_s of resnet18``.

    Raises
    ------
    InputError
        If nobody measures it.
    """
    figure = figure_named(text)
    name, network = figure.name, figure.network
    known = tuple(_known(study))
    if name not in known:
        raise InputError(f"nobody measures {name!r}", where=where, remedy=_remedy(name, known, study))
    if network and network not in study.networks:
        near = nearest(network, study.networks)
        hint = f"Did you mean {near!r}?" if near else f"Networks: {', '.join(study.networks)}."
        raise InputError(f"the study has no network {network!r}", where=where, remedy=hint)
    return figure


def figure_named(text: str) -> Figure:
    """The figure that a text names, whether or not anybody measures it."""
    name, _, network = (part.strip() for part in text.partition(" of "))
    return Figure(name, network)


def _known(study: Study) -> Iterator[str]:
    yield from HEADLINE
    yield from GENERATION
    if study.accuracy is not None:
        yield from ACCURACY
    if study.baseline is not None:
        yield from GAINS


def _remedy(name: str, known: Sequence[str], study: Study) -> str:
    if name in ACCURACY and study.accuracy is None:
        return "Say of which model: accuracy: {model: digits-cnn}."
    if name in GAINS and study.baseline is None:
        return "Say to which chip it is a ratio: baseline: isaac."
    if name[:1].isdigit():
        return "Write the figure first, as latency_s <= 1 ms."
    near = nearest(name, known)
    return f"Did you mean {near!r}?" if near else f"Figures: {', '.join(known)}."
