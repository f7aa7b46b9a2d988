"""The reference engine against brute force over every picosecond."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from archsim.engine import LogWindow, run_reference
from archsim.errors import Deadlock
from archsim.program import Program
from tests.random_programs import programs
from tests.stepped import stepped


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_reference_equals_brute_force(program: Program) -> None:
    truth = stepped(program)
    if truth.stuck:
        with pytest.raises(Deadlock, match=f"deadlock at {truth.makespan} ps"):
            run_reference(program)
        return
    trace = run_reference(program, log=LogWindow())
    assert trace.makespan == truth.makespan
    assert trace.log is not None
    for actor, starts in enumerate(truth.starts):
        assert trace.log.start[trace.log.actor == actor].tolist() == starts
    assert trace.starved.tolist() == truth.starved
    assert trace.blocked.tolist() == truth.blocked
    assert trace.contended.tolist() == truth.contended


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_time_is_accounted_to_the_picosecond(program: Program) -> None:
    try:
        trace = run_reference(program)
    except Deadlock:
        return
    total = trace.busy + trace.starved + trace.blocked + trace.contended + trace.done
    np.testing.assert_array_equal(total, trace.makespan)
    np.testing.assert_array_equal(trace.firings, program.actors.firings)
    assert trace.resource_busy.sum() == trace.busy.sum()
