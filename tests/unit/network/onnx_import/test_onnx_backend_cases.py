"""The ONNX project's own node tests: every operator's shapes, and the values that movement and folding give."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from archsim.errors import InputError
from archsim.network.onnx_import.movement import MOVEMENTS
from archsim.network.onnx_import.partition import partition
from archsim.network.onnx_import.reader import executed
from archsim.network.onnx_import.views import Constant, View

REFUSED = {
    *("BitCast", "Col2Im", "CumProd", "DFT", "DeformConv", "Det", "GridSample", "Loop", "MaxUnpool", "Scan", "Scatter"),
    *("ConvTranspose", "NonZero", "NonMaxSuppression", "Unique", "Compress", "Range", "ConstantOfShape", "If"),
    *("STFT", "RoiAlign", "ReverseSequence", "OneHot", "OptionalGetElement", "OptionalHasElement", "TensorScatter"),
    *("ImageDecoder", "Hardmax", "MelWeightMatrix", "SequenceMap", "SplitToSequence", "TfIdfVectorizer", "SwiGLU"),
    *("LinearAttention", "CausalConvWithState", "SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss"),
    *("StringConcat", "StringSplit", "StringNormalizer", "RegexFullMatch"),
}
"""Operators of which some or all forms are refused."""
IN_PART = {"Attention", "BatchNormalization", "Einsum", "GatherND", "LayerNormalization", "MaxPool", "Resize", "Slice"}
"""Operators that are modelled but for rare attributes (training, batch_dims, indices, cropping)."""


@dataclass(frozen=True)
class Case:
    name: str
    model: onnx.ModelProto
    inputs: tuple[np.ndarray, ...]
    outputs: tuple[np.ndarray, ...]

    @property
    def kind(self) -> str:
        return self.model.graph.node[0].op_type

    def held(self, *, dynamic: int) -> onnx.ModelProto:
        """The model with its inputs stored inside, but for the first ``dynamic`` ones."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        entries = list(zip(self.model.graph.input, self.inputs, strict=True))
        model.graph.initializer.extend(numpy_helper.from_array(value, entry.name) for entry, value in entries[dynamic:])
        return model


@cache
def cases() -> tuple[Case, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        found = collect_testcases(None)
    return tuple(
        Case(case.name, case.model, tuple(case.data_sets[0][0]), tuple(case.data_sets[0][1]))
        for case in found
        if case.data_sets and _plain(case.data_sets[0]) and "_expanded" not in case.name and _main_domain(case.model)
    )


def _plain(data: tuple[list, list]) -> bool:
    arrays = [*data[0], *data[1]]
    numeric = all(isinstance(array, np.ndarray) and array.dtype.kind in "fiub" for array in arrays)
    return numeric and len(data[0]) > 0 and all(array.size for array in arrays)


def _main_domain(model: onnx.ModelProto) -> bool:
    return all(node.domain in ("", "ai.onnx") for node in model.graph.node)


def test_there_are_many_cases() -> None:
    assert len(cases()) > 800


def test_every_operator_is_read_with_the_right_shape_or_refused() -> None:
    """The first input is an activation, the others are constants."""
    read: set[str] = set()
    refused: set[str] = set()
    for case in cases():
        shapes = {case.model.graph.input[0].name: case.inputs[0].shape}
        try:
            run = executed(case.held(dynamic=1), shapes)
        except InputError as fault:
            assert fault.where and fault.remedy, case.name
            refused.add(case.kind)
            continue
        read.add(case.kind)
        for output, expected in zip(case.model.graph.output, case.outputs, strict=True):
            tensor = run.tensors[output.name]
            assert tensor.shape == expected.shape, case.name
            if isinstance(tensor, View):
                cut = partition(tensor)
                assert cut.tokens * cut.width == expected.size, case.name
    assert refused <= REFUSED | IN_PART, refused - REFUSED - IN_PART
    assert len(read) > 110


@pytest.mark.parametrize("kind", sorted(MOVEMENTS))
def test_movement_gives_the_same_values(kind: str) -> None:
    """On constants, movement is carried out on the values themselves: they must be the published outputs."""
    checked = 0
    for case in cases():
        if case.kind != kind or case.name.startswith("test_training_dropout"):
            continue
        run = executed_or_none(case)
        if run is None:
            continue
        result = run.tensors[case.model.graph.output[0].name]
        assert isinstance(result, Constant)
        if result.known:
            np.testing.assert_array_equal(np.asarray(result.value), case.outputs[0], err_msg=case.name)
        assert result.shape == case.outputs[0].shape
        checked += 1
    assert checked or kind in ("Cast", "CastLike", "Upsample")


def executed_or_none(case: Case):
    """The run on constants; None where it is refused, or the interpolation is not a movement."""
    mode = next(
        (attribute.s for attribute in case.model.graph.node[0].attribute if attribute.name == "mode"), b"nearest"
    )
    if case.kind == "Resize" and mode != b"nearest":
        return None
    try:
        return executed(case.held(dynamic=0), {})
    except InputError:
        return None
