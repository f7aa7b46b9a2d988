"""Integrate-and-fire neurons: counts in closed form, and the floating-point model in the limit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from archsim.errors import InputError
from archsim.functional import calibrated, fire, rate_model
from archsim.functional.spiking import Calibrated


def rectified(folder: Path, *weights: np.ndarray, bias: float = 0.0, operator: str = "Relu") -> Path:
    """Products with a rectifier between each two."""
    nodes, tensors, last = [], [], "x"
    for number, matrix in enumerate(weights):
        tensors.append(numpy_helper.from_array(matrix.astype(np.float32), f"w{number}"))
        tensors.append(numpy_helper.from_array(np.full(matrix.shape[1], bias, np.float32), f"b{number}"))
        nodes.append(helper.make_node("Gemm", [last, f"w{number}", f"b{number}"], [f"g{number}"], name=f"g{number}"))
        last = f"g{number}"
        if number < len(weights) - 1:
            nodes.append(helper.make_node(operator, [last], [f"r{number}"], name=f"r{number}"))
            last = f"r{number}"
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size])
        for name, size in (("x", weights[0].shape[0]), (last, weights[-1].shape[1]))
    ]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], initializer=tensors)
    path = folder / "net.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_a_neuron_fires_each_time_its_threshold_is_reached(tmp_path: Path) -> None:
    model = rate_model(rectified(tmp_path, np.array([[0.3]]), np.array([[1.0]])))
    # The input fires in every tick; 0.3 of a threshold of 1 arrives with each: 0, 0, 0, 1, 1, 1, 2, 2, 2, 3 spikes.
    scale = Calibrated({"x": 1.0}, {"r0": 1.0})
    counts = [
        round(fired.rates["r0"] * fired.ticks) for fired in fire(model, {"x": np.ones((1, 1))}, scale, 10, seed=0)
    ]
    assert counts == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]


def test_a_bias_arrives_in_every_tick(tmp_path: Path) -> None:
    model = rate_model(rectified(tmp_path, np.array([[0.0]]), np.array([[1.0]]), bias=0.5))
    scale = Calibrated({"x": 1.0}, {"r0": 1.0})
    *_, last = fire(model, {"x": np.zeros((1, 1))}, scale, 20, seed=0)
    assert last.rates["r0"] == 0.5


def test_a_neuron_below_zero_is_silent_and_one_beyond_its_threshold_fires_always(tmp_path: Path) -> None:
    model = rate_model(rectified(tmp_path, np.array([[-1.0, 5.0]]), np.ones((2, 1))))
    scale = Calibrated({"x": 1.0}, {"r0": 1.0})
    *_, last = fire(model, {"x": np.ones((1, 1))}, scale, 16, seed=0)
    assert last.rates["r0"] == 0.5
    assert last.outputs[0, 0] == pytest.approx(1.0)


def test_many_ticks_come_to_the_floating_point_model(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    model = rate_model(rectified(tmp_path, *(random.normal(size=(12, 12)) / 4 for _ in range(3))))
    samples = {"x": random.integers(0, 2, (5, 12)).astype(np.float32)}  # rates of 0 and 1 leave no randomness
    scale = Calibrated({"x": 1.0}, dict.fromkeys(("r0", "r1"), 4.0))
    exact = model.in_floating_point(samples)
    errors = [
        float(np.abs(fired.outputs - exact).max())
        for fired in fire(model, samples, scale, 4096, seed=0)
        if fired.ticks in (64, 4096)
    ]
    assert errors[1] < 0.02
    assert errors[1] < errors[0] / 8


def test_random_spikes_repeat_with_their_seed(tmp_path: Path) -> None:
    model = rate_model(rectified(tmp_path, np.eye(4), np.eye(4)))
    scale = Calibrated({"x": 1.0}, {"r0": 1.0})
    samples = {"x": np.full((3, 4), 0.5)}
    first, again, other = (list(fire(model, samples, scale, 9, seed=seed))[-1].outputs for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_thresholds_are_what_calibration_reaches(tmp_path: Path) -> None:
    model = rate_model(rectified(tmp_path, np.array([[2.0]]), np.array([[1.0]])))
    found = calibrated(model, {"x": np.linspace(0, 4, 1001).reshape(-1, 1)})
    assert found.inputs == {"x": 4.0}
    assert found.neurons["r0"] == pytest.approx(8.0 * 0.999)


def test_negative_inputs_are_refused(tmp_path: Path) -> None:
    model = rate_model(rectified(tmp_path, np.eye(2), np.eye(2)))
    with pytest.raises(InputError, match="has no rate"):
        calibrated(model, {"x": np.array([[1.0, -1.0]])})


def test_other_operators_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no rectifier"):
        rate_model(rectified(tmp_path, np.eye(2), np.eye(2), operator="Tanh"))
