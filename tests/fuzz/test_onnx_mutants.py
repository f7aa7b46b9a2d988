"""The mutator itself fails on no model: one without nodes, inputs and constants included."""

from __future__ import annotations

from random import Random

import onnx
import pytest

from tests.fuzz.onnx_mutants import MUTATIONS, Mutation, mutant


@pytest.mark.parametrize("mutation", dict.fromkeys(MUTATIONS), ids=lambda mutation: mutation.__name__.strip("_"))
def test_models_without_anything(mutation: Mutation) -> None:
    for number in range(200):
        one, again = onnx.ModelProto(), onnx.ModelProto()
        for model in (one, again):
            mutation(model, Random(number))
        assert one == again


def test_many_mutations_of_nothing() -> None:
    made = {mutant(b"", number).SerializeToString(deterministic=True) for number in range(2000)}
    # Some mutations find something to do where there is nothing.
    assert len(made) > 10 and b"" in made
