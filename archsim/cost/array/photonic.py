"""Photonic arrays: weights in micro-ring resonators, inputs on Mach-Zehnder modulators, light from one laser per row.

Source: Albireo (Shiflett et al., ISCA 2021) by hwcomponents-library and CiMLoop, 7 nm, in its conservative, moderate
and aggressive outlooks. Optics do not shrink with the process: nothing here scales with the node. Lasers and the
rings' tuning draw their power all the time; a modulator draws its for the phase.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from archsim.cost.bill import Figure
from archsim.cost.estimate import PJ, UM2, Estimate, Kind, engineering, range_notes
from archsim.cost.model import declare
from archsim.cost.settings import Count, Seconds, Settings

SOURCE = "Albireo (ISCA 2021), 7 nm, via hwcomponents-library and CiMLoop"
_RING_UM2, _LASER_UM2, _DIODE_UM2 = 410.0, 6153.0, 1846.0
_MODULATOR_UM2, _DAC_UM2, _AMPLIFIER_UM2 = 15066.0, 153.0, 2769.0
_BITS, _CYCLE = 8, 0.2e-9

OutlookName = Literal["conservative", "moderate", "aggressive"]


@dataclass(frozen=True, slots=True)
class Outlook:
    """Powers in milliwatts and energies in picojoules of one outlook."""

    amplifier_pj: float
    dac_pj: float
    modulator_mw: float
    ring_mw: float
    laser_mw: float


def _outlook(name: OutlookName) -> Outlook:
    match name:
        case "conservative":
            return Outlook(0.625, 5.2, 11.3, 3.1, 1.94)
        case "moderate":
            return Outlook(0.3125, 2.6, 1.41, 0.388, 0.0743)
        case "aggressive":
            return Outlook(0.045, 0.325, 0.565, 0.155, 0.0614)


class Photonic(Settings):
    """Settings of a photonic array: a ring per device, a laser per row, a pair of photodiodes per column."""

    rows: Count
    columns: Count
    devices: Count
    outlook: OutlookName = "conservative"


class Modulator(Settings):
    """Settings of a photonic row driver: a converter and a modulator."""

    bits: Count
    phase_time: Seconds = _CYCLE
    outlook: OutlookName = "conservative"


class Receiver(Settings):
    """Settings of a transimpedance amplifier in front of a converter."""

    outlook: OutlookName = "conservative"


def photonic(settings: Photonic) -> Estimate:
    """Price a photonic array, whose power is static."""
    outlook = _outlook(settings.outlook)
    static = Figure(0.0, "0: lasers and rings draw their power all the time", SOURCE)
    area = settings.devices * _RING_UM2 + settings.rows * _LASER_UM2 + 2 * settings.columns * _DIODE_UM2
    return Estimate(
        (("cell", static), ("row", static)),
        Figure(
            area * UM2,
            f"{settings.devices} rings x {_RING_UM2:g} um^2 + {settings.rows} lasers x {_LASER_UM2:g} um^2 + "
            f"2 x {settings.columns} photodiodes x {_DIODE_UM2:g} um^2",
            SOURCE,
        ),
        Figure(
            (settings.devices * outlook.ring_mw + settings.rows * outlook.laser_mw) * 1e-3,
            f"{settings.devices} rings x {outlook.ring_mw:g} mW + {settings.rows} lasers x {outlook.laser_mw:g} mW",
            SOURCE,
        ),
    )


def modulator(settings: Modulator) -> Estimate:
    """Price one input's conversion to light; the converter doubles per bit from its 8."""
    outlook = _outlook(settings.outlook)
    factor = 2.0 ** (settings.bits - _BITS)
    light = outlook.modulator_mw * 1e-3 * settings.phase_time
    return Estimate(
        (
            (
                "conversion",
                Figure(
                    outlook.dac_pj * PJ * factor + light,
                    f"converter {outlook.dac_pj:g} pJ x {factor:g} (bits) + modulator {engineering(light, 'J')}",
                    f"{SOURCE}; doubling per bit: hwcomponents",
                ),
            ),
        ),
        Figure((_MODULATOR_UM2 + _DAC_UM2 * factor) * UM2, "modulator + converter", SOURCE),
        Figure(0.0, "0: the modulator's power is counted per phase", SOURCE),
        Figure(_CYCLE, "one cycle", SOURCE),
        notes=range_notes("bits", settings.bits, _BITS, _BITS),
    )


def receiver(settings: Receiver) -> Estimate:
    """Price one column's amplifier, as a component that holds it for its converter."""
    energy = _outlook(settings.outlook).amplifier_pj
    return Estimate(
        (("sample", Figure(energy * PJ, f"transimpedance amplifier {energy:g} pJ", SOURCE)),),
        Figure(_AMPLIFIER_UM2 * UM2, "transimpedance amplifier", SOURCE),
        Figure(0.0, "not given apart from the energy", SOURCE),
    )


MODELS = (
    declare("photonic", Kind.ARRAY, Photonic, photonic, source=SOURCE, validity="Albireo's devices"),
    declare("photonic", Kind.DRIVER, Modulator, modulator, source=SOURCE, validity="8 bits", sorts=("voltage",)),
    declare("photonic", Kind.SAMPLE_HOLD, Receiver, receiver, source=SOURCE, validity="Albireo's amplifier"),
)
