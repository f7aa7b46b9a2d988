"""ADCs of published chips, moved to other nodes and resolutions."""

from __future__ import annotations

from functools import partial

from archsim.cost.estimate import Kind
from archsim.cost.model import declare
from archsim.cost.published import BitRule, Published, Reference, Resolution, converter

_HWL = "via hwcomponents-library"
_IN_POWER = "counted in the published power"
_UNKNOWN = "not given apart from the energy"

# Relative to 8 bits: 1.667 pJ, 1200 um^2.
_KULL = (
    (4, 0.79, 361.04),
    (5, 0.99, 476.91),
    (6, 1.20, 626.91),
    (7, 1.42, 845.18),
    (8, 5 / 3, 1200.0),
    (9, 1.969078145, 1827.911647),
    (10, 2.379022742, 3002.008032),
)
ISAAC = Published(
    Reference(32),
    (("conversion", 5 / 3),),
    1200.0,
    0.0,
    _IN_POWER,
    f"ISAAC (ISCA 2016): 8 SAR ADCs (Kull 2013) = 16 mW at 1.2 GS/s; other bits after Saberi 2011, {_HWL}",
    bits=8,
    rule=BitRule.TABLE,
    table=tuple((bits, energy / (5 / 3), area / 1200) for bits, energy, area in _KULL),
    latency_s=1 / 1.2e9,
)
NEWTON = Published(
    Reference(32),
    (("conversion", 2.583),),
    1500.0,
    0.0,
    _UNKNOWN,
    f"Newton 9-bit ADC, 32 nm, {_HWL}; doubling per bit: hwcomponents",
    bits=9,
    rule=BitRule.POWER,
)
FORMS = Published(
    Reference(32),
    (("conversion", 0.226),),
    284.0,
    0.0,
    _UNKNOWN,
    f"FORMS 4-bit ADC, 32 nm, 2.1 GS/s, {_HWL}; doubling per bit: hwcomponents",
    bits=4,
    rule=BitRule.POWER,
    latency_s=1 / 2.1e9,
)
PUMA = Published(
    Reference(32),
    (("conversion", 1.8e-3 * 100e-9 / 128 / 1e-12),),
    1200.0,
    0.2e-3,
    "published leakage of 0.2 mW at 8 bits",
    "PUMA (puma-simulator constants): 128 conversions in 100 ns at 1.8 mW dynamic; linear in the bits",
    bits=8,
    rule=BitRule.LINEAR,
    latency_s=100e-9 / 128,
)
TIMELY = Published(
    Reference(65),
    (("conversion", 0.145),),
    310.0,
    0.0,
    _UNKNOWN,
    f"TIMELY time-to-digital converter (Li et al., ISCA 2020), 65 nm, {_HWL}; doubling per bit: hwcomponents",
    bits=8,
    rule=BitRule.POWER,
)

MODELS = tuple(
    declare(
        name,
        Kind.ADC,
        Resolution,
        partial(converter, record),
        source=record.source,
        validity=f"{record.bits} bits at {record.reference.node_nm:g} nm; {record.rule}",
        sorts=sorts,
    )
    for name, record, sorts in (
        ("isaac", ISAAC, ("sar",)),
        ("newton", NEWTON, ("sar",)),
        ("forms", FORMS, ()),
        ("puma", PUMA, ("sar",)),
        ("timely", TIMELY, ("ramp", "integrating")),
    )
)
