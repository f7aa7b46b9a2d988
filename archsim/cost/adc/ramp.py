"""Ramp (single-slope) ADC: one ramp and one Gray counter for all columns, a comparator and a latch in each.

The form is assumed; its elements are published: comparator 0.0417 pJ and 40 um^2 (TIMELY, 65 nm), counter 0.25 pJ and
495 um^2 for 32 bits and registers 9 fJ and 5.98 um^2 per bit (Aladdin, 40 nm), ramp generator the 8-bit DAC of BRAHMS
(0.291 pJ and 438 um^2, 40 nm) once per step. Latency 2^b clocks; the comparator evaluates at every step.
"""

from __future__ import annotations

from archsim.cost import arithmetic
from archsim.cost.bill import Figure
from archsim.cost.estimate import PJ, UM2, Estimate, Kind, engineering, range_notes
from archsim.cost.leakage import logic_leakage
from archsim.cost.model import declare
from archsim.cost.published import Reference, Resolution
from archsim.cost.scaling import node_notes
from archsim.cost.settings import Count

SOURCE = "form assumed; elements TIMELY (ISCA 2020, 65 nm), Aladdin and BRAHMS (40 nm), via hwcomponents-library"
_COMPARATOR, _SHARED = Reference(65), Reference(40)
_COMPARATOR_PJ, _COMPARATOR_UM2 = 0.0417, 40.0
_COUNTER_PJ_PER_BIT, _COUNTER_UM2_PER_BIT = 0.25074 / 32, 495.5 / 32
_RAMP_PJ, _RAMP_UM2, _RAMP_BITS = 0.291, 438.0, 8
_TOGGLES_PER_STEP = 2


class Ramp(Resolution):
    """Settings of a ramp ADC; ``shared_columns`` share its ramp and counter."""

    shared_columns: Count


def ramp(settings: Ramp) -> Estimate:
    """Price one column's part of a ramp converter."""
    steps, point = 2**settings.bits, settings.point
    compare = _COMPARATOR_PJ * PJ * _COMPARATOR.energy(point)
    latch = arithmetic.register(settings.bits, point)
    common = (_RAMP_PJ + _TOGGLES_PER_STEP * _COUNTER_PJ_PER_BIT) * PJ * _SHARED.energy(point) / settings.shared_columns
    energy = Figure(
        steps * (compare + common) + latch,
        f"{steps} steps x (compare {engineering(compare, 'J')} + ramp and counter {engineering(common, 'J')}"
        f" per column of {settings.shared_columns}) + latch {engineering(latch, 'J')}",
        SOURCE,
    )
    area = _area(settings)
    notes = (*node_notes(settings.node), *range_notes("bits", settings.bits, 1, 12))
    return Estimate((("conversion", energy),), area, logic_leakage(area.value, point), notes=notes)


def _area(settings: Ramp) -> Figure:
    point = settings.point
    own = _COMPARATOR_UM2 * UM2 * _COMPARATOR.area(point) + arithmetic.register_area(settings.bits, point)
    shared = settings.bits * _COUNTER_UM2_PER_BIT + _RAMP_UM2 * 2.0 ** (settings.bits - _RAMP_BITS)
    common = shared * UM2 * _SHARED.area(point) / settings.shared_columns
    return Figure(own + common, f"comparator + latch + ramp and counter / {settings.shared_columns}", SOURCE)


MODELS = (declare("ramp", Kind.ADC, Ramp, ramp, source=SOURCE, validity="1 to 12 bits, 7 to 180 nm", sorts=("ramp",)),)
