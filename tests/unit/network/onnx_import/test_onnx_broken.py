"""Models that break ONNX's rules: every fault is told by node, operator and file, and nothing is allocated for it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_exports import Export
from reading import digital

from archsim.errors import InputError
from archsim.network import Network
from archsim.network.onnx_import import read_model, read_onnx
from archsim.network.onnx_import.boundary import Unreadable

MUTANTS = sorted((Path(__file__).parents[3] / "data" / "onnx_mutants").glob("*.onnx"))
F32 = TensorProto.FLOAT


def refusal(model: onnx.ModelProto, folder: Path, **shapes: tuple[int, ...]) -> InputError:
    path = folder / "broken.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(InputError) as caught:
        read_onnx(path, shapes=shapes)
    assert str(path) in caught.value.where and caught.value.what and caught.value.remedy
    return caught.value


def test_there_are_mutants() -> None:
    assert len(MUTANTS) == 46


@pytest.mark.parametrize("path", MUTANTS, ids=lambda path: path.stem)
def test_mutant_is_read_or_refused_by_name(path: Path) -> None:
    try:
        read_onnx(path)
    except InputError as fault:
        assert str(path) in fault.where and fault.remedy
        assert not isinstance(fault, Unreadable), fault


def single(kind: str, *shapes: tuple[int, ...], outputs: int = 1, opset: int = 17, **attributes: object) -> Export:
    """A graph of one node: the first input is an activation, the others are weights."""
    export = Export(opset=opset)
    operands = [export.input("x", shapes[0]), *(export.weight(*shape) for shape in shapes[1:])]
    for name in export.ops(kind, *operands, outputs=outputs, **attributes):
        export.output(name)
    return export


def with_constant(kind: str, shape: tuple[int, ...], *values: object, **attributes: object) -> Export:
    """A graph of one node whose other inputs are the values given."""
    export = Export()
    constants = [export.array(np.asarray(value)) for value in values]
    export.output(export.op(kind, export.input("x", shape), *constants, **attributes))
    return export


BROKEN: dict[str, tuple[Callable[[], Export], str]] = {
    "permutation": (lambda: single("Transpose", (2, 3), perm=[0, 2]), "no order of 2 axes"),
    "doubled permutation": (lambda: single("Transpose", (2, 3), perm=[0, 0]), "no order of 2 axes"),
    "axis": (lambda: single("Softmax", (2, 3), axis=2), "axis 2 does not exist in 2 dimensions"),
    "flatten": (lambda: single("Flatten", (2, 3), axis=5), "axis 5 does not exist"),
    "tiles": (lambda: with_constant("Tile", (2, 3), [1, 2, 3]), "do not fit data of shape (2, 3)"),
    "huge tile": (lambda: with_constant("Tile", (2, 3), [2**40, 1]), "at most"),
    "pads": (lambda: with_constant("Pad", (2, 3), [1, 1]), "has 2 pads for 2 axes"),
    "huge pad": (lambda: with_constant("Pad", (2, 3), [0, 0, 2**45, 0]), "at most"),
    "cutting pad": (lambda: with_constant("Pad", (2, 3), [0, -5, 0, 0]), "cuts (-5, 0) off an axis of 3"),
    "index": (lambda: with_constant("Gather", (3, 4), [3], axis=0), "index 3, outside of an axis of 3"),
    "huge index": (lambda: with_constant("Gather", (3, 4), [2**40], axis=0), "outside of an axis of 3"),
    "indices of elements": (lambda: with_constant("GatherElements", (3, 4), [[0], [9]], axis=0), "index 9"),
    "indices of rank 1": (lambda: with_constant("GatherElements", (3, 4), [0], axis=0), "do not fit data of shape"),
    "indices of points": (lambda: with_constant("GatherND", (3, 4), [[0, 4]]), "index 4"),
    "split": (lambda: with_constant("Split", (7, 2), [3, 3], axis=0), "splits 7 entries into (3, 3)"),
    "reshape": (lambda: with_constant("Reshape", (2, 3), [4, -1]), "cannot reshape (2, 3) to (4, -1)"),
    "step of zero": (lambda: with_constant("Slice", (5,), [0], [5], [0], [0]), "a step is 0"),
    "unlike slices": (lambda: with_constant("Slice", (5, 5), [0, 0], [5]), "not as many each"),
    "rank of a convolution": (lambda: single("Conv", (1, 3), (4, 3, 1)), "does not fit an input of shape (1, 3)"),
    "vector as kernel": (lambda: single("Conv", (1, 3, 8), (3,)), "weight of shape (3,)"),
    "channels": (lambda: single("Conv", (1, 3, 8, 8), (4, 5, 3, 3)), "weight of shape (4, 5, 3, 3) in 1 groups"),
    "groups of none": (lambda: single("Conv", (1, 3, 8), (4, 3, 3), group=0), "in 0 groups"),
    "stride of zero": (lambda: single("Conv", (1, 3, 8), (4, 3, 3), strides=[0]), "stride"),
    "strides of another rank": (lambda: single("Conv", (1, 3, 8, 8), (4, 3, 3, 3), strides=[1]), "strides"),
    "huge padding": (
        lambda: single("Conv", (1, 3, 8, 8), (4, 3, 3, 3), pads=[2**30] * 4),
        "tokens per sample; at most",
    ),
    "huge pool": (lambda: single("MaxPool", (1, 3, 8, 8), kernel_shape=[9, 9]), "kernel of 9 does not fit"),
    "depth to space": (lambda: single("DepthToSpace", (1, 6, 2, 2), blocksize=2), "into blocks of 2"),
    "rank of an LSTM": (
        lambda: single("LSTM", (4, 3), (1, 8, 3), (1, 8, 2), hidden_size=2),
        "do not fit data of shape (4, 3)",
    ),
    "units of an LSTM": (lambda: single("LSTM", (4, 1, 3), (1, 8, 3), (1, 8, 2), hidden_size=2**40), "units"),
    "direction": (
        lambda: single("RNN", (4, 1, 3), (1, 2, 3), (1, 2, 2), hidden_size=2, direction="upwards"),
        "'upwards' is unknown",
    ),
    "activations": (
        lambda: single("RNN", (4, 1, 3), (1, 2, 3), (1, 2, 2), hidden_size=2, activations=["Tanh", "Tanh"]),
        "names 2 activations, where 1 are needed",
    ),
    "matrix": (lambda: single("Gemm", (2, 3, 4), (4, 2)), "not both matrices"),
    "scalar operand": (lambda: with_constant("MatMul", (2, 3), 1.0), "a single number"),
    "equation": (lambda: single("Einsum", (2, 3), (3, 4), equation="ij,k->ik"), "does not fit operand 1"),
    "label": (lambda: single("Einsum", (2, 3), (4, 5), equation="ij,jk->ik"), "axis 'j' has 3 entries"),
    "broadcast": (lambda: single("Add", (2, 3), (2, 4)), "cannot combine (2, 3) and (2, 4)"),
    "attribute of another operator": (lambda: single("Relu", (2, 3), alpha=1.0), "Unrecognized attribute: alpha"),
    "type of an attribute": (lambda: single("Softmax", (2, 3), axis=1.5), "axis"),
    "missing input": (lambda: single("Conv", (1, 3, 8, 8)), "input size 1 not in range"),
    "too many outputs": (lambda: single("Relu", (2, 3), outputs=2), "output size 2 not in range"),
    "transposed convolution": (
        lambda: single("ConvTranspose", (1, 3, 8, 8), (3, 4, 2, 2)),
        "transposed convolution is not modelled",
    ),
}


@pytest.mark.parametrize(("make", "words"), BROKEN.values(), ids=BROKEN)
def test_broken_node_is_named(make: Callable[[], Export], words: str, tmp_path: Path) -> None:
    export = make()
    tracemalloc.start()
    fault = refusal(export.model(), tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert words in fault.what
    assert f"node {export.nodes[-1].name!r} ({export.nodes[-1].op_type})" in fault.where
    assert not isinstance(fault, Unreadable)
    assert peak < 64e6


def test_more_kept_than_there_are(tmp_path: Path) -> None:
    export = Export()
    for name in export.ops("TopK", export.input("x", (2, 3)), export.array(np.array([4])), outputs=2):
        export.output(name)
    assert "keeps 4 of 3" in refusal(export.model(), tmp_path).what


def test_huge_scale_is_refused(tmp_path: Path) -> None:
    scales = np.array([1, 1, 1e9, 1e9], np.float32)
    export = Export()
    x = export.input("x", (1, 3, 8, 8))
    export.output(export.op("Resize", x, "", export.array(scales), mode="nearest"))
    assert "at most" in refusal(export.model(), tmp_path).what


def test_huge_input_is_refused_with_what_would_fit(tmp_path: Path) -> None:
    fault = refusal(single("Relu", (1, 3, 2**18, 2**18)).model(), tmp_path)
    assert "6.87e+10 tokens per sample; at most 1.68e+07 fit" in fault.what
    assert "--shape" in fault.remedy


def function(name: str, inputs: int, body: list[onnx.NodeProto]) -> onnx.FunctionProto:
    names = [f"i{place}" for place in range(inputs)]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    return helper.make_function("local", name, names, ["o"], body, opsets)


def calling(name: str, *functions: onnx.FunctionProto, inputs: int = 1) -> onnx.ModelProto:
    nodes = [helper.make_node(name, ["x"] * inputs, ["y"], name="call", domain="local")]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    ends = [helper.make_tensor_value_info(end, F32, [2, 3]) for end in ("x", "y")]
    graph = helper.make_graph(nodes, "calls", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, functions=list(functions))


def call(name: str, made: str, *inputs: str) -> onnx.NodeProto:
    return helper.make_node(name, list(inputs), [made], domain="local")


def test_function_that_calls_itself(tmp_path: Path) -> None:
    fault = refusal(calling("Loop", function("Loop", 1, [call("Loop", "o", "i0")])), tmp_path)
    assert "calls itself" in fault.what and "function 'Loop' of domain 'local'" in fault.where


def test_functions_that_call_each_other(tmp_path: Path) -> None:
    pair = function("One", 1, [call("Two", "o", "i0")]), function("Two", 1, [call("One", "o", "i0")])
    assert "calls itself" in refusal(calling("One", *pair), tmp_path).what


def test_function_with_too_many_operands(tmp_path: Path) -> None:
    body = [helper.make_node("Relu", ["i0"], ["o"])]
    fault = refusal(calling("Cut", function("Cut", 1, body), inputs=2), tmp_path)
    assert "takes 1 inputs" in fault.what and "'call' gives it 2" in fault.what


def test_functions_that_double_forty_times(tmp_path: Path) -> None:
    levels = [
        function(f"L{level}", 1, [call(f"L{level + 1}", "m", "i0"), call(f"L{level + 1}", "o", "m")])
        for level in range(40)
    ]
    last = function("L40", 1, [helper.make_node("Relu", ["i0"], ["o"])])
    fault = refusal(calling("L0", *levels, last), tmp_path)
    # Each level is twice a call and what it calls: 4, 10, 22, ... or 3 x 2^n - 2; and the call in the graph.
    assert f"comes to {3 * 2**40 - 1:.3g} nodes" in fault.what


def test_function_that_is_fine() -> None:
    body = [helper.make_node("Relu", ["i0"], ["o"])]
    assert digital(read_model(calling("Cut", function("Cut", 1, body))), "relu")


def with_weight(weight: onnx.TensorProto) -> onnx.ModelProto:
    ends = [helper.make_tensor_value_info("x", F32, [2, 3]), helper.make_tensor_value_info("y", F32, None)]
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", ends[:1], ends[1:], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def changed(**fields: object) -> onnx.TensorProto:
    weight = numpy_helper.from_array(np.ones((3, 4), np.float32), "w")
    for field, value in fields.items():
        if field == "dims":
            del weight.dims[:]
            weight.dims.extend(value)
        else:
            setattr(weight, field, value)
    return weight


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        (changed(dims=[3, 5]), "data that do not fit its shape (3, 5)"),
        (changed(dims=[3, 2**31]), "data that do not fit its shape (3, 2147483648)"),
        (changed(dims=[3, 2**62]), "elements; at most"),
        (changed(dims=[2**40, 0, 2**40], raw_data=b""), "elements; at most"),
        (changed(dims=[3, -4]), "negative size in its shape (3, -4)"),
        (changed(data_type=99), "data type 99, which ONNX does not know"),
        (changed(data_type=0), "data type 0, which ONNX does not know"),
        (changed(raw_data=b"123"), "data that do not fit its shape (3, 4)"),
    ],
    ids=str,
)
def test_broken_weights_are_named(weight: onnx.TensorProto, words: str, tmp_path: Path) -> None:
    fault = refusal(with_weight(weight), tmp_path)
    assert words in fault.what and "tensor 'w'" in fault.where


def beside(**said: str) -> onnx.TensorProto:
    weight = changed(raw_data=b"", data_location=TensorProto.EXTERNAL)
    for key, value in {"location": "weights.bin", **said}.items():
        weight.external_data.add(key=key, value=value)
    return weight


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"length": "44"}, "data that do not fit its shape (3, 4)"),
        ({"length": str(2**62)}, "data that do not fit its shape (3, 4)"),
        ({"length": "x"}, "the length 'x'"),
        ({"offset": "-4"}, "the offset '-4'"),
    ],
    ids=str,
)
def test_external_data_that_do_not_fit(said: dict[str, str], words: str, tmp_path: Path) -> None:
    fault = refusal(with_weight(beside(**said)), tmp_path)
    assert words in fault.what and "tensor 'w'" in fault.where


def test_external_data_may_be_missing() -> None:
    assert read_model(with_weight(beside(offset="4096", length="48"))).macs == 2 * 3 * 4


def test_weights_without_data_are_estimated() -> None:
    assert read_model(with_weight(changed(raw_data=b""))).macs == 2 * 3 * 4


@pytest.mark.parametrize("kind", [99, 77])
def test_input_of_unknown_type(kind: int, tmp_path: Path) -> None:
    model = with_weight(changed())
    model.graph.input[0].type.tensor_type.elem_type = kind
    fault = refusal(model, tmp_path)
    assert f"data type {kind}" in fault.what and "graph input 'x'" in fault.where


def test_input_that_is_no_tensor(tmp_path: Path) -> None:
    model = with_weight(changed())
    model.graph.input[0].type.CopyFrom(helper.make_sequence_type_proto(helper.make_tensor_type_proto(F32, [3])))
    assert "no tensor but a sequence_type" in refusal(model, tmp_path).what


def test_operator_set_of_the_future(tmp_path: Path) -> None:
    model = with_weight(changed())
    model.opset_import[0].version = 10**9
    assert "version 1000000000 of the ONNX operators" in refusal(model, tmp_path).what


@pytest.mark.parametrize("version", [0, -1])
def test_operator_set_that_never_was(version: int, tmp_path: Path) -> None:
    model = with_weight(changed())
    model.opset_import[0].version = version
    assert f"version {version} of the ONNX operators" in refusal(model, tmp_path).what


def test_node_without_outputs(tmp_path: Path) -> None:
    model = with_weight(changed())
    model.graph.node[0].ClearField("output")
    assert "makes no output" in refusal(model, tmp_path).what


def test_tensor_made_twice(tmp_path: Path) -> None:
    model = with_weight(changed())
    model.graph.node.append(helper.make_node("Relu", ["x"], ["y"]))
    fault = refusal(model, tmp_path)
    assert "is made 2 times" in fault.what and "'y'" in fault.where


def test_nodes_in_a_ring(tmp_path: Path) -> None:
    nodes = [helper.make_node("Add", ["x", "b"], ["a"], name="one"), helper.make_node("Relu", ["a"], ["b"], name="two")]
    ends = [helper.make_tensor_value_info(end, F32, [2, 3]) for end in ("x", "b")]
    graph = helper.make_graph(nodes, "ring", ends[:1], ends[1:])
    fault = refusal(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path)
    assert "'b' is made by no earlier node" in fault.what and "node 'one' (Add)" in fault.where


def dynamic(*nodes: onnx.NodeProto, shape: list[object], weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    stored = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()]
    ends = helper.make_tensor_value_info("x", F32, shape), helper.make_tensor_value_info(nodes[-1].output[0], F32, None)
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def option(remedy: str, name: str) -> tuple[int, ...]:
    """The shape that a remedy offers for an input."""
    (word,) = [word for word in remedy.split() if word.startswith(f"{name}=")]
    return tuple(int(size) for size in word.removeprefix(f"{name}=").split(","))


@pytest.mark.parametrize(
    ("shape", "kernel"),
    [(["N", 8, "H", "W"], (4, 8, 3, 3)), ([1, 1, "T"], (4, 1, 8)), (["N", 3, "H", "W"], (4, 3, 300, 300))],
    ids=str,
)
def test_shape_that_is_offered_works(shape: list[object], kernel: tuple[int, ...], tmp_path: Path) -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"]), helper.make_node("GlobalAveragePool", ["c"], ["y"])]
    model = dynamic(*nodes, shape=shape, weights={"w": np.ones(kernel)})
    offered = option(refusal(model, tmp_path).remedy, "x")
    assert len(offered) == len(shape)
    read_onnx(tmp_path / "broken.onnx", shapes={"x": offered})


def test_shape_that_is_offered_fits_what_follows(tmp_path: Path) -> None:
    """Flattened maps of 16 x 16 and nothing else fit the last layer."""
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("MatMul", ["f", "w"], ["y"])]
    model = dynamic(*nodes, shape=[1, 3, "H", "W"], weights={"w": np.ones((3 * 16 * 16, 5))})
    assert option(refusal(model, tmp_path).remedy, "x") == (1, 3, 16, 16)


def test_where_no_size_fits_the_reason_is_told(tmp_path: Path) -> None:
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], name="up")
    model = dynamic(node, shape=[1, 3, "H", "W"], weights={"w": np.ones((3, 4, 2, 2))})
    remedy = refusal(model, tmp_path).remedy
    assert "node 'up' (ConvTranspose): transposed convolution is not modelled" in remedy


def test_negative_size_is_an_open_one(tmp_path: Path) -> None:
    model = dynamic(
        helper.make_node("Conv", ["x", "w"], ["y"]), shape=[-1, 3, 16, 16], weights={"w": np.ones((4, 3, 3, 3))}
    )
    network = read_model(model)
    assert network.macs == 14 * 14 * 27 * 4
    assert any("batch" in note and "'x'" in note for note in network.notes)
    assert read_model(model, shapes={"x": (5, 3, 16, 16)}).macs == 5 * network.macs


def test_wrong_shape_is_answered_with_one_that_fits(tmp_path: Path) -> None:
    model = dynamic(
        helper.make_node("Conv", ["x", "w"], ["y"]), shape=["N", 3, "H", "W"], weights={"w": np.ones((4, 3, 3, 3))}
    )
    fault = refusal(model, tmp_path, x=(1, 4, 16, 16))
    assert "(1, 4, 16, 16)" in fault.what and "N x 3 x H x W" in fault.what
    assert option(fault.remedy, "x") == (1, 3, 224, 224)


def gru(batch: object, state: int) -> onnx.ModelProto:
    node = helper.make_node("GRU", ["x", "W", "R", "", "", "h"], ["y"], hidden_size=8, name="gru")
    weights = {"W": np.ones((1, 24, 4)), "R": np.ones((1, 24, 8)), "h": np.zeros((1, state, 8))}
    return dynamic(node, shape=[6, batch, 4], weights=weights)


def test_initial_state_of_another_batch(tmp_path: Path) -> None:
    fault = refusal(gru(1, 3), tmp_path)
    assert "initial state (input 5) has the shape (1, 3, 8)" in fault.what and "(1, 1, 8)" in fault.what


def test_open_batch_takes_the_initial_states(tmp_path: Path) -> None:
    """Of the usual sizes, the first that the fixed state allows is offered."""
    assert option(refusal(gru("N", 4), tmp_path).remedy, "x") == (6, 4, 4)


def scattered(data: tuple[int, ...], indices: tuple[int, ...], **attributes: object) -> Network:
    export = Export(opset=18)
    x, places = export.input("x", indices), export.input("i", indices, TensorProto.INT64)
    export.output(export.op("ScatterElements", export.array(np.zeros(data)), places, x, **attributes))
    return read_model(export.model())


def test_scatter_into_constant_data_has_the_shape_of_the_data() -> None:
    """Sums of 40 messages for 20 vertices: 20 tokens of 8, with two moves and two sums of each element on average."""
    (layer,) = digital(scattered((20, 8), (40, 8), axis=0, reduction="add"), "scatter")
    assert (layer.tokens, layer.width) == (20, 8)
    assert {primitive.value: count for primitive, count in layer.operator.work} == {"move": 16, "add": 16}
