"""`archsim run --timeline`: a file that trace viewers read, and what it adds up to."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from tests.e2e.cli_calls import fail, succeed

PHASES = {"M": {"name", "args"}, "X": {"name", "cat", "ts", "dur"}, "s": {"id", "ts"}, "f": {"id", "ts", "bp"},
          "C": {"name", "ts", "args"}}  # fmt: skip


def events_of(folder: Path, *arguments: str) -> tuple[list[dict], pd.DataFrame]:
    """The events of a run's timeline, and the run's resources."""
    file = folder / "timeline.json"
    succeed("run", *arguments, "--timeline", file, "--out", folder / "out")
    document = json.loads(file.read_text())
    assert document["displayTimeUnit"] == "ns"
    return document["traceEvents"], pd.read_csv(folder / "out" / "resources.csv")


@pytest.fixture(
    scope="module", params=[("resnet18",), ("lstm-ptb", "--seq", "4", "--batch", "2"), ("mlp-l4", "--chip", "isaac")]
)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict], pd.DataFrame]:
    return events_of(tmp_path_factory.mktemp("timeline"), *request.param)


def slices(events: list[dict]) -> list[dict]:
    return [one for one in events if one["ph"] == "X" and one["cat"] != "stall"]


def test_events_have_what_the_format_asks_for(run: tuple[list[dict], pd.DataFrame]) -> None:
    for one in run[0]:
        assert PHASES[one["ph"]] <= one.keys()
        assert {"pid", "tid"} <= one.keys()
        if one["ph"] == "X":
            assert one["dur"] > 0
            assert one["ts"] >= 0


def test_every_track_has_a_name(run: tuple[list[dict], pd.DataFrame]) -> None:
    events, resources = run
    named = {(one["pid"], one["tid"]): one["args"]["name"] for one in events if one["name"] == "thread_name"}
    assert {(one["pid"], one["tid"]) for one in events if one["ph"] in "Xsf"} <= named.keys()
    assert {name.split(" server ")[0] for name in named.values()} == set(resources["resource"][resources["busy_s"] > 0])
    processes = {one["args"]["name"] for one in events if one["name"] == "process_name"}
    assert processes >= {"host", "chip 0"}


def test_slices_of_a_track_do_not_overlap(run: tuple[list[dict], pd.DataFrame]) -> None:
    tracks = defaultdict(list)
    for one in run[0]:
        if one["ph"] == "X":
            # Picoseconds, as microseconds have six digits.
            tracks[one["pid"], one["tid"]].append((round(one["ts"] * 1e6), round((one["ts"] + one["dur"]) * 1e6)))
    for spans in tracks.values():
        spans.sort()
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_firings_add_up_to_the_busy_time(run: tuple[list[dict], pd.DataFrame]) -> None:
    events, resources = run
    named = {(one["pid"], one["tid"]): one["args"]["name"] for one in events if one["name"] == "thread_name"}
    busy: dict[str, float] = defaultdict(float)
    for one in slices(events):
        busy[named[one["pid"], one["tid"]].split(" server ")[0]] += one["dur"] / 1e6
    expected = resources[resources["busy_s"] > 0].set_index("resource")["busy_s"].to_dict()
    assert dict(busy) == pytest.approx(expected, rel=1e-9)


def test_stalls_and_work_fill_the_tracks_of_single_actors(run: tuple[list[dict], pd.DataFrame]) -> None:
    tracks = defaultdict(list)
    for one in run[0]:
        if one["ph"] == "X":
            tracks[one["pid"], one["tid"]].append(one)
    stalled = [spans for spans in tracks.values() if any(one["cat"] == "stall" for one in spans)]
    assert stalled
    for spans in stalled:
        end = max(one["ts"] + one["dur"] for one in spans)
        assert sum(one["dur"] for one in spans) == pytest.approx(end, abs=1e-5)
        assert {one["name"] for one in spans if one["cat"] == "stall"} <= {"starved", "blocked", "contended"}


def test_arrows_lead_from_work_to_later_work(run: tuple[list[dict], pd.DataFrame]) -> None:
    events, _ = run
    starts = {(one["pid"], one["tid"], one["ts"]) for one in slices(events)}
    begins = {one["id"]: one for one in events if one["ph"] == "s"}
    ends = {one["id"]: one for one in events if one["ph"] == "f"}
    assert begins.keys() == ends.keys()
    assert begins
    for number, begin in begins.items():
        for one in (begin, ends[number]):
            assert (one["pid"], one["tid"], one["ts"]) in starts
        assert begin["ts"] < ends[number]["ts"]


def test_samples_and_tokens(tmp_path: Path) -> None:
    events, _ = events_of(tmp_path, "mlp-hermes", "--batch", "3")
    sources = [one["args"] for one in slices(events) if one["cat"] == "source"]
    assert sources == [{"sample": 0, "token": 0}, {"sample": 1, "token": 0}, {"sample": 2, "token": 0}]


def test_counters_of_power_and_buffers(run: tuple[list[dict], pd.DataFrame]) -> None:
    counters = {one["name"] for one in run[0] if one["ph"] == "C"}
    assert "power" in counters
    assert any(name.startswith("before ") for name in counters)
    assert all(value >= 0 for one in run[0] if one["ph"] == "C" for value in one["args"].values())


def test_a_window_keeps_what_starts_in_it(tmp_path: Path) -> None:
    window = ("--trace-from", "1 us", "--trace-to", "2 us")
    events, _ = events_of(tmp_path, "resnet18", *window)
    assert all(1 <= one["ts"] < 2 for one in slices(events))
    assert len(slices(events)) > 100


def test_a_compressed_timeline_is_the_same(tmp_path: Path) -> None:
    for name in ("a.json", "b.json.gz"):
        succeed("run", "mlp-hermes", "--timeline", tmp_path / name)
    assert gzip.decompress((tmp_path / "b.json.gz").read_bytes()) == (tmp_path / "a.json").read_bytes()


def test_a_timeline_has_its_ending(tmp_path: Path) -> None:
    assert "does not end in .json or .json.gz" in fail("run", "mlp-hermes", "--timeline", tmp_path / "t.txt")
