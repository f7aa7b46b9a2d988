"""Random Conv, MatMul, Gemm, Einsum, LSTM, GRU and RNN nodes on small ideal arrays, against ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import helper

from archsim.errors import InputError
from archsim.functional import Compensation, crossbar_settings, execute, program_model
from archsim.numeric import CrossbarSettings
from tests.chips import make_array, make_chip, make_fabric
from tests.functional_models import by_onnxruntime, computed, make_model, placed, random

Weights = dict[str, np.ndarray]


def _agrees(model: onnx.ModelProto, inputs: Weights, *, rows: int = 7, columns: int = 4) -> None:
    chip = make_chip(array=make_array(rows, columns), fabric=make_fabric(24, 24))
    with TemporaryDirectory() as folder:
        found = computed(placed(model, chip, Path(folder)), inputs, CrossbarSettings(), batch=2).outputs
    for entry, wanted in zip(model.graph.output, by_onnxruntime(model, inputs), strict=True):
        np.testing.assert_allclose(found[entry.name], wanted, rtol=1e-4, atol=1e-5 * max(1, np.abs(wanted).max()))


@given(st.data())
@settings(max_examples=60)
def test_convolutions(data: st.DataObject) -> None:
    dims = data.draw(st.integers(1, 3))
    groups, deep, wide = (data.draw(st.integers(1, 3)) for _ in range(3))
    each = st.lists(st.integers(1, 3), min_size=dims, max_size=dims)
    kernel, strides, dilations = data.draw(each), data.draw(each), data.draw(each)
    pad = data.draw(st.sampled_from(["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]))
    attributes: dict[str, object] = {"strides": strides, "group": groups, "auto_pad": pad}
    if pad == "NOTSET":
        attributes["pads"] = data.draw(st.lists(st.integers(0, 2), min_size=2 * dims, max_size=2 * dims))
    # ONNX Runtime reads "SAME" with dilations in a way of its own.
    attributes["dilations"] = [1] * dims if pad.startswith("SAME") else dilations
    sizes = [8, 7, 7][:dims]
    weights = {"w": random(groups * wide, deep, *kernel), "b": random(groups * wide, seed=1)}
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["y"], name="conv", **attributes)]
    model = make_model(nodes, {"x": ["n", groups * deep, *sizes]}, ["y"], weights)
    _agrees(model, {"x": random(3, groups * deep, *sizes, seed=2)}, rows=data.draw(st.integers(3, 40)))


@given(
    left=st.sampled_from([(5,), (4, 5), (3, 4, 5), (2, 3, 4, 5), (1, 4, 5), (2, 1, 4, 5)]),
    right=st.sampled_from([(5,), (5, 6), (3, 5, 6), (2, 3, 5, 6), (1, 5, 6)]),
    swapped=st.booleans(),
)
def test_stacks_of_matrices(left: tuple[int, ...], right: tuple[int, ...], swapped: bool) -> None:
    """The importer lays a stack out as groups; both operands may be the constant one."""
    held = left if swapped else right
    free = right if swapped else left
    nodes = [helper.make_node("MatMul", ["w", "x"] if swapped else ["x", "w"], ["y"], name="product")]
    model = make_model(nodes, {"x": list(free)}, ["y"], {"w": random(*held)})
    try:
        _agrees(model, {"x": random(*free, seed=1)})
    except InputError as fault:
        assume("not modelled" not in fault.what)
        raise


@pytest.mark.parametrize(
    ("equation", "x", "w"),
    [
        ("bsd,dh->bsh", (2, 3, 5), (5, 4)),
        ("bsd,hde->bhse", (2, 3, 5), (2, 5, 4)),
        ("sbd,dh->bsh", (3, 2, 5), (5, 4)),
        ("bhsd,hde->bse", (2, 3, 4, 5), (3, 5, 6)),
        ("bhd,hde->bhe", (2, 3, 5), (3, 5, 4)),
        ("ij,jk", (4, 5), (5, 6)),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_contractions(equation: str, x: tuple[int, ...], w: tuple[int, ...], swapped: bool) -> None:
    terms, arrow, result = equation.partition("->")
    given_terms = ",".join(terms.split(",")[::-1]) if swapped else terms
    nodes = [
        helper.make_node("Einsum", ["w", "x"] if swapped else ["x", "w"], ["y"], equation=given_terms + arrow + result)
    ]
    _agrees(make_model(nodes, {"x": list(x)}, ["y"], {"w": random(*w)}), {"x": random(*x, seed=1)})


@given(
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    factors=st.tuples(st.sampled_from([1.0, -0.5, 2.0]), st.sampled_from([1.0, 0.0, 0.25])),
    bias=st.sampled_from([None, (4,), (3, 4), (3, 1), ()]),
)
def test_gemm(flags: tuple[bool, bool, bool], factors: tuple[float, float], bias: tuple[int, ...] | None) -> None:
    left, right, swapped = flags
    shapes = [(5, 3) if left else (3, 5), (4, 5) if right else (5, 4)]
    held, free = (0, 1) if swapped else (1, 0)
    weights = {"w": random(*shapes[held])} | ({} if bias is None else {"c": random(*bias, seed=3)})
    operands = ["w", "x"] if swapped else ["x", "w"]
    nodes = [
        helper.make_node(
            "Gemm", [*operands, *(["c"] if bias is not None else [])], ["y"],
            transA=int(left), transB=int(right), alpha=factors[0], beta=factors[1],
        )
    ]  # fmt: skip
    model = make_model(nodes, {"x": list(shapes[free])}, ["y"], weights)
    _agrees(model, {"x": random(*shapes[free], seed=1)})


def _recurrent(kind: str, options: dict[str, object], *, inputs: int = 5, hidden: int = 3) -> tuple[list, Weights]:
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind]
    ways = 2 if options.get("direction") == "bidirectional" else 1
    weights = {
        "w": random(ways, gates * hidden, inputs),
        "r": random(ways, gates * hidden, hidden, seed=1),
        "b": random(ways, 2 * gates * hidden, seed=2),
        "h0": random(ways, 1, hidden, seed=3),
    }
    names = ["x", "w", "r", "b", "", "h0"]
    outputs = ["y", "yh"]
    if kind == "LSTM":
        weights |= {"c0": random(ways, 1, hidden, seed=4), "p": random(ways, 3 * hidden, seed=5)}
        names += ["c0", "p"]
        outputs.append("yc")
    return [helper.make_node(kind, names, outputs, name="cell", hidden_size=hidden, **options)], weights


ACTIVATIONS = {
    "LSTM": ["Sigmoid", "Tanh", "Relu"],
    "GRU": ["HardSigmoid", "Softsign"],
    "RNN": ["Relu"],
}


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("special", ["plain", "clip", "activations", "after"])
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_recurrent_nodes(kind: str, direction: str, special: str) -> None:
    options: dict[str, object] = {"direction": direction}
    if special == "clip":
        options["clip"] = 0.3
    elif special == "activations":
        options["activations"] = ACTIVATIONS[kind] * (2 if direction == "bidirectional" else 1)
    elif special == "after" and kind == "GRU":
        options["linear_before_reset"] = 1
    nodes, weights = _recurrent(kind, options)
    outputs = list(nodes[0].output)
    _agrees(make_model(nodes, {"x": [6, 1, 5]}, outputs, weights), {"x": random(6, 1, 5, seed=7)}, rows=6, columns=8)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_sequences_first_and_samples_second(kind: str) -> None:
    """Samples first in the data, second in the node, and back: noise still belongs to the sample."""
    nodes, weights = _recurrent(kind, {})
    del weights["h0"], nodes[0].input[5:]
    weights.pop("c0", None)
    weights.pop("p", None)
    nodes = [
        helper.make_node("Transpose", ["data"], ["x"], perm=[1, 0, 2]),
        *nodes,
        helper.make_node("Squeeze", ["y", "one"], ["seq"]),
        helper.make_node("MatMul", ["seq", "head"], ["made"], name="head"),
        helper.make_node("Transpose", ["made"], ["scores"], perm=[1, 0, 2]),
    ]
    weights |= {"one": np.array([1]), "head": random(3, 4, seed=8)}
    model = make_model(nodes, {"data": ["n", 6, 5]}, ["scores"], weights)
    x = random(7, 6, 5, seed=9)
    _agrees(model, {"data": x}, rows=6, columns=8)
    chip = make_chip(array=make_array(6, 8))
    with TemporaryDirectory() as folder:
        ready = placed(model, chip, Path(folder))
    data = ready.data({"data": x})
    noisy = crossbar_settings(chip, compensation=Compensation.NONE)
    arrays = program_model(ready, noisy, ready.recorded(data), seed=0)
    runs = [execute(ready, arrays, data, batch=batch).outputs["scores"] for batch in (7, 3)]
    np.testing.assert_array_equal(*runs)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_sequences_of_unequal_length(kind: str, direction: str, tmp_path: Path) -> None:
    gates, ways = {"RNN": 1, "GRU": 3, "LSTM": 4}[kind], 2 if direction == "bidirectional" else 1
    weights = {"w": random(ways, gates * 4, 5), "r": random(ways, gates * 4, 4, seed=1)}
    node = helper.make_node(
        kind, ["x", "w", "r", "", "lengths"], ["y", "h"], name="cell", hidden_size=4, direction=direction
    )
    held = {**weights, "lengths": np.array([6, 2, 4], np.int32)}
    model = make_model([node], {"x": [6, 3, 5]}, ["y", "h"], held)
    x = {"x": random(6, 3, 5, seed=2)}
    outputs = computed(placed(model, make_chip(), tmp_path), x, CrossbarSettings()).outputs
    for name, wanted in zip(("y", "h"), by_onnxruntime(model, x), strict=True):
        np.testing.assert_allclose(outputs[name], wanted, atol=1e-5)


def test_lengths_that_do_not_fit(tmp_path: Path) -> None:
    nodes, weights = _recurrent("RNN", {})
    nodes[0].input[4] = "lengths"
    for lengths in ([7], [4, 4], [-1]):
        model = make_model(nodes, {"x": [6, 1, 5]}, ["y"], {**weights, "lengths": np.array(lengths, np.int32)})
        with pytest.raises(InputError, match="do not fit 1 sequences of 6 steps"):
            computed(placed(model, make_chip(), tmp_path), {"x": random(6, 1, 5)}, CrossbarSettings())


def test_quantised_weights_around_floating_point_operators(tmp_path: Path) -> None:
    """DequantizeLinear of a constant is a constant: the arrays hold the dequantised weights."""
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["w"]),
        helper.make_node("MatMul", ["x", "w"], ["y"], name="product"),
    ]
    codes = np.random.default_rng(0).integers(-127, 128, (9, 6)).astype(np.int8)
    weights = {"q": codes, "scale": np.float32(0.01), "zero": np.int8(3)}
    model = make_model(nodes, {"x": ["n", 9]}, ["y"], weights)
    ready = placed(model, make_chip(array=make_array(5, 4)), tmp_path)
    (matrix,) = ready.layers.values()
    np.testing.assert_allclose(matrix.groups[0], (codes.astype(np.float32) - 3) * 0.01, rtol=1e-6)
    _agrees(model, {"x": random(4, 9)})
