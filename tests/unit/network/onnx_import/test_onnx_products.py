"""What the importer says that a matrix node computes, computed from that alone and compared with ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_exports import Export
from scipy.signal import correlate

from archsim.network import (
    Activation,
    Contraction,
    Convolution,
    Matrix,
    Network,
    ProductSpec,
    RecurrentCell,
)
from archsim.network.onnx_import import read_onnx

Arrays = Mapping[str, np.ndarray]


def contracted(form: Contraction, data: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """By the words of ``Contraction``: one vector per position, one matrix per entry of the stack."""
    labels = iter("abcdefghijklmnopqrstuvwxyz")
    of_data, of_weight = {}, {}
    positions = []
    for axis in form.positions:
        of_data[axis] = next(labels)
        positions.append(of_data[axis])
    stack = []
    for mine, theirs in form.stack:
        of_weight[theirs] = next(labels)
        stack.append(of_weight[theirs])
        if mine is not None and data.shape[mine] > 1:
            of_data[mine] = of_weight[theirs]
    for mine, theirs in form.summed:
        of_data[mine] = of_weight[theirs] = next(labels)
    columns = []
    for axis in form.columns:
        of_weight[axis] = next(labels)
        columns.append(of_weight[axis])
    assert all(data.shape[axis] == 1 for axis in range(data.ndim) if axis not in of_data)
    assert all(weight.shape[axis] == 1 for axis in range(weight.ndim) if axis not in of_weight)
    made = [*positions, *stack, *columns]
    wanted = [made[place] for place in form.result if place is not None]
    squeezed = [
        array.reshape([size for axis, size in enumerate(array.shape) if axis in known])
        for array, known in ((data, of_data), (weight, of_weight))
    ]
    terms = ["".join(known[axis] for axis in sorted(known)) for known in (of_data, of_weight)]
    result = np.einsum(f"{terms[0]},{terms[1]}->{''.join(wanted)}", *squeezed)
    return result[tuple(np.newaxis if place is None else slice(None) for place in form.result)]


def convolved(form: Convolution, data: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """By SciPy, sample by sample and channel by channel."""
    cut = tuple(
        slice(max(0, -before), size - max(0, -after))
        for size, before, after in zip(data.shape[2:], form.before, form.after, strict=True)
    )
    room = [(max(0, before), max(0, after)) for before, after in zip(form.before, form.after, strict=True)]
    padded = np.pad(data[(slice(None), slice(None), *cut)], [(0, 0), (0, 0), *room])
    spread = np.zeros((*weight.shape[:2], *((k - 1) * d + 1 for k, d in zip(form.kernel, form.dilations, strict=True))))
    spread[(slice(None), slice(None), *(slice(None, None, step) for step in form.dilations))] = weight
    steps = tuple(slice(None, None, step) for step in form.strides)
    own = len(weight) // form.groups
    outputs = []
    for sample in padded:
        maps = [
            sum(
                correlate(
                    sample[out // own * weight.shape[1] + channel], spread[out, channel], "valid", method="direct"
                )
                for channel in range(weight.shape[1])
            )
            for out in range(len(weight))
        ]
        outputs.append(np.stack([one[steps] for one in maps]))
    return np.stack(outputs)


def computed(spec: ProductSpec, tensors: Arrays) -> np.ndarray:
    data, weight = tensors[spec.data], tensors[spec.weights[0]]
    if isinstance(spec.form, Convolution):
        made = convolved(spec.form, data, weight)
        bias = tensors[spec.bias].reshape(-1, *(1 for _ in spec.form.kernel)) if spec.bias else 0
    else:
        assert isinstance(spec.form, Contraction)
        made = contracted(spec.form, data, weight)
        bias = tensors[spec.bias] if spec.bias else 0
    return np.asarray(spec.scale * made + spec.bias_scale * bias)


def tensors_of(model: onnx.ModelProto, given: Arrays) -> dict[str, np.ndarray]:
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    return {**stored, **given}


def read(model: onnx.ModelProto, folder: Path) -> Network:
    path = folder / "model.onnx"
    onnx.save(model, path)
    return read_onnx(path)


def check(export: Export, folder: Path) -> ProductSpec:
    """The one product of the model, after it has been compared with ONNX Runtime."""
    model = export.model()
    (entry,) = model.graph.input
    shape = [dim.dim_value for dim in entry.type.tensor_type.shape.dim]
    given = {entry.name: np.random.default_rng(1).standard_normal(shape).astype(np.float32)}
    session = ort.InferenceSession(model.SerializeToString())
    (spec,) = (network := read(model, folder)).products
    found = computed(spec, tensors_of(model, given))
    (wanted,) = session.run([spec.outputs[0]], given)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
    assert spec.data_shape == tuple(shape)
    (name,) = spec.layers
    operator = network.by_name[name].operator
    assert isinstance(operator, Matrix) and network.by_name[name].tokens * operator.outputs == wanted.size
    assert prod(tensors_of(model, {})[spec.weights[0]].shape) == operator.macs
    return spec


MATMULS = [
    ((5, 3), (3, 4)),
    ((3,), (3, 4)),
    ((5, 3), (3,)),
    ((3,), (3,)),
    ((2, 5, 3), (3, 4)),
    ((2, 5, 3), (2, 3, 4)),
    ((1, 5, 3), (2, 3, 4)),
    ((5, 3), (2, 3, 4)),
    ((3,), (2, 3, 4)),
    ((2, 5, 3), (3,)),
    ((2, 5, 3), (1, 3, 4)),
    ((7, 2, 5, 3), (2, 3, 4)),
    ((7, 2, 5, 3), (7, 1, 3, 4)),
    ((2, 5, 3), (6, 2, 3, 4)),
    ((5, 3), (1, 1, 3, 4)),
    ((2, 1, 5, 3), (2, 6, 3, 4)),
]


@pytest.mark.parametrize(("data", "weight"), MATMULS, ids=str)
def test_matmul_with_data_on_the_left(data: tuple[int, ...], weight: tuple[int, ...], tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("MatMul", export.input("x", data), export.weight(*weight)))
    check(export, tmp_path)


MIRRORED = [
    ((4, 3), (3, 5)),
    ((3,), (3, 5)),
    ((4, 3), (3,)),
    ((4, 3), (2, 3, 5)),
    ((2, 4, 3), (2, 3, 5)),
    ((2, 4, 3), (3, 5)),
    ((2, 4, 3), (3,)),
    ((3,), (2, 3, 5)),
    ((6, 2, 4, 3), (2, 3, 5)),
]


@pytest.mark.parametrize(("weight", "data"), MIRRORED, ids=str)
def test_matmul_with_data_on_the_right(weight: tuple[int, ...], data: tuple[int, ...], tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("MatMul", export.weight(*weight), export.input("x", data)))
    check(export, tmp_path)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("flags", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_gemm(swapped: bool, flags: tuple[int, int], tmp_path: Path) -> None:
    rows, depth, columns = 5, 3, 4
    shapes = (rows, depth)[:: -1 if flags[0] else 1], (depth, columns)[:: -1 if flags[1] else 1]
    export = Export()
    if swapped:
        operands = export.weight(*shapes[0]), export.input("x", shapes[1])
    else:
        operands = export.input("x", shapes[0]), export.weight(*shapes[1])
    bias = export.array(np.arange(columns) / 7)
    result = export.op("Gemm", *operands, bias, transA=flags[0], transB=flags[1], alpha=0.5, beta=2.0)
    export.output(result)
    spec = check(export, tmp_path)
    assert (spec.scale, spec.bias_scale, spec.bias) == (0.5, 2.0, bias)


EINSUMS = [
    ("ij,jk->ik", (5, 3), (3, 4)),
    ("ij,kj->ki", (5, 3), (4, 3)),
    ("abc,cde->abde", (2, 5, 6), (6, 3, 4)),
    ("bhqd,hde->bhqe", (2, 3, 5, 4), (3, 4, 6)),
    ("i,i->", (5,), (5,)),
    ("i,i", (5,), (5,)),
    ("ij,j", (5, 3), (3,)),
    ("ba,bc->ac", (3, 5), (3, 4)),
    ("abcd,cdef->fabe", (2, 5, 3, 4), (3, 4, 2, 6)),
    ("...ij,jk->...ik", (2, 7, 5, 3), (3, 4)),
    ("...j,jk", (2, 5, 3), (3, 4)),
    ("i,j->ij", (5,), (4,)),
]


@pytest.mark.parametrize(("equation", "data", "weight"), EINSUMS, ids=str)
def test_einsum(equation: str, data: tuple[int, ...], weight: tuple[int, ...], tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("Einsum", export.input("x", data), export.weight(*weight), equation=equation))
    check(export, tmp_path)


def test_einsum_with_data_second(tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("Einsum", export.weight(4, 3, 6), export.input("x", (3, 5, 6)), equation="hid,iqd->qhi"))
    check(export, tmp_path)


CONVOLUTIONS = [
    ((2, 3, 8, 9), (4, 3, 3, 3), {}),
    ((1, 3, 8, 9), (4, 3, 3, 3), {"pads": [1, 0, 2, 1], "strides": [2, 3]}),
    ((1, 4, 9, 9), (6, 2, 3, 2), {"group": 2, "dilations": [2, 3]}),
    ((1, 2, 7, 8), (3, 2, 3, 4), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    ((1, 2, 7, 8), (3, 2, 3, 4), {"auto_pad": "SAME_LOWER", "strides": [2, 1]}),
    ((1, 2, 7, 8), (3, 2, 3, 4), {"auto_pad": "VALID", "strides": [3, 3]}),
    ((2, 3, 16), (5, 3, 4), {"strides": [3]}),
    ((1, 2, 4, 5, 6), (3, 2, 2, 2, 2), {"pads": [1, 1, 1, 0, 0, 0]}),
    ((1, 4, 5, 5), (4, 1, 3, 3), {"group": 4, "pads": [1, 1, 1, 1]}),
]


@pytest.mark.parametrize(("data", "weight", "attributes"), CONVOLUTIONS, ids=str)
def test_convolution(data: tuple[int, ...], weight: tuple[int, ...], attributes: dict, tmp_path: Path) -> None:
    export = Export()
    bias = export.array(np.arange(weight[0]) / 3)
    export.output(export.op("Conv", export.input("x", data), export.weight(*weight), bias, **attributes))
    assert check(export, tmp_path).bias == bias


def test_products_of_integers_name_their_codes(tmp_path: Path) -> None:
    export = Export()
    x = export.input("x", (5, 3), TensorProto.UINT8)
    scales = [export.array(np.float32(scale)) for scale in (0.1, 0.2, 0.3)]
    zeros = [export.array(np.uint8(zero)) for zero in (3, 5, 7)]
    weight = export.array(np.arange(12, dtype=np.uint8).reshape(3, 4))
    result = export.op("QLinearMatMul", x, scales[0], zeros[0], weight, scales[1], zeros[1], scales[2], zeros[2])
    export.output(result, TensorProto.UINT8)
    (spec,) = read(export.model(), tmp_path).products
    codes = spec.quantisation
    assert codes is not None and codes.result is not None
    assert (codes.data.scale, codes.weight.scale, codes.result.scale) == tuple(scales)
    assert (codes.data.zero_point, codes.weight.zero_point, codes.result.zero_point) == tuple(zeros)
    assert spec.weights == (weight,)


def test_integer_convolution_has_zero_points_and_no_bias(tmp_path: Path) -> None:
    export = Export()
    x = export.input("x", (1, 2, 5, 5), TensorProto.UINT8)
    weight, zero = export.array(np.ones((3, 2, 3, 3), np.uint8)), export.array(np.uint8(1))
    export.output(export.op("ConvInteger", x, weight, zero), TensorProto.INT32)
    network = read(export.model(), tmp_path)
    (spec,) = network.products
    assert spec.bias == "" and spec.quantisation is not None and spec.quantisation.result is None
    assert (spec.quantisation.data.zero_point, spec.quantisation.weight.zero_point) == (zero, "")
    operator = network.by_name[spec.layers[0]].operator
    assert isinstance(operator, Matrix) and not operator.bias


def test_bidirectional_gru(tmp_path: Path) -> None:
    export = Export()
    x = export.input("x", (6, 2, 3))
    weights = export.weight(2, 12, 3), export.weight(2, 12, 4)
    state = export.array(np.zeros((2, 2, 4)))
    names = ["HardSigmoid", "leakyrelu", "Sigmoid", "Tanh"]
    result = export.op(
        "GRU",
        *(x, *weights, "", "", state),
        hidden_size=4,
        direction="bidirectional",
        linear_before_reset=1,
        activations=names,
        activation_alpha=[0.3, 0.02],
        clip=2.0,
    )
    export.output(result)
    (spec,) = read(export.model(), tmp_path).products
    form = spec.form
    assert isinstance(form, RecurrentCell)
    assert (form.hidden, form.reset_after, form.clip, form.state, form.batch_first) == (4, True, 2.0, state, False)
    hard, leaky = Activation("HardSigmoid", pytest.approx(0.3), 0.5), Activation("LeakyRelu", pytest.approx(0.02))
    assert form.directions[0].activations == (hard, leaky)
    assert form.directions[1].activations == (Activation("Sigmoid"), Activation("Tanh"))
    assert [direction.backward for direction in form.directions] == [False, True]
    assert spec.weights == weights and spec.layers == form.directions[0].layers + form.directions[1].layers
    assert [name.rsplit(".", 1)[1] for name in form.directions[0].layers] == [
        "gates",
        "candidate-input",
        "candidate-state",
    ]


def test_a_direction_that_nothing_reads_has_no_layers(tmp_path: Path) -> None:
    export = Export()
    result = export.op(
        "RNN",
        export.input("x", (6, 1, 3)),
        export.weight(2, 4, 3),
        export.weight(2, 4, 4),
        hidden_size=4,
        direction="bidirectional",
    )
    cut = export.op("Slice", result, *(export.array(np.array([place])) for place in (0, 1, 1)))
    export.output(cut)
    (spec,) = read(export.model(), tmp_path).products
    assert [bool(name) for name in spec.layers] == [True, False]


def test_inputs_with_their_shapes(tmp_path: Path) -> None:
    export = Export()
    x, y = export.input("x", ["N", 3]), export.input("y", [1, 3])
    export.output(export.op("MatMul", export.op("Add", x, y), export.weight(3, 2)))
    network = read(export.model(), tmp_path)
    assert [(entry.name, entry.shape, entry.open_batch) for entry in network.inputs] == [
        ("x", (1, 3), True),
        ("y", (1, 3), False),
    ]


def test_products_inside_a_function_are_named_by_their_inlined_tensors(tmp_path: Path) -> None:
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    body = [helper.make_node("MatMul", ["a", "b"], ["c"])]
    function = helper.make_function("local", "Dense", ["a", "b"], ["c"], body, opsets[:1])
    nodes = [helper.make_node("Dense", ["x", "w"], ["y"], domain="local")]
    graph = helper.make_graph(
        nodes,
        "calls",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.ones((3, 4), np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9, functions=[function])
    (spec,) = read(model, tmp_path).products
    assert (spec.data, spec.weights, spec.outputs) == ("x", ("w",), ("y",))
