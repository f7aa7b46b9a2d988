"""An ONNX operator of another package, in a model that is read, refused without the package, and run."""

from importlib.metadata import EntryPoint, EntryPoints

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from archsim import registration
from archsim.engine import reference
from archsim.errors import InputError
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Digital, Matrix
from archsim.network.onnx_import import OnnxOperator, read_model
from archsim.network.onnx_import.registry import GROUP, added_operators
from tests.chips import make_chip

ANOTHER_RELU = OnnxOperator("Relu", lambda call: ())


def dense() -> ModelProto:
    """A product, ONNX Runtime's fused bias and activation, a product: two layers of 8 units on 5 tokens."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"], name="up"),
        helper.make_node("BiasGelu", ["h", "b"], ["g"], name="act", domain="com.microsoft"),
        helper.make_node("MatMul", ["g", "w"], ["y"], name="down"),
    ]
    stored = [numpy_helper.from_array(np.ones(shape, np.float32), name) for name, shape in (("w", (8, 8)), ("b", 8))]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 5, 8]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "dense", ends[:1], ends[1:], stored)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def test_its_nodes_are_read() -> None:
    network = read_model(dense())
    assert [layer.name for layer in network.order] == ["x", "up", "act", "down", "y.out"]
    up, act = network.by_name["up"].operator, network.by_name["act"].operator
    assert isinstance(up, Matrix) and up.bias
    assert isinstance(act, Digital) and act.kind == "gelu"
    assert {primitive.value: count for primitive, count in act.work} == {"lookup": 8, "multiply": 8}


def test_the_network_runs() -> None:
    trace = reference.run(lower(place(read_model(dense()), make_chip()), batch=2))
    assert len(trace.sample_out) == 2


def without(monkeypatch: pytest.MonkeyPatch, *entries: EntryPoint) -> None:
    monkeypatch.setattr(registration, "entry_points", lambda *, group: EntryPoints(entries if group == GROUP else []))
    added_operators.cache_clear()


def test_without_the_package_it_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch)
    with pytest.raises(InputError, match="operator 'BiasGelu'") as caught:
        read_model(dense())
    assert "'act'" in caught.value.where


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("archsim.network:Matrix", "is no OnnxOperator"),
        ("bias_gelu:NOTHING", "cannot be loaded"),
        ("tests.extension.test_onnx_operator:ANOTHER_RELU", "already is a reader of ONNX operator 'Relu'"),
    ],
)
def test_entry_points_that_are_no_new_operator(value: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, EntryPoint("wrong", value, GROUP))
    with pytest.raises(InputError, match=words) as caught:
        read_model(dense())
    assert "'wrong'" in caught.value.where
