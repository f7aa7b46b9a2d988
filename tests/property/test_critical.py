"""The critical path adds up to the makespan, and the critical cycle to whole periods, whatever the program."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archsim.engine import Cause, critical_path, run_compiled
from archsim.errors import CapacityError, Deadlock
from archsim.lowering import lower
from archsim.mapping import Placement
from archsim.program import Program, Trace
from tests.property.test_lowering import placements, recurrences
from tests.random_networks import networks
from tests.random_programs import pipelines, programs

often = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def check(trace: Trace) -> None:
    path = critical_path(replace(trace, period=None))
    assert path is not None and not path.cycle
    assert path.length == trace.makespan
    assert (path.spent >= 0).all()
    if trace.period is not None:
        cycle = critical_path(trace)
        assert cycle is not None and cycle.length > 0
        if cycle.cycle:
            assert cycle.length % trace.period[0] == 0
            check_cycle(trace, cycle.spent)


def check_cycle(trace: Trace, spent: np.ndarray) -> None:
    """Once around, a served actor is served as often as it fires in so many periods, at most."""
    assert trace.period is not None
    time, samples = trace.period
    periods = spent.sum() // time
    served = spent[:, [Cause.SERVICE, Cause.SHARED, Cause.ROOM]].sum(axis=1)
    busy = trace.busy / trace.firings * (trace.program.actors.firings * samples // trace.program.samples.count)
    assert (served <= periods * busy * (1 + 1e-9) + trace.program.durations.values.max(initial=0)).all()


@often
@given(st.one_of(programs(most_actors=8, most_samples=40), pipelines()))
def test_causes_of_programs_add_up(program: Program) -> None:
    try:
        trace = run_compiled(program)
    except Deadlock:
        return
    check(trace)


@given(placements(st.one_of(networks(), recurrences())), st.integers(1, 40))
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_causes_of_networks_add_up(placement: Placement, batch: int) -> None:
    try:
        program = lower(placement, batch=batch)
    except CapacityError:
        return
    check(run_compiled(program))
