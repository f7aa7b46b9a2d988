"""A metric over time, with its spread over programmings, beside the floating-point result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archsim.errors import InputError
from archsim.functional.activity import Activity, measured_activity
from archsim.functional.data_set import DataSet
from archsim.functional.execution import Execution, execute, program_model
from archsim.functional.metrics import Metric
from archsim.functional.model import Model
from archsim.numeric import CrossbarSettings
from archsim.numeric.guards import elapsed

if TYPE_CHECKING:
    import pandas as pd

DAY_S = 86400.0
TIMES_S = (1.0, 3600.0, DAY_S, 30 * DAY_S, 365 * DAY_S)
"""A second, an hour, a day, a month and a year after programming."""


@dataclass(frozen=True, slots=True)
class Plan:
    """When and how often a model is evaluated.

    Parameters
    ----------
    times_s : tuple of float
        Seconds since programming.
    seeds : int
        Programmings, numbered from ``first_seed``.
    first_seed : int
    batch : int, optional
        Samples at a time.
    """

    times_s: tuple[float, ...] = TIMES_S
    seeds: int = 10
    first_seed: int = 0
    batch: int | None = None

    def __post_init__(self) -> None:
        for time in self.times_s:
            elapsed(time)
        for name, count in (("seeds", self.seeds), ("batch", self.batch)):
            if count is not None and count < 1:
                raise InputError(f"{name} is {count}", where=f"--{name}", remedy="Give at least 1.")


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What an evaluation came to.

    Parameters
    ----------
    exact : float
        The metric in floating point.
    scores : DataFrame
        time_s, seed, score.
    layers : DataFrame
        time_s, layer, snr_db, clipped_share (of conversions), limited_share (of inputs beyond their range), mean_code,
        mean_drive; of the first seed.
    activity : Activity
        Of the first seed at the first time.
    """

    exact: float
    scores: pd.DataFrame
    layers: pd.DataFrame
    activity: Activity


def evaluate(
    model: Model,
    settings: CrossbarSettings,
    data_set: DataSet,
    *,
    metric: Metric,
    plan: Plan,
    progress: Callable[[], None] | None = None,
) -> Scores:
    """Program a model several times and evaluate it at several times after each.

    Parameters
    ----------
    model : Model
    settings : CrossbarSettings
        Of all arrays, drift compensation included.
    data_set : DataSet
    metric : Metric
        Of the model's first output and the labels.
    plan : Plan
    progress : callable, optional
        Told after each evaluation.

    Raises
    ------
    InputError
        If labels do not fit, a time is negative, or the device has no value for it.
    """
    import pandas as pd  # late: a third of a start

    exact = metric(model.in_floating_point(data_set.data, batch=plan.batch)[model.outputs[0]], data_set.labels)
    runs = []
    for run in _runs(model, settings, data_set, plan):
        runs.append((run, metric(run.execution.outputs[model.outputs[0]], data_set.labels)))
        if progress is not None:
            progress()
    scores = pd.DataFrame([(run.time_s, run.seed, score) for run, score in runs], columns=["time_s", "seed", "score"])
    measured = [run for run, _ in runs if run.activity is not None]
    layers = pd.concat([layer_table(model, run.execution).assign(time_s=run.time_s) for run in measured])
    activity = measured[0].activity
    assert activity is not None
    return Scores(exact, scores, layers.reset_index(drop=True), activity)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    time_s: float
    seed: int
    execution: Execution
    activity: Activity | None


def _runs(model: Model, settings: CrossbarSettings, data_set: DataSet, plan: Plan) -> Iterator[_Run]:
    calibration = model.recorded(data_set.calibration)
    for seed in range(plan.first_seed, plan.first_seed + plan.seeds):
        arrays = program_model(model, settings, calibration, seed=seed)
        first = seed == plan.first_seed
        for time in plan.times_s:
            execution = execute(model, arrays, data_set.data, time_s=time, batch=plan.batch, measure=first)
            yield _Run(time, seed, execution, measured_activity(arrays, execution.meter, time) if first else None)


def layer_table(model: Model, execution: Execution) -> pd.DataFrame:
    """What the meters of all layers say, in the network's order."""
    import pandas as pd  # late: a third of a start

    rows = [
        (model.layer(i).name, m.snr_db, m.clipped_share, m.limited_share, m.mean_code, m.mean_drive)
        for i, m in sorted(execution.meter.layers.items())
    ]
    columns = ["layer", "snr_db", "clipped_share", "limited_share", "mean_code", "mean_drive"]
    return pd.DataFrame(rows, columns=columns)


def spread(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean, standard deviation, least and greatest score at each time; time_s, mean, std, least, greatest."""
    grouped = scores.groupby("time_s", sort=True).score
    table = grouped.agg(mean="mean", std=lambda values: float(values.std(ddof=0)), least="min", greatest="max")
    return table.reset_index()
