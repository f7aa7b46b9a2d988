"""Samples that lie beside each other in one pass are told from tokens of one sample."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from archsim.network import Edge, Layer, Network, Prefix, Previous, Same, Sink, Source, Whole
from archsim.network.access import Table
from archsim.network.onnx_import import read_onnx
from archsim.network.samples import samples_apart


def chain(access: object, tokens: tuple[int, int]) -> Network:
    made, used = tokens
    return Network("n", (Layer("a", Source(), made, 4), Layer("b", Sink(), used, 4)), (Edge("a", "b", access, 4),))


@pytest.mark.parametrize(
    ("access", "tokens", "count", "apart"),
    [
        (Same(), (8, 8), 4, True),
        (Same(), (8, 8), 3, False),
        # Two samples of three tokens, each the mean of its own; and one of all six.
        (Table((0, 3), (2, 5)), (6, 2), 2, True),
        (Table((0, 2), (2, 5)), (6, 2), 2, False),
        (Table((0, 3), (3, 5)), (6, 2), 2, False),
        (Whole(), (6, 2), 2, False),
        # A prefix goes back to the first token of the first sample.
        (Prefix(), (6, 6), 2, False),
    ],
)
def test_tokens_of_one_sample_follow_each_other(
    access: object, tokens: tuple[int, int], count: int, apart: bool
) -> None:
    assert samples_apart(chain(access, tokens), count) is apart


@pytest.mark.parametrize(("distance", "apart"), [(3, True), (1, False), (2, False), (6, True)])
def test_samples_of_a_recurrence_take_turns(distance: int, apart: bool) -> None:
    layers = (Layer("a", Source(), 12, 4), Layer("b", Source(), 12, 4), Layer("c", Sink(), 12, 8))
    edges = (Edge("a", "c", Same(), 4), Edge("b", "c", Previous(distance), 4, target_start=4))
    assert samples_apart(Network("n", layers, edges), 3) is apart


def model(tmp_path, node: onnx.NodeProto, inputs: tuple[int, ...], outputs: tuple[int, ...], **weights: np.ndarray):
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, inputs)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, outputs)],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return read_onnx(path)


def test_a_convolutions_batch(tmp_path) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])
    network = model(tmp_path, node, (8, 2, 5, 5), (8, 3, 5, 5), w=np.ones((3, 2, 3, 3)))
    assert network.samples_per_run == 8
    one = model(tmp_path, node, (1, 2, 5, 5), (1, 3, 5, 5), w=np.ones((3, 2, 3, 3)))
    assert one.samples_per_run == 1
    # A pass's operations are those of its eight samples.
    assert network.macs == 8 * one.macs


def test_steps_of_a_sequence_are_no_samples(tmp_path) -> None:
    node = helper.make_node("RNN", ["x", "w", "r"], ["y"], hidden_size=2)
    weights = {"w": np.ones((1, 2, 4)), "r": np.ones((1, 2, 2))}
    assert model(tmp_path, node, (5, 1, 4), (5, 1, 1, 2), **weights).samples_per_run == 1
    assert model(tmp_path, node, (5, 3, 4), (5, 1, 3, 2), **weights).samples_per_run == 3


def test_what_mixes_samples_counts_as_one(tmp_path) -> None:
    node = helper.make_node("ReduceMean", ["x"], ["y"], axes=[0], keepdims=0)
    assert model(tmp_path, node, (8, 4), (4,)).samples_per_run == 1


def test_rows_of_a_matrix_product_are_samples(tmp_path) -> None:
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    assert model(tmp_path, node, (8, 4), (8, 3), w=np.ones((4, 3))).samples_per_run == 8
    assert model(tmp_path, node, (4,), (3,), w=np.ones((4, 3))).samples_per_run == 1
