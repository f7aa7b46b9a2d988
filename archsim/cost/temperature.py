"""How leakage goes with temperature: exp(E/k (1/T0 - 1/T)), E by node and kind of transistor.

The activation energies E are those of CACTI's tables of the off current between 300 K and 400 K. They mix channel
leakage, which grows with temperature, and gate leakage, which does not: fast transistors grow less than slow ones, 45
nm ones by 3.5 from 300 K to 400 K. Between the tabulated nodes E goes with the logarithm of the node, beyond them it
is held.

Every figure of leakage holds for 300 K, the temperature of most published chips.
"""

from __future__ import annotations

from math import exp, log
from typing import Final, Literal

import numpy as np

from archsim.cost.bill import Figure
from archsim.cost.scaling import NM, Point

ROOM_K: Final = 300.0
HOTTEST_K: Final = 400.0
SOURCE = "activation energy of CACTI's off currents, 300 K to 400 K"
_BOLTZMANN_EV = 8.617333e-5

Transistor = Literal["high-performance", "low-power"]

_NODES_NM = (22.0, 32.0, 45.0, 65.0, 90.0)
_ACTIVATION_EV = {
    "high-performance": (0.38, 0.38, 0.13, 0.12, 0.16),
    "low-power": (0.72, 0.37, 0.38, 0.37, 0.42),
}


def activation_ev(node: float, transistor: Transistor) -> float:
    """Activation energy of the leakage, in electronvolts; node in metres."""
    return float(np.interp(log(node / NM), np.log(_NODES_NM), _ACTIVATION_EV[transistor]))


def growth(node: float, transistor: Transistor, temperature: float) -> float:
    """Leakage at a temperature over that at 300 K.

    Parameters
    ----------
    node : float
        In metres.
    transistor : str
        Its kind.
    temperature : float
        In kelvin.
    """
    return exp(activation_ev(node, transistor) / _BOLTZMANN_EV * (1 / ROOM_K - 1 / temperature))


def warmed(figure: Figure, node: float, transistor: Transistor, temperature: float) -> Figure:
    """Leakage at a temperature, from the figure at 300 K."""
    if temperature == ROOM_K:
        return figure
    factor = growth(node, transistor, temperature)
    words = f"x {factor:.4g} ({activation_ev(node, transistor):.2g} eV, {ROOM_K:g} K to {temperature:g} K)"
    return Figure(figure.value * factor, f"({figure.formula}) {words}", f"{figure.source}; {SOURCE}")


def warmed_at(figure: Figure, point: Point) -> Figure:
    """Leakage at an operating point's temperature, from the figure at 300 K."""
    return warmed(figure, point.node, point.flavour, point.temperature)
