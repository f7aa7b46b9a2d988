"""How long digital units serve what they are asked, from the chip's description; all in picoseconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.chip.digital import Unit
from archsim.errors import InputError
from archsim.network import Counts, Digital, Layer, Network, keys_read
from archsim.units import period_ps

LONGEST_PS = 2**60
"""Beyond this, a duration times a few is no longer a 64-bit number of picoseconds; it is twelve days."""


@dataclass(frozen=True, slots=True)
class Service:
    """One firing of something.

    Parameters
    ----------
    interval, latency : int
        Picoseconds it is held, and from the start to the output.
    """

    interval: int
    latency: int


def unit_cycles(unit: Unit, work: Counts, share: float) -> float:
    """Cycles for a share (0 to 1) of some work, not rounded."""
    return sum(count * share / (unit.lanes * unit.operations[primitive]) for primitive, count in work)


def unit_service(unit: Unit, cycles: int) -> Service:
    """So many cycles on a digital unit."""
    clock = period_ps(unit.clock)
    return Service(cycles * clock, (cycles + unit.pipeline - 1) * clock)


def digital_cycles(network: Network, layer: Layer, unit: Unit, share: float) -> NDArray[np.int64]:
    """Cycles of each token's firing, shape ``(tokens,)`` or ``(1,)`` where all are alike.

    Parameters
    ----------
    network : Network
    layer : Layer
        With a Digital operator.
    unit : Unit
        Who does it; must offer the operator's primitives.
    share : float
        Part of the token's width that this unit treats.
    """
    operator = layer.operator
    assert isinstance(operator, Digital)
    keys = keys_read(network, layer) if operator.work_per_key else np.zeros(1)
    fixed, per_key = unit_cycles(unit, operator.work, share), unit_cycles(unit, operator.work_per_key, share)
    cycles: NDArray[np.float64] = np.ceil(fixed + per_key * keys - 1e-9) + (unit.overhead or 0)
    _refuse_ages(float(cycles.max()), unit, layer)
    return np.maximum(cycles.astype(np.int64), np.int64(1))


def _refuse_ages(cycles: float, unit: Unit, layer: Layer) -> None:
    if cycles * period_ps(unit.clock) > LONGEST_PS:
        raise InputError(
            f"one of its tokens takes {cycles:.3g} cycles of {period_ps(unit.clock):,} ps on a digital unit",
            where=f"layer {layer.name!r}",
            remedy="Give the unit more lanes, faster operations or a faster clock.",
        )
