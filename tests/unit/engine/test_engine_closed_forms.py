"""Both engines against times worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from archsim.engine import LogWindow, run_compiled, run_reference
from archsim.program import Program, Trace
from tests.programs import Sketch

Engine = Callable[..., Trace]


@pytest.fixture(params=[run_reference, run_compiled], ids=["reference", "compiled"])
def run(request: pytest.FixtureRequest) -> Engine:
    engine: Engine = request.param
    return engine


def starts(run: Engine, program: Program, actor: int) -> list[int]:
    log = run(program, log=LogWindow()).log
    assert log is not None
    return log.start[log.actor == actor].tolist()


def chain(firings: int, intervals: list[int], capacity: int = 2) -> Sketch:
    sketch = Sketch()
    for number, interval in enumerate(intervals):
        sketch.actor(firings, interval)
        if number:
            sketch.channel(number - 1, number, capacity)
    return sketch


def test_a_single_server_is_never_idle(run: Engine) -> None:
    sketch = Sketch()
    sketch.actor(7, 13, latency=20)
    trace = run(sketch.program())
    assert trace.makespan == 6 * 13 + 20
    assert trace.busy.tolist() == [7 * 13]
    assert trace.done.tolist() == [20 - 13]


@pytest.mark.parametrize("slowest", [0, 2, 4])
def test_a_pipeline_fills_and_then_keeps_the_pace_of_its_slowest_stage(run: Engine, slowest: int) -> None:
    intervals = [10, 10, 10, 10, 10]
    intervals[slowest] = 35
    program = chain(20, intervals).program(samples=20)
    trace = run(program)
    fill = sum(intervals)
    assert trace.makespan == fill + 19 * 35
    assert np.diff(trace.sample_out).tolist() == [35] * 19
    assert trace.latency[0] == fill


def test_stages_before_the_slow_one_are_blocked_and_those_behind_it_starve(run: Engine) -> None:
    trace = run(chain(20, [10, 35, 10]).program())
    assert trace.starved.tolist() == [0, 10, 45 + 19 * 25]
    # The first starts its last firing when the eighteenth token has left, of 20 firings of 10 ps.
    assert trace.blocked.tolist() == [(10 + 18 * 35) - 19 * 10, 0, 0]
    assert trace.contended.tolist() == [0, 0, 0]


def test_cut_through_starts_the_next_link_after_the_header(run: Engine) -> None:
    sketch = Sketch()
    for number in range(4):
        sketch.actor(1, 100, latency=3)
        if number:
            sketch.channel(number - 1, number, 1)
    trace = run(sketch.program())
    assert trace.first_start.tolist() == [0, 3, 6, 9]
    assert trace.makespan == 109


def test_a_pipelined_unit_takes_new_work_before_the_old_arrives(run: Engine) -> None:
    sketch = Sketch()
    sketch.actor(5, 10, latency=100)
    sketch.actor(5, 1)
    sketch.channel(0, 1, 20)
    assert starts(run, sketch.program(), 1) == [100, 110, 120, 130, 140]


def test_a_shortened_latency_does_not_overtake(run: Engine) -> None:
    sketch = Sketch()
    sketch.actor(3, 1, latency=[50, 2, 60])
    sketch.actor(3, 1)
    sketch.channel(0, 1, 3)
    assert starts(run, sketch.program(), 1) == [50, 51, 62]


def test_tables_of_intervals_repeat(run: Engine) -> None:
    sketch = Sketch()
    sketch.actor(5, [3, 8])
    trace = run(sketch.program())
    assert trace.busy.tolist() == [3 + 8 + 3 + 8 + 3]
    assert trace.makespan == 25


@pytest.mark.parametrize(("servers", "makespan"), [(1, 60), (2, 30), (3, 20), (4, 20), (6, 10), (7, 10)])
def test_a_pool_serves_as_many_as_it_has_servers(run: Engine, servers: int, makespan: int) -> None:
    sketch = Sketch()
    pool = sketch.resource(servers)
    for _ in range(6):
        sketch.actor(1, 10, resource=pool)
    trace = run(sketch.program())
    assert trace.makespan == makespan
    assert trace.resource_busy[pool] == 60


def test_the_one_ready_longest_goes_first_and_the_lower_id_on_a_tie(run: Engine) -> None:
    sketch = Sketch()
    shared = sketch.resource()
    holder = sketch.actor(1, 100, resource=shared)
    early, late, tied = (sketch.actor(1, 10, resource=shared) for _ in range(3))
    for actor, ready in ((early, 30), (late, 60), (tied, 60)):
        feeder = sketch.actor(1, ready)
        sketch.channel(feeder, actor, 1)
    trace = run(sketch.program(sources=[holder], sinks=[tied]))
    assert trace.first_start[[holder, early, late, tied]].tolist() == [0, 100, 110, 120]
    assert trace.contended[[holder, early, late, tied]].tolist() == [0, 70, 50, 60]


def test_what_gets_ready_as_the_resource_is_freed_competes_with_those_waiting(run: Engine) -> None:
    sketch = Sketch()
    shared = sketch.resource()
    # Actor 0 fires again as soon as it may: at 10 it is ready anew, but actor 1 has waited since 0.
    sketch.actor(2, 10, resource=shared)
    sketch.actor(2, 10, resource=shared)
    program = sketch.program(sinks=[1])
    assert starts(run, program, 0) == [0, 20]
    assert starts(run, program, 1) == [10, 30]


def test_deterministic_arrivals_at_a_busy_server_wait_in_order(run: Engine) -> None:
    # Four streams of one packet every 40 ps at a server of 10 ps: full load, each waits for the lower ids only.
    sketch = Sketch()
    server = sketch.resource()
    feeders = [sketch.actor(5, 40) for _ in range(4)]
    served = [sketch.actor(5, 10, resource=server) for _ in range(4)]
    for feeder, actor in zip(feeders, served, strict=True):
        sketch.channel(feeder, actor, 2)
    trace = run(sketch.program(sources=feeders, sinks=served))
    assert trace.contended[served].tolist() == [0, 50, 100, 150]
    assert trace.makespan == 40 + 5 * 40


def test_one_place_between_two_stages_makes_them_take_turns(run: Engine) -> None:
    trace = run(chain(20, [10, 35], capacity=1).program())
    assert trace.makespan == 20 * (10 + 35)


def test_a_recurrence_is_bound_by_its_loop_not_by_its_stages(run: Engine) -> None:
    # Two actors in a ring: with one token the period is the sum of latencies, with two the slower stage's interval.
    for tokens, period in ((1, 30), (2, 20)):
        sketch = Sketch()
        sketch.actor(50, 10)
        sketch.actor(50, 20)
        sketch.channel(0, 1, 3)
        sketch.channel(1, 0, 3, initial=tokens)
        trace = run(sketch.program(samples=50))
        assert np.diff(trace.sample_out)[5:].tolist() == [period] * 44


def test_a_token_ring_has_the_period_of_its_cycle_mean(run: Engine) -> None:
    # Three tokens in a ring of five stages, (2 + 7 + 4 + 9 + 1) / 3 ps apart on average.
    latencies = [2, 7, 4, 9, 1]
    sketch = Sketch()
    for latency in latencies:
        sketch.actor(300, 1, latency=latency)
    for number in range(5):
        sketch.channel(number, (number + 1) % 5, 4, initial=3 if number == 4 else 0)
    trace = run(sketch.program(samples=300, sinks=[4]))
    assert Fraction(int(trace.sample_out[-1] - trace.sample_out[-31]), 30) == Fraction(sum(latencies), 3)


def test_samples_of_a_group_interleave(run: Engine) -> None:
    sketch = Sketch()
    sketch.actor(12, 10)
    # Two groups of two samples with three tokens each: firings 0, 1 and 6, 7 open, 4, 5 and 10, 11 close them.
    trace = run(sketch.program(samples=4, group=2))
    assert trace.sample_in.tolist() == [0, 10, 60, 70]
    assert trace.sample_out.tolist() == [50, 60, 110, 120]


def test_samples_begin_at_the_first_source_and_end_at_the_last_sink(run: Engine) -> None:
    sketch = Sketch()
    fast, slow = sketch.actor(4, 10), sketch.actor(4, 25)
    trace = run(sketch.program(samples=2, sources=[fast, slow], sinks=[fast, slow]))
    assert trace.sample_in.tolist() == [0, 20]
    assert trace.sample_out.tolist() == [50, 100]


def test_a_window_holds_tokens_back_and_frees_them_late(run: Engine) -> None:
    # A window of three over six tokens: firing n needs tokens up to n + 3 and frees token n.
    sketch = Sketch()
    sketch.actor(6, 10)
    sketch.actor(4, 1)
    need, release = ((3, 4, 5, 6), 6), ((1, 2, 3, 6), 6)
    sketch.channel(0, 1, 3, need=need, release=release)
    program = sketch.program()
    # Token 3 finds room when firing 0 ends at 31.
    assert starts(run, program, 0) == [0, 10, 20, 31, 42, 53]
    assert starts(run, program, 1) == [30, 41, 52, 63]


def test_an_actor_that_never_fires_leaves_no_trace(run: Engine) -> None:
    sketch = Sketch()
    sketch.actor(3, 10)
    sketch.actor(0, 10)
    trace = run(sketch.program(sources=[0], sinks=[0]))
    assert trace.firings.tolist() == [3, 0]
    assert trace.first_start.tolist() == [0, 0]
    assert trace.done.tolist() == [0, 30]
