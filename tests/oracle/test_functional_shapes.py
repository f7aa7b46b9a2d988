"""Where samples lie, and how outputs are shaped: as ONNX Runtime has it for the whole data at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from archsim.errors import InputError
from archsim.functional import Model, prepared
from archsim.mapping import place
from archsim.network.onnx_import import read_onnx
from archsim.network.onnx_import.reader import executed
from archsim.numeric import CrossbarSettings, InputCircuit, OutputCircuit
from archsim.numeric.devices import PcmDevice
from tests.chips import make_array, make_chip
from tests.functional_models import Sizes, by_onnxruntime, computed, make_model, random

CHIP = make_chip(array=make_array(64, 64))
IDEAL = CrossbarSettings()
node = helper.make_node


@dataclass(frozen=True)
class Case:
    """A model with data whose outputs ONNX Runtime gives, and the samples that they hold."""

    nodes: list[onnx.NodeProto]
    inputs: Mapping[str, Sizes]
    outputs: tuple[str, ...]
    weights: Mapping[str, np.ndarray]
    data: Mapping[str, np.ndarray]
    samples: int

    @property
    def model(self) -> onnx.ModelProto:
        return make_model(self.nodes, self.inputs, self.outputs, self.weights)

    def placed(self) -> Model:
        shapes = {name: value.shape for name, value in self.data.items()}
        network = executed(self.model, shapes).draft.finished("case")
        return prepared(self.model, place(network, CHIP))


GATES = {"W": random(1, 24, 4), "R": random(1, 24, 8, seed=1)}
LSTM = {"LW": random(1, 32, 4), "LR": random(1, 32, 8, seed=1)}
HEAD = {"w": random(8, 3, seed=2), "ax": np.array([1])}
GRU = node("GRU", ["t", "W", "R"], ["s", "h"], hidden_size=8, linear_before_reset=1, name="gru")

CASES = {
    "time-major output": Case(
        [node("Transpose", ["x"], ["t"], perm=[1, 0, 2]), GRU, node("Squeeze", ["s", "ax"], ["q"]),
         node("MatMul", ["q", "w"], ["y"], name="head")],
        {"x": ["N", "T", 4]}, ("y", "h"), GATES | HEAD, {"x": random(3, 5, 4)}, 3,
    ),
    "time-major input": Case(
        [GRU, node("Squeeze", ["s", "ax"], ["q"]), node("MatMul", ["q", "w"], ["y"], name="head")],
        {"t": ["T", "N", 4]}, ("y", "h"), GATES | HEAD, {"t": random(5, 3, 4)}, 3,
    ),
    "time-major, flattened": Case(
        [GRU, node("Reshape", ["s", "flat"], ["q"]), node("MatMul", ["q", "w"], ["y"], name="head")],
        {"t": ["T", "N", 4]}, ("y",), GATES | HEAD | {"flat": np.array([-1, 8])}, {"t": random(5, 3, 4)}, 3,
    ),
    "open steps, batch of one, its state given": Case(
        [node("GRU", ["x", "W", "R", "", "", "h0"], ["y", "h"], hidden_size=8, linear_before_reset=1)],
        {"x": ["T", 1, 4], "h0": [1, 1, 8]}, ("y", "h"), GATES,
        {"x": random(6, 1, 4), "h0": random(1, 1, 8, seed=5)}, 1,
    ),
    "states along another axis": Case(
        [node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
         node("LSTM", ["t", "LW", "LR", "", "", "h0", "c0"], ["s", "h", "c"], hidden_size=8)],
        {"x": ["N", 5, 4], "h0": [1, "N", 8], "c0": [1, "N", 8]}, ("s", "h", "c"), LSTM,
        {"x": random(3, 5, 4), "h0": random(1, 3, 8, seed=5), "c0": random(1, 3, 8, seed=6)}, 3,
    ),
    "fixed sizes, time-major": Case(
        [GRU], {"t": [5, 3, 4]}, ("s", "h"), GATES, {"t": random(5, 3, 4)}, 3,
    ),
    "several outputs, one without samples": Case(
        [node("MatMul", ["x", "v"], ["y"], name="one"), node("MatMul", ["c", "v"], ["z"], name="two"),
         node("Transpose", ["y"], ["turned"])],
        {"x": ["N", 4], "c": [2, 4]}, ("y", "z", "turned"), {"v": random(4, 3)},
        {"x": random(7, 4), "c": random(2, 4, seed=1)}, 7,
    ),
    "mean over all samples": Case(
        [node("MatMul", ["x", "v"], ["y"], name="one"), node("ReduceMean", ["y"], ["m"], keepdims=0)],
        {"x": ["N", 4]}, ("y", "m"), {"v": random(4, 3)}, {"x": random(7, 4)}, 1,
    ),
    "softmax over the samples": Case(
        [node("MatMul", ["x", "v"], ["y"], name="one"), node("Softmax", ["y"], ["p"], axis=0)],
        {"x": ["N", 4]}, ("p",), {"v": random(4, 3)}, {"x": random(7, 4)}, 1,
    ),
    "samples last": Case(
        [node("MatMul", ["v", "x"], ["y"], name="one")],
        {"x": [4, "N"]}, ("y",), {"v": random(3, 4)}, {"x": random(4, 7)}, 7,
    ),
    "vector by vector": Case(
        [node("MatMul", ["x", "v"], ["y"], name="one")], {"x": [5]}, ("y",), {"v": random(5)}, {"x": random(5)}, 1,
    ),
    "vectors by a vector": Case(
        [node("MatMul", ["x", "v"], ["y"], name="one")], {"x": ["N", 5]}, ("y",), {"v": random(5)},
        {"x": random(4, 5)}, 4,
    ),
    "vector by matrix": Case(
        [node("MatMul", ["x", "v"], ["y"], name="one")], {"x": [5]}, ("y",), {"v": random(5, 3)}, {"x": random(5)}, 1,
    ),
    "inner product": Case(
        [node("Einsum", ["x", "v"], ["y"], equation="i,i->", name="one"), node("Relu", ["y"], ["z"])],
        {"x": [5]}, ("y", "z"), {"v": random(5)}, {"x": random(5)}, 1,
    ),
    "scalar of each sample": Case(
        [node("Einsum", ["x", "v"], ["y"], equation="ni,i->n", name="one")],
        {"x": ["N", 5]}, ("y",), {"v": random(5)}, {"x": random(4, 5)}, 4,
    ),
    "open height and width": Case(
        [node("Conv", ["x", "k"], ["c"], name="conv"), node("GlobalAveragePool", ["c"], ["p"]),
         node("Flatten", ["p"], ["y"])],
        {"x": ["N", 3, "H", "W"]}, ("y",), {"k": random(4, 3, 3, 3)}, {"x": random(5, 3, 16, 16)}, 5,
    ),
    "open time": Case(
        [node("Conv", ["x", "k"], ["c"], strides=[2], name="conv"), node("GlobalMaxPool", ["c"], ["p"]),
         node("Flatten", ["p"], ["y"])],
        {"x": ["N", 1, "T"]}, ("y",), {"k": random(4, 1, 8)}, {"x": random(5, 1, 40)}, 5,
    ),
    "an index of each sample": Case(
        [node("MatMul", ["x", "v"], ["y"], name="one"), node("ArgMax", ["y"], ["k"], axis=1, keepdims=0),
         node("Cast", ["k"], ["f"], to=onnx.TensorProto.FLOAT)],
        {"x": ["N", 5]}, ("f", "y"), {"v": random(5, 3)}, {"x": random(9, 5)}, 9,
    ),
    "unnamed batch": Case(
        [node("MatMul", ["x", "v"], ["y"], name="one")], {"x": [None, 5]}, ("y",), {"v": random(5, 3)},
        {"x": random(4, 5)}, 4,
    ),
    "a single sample": Case(
        [node("MatMul", ["x", "v"], ["y"], name="one")], {"x": ["N", 5]}, ("y",), {"v": random(5, 3)},
        {"x": random(1, 5)}, 1,
    ),
    "samples that are all alike": Case(
        [node("MatMul", ["x", "v"], ["y"], name="one")], {"x": ["N", 5]}, ("y",), {"v": random(5, 3)},
        {"x": np.ones((4, 5), np.float32)}, 4,
    ),
}  # fmt: skip


@pytest.mark.parametrize("batch", [2, 100])
@pytest.mark.parametrize("name", CASES)
def test_outputs_are_onnxruntimes(name: str, batch: int) -> None:
    case = CASES[name]
    model = case.placed()
    assert model.data(case.data).samples == case.samples
    outputs = computed(model, case.data, IDEAL, batch=batch).outputs
    for output, wanted in zip(case.outputs, by_onnxruntime(case.model, case.data), strict=True):
        assert outputs[output].shape == wanted.shape
        np.testing.assert_allclose(outputs[output], wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["time-major output", "time-major input", "time-major, flattened", "samples last"])
def test_noise_is_each_samples_own_wherever_samples_lie(name: str) -> None:
    """The same bits however the data are cut, so that noise and copies follow samples, not places in a batch."""
    case = CASES[name]
    noisy = CrossbarSettings(device=PcmDevice(), inputs=InputCircuit(), outputs=OutputCircuit(noise=0.1))
    one, all_ = (computed(case.placed(), case.data, noisy, batch=batch).outputs for batch in (1, 100))
    for output in case.outputs:
        np.testing.assert_array_equal(one[output], all_[output])


def test_a_model_of_one_sequence_takes_several_along_a_new_axis() -> None:
    case = CASES["open steps, batch of one, its state given"]
    several = {"x": random(3, 6, 1, 4), "h0": random(3, 1, 1, 8, seed=5)}
    outputs = computed(case.placed(), several, IDEAL).outputs
    for index in range(3):
        own = {name: value[index] for name, value in several.items()}
        for output, wanted in zip(case.outputs, by_onnxruntime(case.model, own), strict=True):
            np.testing.assert_allclose(outputs[output][index], wanted, rtol=1e-4, atol=1e-5)
    shared = computed(case.placed(), several | {"h0": several["h0"][0]}, IDEAL).outputs
    np.testing.assert_allclose(shared["y"][0], outputs["y"][0], rtol=1e-5)


def test_an_initial_state_for_one_sequence_and_data_of_three() -> None:
    nodes = [node("GRU", ["t", "W", "R", "", "", "h0"], ["s", "h"], hidden_size=8, name="gru")]
    case = Case(nodes, {"t": [5, "N", 4]}, ("s",), GATES | {"h0": random(1, 1, 8)}, {"t": random(5, 1, 4)}, 1)
    model = case.placed()
    with pytest.raises(InputError, match="initial state") as caught:
        computed(model, {"t": random(5, 3, 4)}, IDEAL)
    assert "gru" in caught.value.where


def test_a_fixed_batch_of_images_counts_images(tmp_path: Path) -> None:
    """A batch of eight in the file, as a run counts it: twenty images are twenty samples, in batches of eight."""
    nodes = [node("Conv", ["x", "k"], ["y"], pads=[1, 1, 1, 1], name="conv")]
    case = Case(nodes, {"x": [8, 3, 6, 6]}, ("y",), {"k": random(4, 3, 3, 3)}, {"x": random(8, 3, 6, 6)}, 8)
    model = case.placed()
    images = random(20, 3, 6, 6, seed=3)
    assert model.data({"x": images}).samples == 20
    onnx.save(case.model, tmp_path / "eight.onnx")
    assert model.data(case.data).samples == read_onnx(tmp_path / "eight.onnx").samples_per_run == 8
    wanted = [by_onnxruntime(case.model, {"x": images[k : k + 8]})[0] for k in (0, 8, 12)]
    outputs = computed(model, {"x": images}, IDEAL).outputs["y"]
    np.testing.assert_allclose(outputs, np.concatenate([*wanted[:2], wanted[2][4:]]), rtol=1e-4, atol=1e-5)


STEPS = {
    "turn": lambda a, b: [node("Transpose", [a], [b], perm=[1, 0, 2])],
    "relu": lambda a, b: [node("Relu", [a], [b])],
    "dense": lambda a, b: [node("MatMul", [a, "v"], [b], name=f"dense {b}")],
    "step": lambda a, b: [node("Slice", [a, "zero", "one", "one"], [b])],
    "rnn": lambda a, b: [node("RNN", [a, "RW", "RR"], [f"{b}_"], hidden_size=4, name=f"rnn {b}"),
                         node("Squeeze", [f"{b}_", "one"], [b])],
}  # fmt: skip
HELD = {
    "v": random(4, 4, seed=7), "RW": random(1, 4, 4), "RR": random(1, 4, 4, seed=1),
    "zero": np.array([0]), "one": np.array([1]),
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(["turn", "relu", "dense", "rnn", "turn", "step"]), min_size=1, max_size=6),
    shape=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    opened=st.sampled_from([("N", "T"), ("N", None), (None, "T")]),
    batch=st.integers(1, 5),
)
def test_random_chains(
    kinds: list[str], shape: tuple[int, int], opened: tuple[str | None, str | None], batch: int
) -> None:
    """Sequences that are turned, cut, multiplied and carried along in any order."""
    nodes = [step for k, kind in enumerate(kinds) for step in STEPS[kind](f"t{k}", f"t{k + 1}")]
    nodes.append(node("MatMul", [f"t{len(kinds)}", "v"], ["y"], name="last"))
    used = {name for step in nodes for name in step.input}
    data = {"t0": random(*shape, 4)}
    sizes = [name or size for name, size in zip(opened, shape, strict=True)]
    case = Case(nodes, {"t0": [*sizes, 4]}, ("y",), {n: v for n, v in HELD.items() if n in used}, data, 1)
    outputs = computed(case.placed(), data, IDEAL, batch=batch).outputs
    np.testing.assert_allclose(outputs["y"], by_onnxruntime(case.model, data)[0], rtol=1e-4, atol=1e-4)


def test_the_cases_that_failed_once() -> None:
    """Files from elsewhere, where they are at hand."""
    folder = Path(__file__).parents[4] / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip("no such files here")
    for name, shape in (
        ("time_major_output", (3, 5, 4)),
        ("matmul_1d_1d", (5,)),
        ("dyn_hw_valid_conv", (2, 3, 16, 16)),
    ):
        model = onnx.load(folder / f"{name}.onnx")
        data = {"x": random(*shape)}
        network = executed(model, {"x": shape}).draft.finished(name)
        outputs = computed(prepared(model, place(network, CHIP)), data, IDEAL).outputs
        np.testing.assert_allclose(outputs["y"], by_onnxruntime(model, data)[0], rtol=1e-4, atol=1e-5)


def test_grouped_convolutions_on_digital_units_are_computed_there() -> None:
    """Nodes that a chip runs digitally are no products of its arrays."""
    nodes = [node("Conv", ["x", "k"], ["c"], group=3, name="depthwise"), node("Conv", ["c", "p"], ["y"], name="point")]
    weights = {"k": random(3, 1, 3, 3), "p": random(4, 3, 1, 1)}
    case = Case(nodes, {"x": ["N", 3, 6, 6]}, ("y",), weights, {"x": random(2, 3, 6, 6)}, 2)
    chip = make_chip(array=make_array(64, 64), grouped="digital")
    network = executed(case.model, {"x": (1, 3, 6, 6)}).draft.finished("case")
    model = prepared(case.model, place(network, chip))
    assert [placed.spec.node for placed in model.products.values()] == ["point"]
    wanted = by_onnxruntime(case.model, case.data)[0]
    np.testing.assert_allclose(computed(model, case.data, IDEAL).outputs["y"], wanted, rtol=1e-4, atol=1e-5)
