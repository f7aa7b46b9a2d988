"""Step laws: how far one pulse moves a weight, and by how much that varies from pulse to pulse.

A pulse up moves a weight by d + s xi, a pulse down by -(d + s xi), with xi a fresh standard normal; then the weight is
cut to its bounds. Every law gives d and s in terms of the weight w, its bounds b, the device's own scale of a step
(alpha, one for each direction) and the spread sigma of a step (``PulsedDevice.step_noise``).

Sources: Gokmen and Vlasov 2016 (constant); Burr 2014, Chen 2015, Gong 2018 (exponential); Fusi and Abbott 2007 (soft
bounds); the equations as AIHWKIT 1.1 computes them (rpu_*step_device.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np

from archsim.numeric.arrays import F32, F64
from archsim.numeric.guards import at_least, require


class Kind(IntEnum):
    """Which compiled formula computes a law."""

    AFFINE = 0
    EXPONENTIAL = 1
    POWER = 2
    TABULATED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """What devices have of their own, before their law; shape (rows, columns) each.

    Parameters
    ----------
    upper, lower : ndarray
        Bounds.
    up, down : ndarray
        Scales of a step.
    """

    upper: F64
    lower: F64
    up: F64
    down: F64


class Law(Protocol):
    """How one pulse moves a weight."""

    @property
    def kind(self) -> Kind:
        """The formula."""
        ...

    @property
    def draws(self) -> int:
        """Normals that each device needs for parameters of its own."""
        ...

    def own(self, cells: Sampled, normals: list[F64]) -> tuple[F64, F64]:
        """Two parameters of every device, for pulses up and down."""
        ...

    def shared(self, noise: float) -> F32:
        """Parameters that all devices share, the spread of a step first."""
        ...


def _pair(value: float, cells: Sampled) -> tuple[F64, F64]:
    return np.full_like(cells.up, value), np.full_like(cells.up, value)


@dataclass(frozen=True, slots=True)
class ConstantStep:
    """d = alpha, wherever the weight is; s = sigma d."""

    @property
    def kind(self) -> Kind:
        """See ``Law``."""
        return Kind.AFFINE

    @property
    def draws(self) -> int:
        """See ``Law``."""
        return 0

    def own(self, cells: Sampled, normals: list[F64]) -> tuple[F64, F64]:
        """See ``Law``: no slope."""
        return _pair(0.0, cells)

    def shared(self, noise: float) -> F32:
        """See ``Law``."""
        return np.array([noise, 1.0], np.float32)


@dataclass(frozen=True, slots=True)
class LinearStep:
    """d = alpha (1 - gamma w / b), b the bound that the pulse goes towards.

    Parameters
    ----------
    up, down : float
        gamma of both directions.
    spread : float
        Of gamma from device to device, relative.
    upper, lower : float or None
        Bounds b that are common to all devices; None takes each device's own.
    multiplicative : bool
        s = sigma d; else s = sigma alpha.
    """

    up: float
    down: float
    spread: float = 0.0
    upper: float | None = None
    lower: float | None = None
    multiplicative: bool = True

    def __post_init__(self) -> None:
        at_least(self.spread, 0.0, "spread of a law's slope")

    @property
    def kind(self) -> Kind:
        """See ``Law``."""
        return Kind.AFFINE

    @property
    def draws(self) -> int:
        """See ``Law``."""
        return 2

    def own(self, cells: Sampled, normals: list[F64]) -> tuple[F64, F64]:
        """See ``Law``: slopes of d over w, for pulses up and down."""
        upper = cells.upper if self.upper is None else np.float64(self.upper)
        lower = cells.lower if self.lower is None else np.float64(self.lower)
        steep = [gamma * (1 + self.spread * draw) for gamma, draw in zip((self.up, self.down), normals, strict=True)]
        return -_over(steep[0] * cells.up, upper), -_over(steep[1] * cells.down, lower)

    def shared(self, noise: float) -> F32:
        """See ``Law``."""
        return np.array([noise, float(self.multiplicative)], np.float32)


def _over(numerator: F64, bound: F64 | np.float64) -> F64:
    """A quotient; 0 where the bound is 0, as such a device stays there."""
    divisor = np.broadcast_to(bound, numerator.shape)
    return np.divide(numerator, divisor, out=np.zeros_like(numerator), where=divisor != 0)


def soft_bounds(*, multiplicative: bool = True) -> LinearStep:
    """Steps that vanish at the bound: d = alpha (1 - w / b)."""
    return LinearStep(1.0, 1.0, multiplicative=multiplicative)


@dataclass(frozen=True, slots=True)
class ExponentialStep:
    """d = alpha max(0, 1 - A exp(+-gamma z)), z = 2 a w / (b_max - b_min) + b; + for pulses up.

    s = sigma d, or sigma (|d| + added + sloped |w|) where one of these is not 0.

    Parameters
    ----------
    amplitude_up, amplitude_down : float
        A.
    up, down : float
        gamma.
    a, b : float
        Of z.
    added, sloped : float
        Of the noise.
    """

    amplitude_up: float
    amplitude_down: float
    up: float
    down: float
    a: float
    b: float
    added: float = 0.0
    sloped: float = 0.0

    def __post_init__(self) -> None:
        at_least(self.added, 0.0, "added noise of an exponential step")
        at_least(self.sloped, 0.0, "sloped noise of an exponential step")

    @property
    def kind(self) -> Kind:
        """See ``Law``."""
        return Kind.EXPONENTIAL

    @property
    def draws(self) -> int:
        """See ``Law``."""
        return 0

    def own(self, cells: Sampled, normals: list[F64]) -> tuple[F64, F64]:
        """See ``Law``: 2 a / (b_max - b_min), and b."""
        return _over(np.full_like(cells.up, 2 * self.a), cells.upper - cells.lower), np.full_like(cells.up, self.b)

    def shared(self, noise: float) -> F32:
        """See ``Law``."""
        amplitudes = self.amplitude_up, self.amplitude_down
        return np.array([noise, *amplitudes, self.up, self.down, self.added, self.sloped], np.float32)


@dataclass(frozen=True, slots=True)
class PowerStep:
    """d = alpha (distance to the bound / (b_max - b_min))^gamma; s = sigma d.

    Parameters
    ----------
    up, down : float
        gamma.
    spread : float
        Of gamma from device to device, relative.
    """

    up: float
    down: float
    spread: float = 0.0

    def __post_init__(self) -> None:
        for value, words in ((self.up, "up"), (self.down, "down"), (self.spread, "spread")):
            at_least(value, 0.0, f"exponent of a power step ({words})")

    @property
    def kind(self) -> Kind:
        """See ``Law``."""
        return Kind.POWER

    @property
    def draws(self) -> int:
        """See ``Law``."""
        return 2

    def own(self, cells: Sampled, normals: list[F64]) -> tuple[F64, F64]:
        """See ``Law``: the exponents."""
        up, down = (
            np.maximum(gamma * (1 + self.spread * draw), 0.0)
            for gamma, draw in zip((self.up, self.down), normals, strict=True)
        )
        return up, down

    def shared(self, noise: float) -> F32:
        """See ``Law``."""
        return np.array([noise], np.float32)


@dataclass(frozen=True, slots=True)
class TabulatedStep:
    """d = alpha times a table's value, linear between its entries, which lie evenly from b_min to b_max; s = sigma d.

    Parameters
    ----------
    up, down : tuple of float
        Steps relative to alpha, from the lower bound to the upper one; at least two each, as many of both.
    """

    up: tuple[float, ...]
    down: tuple[float, ...]

    def __post_init__(self) -> None:
        require(
            len(self.up) == len(self.down) > 1,
            f"has {len(self.up)} entries up and {len(self.down)} down",
            where="table of steps",
            remedy="Give at least two entries from the lower to the upper bound, as many for each direction.",
        )
        for value in (*self.up, *self.down):
            at_least(value, 0.0, "table of steps: an entry")

    @property
    def kind(self) -> Kind:
        """See ``Law``."""
        return Kind.TABULATED

    @property
    def draws(self) -> int:
        """See ``Law``."""
        return 0

    def own(self, cells: Sampled, normals: list[F64]) -> tuple[F64, F64]:
        """See ``Law``: entries per unit of weight, and nothing."""
        return _over(np.full_like(cells.up, len(self.up) - 1.0), cells.upper - cells.lower), np.zeros_like(cells.up)

    def shared(self, noise: float) -> F32:
        """See ``Law``."""
        return np.array([noise, len(self.up), *self.up, *self.down], np.float32)
