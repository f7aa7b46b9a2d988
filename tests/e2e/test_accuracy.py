"""``archsim accuracy`` as a user runs it."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from archsim.chip import load_chip
from archsim.cli import application
from archsim.simulation import Settings, simulate
from archsim.studies import AccuracyQuestion, placed_model
from tests.functional_models import make_model, perceptron, random

QUICK = ("--seeds", "2", "--at", "1 s,1 day")


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.onnx"
    onnx.save(perceptron(), path)
    np.savez(tmp_path / "data.npz", x=random(50, 12), labels=np.arange(50) % 4)
    return path


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(application(), ["accuracy", *map(str, arguments)])


def _json(*arguments: str | Path) -> dict[str, object]:
    result = _run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_trained_model_from_its_name_alone() -> None:
    result = _run("digits-cnn", *QUICK)
    assert result.exit_code == 0, result.output
    for words in ("accuracy in floating point 0.9806", "1 day", "/conv1/Conv", "conversions clipped", "dB"):
        assert words in result.stdout


def test_coarser_weights_are_less_accurate(net: Path) -> None:
    """Rounding to three levels costs more of the signal than rounding to 255."""
    ideal = ("--set", "tile.array.cell.device=ideal", "--at", "0 s", "--seeds", "1")
    coarse, fine = (
        _json(net, "--data", net.parent / "data.npz", *ideal, "--set", f"tile.array.weight.bits={bits}")
        for bits in (2, 8)
    )
    assert all(
        one["snr_db"] < other["snr_db"] - 10 for one, other in zip(coarse["layers"], fine["layers"], strict=True)
    )


@pytest.mark.parametrize("command", ["run", "accuracy"])
def test_slices_without_a_bit_each_are_refused_everywhere(command: str) -> None:
    sliced = [f"tile.array.weight.{field}" for field in ("bits=2", "slices=2", "columns=2")]
    words = [word for field in sliced for word in ("--set", field)]
    result = CliRunner().invoke(application(), [command, "digits-cnn", *words])
    assert result.exit_code == 2
    assert "2 slices of a differential weight of 2 bits, 1 of them in cells" in result.stderr


def test_json_holds_what_the_table_shows(net: Path) -> None:
    document = _json(net, "--data", net.parent / "data.npz", *QUICK)
    assert [row["time_s"] for row in document["scores"]] == [1.0, 86400.0]
    assert {row["layer"] for row in document["layers"]} == {"first", "second"}
    assert all(0 < row["mean_drive"] < 1 for row in document["layers"])
    assert 0 < document["activity"][0]["tile.array.cell.mean_conductance"] < 1
    assert "first 50 samples" in document["notes"][0]


def test_the_same_command_gives_the_same_numbers(net: Path) -> None:
    arguments = (net, "--data", net.parent / "data.npz", *QUICK)
    first, second, batched = _json(*arguments), _json(*arguments), _json(*arguments, "--batch", "7")
    assert first["scores"] == second["scores"] == batched["scores"]
    assert _json(*arguments, "--seed", "5")["scores"] != first["scores"]


def test_files_and_figure(net: Path) -> None:
    out = net.parent / "results"
    result = _run(net, "--data", net.parent / "data.npz", *QUICK, "--out", out, "--sweep", "tile.adc.bits=4:6")
    assert result.exit_code == 0, result.output
    scores = pd.read_csv(out / "scores.csv")
    assert sorted(scores["setting"].unique()) == ["adc.bits=4", "adc.bits=5", "adc.bits=6"]
    assert len(scores) == 3 * 2 * 2
    assert set(pd.read_csv(out / "layers.csv")["layer"]) == {"first", "second"}
    assert (out / "accuracy.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((out / "accuracy.json").read_text())["chip"] == "pcm-mesh-14nm"
    assert sorted(path.name for path in out.iterdir()) == ["accuracy.json", "accuracy.png", "layers.csv", "scores.csv"]


def test_a_metric_of_ones_own(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (net.parent / "their_metrics.py").write_text("def largest(outputs, labels):\n    return abs(outputs).max()\n")
    monkeypatch.chdir(net.parent)
    document = _json(net, "--data", "data.npz", *QUICK, "--metric", "their_metrics:largest")
    assert document["metric"] == "their_metrics:largest"
    assert document["floating_point"] > 4


def test_compensation_is_told(net: Path) -> None:
    arguments = (net, "--data", net.parent / "data.npz", "--seeds", "1", "--at", "1 year")
    snr = {
        how: _json(*arguments, "--compensation", how)["layers"][0]["snr_db"] for how in ("none", "global", "per-column")
    }
    assert snr["none"] < snr["global"] - 3
    assert snr["none"] < snr["per-column"] - 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--at", "-1 s"), "before programming"),
        (("--at", "1 kg"), "'1 kg' is in kg"),
        (("--at", "soon"), "is not a quantity"),
        (("--seeds", "0"), "seeds is 0"),
        (("--batch", "0"), "batch is 0"),
        (("--sweep", "tile.adc.bits"), "sweeps nothing"),
        (("--sweep", "tile.adc.bits=9:4"), "is empty"),
        (("--sweep", "tile.adc.bits=a:b"), "no range of whole numbers"),
        (("--sweep", "tile.adc.bit=4:6"), "tile.adc.bit"),
        (("--chip", "capacitor-mesh-14nm"), "has no numeric model"),
        (("--chip", "nothing"), "there is no chip"),
        (("--metric", "nothing:here"), "cannot be loaded"),
        (("--data", "nothing.npz"), "cannot be read as data"),
    ],
)
def test_bad_options(net: Path, arguments: tuple[str, ...], words: str) -> None:
    given = () if arguments[0] == "--data" else ("--data", net.parent / "data.npz")
    result = _run(net, *given, *arguments)
    assert result.exit_code == 2
    assert words in result.stderr.replace("\n", " ")
    assert "remedy" in result.stderr


def test_a_model_without_data(net: Path) -> None:
    result = _run(net)
    assert result.exit_code == 2
    assert "--data" in result.stderr


def test_no_such_model() -> None:
    result = _run("digits-mlp")
    assert result.exit_code == 2
    assert "digits-cnn" in result.stderr


@pytest.mark.parametrize("fault", ["nan", "labels", "shape", "dtype"])
def test_bad_data(net: Path, fault: str) -> None:
    x, labels = random(10, 12), np.arange(10) % 4
    if fault == "nan":
        x[3, 3] = np.nan
    elif fault == "labels":
        labels = np.arange(10)
    elif fault == "shape":
        x = x[:, :5]
    else:
        x = x.astype(str)
    np.savez(net.parent / "bad.npz", x=x, labels=labels)
    result = _run(net, "--data", net.parent / "bad.npz", *QUICK)
    assert result.exit_code == 2
    words = {"nan": "1 of 120 values", "labels": "the model has 4", "shape": "(10, 5)", "dtype": "float32 is wanted"}
    assert words[fault] in result.stderr.replace("\n", " ")


def test_reram_times_that_nobody_measured() -> None:
    """Wan et al. give one second, one and two days: other times are refused by name."""
    arguments = ("digits-lstm", "--chip", "reram-mesh-22nm", "--seeds", "1", "--at")
    assert [row["time_s"] for row in _json(*arguments, "1 s,2 days")["scores"]] == [1.0, 172800.0]
    result = _run(*arguments, "1 hour")
    assert result.exit_code == 2
    assert "is 3600 s" in result.stderr


def test_flash_is_known_by_the_day() -> None:
    scores = _json("digits-lstm", "--chip", "flash-mesh-40nm", "--seeds", "1", "--at", "0 s,5 days")["scores"]
    assert all(0.9 < row["mean"] < 1 for row in scores)


def test_accuracy_is_of_the_placement_that_is_timed() -> None:
    """Copies and all: array by array what ``archsim run`` with the same options places."""
    question = AccuracyQuestion("digits-cnn", "isaac", replicate="balanced")
    placement = placed_model(question, load_chip("isaac")).placement
    timed = simulate("digits-cnn", "isaac", Settings(replicate="balanced")).placement
    assert max(timed.replicas) > 1
    assert placement.replicas == timed.replicas
    for mine, theirs in ((placement.blocks, timed.blocks), (placement.homes, timed.homes)):
        for column in fields(theirs):
            np.testing.assert_array_equal(getattr(mine, column.name), getattr(theirs, column.name))


def test_copies_have_errors_of_their_own() -> None:
    """Two copies see the errors of two programmings; perfect cells see none."""
    arguments = ("digits-cnn", "--seeds", "1", "--at", "1 day")
    one, two = _json(*arguments), _json(*arguments, "--replicate", "/conv1/Conv=2")
    assert (one["replicate"], two["replicate"]) == ("none", "/conv1/Conv=2")
    assert one["layers"][0]["snr_db"] != two["layers"][0]["snr_db"]
    ideal = ("--set", "tile.array.cell.device=ideal")
    assert _json(*arguments, *ideal)["scores"] == _json(*arguments, *ideal, "--replicate", "/conv1/Conv=2")["scores"]


def test_copies_of_no_layer() -> None:
    result = _run("digits-cnn", "--replicate", "/conv1/Con=2")
    assert result.exit_code == 2
    assert "/conv1/Conv" in result.stderr


def test_open_sizes_are_those_of_the_data(tmp_path: Path) -> None:
    """A model whose steps are open is placed for as many as the data have, unless the command says otherwise."""
    nodes = [
        onnx.helper.make_node("Conv", ["x", "k"], ["c"], name="conv"),
        onnx.helper.make_node("GlobalMaxPool", ["c"], ["p"]),
        onnx.helper.make_node("Flatten", ["p"], ["y"]),
    ]
    onnx.save(make_model(nodes, {"x": ["n", 1, "t"]}, ["y"], {"k": random(4, 1, 8)}), tmp_path / "net.onnx")
    np.savez(tmp_path / "data.npz", x=random(6, 1, 20), labels=np.arange(6) % 4)
    arguments = (tmp_path / "net.onnx", "--data", tmp_path / "data.npz", *QUICK)
    found = _json(*arguments)
    assert found["scores"] == _json(*arguments, "--shape", "x=1,1,20")["scores"]
    result = _run(*arguments, "--shape", "x=1,1,30")
    assert result.exit_code == 2
    assert "--shape NAME=SIZES" in result.stderr.replace("\n", " ")
