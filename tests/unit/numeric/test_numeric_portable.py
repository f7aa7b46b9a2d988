"""The plain array path (any array-API namespace) gives what the compiled numpy path gives."""

import array_api_strict
import numpy as np
import pytest

from archsim.numeric import (
    BIT_SERIAL,
    AveragedWires,
    BitSliced,
    Codes,
    Conversion,
    CrossbarSettings,
    FixedRange,
    InputCircuit,
    IterativeBound,
    LowFrequencyNoise,
    MeasuredCompensation,
    OutputCircuit,
    PerfectWires,
    Polarity,
    PulseWidth,
    ReadNoise,
    SShape,
    Stream,
    SumScale,
    multiply,
    program,
)
from archsim.numeric.devices import PcmDevice
from archsim.numeric.encodings import BitSlices, DifferentialPair, OffsetCell, SharedReference

GENERATOR = np.random.default_rng(41)
WEIGHTS = GENERATOR.normal(size=(40, 24))
INPUTS = GENERATOR.normal(size=(70, 40)).astype(np.float32)


def both(settings, inputs=INPUTS):
    state = program(WEIGHTS, settings, Stream(3)).at(100.0)
    strict = array_api_strict.asarray(inputs)
    return multiply(state, inputs), multiply(state.moved(strict), strict)


@pytest.mark.parametrize(
    "encoding", [DifferentialPair(), SharedReference(), BitSlices(9, 3), OffsetCell()], ids=lambda e: type(e).__name__
)
@pytest.mark.parametrize("waveform", [PulseWidth(), BitSliced(3), BIT_SERIAL])
@pytest.mark.parametrize("polarity", Polarity)
@pytest.mark.parametrize("conversion", Conversion)
@pytest.mark.parametrize("wires", [PerfectWires(), AveragedWires(0.35, 25e-6)], ids=lambda w: type(w).__name__)
def test_all_effects_at_once(encoding, waveform, polarity, conversion, wires):
    settings = CrossbarSettings(
        encoding=encoding,
        device=PcmDevice(),
        read_noise=ReadNoise(LowFrequencyNoise.FRESH),
        wires=wires,
        inputs=InputCircuit(bits=8, waveform=waveform, polarity=polarity, noise=0.01, scale=SumScale(0.3, 5.0)),
        outputs=OutputCircuit(
            bits=8,
            range=FixedRange(4.0),
            conversion=conversion,
            noise=0.04,
            noise_spread=0.1,
            shape=SShape(0.2, 0.1, 0.5),
            bound_management=IterativeBound(),
        ),
        compensation=MeasuredCompensation(),
    )
    compiled, portable = both(settings)
    difference = np.abs(compiled.outputs - np.asarray(portable.outputs))
    # A code on the edge between two levels may fall either way; all else agrees to rounding.
    assert np.percentile(difference, 99) < 1e-3
    np.testing.assert_array_equal(compiled.repeats, np.asarray(portable.repeats))
    np.testing.assert_allclose(compiled.level, np.asarray(portable.level), rtol=1e-3)
    np.testing.assert_allclose(compiled.clipped, np.asarray(portable.clipped), atol=1e-2)


@pytest.mark.parametrize("codes", Codes)
@pytest.mark.parametrize("signed", [True, False])
def test_codes_of_both_converters(codes, signed):
    inputs = InputCircuit(bits=6, signed=signed, zero_level=not signed)
    outputs = OutputCircuit(bits=6, range=FixedRange(12.0), codes=codes)
    compiled, portable = both(CrossbarSettings(inputs=inputs, outputs=outputs))
    assert np.mean(np.abs(compiled.outputs - np.asarray(portable.outputs)) > 1e-4) < 0.01


def test_without_effects_in_another_namespace():
    compiled, portable = both(CrossbarSettings())
    np.testing.assert_allclose(compiled.outputs, np.asarray(portable.outputs), atol=2e-5)
    np.testing.assert_allclose(np.asarray(portable.outputs), INPUTS @ WEIGHTS, atol=5e-5)
