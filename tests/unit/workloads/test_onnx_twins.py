"""ResNet-50 and VGG-19 against the same networks in the onnx package, layer by layer."""

from __future__ import annotations

from collections import Counter
from math import prod
from pathlib import Path

import onnx
import pytest
from onnx import shape_inference

from archsim.network import Matrix, Network
from archsim.workloads import build

_LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
Shape = tuple[int, int, int]
"""Rows, columns and tokens of a matrix layer."""


def of_onnx(path: Path) -> Counter[Shape]:
    model = shape_inference.infer_shapes(onnx.load(path))
    values = (*model.graph.value_info, *model.graph.input, *model.graph.output)
    shapes = {value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim] for value in values}
    found: Counter[Shape] = Counter()
    for node in model.graph.node:
        if node.op_type in ("Conv", "Gemm"):
            columns, *rows = shapes[node.input[1]]
            positions = shapes[node.output[0]][2:]
            found[prod(rows), columns, prod(positions)] += 1
    return found


def of_network(network: Network) -> Counter[Shape]:
    return Counter(
        (layer.operator.weights.rows, layer.operator.weights.columns, layer.tokens)
        for layer in network.matrices
        if isinstance(layer.operator, Matrix)
    )


@pytest.mark.parametrize(("name", "model"), [("resnet50", "light_resnet50.onnx"), ("vgg19", "light_vgg19.onnx")])
def test_matrices_and_positions_agree(name: str, model: str) -> None:
    assert of_network(build(name)) == of_onnx(_LIGHT / model)


@pytest.mark.parametrize(("name", "macs"), [("resnet50", 4_089_184_256), ("vgg19", 19_632_062_464)])
def test_operations_to_the_last(name: str, macs: int) -> None:
    assert build(name).macs == macs
