"""Current-controlled-oscillator ADC: counts the periods of an oscillator while the array integrates.

Derived from the HERMES core (Khaddam-Aljameh et al., JSSC 57(4), 2022): 14 nm, 256 columns of 8 bits, 12.48 nJ per
matrix-vector product (2 x 256^2 operations at 10.5 TOPS/W). What is left after its array, 3.4 nJ at full input and
half of that at the mean activity of 0.5 that is assumed, is put down to the converters: a residual of a published
total, so it holds the drivers and the affine unit too, and its agreement with that core is an identity, no
validation.

An oscillator spends its energy per period, so a conversion goes with the full scale of 2^bits counts, whatever the
time.
"""

from __future__ import annotations

from archsim.cost.bill import Figure
from archsim.cost.estimate import UM2, Estimate, Kind, engineering, range_notes, square
from archsim.cost.leakage import logic_leakage
from archsim.cost.model import declare
from archsim.cost.published import Reference, Resolution
from archsim.cost.scaling import node_notes
from archsim.cost.settings import Seconds

SOURCE = "HERMES core (JSSC 57(4), 2022): residual of 12.48 nJ per product less 1.7 nJ of array (assumed activity 0.5)"
_REFERENCE = Reference(14)
CORE_J = 2 * 256**2 / 10.5e12
ARRAY_J = 256 * 256 * 2 * 5e-6 * 0.2**2 * 128e-9 * 0.5
CONVERSION_J = (CORE_J - ARRAY_J) / 256
PER_COUNT_J = CONVERSION_J / 2**8
_AREA_UM2 = 4.0 * 250.0
_FASTEST_HZ = 3e9


class Oscillator(Resolution):
    """Settings of an oscillator ADC; it counts during the array's ``phase_time``."""

    phase_time: Seconds = 130e-9


def oscillator(settings: Oscillator) -> Estimate:
    """Price a conversion by its counts."""
    counts, point = 2**settings.bits, settings.point
    energy, area = _REFERENCE.energy(point), _REFERENCE.area(point)
    formula = f"{counts} counts x {engineering(PER_COUNT_J, 'J')}{_REFERENCE.words(point, energy)}"
    square_metres = _AREA_UM2 * UM2 * area * settings.bits / 8
    return Estimate(
        (("conversion", Figure(counts * PER_COUNT_J * energy, formula, SOURCE)),),
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
