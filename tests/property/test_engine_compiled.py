"""The compiled engine equals the reference, firing by firing."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from archsim.engine import LogWindow, run_compiled, run_reference
from archsim.errors import Deadlock
from archsim.program import Program, Trace, actor_name
from tests.random_programs import pipelines, programs

COLUMNS = (
    "makespan",
    "firings",
    "busy",
    "starved",
    "blocked",
    "contended",
    "first_start",
    "last_end",
    "sample_in",
    "sample_first",
    "sample_out",
)


def first_divergence(program: Program, truth: Trace, other: Trace) -> str:
    """The first firing that two logs disagree on, with names; empty if there is none."""
    assert truth.log is not None and other.log is not None
    rows = [
        list(zip(log.actor.tolist(), log.firing.tolist(), log.start.tolist(), strict=True))
        for log in (truth.log, other.log)
    ]
    for pair in zip_longest(*rows, fillvalue=(0, -1, -1)):
        if pair[0] != pair[1]:
            return " but ".join(f"{actor_name(program, actor)} firing {n} at {start} ps" for actor, n, start in pair)
    return ""


def assert_equal(truth: Trace, other: Trace) -> None:
    for column in COLUMNS:
        np.testing.assert_array_equal(getattr(other, column), getattr(truth, column), err_msg=column)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs(most_actors=9, most_samples=6))
def test_compiled_equals_reference(program: Program) -> None:
    try:
        truth = run_reference(program, log=LogWindow())
    except Deadlock as deadlock:
        with pytest.raises(Deadlock) as caught:
            run_compiled(program)
        assert str(caught.value) == str(deadlock)
        return
    other = run_compiled(program, log=LogWindow())
    assert first_divergence(program, truth, other) == ""
    assert_equal(truth, other)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs(most_actors=7, most_samples=60))
def test_fast_forward_changes_nothing(program: Program) -> None:
    try:
        whole = run_compiled(program, fast_forward=False)
    except Deadlock as deadlock:
        with pytest.raises(Deadlock) as caught:
            run_compiled(program)
        assert str(caught.value) == str(deadlock)
        return
    assert_equal(whole, run_compiled(program))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pipelines())
def test_fast_forward_over_contended_pipelines(program: Program) -> None:
    whole = run_compiled(program, fast_forward=False)
    assert_equal(whole, run_compiled(program))
