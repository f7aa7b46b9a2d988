"""A chip of spiking neurons as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.cli_calls import fail, succeed, succeed_json

DIGITS = ("accuracy", "digits-cnn", "--chip", "truenorth")


def test_digits_come_near_floating_point_within_their_ticks(tmp_path: Path) -> None:
    found = succeed_json(*DIGITS, "--seeds", "1", "--out", tmp_path, "--json")
    scores = found["scores"]
    assert isinstance(scores, list)
    assert [row["ticks"] for row in scores] == [1, 2, 4, 8, 16, 32]
    assert scores[0]["mean"] < 0.2  # nothing has come through yet
    assert scores[-1]["mean"] > found["floating_point"] - 0.02
    assert found["tile.mean_rate"] == pytest.approx(0.165, abs=0.01)
    assert json.loads((tmp_path / "accuracy.json").read_text())["scores"] == scores


def test_it_runs_and_is_compared() -> None:
    text = succeed("compare", "digits-cnn", "--chips", "pcm-mesh-14nm,truenorth")
    assert "6 bit x any value" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((*DIGITS, "--at", "1 s"), "do not age"),
        ((*DIGITS, "--compensation", "global"), "nothing drifts"),
        ((*DIGITS, "--replicate", "balanced"), "neurons of its own"),
        ((*DIGITS, "--sweep", "tile.ticks=1:4"), "all ticks of one run"),
        (("accuracy", "digits-lstm", "--chip", "truenorth"), "no rectifier"),
        (("accuracy", "digits-transformer", "--chip", "truenorth"), "does not work on rates"),
        (("run", "resnet18", "--chip", "truenorth"), "too few"),
        (("run", "digits-transformer", "--chip", "truenorth"), "with rates"),
    ],
)
def test_bad_input(arguments: tuple[str, ...], says: str) -> None:
    assert says in fail(*arguments)
