"""``archsim explore`` as a user calls it."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
import yaml

from archsim.chip import load_chip
from archsim.exploration import Standing
from archsim.exploration.evaluation import Status
from tests.e2e.cli_calls import fail, succeed, succeed_json
from tests.explorations import SMALL

LIMITED = {**SMALL, "run": {"batch": 2}, "constraints": ["latency_s <= 1 ms"], "best": 3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that is through, with its results."""
    folder = tmp_path_factory.mktemp("explored")
    study(folder, **LIMITED)
    succeed("explore", folder / "study.yaml", "--workers", "1", "--out", folder / "out", "--format", "parquet")
    return folder


def study(folder: Path, **keys: object) -> Path:
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump({**SMALL, **keys}, sort_keys=False))
    return file


def test_results_are_tables_a_page_and_chips(folder: Path) -> None:
    points = pd.read_parquet(folder / "out" / "points.parquet")
    assert len(points) == 6
    assert {"point", "status", "rank", "tile.adc.bits", "latency_s", "gops_per_w", "area_m2"} <= set(points)
    summary = json.loads((folder / "out" / "summary.json").read_text())
    assert summary["objectives"] == {"latency_s": "minimize", "gops_per_w": "maximize"}
    page = (folder / "out" / "report.html").read_text()
    assert "Parallel coordinates" in page
    # A dot for each point, and a line.
    assert page.count("<circle class=") == page.count('<path class="l-') == int(points["rank"].notna().sum())
    best = pd.read_parquet(folder / "out" / "front.parquet").point.tolist()
    for number in best:
        chip = load_chip(str(folder / "out" / f"chip-{number:06d}.yaml"))
        assert chip.analog.adc.bits == points["tile.adc.bits"][number]


def test_every_point_runs_again_by_its_command(folder: Path) -> None:
    found = succeed_json("explore", folder / "study.yaml", "--workers", "1", "--json")
    rows = {row["point"]: row for row in found["best"]}
    assert len(rows) == 3
    for number, (command,) in found["commands"].items():
        headline = succeed_json(*shlex.split(command)[1:], "--json")["headline"]
        for figure in ("latency_s", "gops_per_w", "energy_per_sample_j", "area_m2", "throughput_per_s"):
            assert headline[figure] == rows[int(number)][figure]


def test_a_ready_chip_runs_as_its_point_did(folder: Path) -> None:
    number = pd.read_parquet(folder / "out" / "front.parquet").iloc[0]
    chip = folder / "out" / f"chip-{int(number.point):06d}.yaml"
    again = succeed_json("run", "mlp-hermes", "--chip", chip, "--batch", "2", "--json")["headline"]
    assert again["gops_per_w"] == number.gops_per_w


def test_what_is_printed(folder: Path) -> None:
    text = succeed("explore", folder / "study.yaml", "--workers", "1")
    for words in ("mlp-hermes on pcm-mesh-14nm", "latency_s minimized", "6 points by grid", "The 3 best", "Front"):
        assert words in text
    table = succeed("explore", folder / "study.yaml", "--workers", "1", "--csv")
    assert table.splitlines()[0].startswith("point,status,rank,tile.adc.bits")
    assert len(table.splitlines()) == 7


def test_the_shipped_study_is_shown_and_can_be_explored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = succeed("show", "study", "converters")
    assert yaml.safe_load(text)["objectives"] == {"area_m2": "minimize", "throughput_per_s": "maximize"}
    found = succeed_json("explore", "converters", "--workers", "1", "--points", "2", "--no-ledgers", "--json")
    assert sum(found["counts"].values()) == 2
    assert not (tmp_path / "converters.explore" / "ledgers").exists()


def test_points_that_cannot_be_are_told_with_their_reason(tmp_path: Path) -> None:
    file = study(tmp_path, parameters={"tile.adc.bits": [8, 99]})
    text = succeed("explore", file, "--workers", "1")
    assert "1 finished, 1 refused" in text
    assert "1 point: --set tile.adc.bits=99" in text


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"parameters": {"tile.adc.bitz": [6]}}, "Did you mean 'tile.adc.bits'?"),
        ({"parameters": {"tile.adc.bits": 7}}, "is neither a list, a range nor choices"),
        ({"networks": ["resnet19"]}, "resnet18"),
        ({"chip": "pcm-mesh"}, "pcm-mesh-14nm"),
        ({"objectives": {"speed": "maximize"}}, "nobody measures 'speed'"),
        ({"objectives": {"latency_s": "down"}}, "minimize"),
        ({"objectives": {"accuracy": "maximize"}}, "accuracy: {model: digits-cnn}"),
        ({"constraints": ["area_m2 <= 1 mm^2", "area_m2 >= 2 mm^2"]}, "no point keeps both"),
        ({"require": ["tile.adc.bits > 40"]}, "no combination of values keeps what is required"),
        ({"set": ["tile.adc.bitz=6"]}, "bitz"),
    ],
)
def test_bad_studies_are_refused_before_anything_runs(keys: dict[str, object], words: str, tmp_path: Path) -> None:
    assert words in " ".join(fail("explore", study(tmp_path, **keys), "--workers", "1").split())
    assert not list(tmp_path.glob("study.explore/ledgers/*/*"))


def test_bad_calls(tmp_path: Path) -> None:
    file = study(tmp_path)
    assert "converters" in fail("explore", tmp_path / "none.yaml")
    file.write_text("networks: [a")
    assert "is no YAML" in fail("explore", file)
    file.write_text("7")
    assert "a study is a mapping" in fail("explore", file)
    assert "no scheduler answers" in fail("explore", study(tmp_path), "--scheduler", "tcp://127.0.0.1:1")
    assert "learns from every point" in fail(
        "explore", study(tmp_path, method={"kind": "tpe", "points": 4}), "--bounds", "--store", tmp_path / "tpe"
    )
    place = tmp_path / "file"
    place.write_text("")
    assert "cannot be written" in fail("explore", study(tmp_path), "--store", place)


def test_ctrl_c_says_what_is_kept(tmp_path: Path) -> None:
    many = study(tmp_path, parameters={"tile.adc.bits": {"from": 4, "to": 9, "step": 1}, "batch": list(range(1, 25))})
    command = [sys.executable, "-m", "archsim", "explore", str(many), "--workers", "2"]
    running = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
    )
    ledgers = tmp_path / "study.explore" / "ledgers" / "energy"
    deadline = time.monotonic() + 120
    while running.poll() is None and len(list(ledgers.glob("*.parquet"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert re.fullmatch(r"interrupted: \d+ finished points are kept; the same command goes on from there\n", told)


def test_progress_tells_rate_time_and_front() -> None:
    from rich.console import Console

    from archsim.cli.exploring import drawn

    counts = dict.fromkeys(Status, 0) | {Status.FINISHED: 20, Status.DOMINATED: 10}
    front = ((4, (1.5e-6, 900.0)), (7, (2.5e-6, 950.0)))
    standing = Standing(30, 100, 4, 10, 5.0, counts, ("latency_s", "gops_per_w"), front)
    console = Console(record=True, width=120, file=StringIO())
    console.print(drawn(standing))
    text = console.export_text()
    # Ten points in five seconds, and seventy are left.
    assert "30 of 100 points, 4 under way, 2 points/s, 35 s left  (20 finished, 10 dominated by its bound)" in text
    assert re.search(r"4\s+1.5 µs\s+900", text)
