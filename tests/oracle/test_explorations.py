"""A study against loops written by hand, against itself under other workers, and against being killed."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import yaml

import archsim
from archsim.chip import load_chip
from archsim.errors import InputError
from archsim.exploration import Exploration, explore, read_ledgers
from archsim.exploration.crew import Work
from archsim.exploration.evaluation import evaluate
from archsim.report.records import json_text, records
from tests import explorations
from tests.explorations import CHEAP, SMALL

LEARNING = {**CHEAP, "method": {"kind": "nsga2", "points": 48, "round": 12}}
ADAPTIVE = {**CHEAP, "method": {"kind": "tpe", "points": 32}}


RATIOS = {
    **SMALL,
    "networks": {"mlp-hermes": {"batch": 4}, "digits-cnn": {"batch": 2}},
    "baseline": "isaac",
    "objectives": {"energy_gain": "maximize", "latency_gain of digits-cnn": "maximize"},
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A scheduler and two workers, each a process of its own that a nanny replaces when it dies."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", protocol="tcp://"
    ) as local:
        yield local.scheduler_address


def test_a_grid_finds_the_front_of_a_loop_over_everything(tmp_path: Path) -> None:
    found = explore(CHEAP, store=tmp_path, workers=1)
    by_hand = {}
    for bits, inputs, width in itertools.product(range(4, 10), (4, 6, 8), ("64 bit", "128 bit")):
        changes = {"tile.adc.bits": bits, "tile.input.bits": inputs, "fabric.link_width": width}
        headline = archsim.simulate("mlp-hermes", "pcm-mesh-14nm", overrides=changes).ledger.headline
        by_hand[bits, inputs, width] = (headline.latency_s, headline.gops_per_w)
    front = {
        point
        for point, (late, efficient) in by_hand.items()
        if not any(
            other_late <= late and other_efficient >= efficient and (other_late, other_efficient) != (late, efficient)
            for other_late, other_efficient in by_hand.values()
        )
    }
    columns = ["tile.adc.bits", "tile.input.bits", "fabric.link_width"]
    assert set(found.front[columns].itertuples(index=False, name=None)) == front
    measured = found.measured.set_index(columns)
    for point, figures in by_hand.items():
        if point in measured.index:
            assert tuple(measured.loc[point, ["latency_s", "gops_per_w"]]) == figures
    energy = read_ledgers(tmp_path, "energy")
    assert set(energy.point) == set(found.measured.point)


@pytest.mark.parametrize(
    ("study", "work"),
    [
        pytest.param(SMALL, evaluate, id="simulated"),
        pytest.param(LEARNING, explorations.invented, id="nsga2"),
        pytest.param(CHEAP, explorations.invented, id="grid", marks=pytest.mark.slow),
        pytest.param(ADAPTIVE, explorations.invented, id="tpe", marks=pytest.mark.slow),
    ],
)
def test_serial_processes_and_cluster_give_the_same_tables(
    study: dict, work: Work, tmp_path: Path, cluster: str
) -> None:
    alone = explore(study, store=tmp_path / "alone", workers=1, work=work)
    beside = explore(study, store=tmp_path / "beside", workers=2, work=work)
    far = explore(study, store=tmp_path / "far", scheduler=cluster, work=work)
    for other in (beside, far):
        pd.testing.assert_frame_equal(alone.table, other.table)
        pd.testing.assert_frame_equal(alone.importance, other.importance)
    assert alone.table.point.tolist() == list(range(len(alone.points)))


def test_ratios_to_a_baseline_are_those_of_a_comparison(tmp_path: Path) -> None:
    found = explore(RATIOS, store=tmp_path, workers=1).measured
    chips, rows = ("isaac", "pcm-mesh-14nm"), {}
    for name, batch in (("mlp-hermes", 4), ("digits-cnn", 2)):
        for bits, inputs in itertools.product((5, 6, 8), (4, 8)):
            changes = [f"tile.adc.bits={bits}", f"tile.input.bits={inputs}", "fabric.link_width=64 bit"]
            frame = archsim.compare((name,), (chips[0], load_chip(chips[1], changes)), baseline="isaac", batch=batch)
            rows[name, bits, inputs] = frame[frame.chip == chips[1]].iloc[0]
    assert len(found) > 0
    for row in found.itertuples(index=False):
        bits, inputs = row[found.columns.get_loc("tile.adc.bits")], row[found.columns.get_loc("tile.input.bits")]
        mlp, cnn = rows["mlp-hermes", bits, inputs], rows["digits-cnn", bits, inputs]
        values = dict(zip(found.columns, row, strict=True))
        assert values["energy_gain"] == pytest.approx((mlp.energy_gain * cnn.energy_gain) ** 0.5)
        assert values["latency_gain of digits-cnn"] == cnn.latency_gain


def test_an_unknown_baseline_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="isaac"):
        explore({**RATIOS, "baseline": "isac"}, store=tmp_path, workers=1)


@pytest.mark.parametrize("kind", ["grid", "random", "quasi-random"])
def test_bounds_change_no_front(kind: str, tmp_path: Path) -> None:
    method = {"kind": kind, "points": 36, "round": 4}
    tight = {**CHEAP, "method": method, "constraints": ["latency_s <= 400 ns", "area_m2 <= 610 mm^2"]}
    tight["parameters"] = {**CHEAP["parameters"], "tile.array.rows": [128, 512], "batch": [1, 4]}
    with_bounds = explore(tight, store=tmp_path / "with", workers=1)
    without = explore(tight, store=tmp_path / "without", workers=1, bounds=False)
    figures = [*with_bounds.names, *with_bounds.goals]
    pd.testing.assert_frame_equal(
        with_bounds.front[figures].reset_index(drop=True), without.front[figures].reset_index(drop=True)
    )
    assert len(with_bounds.measured) < len(without.measured)


def test_a_finished_study_evaluates_nothing_again(tmp_path: Path) -> None:
    log = tmp_path / "evaluated"
    part = {**CHEAP, "method": {"points": 20}}
    explore(part, store=tmp_path / "store", workers=1, work=partial(explorations.counting, log))
    explore(CHEAP, store=tmp_path / "store", workers=2, work=partial(explorations.counting, log))
    whole = explore(CHEAP, store=tmp_path / "store", workers=1, work=partial(explorations.counting, log))
    assert sorted(map(int, log.read_text().split())) == list(range(36))
    assert len(whole.points) == 36


def test_repeats_of_a_method_that_learns_are_not_evaluated(tmp_path: Path) -> None:
    log = tmp_path / "evaluated"
    found = explore(LEARNING, store=tmp_path / "store", workers=1, work=partial(explorations.counting, log))
    evaluated = log.read_text().split()
    assert len(evaluated) == len({point.key for point in found.points}) < len(found.points)
    repeats = found.table[found.table.same_as.notna()]
    assert len(repeats) == len(found.points) - len(evaluated)
    for row in repeats.itertuples():
        assert found.points[row.point] == found.points[int(row.same_as)]


def killed_and_resumed(study: dict, store: Path, kills: int, seed: int, work: Work) -> tuple[Exploration, int]:
    """A study that is killed after random times, until it is through; and how often that was."""
    chance, done = random.Random(seed), 0
    while done < kills:
        child = multiprocessing.get_context("fork").Process(
            target=explore, args=(study,), kwargs={"store": store, "workers": 1, "work": work}
        )
        child.start()
        child.join(chance.uniform(0.0, 0.25))
        child.kill()
        child.join()
        done += 1
    return explore(study, store=store, workers=1, work=work), done


@pytest.mark.parametrize("study", [CHEAP, LEARNING], ids=["grid", "nsga2"])
@pytest.mark.parametrize("kills", [4, pytest.param(100, marks=pytest.mark.slow)])
def test_a_study_killed_at_random_equals_one_that_was_not(study: dict, kills: int, tmp_path: Path) -> None:
    whole = explore(study, store=tmp_path / "whole", workers=1, work=explorations.slow)
    pieces, _ = killed_and_resumed(study, tmp_path / "pieces", kills, 20, explorations.slow)
    pd.testing.assert_frame_equal(whole.table, pieces.table)


def test_a_command_killed_with_its_workers_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(json.dumps(CHEAP))
    command = [sys.executable, "-m", "archsim", "explore", str(file), "--workers", "2", "--no-bounds", "--json"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    ledgers = tmp_path / "study.explore" / "ledgers" / "energy"
    deadline = time.monotonic() + 120
    while running.poll() is None and len(list(ledgers.glob("*.parquet"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    before = {file: file.stat().st_mtime_ns for file in ledgers.glob("*.parquet")}
    assert before
    assert running.returncode == -signal.SIGKILL
    resumed = subprocess.run(command, capture_output=True, text=True, check=True)
    afresh = explore(CHEAP, store=tmp_path / "afresh", workers=1, bounds=False)
    assert json.loads(resumed.stdout)["front"] == json.loads(json_text(records(afresh.front)))
    # Of the points under way, those that were just being written may have had their ledgers and not their outcomes yet.
    rewritten = [file for file, at in before.items() if file.stat().st_mtime_ns != at]
    assert len(rewritten) <= 4


@pytest.mark.parametrize("where", ["processes", "cluster"])
def test_a_worker_killed_in_mid_point_loses_nothing(where: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    flag = tmp_path / "killed"
    workers = {"workers": 2} if where == "processes" else {"scheduler": request.getfixturevalue("cluster")}
    found = explore(CHEAP, store=tmp_path / "store", work=partial(explorations.once_deadly, flag), **workers)
    assert flag.exists()
    untouched = explore(CHEAP, store=tmp_path / "untouched", workers=1, work=explorations.invented)
    pd.testing.assert_frame_equal(found.table, untouched.table)


@pytest.mark.parametrize(
    ("work", "where", "words"),
    [
        (explorations.deadly, "processes", "ProcessExpired"),
        (explorations.deadly, "cluster", "KilledWorker"),
        (explorations.faulty, "processes", "ZeroDivisionError: nobody foresaw this"),
        (explorations.faulty, "cluster", "ZeroDivisionError: nobody foresaw this"),
        (explorations.faulty, "alone", "ZeroDivisionError: nobody foresaw this"),
    ],
)
def test_a_poisoned_point_fails_and_the_study_goes_on(
    work: Work, where: str, words: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    workers = {"processes": {"workers": 2}, "alone": {"workers": 1}}.get(where)
    workers = workers or {"scheduler": request.getfixturevalue("cluster")}
    found = explore(CHEAP, store=tmp_path, work=work, **workers)
    failed = found.table[found.table.status == "failed"]
    assert failed.point.tolist() == [5]
    assert words in failed.error.iloc[0]
    assert (found.table.status == "finished").sum() == 35


def test_points_that_came_with_a_poisoned_one_are_none_the_worse(tmp_path: Path) -> None:
    """Points this short come to a worker several at a time, after the first."""
    found = explore(CHEAP, store=tmp_path, work=partial(explorations.deadly, point=20), workers=2)
    assert found.table[found.table.status == "failed"].point.tolist() == [20]
    assert (found.table.status == "finished").sum() == 35


def test_workers_may_join_late(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 0, "threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with distributed.LocalCluster(protocol="tcp://", **options) as local:
        seen: list[int] = []

        def watch(standing: object) -> None:
            seen.append(standing.done)
            if len(seen) == 2:
                local.scale(1)

        found = explore(
            CHEAP, store=tmp_path, scheduler=local.scheduler_address, work=explorations.invented, watch=watch
        )
    assert seen[:2] == [0, 0]
    assert len(found.table) == 36


def test_a_scheduler_that_goes_away_loses_nothing_and_is_told_in_a_sentence(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    file = tmp_path / "study.yaml"
    many = {"from": 1, "to": 60, "step": 1}
    study = {**CHEAP, "parameters": {"tile.adc.bits": [6], "batch": many}, "method": {"kind": "grid", "round": 2}}
    file.write_text(yaml.safe_dump(study, sort_keys=False))
    env = {**os.environ, "ARCHSIM_CACHE": "memory"}
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0", protocol="tcp://"
    ) as local:
        command = [sys.executable, "-m", "archsim", "explore", str(file), "--scheduler", local.scheduler_address]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env)
        ledgers = tmp_path / "study.explore" / "ledgers" / "energy"
        deadline = time.monotonic() + 120
        while running.poll() is None and len(list(ledgers.glob("*.parquet"))) < 4 and time.monotonic() < deadline:
            time.sleep(0.02)
    _, told = running.communicate(timeout=120)
    assert running.returncode == 2
    assert re.match(r"error: the workers are gone; [1-9]\d* finished points are safe\n   where: --scheduler\n", told)
    assert len(told.splitlines()) == 3
