"""Published architectures on ideal arrays against ONNX Runtime, with random weights in the place of absent ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import numpy_helper

from archsim.functional import execute, prepare, program_model
from archsim.mapping import place
from archsim.network.onnx_import import read_onnx
from archsim.numeric import CrossbarSettings
from tests.chips import make_large_chip

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


def _with_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with random numbers for what it makes by ConstantOfShape: all its weights."""
    random = np.random.default_rng(0)
    shapes = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    made = [node for node in model.graph.node if node.op_type == "ConstantOfShape" and node.input[0] in shapes]
    assert len(made) > 10
    for node in made:
        shape = tuple(int(size) for size in shapes[node.input[0]])
        if len(shape) > 1:
            values = random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
        else:
            values = random.uniform(0.5, 1.5, shape)
        model.graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), node.output[0]))
        model.graph.node.remove(node)
    return model


@pytest.mark.parametrize(
    "name",
    ["squeezenet", "shufflenet", *(pytest.param(n, marks=pytest.mark.slow) for n in ("resnet50", "densenet121"))],
)
def test_ideal_arrays_agree_with_onnxruntime(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.onnx"
    onnx.save(_with_weights(onnx.load(LIGHT / f"light_{name}.onnx")), path)
    model = prepare(path, place(read_onnx(path), make_large_chip()))
    image = np.random.default_rng(1).standard_normal((1, 3, 224, 224), dtype=np.float32)
    data = model.data({model.inputs[0].name: image})
    none = {
        layer: np.zeros((1, matrix.shape[0] * matrix.shape[1]), np.float32) for layer, matrix in model.layers.items()
    }
    arrays = program_model(model, CrossbarSettings(), none, seed=0)
    found = execute(model, arrays, data).outputs[model.outputs[0]]
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, {model.inputs[0].name: image})
    assert np.ptp(wanted) > 1e-6
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())
