"""Slices, converters and parasitics against values that CrossSim 3.2.0 gave."""

import numpy as np
import pytest

from archsim.numeric import (
    Codes,
    CrossbarSettings,
    ExactWires,
    FullRange,
    InputCircuit,
    OutputCircuit,
    Stream,
    UnitScale,
    WireResistance,
    multiply,
    program,
)
from archsim.numeric.devices import IdealDevice
from archsim.numeric.encodings import BitSlices

WEIGHTS = np.linspace(-1, 1, 32).reshape(4, 8).T
INPUTS = np.linspace(-0.9, 0.95, 8).astype(np.float32)[None]
DAC = InputCircuit(bits=8, scale=UnitScale(), zero_level=False)
BALANCED = BitSlices(weight_bits=5, slices=1)
"""Pairs of cells of four bits."""


def outputs(settings):
    return multiply(program(WEIGHTS, settings, Stream(0)).at(0.0), INPUTS).outputs[0]


def test_cells_of_four_bits_and_an_eight_bit_dac():
    expected = [0.5845751, 0.6933333, 0.7884967, 0.8972549]
    np.testing.assert_allclose(outputs(CrossbarSettings(encoding=BALANCED, inputs=DAC)), expected, atol=3e-7)


def test_with_an_adc_over_the_full_range():
    adc = OutputCircuit(bits=8, range=FullRange(), codes=Codes.FULL)
    expected = [0.5960784, 0.7215686, 0.7843137, 0.9098039]
    found = outputs(CrossbarSettings(encoding=BALANCED, inputs=DAC, outputs=adc))
    np.testing.assert_allclose(found, expected, atol=3e-7)


@pytest.mark.parametrize(
    ("segment_ohm", "expected"),
    [
        (1.0, [0.5144491, 0.6500856, 0.7614825, 0.8742211]),
        (10.0, [0.2032266, 0.5398185, 0.7097465, 0.8842181]),
        (100.0, [-0.4776118, 0.1153879, 0.4232803, 0.6314613]),
    ],
)
def test_parasitics(segment_ohm, expected):
    """Cells of 1 to 10 kilo-ohm. Their relaxation stops at errors of 1e-3: the tolerance. The drop is up to 1.04."""
    wires = ExactWires(WireResistance(segment_ohm, segment_ohm))
    found = outputs(CrossbarSettings(device=IdealDevice(1e-4, 1e-3), wires=wires))
    np.testing.assert_allclose(found, expected, atol=2.5e-3)
