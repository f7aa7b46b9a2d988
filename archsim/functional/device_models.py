"""Which numeric model stands for a chip file's device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isclose
from types import MappingProxyType

from archsim.chip.schema import Cell, Encoding, Weight
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


def device_model(cell: Cell, weight: Weight) -> DeviceModel:
    """The model of a chip file's cell, by the name of its device.

    ``pcm`` is the HERMES chip's device where its largest conductance is that device's, else the mushroom cell's fit,
    rescaled.

    Raises
    ------
    InputError
        If the device has no model.
    """
    build = _MODELS.get(cell.device)
    if build is None:
        raise InputError(
            f"the device {cell.device!r} has no numeric model",
            where="tile.array.cell.device",
            remedy=f"Choose one of {', '.join(sorted(_MODELS))}; --set tile.array.cell.device=ideal computes with "
            "perfect cells.",
        )
    return build(cell, weight)


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


_MODELS: Mapping[str, Callable[[Cell, Weight], DeviceModel]] = MappingProxyType(
    {
        "ideal": _ideal,
        "pcm": _pcm,
        "pcm-hermes": _hermes,
        "pcm-mushroom": _mushroom,
        "reram": _reram,
        "reram-cmo-narrow": _cmo(AcceptanceRange.NARROW),
        "reram-cmo-wide": _cmo(AcceptanceRange.WIDE),
        "flash": _sonos,
    }
)
