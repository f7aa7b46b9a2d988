"""Device models: programming error, drift and reading noise of one cell, one file each."""

from archsim.numeric.devices.device import Device
from archsim.numeric.devices.hermes import ONE_DEVICE, TWO_DEVICES, HermesDevice
from archsim.numeric.devices.ideal import IdealDevice
from archsim.numeric.devices.pcm import PcmDevice
from archsim.numeric.devices.power_law import NoiseScales, ReadingTimes
from archsim.numeric.devices.projected_pcm import EXAMPLE_TABLE, DriftTable, ProjectedPcmDevice
from archsim.numeric.devices.reram_cmo import AcceptanceRange, CmoReramDevice
from archsim.numeric.devices.reram_wan import WanReramDevice
from archsim.numeric.devices.sonos import SonosDevice
from archsim.numeric.devices.state_independent import StateIndependentDevice
from archsim.numeric.devices.static_errors import (
    PCM_JOSHI,
    RERAM_MILO,
    RERAM_WAN_STATIC,
    ErrorLaw,
    GenericErrorDevice,
    PolynomialErrorDevice,
)

__all__ = [
    "EXAMPLE_TABLE",
    "ONE_DEVICE",
    "PCM_JOSHI",
    "RERAM_MILO",
    "RERAM_WAN_STATIC",
    "TWO_DEVICES",
    "AcceptanceRange",
    "CmoReramDevice",
    "Device",
    "DriftTable",
    "ErrorLaw",
    "GenericErrorDevice",
    "HermesDevice",
    "IdealDevice",
    "NoiseScales",
    "PcmDevice",
    "PolynomialErrorDevice",
    "ProjectedPcmDevice",
    "ReadingTimes",
    "SonosDevice",
    "StateIndependentDevice",
    "WanReramDevice",
]
