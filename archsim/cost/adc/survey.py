"""ADC energy and area by regression over the published converters of Murmann's survey.

Source: Andrulis, Chen, Emer, Sze, arXiv 2404.06553; constants as in accelergy-adc-plug-in. Fitted for effective bits
of 4 and more and rates up to 10 GS/s; below 14 nm the fit is extrapolated and optimistic. A fifth of the energy at
full rate is leakage (hwcomponents-adc).
"""

from __future__ import annotations

from math import ceil, exp, log

from archsim.cost.bill import Figure
from archsim.cost.estimate import PJ, UM2, Estimate, Kind, engineering, range_notes
from archsim.cost.model import declare
from archsim.cost.scaling import NM, Flavour, node_notes
from archsim.cost.settings import Count, Fraction, Kelvin, Metres, Seconds, Settings
from archsim.cost.temperature import warmed

SOURCE = "Andrulis et al., arXiv 2404.06553 (accelergy-adc-plug-in ff0fb48a)"


class Survey(Settings):
    """Settings of the survey model; the bits are effective ones."""

    node: Metres
    bits: Count
    conversion_time: Seconds = 1e-8
    leakage_share: Fraction = 0.2
    flavour: Flavour = "high-performance"
    temperature: Kelvin = 300.0


def energy_j(node: float, bits: int, rate: float) -> float:
    """Joules of one conversion, leakage at full rate included; node in metres, rate in samples per second."""
    merit = min(213.7806687 - 2.8719030 * log(rate), 128.3068287 + 3.2205114 * ceil(bits))
    distortion = 6.0206 * bits + 1.7609
    ideal = 1 / (2 * 10 ** ((merit - distortion) / 10))
    return ideal * exp(26.0496216 + 1.8800369 * log(node / NM) - 2.8291256 * log(bits) - 1.4702022) * PJ


def area_m2(node: float, rate: float, energy: float) -> float:
    """Square metres of one converter; energy in joules (the regression itself is in pJ)."""
    exponent = 1.3461916 + 0.9932795 * log(node / NM) + 0.1807154 * log(rate) + 0.2991243 * log(energy / PJ)
    return exp(exponent) * UM2


def survey(settings: Survey) -> Estimate:
    """Price a converter by the survey."""
    rate = 1 / settings.conversion_time
    bits = max(settings.bits, 4)
    total = energy_j(settings.node, bits, rate)
    share = settings.leakage_share
    dynamic = (
        f"{1 - share:g} x {engineering(total, 'J')} (the survey's energy at {bits} bits, {engineering(rate, 'S/s')}; "
        "the rest is leakage)"
    )
    return Estimate(
        (("conversion", Figure((1 - share) * total, dynamic, SOURCE)),),
        Figure(area_m2(settings.node, rate, total), f"regression on node, rate and {engineering(total, 'J')}", SOURCE),
        warmed(
            Figure(share * total * rate, f"{share:g} of the power at full rate", "hwcomponents-adc 246af7e0"),
            settings.node,
            settings.flavour,
            settings.temperature,
        ),
        notes=(
            *node_notes(settings.node, 14, 180),
            *range_notes("bits (priced as 4 below that)", settings.bits, 4, 20),
            *range_notes("rate in samples per second", rate, 1e3, 1e10),
        ),
    )


MODELS = (
    declare(
        "survey",
        Kind.ADC,
        Survey,
        survey,
        source=SOURCE,
        validity="4 to 20 effective bits, up to 10 GS/s, 14 to 180 nm",
    ),
)
