"""Where ratios pass 1, and ratios themselves: against arithmetic by hand."""

from __future__ import annotations

from math import nan

import pandas as pd
import pytest

from archsim.comparison import GAINS, crossings, with_gains


def rows(chip: str, batches: list[int], gains: list[float]) -> pd.DataFrame:
    frame = pd.DataFrame({"network": "n", "chip": chip, "batch": batches, "reuse": [10.0 * batch for batch in batches]})
    return frame.assign(**{gain: gains if gain == "energy_gain" else 1.0 for gain in GAINS})


def test_a_ratio_that_falls_as_a_power_passes_one_where_the_power_says() -> None:
    # 8 / batch^0.5 is 1 at batch 64, between 16 (2) and 256 (0.5).
    frame = pd.concat([rows("base", [16, 256], [1.0, 1.0]), rows("other", [16, 256], [2.0, 0.5])])
    found = crossings(frame, "base")
    assert len(found) == 1
    assert found.batch[0] == pytest.approx(64.0)
    assert found.reuse[0] == pytest.approx(640.0)
    assert (found.chip[0], found.figure[0], found.wins[0]) == ("other", "energy_gain", "base")
    assert (found.below[0], found.above[0]) == (16, 256)


def test_the_chip_that_is_better_beyond_is_named() -> None:
    frame = rows("other", [1, 4], [0.5, 2.0])
    found = crossings(frame, "base")
    assert found.wins[0] == "other"
    assert found.batch[0] == pytest.approx(2.0)


@pytest.mark.parametrize("gains", [[2.0, 3.0], [0.5, 0.1], [1.01, 0.99], [nan, 2.0], [0.5, nan]])
def test_no_crossing_where_one_is_better_both_are_alike_or_nothing_is_known(gains: list[float]) -> None:
    assert len(crossings(rows("other", [1, 4], gains), "base")) == 0


def test_every_crossing_of_a_ratio_that_wavers() -> None:
    found = crossings(rows("other", [1, 4, 16], [2.0, 0.5, 2.0]), "base")
    assert found.wins.tolist() == ["base", "other"]


def test_gains_are_how_many_times_better() -> None:
    frame = pd.DataFrame(
        {
            "network": ["n"] * 4,
            "chip": ["base", "base", "other", "other"],
            "batch": [1, 8, 1, 8],
            "latency_s": [4.0, 8.0, 2.0, 16.0],
            "throughput_per_s": [1.0, 1.0, 3.0, 0.5],
            "energy_per_sample_j": [10.0, 5.0, 2.0, 10.0],
            "tops_per_mm2": [1.0, 1.0, 7.0, 0.25],
        }
    )
    found = with_gains(frame, "base")
    assert found[list(GAINS)].to_numpy().tolist() == [[1] * 4, [1] * 4, [2.0, 3.0, 5.0, 7.0], [0.5, 0.5, 0.5, 0.25]]


def test_gains_over_a_baseline_that_could_not_run_say_nothing() -> None:
    frame = pd.DataFrame({"network": ["n"], "chip": ["other"], "batch": [1]})
    frame = frame.assign(latency_s=1.0, throughput_per_s=1.0, energy_per_sample_j=1.0, tops_per_mm2=1.0)
    assert with_gains(frame, "base")[list(GAINS)].isna().all(axis=None)
