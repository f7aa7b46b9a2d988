"""Small ONNX models for functional tests, and what prepares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

from archsim.chip import Chip
from archsim.functional import Execution, Model, execute, prepared, program_model
from archsim.functional.cutting import load_with_weights
from archsim.mapping import place
from archsim.network.onnx_import import read_onnx
from archsim.numeric import CrossbarSettings

Sizes = Sequence[int | str | None]


def make_model(
    nodes: list[onnx.NodeProto],
    inputs: Mapping[str, Sizes],
    outputs: Sequence[str],
    weights: Mapping[str, np.ndarray],
    *,
    kind: int = onnx.TensorProto.FLOAT,
) -> onnx.ModelProto:
    """A model of the nodes."""
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(name, kind, list(sizes)) for name, sizes in inputs.items()],
        [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def random(*shape: int, seed: int = 0) -> np.ndarray:
    """Normal float32 numbers."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def perceptron(rows: int = 12, hidden: int = 10, classes: int = 4) -> onnx.ModelProto:
    """Two matrix layers with a bias and a relu between them."""
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["h"], name="first"),
        helper.make_node("Relu", ["h"], ["a"], name="relu"),
        helper.make_node("MatMul", ["a", "w2"], ["y"], name="second"),
    ]
    weights = {"w1": random(rows, hidden), "b1": random(hidden, seed=1), "w2": random(hidden, classes, seed=2)}
    return make_model(nodes, {"x": ["batch", rows]}, ["y"], weights)


def placed(model: onnx.ModelProto, chip: Chip, folder: Path, **plan: dict[str, int]) -> Model:
    """The model on a chip, by way of a file as a user has it."""
    path = folder / "model.onnx"
    onnx.save(model, path)
    return prepared(load_with_weights(path), place(read_onnx(path), chip, **plan))


def computed(
    model: Model, inputs: Mapping[str, np.ndarray], settings: CrossbarSettings, **how: int | float
) -> Execution:
    """Program with seed 0, calibrate on the inputs themselves, execute."""
    data = model.data(inputs)
    arrays = program_model(model, settings, model.recorded(data), seed=0)
    return execute(model, arrays, data, **how)


def by_onnxruntime(model: onnx.ModelProto, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Outputs of the whole model in floating point, operator by operator."""
    options = ort.SessionOptions()
    # Optimised, it would multiply quantised weights by rounded activations.
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return list(session.run(None, dict(inputs)))
