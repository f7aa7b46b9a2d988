"""The ONNX project's own node tests, computed block by block on ideal arrays that are far too small for them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from archsim.errors import InputError
from archsim.functional import execute, prepared, program_model
from archsim.mapping import place
from archsim.network.onnx_import.reader import executed
from archsim.numeric import CrossbarSettings
from tests.chips import make_array, make_chip, make_unit

DYNAMIC = {
    **dict.fromkeys(("LSTM", "GRU", "RNN", "Conv", "QLinearConv", "ConvInteger"), (0,)),
    **dict.fromkeys(("Gemm", "MatMul", "Einsum", "MatMulInteger"), (0, 1)),
    "QLinearMatMul": (0, 3),
}
COMPUTED = {"float16", "float32", "float64", "int8", "uint8", "int32"}
INTEGER = {"QLinearConv", "ConvInteger", "QLinearMatMul", "MatMulInteger"}
"""Inputs that are given while the model runs, one at a time; all others are its constants."""


@dataclass(frozen=True)
class Case:
    name: str
    model: onnx.ModelProto
    data: str
    given: np.ndarray
    wanted: tuple[np.ndarray, ...]


def _held(model: onnx.ModelProto, inputs: list[np.ndarray], place: int) -> onnx.ModelProto:
    """The model with every input but one as a constant."""
    held = onnx.ModelProto()
    held.CopyFrom(model)
    entries = list(zip(model.graph.input, inputs, strict=True))
    stored = [numpy_helper.from_array(value, entry.name) for at, (entry, value) in enumerate(entries) if at != place]
    held.graph.initializer.extend(stored)
    return held


@cache
def cases() -> tuple[Case, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        found = collect_testcases(None)
    made = []
    for case in found:
        nodes = case.model.graph.node
        if not case.data_sets or nodes[0].op_type not in DYNAMIC or len(nodes) > 1:
            continue
        inputs, outputs = case.data_sets[0]
        if not all(value.dtype.name in COMPUTED for value in outputs):
            continue
        for place_ in DYNAMIC[nodes[0].op_type]:
            if place_ < len(inputs):
                model = _held(case.model, inputs, place_)
                name = case.model.graph.input[place_].name
                made.append(Case(f"{case.name}-{name}", model, name, inputs[place_], tuple(outputs)))
    return tuple(made)


def _case(name: str) -> Case:
    return next(case for case in cases() if case.name == name)


def test_there_are_many_cases() -> None:
    kinds = [case.model.graph.node[0].op_type for case in cases()]
    assert all(kinds.count(kind) >= (1 if kind in INTEGER else 3) for kind in DYNAMIC)
    assert len(cases()) > 40


@pytest.mark.parametrize("rows", [3, 8])
@pytest.mark.parametrize("name", [case.name for case in cases()])
def test_node_on_small_arrays(name: str, rows: int) -> None:
    case = _case(name)
    chip = make_chip(array=make_array(rows, 4), units={"local": make_unit()}, fabric=_many_tiles())
    try:
        network = executed(case.model, {}).draft.finished(name)
    except InputError:
        pytest.skip("the importer refuses it, and says why")
    if not network.matrices:
        pytest.skip("no constant operand")
    placement = place(network, chip)
    model = prepared(case.model, placement)
    data = model.data({case.data: case.given})
    arrays = program_model(model, CrossbarSettings(), model.recorded(data), seed=0)
    outputs = execute(model, arrays, data).outputs
    for entry, wanted in zip(case.model.graph.output, case.wanted, strict=True):
        assert outputs[entry.name].shape == wanted.shape
        assert outputs[entry.name].dtype == wanted.dtype
        scale = max(1.0, float(np.abs(wanted).max()))
        np.testing.assert_allclose(outputs[entry.name], wanted, rtol=2e-5, atol=3e-6 * scale)


def _many_tiles() -> dict[str, object]:
    from tests.chips import make_fabric

    return make_fabric(24, 24)
