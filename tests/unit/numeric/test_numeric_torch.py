"""Torch tensors go through the plain array path unchanged: what another device would compute."""

import numpy as np
import pytest

from archsim.errors import InputError
from archsim.numeric import (
    BIT_SERIAL,
    AveragedWires,
    CrossbarSettings,
    FixedRange,
    InputCircuit,
    IterativeBound,
    LowFrequencyNoise,
    OutputCircuit,
    ReadNoise,
    SShape,
    Stream,
    multiply,
    program,
)
from archsim.numeric.devices import PcmDevice
from archsim.numeric.encodings import BitSlices, DifferentialPair, SharedReference

torch = pytest.importorskip("torch")

GENERATOR = np.random.default_rng(43)
WEIGHTS = GENERATOR.normal(size=(40, 24))
INPUTS = GENERATOR.normal(size=(70, 40)).astype(np.float32)


def state(settings):
    return program(WEIGHTS, settings, Stream(3)).at(100.0)


def test_without_effects():
    vectors = torch.asarray(INPUTS)
    found = multiply(state(CrossbarSettings()).moved(vectors), vectors).outputs
    assert isinstance(found, torch.Tensor)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy(), INPUTS @ WEIGHTS, atol=5e-5)


@pytest.mark.parametrize(
    "encoding", [DifferentialPair(), SharedReference(), BitSlices(9, 3)], ids=lambda e: type(e).__name__
)
@pytest.mark.parametrize(
    "inputs",
    [InputCircuit(bits=8, noise=0.01), InputCircuit(bits=8, waveform=BIT_SERIAL)],
    ids=["pulse width", "bit-serial"],
)
def test_every_effect_as_in_numpy(encoding, inputs):
    crossbar = state(
        CrossbarSettings(
            encoding=encoding,
            device=PcmDevice(),
            read_noise=ReadNoise(LowFrequencyNoise.FRESH),
            wires=AveragedWires(0.35, 25e-6),
            inputs=inputs,
            outputs=OutputCircuit(
                bits=8,
                range=FixedRange(4.0),
                noise=0.04,
                shape=SShape(0.2, 0.1, 0.5),
                bound_management=IterativeBound(),
            ),
        )
    )
    vectors = torch.asarray(INPUTS)
    found, expected = multiply(crossbar.moved(vectors), vectors), multiply(crossbar, INPUTS)
    # A code on the edge between two levels may fall either way; all else agrees to rounding.
    assert np.percentile(np.abs(found.outputs.numpy() - expected.outputs), 99) < 1e-3
    np.testing.assert_array_equal(found.repeats.numpy(), expected.repeats)
    np.testing.assert_allclose(found.level.numpy(), expected.level, rtol=1e-3)


def test_splitting_a_batch_changes_no_draw():
    crossbar = state(CrossbarSettings(device=PcmDevice(), read_noise=ReadNoise(LowFrequencyNoise.FRESH)))
    vectors = torch.asarray(INPUTS)
    moved = crossbar.moved(vectors)
    whole = multiply(moved, vectors).outputs
    tail = multiply(moved, vectors[50:], first_sample=50).outputs
    torch.testing.assert_close(tail, whole[50:], rtol=0, atol=1e-5)


def test_bad_vectors_are_refused():
    vectors = torch.asarray(INPUTS)
    moved = state(CrossbarSettings()).moved(vectors)
    for bad in (torch.full_like(vectors, float("nan")), vectors[:, :-1], torch.ones(70, 40, dtype=torch.int64)):
        with pytest.raises(InputError):
            multiply(moved, bad)
