"""Power states over random networks, chips and policies: all that is drawn adds up, and a gate never costs more than
its wakes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from archsim.accounting import LEAKAGE, Ledger, account
from archsim.accounting.power import DRAWN, patience_of
from archsim.chip import Chip
from archsim.chip.power import Power
from archsim.cost import Bill
from archsim.cost.bill import Component, Figure
from archsim.engine import run_compiled
from archsim.errors import CapacityError
from archsim.lowering import lower
from archsim.machine import parts
from archsim.mapping import Placement
from archsim.program import Program
from tests.property.test_conservation import priced
from tests.property.test_lowering import placements
from tests.random_networks import networks

TOGETHER = frozenset({"array", "driver", "sample-hold", "router", "wire"})
"""Parts of one array or link, which would have to rest after the same time."""
NS = 1e-9


@st.composite
def policies(draw: st.DrawFn, chip: Chip) -> Power:
    """A policy for some parts, each with times and energies of its own."""
    chosen: dict[str, dict[str, object]] = {}
    for part in parts(chip):
        policy = draw(st.sampled_from([None, "always-on", "clock-gated", "power-gated", "retention"]))
        if policy in ("power-gated", "retention"):
            wake = draw(st.integers(1, 50))
            after = wake + (100 if part.name in TOGETHER else draw(st.integers(0, 300)))
            wake = 20 if part.name in TOGETHER else wake
            chosen[part.name] = {
                "policy": policy,
                "after": (120 if part.name in TOGETHER else after) * NS,
                "kept": draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])),
                "wake_time": wake * NS,
                "wake_energy": draw(st.sampled_from([0.0, 1e-12, 5e-9])),
            }
        elif policy:
            chosen[part.name] = {"policy": policy}
    return Power.model_validate({"policy": draw(st.sampled_from(["always-on", "clock-gated"])), "parts": chosen})


def with_clocks(bill: Bill, share: float) -> Bill:
    """Half a milliwatt for the clock of every part, and one part that draws a share of all others."""
    running = tuple(replace(part, running_w=Figure(5e-4, "chosen", "assumed")) for part in bill.components)
    each = share / (1 - share)
    first = running[0]
    nothing = Figure(0.0, "none", "assumed")
    tree = Component(
        "tree", first.place, first.purpose, 1, (), nothing, nothing, along=tuple((part.name, each) for part in running)
    )
    return Bill((*running, tree))


def accounted(placement: Placement, program: Program, bill: Bill, power: Power) -> Ledger:
    chip = placement.chip.model_copy(update={"power": power})
    held = placement.on(chip) if hasattr(placement, "on") else replace(placement, chip=chip)
    return account(run_compiled(program, patience=patience_of(chip, program)), held, bill)


@given(placements(networks(most_layers=4)), st.integers(1, 6), st.sampled_from([0.05, 0.3, 0.9]), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_all_that_is_drawn_adds_up_and_gates_cost_no_more_than_wakes(
    placement: Placement, batch: int, share: float, data: st.DataObject
) -> None:
    try:
        program = lower(placement, batch=batch)
    except CapacityError:
        assume(False)
    bill = with_clocks(priced(placement, program), share)
    gated = accounted(placement, program, bill, data.draw(policies(placement.chip)))
    free = accounted(placement, program, bill, Power())
    for ledger in (gated, free):
        adds_up(ledger, share)
    on, off = (one.standing.set_index("component")[list(DRAWN)] for one in (free, gated))
    spared = on.sum(axis=1) + off.wake - off.sum(axis=1)
    assert (spared >= -1e-9 * on.sum(axis=1)).all()
    assert (off[["leakage", "active", "idle"]] <= on[["leakage", "active", "idle"]] * (1 + 1e-9) + 1e-18).all().all()


def adds_up(ledger: Ledger, share: float) -> None:
    energy = ledger.energy
    acting, standing = energy[energy.layer != LEAKAGE], energy[energy.layer == LEAKAGE]
    total = energy.energy_j.sum()
    # Per state and component.
    assert standing.energy_j.sum() == pytest.approx(ledger.standing[list(DRAWN)].to_numpy().sum())
    by_part = energy.groupby("component").energy_j.sum()
    drawn = ledger.standing.set_index("component")[list(DRAWN)].sum(axis=1)
    own = acting.groupby("component").energy_j.sum()
    np.testing.assert_allclose(by_part, drawn.add(own, fill_value=0.0).reindex(by_part.index), rtol=1e-9)
    # Per layer and per chip.
    assert ledger.layers.energy_j.sum() == pytest.approx(acting.energy_j.sum())
    per_chip = acting.groupby("chip").energy_j.sum().sum()
    assert per_chip + standing.energy_j.sum() == pytest.approx(total)
    # The share is the share of the whole.
    assert by_part["tree"] == pytest.approx(share * total)
