"""Errors, verdicts and what cannot be asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from archsim.errors import ArchsimError, InputError
from archsim.validation import Outcome, Verdict, validate

CASE = """
title: a chip
about: the product's interval is 16 phases of 100 ns by the chip's description
questions:
  - name: product
    ask: product
    chip: isaac
    published:
      - {{figure: interval, label: array, value: {value}, mark: D, source: "16 x 100 ns", tolerance: 1 %, {more}}}
"""


def case(value: str, more: str = "") -> str:
    return CASE.format(value=value, more=more.removeprefix(", ") if "kind" in more else f"kind: identity{more}")


def outcome(folder: Path, text: str) -> Outcome:
    file = folder / "mine.yaml"
    file.write_text(text)
    return validate(str(file))


@pytest.mark.parametrize(
    ("value", "more", "error", "verdict", "expected"),
    [
        ("1.6 us", "", 0.0, Verdict.MET, True),
        ("1.59 us", "", 1.6 / 1.59 - 1, Verdict.MET, True),
        ("1.5 us", "", 1.6 / 1.5 - 1, Verdict.MISSED, False),
        ("3.2 us", "", -0.5, Verdict.MISSED, False),
        ("1.5 us", ", miss: known", 1.6 / 1.5 - 1, Verdict.KNOWN_MISS, True),
        ("1.6 us", ", miss: known", 0.0, Verdict.SURPRISE, False),
        ("0.8 us", ", per: 2", 0.0, Verdict.MET, True),
        ("1.5 us", ", kind: what-if", 1.6 / 1.5 - 1, Verdict.NOT_JUDGED, True),
    ],
)
def test_verdicts(tmp_path: Path, value: str, more: str, error: float, verdict: Verdict, expected: bool) -> None:
    found = outcome(tmp_path, case(value, more))
    assert found.name == "mine"
    assert found.rows[0].error == pytest.approx(error, abs=1e-9)
    assert found.rows[0].verdict is verdict
    assert found.as_expected is expected


def test_parts_of_a_product(tmp_path: Path) -> None:
    text = case("1.6 us").replace("figure: interval", "figure: energy, of: [adc]")
    # 2 mW over 1.6 us.
    assert outcome(tmp_path, text.replace("1.6 us", "3.2 nJ")).rows[0].error == pytest.approx(0, abs=1e-9)


def test_one_action_of_a_part_carries_what_the_part_draws_until_the_next(tmp_path: Path) -> None:
    part = "ask: part\n    action: router.flit\n    per_second: 1.0e+9"
    energy = case("42 pJ").replace("ask: product", part).replace("figure: interval", "figure: energy")
    # ISAAC's router takes 42 mW (in six digits) and nothing per flit.
    assert outcome(tmp_path, energy).rows[0].error == pytest.approx(0, abs=1e-6)
    area = energy.replace("figure: energy", "figure: area").replace("42 pJ", "0.151 mm^2")
    assert outcome(tmp_path, area).rows[0].error == pytest.approx(0, abs=1e-9)
    with pytest.raises(ArchsimError, match=r"nobody has given the energy of router\.packet"):
        outcome(tmp_path, energy.replace("router.flit", "router.packet"))


@pytest.mark.parametrize(
    ("old", "new", "where", "remedy"),
    [
        ("chip: isaac", "chip: isac", "question 'product'", "isaac"),
        ("label: array", "label: array, of: [adcs]", "question 'product'", ""),
        ("chip: isaac", "chip: isaac, overrides: [tile.adc.bit=3]", "question 'product'", "bits"),
    ],
)
def test_errors_say_which_question(tmp_path: Path, old: str, new: str, where: str, remedy: str) -> None:
    text = case("1.6 us").replace(old, new.replace(", overrides", "\n    overrides"))
    if "adcs" in new:
        text = text.replace("figure: interval", "figure: energy").replace("1.6 us", "1 nJ")
    with pytest.raises(ArchsimError) as error:
        outcome(tmp_path, text)
    assert where in error.value.where
    assert remedy in error.value.remedy


def test_an_unknown_rate_is_refused(tmp_path: Path) -> None:
    text = case("65.8 W").replace("figure: interval", "figure: power")
    text = text.replace("ask: product", 'ask: sums\n    activity: [{action: adc.guess, per_second: 1.0, source: "x"}]')
    with pytest.raises(InputError, match=r"no action 'adc\.guess'"):
        outcome(tmp_path, text)


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    file = tmp_path / "mine.yaml"
    file.write_text(case("1.6 us"))
    validate(str(file), asking=told.append)
    assert len(told) == 1
    assert told[0].endswith("product")
