"""Input side: scaling of vectors, DAC, and the phases in which an input is applied.

Source: AIHWKIT noise management and DAC (rpu_forward_backward_pass.cpp, io.py); CrossSim input slicing.

    code = round(x / a / bound * L), clipped to +-L;  L = 2^(n-1) - 1 for n signed bits, 2^n - 1 unsigned

A phase applies some bits of the code: digit = (|code| >> shift) & mask, as the signal digit / mask * bound with the
code's sign, and counts 2^shift mask / L in the result. Pulse width is one phase with all bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from archsim.numeric.arrays import Array, namespace
from archsim.numeric.guards import at_least, bit_count, positive, require


class Polarity(Enum):
    """Which combinations of signs are read in phases of their own."""

    TOGETHER = "together"
    """One phase for all signs."""
    SPLIT_INPUTS = "split inputs"
    """Positive and negative inputs apart: two phases."""
    SPLIT_ALL = "split inputs and cells"
    """Positive and negative inputs, and every plane of cells, apart: four phases for a differential pair."""


class SignPart(Enum):
    """Which inputs a phase drives."""

    BOTH = 0
    POSITIVE = 1
    NEGATIVE = -1


@dataclass(frozen=True, slots=True)
class UnitScale:
    """Vectors are applied as they are, 1 being full scale."""


@dataclass(frozen=True, slots=True)
class ConstantScale:
    """Every vector is divided by the same number: the input range of a tile.

    Parameters
    ----------
    value : float
        Input of full scale.
    """

    value: float

    def __post_init__(self) -> None:
        positive(self.value, "input range")


@dataclass(frozen=True, slots=True)
class AbsMaxScale:
    """Every vector is divided by its largest magnitude."""


@dataclass(frozen=True, slots=True)
class SumScale:
    """Largest magnitude, or more when the sum of inputs of one sign would saturate the output.

    a = max(max|x|, max(sum x+, sum |x-|) weight / output bound); AIHWKIT's ABS_MAX_NP_SUM.

    Parameters
    ----------
    assumed_weight : float
        Mean normalised weight that is assumed.
    output_bound : float
        Bound of the ADC in full-scale inputs times full-scale weights.
    """

    assumed_weight: float
    output_bound: float

    def __post_init__(self) -> None:
        positive(self.assumed_weight, "assumed weight")
        positive(self.output_bound, "output bound")


@dataclass(frozen=True, slots=True)
class CalibratedScale:
    """Input range from data: a percentile of the magnitudes seen in calibration.

    Parameters
    ----------
    percentile : float
        In (0, 100]; 100 is the largest magnitude.
    """

    percentile: float

    def __post_init__(self) -> None:
        check_percentile(self.percentile)


InputScale = UnitScale | ConstantScale | AbsMaxScale | SumScale | CalibratedScale


@dataclass(frozen=True, slots=True)
class PulseWidth:
    """All bits in one phase, as the length of a pulse."""


@dataclass(frozen=True, slots=True)
class BitSliced:
    """Several bits per phase, least significant first; one bit per phase is bit-serial.

    Parameters
    ----------
    bits : int
        Bits per phase.
    """

    bits: int

    def __post_init__(self) -> None:
        bit_count(self.bits, 1, "bits per input phase")


BIT_SERIAL = BitSliced(1)


@dataclass(frozen=True, slots=True)
class InputCircuit:
    """DACs and drivers of the rows.

    Parameters
    ----------
    bits : int or None
        Resolution, sign included when signed; None is exact.
    bound : float
        Clipping of scaled inputs, in full scales.
    signed : bool
        Inputs of both signs; otherwise negative inputs are clipped to zero.
    zero_level : bool
        Zero is one of 2^n - 1 signed levels; otherwise there are 2^n levels, none at zero (CrossSim's DAC), which
        only pulse width can apply.
    waveform : PulseWidth or BitSliced
        How the bits are applied.
    polarity : Polarity
        Phases by sign.
    scale : InputScale
        Scaling of vectors before the DAC (noise management).
    noise : float
        Standard deviation of the applied signal, in full scales, drawn per input and phase.
    """

    bits: int | None = None
    bound: float = 1.0
    signed: bool = True
    zero_level: bool = True
    waveform: PulseWidth | BitSliced = field(default_factory=PulseWidth)
    polarity: Polarity = Polarity.TOGETHER
    scale: InputScale = field(default_factory=AbsMaxScale)
    noise: float = 0.0

    def __post_init__(self) -> None:
        bit_count(self.bits, 2 if self.signed else 1, "DAC resolution")
        positive(self.bound, "input bound")
        at_least(self.noise, 0.0, "input noise")
        require(
            self.bits is not None or isinstance(self.waveform, PulseWidth),
            "has sliced inputs and no resolution",
            where="input circuit",
            remedy="Give the DAC a number of bits, or apply inputs by pulse width.",
        )
        require(
            self.zero_level or (self.signed and isinstance(self.waveform, PulseWidth)),
            "has no zero level, and unsigned or sliced inputs",
            where="input circuit",
            remedy="Apply signed inputs by pulse width, or give the DAC a zero level.",
        )

    @property
    def magnitude_bits(self) -> int:
        """Bits of the code without its sign."""
        assert self.bits is not None
        return self.bits - 1 if self.signed else self.bits

    @property
    def largest_code(self) -> int:
        """L, of codes with a zero level."""
        return int(2**self.magnitude_bits - 1)

    @property
    def steps(self) -> float:
        """Steps between 0 and the bound."""
        return float(self.largest_code) if self.zero_level else self.largest_code + 0.5

    @property
    def half_step(self) -> float:
        """Where levels lie: at whole steps, or between them."""
        return 0.0 if self.zero_level else 0.5


EXACT = 0
"""Mask of a phase without a DAC."""
WHOLE = -1
"""Mask of a phase that applies the whole code."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One application of part of the inputs.

    Parameters
    ----------
    shift, mask : int
        Bits of the code's magnitude that are applied; the mask may be ``EXACT`` or ``WHOLE``.
    weight : float
        Factor of the phase in the result.
    part : SignPart
        Inputs that are driven.
    """

    shift: int
    mask: int
    weight: float
    part: SignPart


@lru_cache
def phases(circuit: InputCircuit) -> tuple[Phase, ...]:
    """Phases of one matrix-vector product, in order."""
    if circuit.polarity is Polarity.TOGETHER:
        parts: tuple[SignPart, ...] = (SignPart.BOTH,)
    else:
        parts = (SignPart.POSITIVE, SignPart.NEGATIVE) if circuit.signed else (SignPart.POSITIVE,)
    return tuple(
        Phase(shift, mask, weight * (-1.0 if part is SignPart.NEGATIVE else 1.0), part)
        for shift, mask, weight in _slices(circuit)
        for part in parts
    )


def _slices(circuit: InputCircuit) -> list[tuple[int, int, float]]:
    """Shift, mask and weight of every slice of bits."""
    if circuit.bits is None:
        return [(0, EXACT, 1.0)]
    if isinstance(circuit.waveform, PulseWidth):
        return [(0, WHOLE, 1.0)]
    step = circuit.waveform.bits
    mask = 2**step - 1
    return [(s, mask, 2**s * mask / circuit.largest_code) for s in range(0, circuit.magnitude_bits, step)]


def row_scales(inputs: Array, scale: InputScale, calibrated: float | None) -> Array:
    """The factor a of every vector, shape (batch, 1); vectors of zeros have 1.

    Raises
    ------
    InputError
        If the range is to be calibrated and has not been.
    """
    xp = namespace(inputs)
    if isinstance(scale, AbsMaxScale):
        found = _largest(inputs)
    elif isinstance(scale, SumScale):
        upper = xp.sum(xp.clip(inputs, 0.0, None), axis=1, keepdims=True)
        lower = xp.sum(xp.clip(-inputs, 0.0, None), axis=1, keepdims=True)
        found = xp.maximum(_largest(inputs), xp.maximum(upper, lower) * (scale.assumed_weight / scale.output_bound))
    else:
        found = xp.full((inputs.shape[0], 1), _fixed_scale(scale, calibrated), dtype=xp.float32)
    result: Array = xp.where(found > 0, found, xp.ones_like(found))
    return result


def _largest(inputs: Array) -> Array:
    """Largest magnitude of every vector; two passes over the inputs are faster than one over a copy."""
    xp = namespace(inputs)
    found: Array = xp.maximum(xp.max(inputs, axis=1, keepdims=True), -xp.min(inputs, axis=1, keepdims=True))
    return found


def _fixed_scale(scale: InputScale, calibrated: float | None) -> float:
    if isinstance(scale, ConstantScale):
        return scale.value
    if isinstance(scale, CalibratedScale):
        require(
            calibrated is not None,
            "is to be calibrated and has not been",
            where="input range",
            remedy="Call calibrate with representative inputs first, or give a constant range.",
        )
        assert calibrated is not None
        return calibrated
    return 1.0


def check_percentile(percentile: float) -> None:
    """Refuse a percentile outside (0, 100]."""
    positive(percentile, "percentile")
    require(percentile <= 100, f"is {percentile}", where="percentile", remedy="Give a number of at most 100.")
