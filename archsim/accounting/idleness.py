"""Energy that goes to parts without work: how much of it there is, and what more work could make of it at best."""

from __future__ import annotations

import numpy as np

from archsim.accounting.headline import Headline
from archsim.accounting.power import steady_watts
from archsim.accounting.steady import Steady
from archsim.cost import Bill
from archsim.mapping import Placement
from archsim.program import Kind, Trace
from archsim.units import PS_PER_S

TELLING = 0.5
"""Share of the energy that parts draw beside their actions, from which a reader should know."""


def idle_notes(headline: Headline, trace: Trace, steady: Steady, placement: Placement, bill: Bill) -> tuple[str, ...]:
    """A sentence where most of the energy is not that of actions: what is idle, and what would change it.

    The rates are bounds: of a larger batch, by the resource that has most to do for a sample; of copies of layers, by
    all arrays of the chips together at the work of one sample's products.
    """
    standing_w = sum(steady_watts(trace, steady, placement, bill).values())
    share = standing_w / headline.power_w if headline.power_w else 0.0
    if share <= TELLING:
        return ()
    acting_j = headline.energy_per_sample_j * (1.0 - share)
    idle = headline.tiles - headline.tiles_used
    told = (
        f"{share:.1%} of this energy is no work: {_short(standing_w)} W are drawn always, "
        f"{idle} of {headline.tiles} tiles hold no weights, arrays wait {1.0 - headline.array_utilisation:.1%}"
    )
    words = [
        f"{what}: at most {_short(rate)} samples/s, "
        f"{_short(headline.operations_per_sample / 1e9 / (acting_j + standing_w / rate))} GOP/s/W"
        for what, rate in _bounds(headline, trace, placement)
    ]
    return ("; ".join([told, *words]),)


def _short(value: float) -> str:
    """With four digits."""
    return f"{float(f'{value:.4g}'):,g}"


def _bounds(headline: Headline, trace: Trace, placement: Placement) -> list[tuple[str, float]]:
    """What would help, and the samples a second that it allows at most."""
    program = trace.program
    per_sample = trace.resource_busy / PS_PER_S / headline.batch
    busiest = float((per_sample / program.resources.servers).max())
    arrays = float(per_sample[program.resources.kind == Kind.ARRAY].sum())
    learning = placement.network.learning
    bounds = [("--batch" if learning is None else "--batch and older weights (--update stale:K)", 1.0 / busiest)]
    if arrays and placement.turns is None and placement.plan is None and learning is None:
        places = placement.floorplan.arrays * placement.chips
        bounds.append(("--replicate balanced as well", places / arrays))
    return [(what, rate) for what, rate in bounds if np.isfinite(rate)]
