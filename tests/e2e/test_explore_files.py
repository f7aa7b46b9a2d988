"""A study whose networks and chips are files beside it, from other directories and after changes of them."""

from __future__ import annotations

import shlex
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


def test_copies_by_layer_are_of_the_networks_that_have_the_layer(tmp_path: Path) -> None:
    """The other network has none; each command runs its point again, also that of a choice without copies."""
    study = {
        "networks": ["digits-cnn", "mlp-hermes"],
        "chip": "pcm-mesh-14nm",
        "parameters": {"replicate": {"choices": {"more": {"/conv1": 4}, "plain": None}}},
        "objectives": {"throughput_per_s of digits-cnn": "maximize", "area_used_m2": "minimize"},
    }
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(study, sort_keys=False))
    found = succeed_json("explore", file, "--workers", "1", "--json")
    assert found["counts"]["finished"] == 2
    plans = {row["replicate"]: found["commands"][str(row["point"])] for row in found["front"]}
    assert ["conv1=4" in one for one in plans["more"]] == [True, False]
    for row in found["front"]:
        command = shlex.split(found["commands"][str(row["point"])][0])
        again = succeed_json(*command[1:], "--json")["headline"]
        assert again["throughput_per_s"] == row["throughput_per_s of digits-cnn"]
    study["parameters"] = {"replicate": {"choices": {"more": {"conv99": 4}}}}
    file.write_text(yaml.safe_dump(study, sort_keys=False))
    assert "parameters.replicate.choices.more" in fail("explore", file, "--store", tmp_path / "b")
