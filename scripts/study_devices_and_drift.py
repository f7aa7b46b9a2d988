"""Devices per weight against drift: python scripts/study_devices_and_drift.py.

Writes reports/studies/devices-and-drift.md. Pairs of devices that carry a weight together average their noise and their
drift, and take their area and their current. Accuracy of small trained networks from a second to a year after
programming, for two to eight devices, with and without global drift compensation.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

import archsim
from archsim.functional import Plan
from archsim.functional.crossbar_settings import Compensation
from archsim.studies import AccuracyQuestion, accuracy_study

REPORT = Path(__file__).parents[1] / "reports" / "studies" / "devices-and-drift.md"
CHIP, MODELS, DEVICES = "pcm-mesh-14nm", ("digits-cnn", "digits-lstm"), (2, 4, 6, 8)
TIMES_S = {"1 s": 1.0, "1 hour": 3600.0, "1 day": 86400.0, "1 month": 30 * 86400.0, "1 year": 365 * 86400.0}
SEEDS = 5
PAGE = """# Devices per weight, against drift

Renew with `python scripts/study_devices_and_drift.py`. `{chip}`; mean accuracy over {seeds} programmings (least in
brackets). Energy and area are those of the same network on the same chip, 8 samples.

{table}
"""


def compared(
    models: Sequence[str] = MODELS,
    devices: Sequence[int] = DEVICES,
    times: Sequence[str] = tuple(TIMES_S),
    seeds: int = SEEDS,
) -> pd.DataFrame:
    """Accuracy by time, energy and area for each number of devices."""
    rows = []
    for model in models:
        for count in devices:
            changes = (f"tile.array.weight.devices={count}",)
            told = archsim.simulate(model, CHIP, archsim.Settings(batch=8), overrides=changes).ledger.headline
            for compensation in (Compensation.NONE, Compensation.GLOBAL):
                plan = Plan(times_s=tuple(TIMES_S[time] for time in times), seeds=seeds)
                question = AccuracyQuestion(model, CHIP, changes, compensation=compensation, plan=plan)
                ((_, found),) = accuracy_study(question).settings
                by_time = found.scores.groupby("time_s").score
                scores = {t: f"{by_time.mean()[TIMES_S[t]]:.1%} ({by_time.min()[TIMES_S[t]]:.1%})" for t in times}
                rows.append(
                    {
                        "network": model,
                        "devices": count,
                        "compensation": compensation.value,
                        **scores,
                        "uJ/sample": f"{1e6 * told.energy_per_sample_j:.4g}",
                        "area mm2": f"{1e6 * told.area_m2:.4g}",
                    }
                )
    return pd.DataFrame(rows)


def piped(frame: pd.DataFrame) -> str:
    """A table in Markdown."""
    lines = [frame.columns, ["---"] * len(frame.columns), *frame.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def main() -> None:
    """Evaluate, and write the report."""
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(PAGE.format(chip=CHIP, seeds=SEEDS, table=piped(compared())))


if __name__ == "__main__":
    main()
