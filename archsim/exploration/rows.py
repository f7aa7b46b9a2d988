"""Points as rows of Optuna's tables, many in one transaction.

Optuna's own storage takes five transactions for a point, and looks up in each what the others have written, since
anybody may write to a study. Whoever has a `Store` has it alone: the same rows go in together, in a tenth of the time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
)
from optuna.storages._rdb import models
from optuna.trial import TrialState
from sqlalchemy import Connection, Engine, Table, bindparam, insert, update

from archsim.exploration.evaluation import Outcome, Status
from archsim.exploration.parameters import Listed, Parameter, written_number
from archsim.exploration.schema import Scalar
from archsim.exploration.space import Point

OUTCOME = "archsim_outcome"
"""The attribute of a trial that has all of its outcome."""
_STATES = {
    Status.FINISHED: TrialState.COMPLETE,
    Status.INFEASIBLE: TrialState.COMPLETE,
    Status.BROKEN: TrialState.PRUNED,
    Status.DOMINATED: TrialState.PRUNED,
    Status.REFUSED: TrialState.FAIL,
    Status.FAILED: TrialState.FAIL,
}


def _table(model: type[models.BaseModel]) -> Table:
    table = model.metadata.tables[model.__tablename__]
    assert isinstance(table, Table)
    return table


_TRIALS, _PARAMETERS, _VALUES = map(_table, (models.TrialModel, models.TrialParamModel, models.TrialValueModel))
_OWN, _SYSTEM = map(_table, (models.TrialUserAttributeModel, models.TrialSystemAttributeModel))
_BEGIN = insert(_TRIALS).returning(_TRIALS.c.number, _TRIALS.c.trial_id)
_END = update(_TRIALS).where(_TRIALS.c.trial_id == bindparam("trial")).values(
    state=bindparam("reached"), datetime_complete=bindparam("at")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Begun:
    """A point that is under way.

    Parameters
    ----------
    number : int
    values : mapping of str to Scalar
        As Optuna has them.
    at : datetime
        In UTC, without saying so, as Optuna has it.
    """

    number: int
    values: Mapping[str, Scalar]
    at: datetime = field(default_factory=lambda: _now())


@dataclass(frozen=True, slots=True)
class Ended:
    """A point that is finished.

    Parameters
    ----------
    number : int
    outcome : Outcome
    at : datetime
    """

    number: int
    outcome: Outcome
    at: datetime = field(default_factory=lambda: _now())


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Rows:
    """Where points of a study are written.

    Parameters
    ----------
    engine : Engine
        Of the database.
    study : int
        Optuna's number of it there.
    parameters : sequence of Parameter
    """

    def __init__(self, engine: Engine, study: int, parameters: Sequence[Parameter]) -> None:
        self._engine, self._study = engine, study
        self._distributions = {one.name: _distribution(one) for one in parameters}
        self._written = {name: distribution_to_json(one) for name, one in self._distributions.items()}

    def write(self, begun: Sequence[Begun], ended: Sequence[Ended], trials: Mapping[int, int]) -> Mapping[int, int]:
        """Write all of these, or none.

        Parameters
        ----------
        begun, ended : sequence of Begun, Ended
        trials : mapping of int to int
            Optuna's numbers of the points that were begun before.

        Returns
        -------
        mapping of int to int
            Those of the points that are begun now.

        Raises
        ------
        SQLAlchemyError
        """
        with self._engine.begin() as connection:
            new = self._begin(connection, begun) if begun else {}
            if ended:
                self._end(connection, ended, {**trials, **new} if new else trials)
        return new

    def _begin(self, to: Connection, begun: Sequence[Begun]) -> Mapping[int, int]:
        common = {"study_id": self._study, "state": TrialState.RUNNING}
        found = to.execute(_BEGIN, [{"number": one.number, "datetime_start": one.at, **common} for one in begun])
        trials = {row.number: row.trial_id for row in found}
        _insert(to, _PARAMETERS, [row for one in begun for row in self._parameters(trials[one.number], one.values)])
        return trials

    def _parameters(self, trial: int, values: Mapping[str, Scalar]) -> list[dict[str, Any]]:
        return [
            {
                "trial_id": trial,
                "param_name": name,
                "param_value": self._distributions[name].to_internal_repr(value),
                "distribution_json": self._written[name],
            }
            for name, value in values.items()
        ]

    def _end(self, to: Connection, ended: Sequence[Ended], trials: Mapping[int, int]) -> None:
        each = [(trials[one.number], one.outcome) for one in ended]
        _insert(to, _OWN, [_attribute(trial, OUTCOME, asdict(outcome)) for trial, outcome in each])
        # Where Optuna's own tools look for it.
        limited = [_attribute(trial, "constraints", outcome.excess) for trial, outcome in each if outcome.excess]
        _insert(to, _SYSTEM, limited)
        _insert(
            to, _VALUES, [row for trial, outcome in each if outcome.status.measured for row in _values(trial, outcome)]
        )
        to.execute(
            _END, [{"trial": trials[one.number], "reached": _STATES[one.outcome.status], "at": one.at} for one in ended]
        )


def _insert(to: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        to.execute(insert(table), rows)


def _attribute(trial: int, key: str, value: object) -> dict[str, Any]:
    return {"trial_id": trial, "key": key, "value_json": json.dumps(value)}


def _values(trial: int, outcome: Outcome) -> list[dict[str, Any]]:
    stored = [models.TrialValueModel.value_to_stored_repr(value) for value in outcome.objectives]
    return [
        {"trial_id": trial, "objective": number, "value": value, "value_type": kind}
        for number, (value, kind) in enumerate(stored)
    ]


def _distribution(one: Parameter) -> BaseDistribution:
    domain = one.domain
    if isinstance(domain, Listed):
        return CategoricalDistribution(domain.values)
    if domain.whole:
        return IntDistribution(round(domain.low), round(domain.high), log=domain.log)
    return FloatDistribution(domain.low, domain.high, log=domain.log)


def values_of(point: Point, parameters: Mapping[str, Parameter]) -> dict[str, Scalar]:
    """A point's values as Optuna has them."""
    return {name: _written(parameters[name], value) for name, value in point.values}


def _written(one: Parameter, value: Scalar) -> Scalar:
    """A value as Optuna has it: of a range, the number without its unit."""
    if isinstance(one.domain, Listed):
        return value
    number = written_number(value)
    assert number is not None
    return round(number) if one.domain.whole else number
