"""The mutator itself fails on no model: one without nodes, inputs and constants included."""

from __future__ import annotations

from random import Random

import onnx
import pytest

from tests.fuzz.onnx_mutants import MUTATIONS, Mutation, mutant


@pytest.mark.parametrize("mutation", dict.fromkeys(MUTATIONS), ids=lambda mutation: mutation.__name__.strip("_"))
def test_models_without_anything(mutation: Mutation) -> None:
    for number in range(200):
        mutation(onnx.ModelProto(), Random(number))


def test_many_mutations_of_nothing() -> None:
    for number in range(2000):
        mutant(b"", number)
