"""How long each stage of a layer holds its resource, from the chip's description; all in picoseconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.chip.schema import Chip, Unit
from archsim.network import Counts, Digital, Layer, Network, keys_read
from archsim.units import period_ps, picoseconds


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a pipeline.

    Parameters
    ----------
    interval, latency : int
        Picoseconds the resource is held, and from the start to the output.
    """

    interval: int
    latency: int


@dataclass(frozen=True, slots=True)
class ProductTiming:
    """The stages of one matrix-vector product on one array.

    Parameters
    ----------
    integrate, convert, affine : Stage
    in_flight : int
        Products that may lie between the array and its converters: 2 with a sample-and-hold, 1 without.
    """

    integrate: Stage
    convert: Stage
    affine: Stage
    in_flight: int

    @property
    def period(self) -> int:
        """Picoseconds between products that follow each other at full rate, the affine stage left out.

        With one product in flight, the array waits until the converters are through with the last one.
        """
        if self.in_flight > 1:
            return max(self.integrate.interval, self.convert.interval)
        return max(self.integrate.interval, self.integrate.latency + self.convert.interval)


def product_period(chip: Chip, columns: int, *, summed: bool) -> int:
    """Picoseconds between products of an array's block at full rate.

    Parameters
    ----------
    chip : Chip
    columns : int
        Logical columns of the block.
    summed : bool
        Whether the affine stage adds another block's partial sums too.
    """
    timing = product_timing(chip, columns)
    adding = affine_stage(chip, columns).interval if summed else 0
    return max(timing.period, timing.affine.interval + adding)


def product_timing(chip: Chip, columns: int) -> ProductTiming:
    """Stages of a product that uses so many logical columns.

    With a converter per phase, phases and conversions alternate: with a sample-and-hold the array's cycle is the longer
    of the two, without it their sum. An oscillator counts while the array integrates. Used columns spread evenly over
    the converters, so that a half-used array takes half the turns.
    """
    tile = chip.tile
    phase, phases = picoseconds(tile.input.phase_seconds), tile.input.phases
    converters = -(-tile.array.columns // tile.adc.columns_per_adc)
    turns = -(-columns * tile.array.weight.columns // converters)
    conversion = picoseconds(tile.adc.conversion_seconds) * turns
    if tile.adc.during_integration:
        # A token takes at least 1 ps from the array to its converters; both are through at the same time.
        rest = phases * phase + conversion - 1
        integrate, convert = Stage(phases * phase, 1), Stage(rest, rest)
    elif tile.adc.per_phase:
        cycle = max(phase, conversion) if tile.adc.held else phase + conversion
        integrate = Stage(phases * cycle, phase)
        convert = Stage((phases - 1) * cycle + conversion, (phases - 1) * cycle + conversion)
    else:
        integrate = Stage(phases * phase, phases * phase)
        convert = Stage(conversion, conversion)
    return ProductTiming(
        integrate, convert, affine_stage(chip, columns + combining_additions(chip, columns)), 2 if tile.adc.held else 1
    )


def conversions_per_column(chip: Chip) -> int:
    """Conversions of one physical column per product."""
    return chip.tile.input.phases if chip.tile.adc.per_phase else 1


def combining_additions(chip: Chip, columns: int) -> int:
    """Shift-and-add operations that join phases, slices and signs of so many logical columns, per product."""
    return columns * (chip.tile.array.weight.columns * conversions_per_column(chip) - 1)


def affine_stage(chip: Chip, operations: int) -> Stage:
    """So many scale-and-offset or addition operations behind the converters of one array."""
    affine = chip.tile.affine
    clock = period_ps(affine.clock)
    cycles = -(-operations // affine.lanes)
    return Stage(cycles * clock, (cycles + affine.pipeline - 1) * clock)


def unit_cycles(unit: Unit, work: Counts, share: float) -> float:
    """Cycles for a share (0 to 1) of some work, not rounded."""
    return sum(count * share / (unit.lanes * unit.operations[primitive]) for primitive, count in work)


def unit_stage(unit: Unit, cycles: int) -> Stage:
    """So many cycles on a digital unit."""
    clock = period_ps(unit.clock)
    return Stage(cycles * clock, (cycles + unit.pipeline - 1) * clock)


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
    fixed = unit_cycles(unit, operator.work, share)
    if not operator.work_per_key:
        return np.array([max(1, _whole(fixed))], np.int64)
    keys = keys_read(network, layer)
    cycles: NDArray[np.float64] = np.ceil(fixed + unit_cycles(unit, operator.work_per_key, share) * keys - 1e-9)
    return np.maximum(cycles.astype(np.int64), np.int64(1))


def _whole(cycles: float) -> int:
    return int(np.ceil(cycles - 1e-9))
