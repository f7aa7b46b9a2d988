"""What stands at the sides of an array: drivers that apply inputs, and converters that read sums."""

from __future__ import annotations

from enum import StrEnum
from math import pi
from typing import Annotated, Self

from pydantic import Field, model_validator

from archsim.chip.section import (
    CostChoice,
    Flag,
    Fraction,
    Lines,
    Precision,
    Seconds,
    Section,
    refusal,
    refuse_implausible,
)


class InputKind(StrEnum):
    """How an input vector is applied."""

    PULSE_WIDTH = "pulse-width"
    BIT_SERIAL = "bit-serial"
    VOLTAGE = "voltage"


FOLLOWING_INPUTS = (InputKind.PULSE_WIDTH,)
"""Inputs whose phase has a slot per level: it doubles with each bit."""


Growth = Annotated[float, Field(ge=1, le=256, strict=True)]
SignPhases = Annotated[int, Field(ge=1, le=4, strict=True)]


class InputDriver(Section):
    """The rows' drivers: pulse-width modulators or digital-to-analog converters.

    Parameters
    ----------
    kind : InputKind
        How a value is applied.
    bits : int
        Of an input element, its sign included.
    bits_per_phase : int, optional
        Of a bit-serial input; of a pulse-width input that is applied in several phases, whose last, of the most
        significant bits, is shorter where fewer are left.
    sign_phases : int
        2 where positive and negative inputs are applied one after the other, 4 where the devices' polarities are, too.
    phase_time : Seconds
        Integration time of one phase, of the first where they grow; there are ceil(bits / bits_per_phase) of them,
        times ``sign_phases``.
    phase_growth : float, optional
        Of a bit-serial input, each phase's time over that of the one before, least significant first: 2 where bits are
        weighted by time.
    phase_bits : int, optional
        Of a pulse-width input, the bits that ``phase_time`` is for: each bit more doubles the slots of a phase. A file
        that gives a time gives it for the bits that stand beside it: those of a phase, where there are several.
    mean_activity : float
        Mean input magnitude as a fraction of full scale (pulse width, voltage), or the fraction of ones (bit serial).
    mean_square : float, optional
        Of voltages: the mean of their squares, as fractions of full scale; where not given, that of half-normal inputs
        of the mean magnitude, pi / 2 of its square.
    """

    kind: InputKind
    bits: Precision
    bits_per_phase: Precision | None = None
    sign_phases: SignPhases = 1
    phase_time: Seconds
    phase_growth: Growth | None = None
    phase_bits: Precision | None = None
    mean_activity: Fraction
    mean_square: Fraction | None = None
    cost: CostChoice

    @property
    def phase_seconds(self) -> float:
        """Integration time of one phase of ``bits``, or ``bits_per_phase``: of the first."""
        doublings = 0 if self.phase_bits is None else self._phase_bits - self.phase_bits
        return self.phase_time * 2.0**doublings

    @property
    def duty(self) -> float:
        """Mean energy of an input relative to full scale: of a voltage, the mean of its square."""
        if self.kind is not InputKind.VOLTAGE:
            return self.mean_activity
        half_normal = min(pi / 2 * self.mean_activity**2, self.mean_activity)
        return half_normal if self.mean_square is None else self.mean_square

    @property
    def exposure(self) -> float:
        """Seconds at full scale in which a device conducts per product: in one of the sign phases."""
        return sum(self.phase_lengths) / self.sign_phases * self.duty

    @property
    def phases(self) -> int:
        """Analog phases per matrix-vector product."""
        return len(self.phase_lengths)

    @property
    def phase_lengths(self) -> tuple[float, ...]:
        """Integration time of each phase of a product, in seconds: those of one sign, then those of the next."""
        count = -(-self.bits // self._phase_bits)
        lengths = [self.phase_seconds * (self.phase_growth or 1.0) ** phase for phase in range(count)]
        if self.kind is InputKind.PULSE_WIDTH:
            lengths[-1] *= 2.0 ** (self.bits - count * self._phase_bits)
        return tuple(lengths) * self.sign_phases

    @property
    def mean_phase_seconds(self) -> float:
        """Integration time of a phase, on average."""
        return sum(self.phase_lengths) / self.phases

    @property
    def _phase_bits(self) -> int:
        return self.bits_per_phase or self.bits

    @model_validator(mode="after")
    def _spread(self) -> Self:
        if self.mean_square is None:
            return self
        if self.kind is not InputKind.VOLTAGE:
            raise refusal(f"mean_square is given for a {self.kind} input", "Remove it, or choose 'kind: voltage'.")
        if not self.mean_activity**2 <= self.mean_square <= self.mean_activity:
            raise refusal(
                f"inputs of mean magnitude {self.mean_activity:g} have no mean square of {self.mean_square:g}",
                f"Give {self.mean_activity**2:.4g} (all alike) to {self.mean_activity:g} (full scale or nothing).",
            )
        return self

    @model_validator(mode="after")
    def _phased(self) -> Self:
        serial = self.kind is InputKind.BIT_SERIAL
        if serial and self.bits_per_phase is None:
            raise refusal("a bit-serial input does not say how many bits a phase has", "Add 'bits_per_phase: 1'.")
        if self.kind is InputKind.VOLTAGE and self.bits_per_phase is not None:
            raise refusal(
                f"bits_per_phase is given for a {self.kind} input",
                "Remove it, or choose 'kind: bit-serial'.",
            )
        if not serial and self.phase_growth is not None:
            raise refusal(f"phase_growth is given for a {self.kind} input", "Remove it, or choose 'kind: bit-serial'.")
        if self.bits_per_phase is not None and self.bits_per_phase > self.bits:
            raise refusal(
                f"{self.bits_per_phase} bits per phase of a {self.bits}-bit input",
                "Give at most as many bits per phase as the input has.",
            )
        if self.phase_bits is not None and self.kind not in FOLLOWING_INPUTS:
            raise refusal(
                f"phase_bits is given for a {self.kind} input, whose phases do not lengthen with its bits",
                "Remove it, or choose 'kind: pulse-width'.",
            )
        for length in (self.phase_seconds, *self.phase_lengths):
            refuse_implausible(length, "s")
        return self


class AdcKind(StrEnum):
    """Converter families."""

    OSCILLATOR = "oscillator"
    SAR = "sar"
    RAMP = "ramp"
    FLASH = "flash"
    INTEGRATING = "integrating"


FOLLOWING_CONVERTERS = (AdcKind.SAR, AdcKind.RAMP, AdcKind.INTEGRATING, AdcKind.OSCILLATOR)
"""Converters that take a step per bit, or per level; all but the flash."""


class Adc(Section):
    """The columns' converters.

    Parameters
    ----------
    columns_per_adc : int
        Physical columns that take turns on one converter.
    conversion_time : Seconds
        Of one column.
    conversion_bits : int, optional
        The bits that ``conversion_time`` is for: a successive approximation takes a step per bit, a ramp, an
        integrator and an oscillator one per level, a flash one in all. A file that gives a time gives it for the bits
        that stand beside it.
    during_integration : bool
        True for an oscillator that counts while the array integrates; ``conversion_time`` then is what remains after
        the phase, and does not depend on the bits.
    per_phase : bool
        True where every phase is converted and combined digitally; False where phases add up in the analog domain.
    held : bool
        True where a sample-and-hold lets the array go on while its columns are converted.
    sample_hold : CostChoice, optional
        Of one column's sample-and-hold.
    """

    kind: AdcKind
    bits: Precision
    columns_per_adc: Lines
    conversion_time: Seconds
    conversion_bits: Precision | None = None
    during_integration: Flag = False
    per_phase: Flag = False
    held: Flag = False
    cost: CostChoice
    sample_hold: CostChoice | None = None

    @property
    def conversion_seconds(self) -> float:
        """Conversion time of one column at ``bits``."""
        if self.conversion_bits is None:
            return self.conversion_time
        if self.kind is AdcKind.SAR:
            return self.conversion_time * self.bits / self.conversion_bits
        return self.conversion_time * 2.0 ** (self.bits - self.conversion_bits)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.held != (self.sample_hold is not None):
            raise refusal(
                "a sample-and-hold and its cost go together",
                "Give both 'held: true' and 'sample_hold', or neither.",
            )
        if self.during_integration and self.columns_per_adc > 1:
            raise refusal(
                f"a converter that counts during integration is shared by {self.columns_per_adc} columns",
                "Give every column its own (columns_per_adc: 1), or set during_integration: false.",
            )
        if self.during_integration and self.held:
            raise refusal(
                "a converter that counts during integration has nothing to hold", "Remove one of the two flags."
            )
        return self

    @model_validator(mode="after")
    def _timed(self) -> Self:
        if self.during_integration and self.kind is not AdcKind.OSCILLATOR:
            raise refusal(
                f"a {self.kind} converter counts during integration",
                "Only an oscillator does: set during_integration: false, or choose 'kind: oscillator'.",
            )
        if self.conversion_bits is not None and (self.during_integration or self.kind not in FOLLOWING_CONVERTERS):
            raise refusal(
                "conversion_bits is given for a converter whose time does not depend on the bits",
                "Remove it, or choose a converter that takes a step per bit or level and counts by itself.",
            )
        refuse_implausible(self.conversion_seconds, "s")
        return self
