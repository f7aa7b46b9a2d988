"""`--uncertainty`: bands and a tornado in the terminal, as JSON and on the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from archsim.report.quantities import joules
from tests.e2e.cli_calls import fail, succeed, succeed_json
from tests.unit.report.pages import read, table_rows

RANGED = ("mlp-hermes", "--chip", "isaac", "--set", "units.post.cost.leakage=970 uW ± 50 %")


def test_bands_are_printed_and_on_the_page(tmp_path: Path) -> None:
    asked = ("--uncertainty", "--draws", "5")
    text = succeed("run", *RANGED, *asked)
    assert "With a range: 1 number of the chip" in text
    assert "units.post.cost.leakage" in text
    found = succeed_json("run", *RANGED, *asked, "--json")["uncertainty"]
    bands = {row["figure"]: row for row in found["bands"]}
    energy = bands["energy_per_sample_j"]
    assert energy["worst_low"] < energy["value"] < energy["worst_high"]
    assert energy["worst_high"] - energy["value"] == pytest.approx(energy["value"] - energy["worst_low"])
    succeed("report", *RANGED, *asked, "--no-what-if", "--out", tmp_path / "r.html")
    sections = read((tmp_path / "r.html").read_text()).all("section")
    shown = next(one for one in sections if one.attributes["id"] == "uncertainty")
    rows = {row[0]: row for row in table_rows(shown.all("table")[0])}
    assert rows["energy"][3] == f"{joules(energy['worst_high'])}/sample"
    assert table_rows(shown.all("table")[1])[0][:4] == ["units.post.cost.leakage", "970 uW", "485 uW", "1455 uW"]


def test_bad_input_is_named() -> None:
    assert "no number of this chip has a range" in fail("run", "mlp-hermes", "--chip", "isaac", "--uncertainty")
    assert "nothing is to be run with it" in fail("run", "mlp-hermes", "--assumed-within", "20 %")
    assert "more than the whole number" in fail("run", "mlp-hermes", "--uncertainty", "--assumed-within", "120 %")
    ranged = "tile.adc.conversion_time=2 ns [3 ns, 4 ns]"
    assert "excludes its value" in fail("run", "mlp-hermes", "--set", ranged)
