"""Which points are tried next: Optuna's samplers, asked and told in the order of the points' numbers.

A sampler lives in memory. What it proposes depends on its seed and on what it was told, in that order, and on nothing
else; a study that goes on after an interruption asks and tells it all over again, and it proposes the same points.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import optuna
from optuna.samplers import BaseSampler, GridSampler, NSGAIISampler, QMCSampler, RandomSampler, TPESampler
from optuna.study import StudyDirection
from optuna.trial import Trial, TrialState

from archsim.errors import InputError
from archsim.exploration.evaluation import Outcome
from archsim.exploration.parameters import Interval, Listed, Parameter
from archsim.exploration.schema import Goal, Kind, MethodPart, Scalar
from archsim.exploration.space import Point, Space

MOST_REFUSED = 2_000
"""Proposals in a row that are no points, or were there already."""

optuna.logging.set_verbosity(optuna.logging.ERROR)


class Proposals:
    """A sampler of a space.

    Parameters
    ----------
    space : Space
    goals : sequence of Goal
        Of the objectives.
    """

    def __init__(self, space: Space, goals: Sequence[Goal]) -> None:
        self._space, self._method = space, space.study.method
        with _quiet():
            sampler = _sampler(space, self._method)
            self._study = optuna.create_study(sampler=sampler, directions=[StudyDirection[goal.name] for goal in goals])
        self._left = space.size if self._method.kind is Kind.GRID else None
        self._seen: set[str] = set()
        self._asked: list[Trial] = []

    def ask(self) -> Point | None:
        """The next point; None where there is none that was not there before. A method that learns may repeat itself.

        Raises
        ------
        InputError
            If no combination of values is a point.
        """
        for _ in range(max(MOST_REFUSED, self._left or 0)):
            if self._left is not None and not self._left:
                break
            point, trial = self._proposed()
            if point is not None and (self._method.kind.learns or point.key not in self._seen):
                self._seen.add(point.key)
                self._asked.append(trial)
                return point
            self._study.tell(trial, state=TrialState.FAIL) if self._method.kind.learns else None
        if not self._seen:
            raise InputError(
                "no combination of values keeps what is required",
                where=f"{self._space.where}: require",
                remedy="Relax one of the comparisons, or give parameters more values.",
            )
        return None

    def _proposed(self) -> tuple[Point | None, Trial]:
        with _quiet():
            trial = self._study.ask()
            genes = {one.name: _suggested(trial, one) for one in self._space.parameters}
            if self._method.kind is Kind.QUASI_RANDOM and trial.number == 0:
                # The sampler takes its space from the first trial that ended.
                self._study.tell(trial, state=TrialState.PRUNED)
        if self._left is not None:
            self._left -= 1
        return self._space.point(genes), trial

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """What the points asked for since the last time came to, in their order."""
        asked, self._asked = self._asked, []
        if not self._method.kind.learns:
            return
        with _quiet():
            for trial, outcome in zip(asked, outcomes, strict=True):
                if not outcome.status.measured:
                    self._study.tell(trial, state=TrialState.FAIL)
                    continue
                for number, excess in enumerate(outcome.excess):
                    trial.set_constraint(f"limit{number}", excess)
                self._study.tell(trial, list(outcome.objectives))


def _sampler(space: Space, method: MethodPart) -> BaseSampler:
    match method.kind:
        case Kind.GRID:
            grid: Mapping[str, list[int]] = {
                one.name: list(range(len(one.domain.values)))
                for one in space.parameters
                if isinstance(one.domain, Listed)
            }
            return GridSampler(grid, seed=method.seed)
        case Kind.RANDOM:
            return RandomSampler(seed=method.seed)
        case Kind.QUASI_RANDOM:
            return QMCSampler(
                qmc_type="sobol", scramble=True, seed=method.seed, independent_sampler=RandomSampler(seed=method.seed)
            )
        case Kind.NSGA2:
            return NSGAIISampler(population_size=round_of(method), seed=method.seed)
        case Kind.TPE:
            return TPESampler(
                seed=method.seed, multivariate=True, constant_liar=True, n_startup_trials=2 * round_of(method)
            )


def round_of(method: MethodPart) -> int:
    """Points of a round."""
    return method.round or {Kind.NSGA2: 24, Kind.TPE: 8}.get(method.kind, 32)


def _suggested(trial: Trial, one: Parameter) -> Scalar:
    domain = one.domain
    if isinstance(domain, Interval):
        if domain.whole:
            number = float(trial.suggest_int(one.name, round(domain.low), round(domain.high), log=domain.log))
        else:
            number = trial.suggest_float(one.name, domain.low, domain.high, log=domain.log)
        return domain.written(number)
    if domain.ordered:
        return domain.values[trial.suggest_int(one.name, 0, len(domain.values) - 1)]
    return domain.values[trial.suggest_categorical(one.name, range(len(domain.values)))]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the library's remarks on what is experimental in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield
