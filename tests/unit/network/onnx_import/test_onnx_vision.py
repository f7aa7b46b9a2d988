"""Building blocks of convolutional networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dependencies import Trial
from onnx_exports import Export
from reading import digital, feeding, matrix

from archsim.network import Digital, Matrix, Primitive, Same, Table, Weights, Whole, Window


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
    assert {0} <= set(corner) <= {0, 1, 4, 5}


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
    assert matrix(layer) == Matrix(Weights(108, 5, 1, "c0", ("c0",)), taps=36, bias=True)
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


def test_group_norm_as_pytorch_exports_it(tmp_path: Path) -> None:
    """Reshape, InstanceNormalization, Reshape, scale and offset: statistics, then one pass over the positions."""
    export = Export(opset=17)
    x = export.conv(export.input("x", [1, 3, 4, 4]), 3, 6, 3)
    grouped = export.op("Reshape", x, export.constant(np.array([0, 2, -1])))
    normal = export.op("InstanceNormalization", grouped, export.array(np.ones(2)), export.array(np.zeros(2)))
    back = export.op("Reshape", normal, export.constant(np.array([1, 6, 4, 4])))
    scaled = export.op("Mul", back, export.array(np.ones((6, 1, 1))))
    export.output(export.conv(export.op("Add", scaled, export.array(np.ones((6, 1, 1)))), 6, 4, 3))
    network = export.network(tmp_path)
    (statistics,), (norm,) = digital(network, "group-norm-statistics"), digital(network, "group-norm")
    assert (statistics.tokens, statistics.width) == (1, 4)
    assert (norm.tokens, norm.width) == (16, 6)
    assert not digital(network, "mul") and not digital(network, "add")
    assert isinstance(feeding(network, network.matrices[-1]).access, Window)


def test_shuffle_unit_splits_and_joins_channels(tmp_path: Path) -> None:
    """ShuffleNetV2: half of the channels pass by, the others are convolved, then all are shuffled."""
    export = Export(opset=13)
    x = export.conv(export.input("x", [1, 3, 4, 4]), 3, 80, 1)
    halves = export.ops("Split", x, export.constant(np.array([40, 40])), outputs=2, axis=1)
    joined = export.op("Concat", halves[0], export.conv(halves[1], 40, 40, 1), axis=1)
    parted = export.op("Reshape", joined, export.constant(np.array([1, 2, 40, 4, 4])))
    turned = export.op("Transpose", parted, perm=[0, 2, 1, 3, 4])
    export.output(export.conv(export.op("Reshape", turned, export.constant(np.array([1, 80, 4, 4]))), 80, 8, 1))
    network = export.network(tmp_path)
    passed = feeding(network, network.matrices[1])
    assert (passed.source_start, passed.elements, passed.scattered) == (40, 40, False)
    direct, convolved = network.inputs_of(network.matrices[-1].name)
    assert {(edge.source_start, edge.elements, edge.scattered) for edge in (direct, convolved)} == {(0, 40, True)}
