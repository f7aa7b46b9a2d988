"""NeuRRAM's neuron: integrate, then count charge decrements until the comparator flips.

Source: Wan et al., Nature 608 (2022), element figures via hwcomponents-library and CiMLoop, 130 nm, 1.8 V. A signed
output of b bits takes up to 2^(b-1) decrements; early stopping is not modelled, so the energy is the worst case.
"""

from __future__ import annotations

from archsim.cost.bill import Figure
from archsim.cost.estimate import PJ, UM2, Estimate, Kind, range_notes, square
from archsim.cost.model import declare
from archsim.cost.published import Reference, Resolution
from archsim.cost.scaling import node_notes
from archsim.cost.settings import Count

SOURCE = "NeuRRAM (Wan et al., Nature 608, 2022), 130 nm 1.8 V, via hwcomponents-library and CiMLoop"
_REFERENCE = Reference(130, 1.8)
_SAMPLE_PJ, _INTEGRATE_PJ, _STEP_PJ = 1.2, 0.25, 0.3
_AREA_UM2 = 400.0 + 350.0 + 45.0


class Neuron(Resolution):
    """Settings of the neuron; ``pulses`` are the integrations per conversion."""

    pulses: Count = 1


def neurram(settings: Neuron) -> Estimate:
    """Price a conversion at its largest number of decrements."""
    steps = 2 ** (settings.bits - 1)
    picojoules = _SAMPLE_PJ + settings.pulses * _INTEGRATE_PJ + steps * _STEP_PJ
    energy, area = _REFERENCE.energy(settings.point), _REFERENCE.area(settings.point)
    formula = f"sample {_SAMPLE_PJ} pJ + {settings.pulses} x {_INTEGRATE_PJ} pJ + {steps} steps x {_STEP_PJ} pJ"
    return Estimate(
        (
            (
                "conversion",
                Figure(picojoules * PJ * energy, formula + _REFERENCE.words(settings.point, energy), SOURCE),
            ),
        ),
        Figure(_AREA_UM2 * UM2 * area, f"step, integrator and sample: {square(_AREA_UM2 * UM2)} x {area:.4g}", SOURCE),
        Figure(0.0, "the source gives none apart from the energy", SOURCE),
        Figure(steps * 0.3e-6, f"{steps} steps x 0.3 us, not scaled", "Wan et al., Nature 608 (2022)"),
        notes=(*node_notes(settings.node), *range_notes("bits", settings.bits, 3, 10)),
    )


MODELS = (
    declare(
        "neurram",
        Kind.ADC,
        Neuron,
        neurram,
        source=SOURCE,
        validity="3 to 10 bits at 130 nm; 2^(b-1) steps",
        sorts=("integrating",),
    ),
)
