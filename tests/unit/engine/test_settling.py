"""Runs that end early, where no state returns and all the same each sample takes as long as the one before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from archsim.accounting import Basis, steady_state
from archsim.engine import critical_path, run_compiled, settling
from archsim.engine.critical import sample_window
from archsim.errors import InputError
from archsim.program import Program, Trace
from tests.programs import Sketch
from tests.random_programs import pipelines

SAMPLES = 600
SLOW, FAST = 100, 99


@pytest.fixture(autouse=True)
def short_runs_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "FEWEST_FIRINGS", 0)


def drifting() -> Program:
    """A sink that needs a token each of two sources, of which the faster one gains a picosecond a sample.

    Its room of 64 tokens would be full after 6,400 samples.
    """
    sketch = Sketch()
    slow, fast = sketch.actor(SAMPLES, SLOW), sketch.actor(SAMPLES, FAST)
    sink = sketch.actor(SAMPLES, 7)
    sketch.channel(slow, sink, 2)
    sketch.channel(fast, sink, 64)
    return sketch.program(samples=SAMPLES, sources=[slow, fast], sinks=[sink])


def test_what_drifts_has_no_period_and_is_run_whole() -> None:
    trace = run_compiled(drifting())
    assert trace.period is None and trace.extrapolated is None
    assert trace.sample_out.tolist() == [SLOW * (sample + 1) + 7 for sample in range(SAMPLES)]


@pytest.mark.parametrize("within", [0.02, 0.1])
def test_its_samples_leave_when_they_would(within: float) -> None:
    trace = run_compiled(drifting(), within=within)
    assert trace.extrapolated is not None
    assert (trace.extrapolated.time, trace.extrapolated.samples) == (SLOW, 1)
    assert trace.extrapolated.run == 3
    assert trace.sample_out.tolist() == [SLOW * (sample + 1) + 7 for sample in range(SAMPLES)]
    assert trace.makespan == SLOW * SAMPLES + 7
    # The sink starves until its slower token comes, for all but 7 ps of each sample.
    assert (trace.starved[2], trace.busy[2]) == (SLOW + (SAMPLES - 1) * (SLOW - 7), SAMPLES * 7)


def test_a_short_run_is_run_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "FEWEST_FIRINGS", 5_000_000)
    assert run_compiled(drifting(), within=0.02).extrapolated is None


def test_the_rate_is_that_of_the_latest_samples_and_the_basis_says_so() -> None:
    steady = steady_state(run_compiled(drifting(), within=0.02))
    assert steady.basis is Basis.EXTRAPOLATED
    assert steady.pass_ps == pytest.approx(SLOW, rel=1e-12)


def filling(*, shared: bool) -> Program:
    """A source that is ten times as fast as what follows, with room for 100 samples between them."""
    sketch = Sketch()
    fast = sketch.resource()
    sketch.actor(SAMPLES, 10, resource=fast)
    sketch.actor(SAMPLES, 100)
    if shared:
        sketch.actor(1, 10, resource=fast)
    sketch.channel(0, 1, 100)
    return sketch.program(samples=SAMPLES, sources=[0], sinks=[1])


def test_what_enters_faster_than_it_leaves_is_not_even() -> None:
    # A resource that is shared is seen in order of time: its room is full when eleven have left.
    trace = run_compiled(filling(shared=True), within=0.02)
    assert trace.extrapolated is None or trace.extrapolated.run > 11


def test_samples_that_have_entered_stay_where_they_are() -> None:
    whole, early = (
        run_compiled(filling(shared=False), fast_forward=False),
        run_compiled(filling(shared=False), within=0.02),
    )
    for column in ("sample_in", "sample_first", "sample_out", "makespan", "starved", "busy"):
        np.testing.assert_array_equal(getattr(early, column), getattr(whole, column), err_msg=column)


def test_an_exact_period_comes_before_what_is_nearly_one() -> None:
    sketch = Sketch()
    for interval in (10, 30, 20):
        sketch.actor(SAMPLES, interval)
    sketch.channel(0, 1, 2)
    sketch.channel(1, 2, 2)
    trace = run_compiled(sketch.program(samples=SAMPLES), within=0.5)
    assert trace.period == (30, 1) and trace.extrapolated is None


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pipelines(most_samples=200))
def test_what_is_taken_for_granted_can_be(program: Program) -> None:
    whole, early = run_compiled(program, fast_forward=False), run_compiled(program, within=0.3)
    np.testing.assert_array_equal(early.firings, whole.firings)
    np.testing.assert_array_equal(early.busy, whole.busy)
    for column in ("starved", "blocked", "contended", "done"):
        assert getattr(early, column).min() >= 0, column
    assert ((early.sample_in >= 0).all() and (early.latency > 0).all()) or (whole.latency == 0).any()
    if early.extrapolated is None:
        assert early.makespan == whole.makespan
    else:
        assert not _overworked(program, early)


def _overworked(program: Program, trace: Trace) -> bool:
    """Whether a resource has more to do than the repeated samples leave it time for."""
    assert trace.extrapolated is not None
    work = np.bincount(program.actors.resource, weights=trace.busy, minlength=len(program.resources))
    work *= trace.extrapolated.samples / len(trace.sample_in)
    return bool((work > program.resources.servers * trace.extrapolated.time * (1 + 1e-9)).any())


def test_nobody_follows_a_sample_that_was_not_run() -> None:
    trace = run_compiled(drifting(), within=0.02)
    assert critical_path(trace) is None
    with pytest.raises(InputError, match="of 600 samples were run"):
        sample_window(trace, 5)
