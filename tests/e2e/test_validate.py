"""`archsim validate` and `archsim ladder` as a user calls them."""

from __future__ import annotations

import csv
import json
import xml.dom.minidom
from pathlib import Path

import pytest
from typer.testing import CliRunner

from archsim.cli import application
from archsim.validation import case_names
from tests.e2e.cli_calls import fail, succeed

ROW_KEYS = {
    "question", "ask", "chip", "figure", "label", "unit", "published", "simulated", "error", "tolerance", "mark",
    "source", "kind", "verdict", "explanation",
}  # fmt: skip

WRONG = """
title: a chip
about: a value that nobody published
questions:
  - name: peak
    ask: peak
    chip: isaac
    published:
      - {figure: throughput, label: chip, value: 90 TOPS, mark: D, source: nobody, kind: prediction, tolerance: 2 %}
"""


def test_a_case_prints_published_beside_simulated() -> None:
    text = succeed("validate", "isaac")
    line = next(line for line in text.splitlines() if line.startswith("peak") and "throughput" in line)
    assert "41.3 TOPS" in line
    assert "41.29 TOPS" in line
    assert "sum" in line.split()
    assert text.rstrip().endswith("met: 0 of 1 identity, 11 of 11 sums, 2 of 3 predictions")


def test_misses_are_explained() -> None:
    text = succeed("validate", "puma")
    assert "known miss" in text
    assert "Needs a product every 1,383 ns." in text
    assert "52.31 TOPS over 90.6 mm^2" in text


def test_json_has_one_record_per_row() -> None:
    cases = json.loads(succeed("validate", "neurram", "--json"))
    assert [case["case"] for case in cases] == ["neurram"]
    assert cases[0]["as_expected"] is True
    assert len(cases[0]["rows"]) == 8
    for row in cases[0]["rows"]:
        assert row.keys() == ROW_KEYS
        assert row["error"] == pytest.approx(row["simulated"] / row["published"] - 1)
        assert row["kind"] in ("identity", "sum", "prediction", "restated", "what-if")
        assert (row["verdict"] == "known miss") == (row["explanation"] is not None)


def test_pages_and_figures_are_written(tmp_path: Path) -> None:
    succeed("validate", "ibm-34tile", "--out", tmp_path)
    page = (tmp_path / "ibm-34tile.md").read_text()
    assert "archsim validate ibm-34tile --out reports/validation" in page
    assert "12.4 TOPS/W" in page
    assert "**known miss**" in page
    for figure in ("ibm-34tile-ladder-1.svg", "ibm-34tile-ladder-2.svg"):
        assert figure in page
        xml.dom.minidom.parse(str(tmp_path / figure))
    # The overview belongs to a run of all cases.
    assert not (tmp_path / "README.md").exists()


def test_the_same_run_writes_the_same_files(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        succeed("validate", "ibm-34tile", "--out", tmp_path / folder)
    first, second = ({file.name: file.read_bytes() for file in (tmp_path / f).iterdir()} for f in ("one", "two"))
    assert first == second


def test_an_unexplained_miss_ends_with_code_1(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(WRONG)
    result = CliRunner().invoke(application(), ["validate", str(file)], catch_exceptions=False)
    assert result.exit_code == 1
    assert "wrong, peak, throughput (chip): missed" in result.stderr
    assert "-54.1 %" in result.stdout


def test_an_unknown_case_is_answered_with_the_nearest() -> None:
    assert "Did you mean 'hermes'?" in fail("validate", "hermis")


def test_a_malformed_case_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(WRONG.replace("kind: prediction", "kind: guess"))
    assert "'guess' is not understood" in fail("validate", file)


def test_an_unwritable_directory_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert str(file) in fail("validate", "isaac", "--out", file)


def test_help_names_all_cases() -> None:
    text = " ".join(succeed("validate", "--help").split())
    assert f"Cases: {', '.join(case_names())}." in text


@pytest.mark.slow
def test_the_reports_are_what_the_command_writes(tmp_path: Path) -> None:
    succeed("validate", "--out", tmp_path)
    kept = Path(__file__).parents[2] / "reports" / "validation"
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        file.name: file.read_text() for file in kept.iterdir()
    }


def test_a_ladder_goes_from_the_peak_to_the_system(tmp_path: Path) -> None:
    text = succeed("ladder", "mlp-hermes", "--batch", "2", "--out", tmp_path)
    steps = [
        "peak tile",
        "partly filled tiles",
        "pipeline stalls",
        "data movement",
        "digital units",
        "leakage",
        "system",
    ]
    assert [line[:21].strip() for line in text.splitlines()[-len(steps) :]] == steps
    with (tmp_path / "ladder.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == steps
    assert sum(float(row["share"]) for row in rows) == pytest.approx(1)
    record = json.loads((tmp_path / "ladder.json").read_text())
    assert [rung["step"] for rung in record["rungs"]] == steps
    xml.dom.minidom.parse(str(tmp_path / "ladder.svg"))


def test_a_ladder_ends_at_the_efficiency_that_a_run_reports() -> None:
    options = ("mlp-l4", "--chip", "puma", "--batch", "2", "--json")
    ladder, run = json.loads(succeed("ladder", *options)), json.loads(succeed("run", *options))
    assert ladder["rungs"][-1]["operations_per_w"] / 1e9 == pytest.approx(run["headline"]["gops_per_w"])


def test_a_ladder_of_an_unknown_network_is_refused() -> None:
    assert "mlp-l4" in fail("ladder", "mlp-14")
