"""Current-controlled-oscillator ADC: counts the periods of an oscillator while the array integrates.

Derived from the HERMES core (Khaddam-Aljameh et al., JSSC 57(4), 2022): 14 nm, 256 columns of 8 bits, 12.48 nJ per
matrix-vector product (2 x 256^2 operations at 10.5 TOPS/W). What the models of its other parts leave of that, array
and word lines, drivers, affine stage, and the leakage of these and of the converters, is put down to the converters: a
residual of a published total, so that its agreement with that core is an identity, no validation.

An oscillator spends its energy per period, so a conversion goes with the full scale of 2^bits counts, whatever the
time and however many rows share the column: the column's current is mirrored to the same full scale. What the
residual holds of the column's current itself would go with the rows (see reports/decisions/oscillator.md).
"""

from __future__ import annotations

from functools import cache

from archsim.cost.array.device_array import Conduction, conduction
from archsim.cost.array.drivers import PulseWidth, pulse_width
from archsim.cost.bill import Figure
from archsim.cost.digital.affine import Affine, digital
from archsim.cost.estimate import UM2, Estimate, Kind, engineering, range_notes, square
from archsim.cost.leakage import logic_leakage
from archsim.cost.model import declare
from archsim.cost.published import Reference, Resolution
from archsim.cost.scaling import node_notes
from archsim.cost.settings import Seconds

SOURCE = "HERMES core (JSSC 57(4), 2022): residual of 12.48 nJ per product less the models of all its other parts"
_NODE, _ROWS, _COLUMNS, _DEVICES, _BITS = 14e-9, 256, 256, 4, 8
_REFERENCE = Reference(14)
CORE_J = 2 * _ROWS * _COLUMNS / 10.5e12
PRODUCT_S = 130e-9
_AREA_UM2 = 4.0 * 250.0
_FASTEST_HZ = 3e9


class Oscillator(Resolution):
    """Settings of an oscillator ADC; it counts during the array's ``phase_time``."""

    phase_time: Seconds = 130e-9


def oscillator(settings: Oscillator) -> Estimate:
    """Price a conversion by its counts."""
    counts, point, per_count = 2**settings.bits, settings.point, conversion_j() / 2**_BITS
    energy, area = _REFERENCE.energy(point), _REFERENCE.area(point)
    formula = f"{counts} counts x {engineering(per_count, 'J')}{_REFERENCE.words(point, energy)}"
    square_metres = _AREA_UM2 * UM2 * area * settings.bits / 8
    return Estimate(
        (("conversion", Figure(counts * per_count * energy, formula, SOURCE)),),
        Figure(
            square_metres,
            f"4 um x 250 um = {square(_AREA_UM2 * UM2)} at 8 bits, in proportion to the bits x {area:.4g}",
            "HERMES core: pitch of 4 um published, length of 250 um assumed",
        ),
        logic_leakage(square_metres, point),
        Figure(settings.phase_time, "counts during the integration", "HERMES core"),
        notes=(
            *node_notes(settings.node),
            *range_notes("bits", settings.bits, 4, 10),
            *range_notes("oscillator frequency in Hz", counts / settings.phase_time, 0, _FASTEST_HZ),
        ),
    )


@cache
def conversion_j() -> float:
    """Joules of one conversion of the core: what its other parts, priced as those of any chip, leave of its product."""
    point = Oscillator(node=_NODE, bits=_BITS).point
    core = Conduction(
        node=_NODE,
        rows=_ROWS,
        columns=_COLUMNS,
        devices=_ROWS * _COLUMNS * _DEVICES,
        cell_area=1.36 * UM2,
        phases=1,
        mean_activity=0.27,
        max_conductance=10.35e-6,
        mean_conductance=0.13,
        read_voltage=0.2,
        phase_time=128e-9,
    )
    array, driver = conduction(core), pulse_width(PulseWidth(node=_NODE, bits=_BITS))
    scale = digital(Affine(node=_NODE, lanes=4, sum_bits=16, input_bits=_BITS))
    acting = (
        (array, "cell", core.devices),
        (array, "row", _ROWS),
        (driver, "conversion", _ROWS),
        (scale, "mac", _COLUMNS),
    )
    leaking = logic_leakage(_COLUMNS * _AREA_UM2 * UM2, point).value
    leaking += sum(one.leakage_w.value * count for one, count in ((driver, _ROWS), (scale, 1)) if one.leakage_w)
    spent = sum(count * dict(one.energy_j)[action].value for one, action, count in acting)
    return (CORE_J - spent - leaking * PRODUCT_S) / _COLUMNS


MODELS = (
    declare(
        "oscillator",
        Kind.ADC,
        Oscillator,
        oscillator,
        source=SOURCE,
        validity="one published point (8 bits, 14 nm, 130 ns); 4 to 10 bits, oscillators up to 3 GHz",
        sorts=("oscillator",),
    ),
)
