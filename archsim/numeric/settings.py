"""Everything that is chosen about one crossbar array. The defaults are ideal: every non-ideality is off."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from archsim.numeric.devices import Device, IdealDevice
from archsim.numeric.drive import InputCircuit
from archsim.numeric.encodings import DifferentialPair, Encoding
from archsim.numeric.guards import at_least, bit_count, positive
from archsim.numeric.programming import Faults, Programming, SingleShot
from archsim.numeric.scaling import Scaling
from archsim.numeric.sense import OutputCircuit
from archsim.numeric.wires import PerfectWires, Wires


class LowFrequencyNoise(Enum):
    """How the device's 1/f noise enters."""

    NONE = "none"
    FROZEN = "frozen"
    """Drawn once per reading time: slow against a batch (AIHWKIT)."""
    FRESH = "fresh"
    """Drawn for every vector, referred to the outputs: sigma_i^2 = sum_j sigma_ij^2 x_j^2."""


@dataclass(frozen=True, slots=True)
class ReadNoise:
    """Noise of reading the cells. All but the 1/f noise is white: fresh for every vector and phase.

    Parameters
    ----------
    low_frequency : LowFrequencyNoise
        The device's own reading noise.
    cell : float
        Standard deviation per cell, as a fraction of the conductance range.
    weight : float
        Standard deviation per normalised weight (AIHWKIT's w_noise, ADDITIVE_CONSTANT).
    proportional : float
        The same for sigma_ij^2 = proportional^2 |w_ij| (AIHWKIT's w_noise, PCM_READ).
    """

    low_frequency: LowFrequencyNoise = LowFrequencyNoise.NONE
    cell: float = 0.0
    weight: float = 0.0
    proportional: float = 0.0

    def __post_init__(self) -> None:
        at_least(self.cell, 0.0, "read noise per cell")
        at_least(self.weight, 0.0, "read noise per weight")
        at_least(self.proportional, 0.0, "proportional read noise")

    @property
    def per_vector(self) -> bool:
        """Whether anything is drawn for every vector."""
        return self.low_frequency is LowFrequencyNoise.FRESH or max(self.cell, self.weight, self.proportional) > 0


@dataclass(frozen=True, slots=True)
class MeasuredCompensation:
    """Drift compensation from readings of one-hot inputs, just after programming and now (AIHWKIT).

    alpha = s_0 / s_t, s = mean of |y| over all outputs and one-hot inputs, at least 1e-4. Each recalibration costs as
    many vectors as the array has rows.

    Parameters
    ----------
    per_column : bool
        One alpha per column instead of one per array.
    """

    per_column: bool = False


@dataclass(frozen=True, slots=True)
class ScheduledCompensation:
    """Drift compensation by the clock: alpha = ((t + t_0) / t_0)^nu.

    Parameters
    ----------
    exponent : float
        nu, the mean drift exponent that is assumed.
    first_s : float
        t_0, in seconds.
    """

    exponent: float
    first_s: float

    def __post_init__(self) -> None:
        at_least(self.exponent, 0.0, "drift exponent of the compensation")
        positive(self.first_s, "first reading time of the compensation (s)")


Compensation = MeasuredCompensation | ScheduledCompensation


@dataclass(frozen=True, slots=True)
class CrossbarSettings:
    """One array with its periphery.

    Parameters
    ----------
    encoding, scaling
        How weights become states of cells.
    device, programming, faults, read_noise
        The cells, how they are written, which fail, and how noisy they are.
    wires
        IR drop.
    inputs, outputs
        DACs and row drivers; columns and ADCs.
    compensation
        Digital drift compensation, or None.
    scale_bits
        Resolution of the digital scale factors, relative to the largest of the array; None is exact.
    """

    encoding: Encoding = field(default_factory=DifferentialPair)
    scaling: Scaling = field(default_factory=Scaling)
    device: Device = field(default_factory=IdealDevice)
    programming: Programming = field(default_factory=SingleShot)
    faults: Faults = field(default_factory=Faults)
    read_noise: ReadNoise = field(default_factory=ReadNoise)
    wires: Wires = field(default_factory=PerfectWires)
    inputs: InputCircuit = field(default_factory=InputCircuit)
    outputs: OutputCircuit = field(default_factory=OutputCircuit)
    compensation: Compensation | None = None
    scale_bits: int | None = None

    def __post_init__(self) -> None:
        bit_count(self.scale_bits, 1, "resolution of the digital scales")
