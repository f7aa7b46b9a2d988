"""The trainer: the same as PyTorch in floating point, resumed to the bit, and plain about what cannot be trained."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from archsim.errors import InputError  # noqa: E402
from archsim.training.checkpoint import read_checkpoint  # noqa: E402
from archsim.training.course import Plan  # noqa: E402
from archsim.training.graph import Graph  # noqa: E402
from archsim.training.models import builder  # noqa: E402
from archsim.training.run import Keeping  # noqa: E402
from archsim.training.settings import Choice  # noqa: E402
from archsim.training.study import TrainingQuestion, training_study, training_task  # noqa: E402
from archsim.workloads.trained import trained  # noqa: E402
from tests.e2e.cli_calls import fail, succeed, succeed_json  # noqa: E402

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three clouds in eight dimensions, far enough apart to be learned in a few steps."""
    r = np.random.default_rng(0)
    labels = r.integers(0, 3, 150)
    centres = r.random((3, 8))
    path = tmp_path_factory.mktemp("data") / "clouds.npz"
    np.savez(path, x=(centres[labels] + 0.1 * r.standard_normal((150, 8))).astype("f"), labels=labels)
    return path


def question(data: Path, model: str = "8-12-3", chip: str = "ecram-mesh-14nm", **more) -> TrainingQuestion:
    plan = Plan(more.pop("epochs", 2), more.pop("batch", 5), more.pop("rate", 0.2))
    return TrainingQuestion(model, chip, plan, data=data, **more)


def outcome(study) -> list[object]:
    """Scores, and every weight at the end."""
    weights = [p.detach().numpy().tobytes() for course in study.trainings.courses for p in course.module.parameters()]
    arrays = [a.matrix.weights.tobytes() for c in study.trainings.courses if c.on_chip for a in c.module.arrays]
    return [study.trainings.scores, weights, arrays]


def test_clouds_are_told_apart(data: Path) -> None:
    """Both trainings learn: a third would be right by chance."""
    scores = training_study(question(data, epochs=8, relu=True, rate=0.1)).trainings.scores
    last = [score.accuracy for score in scores if score.epoch == 8]
    assert min(last) > 0.7
    chip = [score for score in scores if score.on_chip]
    assert all(score.up > 0 and score.down > 0 and 0 <= score.saturated < 0.5 for score in chip)


def test_floating_point_is_plain_pytorch(data: Path) -> None:
    """The same two epochs by torch.optim.SGD on the same order of examples."""
    study = training_study(question(data))
    module = builder("8-12-3", relu=False, keep_weights=False)(0)
    arrays = np.load(data)
    kept = np.sort(np.random.default_rng(0).permutation(150)[30:])
    x, labels = torch.from_numpy(arrays["x"][kept]), torch.from_numpy(arrays["labels"][kept])
    for epoch in range(2):
        for part in np.random.default_rng([0, epoch]).permutation(120).reshape(-1, 5):
            loss = torch.nn.functional.cross_entropy(module(x[part]), labels[part])
            for parameter, gradient in zip(
                module.parameters(), torch.autograd.grad(loss, list(module.parameters())), strict=True
            ):
                parameter.data -= 0.2 * gradient
    found = study.trainings.courses[0].module
    for wanted, got in zip(module.parameters(), found.parameters(), strict=True):
        np.testing.assert_allclose(got.detach(), wanted.detach(), atol=1e-6)


@pytest.mark.parametrize(
    "algorithm", ["sgd", "tiki-taka", "tiki-taka-2", "tiki-taka-2-chopped", "agad", "mixed-precision", "complex-cell"]
)
def test_a_training_that_was_stopped_goes_on_to_the_bit(data: Path, tmp_path: Path, algorithm: str) -> None:
    """Stopped within the second epoch on the chip, after a checkpoint that was due after every mini-batch."""
    asked = question(data, chip="nature2018-training", choice=Choice(algorithm, {}))
    whole = training_study(asked)
    keeping = Keeping(tmp_path / "run.npz", every_s=0.0)
    done = 0

    def stop(examples: int, total: int) -> None:
        nonlocal done
        done += examples
        if done >= 120 * 3 + 45:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training_study(asked, keeping, stop)
    assert outcome(training_study(asked, keeping)) == outcome(whole)


def test_a_finished_training_may_have_more_epochs(data: Path, tmp_path: Path) -> None:
    keeping = Keeping(tmp_path / "run.npz")
    training_study(question(data, epochs=1, seeds=2), keeping)
    longer = training_study(question(data, epochs=2, seeds=2), keeping)
    assert longer.trainings.resumed == 1
    assert outcome(longer) == outcome(training_study(question(data, epochs=2, seeds=2)))


def test_seeds_differ_and_repeat(data: Path) -> None:
    both = training_study(question(data, epochs=1, seeds=2))
    second = training_study(question(data, epochs=1, first_seed=1))
    losses = {(score.seed, score.on_chip): score.loss for score in both.trainings.scores}
    assert losses[0, True] != losses[1, True]
    # The examples of the test are chosen by the first seed: compare what is drawn, not what is scored.
    first, again = (study.trainings.courses[-1].module.arrays[0].matrix.blocks[0] for study in (both, second))
    np.testing.assert_array_equal(first.trained.devices.cells.table, again.trained.devices.cells.table)


@pytest.mark.parametrize("name", ["digits-cnn", "digits-lstm", "digits-transformer", "characters-lstm"])
def test_graphs_compute_what_onnxruntime_does(name: str) -> None:
    """Every trained model, as a module of PyTorch, on its own data."""
    runtime = pytest.importorskip("onnxruntime")
    model = trained(name)
    assert model is not None
    arrays = np.load(model.data)
    session = runtime.InferenceSession(str(model.model), providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    given = arrays[entry.name][:4].astype(np.int64 if "int64" in entry.type else np.float32)
    (wanted,) = session.run(None, {entry.name: given})
    with torch.no_grad():
        found = Graph(model.model)(torch.from_numpy(given.astype(np.float32)))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["digits-cnn", "digits-lstm", "digits-transformer", "characters-lstm"])
def test_weights_of_graphs_reach_the_arrays(name: str) -> None:
    """Convolutions, recurrences and projections train on arrays: each has steps after a mini-batch."""
    from archsim.chip import load_chip
    from archsim.training.conversion import OnChip
    from archsim.training.settings import array_settings

    model = trained(name)
    assert model is not None
    changes = ("tile.training.device.preset=idealized", "tile.training.scale=8.0")
    module = OnChip(Graph(model.model), array_settings(load_chip("ecram-mesh-14nm", changes)), 0)
    arrays = np.load(model.data)
    key = next(key for key in arrays.files if key != "labels" and not key.startswith("calibration."))
    scores = module(torch.from_numpy(arrays[key][:3].astype(np.float32)))
    labels = torch.from_numpy(arrays["labels"][:3].astype(np.int64))
    torch.nn.functional.cross_entropy(scores.flatten(0, -2), labels.flatten()).backward()
    module.update(1.0)
    assert all(arrays.effort.up + arrays.effort.down > 0 for arrays in module.arrays)


def test_the_command_prints_both_trainings(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    common = ("train", "8-12-3", "--data", str(data), "--chip", "ecram-mesh-14nm", "--epochs", "2", "--rate", "0.2")
    found = succeed_json(*common, "--seeds", "2", "--out", str(out), "--json")
    assert [row["epoch"] for row in found["epochs"]] == [1, 2]
    assert len(found["scores"]) == 8
    assert found["layers"][0]["inputs"] == 8 and found["layers"][0]["steps"] > 0
    # Linear steps 1 - 0.1153 w / 1.1724 up, 1 - 0.5085 w / -0.8276 down are equal at 0.
    assert found["devices"][0]["symmetry_point"] == pytest.approx(0, abs=0.01)
    assert json.loads((out / "training.json").read_text())["seeds"] == 2
    assert {path.name for path in out.iterdir()} == {"scores.csv", "layers.csv", "training.json", "training.png"}
    text = succeed(*common, "--algorithm", "tiki-taka,transfer_every=2")
    assert "tiki-taka" in text and "in floating point" in text


MODULE = """
from torch import nn

def build():
    return nn.Sequential(nn.Linear(8, 3))

def nothing():
    return 3
"""

BAD = [
    (("--rate", "0"), "no pulse train expresses a learning rate of 0"),
    (("--rate", "1e6"), "--rate"),
    (("--epochs", "0"), "--epochs"),
    (("--batch", "1000"), "a mini-batch of 1,000 examples"),
    (("--holdout", "1.0"), "leaves none to train"),
    (("--chip", "pcm-mesh-14nm"), "does not say how its arrays train"),
    (("--algorithm", "sdg"), "Did you mean 'sgd'?"),
    (("--algorithm", "tiki-taka,transfer_every"), "no number with a name"),
    (("--algorithm", "tiki-taka,transfer_evry=2"), "Did you mean 'transfer_every'?"),
    (("--set", "tile.training.scale=0.01"), "Raise it to"),
    (("--keep-weights",), "only an ONNX file has weights"),
    (("--checkpoint", "run.txt"), "does not end in .npz"),
]


@pytest.mark.parametrize(("options", "words"), BAD)
def test_bad_options_are_named(data: Path, options: tuple[str, ...], words: str) -> None:
    usual = {"--data": str(data), "--epochs": "1", "--chip": "ecram-mesh-14nm"}
    given = [part for name, value in usual.items() if name not in options for part in (name, value)]
    assert words in fail("train", "8-12-3", *given, *options).replace("\n", " ")


def test_bad_models_and_data_are_named(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine_to_train.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    usual = ("--epochs", "1", "--chip", "ecram-mesh-14nm", "--rate", "0.2")
    given = (*usual, "--data", str(data))
    assert "after 1 epochs" in succeed("train", "mine_to_train:build", *given)
    assert "returned a int" in fail("train", "mine_to_train:nothing", *given)
    assert "cannot be loaded" in fail("train", "mine_to_train:other", *given)
    assert "no file 'net.onnx'" in fail("train", "net.onnx", *given)
    assert "needs examples" in fail("train", "8-12-3", *usual)
    assert "the model's classes are 0 to 1" in fail("train", "8-12-2", *given).replace("\n", " ")
    wrong = tmp_path / "wrong.npz"
    np.savez(wrong, x=np.full((9, 8), np.nan), labels=np.zeros(9, int))
    assert "NaN or infinity" in fail("train", "8-12-3", *usual, "--data", str(wrong))
    np.savez(wrong, x=np.zeros((9, 8)), labels=np.zeros(9))
    assert "Give a whole number" in fail("train", "8-12-3", *usual, "--data", str(wrong)).replace("\n", " ")
    np.savez(wrong, labels=np.zeros(9, int))
    assert "no inputs" in fail("train", "8-12-3", *usual, "--data", str(wrong))


def test_a_rate_that_no_train_expresses_is_refused(data: Path) -> None:
    """31 slots of 0.002 are 0.06 at most; changes of a rate of 100 are some 10."""
    with pytest.raises(InputError, match=r"express \d\.\d% of .* rate of 100 asks for") as caught:
        training_study(question(data, epochs=1, rate=100.0))
    assert "tile.training.updates.slots" in str(caught.value)
    slow = Choice("tiki-taka", {})
    with pytest.raises(InputError, match="a learning rate of 1000 asks for"):
        training_study(question(data, epochs=1, rate=1000.0, choice=slow))


def test_a_fast_matrix_may_be_driven_to_its_bounds(data: Path) -> None:
    """At its own rate of 100 its trains are as full as those above; what is read of it counts by the run's rate."""
    study = training_study(question(data, epochs=1, rate=0.05, choice=Choice("tiki-taka", {"fast_rate": 100.0})))
    (chip,) = (score for score in study.trainings.scores if score.on_chip)
    assert chip.expressed > 0.9


def test_a_checkpoint_of_another_training_is_refused(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    training_study(question(data, epochs=1), Keeping(path))
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"rate 0\.2 there, rate 0\.1 here"):
        training_study(question(data, epochs=1, rate=0.1), Keeping(path))
    with pytest.raises(InputError, match="model 8-12-3 there"):
        training_study(question(data, "8-9-3", epochs=1), Keeping(path))
    assert path.read_bytes() == before
    path.write_bytes(before[: len(before) // 2])
    with pytest.raises(InputError, match="is damaged"):
        training_study(question(data, epochs=1), Keeping(path))


def test_a_loss_that_is_no_number_is_named_and_loses_nothing(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    asked = question(data, "8-30-30-3", epochs=5, relu=True, rate=1e25)
    with pytest.raises(InputError, match=r"the loss became (nan|inf) in epoch 1"):
        training_study(asked, Keeping(path, every_s=0.0))
    position, _ = read_checkpoint(path, training_task(asked).name)
    assert (position.epoch, position.scores) == (0, ())


def test_a_checkpoint_of_another_version_is_refused(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a version draws may be another's no longer."""
    path = tmp_path / "run.npz"
    training_study(question(data, epochs=1), Keeping(path))
    monkeypatch.setattr("archsim.training.study._version", lambda: "0.0.0")
    with pytest.raises(InputError, match=r"there, archsim 0\.0\.0 here") as caught:
        training_study(question(data, epochs=2), Keeping(path))
    assert "another file" in str(caught.value)


def test_without_pytorch_the_command_says_what_to_install(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archsim.training.extra.find_spec", lambda name: None)
    message = fail("train", "8-12-3", "--data", str(data), "--epochs", "1")
    assert "pip install 'archsim[training]'" in message
