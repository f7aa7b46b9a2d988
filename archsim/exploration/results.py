"""What a study found, as tables; the same points always make the same tables, whoever evaluated them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import CategoricalDistribution
from optuna.trial import TrialState, create_trial

from archsim.errors import InputError
from archsim.exploration.course import counts
from archsim.exploration.evaluation import Outcome, Question, Status, copies_in, network_of
from archsim.exploration.figures import Measured
from archsim.exploration.fronts import Costs, ranks
from archsim.exploration.parameters import number_of
from archsim.exploration.schema import NetworkPart, Scalar
from archsim.exploration.space import Point, Space, batch_of
from archsim.mapping import Replication

Numbers: TypeAlias = "pd.Series[float]"
FEWEST = 8
"""Measured points from which importance can be told."""
MOST_GROUPS = 12
"""Values of a parameter that are told one by one."""


@dataclass(frozen=True)
class Exploration:
    """All points of a study.

    Parameters
    ----------
    space : Space
    question : Question
    points : sequence of Point
        By number.
    outcomes : mapping of int to Outcome
    folder : Path
        The store's.
    """

    space: Space
    question: Question
    points: Sequence[Point]
    outcomes: Mapping[int, Outcome]
    folder: Path

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters."""
        return tuple(one.name for one in self.space.parameters)

    @property
    def goals(self) -> tuple[str, ...]:
        """Figures of the objectives."""
        return tuple(str(one.figure) for one in self.question.objectives)

    @property
    def counts(self) -> Mapping[Status, int]:
        """How many points became what."""
        return counts(self.outcomes)

    @property
    def fruitless(self) -> bool:
        """Whether every point was refused or failed: then it is the study that is wrong."""
        return all(one.status in (Status.REFUSED, Status.FAILED) for one in self.outcomes.values())

    @cached_property
    def table(self) -> pd.DataFrame:
        """All points.

        Returns
        -------
        DataFrame
            ``point, status, rank`` (how many points dominate it; missing where it was not measured or breaks a
            constraint), a column for each parameter, each objective and each other figure, ``same_as, error``.
        """
        frame = pd.DataFrame([self._row(number) for number in range(len(self.points))])
        # A parameter without a meaning somewhere does not make its whole numbers fractions.
        values = {name: pd.array([point.get(name) for point in self.points]) for name in self.names}
        frame = frame.assign(**values, same_as=frame.same_as.astype("Int64"))
        frame.insert(2, "rank", self._ranked(frame))
        return frame

    def _row(self, number: int) -> dict[str, object]:
        point, outcome = self.points[number], self.outcomes[number]
        told: dict[str, object] = {"point": number, "status": outcome.status.value}
        told |= {name: point.get(name) for name in self.names}
        values = outcome.objectives or (np.nan,) * len(self.goals)
        told |= dict(zip(self.goals, values, strict=True))
        told |= {name: value for name, value in self._figures(outcome) if name not in told}
        return {**told, "same_as": outcome.same_as, "error": outcome.error}

    def _figures(self, outcome: Outcome) -> Iterator[tuple[str, float]]:
        one = len(self.question.networks) == 1
        for network, values in outcome.networks.items():
            yield from ((name if one else f"{name} of {network}", value) for name, value in values.items())
        yield from outcome.accuracy.items()

    def _ranked(self, frame: pd.DataFrame) -> pd.Series[int]:
        rows = np.flatnonzero((frame.status == Status.FINISHED.value) & frame.same_as.isna())
        rank = pd.Series(pd.NA, index=frame.index, dtype="Int64")
        rank.iloc[rows] = ranks(self._costs(frame.iloc[rows]))
        return rank

    def _costs(self, frame: pd.DataFrame) -> Costs:
        signs = np.array([one.sign for one in self.question.objectives])
        return np.asarray(frame[list(self.goals)].to_numpy(np.float64) * signs)

    @cached_property
    def front(self) -> pd.DataFrame:
        """The points that none dominates, the best in the first objective first; columns as in ``table``."""
        return self._sorted(self.table[self.table["rank"] == 0])

    @cached_property
    def best(self) -> pd.DataFrame:
        """As many of the best points as the study asks for, the front at least: those that fewest dominate."""
        wanted = self.table[self.table["rank"] < self.space.study.best]
        ordered = wanted.iloc[np.lexsort((wanted.point, self._costs(wanted)[:, 0], wanted["rank"]))]
        return ordered.head(max(self.space.study.best, len(self.front)))

    def _sorted(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.iloc[np.lexsort((frame.point, *self._costs(frame).T[::-1]))]

    @property
    def measured(self) -> pd.DataFrame:
        """The points that were simulated, each once."""
        simulated = self.table.status.isin([status.value for status in Status if status.measured])
        return self.table[simulated & self.table.same_as.isna()]

    @cached_property
    def changes(self) -> pd.DataFrame:
        """What is different between neighbours on the front.

        Returns
        -------
        DataFrame
            ``point, next, changed`` (each parameter with both values), and for each objective by how much it changes,
            as a share.
        """
        rows = [self._change(one, other) for one, other in pairwise(self.front.point.tolist())]
        return pd.DataFrame(rows, columns=["point", "next", "changed", *(f"{goal} change" for goal in self.goals)])

    def _change(self, one: int, other: int) -> tuple[object, ...]:
        before, after = self.points[one], self.points[other]
        changed = [
            f"{name}: {_word(before.get(name))} to {_word(after.get(name))}"
            for name in self.names
            if before.get(name) != after.get(name)
        ]
        values = zip(self.outcomes[one].objectives, self.outcomes[other].objectives, strict=True)
        shares = (new / old - 1.0 if old else np.nan for old, new in values)
        return (one, other, "; ".join(changed), *shares)

    @cached_property
    def idle(self) -> tuple[str, ...]:
        """Parameters that changed no figure at all: of points that differ in one of them alone, all figures agree."""
        measured = self.measured
        figures = [
            *self.goals,
            *dict.fromkeys(name for one in self.outcomes.values() for name, _ in self._figures(one)),
        ]
        return tuple(name for name in self.names if _changes_nothing(name, measured, self.names, figures))

    @cached_property
    def importance(self) -> pd.DataFrame:
        """How much of an objective's variance over the points each parameter accounts for (fANOVA, Hutter et al. 2014).

        Returns
        -------
        DataFrame
            ``parameter``, and a share for each objective; nothing where fewer than eight points were measured. A
            parameter that has a meaning only with some values of others counts where all points have it.
        """
        measured = self.measured
        varied = [name for name in self.names if measured[name].nunique(dropna=False) > 1]
        if len(measured) < FEWEST or not varied:
            return pd.DataFrame({"parameter": [], **{goal: [] for goal in self.goals}})
        shares = {goal: _importances(measured[varied], measured[goal]) for goal in self.goals}
        frame = pd.DataFrame(
            {"parameter": varied, **{g: [found[name] for name in varied] for g, found in shares.items()}}
        )
        return frame.sort_values(self.goals[0], ascending=False, kind="stable", ignore_index=True)

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """What an objective is on average with each value of each parameter.

        Returns
        -------
        DataFrame
            ``parameter, value, points``, and the mean of each objective over the measured points with that value;
            ranges in four parts of equal counts. ``correlation`` of the first objective with a parameter of numbers
            (Spearman).
        """
        rows = [row for one in self.space.parameters for row in self._sensitive(one.name)]
        return pd.DataFrame(rows, columns=["parameter", "value", "points", *self.goals, "correlation"])

    def _sensitive(self, name: str) -> Iterator[tuple[object, ...]]:
        measured = self.measured[self.measured[name].notna()]
        if measured.empty:
            return
        numbers = _numbers(measured[name]).sort_values(kind="stable")
        measured = measured.loc[numbers.index]
        correlation = _spearman(numbers, measured[self.goals[0]])
        for value, rows in measured.groupby(_groups(measured[name], numbers), sort=False, observed=True):
            yield (name, value, len(rows), *(float(rows[goal].mean()) for goal in self.goals), correlation)

    def commands(self, number: int) -> tuple[str, ...]:
        """The commands that run a point again, one for each network, and one for its accuracy."""
        variant = self.space.variant(self._point(number))
        sets = [word for change in variant.overrides for word in ("--set", change)]
        copies = variant.settings.replicate
        chip = ["--chip", variant.chip, *sets]
        runs = []
        for name, part in self.question.networks.items():
            turns = variant.settings.interleave
            batch = ["--batch", str(batch_of(variant, part.batch))]
            more = [] if turns is None else ["--interleave", str(turns)]
            within = variant.settings.within if batch_of(variant, part.batch) > 1 else None
            more += [] if within is None else ["--within", f"{within:g}"]
            plan = ["--replicate", _copies(copies_in(network_of(name, part), copies))]
            runs.append(["archsim", "run", part.model or name, *_sizes(part), *chip, *plan, *batch, *more])
        if (asked := self.question.accuracy) is not None:
            data = [] if asked.data is None else ["--data", asked.data]
            metric = [] if asked.metric is None else ["--metric", asked.metric]
            when = ["--at", asked.at, "--seeds", str(asked.seeds), "--compensation", asked.compensation.value]
            runs.append(
                ["archsim", "accuracy", asked.model, *chip, "--replicate", _copies(copies), *when, *data, *metric]
            )
        return tuple(map(shlex.join, runs))

    def chip_file(self, number: int) -> str:
        """A point's chip as a file, which extends the chip that the study began with."""
        from archsim.exploration.chips import chip_text

        measured = Measured(self.outcomes[number].networks, self.outcomes[number].accuracy)
        told = ", ".join(
            f"{one.figure} {measured.mean(one.figure, self.question.weights):.4g}" for one in self.question.objectives
        ) if measured.networks else self.outcomes[number].status.value  # fmt: skip
        return chip_text(self.space.variant(self._point(number)), f"point {number}: {told}", self.commands(number))

    def _point(self, number: int) -> Point:
        if not 0 <= number < len(self.points):
            raise InputError(
                f"there is no point {number}", where="point", remedy=f"Points are 0 to {len(self.points) - 1}."
            )
        return self.points[number]


def _changes_nothing(name: str, measured: pd.DataFrame, names: Sequence[str], figures: Sequence[str]) -> bool:
    others = [measured[other].astype(str) for other in names if other != name]
    alike = measured.groupby(others or np.zeros(len(measured)), sort=False)
    if alike[name].nunique(dropna=False).max() < 2 or measured.empty:
        return False
    return bool((alike[list(dict.fromkeys(figures))].nunique(dropna=False) == 1).all(axis=None))


def _word(value: Scalar) -> str:
    return "nothing" if value is None else str(value)


def _copies(replicate: Replication) -> str:
    """As the command line has it."""
    if isinstance(replicate, str):
        return replicate
    return ",".join(f"{layer}={count}" for layer, count in replicate.items()) or "none"


def _sizes(part: NetworkPart) -> list[str]:
    given = (("--seq", part.seq), ("--generate", part.generate), ("--context", part.context), ("--image", part.image))
    words = [word for option, value in given if value is not None for word in (option, str(value))]
    shapes = [f"{name}={','.join(map(str, sizes))}" for name, sizes in part.shapes.items()]
    return words + [word for shape in shapes for word in ("--shape", shape)]


def _importances(params: pd.DataFrame, values: Numbers) -> dict[str, float]:
    """Shares of the variance, by parameter; a value's place in the order of values stands for it."""
    # Loads scikit-learn, which takes a second.
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    names = [str(name) for name in params]
    coded = [pd.factorize(_ordered(params[name]), sort=True, use_na_sentinel=False) for name in names]
    distributions = {
        name: CategoricalDistribution(range(len(found))) for name, (_, found) in zip(names, coded, strict=True)
    }
    study = optuna.create_study()
    for value, *codes in zip(values.to_numpy(np.float64), *(codes for codes, _ in coded), strict=True):
        chosen = {name: int(code) for name, code in zip(names, codes, strict=True)}
        study.add_trial(
            create_trial(
                state=TrialState.COMPLETE, params=chosen, distributions=dict(distributions), value=float(value)
            )
        )
    found = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
    return {name: float(found.get(name, 0.0)) for name in names}


def _ordered(column: pd.Series[Any]) -> pd.Series[Any]:
    numbers = _numbers(column)
    return numbers if bool(numbers.notna().all()) else column.astype(str)


def _numbers(column: pd.Series[Any]) -> Numbers:
    """The number in each value, its unit aside; missing where there is none."""
    found = [None if pd.isna(value) else number_of(value) for value in column]
    return pd.Series(found, index=column.index, dtype="Float64")


def _spearman(numbers: Numbers, values: Numbers) -> float:
    from scipy.stats import spearmanr

    known = numbers.notna().to_numpy(bool)
    if numbers.nunique() < 2 or values[known].nunique() < 2:
        return float("nan")
    return float(spearmanr(numbers[known].astype(float), values[known]).statistic)


def _groups(values: pd.Series[Any], numbers: Numbers) -> pd.Series[Any]:
    """Each value, or the quarter that it is in where there are many."""
    if values.nunique() <= MOST_GROUPS or not bool(numbers.notna().all()):
        return values.astype(str)
    return pd.qcut(numbers.astype(float), 4, duplicates="drop").astype(str)
