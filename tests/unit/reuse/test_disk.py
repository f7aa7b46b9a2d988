"""Results on disk: found by other processes, bounded, and never the reason that something fails."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from archsim.chip import load_chip
from archsim.chip.reads import Description, Reads
from archsim.reuse import Disk, Form, Memory, Recall
from archsim.reuse import recall as recall_module
from archsim.reuse.disk import the_disk

WHOLE: Form[object] = Form(lambda value: value, lambda value: value, lambda told: told)


@pytest.fixture(autouse=True)
def everything_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall_module, "WORTH_S", 0.0)


def test_another_process_finds_what_one_has_made(tmp_path: Path) -> None:
    """A recall of its own stands for a process of its own."""
    times = []

    def verb(reads: Reads) -> int:
        times.append(1)
        return reads.chip.tile.adc.bits  # type: ignore[attr-defined, no-any-return]

    chips = [Description(load_chip("pcm-mesh-14nm", [f"tile.adc.bits={bits}"])) for bits in (6, 7)]
    for _ in range(3):
        recall = Recall(Memory(), lambda: Disk(tmp_path))
        assert [recall.read("verb", ("net",), chip, verb, WHOLE).value for chip in chips] == [6, 7]
        assert recall.made("sum", ("a",), lambda: times.append(1) or 13, WHOLE).value == 13
    assert len(times) == 3


def test_what_took_no_time_is_not_written_but_for_the_first_of_its_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_module, "WORTH_S", 1e9)
    recall = Recall(Memory(), lambda: Disk(tmp_path))
    recall.made("sum", ("a",), lambda: 13, WHOLE)
    # The first of its kind is: who wants that alone would load all that makes it.
    assert len(list(tmp_path.iterdir())) == 1
    recall.made("sum", ("b",), lambda: 14, WHOLE)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.put("name", (1, 2))
    assert disk.get("name") == (1, 2)
    for damage in (b"", b"garbage", pickle.dumps((1, 2))[:-3]):
        (tmp_path / "name").write_bytes(damage)
        assert disk.get("name") is None
        assert not (tmp_path / "name").exists()
    assert disk.get("name") is None


def test_what_was_asked_for_longest_ago_goes_first(tmp_path: Path) -> None:
    disk = Disk(tmp_path, room=25_000)
    for age, name in enumerate("abc"):
        disk.put(name, bytes(10_000))
        os.utime(tmp_path / name, (1000 + age, 1000 + age))
    assert disk.get("a") is not None
    disk.clear_room()
    assert {file.name for file in tmp_path.iterdir()} == {"a", "c"}


def test_where_nothing_can_be_written_nothing_fails(tmp_path: Path) -> None:
    gone = Disk(tmp_path / "gone")
    gone.put("name", 1)
    assert gone.get("name") is None
    (tmp_path / "file").touch()
    assert the_disk(str(tmp_path / "file")) is None
    recall = Recall(Memory(), lambda: gone)
    assert recall.made("sum", ("a",), lambda: 13, WHOLE).value == 13


def test_what_cannot_be_written_is_left_out(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.put("name", lambda: None)
    assert disk.get("name") is None
    assert not list(tmp_path.iterdir())


def write_and_read(folder: str) -> int:
    """Writes a few names over and over, and counts what it reads that nobody can have written."""
    disk, wrong = Disk(Path(folder), room=60_000), 0
    for turn in range(200):
        name = "abcdef"[turn % 6]
        disk.put(name, (name, bytes(10_000)))
        found = disk.get("abcdef"[(turn * 5) % 6])
        wrong += not (found is None or found == ("abcdef"[(turn * 5) % 6], bytes(10_000)))
        if turn % 10 == 0:
            disk.clear_room()
    return wrong


def test_several_processes_write_and_clear_at_once(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(write_and_read, [str(tmp_path)] * 3)) == [0, 0, 0]
    assert not list(tmp_path.glob("new-*"))


RUN = """
import json, sys, archsim.lowering as lowering, archsim.simulation as simulation
import archsim.verbs as verbs
done = []
for home, name in ((verbs, "place"), (lowering, "lower"), (simulation, "run")):
    def counted(*given, plain=getattr(home, name), name=name, **more):
        done.append(name)
        return plain(*given, **more)
    setattr(home, name, counted)
from archsim.reuse import recall
recall.WORTH_S = 0.0
result = simulation.simulate("digits-cnn", "pcm-mesh-14nm", overrides=sys.argv[1:])
ledger = result.ledger
print(json.dumps([done, "numba" in sys.modules, repr(ledger.headline), repr(ledger.bottleneck), ledger.energy.to_csv(),
                  ledger.layers.to_csv(), ledger.states.to_csv(), ledger.resources.to_csv(), list(ledger.notes)]))
"""


def ran(cache: str, *changes: str) -> list[object]:
    import json

    told = subprocess.run(
        [sys.executable, "-c", RUN, *changes], env={**os.environ, "ARCHSIM_CACHE": cache}, text=True,
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    found: list[object] = json.loads(told)
    return found


def test_a_run_of_another_process_is_found_whole(tmp_path: Path) -> None:
    """The same to the last digit, without the engine and what it takes to load it; and priced anew for another chip."""
    cache, change = str(tmp_path / "cache"), "tile.array.cell.read_voltage=0.123 V"
    first, again, other = ran(cache), ran(cache), ran(cache, change)
    assert (first[0], first[1]) == (["place", "lower", "run"], True)
    assert (again[0], again[1]) == ([], False)
    assert (other[0], other[1]) == ([], False)
    assert first[2:] == again[2:]
    assert other[2:] == ran("off", change)[2:] != first[2:]
    assert ran(cache, "tile.array.rows=64")[0] == ["place", "lower", "run"]


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give folders away")
def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    mine = the_disk(str(tmp_path))
    assert mine is not None
    the_disk.cache_clear()
    os.chown(mine.folder, 12345, 12345)
    assert the_disk(str(tmp_path)) is None
    the_disk.cache_clear()
