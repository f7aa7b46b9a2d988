"""Case files: what they may say, and what is said of those that cannot be used."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from archsim.chip import chip_names
from archsim.errors import InputError
from archsim.validation import Claim, Figure, Mark, case_names, load_case
from archsim.workloads import names as network_names

GOOD = """
title: a chip
about: nothing
questions:
  - name: peak
    ask: peak
    chip: isaac
    published:
      - {figure: throughput, label: chip, value: 41.3 TOPS, mark: D, source: here, kind: prediction, tolerance: 2 %}
"""


def write(folder: Path, text: str) -> str:
    file = folder / "mine.yaml"
    file.write_text(dedent(text))
    return str(file)


def refused(folder: Path, text: str) -> InputError:
    with pytest.raises(InputError) as error:
        load_case(write(folder, text))
    assert error.value.what
    assert "mine.yaml" in error.value.where
    assert error.value.remedy
    return error.value


def test_a_user_may_write_a_case(tmp_path: Path) -> None:
    assert load_case(write(tmp_path, GOOD)).questions[0].published[0].measured.si == pytest.approx(41.3e12)


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="there is no case 'issac'") as error:
        load_case("issac")
    assert error.value.remedy.startswith("Did you mean 'isaac'? Cases: ")


def test_names_like_no_other_are_answered_with_all() -> None:
    with pytest.raises(InputError) as error:
        load_case("zzz")
    assert all(name in error.value.remedy for name in case_names())


@pytest.mark.parametrize(
    ("old", "new", "what", "where", "remedy"),
    [
        ("title: a chip\n", "", "'title' is missing", "title", "Add title"),
        ("mark: D", "mark: X", "'X' is not understood", "questions.0.published.0.mark", "'P', 'S', 'D' or 'U'"),
        ("kind: prediction", "kind: fit", "'fit' is not understood", "questions.0.published.0.kind", "'identity'"),
        ("figure: throughput", "figure: speed", "'speed' is not understood", "published.0.figure", "'throughput'"),
        ("ask: peak", "ask: riddle", "what is asked is not understood", "questions.0", "sums, peak"),
        ("    ask: peak\n", "", "what is asked is not understood", "questions.0", "sums, peak"),
        ("ask: peak", "ask: part\n    action: adc\n    per_second: 1", "should match", "questions.0.action", "cases"),
        ("chip: isaac", "chips: isaac", "'chip' is missing", "questions.0.chip", "Add chip"),
        ("label: chip", "label: chip, weight: 3", "unknown key 'weight'", "published.0.weight", "Remove it"),
        ("41.3 TOPS", "41.3 TOPS/W", "'TOPS/W' is no unit", "published.0", "TOPS"),
        ("2 %", "2 W", "no unit of share", "published.0", "%"),
        ("source: here, ", "", "'source' is missing", "published.0.source", "Add source"),
        ("figure: throughput", "figure: latency", "no unit 'TOPS'", "published.0", "Write a quantity"),
        ("label: chip", "label: chip, of: [adc]", "'of' belongs to sums", "", "Remove it"),
        ("label: chip", "label: chip, counting: [system]", "'counting' belongs to a ladder", "", "ladder"),
        ("mark: D", "mark: U", "all of its values are unverified", "", "Add a value"),
        ("label: chip", "label: chip, per: 0", "greater than or equal to 1", "published.0.per", "Correct it"),
    ],
)
def test_malformed_cases_are_refused_with_place_and_remedy(
    tmp_path: Path, old: str, new: str, what: str, where: str, remedy: str
) -> None:
    assert old in GOOD
    error = refused(tmp_path, GOOD.replace(old, new))
    assert what in error.what
    assert where in error.where
    assert remedy in error.remedy


def test_a_figure_that_a_question_does_not_answer_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, GOOD.replace("figure: throughput", "figure: latency").replace("41.3 TOPS", "5 ns"))
    assert "question 'peak' (peak) has no figure 'latency'" in error.what
    assert "throughput" in error.remedy


@pytest.mark.parametrize("text", ["[1, 2]", "just words", ""])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    assert "no mapping" in refused(tmp_path, text).what


def test_what_is_no_yaml_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path, "title: [unclosed").what


def test_several_faults_are_counted(tmp_path: Path) -> None:
    assert "(and 1 more faults)" in refused(tmp_path, GOOD.replace("title: a chip\nabout: nothing\n", "")).what


@pytest.mark.parametrize("name", case_names())
def test_cases_that_come_with_archsim_name_what_there_is(name: str) -> None:
    case = load_case(name)
    assert case.inputs
    for question in case.questions:
        assert question.chip in chip_names()
        assert getattr(question, "network", "mlp-l4") in network_names()


@pytest.mark.parametrize("name", case_names())
def test_identities_and_sums_are_held_to_one_per_cent(name: str) -> None:
    published = [one for question in load_case(name).questions for one in question.published]
    loose = [one for one in published if one.kind in (Claim.IDENTITY, Claim.SUM) and one.allowed > 0.01]
    assert loose == []


@pytest.mark.parametrize("name", case_names())
def test_no_case_rests_on_unverified_values(name: str) -> None:
    published = [one for question in load_case(name).questions for one in question.published]
    assert any(one.mark is not Mark.UNVERIFIED for one in published)


def test_case_files_carry_no_costs() -> None:
    # What a chip costs belongs to its chip file, with its source; only what is not judged may try another cost, and
    # what is judged and shown of time alone may leave it out.
    timed = {Figure.LATENCY, Figure.INTERVAL, Figure.STEP, Figure.TOKEN, Figure.SAMPLE_RATE}
    for name in case_names():
        for question in load_case(name).questions:
            costs = [change for change in question.overrides if ".energy" in change or ".leakage" in change]
            free = all(change.endswith(("=0 J", "=0 W")) for change in costs)
            if free and {one.figure for one in question.published} <= timed and not getattr(question, "shown", ()):
                continue
            assert costs == [] or all(one.kind is Claim.WHAT_IF for one in question.published), name


def test_the_cases_are_plain_yaml() -> None:
    folder = Path(load_case.__code__.co_filename).parent / "cases"
    assert {file.stem for file in folder.glob("*.yaml")} == set(case_names())
    for file in folder.glob("*.yaml"):
        assert isinstance(yaml.safe_load(file.read_text()), dict)
