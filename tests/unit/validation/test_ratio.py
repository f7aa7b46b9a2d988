"""Ratios of two chips as questions of a case, and tolerances that are factors."""

from __future__ import annotations

from pathlib import Path

import pytest

from archsim.errors import InputError
from archsim.simulation import Settings, simulate
from archsim.validation import Verdict, validate
from archsim.validation.measure import Dimension, read_factor, read_value
from archsim.validation.schema import Published

CASE = """
title: two chips
about: a test
questions:
  - name: perceptron
    ask: ratio
    chip: isaac
    against: v100
    against_overrides: ["tile.format=int8"]
    network: mlp-hermes
    batch: 2
    published:
      - {{figure: {figure}, label: it, value: {value}, mark: P, source: nobody, kind: prediction,
         tolerance: {tolerance}}}
"""


def written(folder: Path, figure: str, value: str = "1 x", tolerance: str = "factor 2") -> str:
    file = folder / "mine.yaml"
    file.write_text(CASE.format(figure=figure, value=value, tolerance=tolerance))
    return str(file)


@pytest.mark.parametrize(
    ("figure", "better"),
    [
        ("latency-gain", lambda mine, theirs: theirs.latency_s / mine.latency_s),
        ("throughput-gain", lambda mine, theirs: mine.throughput_per_s / theirs.throughput_per_s),
        ("energy-gain", lambda mine, theirs: theirs.energy_per_sample_j / mine.energy_per_sample_j),
        ("density-gain", lambda mine, theirs: mine.tops_per_mm2 / theirs.tops_per_mm2),
    ],
)
def test_a_ratio_says_how_many_times_better_the_first_chip_is(tmp_path: Path, figure: str, better: object) -> None:
    mine = simulate("mlp-hermes", "isaac", Settings(batch=2)).ledger.headline
    theirs = simulate("mlp-hermes", "v100", Settings(batch=2), overrides=["tile.format=int8"]).ledger.headline
    assert callable(better)
    assert validate(written(tmp_path, figure)).rows[0].simulated.si == pytest.approx(better(mine, theirs))


def test_a_factor_allows_as_much_below_as_above() -> None:
    row = {"figure": "energy-gain", "label": "it", "value": "5.5 x", "mark": "P", "source": "nobody"}
    published = Published.model_validate({**row, "kind": "prediction", "tolerance": "factor 2"})
    assert published.measured.si == 5.5
    assert [published.meets(ratio) for ratio in (0.49, 0.51, 1.0, 1.99, 2.01)] == [False, True, True, True, False]
    share = Published.model_validate({**row, "kind": "prediction", "tolerance": "10 %"})
    assert [share.meets(ratio) for ratio in (0.89, 0.91, 1.09, 1.11)] == [False, True, True, False]


def test_verdict_by_factor(tmp_path: Path) -> None:
    found = validate(written(tmp_path, "energy-gain")).rows[0].simulated.si
    near, far = (validate(written(tmp_path, "energy-gain", f"{found * off:.6g} x")) for off in (1.9, 2.1))
    assert [one.rows[0].verdict for one in (near, far)] == [Verdict.MET, Verdict.MISSED]


@pytest.mark.parametrize("text", ["factor 1", "factor 0.5", "factor two", "factor"])
def test_factors_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_factor(text)


def test_a_ratio_has_a_unit() -> None:
    assert read_value("14.8 x", Dimension.RATIO).si == 14.8
    with pytest.raises(InputError, match="no unit of ratio"):
        read_value("14.8 W", Dimension.RATIO)


def test_other_figures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no figure 'latency'"):
        validate(written(tmp_path, "latency", "1 s"))


PEAKS = """
title: two chips
about: a test
questions:
  - name: peaks
    ask: peak-ratio
    chip: tpu-v1
    overrides: ["tile.clock=1 GHz"]
    against: tpu-v1
    against_overrides: ["tile.clock=500 MHz"]
    published:
      - {figure: throughput-gain, label: it, value: 2 x, mark: P, source: nobody, kind: prediction, tolerance: 1 %}
      - {figure: density-gain, label: it, value: 2 x, mark: P, source: nobody, kind: prediction, tolerance: 1 %}
"""


def test_peaks_of_two_chips_are_compared_without_a_network(tmp_path: Path) -> None:
    # The same array at half the clock, on the same area.
    file = tmp_path / "mine.yaml"
    file.write_text(PEAKS)
    assert [row.simulated.si for row in validate(str(file)).rows] == [pytest.approx(2.0), pytest.approx(2.0)]
