"""One point: what it may come to, and what it comes to. Everything here runs in a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np

from archsim.accounting import Headline
from archsim.chip import Chip, load_chip
from archsim.comparison import gains
from archsim.errors import ArchsimError, InputError
from archsim.exploration.bounds import Bound, bounds_of
from archsim.exploration.figures import Figure, Limit, Measured, Objective, geometric_mean, headline_values
from archsim.exploration.fronts import dominators
from archsim.exploration.ledgers import Ledgers, packed
from archsim.exploration.schema import AccuracyPart, NetworkPart
from archsim.exploration.space import Point, Space, Variant, batch_of
from archsim.functional import Plan
from archsim.mapping import Replication
from archsim.mapping.replication import named_layers
from archsim.network import Network
from archsim.simulation import Settings, load_network, placed, simulate
from archsim.studies import AccuracyQuestion, accuracy_study
from archsim.units import quantity
from archsim.workloads import WorkloadOptions


class Status(StrEnum):
    """What became of a point."""

    FINISHED = "finished"
    """Simulated, and keeps all constraints."""
    INFEASIBLE = "infeasible"
    """Simulated, and breaks a constraint."""
    BROKEN = "infeasible by its bound"
    """Not simulated: its bound already breaks one."""
    DOMINATED = "dominated by its bound"
    """Not simulated: its bound is already dominated."""
    REFUSED = "refused"
    """No such chip or run can be: the error says why."""
    FAILED = "failed"
    """Nobody foresaw it: the error says what."""

    @property
    def measured(self) -> bool:
        """Whether it has figures."""
        return self in (Status.FINISHED, Status.INFEASIBLE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a point came to.

    Parameters
    ----------
    status : Status
    objectives : tuple of float
        In the study's order; empty where nothing was measured.
    excess : tuple of float
        Of each constraint, by how much it is broken, as a share of its limit.
    networks : mapping of str to mapping of str to float
        Figures of each network.
    accuracy : mapping of str to float
    error : str
        Why there is nothing, or which bound.
    same_as : int, optional
        The point with the same values that was measured.
    """

    status: Status
    objectives: tuple[float, ...] = ()
    excess: tuple[float, ...] = ()
    networks: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    accuracy: Mapping[str, float] = field(default_factory=dict)
    error: str = ""
    same_as: int | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """The chip that ratios are to.

    Parameters
    ----------
    chip : str
    replicate : Replication
        Copies of layers there; a device that works layer by layer has none.
    """

    chip: str
    replicate: Replication


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every point.

    Parameters
    ----------
    networks : mapping of str to NetworkPart
    accuracy : AccuracyPart, optional
    baseline : Baseline, optional
    objectives : tuple of Objective
    limits : tuple of Limit
    ledgers : bool
        Whether the whole ledgers are wanted.
    """

    networks: Mapping[str, NetworkPart]
    accuracy: AccuracyPart | None
    baseline: Baseline | None
    objectives: tuple[Objective, ...]
    limits: tuple[Limit, ...]
    ledgers: bool

    @property
    def weights(self) -> dict[str, float]:
        """Of each network."""
        return {name: part.weight for name, part in self.networks.items()}


@dataclass(frozen=True, slots=True)
class Hurdle:
    """What a point's bound is held against.

    Parameters
    ----------
    costs : tuple of tuple of float
        Objectives of points found before, less being better.
    best : int
        How many of them must dominate a bound.
    """

    costs: tuple[tuple[float, ...], ...]
    best: int


@dataclass(frozen=True, slots=True)
class Task:
    """A point to evaluate.

    Parameters
    ----------
    number : int
    variant : Variant
    question : Question
    hurdle : Hurdle, optional
        None where bounds are off.
    """

    number: int
    variant: Variant
    question: Question
    hurdle: Hurdle | None


@dataclass(frozen=True, slots=True)
class Found:
    """An outcome, and the ledgers of its runs."""

    outcome: Outcome
    ledgers: Ledgers


_ONE_AT_A_TIME = Lock()
"""Where a cluster's worker has several threads, its simulations take turns."""


def evaluate(task: Task) -> Found:
    """Evaluate a point; what a user could mend is its outcome, anything else is raised."""
    with _ONE_AT_A_TIME:
        try:
            return _evaluated(task)
        except ArchsimError as error:
            return Found(Outcome(Status.REFUSED, error=str(error)), ())


def _evaluated(task: Task) -> Found:
    question, variant = task.question, task.variant
    chip = load_chip(variant.chip, variant.overrides)
    if task.hurdle is not None:
        verdict = _beforehand(chip, variant, question, task.hurdle)
        if verdict is not None:
            return Found(verdict, ())
    figures, tables = {}, []
    for name, part in question.networks.items():
        ledger = simulate(network_of(name, part), chip, _settings(variant, name, part)).ledger
        figures[name] = headline_values(ledger.headline)
        if question.baseline is not None:
            base = _ran(question.baseline, variant, name, part)
            figures[name] |= {gain: float(value) for gain, value in gains(ledger.headline, base).items()}
        if question.ledgers:
            tables.append((name, ledger))
    accuracy = {} if question.accuracy is None else _accuracy(question.accuracy, variant)
    return Found(_judged(Measured(figures, accuracy), question), packed(task.number, tables))


def _ran(baseline: Baseline, variant: Variant, name: str, part: NetworkPart) -> Headline:
    """What the baseline comes to with a point's network and batch; a run that was done before is found again."""
    chip = load_chip(baseline.chip)
    network = network_of(name, part)
    copies = "none" if chip.alone else copies_in(network, baseline.replicate)
    settings = Settings(batch_of(variant, part.batch), copies)
    return simulate(network, chip, settings).ledger.headline


def _judged(measured: Measured, question: Question) -> Outcome:
    values = tuple(measured.mean(one.figure, question.weights) for one in question.objectives)
    excess = tuple(max(map(limit.excess, measured.each(limit.figure))) for limit in question.limits)
    status = Status.INFEASIBLE if any(one > 0 for one in excess) else Status.FINISHED
    return Outcome(status, values, excess, measured.networks, measured.accuracy)


def _beforehand(chip: Chip, variant: Variant, question: Question, hurdle: Hurdle) -> Outcome | None:
    """What the bounds say already; None where they leave the point open."""
    bounds = {name: _bounds(chip, variant, name, part) for name, part in question.networks.items()}
    for limit in question.limits:
        ends = [_end(bounds[name], limit.figure, limit.most) for name in _those(limit.figure, bounds)]
        broken = [end for end in ends if limit.excess(end) > 0]
        if broken:
            return Outcome(Status.BROKEN, error=f"{limit.text}: at {'least' if limit.most else 'most'} {broken[0]:.4g}")
    optimistic = [one.sign * _optimistic(one, bounds, question) for one in question.objectives]
    if dominators(np.array(hurdle.costs).reshape(-1, len(optimistic)), np.array([optimistic]))[0] < hurdle.best:
        return None
    told = ", ".join(
        f"{one.figure} at {'least' if one.sign > 0 else 'most'} {one.sign * value:.4g}"
        for one, value in zip(question.objectives, optimistic, strict=True)
    )
    return Outcome(Status.DOMINATED, error=told)


def _bounds(chip: Chip, variant: Variant, name: str, part: NetworkPart) -> Mapping[str, Bound]:
    return bounds_of(*placed(network_of(name, part), chip, _settings(variant, name, part)))


def _those(figure: Figure, networks: Mapping[str, object]) -> Sequence[str]:
    return [figure.network] if figure.network else list(networks)


def _end(bounds: Mapping[str, Bound], figure: Figure, low: bool) -> float:
    bound = bounds.get(figure.name, Bound())
    return bound.low if low else bound.high


def _optimistic(one: Objective, bounds: Mapping[str, Mapping[str, Bound]], question: Question) -> float:
    """The best value that an objective can still have."""
    names = _those(one.figure, bounds)
    ends = [_end(bounds[name], one.figure, one.sign > 0) for name in names]
    if not np.isfinite(ends).all():
        return -one.sign * np.inf
    return ends[0] if len(ends) == 1 else geometric_mean(ends, [question.weights[name] for name in names])


def _settings(variant: Variant, name: str, part: NetworkPart) -> Settings:
    copies = copies_in(network_of(name, part), variant.settings.replicate)
    return replace(variant.settings, batch=batch_of(variant, part.batch), replicate=copies)


def copies_in(network: Network, replicate: Replication) -> Replication:
    """Copies of those layers that a network has, where several networks are given copies by layer at once."""
    if isinstance(replicate, str):
        return replicate
    return {given: count for given, count in replicate.items() if _has(network, given)} or "none"


def _has(network: Network, given: str) -> bool:
    try:
        return bool(named_layers(given, [layer.name for layer in network.matrices]))
    except InputError:
        return False


def network_of(name: str, part: NetworkPart) -> Network:
    """A network of a study.

    Raises
    ------
    ArchsimError
        If it cannot be had.
    """
    options = WorkloadOptions(seq=part.seq, generate=part.generate, context=part.context, image=part.image)
    return _loaded(part.model or name, options, tuple((key, tuple(sizes)) for key, sizes in part.shapes.items()))


@lru_cache(maxsize=32)
def _loaded(model: str, options: WorkloadOptions, shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> Network:
    return load_network(model, options, shapes=dict(shapes))


def _accuracy(part: AccuracyPart, variant: Variant) -> dict[str, float]:
    question = AccuracyQuestion(
        part.model,
        variant.chip,
        variant.overrides,
        data=None if part.data is None else Path(part.data),
        replicate=variant.settings.replicate,
        metric=part.metric,
        compensation=part.compensation,
        plan=Plan(times_s=(quantity(part.at, "s"),), seeds=part.seeds),
    )
    ((_, scores),) = accuracy_study(question).settings
    found = scores.scores.score
    spread = float(found.std(ddof=1)) if len(found) > 1 else 0.0
    mean = float(found.mean())
    return {
        "accuracy": mean,
        "accuracy_least": float(found.min()),
        "accuracy_spread": spread,
        "accuracy_lost": scores.exact - mean,
    }


def task_of(number: int, point: Point, space: Space, question: Question, hurdle: Hurdle | None) -> Task:
    """A point as a task for a worker."""
    return Task(number, space.variant(point), question, hurdle)
