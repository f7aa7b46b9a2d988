"""Output side: column nonlinearity, output noise and ADC.

Source: AIHWKIT forward chain (rpu_forward_backward_pass.cpp); CrossSim ADC ranges. Signals are in full-scale inputs
times full-scale weights (AIHWKIT's units).

    S-shape   y <- k y / (1 + |n_i y|),  n_i = |(NL / bound)(1 + NL_spread draw_i)|, fixed per column,
              k = (1 + mean(n) slope bound)^2
    noise     y <- y + sigma_i draw,  sigma_i = noise (1 + noise_spread draw_i), fixed per column
    ADC       y <- (round(y / lsb - h) + h) lsb, clipped to the range;  a value at the bound is not a clip
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from archsim.numeric.drive import check_percentile
from archsim.numeric.guards import at_least, bit_count, positive


class Codes(Enum):
    """Levels of an ADC of b bits."""

    SYMMETRIC = "symmetric"
    """2^b - 1 levels between -bound and bound, zero among them."""
    FULL = "full"
    """2^b levels between -bound and bound, none at zero."""
    UNSIGNED = "unsigned"
    """2^b levels between 0 and bound."""


class Conversion(Enum):
    """When the ADC converts."""

    PER_PHASE = "per phase"
    """After every input phase; the phases are added digitally."""
    ACCUMULATED = "accumulated"
    """Once, after the phases were added in the analog domain."""


@dataclass(frozen=True, slots=True)
class FixedRange:
    """A bound that is known.

    Parameters
    ----------
    bound : float
        In full-scale inputs times full-scale weights.
    """

    bound: float

    def __post_init__(self) -> None:
        positive(self.bound, "ADC bound")


@dataclass(frozen=True, slots=True)
class FullRange:
    """The most that the array can give, with every input at its bound and every cell at its limit: nothing clips."""


@dataclass(frozen=True, slots=True)
class CalibratedRange:
    """A bound from data: a percentile of the magnitudes seen in calibration.

    Parameters
    ----------
    percentile : float
        In (0, 100]; 100 is the largest magnitude.
    per_column : bool
        One bound per column instead of one per group.
    """

    percentile: float
    per_column: bool = False

    def __post_init__(self) -> None:
        check_percentile(self.percentile)


AdcRange = FixedRange | FullRange | CalibratedRange


@dataclass(frozen=True, slots=True)
class SShape:
    """Saturating columns.

    Parameters
    ----------
    nonlinearity : float
        NL, relative to the bound.
    spread : float
        NL_spread, from column to column.
    slope_calibration : float
        Slope that the gain k corrects.
    """

    nonlinearity: float
    spread: float = 0.0
    slope_calibration: float = 0.0

    def __post_init__(self) -> None:
        at_least(self.nonlinearity, 0.0, "column nonlinearity")
        at_least(self.spread, 0.0, "spread of the column nonlinearity")
        at_least(self.slope_calibration, 0.0, "slope calibration")


@dataclass(frozen=True, slots=True)
class IterativeBound:
    """Halve the inputs of a vector whose outputs clip and read again (AIHWKIT's ITERATIVE bound management).

    Parameters
    ----------
    max_factor : float
        No further halving beyond this factor.
    max_resolution : float
        Nor beyond this share of the DAC's levels: factor > max_resolution / input resolution.
    """

    max_factor: float = 1000.0
    max_resolution: float = 0.25

    def __post_init__(self) -> None:
        at_least(self.max_factor, 1.0, "largest bound-management factor")
        positive(self.max_resolution, "bound management's share of the DAC's levels")


@dataclass(frozen=True, slots=True)
class OutputCircuit:
    """Column circuits and ADCs.

    Parameters
    ----------
    bits : int or None
        Resolution; None converts exactly (and does not clip).
    range : AdcRange
        Bound of the conversion.
    codes : Codes
        Levels.
    conversion : Conversion
        Per phase or after accumulation.
    noise, noise_spread : float
        Output noise per conversion, and its relative spread over columns.
    shape : SShape or None
        Column nonlinearity.
    bound_management : IterativeBound or None
        What happens on clipping.
    """

    bits: int | None = None
    range: AdcRange = field(default_factory=FullRange)
    codes: Codes = Codes.SYMMETRIC
    conversion: Conversion = Conversion.PER_PHASE
    noise: float = 0.0
    noise_spread: float = 0.0
    shape: SShape | None = None
    bound_management: IterativeBound | None = None

    def __post_init__(self) -> None:
        bit_count(self.bits, 2 if self.codes is Codes.SYMMETRIC else 1, "ADC resolution")
        at_least(self.noise, 0.0, "output noise")
        at_least(self.noise_spread, 0.0, "spread of the output noise")

    @property
    def steps(self) -> float:
        """Steps of the conversion between 0 and the bound."""
        assert self.bits is not None
        if self.codes is Codes.SYMMETRIC:
            return 2.0 ** (self.bits - 1) - 1
        full = 2.0**self.bits - 1
        return full / 2 if self.codes is Codes.FULL else full

    @property
    def half_step(self) -> float:
        """h: levels lie at whole steps, or between them."""
        return 0.5 if self.codes is Codes.FULL else 0.0

    @property
    def lowest(self) -> float:
        """Lower end of the range, in bounds."""
        return 0.0 if self.codes is Codes.UNSIGNED else -1.0
