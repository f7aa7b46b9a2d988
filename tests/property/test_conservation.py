"""Conservation over random networks and chips: energy, time and work are counted once, wherever they are counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from archsim.accounting import LEAKAGE, Ledger, account
from archsim.cost import Bill
from archsim.cost.bill import Component, Figure
from archsim.engine import run_compiled, run_reference
from archsim.errors import CapacityError
from archsim.lowering import lower
from archsim.machine import parts
from archsim.mapping import Placement
from archsim.network import Matrix
from archsim.program import Program, Trace
from archsim.units import PS_PER_S
from tests.property.test_lowering import placements, recurrences
from tests.random_networks import networks

slowly = settings(deadline=None, suppress_health_check=list(HealthCheck))


def priced(placement: Placement, program: Program) -> Bill:
    """A bill with a price of its own for everything that happens: 1 nJ, 2 nJ, ...; each part leaks a milliwatt."""
    names = sorted(program.labels.actions)
    prices = {name: Figure((number + 1) * 1e-9, "chosen", "assumed") for number, name in enumerate(names)}
    milliwatt, area = Figure(1e-3, "chosen", "assumed"), Figure(1e-6, "chosen", "assumed")
    return Bill(
        tuple(
            Component(
                part.name, part.place, part.purpose, part.count,
                tuple((name.rpartition(".")[2], prices[name]) for name in names if name.rpartition(".")[0] == part.name)
                + tuple((action, milliwatt) for action in part.actions if f"{part.name}.{action}" not in prices),
                area, milliwatt,
            )
            for part in parts(placement.chip)
        )
    )  # fmt: skip


def check_energy(ledger: Ledger, program: Program, trace: Trace, bill: Bill, chips: int) -> None:
    """The table is every action of every firing at its price; by layer and by component it is the same."""
    price = np.array(
        [bill.component(n.rpartition(".")[0]).energy_of(n.rpartition(".")[2]).value for n in program.labels.actions]
    )
    actions = program.actions
    each = actions.count * program.actors.firings[actions.actor] * price[actions.action]
    dynamic = ledger.energy[ledger.energy["layer"] != LEAKAGE]
    leaked = ledger.energy[ledger.energy["layer"] == LEAKAGE]["energy_j"].sum()
    assert dynamic["energy_j"].sum() == pytest.approx(each.sum(), rel=1e-9)
    by_layer = np.bincount(program.actors.layer[actions.actor], weights=each, minlength=len(program.labels.layers))
    told = ledger.layers.set_index("layer")["energy_j"].fillna(0.0)
    assert [told[layer] for layer in program.labels.layers] == pytest.approx(by_layer.tolist(), rel=1e-9, abs=1e-15)
    watts = chips * sum(part.count * 1e-3 for part in bill.components)
    assert leaked == pytest.approx(watts * trace.makespan / PS_PER_S)
    headline = ledger.headline
    assert headline.energy_per_sample_j == pytest.approx(
        each.sum() / headline.batch + watts / headline.throughput_per_s, rel=1e-9
    )


def check_time(ledger: Ledger, trace: Trace) -> None:
    """Every actor's time is whole, and what actors are busy is what resources are."""
    states = ledger.states[["busy", "starved", "blocked", "contended", "done"]]
    assert states.sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert (states.to_numpy() >= 0).all()
    busy = (ledger.states["busy"] * ledger.states["actors"]).sum() * trace.makespan / PS_PER_S
    assert ledger.resources["busy_s"].sum() == pytest.approx(busy)
    for name in ("utilisation", "steady_utilisation"):
        assert (ledger.resources[name] <= 1.0 + 1e-9).all(), name
    headline = ledger.headline
    # The first and the last sample of a run have the chip to themselves for a while, and may take less than a period.
    assert headline.throughput_per_s * trace.makespan / PS_PER_S >= (headline.batch - 2) * (1 - 1e-9)
    assert headline.latency_s <= headline.latency_max_s <= trace.makespan / PS_PER_S


def check_work(placement: Placement, program: Program) -> None:
    """Every weight meets every token once, whatever blocks and copies there are."""
    network, actions = placement.network, program.actions
    cells = np.array([name == "array.cell" for name in program.labels.actions], np.bool_)
    done = (actions.count * program.actors.firings[actions.actor])[cells[actions.action]].sum()
    asked = sum(layer.tokens * layer.operator.macs for layer in network.layers if isinstance(layer.operator, Matrix))
    # Two devices a weight.
    assert done == pytest.approx(2 * asked * program.samples.count)


@given(placements(st.one_of(networks(), recurrences())), st.integers(1, 12))
@slowly
def test_energy_time_and_work_are_conserved(placement: Placement, batch: int) -> None:
    try:
        program = lower(placement, batch=batch)
    except CapacityError:
        assume(False)
    trace = run_compiled(program)
    bill = priced(placement, program)
    ledger = account(trace, placement, bill)
    check_energy(ledger, program, trace, bill, placement.chips)
    check_time(ledger, trace)
    check_work(placement, program)
    assert 0 < ledger.bottleneck.utilisation <= 1 + 1e-9


@given(placements(networks(most_layers=3)), st.integers(1, 10))
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_both_engines_give_one_ledger(placement: Placement, batch: int) -> None:
    """But for the period, which the reference does not look for."""
    try:
        program = lower(placement, batch=batch)
    except CapacityError:
        assume(False)
    bill = priced(placement, program)
    one = account(run_compiled(program, fast_forward=False), placement, bill)
    two = account(run_reference(program), placement, bill)
    assert one.headline == two.headline and one.bottleneck == two.bottleneck
    for table in ("energy", "area", "states", "resources", "layers"):
        assert getattr(one, table).equals(getattr(two, table)), table
