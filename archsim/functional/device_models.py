"""Which numeric model stands for a chip file's device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from math import isclose

from archsim.chip.array import Cell, Encoding, Weight
from archsim.errors import InputError
from archsim.numeric.devices import (
    ONE_DEVICE,
    TWO_DEVICES,
    AcceptanceRange,
    CmoReramDevice,
    Device,
    HermesDevice,
    IdealDevice,
    PcmDevice,
    SonosDevice,
    WanReramDevice,
)
from archsim.registration import refuse_taken, registered

GROUP = "archsim.devices"


@dataclass(frozen=True, slots=True)
class DeviceModel:
    """The model of a cell.

    Parameters
    ----------
    device : Device
    devices : int
        Physical devices that the model counts as one cell.
    """

    device: Device
    devices: int = 1


@dataclass(frozen=True, slots=True)
class ChipDevice:
    """A device that chip files may name.

    Parameters
    ----------
    name : str
        Value of ``tile.array.cell.device``.
    build : callable
        From the chip file's cell and weight to the model.
    """

    name: str
    build: Callable[[Cell, Weight], DeviceModel]


def device_model(cell: Cell, weight: Weight) -> DeviceModel:
    """The model of a chip file's cell, by the name of its device.

    ``pcm`` is the HERMES chip's device where its largest conductance is that device's, else the mushroom cell's fit,
    rescaled.

    Raises
    ------
    InputError
        If the device has no model, or a package offers one that cannot be used.
    """
    known = {device.name: device for device in chip_devices()}
    found = known.get(cell.device)
    if found is None:
        near = get_close_matches(cell.device, known, n=1)
        raise InputError(
            f"the device {cell.device!r} has no numeric model",
            where="tile.array.cell.device",
            remedy=f"{f'Did you mean {near[0]!r}? ' if near else ''}Choose one of {', '.join(sorted(known))}; "
            "--set tile.array.cell.device=ideal computes with perfect cells.",
        )
    return found.build(cell, weight)


@lru_cache(maxsize=1)
def chip_devices() -> tuple[ChipDevice, ...]:
    """Every device: the built-in ones, then those of the entry point group ``archsim.devices``.

    Raises
    ------
    InputError
        If a package's entry point cannot be loaded, is no ChipDevice, or takes a name that exists.
    """
    found = list(_BUILT_IN)
    for where, device in registered(GROUP, ChipDevice, "device"):
        refuse_taken(device.name, [other.name for other in found], f"device {device.name!r}", where)
        found.append(device)
    return tuple(found)


def _ideal(cell: Cell, weight: Weight) -> DeviceModel:
    return DeviceModel(IdealDevice(g_max_s=cell.max_conductance))


def _pcm(cell: Cell, weight: Weight) -> DeviceModel:
    if isclose(cell.max_conductance, ONE_DEVICE.reference_s, rel_tol=1e-3):
        return _hermes(cell, weight)
    return _mushroom(cell, weight)


def _mushroom(cell: Cell, weight: Weight) -> DeviceModel:
    return DeviceModel(PcmDevice(g_max_s=cell.max_conductance))


def _hermes(cell: Cell, weight: Weight) -> DeviceModel:
    if not isclose(cell.max_conductance, ONE_DEVICE.reference_s, rel_tol=1e-3):
        raise InputError(
            f"the HERMES fit holds at {ONE_DEVICE.reference_s:g} S per device only, not at {cell.max_conductance:g} S",
            where="tile.array.cell.max_conductance",
            remedy="Set it to '10.35 uS', or choose the device pcm-mushroom.",
        )
    alike = weight.significance is None or weight.significance == 1
    if weight.encoding is Encoding.DIFFERENTIAL and alike and weight.devices == 4 and weight.slices == 1:
        return DeviceModel(HermesDevice(TWO_DEVICES), devices=2)
    return DeviceModel(HermesDevice(ONE_DEVICE))


def _reram(cell: Cell, weight: Weight) -> DeviceModel:
    return DeviceModel(WanReramDevice(g_max_s=cell.max_conductance))


def _cmo(acceptance: AcceptanceRange) -> Callable[[Cell, Weight], DeviceModel]:
    return lambda cell, weight: DeviceModel(CmoReramDevice(acceptance, g_max_s=cell.max_conductance))


def _sonos(cell: Cell, weight: Weight) -> DeviceModel:
    return DeviceModel(SonosDevice(cell.read_voltage, cell.read_voltage * cell.max_conductance))


_BUILT_IN = (
    ChipDevice("ideal", _ideal),
    ChipDevice("pcm", _pcm),
    ChipDevice("pcm-hermes", _hermes),
    ChipDevice("pcm-mushroom", _mushroom),
    ChipDevice("reram", _reram),
    ChipDevice("reram-cmo-narrow", _cmo(AcceptanceRange.NARROW)),
    ChipDevice("reram-cmo-wide", _cmo(AcceptanceRange.WIDE)),
    ChipDevice("flash", _sonos),
)
