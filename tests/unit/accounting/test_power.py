"""Power states: what parts draw without work, by hand, by a log, and against each other."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from archsim.accounting import account
from archsim.accounting.power import patience_of
from archsim.chip import load_chip
from archsim.engine import LogWindow
from archsim.engine.compiled import run
from archsim.errors import InputError
from archsim.program import Kind
from archsim.simulation import Result, Settings, simulate

CHIP = "pcm-mesh-14nm"
GATED = (
    "power.parts.adc.policy=power-gated",
    "power.parts.adc.after=1 us",
    "power.parts.adc.kept=0.05",
    "power.parts.adc.wake_time=200 ns",
    "power.parts.adc.wake_energy=3 pJ",
)
DRAM_OFF = tuple(change.replace(".adc.", ".dram.") for change in GATED)


@cache
def ran(*overrides: str, network: str = "digits-cnn", batch: int = 4, log: bool = False) -> Result:
    return simulate(network, CHIP, Settings(batch=batch), overrides=overrides, log=LogWindow() if log else None)


def stood(result: Result, component: str) -> dict[str, float]:
    frame = result.ledger.standing.set_index("component")
    return {state: float(frame[state][component]) for state in ("leakage", "active", "idle", "wake")}


def test_what_is_always_on_leaks_for_the_whole_run() -> None:
    result = ran()
    makespan = result.trace.makespan * 1e-12
    for part in result.bill.components:
        assert stood(result, part.name) == pytest.approx(
            {"leakage": part.count * part.leakage_w.value * makespan, "active": 0, "idle": 0, "wake": 0}
        )


@pytest.mark.parametrize("policy", ["always-on", "clock-gated"])
def test_running_power_is_drawn_at_work_and_without_unless_the_clock_is_gated(policy: str) -> None:
    result = ran("tile.adc.cost.running=2 uW", f"power.policy={policy}")
    table = result.trace.program.resources
    converters = table.kind == Kind.ADC
    # 512 converters on each array's one group.
    working = 512 * 2e-6 * result.trace.resource_busy[converters].sum() * 1e-12
    drawn = stood(result, "adc")
    assert drawn["active"] == pytest.approx(working)
    everything = 256 * 512 * 2e-6 * result.trace.makespan * 1e-12
    assert drawn["idle"] == pytest.approx(everything - working if policy == "always-on" else 0.0)


def test_a_tiles_buffer_works_while_anything_of_its_tile_does() -> None:
    """The sum of the times of a tile's arrays and units, at most all of the run."""
    result = ran("tile.buffer.cost.running=1 mW", "power.policy=clock-gated")
    table, busy = result.program.resources, result.trace.resource_busy
    on_tiles = np.isin(table.kind, (Kind.ARRAY, Kind.UNIT)) & (table.node < 256)
    at_work = np.bincount(table.node[on_tiles], weights=busy[on_tiles])
    working = np.minimum(at_work, result.trace.makespan).sum() * 1e-12
    assert stood(result, "buffer")["active"] == pytest.approx(1e-3 * working)
    assert stood(result, "buffer")["idle"] == 0.0


def test_published_full_activity_is_told_apart() -> None:
    """ISAAC without work leaks: no part of its tables' 65.8 W but its links, 10.4 W, is drawn all the time."""
    energies = simulate("digits-cnn", "isaac").ledger.standing.set_index("component")
    assert energies.idle.sum() == 0.0 and energies.active.sum() > 0.0
    leaking = energies.leakage.drop("chip-link").sum() / energies.leakage.sum()
    assert leaking < 0.2


def test_gaps_of_the_log_are_what_rests() -> None:
    """Every converter's gaps, from the log of all firings: what is longer than 1.2 us rests beyond 1.2 us."""
    result = ran(*GATED, log=True)
    trace, table = result.trace, result.trace.program.resources
    assert trace.log is not None
    of = trace.program.actors.resource[trace.log.actor]
    held = trace.program.actors.interval[trace.log.actor]
    rested, wakes, used = 0, 0, 0
    for resource in np.flatnonzero(table.kind == Kind.ADC):
        rows, free = np.flatnonzero(of == resource), 0
        used += 1
        for start, interval in zip(trace.log.start[rows].tolist(), held[rows].tolist(), strict=True):
            rested += max(0, start - free - 1_200_000)
            wakes += start - free > 1_200_000
            free = start + interval
        rested += max(0, trace.makespan - free - 1_000_000)
    rested += (256 - used) * trace.makespan
    adc = result.bill.component("adc").leakage_w.value
    drawn = stood(result, "adc")
    assert wakes > 0
    assert drawn["leakage"] == pytest.approx(512 * adc * (256 * trace.makespan - 0.95 * rested) * 1e-12)
    assert drawn["wake"] == pytest.approx(512 * wakes * 3e-12)


def test_fast_forward_finds_the_gaps_of_a_run_in_full() -> None:
    result = ran(*GATED, batch=40)
    assert result.trace.period is not None
    patience = patience_of(result.chip, result.program)
    whole = account(run(result.program, patience=patience, fast_forward=False), result.placement, result.bill)
    for state in ("leakage", "active", "idle", "wake"):
        np.testing.assert_allclose(result.ledger.standing[state], whole.standing[state], rtol=1e-12)


def test_the_steady_state_draws_what_a_long_run_draws_per_sample() -> None:
    few, many = (ran(*GATED, batch=batch).ledger for batch in (40, 400))
    per_sample = (many.standing.leakage.sum() - few.standing.leakage.sum()) / 360
    assert many.headline.leakage_share * many.headline.energy_per_sample_j == pytest.approx(per_sample, rel=1e-6)


def test_a_gated_chip_takes_no_more_than_its_wakes_beyond_an_ungated_one() -> None:
    on, off = ran().ledger.standing.set_index("component"), ran(*GATED).ledger.standing.set_index("component")
    assert (off.leakage <= on.leakage * (1 + 1e-12)).all()
    assert off.leakage["adc"] < 0.5 * on.leakage["adc"]
    assert (off.drop("adc") == on.drop("adc")).all().all()


def test_a_memory_that_nobody_asks_is_off_once_per_chip() -> None:
    """digits-cnn needs no memory: of its DRAM's leakage the kept share is drawn, on every chip."""
    always, off = ran(), ran(*DRAM_OFF)
    assert stood(off, "dram")["leakage"] == pytest.approx(0.05 * stood(always, "dram")["leakage"])
    assert stood(off, "dram")["wake"] == 0.0


def test_a_memory_that_is_asked_keeps_what_it_holds() -> None:
    """Characters are looked up in it: power gating would lose them, and retention waits for the gaps."""
    gated, always = (ran(*changes, network="characters-lstm", batch=2) for changes in (DRAM_OFF, ()))
    assert stood(gated, "dram") == pytest.approx(stood(always, "dram"))
    kept = tuple(
        change.replace("power-gated", "retention").replace("=1 us", "=10 ns").replace("=200 ns", "=10 ns")
        for change in DRAM_OFF
    )
    resting = stood(ran(*kept, network="characters-lstm", batch=2), "dram")
    assert 0 < resting["leakage"] < stood(always, "dram")["leakage"] and resting["wake"] > 0


def test_states_add_up_per_component_and_chip() -> None:
    result = ran(*GATED, "tile.adc.cost.running=2 uW")
    energy = result.ledger.energy
    standing = energy[energy.layer == "(leakage)"].groupby("component").energy_j.sum()
    frame = result.ledger.standing.set_index("component")
    np.testing.assert_allclose(standing.sort_index(), frame.drop(columns="instances").sum(axis=1).sort_index())
    headline, samples = result.ledger.headline, 4
    dynamic = energy[energy.layer != "(leakage)"].energy_j.sum() / samples
    assert headline.energy_per_sample_j > dynamic
    assert 0 < headline.idle_share < 1


REFUSED = [
    (("power.policy=power-gated",), "power-gated is given for all parts at once"),
    ((*GATED, "power.parts.adc.after=100 ns"), "waking it takes 2e-07 s"),
    ((*GATED, "power.parts.adc.kept=1.2"), "less than or equal to 1|at most 1|1.2"),
    ((GATED[0],), "says nothing of after"),
    (("power.parts.adc.policy=clock-gated", "power.parts.adc.after=1 us"), "never rests"),
]


@pytest.mark.parametrize(("overrides", "said"), REFUSED)
def test_policies_that_make_no_sense_are_refused(overrides: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_chip(CHIP, overrides)


def test_parts_that_are_not_there_are_named() -> None:
    with pytest.raises(InputError, match="there is no part 'dac'"):
        simulate("digits-cnn", CHIP, overrides=["power.parts.dac.policy=clock-gated"])


def test_parts_of_one_array_rest_together() -> None:
    arrays = tuple(change.replace(".adc.", ".array.") for change in GATED)
    drivers = tuple(change.replace(".adc.", ".driver.").replace("=1 us", "=2 us") for change in GATED)
    with pytest.raises(InputError, match="rest after different times"):
        simulate("digits-cnn", CHIP, overrides=[*arrays, *drivers])
