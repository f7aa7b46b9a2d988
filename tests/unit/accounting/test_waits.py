"""What firings waited for, against what the engines count while they run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given

from archsim.accounting.course import firing_power
from archsim.accounting.waits import waits
from archsim.engine import LogWindow, run_compiled
from archsim.errors import Deadlock
from archsim.program import Program, Trace
from archsim.simulation import Settings, simulate
from tests.programs import Sketch
from tests.random_programs import programs


def summed(trace: Trace) -> dict[str, list[int]]:
    found, log = waits(trace), trace.log
    assert log is not None
    spans = {
        "starved": found.fed - found.free,
        "blocked": found.room - found.fed,
        "contended": found.start - found.room,
    }
    size = len(trace.program.actors)
    return {
        name: np.bincount(log.actor, weights=span, minlength=size).astype(int).tolist() for name, span in spans.items()
    }


@given(programs(most_actors=8, most_samples=6))
def test_waits_are_those_that_the_engine_counts(program: Program) -> None:
    try:
        trace = run_compiled(program, log=LogWindow())
    except Deadlock:
        assume(False)
    assert summed(trace) == {name: getattr(trace, name).tolist() for name in ("starved", "blocked", "contended")}


@pytest.mark.parametrize("network", ["resnet18", "lstm-ptb"])
def test_waits_of_a_network(network: str) -> None:
    trace = simulate(network, "pcm-mesh-14nm", log=LogWindow()).trace
    assert summed(trace) == {name: getattr(trace, name).tolist() for name in ("starved", "blocked", "contended")}


def test_makers_made_what_was_needed() -> None:
    sketch = Sketch()
    maker, reader = sketch.actor(4, 10), sketch.actor(2, 5)
    # Each firing of the reader needs two more tokens.
    sketch.channel(maker, reader, 4, need=((2,), 2), release=((2,), 2))
    trace = run_compiled(sketch.program(), log=LogWindow())
    log, found = trace.log, waits(trace)
    assert log is not None
    rows = np.flatnonzero(log.actor == reader)
    assert log.firing[found.maker[rows]].tolist() == [1, 3]
    assert (log.actor[found.maker[rows]] == maker).all()


def test_power_over_time_is_the_dynamic_energy() -> None:
    result = simulate("resnet18", "pcm-mesh-14nm", Settings(batch=2), log=LogWindow())
    course = firing_power(result.trace, result.bill, 0, result.trace.makespan, bins=77)
    joules = course.values.sum() * result.trace.makespan / 77 / 1e12
    dynamic = result.ledger.layers["energy_j"].sum()
    assert joules == pytest.approx(dynamic, rel=1e-9)
