"""What a chip draws, from the command line: bad input by its sentence, the guide's examples, spans of presets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archsim.chip import load_chip
from archsim.cost import price
from tests.e2e.cli_calls import fail, succeed, succeed_json

GUIDE = Path(__file__).parents[2] / "reports" / "guide" / "power.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
CLOCK = ("other.clock.serves=clock", "other.clock.of=adc", "other.clock.area=0 mm^2")
GATED = {"policy": "power-gated", "after": "1 us", "kept": "0.1", "wake_time": "200 ns", "wake_energy": "3 pJ"}


def settings(*changes: str) -> tuple[str, ...]:
    return tuple(word for change in changes for word in ("--set", change))


def gated(**other: str) -> tuple[str, ...]:
    return settings(*(f"power.parts.adc.{name}={value}" for name, value in {**GATED, **other}.items()))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (settings(*CLOCK, "other.clock.share=1.2"), "1.2 is not less than 1"),
        (settings(*CLOCK, "other.clock.share=0.2 ± 120 %"), "± 120 % is more than the whole number"),
        (settings(*CLOCK, "other.clock.share=0.2 [0.3, 0.4]"), "excludes its value"),
        (settings(*CLOCK), "go together"),
        (settings(*CLOCK, "other.clock.share=0.1", "other.clock.of=adcs"), "Did you mean 'adc'?"),
        (gated(after="100 ns"), "Let it wait at least as long as waking takes"),
        (gated(kept="1.2"), "1.2"),
        (settings("technology.temperature=-3 K"), "temperature"),
        (settings("tile.adc.cost.scale=0"), "not at least 0.001"),
    ],
)
def test_what_makes_no_sense_is_named(changes: tuple[str, ...], said: str) -> None:
    assert said in fail("run", "digits-cnn", *changes)


def test_a_temperature_that_no_table_reaches_is_named() -> None:
    assert "500 is outside the fitted 300 to 400" in succeed(
        "run", "digits-cnn", *settings("technology.temperature=500 K")
    )


def test_clock_control_and_conversion_are_listed_as_not_priced_until_they_are() -> None:
    assert "not clock, control, power conversion" in succeed("run", "digits-cnn")
    told = succeed("run", "digits-cnn", *settings(*CLOCK, "other.clock.share=0.1"))
    assert "clock, DRAM" in told
    assert "not control, power conversion" in told


def test_a_share_is_a_row_of_every_table() -> None:
    found = succeed_json("run", "digits-cnn", *settings(*CLOCK, "other.clock.share=0.2"), "--json")
    rows = {row["component"]: row for row in found["components"]}
    assert rows["clock"]["leakage_j"] == pytest.approx(0.25 * rows["adc"]["leakage_j"])


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_the_guides_examples_are_chips(number: int, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"extends: pcm-mesh-14nm\n{BLOCKS[number]}")
    assert price(load_chip(str(file))).components
    assert "is fine" in succeed("check", file)


def test_the_default_chip_says_how_sure_it_is() -> None:
    found = succeed_json("run", "digits-cnn", "--uncertainty", "--draws", "3", "--json")["uncertainty"]
    assert len(found["tornado"]) == 10
    bands = {row["figure"]: row for row in found["bands"]}["gops_per_w"]
    assert bands["worst_low"] < bands["value"] < bands["worst_high"]
