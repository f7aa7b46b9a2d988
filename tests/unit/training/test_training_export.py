"""Trained weights as ONNX files: ONNX Runtime computes what the module does, and ``archsim accuracy`` takes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import onnx  # noqa: E402
import onnxruntime  # noqa: E402

from archsim.errors import InputError  # noqa: E402
from archsim.training.examples import Examples, read_examples  # noqa: E402
from archsim.training.export import input_name, write_model  # noqa: E402
from archsim.training.models import builder  # noqa: E402
from archsim.workloads.trained import TRAINED  # noqa: E402
from tests.e2e.cli_calls import fail, succeed, succeed_json  # noqa: E402

torch.set_num_threads(1)


def computed(path: Path, module: torch.nn.Module, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By ONNX Runtime, and by PyTorch."""
    session = onnxruntime.InferenceSession(path)
    with torch.no_grad():
        wanted = module.eval()(torch.from_numpy(inputs)).numpy()
    kind = np.int64 if session.get_inputs()[0].type == "tensor(int64)" else np.float32
    return session.run(None, {input_name(module): inputs.astype(kind)})[0], wanted


@pytest.mark.parametrize("entry", TRAINED, ids=lambda entry: entry.name)
def test_a_graph_is_written_with_its_weights(entry, tmp_path: Path) -> None:
    """New weights, so that those of the file would show; recurrent gates have another order in PyTorch."""
    module = builder(entry.name, relu=False, keep_weights=False)(3)
    for parameter in module.parameters():
        parameter.data += 0.01 * torch.randn_like(parameter)
    examples = read_examples(entry.data, holdout=0.5, seed=0).test
    write_model(tmp_path / "net.onnx", module, examples)
    found, wanted = computed(tmp_path / "net.onnx", module, examples.inputs[:5])
    np.testing.assert_allclose(found, wanted, atol=2e-5)
    model = onnx.load(tmp_path / "net.onnx")
    used = {name for node in model.graph.node for name in node.input}
    assert {item.name for item in model.graph.initializer} <= used


def test_a_fully_connected_network_is_exported_for_any_batch(tmp_path: Path) -> None:
    module = builder("8-12-3", relu=True, keep_weights=False)(0)
    inputs = np.random.default_rng(0).random((7, 8), np.float32)
    write_model(tmp_path / "net.onnx", module, Examples(inputs, np.zeros(7, np.int64)))
    np.testing.assert_allclose(*computed(tmp_path / "net.onnx", module, inputs), atol=1e-6)


class _Unwritable(torch.nn.Module):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return torch.special.erfcx(inputs)


def test_what_pytorch_cannot_export_is_named(tmp_path: Path) -> None:
    examples = Examples(np.zeros((2, 3), np.float32), np.zeros(2, np.int64))
    with pytest.raises(InputError, match="cannot export the trained module"):
        write_model(tmp_path / "net.onnx", _Unwritable(), examples)


def test_what_was_trained_for_a_chip_goes_to_accuracy(tmp_path: Path) -> None:
    """The files of two seeds, and what accuracy says of one with the test set that was kept."""
    out = tmp_path / "aware"
    chip = ("--chip", "pcm-mesh-14nm")
    course = ("--epochs", "1", "--batch", "24", "--rate", "0.01", "--keep-weights", "--seeds", "2")
    found = succeed_json("train", "digits-cnn", *chip, *course, "--hardware-aware", "--out", str(out), "--json")
    assert (found["algorithm"], found["layers"], found["devices"]) == ("hardware-aware", [], [])
    names = {path.name for path in out.iterdir()}
    assert names == {"scores.csv", "training.json", "training.png", "trained-0.onnx", "trained-1.onnx", "test.npz"}
    given = ("--data", str(out / "test.npz"), *chip, "--seeds", "1", "--at", "1 hour")
    after = " ".join(succeed("accuracy", str(out / "trained-0.onnx"), *given).split())
    assert "72 samples, 1 programmings" in after
    assert "were calibrated on the first" not in after


BAD = [
    (("--hardware-aware",), "Give a directory by --out DIR"),
    (("--until", "1 day"), "add --hardware-aware"),
    (("--hardware-aware", "--out", "x", "--algorithm", "sgd"), "has no algorithm of devices"),
    (("--hardware-aware", "--out", "x", "--until", "-1 s"), "before programming"),
    (("--hardware-aware", "--out", "x", "--until", "soon"), "--until"),
]


@pytest.mark.parametrize(("options", "words"), BAD)
def test_options_that_do_not_fit_are_named(
    options: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert words in fail("train", "digits-cnn", "--epochs", "1", *options).replace("\n", " ")
