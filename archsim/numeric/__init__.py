"""The numeric crossbar: what an analog array really computes.

``program`` writes a weight matrix into cells, ``ProgrammedArray.at`` gives their state at a time, ``multiply`` puts
vectors through the whole chain of DAC, array, wires, columns, ADC and digital correction. All are pure functions;
randomness is named by a ``Stream`` and the absolute index of a vector, so that results depend neither on how batches
are split nor on the order in which arrays are treated.

Not modelled: cells with a nonlinear I(V); offset voltage and series resistance of the column circuits; circuit-level
errors inside an ADC; input-dependent short-term read noise; temperature (no source gives coefficients).
"""

from archsim.numeric.calibration import Affine, calibrate, fit_affine, mean_drive
from archsim.numeric.drive import (
    BIT_SERIAL,
    AbsMaxScale,
    BitSliced,
    CalibratedScale,
    ConstantScale,
    InputCircuit,
    Polarity,
    PulseWidth,
    SumScale,
    UnitScale,
    phases,
)
from archsim.numeric.multiply import conversions, multiply, multiply_whole
from archsim.numeric.nodal import WireResistance, effective_conductance
from archsim.numeric.programmed import ProgrammedArray, program, program_measured
from archsim.numeric.programming import Faults, ProgramAndVerify, Programming, SingleShot
from archsim.numeric.scaling import Scaling, Span
from archsim.numeric.sense import (
    CalibratedRange,
    Codes,
    Conversion,
    FixedRange,
    FullRange,
    IterativeBound,
    OutputCircuit,
    SShape,
)
from archsim.numeric.settings import (
    CrossbarSettings,
    LowFrequencyNoise,
    MeasuredCompensation,
    ReadNoise,
    ScheduledCompensation,
)
from archsim.numeric.state import Crossbar, Readout
from archsim.numeric.streams import Stream
from archsim.numeric.wires import AveragedWires, CellLayout, ExactWires, PerfectWires, Wires

__all__ = [
    "BIT_SERIAL",
    "AbsMaxScale",
    "Affine",
    "AveragedWires",
    "BitSliced",
    "CalibratedRange",
    "CalibratedScale",
    "CellLayout",
    "Codes",
    "ConstantScale",
    "Conversion",
    "Crossbar",
    "CrossbarSettings",
    "ExactWires",
    "Faults",
    "FixedRange",
    "FullRange",
    "InputCircuit",
    "IterativeBound",
    "LowFrequencyNoise",
    "MeasuredCompensation",
    "OutputCircuit",
    "PerfectWires",
    "Polarity",
    "ProgramAndVerify",
    "ProgrammedArray",
    "Programming",
    "PulseWidth",
    "ReadNoise",
    "Readout",
    "SShape",
    "Scaling",
    "ScheduledCompensation",
    "SingleShot",
    "Span",
    "Stream",
    "SumScale",
    "UnitScale",
    "WireResistance",
    "Wires",
    "calibrate",
    "conversions",
    "effective_conductance",
    "fit_affine",
    "mean_drive",
    "multiply",
    "multiply_whole",
    "phases",
    "program",
    "program_measured",
]
