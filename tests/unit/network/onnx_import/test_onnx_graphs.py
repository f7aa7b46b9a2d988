"""Whole graphs: quantised forms, names, branches, what is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx_exports import Export
from reading import digital, feeding, matrix

from archsim.network import Digital
from archsim.network.onnx_import import read_onnx


def test_quantised_graph(tmp_path: Path) -> None:
    """QDQ form: quantisers are element-wise work, the weights' dequantisers are folded away."""
    export = Export(opset=13)
    x = export.input("x", [1, 3, 6, 6])

    def quantised(tensor: str) -> str:
        scale, zero = export.array(np.float32(0.1)), export.array(np.uint8(3))
        return export.op("DequantizeLinear", export.op("QuantizeLinear", tensor, scale, zero), scale, zero)

    stored = export.array(np.ones((4, 3, 3, 3), np.int8))
    weight = export.op("DequantizeLinear", stored, export.array(np.float32(0.1)), export.array(np.int8(0)))
    export.output(quantised(export.op("Conv", quantised(x), weight)))
    network = export.network(tmp_path)
    assert network.macs == 16 * 27 * 4
    assert (len(digital(network, "quantize")), len(digital(network, "dequantize"))) == (2, 2)
    assert "c0" in matrix(network.matrices[0]).weights.origin


def test_integer_operators(tmp_path: Path) -> None:
    export = Export(opset=13)
    x = export.input("x", [1, 3, 6, 6], TensorProto.UINT8)
    scale, zero = export.array(np.float32(0.1)), export.array(np.uint8(3))
    weight = export.array(np.ones((4, 3, 3, 3), np.uint8))
    conv = export.op("QLinearConv", x, scale, zero, weight, scale, zero, scale, zero)
    flat = export.op("Flatten", conv)
    dense = export.array(np.ones((64, 5), np.uint8))
    export.output(export.op("MatMulInteger", flat, dense, zero, zero), TensorProto.INT32)
    network = export.network(tmp_path)
    assert network.macs == 16 * 27 * 4 + 64 * 5
    assert [matrix(layer).bias for layer in network.matrices] == [False, False]


def test_dynamic_quantisation(tmp_path: Path) -> None:
    """onnxruntime's dynamic form: the product's scale folds into the matrix; the range is taken as given."""
    export = Export(opset=13)
    x, scale, zero = export.ops("DynamicQuantizeLinear", export.input("x", [1, 4, 8]), outputs=3)
    product = export.op("MatMulInteger", x, export.array(np.ones((8, 5), np.int8)), zero)
    number = export.op("Cast", product, to=TensorProto.FLOAT)
    export.output(export.op("Mul", number, export.op("Mul", scale, export.array(np.float32(0.1)))))
    network = export.network(tmp_path)
    assert network.macs == 4 * 8 * 5
    assert [layer.operator.kind for layer in network.layers if isinstance(layer.operator, Digital)] == ["quantize"]
    assert any("dynamic quantisation" in note for note in network.notes)


def test_origin_and_weights_can_be_found_again(tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("Gemm", export.input("x", [1, 6]), export.weight(6, 3), export.weight(3)))
    network = export.network(tmp_path)
    (layer,) = network.matrices
    model = onnx.load(tmp_path / "export.onnx")
    assert layer.origin in {node.name for node in model.graph.node}
    assert set(matrix(layer).weights.origin) <= {tensor.name for tensor in model.graph.initializer}
    assert matrix(layer).bias


def test_nameless_nodes_are_called_after_their_output(tmp_path: Path) -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in "xy"]
    path = tmp_path / "nameless.onnx"
    onnx.save(helper.make_model(helper.make_graph([node], "g", info[:1], info[1:])), path)
    assert [layer.name for layer in read_onnx(path).order] == ["x", "y", "y.out"]


def test_graph_without_matrices_is_fine(tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("Relu", export.input("x", [1, 4])))
    network = export.network(tmp_path)
    assert network.macs == network.weights == 0
    assert len(network.layers) == 3


def test_unused_input_and_dead_nodes_are_left_out(tmp_path: Path) -> None:
    export = Export()
    x, unused = export.input("x", [1, 4]), export.input("unused", [1, 4])
    export.op("Relu", unused)
    export.output(export.op("Relu", x))
    network = export.network(tmp_path)
    assert network.order[0].name == "x"
    assert len(network.layers) == 3
    assert any("'unused'" in note for note in network.notes)


def test_branch_with_a_constant_condition(tmp_path: Path) -> None:
    """PyTorch's squeeze exports an If on the shape; the branch that holds is read in place."""

    def branch(kind: str) -> onnx.GraphProto:
        node = helper.make_node(kind, ["x"], [f"{kind}_y"])
        return helper.make_graph(
            [node], kind, [], [helper.make_tensor_value_info(f"{kind}_y", TensorProto.FLOAT, None)]
        )

    export = Export()
    x = export.input("x", [1, 4])
    one = export.op("Equal", export.size(x, 0), export.constant(np.array([1])))
    export.output(export.op("If", one, then_branch=branch("Relu"), else_branch=branch("Sigmoid")))
    network = export.network(tmp_path)
    assert [layer.operator.kind for layer in network.layers if isinstance(layer.operator, Digital)] == ["relu"]


def test_the_largest_operand_is_on_port_zero(tmp_path: Path) -> None:
    export = Export()
    small, large = export.input("small", [1, 5, 1]), export.input("large", [1, 5, 8])
    export.output(export.op("Sub", small, large))
    network = export.network(tmp_path)
    (layer,) = digital(network, "sub")
    assert [(edge.source, edge.port, edge.elements) for edge in network.inputs_of(layer.name)] == [
        ("large", 0, 8),
        ("small", 1, 1),
    ]


def test_elements_without_a_column_of_their_own_are_scattered(tmp_path: Path) -> None:
    """A token number serves every column of an embedding; a doubled vector has every element twice."""
    export = Export()
    ids = export.input("ids", [1, 5], TensorProto.INT64)
    found = export.op("Gather", export.weight(9, 8), ids, axis=0)
    export.output(export.op("Relu", export.op("Concat", found, found, axis=2)))
    network = export.network(tmp_path)
    (embedding,), (relu,) = digital(network, "embedding"), digital(network, "relu")
    assert feeding(network, embedding).scattered
    assert (relu.width, feeding(network, relu).elements, feeding(network, relu).scattered) == (16, 8, True)
