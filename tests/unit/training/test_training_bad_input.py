"""What cannot be trained is refused before anything large is made, and by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.functional_models import perceptron
from tests.fuzz.contract import run_command

CHIP = ("--chip", "nature2018-training", "--epochs", "1", "--rate", "0.01")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "data.npz"
    random = np.random.default_rng(1)
    np.savez(path, x=random.random((20, 8), np.float32), labels=np.arange(20) % 3)
    return path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--epochs", "1000000000"), "1,000,000,000 epochs; their draws would be those of other seeds"),
        (("--seeds", "9" * 20), "their numbers end at 9,000,000"),
        (("--seed", "9" * 30), "their numbers end at 9,000,000"),
        (("--seed", "9000000"), "their numbers end at 9,000,000"),
        (("--holdout", "nan"), "a share of nan of 20 examples leaves none to train or none to test"),
        (("--holdout", "inf"), "a share of inf of 20 examples"),
        (("--holdout", "-0.5"), "a share of -0.5 of 20 examples"),
    ],
)
def test_numbers_without_a_meaning(data: Path, words: tuple[str, ...], said: str) -> None:
    outcome = run_command("train", "8-4-3", "--data", data, *CHIP, *words)
    assert outcome.code == 2 and said in " ".join(outcome.stderr.split())


def test_the_last_seed_trains(data: Path) -> None:
    assert run_command("train", "8-4-3", "--data", data, *CHIP, "--seed", "8999999").code == 0


def test_trainings_that_have_no_room_side_by_side(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Two need 64 KiB and their numbers for the second.
    monkeypatch.setattr("archsim.training.run.free_bytes", lambda: 64 << 10)
    assert run_command("train", "8-4-3", "--data", data, *CHIP).code == 0
    outcome = run_command("train", "8-4-3", "--data", data, *CHIP, "--seeds", "2")
    assert outcome.code == 2 and "2 trainings side by side take about" in outcome.stderr
    assert "At most 1 fit" in outcome.stderr


@pytest.mark.parametrize(("widths", "weights"), [("8-4-99999999999", "400,000,000,028"), (f"8-{10**40}-3", "11")])
def test_weights_that_have_no_room(data: Path, widths: str, weights: str) -> None:
    outcome = run_command("train", widths, "--data", data, *CHIP)
    assert outcome.code == 2 and f"error: {weights}" in outcome.stderr and "of memory" in outcome.stderr


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("os:system", "'os:system' made no module (TypeError: system() missing required argument"),
        ("math:pi", "is no function"),
        ("builtins:dict", "returned a dict"),
    ],
)
def test_functions_that_make_no_module(data: Path, model: str, said: str) -> None:
    outcome = run_command("train", model, "--data", data, *CHIP)
    assert outcome.code == 2 and said in " ".join(outcome.stderr.split())


@pytest.mark.parametrize("model", ["8", "file"])
def test_examples_that_do_not_fit_the_model(data: Path, tmp_path: Path, model: str) -> None:
    onnx.save(perceptron(), tmp_path / "net.onnx")
    given = "7-4-3" if model == "8" else str(tmp_path / "net.onnx")
    outcome = run_command("train", given, "--data", data, *CHIP)
    assert outcome.code == 2 and "the model cannot compute examples of the shape (8,)" in " ".join(
        outcome.stderr.split()
    )
