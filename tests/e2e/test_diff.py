"""`archsim diff`: parts that add up to what moved, for runs and for chips."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from archsim.report.quantities import joules, square_metres
from tests.e2e.cli_calls import fail, succeed, succeed_json
from tests.unit.report.pages import Element, read, table_rows

WIDER = ("--set", "fabric.link_width=64 B", "--replicate", "conv1=4")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """ResNet-18 as it is, and with wider links and more copies of its first layer."""
    before, after = (tmp_path_factory.mktemp(name) / name for name in ("before", "after"))
    succeed("run", "resnet18", "--batch", "3", "--out", before)
    succeed("run", "resnet18", "--batch", "3", *WIDER, "--out", after, "--format", "parquet")
    return before, after


@pytest.fixture(scope="module")
def found(runs: tuple[Path, Path]) -> Any:
    return succeed_json("diff", *runs, "--json")


def headlines(runs: tuple[Path, Path]) -> list[dict[str, float]]:
    return [json.loads((run / "summary.json").read_text())["headline"] for run in runs]


def sums(rows: list[dict[str, float]]) -> tuple[float, float, float]:
    return tuple(math.fsum(row[side] for row in rows) for side in ("before", "after", "change"))


@pytest.mark.parametrize(("parts", "figure"), [("energy_j", "energy_per_sample_j"), ("area_m2", "area_m2")])
def test_parts_add_up_to_the_headlines(runs: tuple[Path, Path], found: Any, parts: str, figure: str) -> None:
    one, other = (headline[figure] for headline in headlines(runs))
    assert sums(found[parts]) == pytest.approx((one, other, other - one), rel=1e-12)


@pytest.mark.parametrize("parts", ["path_ps", "passing_ps"])
def test_the_path_adds_up_to_the_latency_exactly(runs: tuple[Path, Path], found: Any, parts: str) -> None:
    one, other = (round(headline["latency_s"] * 1e12) for headline in headlines(runs))
    assert sums(found[parts]) == (one, other, other - one)


def test_layers_add_up_to_the_dynamic_energy(runs: tuple[Path, Path], found: Any) -> None:
    dynamic = [h["energy_per_sample_j"] * (1 - h["leakage_share"]) for h in headlines(runs)]
    assert sums(found["layer_energy_j"])[:2] == pytest.approx(dynamic, rel=1e-12)


def test_the_first_layer_is_what_moved(found: Any) -> None:
    assert found["path_ps"][0]["part"] == "conv1"
    figures = {row["figure"]: row for row in found["figures"]}
    # Four copies of the layer that sets the pace: four times as fast.
    assert figures["throughput"]["change"] == pytest.approx(3.0, rel=1e-3)
    assert figures["latency"]["why"].startswith("conv1 -")
    assert figures["operations"]["change"] == 0.0
    assert found["chip"] == [{"field": "fabric.link_width", "before": "32 B", "after": "64 B"}]
    assert {row["field"] for row in found["settings"]} == {"replicate", "replicate.conv1", "overrides"}
    assert found["versions"] == []


def section_of(page: Element, name: str) -> Element:
    return next(section for section in page.all("section") if section.attributes["id"] == name)


def test_the_page_prints_the_same_figures(runs: tuple[Path, Path], found: Any, tmp_path: Path) -> None:
    told = succeed("diff", *runs, "--html", tmp_path / "diff.html")
    assert told.startswith(str(tmp_path / "diff.html"))
    text = (tmp_path / "diff.html").read_text()
    assert not re.search(r"https?:", text)
    page = read(text)
    *_, whole = table_rows(section_of(page, "energy").all("table")[0])
    assert whole[:3] == ["all", *(joules(value) for value in sums(found["energy_j"])[:2])]
    rows = {row[0]: row for row in table_rows(section_of(page, "silicon").all("table")[0])}
    router = next(row for row in found["area_m2"] if row["part"] == "router")
    assert rows["router"][1:4] == [
        square_metres(router["before"]), square_metres(router["after"]), f"+{square_metres(router['change'])}",
    ]  # fmt: skip


def test_a_table_that_is_cut_still_adds_up(runs: tuple[Path, Path], tmp_path: Path) -> None:
    succeed("diff", *runs, "--html", tmp_path / "diff.html")
    table = section_of(read((tmp_path / "diff.html").read_text()), "energy").all("table")[1]
    rows = [[cell.attributes.get("data-v") for cell in row.all("td")] for row in table.all("tbody")[0].all("tr")]
    assert any(str(row[0]).endswith("other layers") for row in rows)
    *parts, whole = rows
    for column in (1, 2, 3):
        assert math.fsum(float(row[column]) for row in parts) == pytest.approx(float(whole[column]), rel=1e-12)


def test_clocks_and_wakes_are_parts_too(tmp_path: Path) -> None:
    for name, changes in (("on", ()), ("gated", ("--set", "power.policy=clock-gated"))):
        succeed("run", "mlp-l4", "--batch", "4", "--chip", "photonic-mesh-7nm", *changes, "--out", tmp_path / name)
    found = succeed_json("diff", tmp_path / "on", tmp_path / "gated", "--json")
    one, other = (headline["energy_per_sample_j"] for headline in headlines((tmp_path / "on", tmp_path / "gated")))
    assert sums(found["energy_j"]) == pytest.approx((one, other, other - one), rel=1e-12)


def test_a_run_beside_itself_moves_nothing(runs: tuple[Path, Path]) -> None:
    text = succeed("diff", runs[0], runs[0])
    assert "Nothing moved" in text
    assert "Figures that moved" not in text
    rows = succeed_json("diff", runs[0], runs[0], "--json")["figures"]
    assert all(row["change"] == 0.0 for row in rows)


def test_csv_is_the_table_of_figures(runs: tuple[Path, Path], found: Any) -> None:
    lines = succeed("diff", *runs, "--csv").splitlines()
    assert lines[0] == "figure,before,after,change,why"
    assert len(lines) == 1 + len(found["figures"])


def test_a_run_without_a_path_says_so(runs: tuple[Path, Path], tmp_path: Path) -> None:
    for name in ("summary.json", "chip.yaml"):
        (tmp_path / name).write_text((runs[0] / name).read_text())
    assert "The latency is not divided" in succeed("diff", tmp_path, runs[1])
    assert succeed_json("diff", tmp_path, runs[1], "--json")["path_ps"] is None


def chip(folder: Path, text: str) -> Path:
    file = folder / "mine.yaml"
    file.write_text(f"extends: isaac\n{text}")
    return file


def test_chips_differ_by_the_part_that_is_another(tmp_path: Path) -> None:
    # ISAAC's 168 tiles each have a post unit that leaks 97 uW and has 0.0009 mm2.
    mine = chip(tmp_path, "units: {post: {cost: {leakage: 1097 uW, area: 0.0019 mm^2}}}\n")
    found = succeed_json("diff", "isaac", mine, "--json")
    figures = {row["figure"]: row for row in found["figures"]}
    assert figures["leakage"]["after"] - figures["leakage"]["before"] == pytest.approx(168 * 1e-3)
    assert figures["peak power"]["after"] - figures["peak power"]["before"] == pytest.approx(168 * 1e-3)
    assert figures["silicon"]["after"] - figures["silicon"]["before"] == pytest.approx(168 * 1e-9)
    assert figures["peak speed"]["change"] == 0.0
    assert figures["silicon"]["why"] == "post +0.168 mm²"
    moved = [row for row in found["power_w"] if row["change"]]
    assert [row["part"] for row in moved] == ["post, leakage"]


def test_parts_of_chips_add_up_to_their_peaks() -> None:
    found = succeed_json("diff", "isaac", "puma", "--json")
    figures = {row["figure"]: row for row in found["figures"]}
    for parts, figure in (("power_w", "peak power"), ("area_m2", "silicon")):
        one, other = figures[figure]["before"], figures[figure]["after"]
        assert sums(found[parts]) == pytest.approx((one, other, other - one), rel=1e-12)


def test_each_field_alone_is_a_chip_of_its_own(tmp_path: Path) -> None:
    mine = chip(tmp_path, "units: {post: {cost: {leakage: 1097 uW}}}\ntechnology: {temperature: 330 K}\n")
    rows = {row["field"]: row for row in succeed_json("diff", "isaac", mine, "--json")["one_at_a_time"]}
    assert set(rows) == {"units.post.cost.leakage", "technology.temperature"}
    alone = chip(tmp_path, "units: {post: {cost: {leakage: 1097 uW}}}\n")
    by_hand = {row["figure"]: row for row in succeed_json("diff", "isaac", alone, "--json")["figures"]}
    assert rows["units.post.cost.leakage"]["gops_per_w"] == pytest.approx(by_hand["peak efficiency"]["change"])


def test_a_chip_beside_itself_is_the_same(tmp_path: Path) -> None:
    assert "Both describe the same chip" in succeed("diff", "isaac", "isaac")


def test_bad_input_is_named(runs: tuple[Path, Path], tmp_path: Path) -> None:
    assert "there is no run to read" in fail("diff", runs[0], tmp_path)
    assert "a run and a chip" in fail("diff", runs[0], "isaac")
    for there in ("isaac", runs[0]):
        message = fail("diff", there, "isaacs")
        assert "there is no directory, chip file or preset 'isaacs'" in message and "Did you mean 'isaac'?" in message
    assert "does not end in .html" in fail("diff", *runs, "--html", tmp_path / "diff.pdf")


@pytest.mark.parametrize("text", ["", "[]", "{}", "\x00", '{"headline": 3}', "[" * 5000])
def test_a_summary_that_is_none_is_named(runs: tuple[Path, Path], tmp_path: Path, text: str) -> None:
    (tmp_path / "summary.json").write_text(text)
    message = fail("diff", tmp_path, runs[0])
    assert "this is no summary of a run" in message
    assert "summary.json" in message


def test_a_summary_of_another_version_is_named(runs: tuple[Path, Path], tmp_path: Path) -> None:
    held = json.loads((runs[0] / "summary.json").read_text())
    del held["headline"]["latency_s"]
    (tmp_path / "summary.json").write_text(json.dumps(held))
    assert "headline.latency_s" in fail("diff", tmp_path, runs[0])


def test_a_path_that_is_no_table_is_named(runs: tuple[Path, Path], tmp_path: Path) -> None:
    for name in ("summary.json", "chip.yaml"):
        (tmp_path / name).write_text((runs[0] / name).read_text())
    (tmp_path / "critical-path.csv").write_text("")
    assert "critical-path.csv" in fail("diff", tmp_path, runs[0])
    pd.DataFrame({"layer": ["a"]}).to_csv(tmp_path / "critical-path.csv", index=False)
    assert "no column product" in fail("diff", tmp_path, runs[0])
