"""How long servers rest: both engines agree, and fast-forward counts what a run in full counts."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archsim.engine import LogWindow, run_compiled, run_reference
from archsim.engine.compiled import run
from archsim.errors import Deadlock
from archsim.program import Program, Trace
from tests.programs import Sketch
from tests.random_programs import pipelines, programs

PATIENCE = st.integers(0, 40)


def patience_of(program: Program, wait: int) -> np.ndarray:
    return np.full(len(program.resources), wait, np.int64)


def assert_same_rests(one: Trace, other: Trace) -> None:
    assert one.rests is not None and other.rests is not None
    np.testing.assert_array_equal(one.rests.rested, other.rests.rested)
    np.testing.assert_array_equal(one.rests.times, other.rests.times)


def sorted_free(trace: Trace) -> list[list[int]]:
    """Servers of a resource are alike."""
    assert trace.rests is not None
    bounds = np.cumsum(trace.program.resources.servers.astype(int))[:-1]
    return [sorted(part.tolist()) for part in np.split(trace.rests.free_since, bounds)]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs(most_actors=9, most_samples=6), PATIENCE)
def test_engines_agree_on_rests(program: Program, wait: int) -> None:
    try:
        truth = run_reference(program, patience=patience_of(program, wait))
    except Deadlock:
        return
    other = run_compiled(program, patience=patience_of(program, wait))
    assert_same_rests(truth, other)
    assert sorted_free(truth) == sorted_free(other)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pipelines(), PATIENCE)
def test_fast_forward_counts_the_same_rests(program: Program, wait: int) -> None:
    patience = patience_of(program, wait)
    try:
        whole = run(program, patience=patience, fast_forward=False)
    except Deadlock:
        return
    fast = run(program, patience=patience)
    assert fast.makespan == whole.makespan
    assert_same_rests(fast, whole)
    assert sorted_free(fast) == sorted_free(whole)


def test_rests_of_two_stages_by_hand() -> None:
    """A makes a token every 10 ps, B takes 4 for each: it waits 6 between, of which it rests what is beyond 2."""
    sketch = Sketch()
    first, second = sketch.actor(1000, 10), sketch.actor(1000, 4)
    sketch.channel(first, second, 2)
    program = sketch.program(samples=1000)
    trace = run_compiled(program, patience=np.array([2, 2], np.int64))
    assert trace.period == (10, 1)
    assert trace.rests is not None
    # Its first wait is the 10 ps of the first token.
    assert trace.rests.rested.tolist() == [0, 8 + 999 * 4]
    assert trace.rests.times.tolist() == [0, 1000]
    assert trace.rests.free_since.tolist() == [10_000, 10_004]
    assert trace.rests.period is not None
    assert [column.tolist() for column in trace.rests.period] == [[0, 4], [0, 1]]


def test_rests_of_a_log_are_those_of_the_run() -> None:
    """Gaps between the firings in the log, added up apart from the engine."""
    sketch = Sketch()
    pool = sketch.resource(2)
    source = sketch.actor(60, [7, 30])
    workers = [sketch.actor(60, [3, 9, 2], resource=pool) for _ in range(3)]
    sink = sketch.actor(60, 1)
    for worker in workers:
        sketch.channel(source, worker, 3)
        sketch.channel(worker, sink, 3)
    program = sketch.program(samples=30, sinks=[sink])
    wait = 4
    trace = run_compiled(program, log=LogWindow(), patience=patience_of(program, wait))
    assert trace.log is not None and trace.rests is not None
    free, rested, times = [0, 0], 0, 0
    for actor, firing, start in zip(trace.log.actor, trace.log.firing, trace.log.start, strict=True):
        if actor in workers:
            gap = int(start) - free.pop(free.index(min(free)))
            rested, times = rested + max(0, gap - wait), times + (gap > wait)
            free.append(int(start) + [3, 9, 2][int(firing) % 3])
    assert (int(trace.rests.rested[workers].sum()), int(trace.rests.times[workers].sum())) == (rested, times)
    assert rested > 0


def test_without_patience_there_are_no_rests() -> None:
    sketch = Sketch()
    sketch.actor(3, 5)
    assert run_compiled(sketch.program(samples=3)).rests is None
    assert run_reference(sketch.program(samples=3)).rests is None
