"""A study whose networks and chips are files beside it, from other directories and after changes of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from archsim.workloads.trained import TRAINED
from tests.e2e.cli_calls import fail, succeed, succeed_json

STUDY = {
    "networks": {"net.onnx": {"batch": 2}},
    "chip": "mine.yaml",
    "parameters": {
        "chip": ["mine.yaml", "other.yaml"],
        "tile.adc.bits": {"values": [5, 6], "when": {"chip": "other.yaml"}},
    },
    "objectives": {"latency_s": "minimize", "gops_per_w": "maximize"},
    "baseline": "other.yaml",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``sub/`` with a study and its files, seen from the directory above."""
    sub = tmp_path / "sub"
    sub.mkdir()
    (sub / "study.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))
    (sub / "mine.yaml").write_text("extends: pcm-mesh-14nm\ntile: {adc: {bits: 7}}\n")
    (sub / "other.yaml").write_text("extends: mine.yaml\ntile: {input: {bits: 4}}\n")
    shutil.copy(TRAINED[0].model, sub / "net.onnx")
    monkeypatch.chdir(tmp_path)
    return sub


def test_a_study_is_the_same_from_every_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = succeed_json("explore", "sub/study.yaml", "--workers", "1", "--json")
    assert {row["chip"] for row in before["front"]} <= {"mine.yaml", "other.yaml"}
    assert sum(before["counts"].values()) == 3
    monkeypatch.chdir(folder)
    after = succeed_json("explore", "study.yaml", "--workers", "1", "--json")
    assert after["front"] == before["front"]


def test_chip_files_are_read_from_everywhere(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = succeed_json("explore", "sub/study.yaml", "--workers", "1", "--out", "results/of/it", "--json")
    best = found["front"][0]
    monkeypatch.chdir("/")
    chip = tmp_path / "results" / "of" / "it" / f"chip-{best['point']:06d}.yaml"
    again = succeed_json("run", folder / "net.onnx", "--chip", chip, "--batch", "2", "--json")["headline"]
    assert (again["latency_s"], again["gops_per_w"]) == (best["latency_s"], best["gops_per_w"])


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("other.yaml", "extends: mine.yaml\ntile: {input: {bits: 8}}\n", "chip files of parameters"),
        ("net.onnx", None, "networks"),
    ],
)
def test_a_file_that_says_something_else_makes_another_study(
    folder: Path, file: str, text: str | None, words: str
) -> None:
    succeed("explore", "sub/study.yaml", "--workers", "1", "--no-ledgers")
    if text is None:
        shutil.copy(TRAINED[1].model, folder / file)
    else:
        (folder / file).write_text(text)
    assert words in fail("explore", "sub/study.yaml", "--workers", "1")
