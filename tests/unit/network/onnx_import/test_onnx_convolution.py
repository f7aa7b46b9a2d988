"""Convolution, pooling windows, flattening, and what folds into a matrix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dependencies import Trial
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_exports import Export
from reading import digital, feeding, matrix

from archsim.network import Matrix, Primitive, Same, Weights, Whole, Window


def test_convolution_is_im2col(tmp_path: Path) -> None:
    export = Export()
    export.output(export.conv(export.input("x", [1, 3, 9, 7]), 3, 8, 3, strides=[2, 1], dilations=[1, 2]))
    network = export.network(tmp_path)
    (layer,) = network.matrices
    assert matrix(layer) == Matrix(Weights(27, 8, 1, "c0", ("c0",)), taps=9, bias=True)
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
    assert (depthwise.weights.rows, depthwise.weights.columns, depthwise.weights.groups, depthwise.taps) == (9, 1, 8, 9)
    assert (grouped.weights.rows, grouped.weights.columns, grouped.weights.groups, grouped.taps) == (18, 3, 4, 9)
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
    assert matrix(layer) == Matrix(Weights(80, 7, 1, "c2", ("c2",)), taps=16)
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


def test_dilated_window_over_a_part_of_the_map() -> None:
    """Not a plain map any more, so the reach is found tap by tap: dilation included, and nothing beyond it."""
    export = Export(opset=13)
    x = export.op("Slice", export.input("x", [1, 1, 1, 9]), *(export.constant(np.array([v])) for v in (1, 8, 3)))
    export.output(export.op("Conv", x, export.weight(4, 1, 1, 2), dilations=[1, 3]))
    trial = Trial(export.model())
    first, last = feeding(trial.network, trial.network.matrices[0]).access.reach(9, 4)
    assert (first.tolist(), last.tolist()) == ([1, 2, 3, 4], [4, 5, 6, 7])
    assert not (trial.seen_by_running() & ~trial.said()).any()


def test_sum_over_positions_that_arrive_backwards() -> None:
    export = Export(opset=13)
    x = export.input("x", [1, 5, 3])
    turned = export.op("Slice", x, *(export.constant(np.array([v])) for v in (-1, -99, 1, -1)))
    joined = export.op("Concat", turned, export.weight(1, 2, 3), axis=1)
    export.output(export.op("ReduceSum", joined, export.constant(np.array([1]))))
    trial = Trial(export.model())
    assert trial.seen_by_running().all()
    assert trial.said().all()


def test_activation_keeps_the_order_of_its_input(tmp_path: Path) -> None:
    """After a permutation of channels the activation works in place; the permutation is left to the next matrix."""
    export = Export(opset=13)
    x = export.conv(export.input("x", [1, 3, 2, 2]), 3, 40, 1)
    order = export.constant(np.random.default_rng(0).permutation(40))
    relu = export.op("Relu", export.op("Gather", x, order, axis=1))
    export.output(export.conv(relu, 40, 4, 1))
    network = export.network(tmp_path)
    (layer,) = digital(network, "relu")
    assert not feeding(network, layer).scattered
    assert feeding(network, layer).elements == 40
    assert feeding(network, network.matrices[-1]).scattered


@pytest.mark.parametrize("reverse", [0, 1])
def test_running_sum_with_a_constant_in_front(reverse: int) -> None:
    """The first position reads nothing; every later one all that came before it, or all that comes after."""
    export = Export(opset=14)
    joined = export.op("Concat", export.weight(1, 1, 3), export.input("x", [1, 4, 3]), axis=1)
    export.output(export.op("CumSum", joined, export.constant(np.int64(1)), reverse=reverse))
    trial = Trial(export.model())
    seen, said = trial.seen_by_running(), trial.said()
    assert not (seen & ~said).any()
    if not reverse:
        assert (seen == said).all()
