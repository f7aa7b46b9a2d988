"""What is refused before anything is computed, and how data are cut into batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from archsim.errors import InputError
from archsim.functional import Plan, accuracy, load_metric, read_data_set
from archsim.functional.batches import Data
from archsim.functional.graph_inputs import GraphInput, checked_tensors
from archsim.functional.sample_axes import Seen, layout_of
from archsim.numeric import CrossbarSettings
from tests.chips import make_array, make_chip
from tests.functional_models import by_onnxruntime, computed, make_model, perceptron, placed, random

FLOAT = np.dtype(np.float32)
OPEN = (GraphInput("x", FLOAT, (None, 3)),)
FIXED = (GraphInput("x", FLOAT, (2, 3)),)


def check_data(given: dict[str, np.ndarray], inputs: tuple[GraphInput, ...]) -> Data:
    """The data of a model that doubles its inputs."""
    tensors = checked_tensors(given, inputs)
    return Data(tensors, layout_of(tensors, inputs, lambda some: Seen({"y": next(iter(some.values())) * 2}, {})))


def _complete(error: InputError) -> bool:
    return bool(error.what and error.where and error.remedy)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"x": np.full((2, 3), np.nan, np.float32)}, "NaN or infinite"),
        ({"x": np.array([[1.0, np.inf, 0.0]])}, "1 of 3 values"),
        ({"x": np.zeros((2, 4), np.float32)}, "shape (2, 4), where N x 3"),
        ({"x": np.zeros(3, np.float32)}, "shape (3,)"),
        ({"x": np.array([["a", "b", "c"]])}, "where float32 is wanted"),
        ({"x": np.zeros((2, 3), complex)}, "complex128"),
        ({"x": np.zeros((0, 3), np.float32)}, "zero"),
        ({"y": np.zeros((2, 3), np.float32)}, "no 'x' and 'y', which is no input"),
        ({}, "no 'x'"),
    ],
)
def test_bad_data_are_refused(given: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(InputError) as caught:
        check_data(given, OPEN)
    assert words in caught.value.what
    assert _complete(caught.value)


def test_fractions_are_no_token_numbers() -> None:
    tokens = (GraphInput("t", np.dtype(np.int64), (None, 4)),)
    with pytest.raises(InputError, match="where int64 is wanted"):
        check_data({"t": np.zeros((1, 4), np.float32)}, tokens)
    assert check_data({"t": np.zeros((1, 4), np.int8)}, tokens).tensors["t"].dtype == np.int64


def test_numbers_of_samples_must_agree() -> None:
    two = (*OPEN, GraphInput("z", FLOAT, (None,)))
    with pytest.raises(InputError, match=r"numbers of samples differ.*x: 2, z: 3"):
        check_data({"x": np.zeros((2, 3)), "z": np.zeros(3)}, two)


def test_open_batches() -> None:
    data = check_data({"x": np.arange(15).reshape(5, 3)}, OPEN)
    batches = list(data.batches(2))
    assert [(samples.first, samples.count) for _, samples in batches] == [(0, 2), (2, 2), (4, 1)]
    assert batches[2][0]["x"].tolist() == [[12, 13, 14]]


def test_a_fixed_batch_is_filled_up_and_cut() -> None:
    data = check_data({"x": np.arange(9).reshape(3, 3)}, FIXED)
    batches = list(data.batches(100))
    assert [samples.first for _, samples in batches] == [0, 1]
    assert batches[1][0]["x"].tolist() == [[6, 7, 8], [6, 7, 8]]
    joined = data.joined([(samples, {"y": tensors["x"] * 2}) for tensors, samples in batches])
    assert joined["y"].tolist() == (2 * np.arange(9).reshape(3, 3)).tolist()


def test_whole_inputs_may_be_stacked() -> None:
    data = check_data({"x": np.zeros((4, 2, 3))}, FIXED)
    assert (data.samples, data.layout.group, data.layout.stacked) == (4, 1, True)
    assert data.joined([(samples, {"y": np.ones(2)}) for _, samples in data.batches(9)])["y"].shape == (4, 2)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.array([0, 10]), "classes 0 to 10, and the model has 10"),
        (np.array([0, -1]), "classes -1 to 0"),
        (np.array([0, 1, 2]), "shape (3,), for scores of shape (2, 10)"),
        (np.array([0.0, 1.0]), "float64"),
        (None, "no labels"),
    ],
)
def test_labels_that_do_not_fit(labels: np.ndarray | None, words: str) -> None:
    with pytest.raises(InputError) as caught:
        accuracy(np.zeros((2, 10), np.float32), labels)
    assert words in caught.value.what
    assert _complete(caught.value)


def test_accuracy_counts_positions() -> None:
    scores = np.eye(3, dtype=np.float32)[[[0, 1], [2, 0]]]
    assert accuracy(scores, np.array([[0, 1], [2, 2]])) == 0.75


@pytest.mark.parametrize("text", ["json", "json:", "json:nothing", "no_such_module:f", "json:__name__"])
def test_metrics_that_are_none(text: str) -> None:
    with pytest.raises(InputError) as caught:
        load_metric(text)
    assert caught.value.where == "--metric"


def test_a_metric_must_give_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_metrics.py").write_text("def worst(y, l): return float('nan')\ndef top(y, l): return y.max()\n")
    monkeypatch.chdir(tmp_path)
    assert load_metric("my_metrics:top")(np.arange(3.0), None) == 2.0
    with pytest.raises(InputError, match="nan"):
        load_metric("my_metrics:worst")(np.zeros(1), None)


def test_a_negative_time_is_refused() -> None:
    with pytest.raises(InputError, match="-1"):
        Plan(times_s=(-1.0,))
    with pytest.raises(InputError, match="seeds is 0"):
        Plan(seeds=0)


def test_weights_that_are_nan(tmp_path: Path) -> None:
    model = perceptron()
    model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(np.full((12, 10), np.nan, np.float32), "w1"))
    with pytest.raises(InputError) as caught:
        placed(model, make_chip(), tmp_path)
    assert "120 of its 120 weights are NaN" in caught.value.what
    assert "first" in caught.value.where


def test_weights_that_are_missing(tmp_path: Path) -> None:
    model = perceptron()
    model.graph.initializer[0].raw_data = b""
    with pytest.raises(InputError) as caught:
        placed(model, make_chip(), tmp_path)
    assert "w1" in caught.value.where
    assert _complete(caught.value)


def test_external_weights_that_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(perceptron(), path, save_as_external_data=True, size_threshold=0, location="weights.bin")
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(InputError, match="weights cannot be read"):
        placed(onnx.load(path, load_external_data=False), make_chip(), tmp_path)


def test_data_files(tmp_path: Path) -> None:
    model = placed(perceptron(), make_chip(), tmp_path)
    path = tmp_path / "data.npz"
    np.savez(path, x=random(70, 12), labels=np.zeros(70, np.int64))
    found = read_data_set(path, model)
    assert found.calibration.samples == 64
    assert "first 64 samples" in found.notes[0]
    np.savez(path, x=random(5, 12), **{"calibration.x": random(7, 12)})
    own = read_data_set(path, model)
    assert (own.data.samples, own.calibration.samples, own.labels, own.notes) == (5, 7, None, ())


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_data_files_that_are_none(tmp_path: Path, content: bytes) -> None:
    model = placed(perceptron(), make_chip(), tmp_path)
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as data"):
        read_data_set(path, model)


def test_shapes_are_computed_while_the_model_runs(tmp_path: Path) -> None:
    """Shape arithmetic on an open batch, a product of two activations, and an output that is an intermediate one."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"], axis=0),
        helper.make_node("Concat", ["n", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["r"]),
        helper.make_node("Transpose", ["w"], ["wt"], perm=[1, 0]),
        helper.make_node("MatMul", ["r", "wt"], ["p"], name="product"),
        helper.make_node("Transpose", ["p"], ["q"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["p", "q"], ["y"], name="dynamic"),
    ]
    weights = {"zero": np.array([0]), "rest": np.array([3, 4]), "w": random(6, 4)}
    model = make_model(nodes, {"x": ["batch", 12]}, ["y", "p"], weights)
    x = random(5, 12, seed=3)
    found = computed(placed(model, make_chip(array=make_array(3, 4)), tmp_path), {"x": x}, CrossbarSettings())
    for name, wanted in zip(("y", "p"), by_onnxruntime(model, {"x": x}), strict=True):
        np.testing.assert_allclose(found.outputs[name], wanted, rtol=1e-5, atol=1e-5)


def test_data_that_no_product_can_hold(tmp_path: Path) -> None:
    """12 products of 3e38 exceed the largest single-precision number, 3.4e38."""
    model = placed(perceptron(), make_chip(array=make_array(64, 64)), tmp_path)
    with pytest.raises(InputError, match="beyond what single precision holds") as caught:
        computed(model, {"x": np.full((3, 12), 3e38, np.float32)}, CrossbarSettings())
    assert caught.value.where == "node 'first'"
