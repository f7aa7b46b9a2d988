"""What `archsim train` says of an epoch's time and energy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from archsim.report.epochs import Epoch, epoch_cost, epoch_data, epoch_part
from archsim.report.training import training_document
from archsim.training.course import Plan
from archsim.training.settings import Choice
from archsim.training.study import TrainingQuestion, TrainingStudy, training_study

CHIP = "nature2018-training"
EXAMPLES = 40


@pytest.fixture
def data(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    inputs, labels = draw.random((EXAMPLES, 12), np.float32), np.arange(EXAMPLES) % 4
    file = tmp_path / "data.npz"
    np.savez(file, x=inputs, labels=labels, **{"test.x": inputs[:8], "test.labels": labels[:8]})
    return file


def study(data: Path, **more: object) -> TrainingStudy:
    question = {"model": "12-8-4", "chip": CHIP, "plan": Plan(1, 4, 0.1), "data": data, **more}
    return training_study(TrainingQuestion(**question))


def test_an_epoch_is_so_many_samples_of_the_steady_state(data: Path) -> None:
    once = study(data, overrides=("tile.training.transfer=null",))
    found = epoch_cost(once)
    assert isinstance(found, Epoch) and found.examples == EXAMPLES
    # Of two layers each array takes 80 ns for a product, the second one more for errors, and 31 slots for an update:
    # no mini-batch of 4 is through before four times that, and none waits for more than both layers' whole way.
    assert EXAMPLES * (160 + 80) * 1e-9 < found.time_s < EXAMPLES * 1.5e-6
    # 71.26 fJ a weight and pass: partly filled arrays convert fewer columns, and drive as many devices.
    passes = 2 * (12 * 8 + 8 * 4) + 8 * 4
    assert found.energy_j > EXAMPLES * passes * 71.26e-15


def test_the_document_has_a_line_and_the_data_their_figures(data: Path) -> None:
    document = training_document(study(data))
    assert isinstance(document.data, dict)
    assert document.data["epoch"]["examples"] == EXAMPLES


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"choice": Choice("sgd", {})}, "another one was asked for"),
        ({"overrides": ("system.chips=1", "fabric.rows=1", "fabric.columns=1", "units.core.every=1")}, "not known"),
    ],
)
def test_what_is_not_known_is_said(data: Path, more: dict[str, object], said: str) -> None:
    found = epoch_cost(study(data, **more))
    assert isinstance(found, str) and said in found
    assert epoch_data(found) is None and said in str(epoch_part(found))


def test_a_chip_file_that_does_not_say_has_no_line(data: Path) -> None:
    assert epoch_cost(study(data, chip="ecram-mesh-14nm")) is None
