"""A device that pulses train: its steps, bounds and spreads.

Weights are normalised: the nominal bounds are about -1 and 1. Parameters of single devices are drawn once (device to
device), the noise of a step at every pulse (cycle to cycle). Equations as AIHWKIT 1.1 has them (rpu_pulsed_device.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archsim.numeric.guards import at_least, positive, require
from archsim.numeric.update.laws import ConstantStep, Law


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound of the weight.

    Parameters
    ----------
    mean : float
    spread : float
        From device to device, relative.
    """

    mean: float
    spread: float = 0.0

    def __post_init__(self) -> None:
        at_least(self.spread, 0.0, "spread of a bound")


@dataclass(frozen=True, slots=True)
class Retention:
    """Decay towards a rest level: w <- rest + (w - rest)(1 - 1 / lifetime) with every mini-batch.

    Parameters
    ----------
    lifetime : float
        In mini-batches.
    spread : float
        Of the lifetime from device to device, relative.
    diffusion : float
        Standard deviation of a random walk, per mini-batch.
    """

    lifetime: float = float("inf")
    spread: float = 0.0
    diffusion: float = 0.0

    def __post_init__(self) -> None:
        require(self.lifetime >= 1, f"is {self.lifetime}", where="lifetime", remedy="Give at least 1 mini-batch.")
        at_least(self.spread, 0.0, "spread of the lifetime")
        at_least(self.diffusion, 0.0, "diffusion")


@dataclass(frozen=True, slots=True)
class Reset:
    """Where a device is put when it is reset, which is where it decays to, too.

    Parameters
    ----------
    level, spread : float
        Mean over devices, and standard deviation from device to device.
    noise : float
        Standard deviation from reset to reset.
    """

    level: float = 0.0
    spread: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        at_least(self.spread, 0.0, "spread of the reset level")
        at_least(self.noise, 0.0, "noise of a reset")


@dataclass(frozen=True, slots=True)
class Stuck:
    """Devices that no pulse moves.

    Parameters
    ----------
    share : float
        Of all devices.
    within : float
        They are stuck at levels drawn evenly within this share of the bounds.
    """

    share: float
    within: float = 0.1

    def __post_init__(self) -> None:
        require(0 <= self.share <= 1, f"is {self.share}", where="share of stuck devices", remedy="Give 0 to 1.")
        require(0 <= self.within <= 1, f"is {self.within}", where="range of stuck devices", remedy="Give 0 to 1.")


@dataclass(frozen=True, slots=True)
class Reference:
    """A second device that is never updated: the weight seen is the first one's less its.

    Parameters
    ----------
    symmetric : bool
        Whether it is set to the first one's symmetry point, where steps up and down are equal.
    mean, spread : float
        What is added to it: mean over devices, and standard deviation.
    """

    symmetric: bool = True
    mean: float = 0.0
    spread: float = 0.0

    def __post_init__(self) -> None:
        at_least(self.spread, 0.0, "spread of the reference")


@dataclass(frozen=True, slots=True)
class PulsedDevice:
    """A device that pulses train.

    Parameters
    ----------
    step : float
        dw_min, mean change of a weight by one pulse at 0, in normalised weights.
    law : Law
    upper, lower : Bound
    step_spread : float
        Of the step from device to device, relative.
    log_normal : bool
        Whether that spread is log-normal.
    step_noise : float
        From pulse to pulse, relative.
    asymmetry : float
        By how much steps up exceed steps down, relative: the other direction is smaller by it.
    asymmetry_spread : float
        From device to device.
    write_noise : float
        Standard deviation of the weight seen around the one that lasts, in steps; drawn anew with every update.
    retention, reset, stuck, reference
    """

    step: float
    law: Law = field(default_factory=ConstantStep)
    upper: Bound = field(default_factory=lambda: Bound(1.0))
    lower: Bound = field(default_factory=lambda: Bound(-1.0))
    step_spread: float = 0.0
    log_normal: bool = False
    step_noise: float = 0.0
    asymmetry: float = 0.0
    asymmetry_spread: float = 0.0
    write_noise: float = 0.0
    retention: Retention = field(default_factory=Retention)
    reset: Reset = field(default_factory=Reset)
    stuck: Stuck | None = None
    reference: Reference | None = None

    def __post_init__(self) -> None:
        positive(self.step, "step of a pulse")
        for value, words in (
            (self.step_spread, "spread of the step"),
            (self.step_noise, "noise of the step"),
            (self.asymmetry_spread, "spread of the asymmetry"),
            (self.write_noise, "write noise"),
        ):
            at_least(value, 0.0, words)
        require(
            self.lower.mean <= 0 <= self.upper.mean and self.lower.mean < self.upper.mean,
            f"are {self.lower.mean} and {self.upper.mean}",
            where="bounds of the weight",
            remedy="Give a lower bound of at most 0 and an upper one of at least 0.",
        )
