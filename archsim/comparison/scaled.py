"""A run's figures at another process node, by the factors of `archsim.cost.scaling`: estimates.

Energy, delay and area of logic scale so; analog cells, converters, memories beside the chip and wires do not, or less.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from archsim.accounting import Headline
from archsim.chip.digital import Technology
from archsim.cost.scaling import Point, area_factor, delay_factor, energy_factor, nominal_supply
from archsim.errors import InputError


@dataclass(frozen=True, slots=True)
class Scaled:
    """Figures at a node, at its usual supply; NaN where the fit does not reach the chip's own supply.

    Parameters
    ----------
    latency_s, throughput_per_s, energy_per_sample_j, gops_per_w, tops_per_mm2, area_m2 : float
    """

    latency_s: float = nan
    throughput_per_s: float = nan
    energy_per_sample_j: float = nan
    gops_per_w: float = nan
    tops_per_mm2: float = nan
    area_m2: float = nan


def scaled(headline: Headline, technology: Technology, node: float) -> Scaled:
    """Figures as if the whole chip were logic that moves to another node, of the same transistors' flavour.

    Parameters
    ----------
    headline : Headline
    technology : Technology
        Of the chip.
    node : float
        Metres.
    """
    source = Point(technology.node, technology.supply, technology.flavour)
    target = Point(node, nominal_supply(node), technology.flavour)
    if node == technology.node:
        target = source
    try:
        energy, delay = energy_factor(source, target), delay_factor(source, target)
    except InputError:
        return Scaled()
    area = area_factor(source.node, target.node)
    return Scaled(
        headline.latency_s * delay,
        headline.throughput_per_s / delay,
        headline.energy_per_sample_j * energy,
        headline.gops_per_w / energy,
        headline.tops_per_mm2 / delay / area,
        headline.area_m2 * area,
    )
