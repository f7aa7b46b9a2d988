"""Row drivers: pulse-width modulators and digital-to-analog converters. The word line itself belongs to the array."""

from __future__ import annotations

from functools import partial

from archsim.cost import arithmetic
from archsim.cost.bill import Figure
from archsim.cost.estimate import Estimate, Kind, engineering, range_notes
from archsim.cost.leakage import logic_leakage
from archsim.cost.model import declare
from archsim.cost.published import BitRule, Published, Reference, Resolution, converter
from archsim.cost.scaling import node_notes
from archsim.cost.settings import Count

_FORM = "form assumed (counter and comparator per row, as in IBM's cores); "


class PulseWidth(Resolution):
    """Settings of a pulse-width modulator; ``steps`` are the longest pulse's clock ticks, 2^(bits-1) by default."""

    steps: Count | None = None


def pulse_width(settings: PulseWidth) -> Estimate:
    """Price a modulator that compares its row's value with a shared counter at every tick.

    One bit is the sign, which the pulse's polarity carries: the longest pulse has 2^(bits-1) ticks.
    """
    bits, point = settings.bits, settings.point
    steps = settings.steps or 2 ** (bits - 1)
    compare, load = arithmetic.compare(bits, point), arithmetic.register(bits, point)
    energy = Figure(
        steps * compare + load,
        f"{steps} ticks x compare {engineering(compare, 'J')} + register write {engineering(load, 'J')}",
        f"{_FORM}{arithmetic.REGISTER_SOURCE}",
    )
    area = arithmetic.comparator_area(bits, point) + arithmetic.register_area(bits, point)
    return Estimate(
        (("conversion", energy),),
        Figure(area, f"comparator + register of {bits} bits", arithmetic.AREA_SOURCE),
        logic_leakage(area, point),
        notes=(*node_notes(settings.node), *range_notes("bits", bits, 1, 16)),
    )


_HWL = "via hwcomponents-library"
# 4 mW over 1024 converters and 10 MHz phases; the plug-in's 0.41667 pJ folds its own utilisation in.
ISAAC = Published(
    Reference(32),
    (("conversion", 0.390625),),
    0.166,
    0.0,
    "counted in the published power",
    "ISAAC (ISCA 2016): 1024 one-bit DACs = 4 mW at 10 MHz, 0.00017 mm^2; doubling per bit: hwcomponents",
    bits=1,
    rule=BitRule.POWER,
)
PUMA = Published(
    Reference(32),
    (("conversion", 0.350625),),
    0.167,
    0.390625e-6,
    "published leakage",
    "PUMA (puma-simulator constants): 3.50625 uW dynamic over 100 ns, 0.390625 uW leakage; doubling per bit assumed",
    bits=1,
    rule=BitRule.POWER,
)
BRAHMS = Published(
    Reference(40),
    (("conversion", 0.291),),
    438.0,
    0.0,
    "not given apart from the energy",
    f"BRAHMS 8-bit DAC, 40 nm, {_HWL}",
    bits=8,
    rule=BitRule.POWER,
)
TIMELY = Published(
    Reference(65),
    (("conversion", 0.0375),),
    240.0,
    0.0,
    "not given apart from the energy",
    f"TIMELY digital-to-time converter (Li et al., ISCA 2020), 65 nm, {_HWL}",
    bits=8,
    rule=BitRule.POWER,
)

_LEVELS = ("bit-serial", "voltage")
MODELS = (
    declare(
        "pulse-width",
        Kind.DRIVER,
        PulseWidth,
        pulse_width,
        source=f"{_FORM}{arithmetic.REGISTER_SOURCE}",
        validity="1 to 16 bits, 7 to 180 nm",
        sorts=("pulse-width", "bit-serial"),
    ),
    *(
        declare(
            name,
            Kind.DRIVER,
            Resolution,
            partial(converter, record),
            source=record.source,
            validity=f"{record.bits} bits at {record.reference.node_nm:g} nm",
            sorts=sorts,
        )
        for name, record, sorts in (
            ("isaac", ISAAC, _LEVELS),
            ("puma", PUMA, _LEVELS),
            ("brahms", BRAHMS, _LEVELS),
            ("timely", TIMELY, ("pulse-width",)),
        )
    ),
)
