"""Logs, progress, interruption and fast-forward of the compiled engine."""

from __future__ import annotations

import numpy as np
import pytest

from archsim.engine import LogWindow, Progress, compiled, run_compiled, run_reference
from archsim.errors import ProgramError
from archsim.program import Program
from tests.programs import Sketch


def pipeline(samples: int, stages: int = 4) -> Program:
    sketch = Sketch()
    for number in range(stages):
        sketch.actor(3 * samples, 10 + 7 * (number % 3), latency=5)
        if number:
            sketch.channel(number - 1, number, 2)
    return sketch.program(samples=samples)


@pytest.mark.parametrize("window", [LogWindow(), LogWindow(100, 400), LogWindow(limit=7), LogWindow(333, 10_000, 5)])
def test_a_window_logs_what_the_whole_log_holds_there(window: LogWindow) -> None:
    program = pipeline(20)
    whole, part = run_reference(program, log=LogWindow()).log, run_compiled(program, log=window).log
    assert whole is not None and part is not None
    inside = np.flatnonzero((whole.start >= window.start_ps) & (whole.start < window.stop_ps))[: window.limit]
    for column in ("actor", "firing", "start"):
        np.testing.assert_array_equal(getattr(part, column), getattr(whole, column)[inside])


def test_a_full_log_keeps_the_earliest_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "LOG_ROWS", 100)
    program = pipeline(100)
    whole, part = run_reference(program, log=LogWindow()).log, run_compiled(program, log=LogWindow(limit=90)).log
    assert whole is not None and part is not None
    np.testing.assert_array_equal(part.start, whole.start[:90])
    np.testing.assert_array_equal(part.actor, whole.actor[:90])


def test_progress_counts_up_to_all_firings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "SLICE_FIRINGS", 50)
    seen: list[Progress] = []
    trace = run_compiled(pipeline(50), progress=seen.append, fast_forward=False)
    firings = [progress.firings for progress in seen]
    assert len(firings) > 5 and firings == sorted(firings)
    assert seen[-1].firings <= seen[-1].total == trace.firings.sum() == 600
    assert all(progress.time_ps <= trace.makespan for progress in seen)


def test_an_interrupted_run_leaves_what_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "SLICE_FIRINGS", 50)

    def stop(progress: Progress) -> None:
        if progress.firings >= 200:
            raise KeyboardInterrupt

    program = pipeline(50)
    trace, whole = run_compiled(program, progress=stop, fast_forward=False), run_reference(program)
    assert not trace.complete
    assert 200 <= trace.firings.sum() < 600
    total = trace.busy + trace.starved + trace.blocked + trace.contended + trace.done
    np.testing.assert_array_equal(total, trace.makespan)
    left = trace.sample_out >= 0
    assert 0 < left.sum() < 50
    # All samples that have left, but perhaps the last, are as in the whole run.
    np.testing.assert_array_equal(trace.sample_out[left][:-1], whole.sample_out[left][:-1])
    assert whole.complete


def test_a_batch_of_a_million_is_arithmetic() -> None:
    short, long = run_compiled(pipeline(1000), fast_forward=False), run_compiled(pipeline(1_000_000))
    # Stages of 10, 17, 24 and 10 ps and three firings a sample: 72 ps apart.
    assert long.period == (72, 1)
    assert long.makespan == short.makespan + 999_000 * 72
    np.testing.assert_array_equal(long.sample_out[:1000], short.sample_out)
    np.testing.assert_array_equal(np.diff(long.sample_out), 72)
    assert long.firings.tolist() == [3_000_000] * 4
    np.testing.assert_array_equal(long.busy, short.busy * 1000)


def test_the_period_of_a_shared_server_spans_samples() -> None:
    # Tables of three and of two firings repeat together every six; the server is never idle.
    sketch = Sketch()
    shared = sketch.resource()
    sketch.actor(600, [3, 5, 8], resource=shared)
    sketch.actor(600, [2, 9], resource=shared)
    sketch.channel(0, 1, 2)
    trace, whole = (run_compiled(sketch.program(samples=600), fast_forward=flag) for flag in (True, False))
    assert trace.period is not None
    time, samples = trace.period
    assert samples % 6 == 0
    assert time * 6 == samples * (2 * (3 + 5 + 8) + 3 * (2 + 9))
    np.testing.assert_array_equal(trace.sample_out, whole.sample_out)


def test_without_repetition_the_run_simply_continues() -> None:
    sketch = Sketch()
    # A table as long as the run never returns to its start.
    sketch.actor(100, [1 + number * number % 17 for number in range(100)])
    trace = run_compiled(sketch.program(samples=100))
    assert trace.period is None
    assert trace.makespan == sum(1 + number * number % 17 for number in range(100))


def test_a_log_is_whole_before_anything_is_skipped() -> None:
    program = pipeline(2000)
    window = LogWindow(5_000, 6_000)
    fast, slow = run_compiled(program, log=window), run_compiled(program, log=window, fast_forward=False)
    assert fast.period == (72, 1) and slow.period is None
    assert fast.log is not None and slow.log is not None
    np.testing.assert_array_equal(fast.log.start, slow.log.start)
    np.testing.assert_array_equal(fast.sample_out, slow.sample_out)


def test_two_runs_are_identical() -> None:
    program = pipeline(30)
    first, second = run_compiled(program), run_compiled(program)
    for column in ("busy", "starved", "blocked", "contended", "sample_in", "sample_out"):
        np.testing.assert_array_equal(getattr(first, column), getattr(second, column))


@pytest.mark.parametrize("run", [run_reference, run_compiled])
def test_refuses_what_the_verifier_refuses(run: object) -> None:
    sketch = Sketch()
    sketch.actor(10, 2**60)
    assert callable(run)
    with pytest.raises(ProgramError, match="could last"):
        run(sketch.program())


def test_refuses_a_buffer_beyond_memory() -> None:
    sketch = Sketch()
    sketch.actor(2**40, 1)
    sketch.actor(2**40, 1)
    sketch.channel(0, 1, 2**40)
    with pytest.raises(ProgramError, match="buffer of") as caught:
        run_compiled(sketch.program())
    assert caught.value.where == "a.compute[0,0,0] -> a.compute[1,0,0]"


def test_refuses_more_places_in_all_than_it_can_count() -> None:
    sketch = Sketch()
    for _ in range(3):
        sketch.actor(2**40, 1)
    sketch.channel(0, 1, 2**30)
    sketch.channel(1, 2, 2**30)
    with pytest.raises(ProgramError, match=f"buffers of {2**31} tokens in all"):
        run_compiled(sketch.program())


def test_refuses_a_step_of_a_curve_that_it_cannot_count() -> None:
    sketch = Sketch()
    far = 2**32
    sketch.actor(far + 1, 1)
    sketch.actor(2, 1)
    # The second firing needs the last token; the first one frees all that lie between.
    sketch.channel(0, 1, 1, need=((1, far + 1), far + 1), release=((far, far + 1), far + 1))
    with pytest.raises(ProgramError, match=f"a step of {far} tokens"):
        run_compiled(sketch.program())
