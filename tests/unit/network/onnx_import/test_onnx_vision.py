"""Convolutional networks and their building blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from dependencies import Trial
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx_exports import Export

from archsim.network import Digital, Edge, Layer, Matrix, Network, Primitive, Same, Table, Whole, Window
from archsim.network.onnx_import import read_onnx


def digital(network: Network, kind: str) -> list[Layer]:
    return [layer for layer in network.layers if isinstance(layer.operator, Digital) and layer.operator.kind == kind]


def matrix(layer: Layer) -> Matrix:
    assert isinstance(layer.operator, Matrix)
    return layer.operator


def feeding(network: Network, layer: Layer) -> Edge:
    (edge,) = network.inputs_of(layer.name)
    return edge


def test_convolution_is_im2col(tmp_path: Path) -> None:
    export = Export()
    export.output(export.conv(export.input("x", [1, 3, 9, 7]), 3, 8, 3, strides=[2, 1], dilations=[1, 2]))
    network = export.network(tmp_path)
    (layer,) = network.matrices
    assert matrix(layer) == Matrix(27, 8, taps=9, weight=("c0",), bias=True)
    assert (layer.tokens, layer.width, layer.grid) == (5 * 5, 8, (5, 5))
    assert feeding(network, layer).access == Window((9, 7), (5, 5), (3, 3), (2, 1), (1, 1), (1, 2))


def test_pointwise_convolution_reads_token_by_token(tmp_path: Path) -> None:
    export = Export()
    export.output(export.conv(export.input("x", [1, 3, 4, 4]), 3, 8, 1))
    network = export.network(tmp_path)
    assert feeding(network, network.matrices[0]).access == Same()


@pytest.mark.parametrize("rank", [1, 3])
def test_convolution_in_one_and_three_dimensions(rank: int, tmp_path: Path) -> None:
    export = Export()
    x = export.input("x", [1, 2, *[6] * rank])
    export.output(export.op("Conv", x, export.weight(4, 2, *[3] * rank), pads=[1] * (2 * rank)))
    network = export.network(tmp_path)
    (layer,) = network.matrices
    assert (layer.tokens, layer.grid) == (6**rank, (6,) * rank)
    assert network.macs == 6**rank * 2 * 4 * 3**rank
    assert network.by_name["x"].width == 2


def test_batch_is_the_slowest_axis_of_the_window(tmp_path: Path) -> None:
    export = Export()
    export.output(export.conv(export.input("x", [2, 3, 4, 4]), 3, 5, 3))
    network = export.network(tmp_path)
    (layer,) = network.matrices
    first, last = feeding(network, layer).access.reach(32, 32)
    assert layer.tokens == 32
    assert last[:16].max() < 16 <= first[16:].min()


def test_depthwise_and_grouped_convolution(tmp_path: Path) -> None:
    export = Export()
    x = export.conv(export.input("x", [1, 8, 6, 6]), 8, 8, 3, group=8)
    export.output(export.conv(x, 8, 12, 3, group=4))
    depthwise, grouped = (matrix(layer) for layer in export.network(tmp_path).matrices)
    assert (depthwise.rows, depthwise.columns, depthwise.groups, depthwise.taps) == (9, 1, 8, 9)
    assert (grouped.rows, grouped.columns, grouped.groups, grouped.taps) == (18, 3, 4, 9)
    assert depthwise.inputs == grouped.inputs == 8


windows = st.tuples(
    st.integers(1, 4), st.integers(1, 3), st.integers(1, 2), st.integers(0, 2), st.integers(0, 2), st.integers(5, 9)
)


@settings(max_examples=80, deadline=None)
@given(st.tuples(windows, windows), st.sampled_from(["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]), st.booleans())
def test_windows_agree_with_a_run(sizes: tuple, auto_pad: str, pooled: bool) -> None:
    """Shape and dependencies of any window, against onnxruntime."""
    kernel, stride, dilation, before, after, grid = (list(part) for part in zip(*sizes, strict=True))
    padding = {"pads": [min(pad, taps - 1) for pad, taps in zip(before + after, kernel * 2, strict=True)]}
    if auto_pad != "NOTSET":
        padding = {"auto_pad": auto_pad}
        dilation = [1, 1]  # onnxruntime refuses both together, and strides beyond the kernel
        stride = [min(step, taps) for step, taps in zip(stride, kernel, strict=True)]
    grid = [size + step * (taps - 1) for size, step, taps in zip(grid, dilation, kernel, strict=True)]
    export = Export(opset=22)
    x = export.input("x", [1, 2, *grid])
    if pooled:
        ceil = {"ceil_mode": 1} if auto_pad == "NOTSET" else {}
        name = export.op("MaxPool", x, kernel_shape=kernel, strides=stride, **padding, **ceil)
    else:
        weight = export.weight(3, 2, *kernel)
        name = export.op("Conv", x, weight, kernel_shape=kernel, strides=stride, dilations=dilation, **padding)
    export.output(name)
    trial = Trial(export.model())
    assert trial.run.tensors[name].shape == trial.plain.shape
    assert not (trial.seen_by_running() & ~trial.said()).any()


def test_window_reach_is_exact() -> None:
    """A convolution with all weights alive changes exactly the positions that the window says."""
    export = Export()
    export.output(export.conv(export.input("x", [1, 1, 5, 5]), 1, 4, 3, strides=[2, 2]))
    trial = Trial(export.model())
    seen = trial.seen_by_running()
    first, last = feeding(trial.network, trial.network.matrices[0]).access.reach(25, 9)
    for token in range(9):
        touched = np.flatnonzero(seen[token])
        assert (touched[0], touched[-1]) == (first[token], last[token])


def test_flatten_and_gemm_read_the_whole_map(tmp_path: Path) -> None:
    """Row (channel, y, x) of the Gemm belongs to channel ``row // positions``."""
    export = Export()
    x = export.conv(export.input("x", [1, 3, 4, 4]), 3, 5, 3)
    export.output(export.op("Gemm", export.op("Flatten", x), export.weight(7, 80), transB=1))
    network = export.network(tmp_path)
    layer = network.matrices[-1]
    assert matrix(layer) == Matrix(80, 7, taps=16, weight=("c2",))
    assert matrix(layer).inputs == 5
    edge = feeding(network, layer)
    assert (edge.access, edge.elements, edge.scattered) == (Whole(), 5, False)


def test_flatten_of_channels_last_is_scattered(tmp_path: Path) -> None:
    export = Export()
    x = export.conv(export.input("x", [1, 3, 4, 4]), 3, 5, 3)
    last = export.op("Transpose", x, perm=[0, 2, 3, 1])
    export.output(export.op("Gemm", export.op("Flatten", last), export.weight(80, 7)))
    network = export.network(tmp_path)
    layer = network.matrices[-1]
    edge = feeding(network, layer)
    assert (matrix(layer).taps, edge.access, edge.elements, edge.scattered) == (16, Whole(), 5, True)


def test_flattened_maps_of_different_size_are_copied_together(tmp_path: Path) -> None:
    """No matrix layout describes 16 taps of one input and 1 of the other: a copy is made, and said."""
    export = Export()
    x = export.conv(export.input("x", [1, 3, 4, 4]), 3, 5, 3)
    joined = export.op("Concat", export.op("Flatten", x), export.input("facts", [1, 6]), axis=1)
    export.output(export.op("Gemm", joined, export.weight(86, 7)))
    network = export.network(tmp_path)
    (copy,) = digital(network, "copy")
    assert (copy.tokens, copy.width) == (1, 86)
    assert network.macs == 16 * 27 * 5 + 86 * 7
    assert any("copied" in note for note in network.notes)


def test_flattened_relu_keeps_the_positions_as_tokens(tmp_path: Path) -> None:
    export = Export()
    x = export.conv(export.input("x", [1, 3, 4, 4]), 3, 5, 3)
    flat = export.op("Relu", export.op("Flatten", x))
    export.output(export.op("Gemm", flat, export.weight(80, 7)))
    network = export.network(tmp_path)
    (relu,) = digital(network, "relu")
    assert (relu.tokens, relu.width) == (16, 5)
    assert feeding(network, relu).access == Same()


def test_batch_norm_folds_into_the_convolution_before_it(tmp_path: Path) -> None:
    export = Export()
    x = export.batch_norm(export.conv(export.input("x", [1, 3, 4, 4]), 3, 5, 3), 5)
    export.output(export.op("Relu", x))
    network = export.network(tmp_path)
    assert not digital(network, "batch-norm")
    assert "1 batch normalisations folded into the matrix before them" in network.notes


def test_batch_norm_stays_where_another_layer_sees_the_convolution(tmp_path: Path) -> None:
    export = Export()
    x = export.conv(export.input("x", [1, 3, 4, 4]), 3, 5, 3)
    export.output(export.op("Add", export.batch_norm(x, 5), x))
    network = export.network(tmp_path)
    (norm,) = digital(network, "batch-norm")
    assert norm.operator.work == ((Primitive.MAC, 5),)
    assert network.macs == 16 * 27 * 5


def test_batch_norm_after_a_concatenation_is_a_layer(tmp_path: Path) -> None:
    """DenseNet's order; the scale and offset that old exports put after it are merged into it."""
    export = Export()
    x = export.input("x", [1, 3, 4, 4])
    joined = export.op("Concat", export.conv(x, 3, 5, 3), export.conv(x, 3, 6, 3), axis=1)
    scaled = export.op("Mul", export.batch_norm(joined, 11), export.array(np.ones((11, 1, 1))))
    export.output(export.op("Relu", export.op("Add", scaled, export.array(np.ones((11, 1, 1))))))
    network = export.network(tmp_path)
    (norm,) = digital(network, "batch-norm")
    assert not digital(network, "mul") and not digital(network, "add")
    assert [(edge.elements, edge.target_start) for edge in network.inputs_of(norm.name)] == [(5, 0), (6, 5)]


def test_constant_per_position_is_not_folded(tmp_path: Path) -> None:
    """A position embedding differs from token to token; a bias does not."""
    export = Export()
    x = export.conv(export.input("x", [1, 3, 4, 4]), 3, 5, 3)
    export.output(export.op("Add", x, export.weight(1, 1, 4, 4)))
    assert len(digital(export.network(tmp_path), "add")) == 1


def test_inverted_residual(tmp_path: Path) -> None:
    """MobileNetV2: expand, depthwise, project, add; the published 300 M of the whole come from such blocks."""
    export = Export()
    x = export.conv(export.input("x", [1, 3, 8, 8]), 3, 4, 1)
    wide = export.op(
        "Clip", export.batch_norm(export.conv(x, 4, 24, 1), 24), export.constant(0.0), export.constant(6.0)
    )
    deep = export.op(
        "Clip",
        export.batch_norm(export.conv(wide, 24, 24, 3, group=24), 24),
        export.constant(0.0),
        export.constant(6.0),
    )
    export.output(export.op("Add", x, export.batch_norm(export.conv(deep, 24, 4, 1), 4)))
    network = export.network(tmp_path)
    assert network.macs == 64 * (3 * 4 + 4 * 24 + 24 * 9 + 24 * 4)
    (added,) = digital(network, "add")
    assert [edge.access for edge in network.inputs_of(added.name)] == [Same(), Same()]
    assert len(digital(network, "clip")) == 2


def test_squeeze_and_excitation(tmp_path: Path) -> None:
    """Each channel of every position is scaled by one token's element."""
    export = Export()
    x = export.conv(export.input("x", [1, 3, 6, 6]), 3, 8, 3)
    squeezed = export.op("GlobalAveragePool", x)
    gate = export.op("Sigmoid", export.conv(export.op("Relu", export.conv(squeezed, 8, 2, 1)), 2, 8, 1))
    export.output(export.op("Mul", x, gate))
    network = export.network(tmp_path)
    (pool,), (scaled,) = digital(network, "global-average-pool"), digital(network, "mul")
    assert (pool.tokens, pool.width, feeding(network, pool).access) == (1, 8, Whole())
    assert dict(pool.operator.work) == {Primitive.ADD: 35 * 8, Primitive.MULTIPLY: 8}
    main, excitation = network.inputs_of(scaled.name)
    assert (main.access, main.port, excitation.access, excitation.port) == (Same(), 0, Whole(), 1)
    assert scaled.tokens == 36


@pytest.mark.parametrize("keepdims", [0, 1])
def test_mean_over_the_positions(keepdims: int, tmp_path: Path) -> None:
    export = Export(opset=13)
    x = export.conv(export.input("x", [1, 3, 6, 6]), 3, 8, 3)
    mean = export.op("ReduceMean", x, axes=[2, 3], keepdims=keepdims)
    export.output(export.op("Gemm", export.op("Flatten", mean), export.weight(8, 3)))
    network = export.network(tmp_path)
    (layer,) = digital(network, "reduce-mean")
    assert (layer.tokens, layer.width, feeding(network, layer).access) == (1, 8, Whole())
    assert dict(layer.operator.work) == {Primitive.ADD: 35 * 8, Primitive.MULTIPLY: 8}


def test_upsample_and_concatenate(tmp_path: Path) -> None:
    """U-Net: nearest up-sampling is free; the convolution reads the coarse tokens through a table."""
    export = Export(opset=13)
    x = export.conv(export.input("x", [1, 3, 4, 4]), 3, 4, 3)
    down = export.conv(export.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]), 4, 6, 3)
    scales = export.array(np.array([1, 1, 2, 2], np.float32))
    up = export.op("Resize", down, "", scales, mode="nearest", coordinate_transformation_mode="asymmetric")
    export.output(export.conv(export.op("Concat", up, x, axis=1), 10, 5, 1))
    network = export.network(tmp_path)
    coarse, fine = network.inputs_of(network.matrices[-1].name)
    order = (0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3)
    assert coarse.access == Table(order, order)
    assert (coarse.elements, coarse.target_start) == (6, 0)
    assert (fine.access, fine.elements, fine.target_start) == (Same(), 4, 6)
    assert not digital(network, "resize")


def test_bilinear_resize_is_work_and_reads_its_neighbours() -> None:
    export = Export(opset=13)
    scales = export.array(np.array([1, 1, 2, 2], np.float32))
    export.output(export.op("Resize", export.input("x", [1, 2, 3, 4]), "", scales, mode="linear"))
    trial = Trial(export.model())
    (layer,) = digital(trial.network, "resize")
    assert (layer.tokens, layer.operator.work) == (6 * 8, ((Primitive.MAC, 8),))
    seen, said = trial.seen_by_running(), trial.said()
    assert not (seen & ~said).any()
    corner = np.flatnonzero(said[0])
    assert corner.tolist() == [0] or set(corner) <= {0, 1, 4, 5}


@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("transform", ["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"])
@pytest.mark.parametrize("scale", [0.5, 1.5, 2.0])
def test_resize_dependencies(mode: str, transform: str, scale: float) -> None:
    export = Export(opset=13)
    scales = export.array(np.array([1, 1, scale, scale], np.float32))
    x = export.input("x", [1, 2, 4, 6])
    export.output(export.op("Resize", x, "", scales, mode=mode, coordinate_transformation_mode=transform))
    trial = Trial(export.model())
    assert not (trial.seen_by_running() & ~trial.said()).any()


def test_channel_shuffle_is_scattered(tmp_path: Path) -> None:
    export = Export()
    x = export.conv(export.input("x", [1, 3, 2, 2]), 3, 60, 1)
    parted = export.op("Reshape", x, export.constant(np.array([1, 3, 20, 2, 2])))
    turned = export.op("Transpose", parted, perm=[0, 2, 1, 3, 4])
    export.output(
        export.conv(export.op("Reshape", turned, export.constant(np.array([1, 60, 2, 2]))), 60, 60, 3, group=3)
    )
    network = export.network(tmp_path)
    edge = feeding(network, network.matrices[-1])
    assert edge.scattered
    assert (edge.source_start, edge.elements, edge.target_start) == (0, 60, 0)
    assert isinstance(edge.access, Window)


def test_focus_stacks_four_positions_in_one_token(tmp_path: Path) -> None:
    """YOLOv5's first layer: four strided slices side by side, then a convolution over the half-size grid."""
    export = Export(opset=13)
    x = export.input("x", [1, 3, 8, 8])
    parts = []
    for top, left in ((0, 0), (1, 0), (0, 1), (1, 1)):
        rows = export.op("Slice", x, *(export.constant(np.array([v])) for v in (top, 100, 2, 2)))
        parts.append(export.op("Slice", rows, *(export.constant(np.array([v])) for v in (left, 100, 3, 2))))
    export.output(export.conv(export.op("Concat", *parts, axis=1), 12, 5, 3))
    network = export.network(tmp_path)
    (layer,) = network.matrices
    assert matrix(layer) == Matrix(108, 5, taps=36, weight=("c0",), bias=True)
    first, last = feeding(network, layer).access.reach(64, 16)
    assert (first[0], last[0]) == (0, 3 * 8 + 3)
    assert network.macs == 16 * 108 * 5


def test_yolo_head(tmp_path: Path) -> None:
    """Strided backbone, SiLU, spatial pyramid pooling, boxes by Reshape and Transpose: all movement is free."""
    export = Export(opset=13)
    x = export.conv(export.input("images", [1, 3, 8, 8]), 3, 8, 3, strides=[2, 2])
    x = export.op("Mul", x, export.op("Sigmoid", x))
    pools = [x]
    for _ in range(3):
        pools.append(export.op("MaxPool", pools[-1], kernel_shape=[5, 5], pads=[2] * 4))
    boxes = export.conv(export.op("Concat", *pools, axis=1), 32, 3 * 7, 1)
    apart = export.op("Reshape", boxes, export.constant(np.array([1, 3, 7, 4, 4])))
    turned = export.op("Transpose", apart, perm=[0, 1, 3, 4, 2])
    export.output(export.op("Reshape", export.op("Sigmoid", turned), export.constant(np.array([1, 48, 7]))))
    network = export.network(tmp_path)
    kinds = {layer.operator.kind for layer in network.layers if isinstance(layer.operator, Digital)}
    assert kinds == {"silu", "max-pool", "sigmoid"}
    (sigmoid,) = digital(network, "sigmoid")
    assert (sigmoid.tokens, sigmoid.width, feeding(network, sigmoid).access) == (16, 21, Same())


def test_instance_norm_needs_the_whole_map_first(tmp_path: Path) -> None:
    """Statistics over the positions are a layer of their own; the positions are then scaled one by one."""
    export = Export()
    x = export.conv(export.input("x", [1, 3, 4, 4]), 3, 6, 3)
    export.output(export.op("InstanceNormalization", x, export.array(np.ones(6)), export.array(np.zeros(6))))
    network = export.network(tmp_path)
    (statistics,), (norm,) = digital(network, "group-norm-statistics"), digital(network, "group-norm")
    assert (statistics.tokens, statistics.width, feeding(network, statistics).access) == (1, 12, Whole())
    main, scale = network.inputs_of(norm.name)
    assert (norm.tokens, main.access, scale.access) == (16, Same(), Whole())


def test_local_response_norm_sees_the_whole_token(tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("LRN", export.input("x", [1, 6, 4, 4]), size=5))
    (layer,) = digital(export.network(tmp_path), "local-response-norm")
    assert layer.operator.whole_token
    assert dict(layer.operator.work)[Primitive.ADD] == 4 * 6


def test_channels_last_input(tmp_path: Path) -> None:
    """TensorFlow's exports begin with a Transpose: the last axis is the width of the input's tokens."""
    export = Export()
    x = export.op("Transpose", export.input("x", [1, 6, 5, 3]), perm=[0, 3, 1, 2])
    export.output(export.conv(x, 3, 4, 3))
    network = export.network(tmp_path)
    assert (network.by_name["x"].tokens, network.by_name["x"].width) == (30, 3)
    assert isinstance(feeding(network, network.matrices[0]).access, Window)


def test_slice_in_space_becomes_a_table() -> None:
    export = Export(opset=13)
    x = export.op("Slice", export.input("x", [1, 2, 6, 6]), *(export.constant(np.array([v])) for v in (1, 5, 2)))
    export.output(export.conv(x, 2, 3, 3))
    trial = Trial(export.model())
    seen, said = trial.seen_by_running(), trial.said()
    assert not (seen & ~said).any()
    assert not said[:, :6].any() and not said[:, 30:].any()


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
    assert "c0" in matrix(network.matrices[0]).weight


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
    assert set(matrix(layer).weight) <= {tensor.name for tensor in model.graph.initializer}
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
