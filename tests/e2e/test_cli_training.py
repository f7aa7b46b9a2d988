"""``--training`` on the command line: what is printed, and what is refused."""

from __future__ import annotations

import pytest

from tests.e2e.cli_calls import fail, succeed, succeed_json

CHIP = ("--chip", "nature2018-training", "--training")
NO_TRANSFER = ("--set", "tile.training.transfer=null")


def test_a_training_says_when_updates_count_and_splits_its_phases() -> None:
    shown = succeed("run", "mlp-nature", *CHIP, *NO_TRANSFER)
    assert "Training mlp-nature on nature2018-training  16 samples; every sample waits" in shown
    assert "first token in to last update made" in shown
    for phase in ("forward", "backward", "update", "transfer"):
        assert f"\n{phase} " in shown


def test_the_batch_shows_transfers_where_there_are_some() -> None:
    data = succeed_json("run", "mlp-nature", *CHIP, "--json")
    assert data["headline"]["batch"] == 32_000
    assert data["headline"]["throughput_basis"] == "exact period"
    assert data["settings"]["learning"] == data["headline"]["learning"] == {"batch": 1, "stale": 0, "summed": False}
    assert [row["phase"] for row in data["phases"]] == ["forward", "backward", "update", "transfer"]


def test_old_weights_and_mini_batches_are_faster_than_waiting() -> None:
    def rate(*update: str) -> float:
        data = succeed_json("run", "mlp-nature", *CHIP, *NO_TRANSFER, "--batch", "64", *update, "--json")
        return data["headline"]["throughput_per_s"]

    waiting, old, together = rate(), rate("--update", "stale:4"), rate("--update", "batch:8")
    assert old > 2 * waiting
    assert together > 2 * waiting


def test_the_ladder_of_training_begins_at_the_published_figure() -> None:
    data = succeed_json("ladder", "mlp-nature", *CHIP, *NO_TRANSFER, "--json")
    assert data["rungs"][0]["operations_per_w"] == pytest.approx(28_065e9, rel=1e-3)
    assert [row["phase"] for row in data["phases"]] == ["forward", "backward", "update", "transfer"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "mlp-nature", *CHIP, "--update", "often"), "'often' does not say when"),
        (("run", "mlp-nature", *CHIP, "--update", "batch:0"), "0 is less than 1"),
        (("run", "mlp-nature", *CHIP, "--update", "batch:some"), "--update"),
        (("run", "mlp-nature", "--update", "sample"), "nothing trains"),
        (("run", "mlp-nature", "--sum-gradients"), "nothing trains"),
        (
            ("run", "digits-cnn", "--chip", "v100", "--training", "--sum-gradients"),
            "sums the gradients of a mini-batch",
        ),
        (("run", "mlp-nature", "--training"), "does not say what training takes"),
        (("run", "mlp-nature", "--training", "--chip", "isaac"), "slices"),
        (("run", "gpt2", *CHIP), "generates tokens"),
        (("run", "rnnt", *CHIP), "has a recurrence into something else"),
        (("run", "vgg16", *CHIP, *NO_TRANSFER, "--set", "system.chips=1", "--schedule", "grouped"), "tiles"),
        (("ladder", "mlp-nature", *CHIP, "--batch", "100"), "do not show"),
    ],
)
def test_what_cannot_train_is_refused(arguments: tuple[str, ...], said: str) -> None:
    assert said in fail(*arguments)


def test_convolutions_recurrences_and_transformers_train_too() -> None:
    # Of the transformer, as PyTorch counts them.
    macs_of = (("digits-cnn", 3 * 452_864 - 9 * 16 * 64), ("digits-lstm", 3 * 86_496), ("digits-transformer", 422_848))
    for name, macs in macs_of:
        data = succeed_json("run", name, *CHIP, *NO_TRANSFER, "--json")
        assert data["headline"]["operations_per_sample"] == 2 * macs


def test_a_convolution_is_written_once_where_gradients_are_summed() -> None:
    each = succeed_json("run", "digits-cnn", *CHIP, *NO_TRANSFER, "--json")
    summed = succeed_json("run", "digits-cnn", *CHIP, *NO_TRANSFER, "--sum-gradients", "--json")
    assert summed["headline"]["operations_per_sample"] == each["headline"]["operations_per_sample"]
    (held,) = [phase["array_s"] for phase in summed["phases"] if phase["phase"] == "update"]
    # 9, 144 and 288 rows of 31 slots of 2.581 ns; the head has one token, and an update of one train.
    assert held == pytest.approx((9 + 144 + 288 + 1) * 31 * 2.581e-9)


@pytest.mark.parametrize(
    ("chip", "slots", "pulse_pj", "rows", "columns"),
    [
        # Rows and columns of the blocks of 784 x 250, 250 x 125 and 125 x 10 weights.
        ("ecram-training-14nm", 31, 0.096, 784 + 250 + 125, 2 * 250 + 125 + 10),
        ("capacitor-training-14nm", 31, 0.098, 784 + 250 + 125, 2 * 250 + 125 + 10),
        ("reram-training-22nm", 31, 0.034, 784 + 250 + 125, 4 * 250 + 125 + 10),
    ],
)
def test_other_devices_train_in_time_too(chip: str, slots: int, pulse_pj: float, rows: int, columns: int) -> None:
    data = succeed_json("run", "mlp-mnist", "--chip", chip, "--training", "--batch", "2", "--json")
    assert data["headline"]["operations_per_sample"] == 2 * (3 * (784 * 250 + 250 * 125 + 125 * 10) - 784 * 250)
    (pulses,) = [part for part in data["components"] if part["component"] == "pulse-driver"]
    assert pulses["dynamic_j"] / 2 == pytest.approx(slots * 0.1 * (rows + columns) * pulse_pj * 1e-12, rel=1e-3)
