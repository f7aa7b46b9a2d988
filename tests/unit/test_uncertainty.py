"""Ranges: bands that hold the value and widen with it, tornados that are two runs by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsim.chip import load_chip, sources
from archsim.chip.ranges import read_range
from archsim.chip.tree import leaf
from archsim.errors import InputError
from archsim.simulation import Settings, simulate
from archsim.studies import BANDED, Uncertainty, uncertainty


@pytest.mark.parametrize(
    ("text", "value", "low", "high", "source"),
    [
        ("42 fJ ± 20 % [IBM, table 3]", "42 fJ", "33.6 fJ", "50.4 fJ", "IBM, table 3"),
        ("42 fJ ± 5 fJ", "42 fJ", "37 fJ", "47 fJ", ""),
        ("42 fJ ± 0.002 pJ", "42 fJ", "40 fJ", "44 fJ", ""),
        ("42 fJ [30 fJ, 0.06 pJ]", "42 fJ", "30 fJ", "0.06 pJ", ""),
        ("0.5 [0.25, 1] [assumed]", 0.5, "0.25", "1", "assumed"),
        ("8 [6, 9]", 8, "6", "9", ""),
        ("8 [JSSC 2022, table 3]", 8, "", "", "JSSC 2022, table 3"),
        ("9.2 fJ [derived, 3 x 4, 2017]", "9.2 fJ", "", "", "derived, 3 x 4, 2017"),
    ],
)
def test_ranges_and_sources_are_told_apart(text: str, value: object, low: str, high: str, source: str) -> None:
    found = leaf(text, "here")
    assert (found.value, found.low, found.high, found.source) == (value, low, high, source)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("42 fJ [50 fJ, 60 fJ]", "excludes its value"),
        ("42 fJ [60 fJ, 30 fJ]", "excludes its value"),
        ("42 fJ [0.05 pJ, 0.06 pJ]", "excludes its value"),
        ("42 fJ ± 120 %", "more than the whole number"),
        ("42 fJ ± much", "no range that can be read"),
        ("42 fJ ± 3 ns", "not of the dimension"),
        ("42 fJ [30, 60]", "without a unit"),
    ],
)
def test_ranges_that_cannot_be_are_named(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        leaf(text, "chip.yaml, line 3")
    assert caught.value.where == "chip.yaml, line 3"
    assert caught.value.remedy


@given(st.floats(1e-3, 1e6), st.floats(0, 100))
def test_a_share_of_a_number_lies_around_it(value: float, share: float) -> None:
    found = read_range(f"{value!r} fJ ± {share!r} %", "")
    assert found is not None
    low, high = (float(end.split()[0]) for end in (found.low, found.high))
    assert low == pytest.approx(value * (1 - share / 100), rel=1e-9, abs=1e-9 * value)
    assert high == pytest.approx(value * (1 + share / 100), rel=1e-9)


def test_a_range_changes_nothing_but_what_is_known(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("extends: isaac\nunits:\n  post:\n    cost:\n      leakage: 970 uW ± 10 % [ISCA 2016]\n")
    assert load_chip(str(file)).units["post"].cost.leakage == pytest.approx(970e-6)
    known = {one.path: one for one in sources(str(file))}["units.post.cost.leakage"]
    assert (known.value, known.low, known.high, known.source) == ("970 uW", "873 uW", "1067 uW", "ISCA 2016")


NARROW = tuple(
    f"{one.path}={one.value}" for one in sources("pcm-mesh-14nm") if one.low and not one.path.startswith("technology.l")
)
"""The default chip without the ranges that it brings."""


def doubt(*overrides: str, draws: int = 10) -> Uncertainty:
    result = simulate("mlp-hermes", "isaac", Settings(), overrides=overrides)
    return uncertainty("isaac", overrides, Settings(), result, draws=draws)


def test_a_tornados_bars_are_two_runs_by_hand() -> None:
    found = doubt("units.post.cost.leakage=970 uW [500 uW, 2 mW]", "units.post.cost.area=0.0009 mm^2 ± 50 %")
    bars = found.tornado("gops_per_w").set_index("field")
    for side, value in (("at_low", "500 uW"), ("at_high", "2 mW")):
        by_hand = simulate("mlp-hermes", "isaac", Settings(), overrides=[f"units.post.cost.leakage={value}"])
        assert bars[side]["units.post.cost.leakage"] == by_hand.ledger.headline.gops_per_w
    silicon = found.tornado("area_m2").iloc[0]
    # 168 units of 0.0009 mm2, half more and half less.
    assert silicon.field == "units.post.cost.area"
    assert silicon.at_high - silicon.at_low == pytest.approx(168 * 0.0009e-6)


def test_worst_cases_are_sums_by_hand() -> None:
    found = doubt(
        "units.post.cost.leakage=970 uW ± 10 %",
        "units.post.cost.area=0.0009 mm^2 ± 50 %",
        "tile.buffer.cost.leakage=20.7 mW [20 mW, 30 mW]",
        "tile.buffer.cost.area=0.083 mm^2 ± 10 %",
    )
    bands, head = found.bands.set_index("figure"), found.base
    # Of 168 tiles; leakage is drawn for as long as a sample takes.
    up, down = 168 * (97e-6 + 9.3e-3), 168 * (97e-6 + 0.7e-3)
    energy, area = bands.loc["energy_per_sample_j"], bands.loc["area_m2"]
    assert energy.worst_high - energy.value == pytest.approx(up / head.throughput_per_s, rel=1e-6)
    assert energy.value - energy.worst_low == pytest.approx(down / head.throughput_per_s, rel=1e-6)
    assert area.worst_high - area.value == pytest.approx(168 * (0.00045e-6 + 0.0083e-6), rel=1e-6)
    giga = head.operations_per_sample / 1e9
    assert bands.worst_low["gops_per_w"] == pytest.approx(giga / energy.worst_high)
    assert bands.worst_high["gops_per_w"] == pytest.approx(giga / energy.worst_low)


def test_the_worst_case_is_one_run_with_all_ends() -> None:
    """Leakage of SRAM goes with its scale and with the temperature: what both do together is more than their sum."""
    ranges = ("technology.leakage_scale=1 [0.5, 2]", "technology.temperature=300 K [300 K, 350 K]")
    result = simulate("digits-cnn", "pcm-mesh-14nm", Settings(), overrides=(*NARROW, *ranges))
    found = uncertainty("pcm-mesh-14nm", (*NARROW, *ranges), Settings(), result, draws=1)
    bands = found.bands.set_index("figure")
    for side, ends in (("worst_high", ("2", "350 K")), ("worst_low", ("0.5", "300 K"))):
        changes = (f"technology.leakage_scale={ends[0]}", f"technology.temperature={ends[1]}")
        by_hand = simulate("digits-cnn", "pcm-mesh-14nm", Settings(), overrides=(*NARROW, *changes)).ledger.headline
        assert bands[side]["energy_per_sample_j"] == by_hand.energy_per_sample_j
    moves = found.tornado("energy_per_sample_j")[["change_low", "change_high"]].max(axis=1).sum()
    assert bands.worst_high["energy_per_sample_j"] > (1.5 + moves) * bands.value["energy_per_sample_j"]


def test_the_default_chip_brings_ranges_of_its_own() -> None:
    result = simulate("mlp-hermes", "pcm-mesh-14nm", Settings(), overrides=())
    found = uncertainty("pcm-mesh-14nm", (), Settings(), result, draws=3)
    bars = found.tornado()
    assert len(bars) == 10
    assert {"technology.leakage_scale", "technology.temperature", "tile.adc.cost.scale"} <= set(bars.field)
    bands = found.bands.set_index("figure").loc["gops_per_w"]
    assert bands.worst_low < bands.low < bands.value < bands.high < bands.worst_high


def test_bands_hold_the_value_and_widen_with_each_range() -> None:
    before = None
    for wide in (0, 5, 60):
        found = doubt(f"units.post.cost.leakage=970 uW ± {wide} %", "tile.buffer.cost.leakage=20.7 mW ± 10 %")
        bands = found.bands.set_index("figure")
        assert list(bands.index) == list(BANDED)
        for low, high in (("worst_low", "worst_high"), ("low", "high")):
            assert (bands[low] <= bands.value).all()
            assert (bands.value <= bands[high]).all()
        if before is not None:
            assert (bands.worst_low <= before.worst_low).all()
            assert (bands.worst_high >= before.worst_high).all()
            assert bands.worst_high["energy_per_sample_j"] > before.worst_high["energy_per_sample_j"]
        before = bands


def test_what_is_drawn_is_even_between_the_ends() -> None:
    found = doubt("units.post.cost.area=0.0009 mm^2 [0.0004 mm^2, 0.0019 mm^2]", draws=200)
    least = found.tornado("area_m2").at_low[0]
    shares = (np.array([one.area_m2 for one in found.draws]) - least) / (168 * 0.0015e-6)
    # Mean and variance of an even distribution between 0 and 1, within four standard errors of 200 draws.
    assert shares.min() >= -1e-9
    assert shares.max() <= 1 + 1e-9
    assert shares.mean() == pytest.approx(0.5, abs=4 * np.sqrt(1 / 12 / 200))
    assert shares.var() == pytest.approx(1 / 12, abs=4 * np.sqrt(1 / 180 / 200))


def test_assumed_numbers_get_the_range_that_is_asked_for() -> None:
    result = simulate("mlp-hermes", "pcm-mesh-14nm", Settings())
    found = uncertainty("pcm-mesh-14nm", (), Settings(), result, assumed="5 %", draws=1)
    numbers = [one for one in sources("pcm-mesh-14nm") if one.is_number]
    expected = [one.path for one in numbers if one.low or (one.assumed and not one.value.isdigit())]
    assert [one.source.path for one in found.ranged] == expected
    assert len(found.tornado()) == 10
    assert found.tornado()[["change_low", "change_high"]].abs().max(axis=1).is_monotonic_decreasing


def test_a_chip_without_ranges_is_refused() -> None:
    with pytest.raises(InputError, match="no number of this chip has a range"):
        doubt()


def test_an_end_that_cannot_be_is_named() -> None:
    with pytest.raises(InputError, match=r"tile.input.phase_time cannot be at an end"):
        doubt("tile.input.phase_time=100 ns ± 100 %")


@pytest.mark.parametrize("draws", [-1, 10**12])
def test_more_chips_than_can_be_kept_are_not_drawn(draws: int) -> None:
    with pytest.raises(InputError, match="up to 100,000 are kept"):
        doubt(draws=draws)
