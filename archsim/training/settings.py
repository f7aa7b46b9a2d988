"""From a chip's description to the settings of arrays that train."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from archsim.chip import Chip
from archsim.chip.training import PulsedCell, Training, TrainingReadout, Updates
from archsim.errors import InputError
from archsim.numeric import AbsMaxScale, FixedRange, InputCircuit, IterativeBound, OutputCircuit, UnitScale
from archsim.numeric.update import PRESETS, Circuits, Counting, PulsedDevice, Pulses, Reference, Retention, Stuck
from archsim.training.algorithms import Algorithm, CellKinds, ExactDevice, method
from archsim.training.algorithms.contract import Kind, Number
from archsim.training.matrix import ArraySettings

EXACT = "exact"
"""The device that is none."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An algorithm that is chosen instead of the chip's own.

    Parameters
    ----------
    algorithm : str
    numbers : mapping of str to number
    """

    algorithm: str
    numbers: Mapping[str, Number]


def array_settings(chip: Chip, choice: Choice | None = None) -> ArraySettings:
    """Settings of a chip's arrays.

    Parameters
    ----------
    chip : Chip
    choice : Choice, optional

    Raises
    ------
    InputError
        If the chip does not say how its arrays train, or names a device or an algorithm that there is not.
    """
    tile = chip.analog
    training = _training(chip)
    return ArraySettings(
        _algorithm(training, choice),
        tile.array.logical_rows,
        tile.array.logical_columns,
        _circuits(training.forward, tile.input.bits, tile.adc.bits),
        _circuits(training.backward, training.backward.input_bits, training.backward.adc_bits),
        training.scale,
    )


def _training(chip: Chip) -> Training:
    if chip.analog.training is None:
        raise InputError(
            "it does not say how its arrays train",
            where=f"chip {chip.name!r}, tile.training",
            remedy="Describe tile.training (device, algorithm, forward, backward), as the preset nature2018-training "
            "does: archsim show chip nature2018-training.",
        )
    return chip.analog.training


def _algorithm(training: Training, choice: Choice | None) -> Algorithm:
    where = "tile.training.algorithm" if choice is None else "--algorithm"
    chosen = method(training.algorithm if choice is None else choice.algorithm, where)
    if choice is None and training.second_device is not None and not chosen.two_kinds:
        raise InputError(
            f"the algorithm {chosen.name!r} has devices of one kind only",
            where="tile.training.second_device",
            remedy="Remove it, or choose an algorithm with two (such as tiki-taka or complex-cell).",
        )
    main = _kind(training.device, "tile.training.device")
    second = main if training.second_device is None else _kind(training.second_device, "tile.training.second_device")
    numbers = training.numbers if choice is None else choice.numbers
    place = "tile.training.numbers" if choice is None else "--algorithm"
    return chosen.algorithm(CellKinds(main, second, _pulses(training.updates)), numbers, place)


def _kind(cell: PulsedCell, where: str) -> Kind:
    if cell.preset == EXACT:
        return _exact(cell, where)
    if cell.preset not in PRESETS:
        near = get_close_matches(cell.preset, (*PRESETS, EXACT), 1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise InputError(
            f"there is no device {cell.preset!r} that trains",
            where=f"{where}.preset",
            remedy=f"{hint}Choose one of {', '.join(PRESETS)}, {EXACT}.",
        )
    known = PRESETS[cell.preset]
    return replace(known, device=_changed(known.device, cell))


def _exact(cell: PulsedCell, where: str) -> ExactDevice:
    given = cell.model_dump(exclude_none=True, exclude={"preset", "step"})
    if given:
        raise InputError(
            f"weights without a device have no {', '.join(given)}", where=where, remedy="Remove it, or name a device."
        )
    return ExactDevice() if cell.step is None else ExactDevice(cell.step)


def _changed(device: PulsedDevice, cell: PulsedCell) -> PulsedDevice:
    retention, rest = device.retention, device.reset
    return replace(
        device,
        step=_or(cell.step, device.step),
        step_spread=_or(cell.step_spread, device.step_spread),
        step_noise=_or(cell.step_noise, device.step_noise),
        asymmetry=_or(cell.asymmetry, device.asymmetry),
        asymmetry_spread=_or(cell.asymmetry_spread, device.asymmetry_spread),
        write_noise=_or(cell.write_noise, device.write_noise),
        retention=Retention(_or(cell.lifetime, retention.lifetime), retention.spread, retention.diffusion),
        reset=replace(rest, level=_or(cell.rest, rest.level)),
        stuck=Stuck(cell.stuck) if cell.stuck else device.stuck,
        reference=device.reference if cell.reference is None else Reference() if cell.reference else None,
    )


def _or(given: float | None, otherwise: float) -> float:
    return otherwise if given is None else given


def _pulses(updates: Updates) -> Pulses:
    return Pulses(updates.slots, Counting(updates.counting), updates.length_management, updates.update_management)


def _circuits(reading: TrainingReadout, input_bits: int, adc_bits: int) -> Circuits:
    scale = AbsMaxScale() if reading.scaling == "largest" else UnitScale()
    management = IterativeBound() if reading.bound_management else None
    outputs = OutputCircuit(
        bits=adc_bits, range=FixedRange(reading.bound), noise=reading.noise, bound_management=management
    )
    return Circuits(InputCircuit(bits=input_bits, scale=scale), outputs)
