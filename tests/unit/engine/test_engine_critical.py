"""Critical paths and cycles of programs that can be followed by hand."""

from __future__ import annotations

from dataclasses import replace

from archsim.engine import Cause, critical_path, run_compiled
from archsim.engine.critical import Critical
from archsim.program import Trace
from tests.programs import Sketch


def spent(critical: Critical | None) -> dict[tuple[int, str], int]:
    """Picoseconds by actor and cause, where there are any."""
    assert critical is not None
    rows = critical.spent
    return {
        (actor, cause.name.lower()): int(rows[actor, cause])
        for actor in range(len(rows))
        for cause in Cause
        if rows[actor, cause]
    }


def run(sketch: Sketch, samples: int) -> Trace:
    return run_compiled(sketch.program(samples=samples))


def test_one_sample_goes_through_a_chain_once() -> None:
    # Three actors of 3, 5 and 7 ps whose tokens appear after 4, 6 and 8: the last ends at 4 + 6 + 7 = 17, and its token
    # arrives at 18.
    sketch = Sketch()
    for interval in (3, 5, 7):
        sketch.actor(1, interval, latency=interval + 1)
    sketch.channel(0, 1, 1)
    sketch.channel(1, 2, 1)
    critical = critical_path(run(sketch, 1))
    assert critical is not None and not critical.cycle and critical.length == 18
    assert spent(critical) == {(0, "token"): 4, (1, "token"): 6, (2, "token"): 8}
    assert critical.waits[:, Cause.TOKEN].tolist() == [1, 1]


def test_the_slowest_of_a_pipeline_is_its_cycle() -> None:
    # 3, 7 and 5 ps: the second serves without a pause, a token each 7 ps.
    sketch = Sketch()
    for interval in (3, 7, 5):
        sketch.actor(40, interval)
    sketch.channel(0, 1, 4)
    sketch.channel(1, 2, 4)
    trace = run(sketch, 40)
    assert trace.period == (7, 1)
    critical = critical_path(trace)
    assert critical is not None and critical.cycle
    # Started at the slowest actor, the cycle is that actor's own.
    assert spent(critical) == {(1, "service"): 7}


def test_a_buffer_of_one_place_makes_two_actors_take_turns() -> None:
    # The producer waits for the place, the consumer for the token: 4 + 6 ps a round.
    sketch = Sketch()
    sketch.actor(40, 4)
    sketch.actor(40, 6)
    sketch.channel(0, 1, 1)
    trace = run(sketch, 40)
    assert trace.period == (10, 1)
    critical = critical_path(trace)
    assert critical is not None and critical.cycle and critical.length == 10
    assert spent(critical) == {(0, "token"): 4, (1, "room"): 6}
    assert critical.waits[0].tolist() == [0, 0, 1, 1]


def test_a_ring_turns_once_for_its_two_tokens() -> None:
    # Latencies 5 + 9 + 6 = 20 ps around, with two tokens in flight: 10 ps a sample, 20 a round.
    sketch = Sketch()
    for latency in (5, 9, 6):
        sketch.actor(60, 1, latency=latency)
    sketch.channel(0, 1, 9)
    sketch.channel(1, 2, 9)
    sketch.channel(2, 0, 9, initial=2)
    trace = run(sketch, 60)
    critical = critical_path(trace)
    assert trace.period is not None and trace.period[0] / trace.period[1] == 10
    assert critical is not None and critical.cycle and critical.length == 20
    assert spent(critical) == {(0, "token"): 5, (1, "token"): 9, (2, "token"): 6}
    assert critical.waits[2].tolist() == [0, 0, 1, 0]


def test_two_actors_share_a_server() -> None:
    # 4 and 6 ps a sample on one server: it never rests, and each waits for the other.
    sketch = Sketch()
    server = sketch.resource()
    sketch.actor(40, 4, resource=server)
    sketch.actor(40, 6, resource=server)
    trace = run_compiled(sketch.program(samples=40, sources=[0, 1], sinks=[0, 1]))
    assert trace.period == (10, 1)
    assert spent(critical_path(trace)) == {(0, "shared"): 4, (1, "shared"): 6}


def test_a_token_that_queues_behind_an_earlier_one_is_waited_for_with_it() -> None:
    # Firings start at 0 and 1; the first's token takes 10 ps, the second's 1, but it arrives with the first, at 10.
    sketch = Sketch()
    sketch.actor(2, 1, latency=[10, 1])
    sketch.actor(1, 5)
    sketch.channel(0, 1, 2, need=((2,), 2), release=((2,), 2))
    critical = critical_path(run(sketch, 1))
    assert critical is not None and critical.length == 15
    assert spent(critical) == {(0, "token"): 10, (1, "service"): 5}


def test_a_run_too_long_is_not_traced() -> None:
    sketch = Sketch()
    sketch.actor(15_000_000, 3)
    trace = run(sketch, 15_000_000)
    assert critical_path(replace(trace, period=None)) is None
    # Its period of one firing is short enough.
    assert spent(critical_path(trace)) == {(0, "service"): 3}
