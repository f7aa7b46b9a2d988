"""Devices as they were measured or assumed, each with its source.

Values: AIHWKIT 1.1 (presets/devices.py), which fitted them to the papers that are named; normalised weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from archsim.numeric.update.device import Bound, PulsedDevice, Reference, Reset, Retention
from archsim.numeric.update.laws import ConstantStep, ExponentialStep, LinearStep, soft_bounds
from archsim.numeric.update.pairs import Refresh


@dataclass(frozen=True, slots=True)
class Preset:
    """A device of the literature.

    Parameters
    ----------
    device : PulsedDevice
    source : str
    pair : Refresh or None
        How pairs of it are refreshed, where it can be raised only.
    """

    device: PulsedDevice
    source: str
    pair: Refresh | None = None


def _linear(down: float, up: float, bounds: tuple[float, float]) -> LinearStep:
    """Slopes towards the nominal bounds, as these devices were fitted."""
    return LinearStep(up, down, spread=0.05, upper=bounds[1], lower=bounds[0])


_RERAM_ES = PulsedDevice(
    step=0.00135,
    law=ExponentialStep(-1.18445, -0.081404, up=5.0, down=5.0, a=-0.5, b=-0.5),
    upper=Bound(1.0, 0.3),
    lower=Bound(-1.0, 0.3),
    step_spread=0.2,
    step_noise=5.0,
    asymmetry=0.259359,
    asymmetry_spread=0.05,
    write_noise=75.0,
)
_RERAM_SB = PulsedDevice(
    step=0.002,
    law=soft_bounds(multiplicative=False),
    upper=Bound(1.25, 0.3 / 1.25),
    lower=Bound(-0.75, 0.3 / 0.75),
    step_spread=0.3,
    step_noise=3.75,
    asymmetry_spread=0.01,
    write_noise=56.0,
)
_RERAM_ARRAY_OM = PulsedDevice(
    step=0.0949,
    law=soft_bounds(multiplicative=False),
    upper=Bound(1.0, 0.3499),
    lower=Bound(-1.0, 0.5695),
    step_spread=0.7829,
    log_normal=True,
    step_noise=0.4158,
    asymmetry_spread=0.01,
    write_noise=1.4113,
    reference=Reference(spread=0.05),
)
_RERAM_ARRAY_HFO2 = PulsedDevice(
    step=0.4622,
    law=soft_bounds(multiplicative=False),
    upper=Bound(1.0, 0.4295),
    lower=Bound(-1.0, 0.5990),
    step_spread=0.7125,
    log_normal=True,
    step_noise=0.2174,
    asymmetry_spread=0.01,
    write_noise=0.5841,
    reference=Reference(spread=0.05),
)
_CAPACITOR = PulsedDevice(
    step=0.005,
    law=LinearStep(0.05, 0.05, spread=0.01, upper=1.0, lower=-1.0, multiplicative=False),
    upper=Bound(1.0, 0.07),
    lower=Bound(-1.0, 0.07),
    step_spread=0.1,
    step_noise=0.3,
    asymmetry_spread=0.06,
    retention=Retention(lifetime=1e6, spread=0.3),
)
_ECRAM = PulsedDevice(
    step=0.002,
    law=_linear(0.5085, 0.1153, (-0.8276, 1.1724)),
    upper=Bound(1.1724, 0.05),
    lower=Bound(-0.8276, 0.05),
    step_spread=0.1,
    step_noise=0.3,
    asymmetry_spread=0.01,
)
_ECRAM_MO = PulsedDevice(
    step=2.8214e-4,
    law=_linear(0.7342, 0.4152, (-0.8286, 1.1714)),
    upper=Bound(1.1714, 0.05),
    lower=Bound(-0.8286, 0.05),
    step_spread=0.1,
    step_noise=2.0,
    asymmetry_spread=0.01,
)
_IDEALIZED = PulsedDevice(
    step=0.0002,
    law=ConstantStep(),
    upper=Bound(1.0, 0.3),
    lower=Bound(-1.0, 0.3),
    step_spread=0.3,
    step_noise=0.3,
)
_GOKMEN_VLASOV = PulsedDevice(
    step=0.0016,
    law=ConstantStep(),
    upper=Bound(1.0, 0.3),
    lower=Bound(-1.0, 0.3),
    step_spread=0.3,
    step_noise=0.3,
    asymmetry_spread=0.01,
)
_PCM = PulsedDevice(
    step=0.01,
    law=ExponentialStep(-27.235, -2.235, up=2.5, down=2.5, a=-1.0, b=0.0, added=0.042, sloped=0.108),
    upper=Bound(2.0, 0.1),
    lower=Bound(0.0),
    step_spread=0.2,
    step_noise=0.6,
    asymmetry_spread=0.05,
    reset=Reset(level=0.01, spread=0.02, noise=0.01),
)

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "reram-filamentary": Preset(_RERAM_ES, "Gong et al., Nature Communications 9:2102, 2018 (ReRamES)"),
        "reram-soft-bounds": Preset(_RERAM_SB, "soft-bounds fit of the same filamentary ReRAM (ReRamSB)"),
        "reram-array-om": Preset(_RERAM_ARRAY_OM, "Gong, Rasch et al., IEDM 2022, optimised material (ReRamArrayOM)"),
        "reram-array-hfo2": Preset(_RERAM_ARRAY_HFO2, "Gong, Rasch et al., IEDM 2022, HfO2 baseline (ReRamArrayHfO2)"),
        "capacitor": Preset(_CAPACITOR, "Li et al., VLSI 2018, 3T1C trench capacitor in 14 nm (Capacitor)"),
        "ecram": Preset(_ECRAM, "Tang et al., IEDM 2018, lithium ECRAM (EcRam)"),
        "ecram-metal-oxide": Preset(_ECRAM_MO, "Kim et al., IEDM 2019, metal-oxide ECRAM (EcRamMO)"),
        "pcm": Preset(_PCM, "Nandakumar et al., Frontiers in Neuroscience 14:406, 2020, GST (PCM)", pair=Refresh()),
        "pcm-verified": Preset(
            _PCM,
            "the same, written again in a closed loop: Burr et al., IEEE Trans. Electron Devices 62:3498, 2015",
            pair=Refresh(verified=True),
        ),
        "idealized": Preset(_IDEALIZED, "about 10,000 states; no device (Idealized)"),
        "gokmen-vlasov": Preset(_GOKMEN_VLASOV, "Gokmen and Vlasov, Front. Neurosci. 10:333, 2016; no device"),
    }
)
"""By the name that a user gives."""
