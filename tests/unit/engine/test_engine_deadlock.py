"""A run that stands still says who waits for whom, over which channel, and what to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archsim.engine import run_compiled, run_reference
from archsim.errors import Deadlock
from archsim.program import Trace
from tests.programs import Sketch

Engine = Callable[..., Trace]


@pytest.fixture(params=[run_reference, run_compiled], ids=["reference", "compiled"])
def run(request: pytest.FixtureRequest) -> Engine:
    engine: Engine = request.param
    return engine


def two_tile_ring(capacity: int) -> Sketch:
    """Two tiles that each send two packets before they take any."""
    sketch = Sketch()
    send = [sketch.actor(2, 10) for _ in range(2)]
    take = [sketch.actor(2, 10) for _ in range(2)]
    for tile in range(2):
        sketch.channel(send[tile], take[1 - tile], capacity)
        # A tile takes its first packet once both its own are out.
        sketch.channel(send[tile], take[tile], 2, need=((2, 2), 2), release=((0, 2), 2))
    return sketch


def test_a_two_tile_ring_with_one_packet_buffers_deadlocks_and_says_why(run: Engine) -> None:
    with pytest.raises(Deadlock) as caught:
        run(two_tile_ring(1).program(sinks=[3]))
    error = caught.value
    assert "deadlock at 10 ps, with 4 actors unfinished" in error.what
    assert "a.compute[0,0,0] waits at firing 1 for room towards a.compute[3,0,0]" in error.what
    assert "(channel full: 1 of 1 tokens)" in error.what
    assert "which made 1 (channel empty)" in error.what
    assert "Raise the capacity" in error.remedy
    assert error.where.startswith("a.compute[")


def test_two_packet_buffers_let_the_ring_run(run: Engine) -> None:
    assert run(two_tile_ring(2).program(sinks=[3])).makespan == 40


def test_a_cycle_without_tokens_asks_for_initial_ones(run: Engine) -> None:
    sketch = Sketch()
    sketch.actor(3, 10)
    sketch.actor(3, 10)
    sketch.channel(0, 1, 2)
    sketch.channel(1, 0, 4, initial=1, need=((2, 3, 4), 3), release=((1, 2, 4), 3))
    with pytest.raises(Deadlock) as caught:
        run(sketch.program())
    assert "deadlock at 0 ps" in caught.value.what
    assert "for token 2 of a.compute[1,0,0], which made 1 (channel empty)" in caught.value.what
    assert "initial tokens" in caught.value.remedy


def test_long_cycles_are_cut_short(run: Engine) -> None:
    sketch = Sketch()
    for _ in range(40):
        sketch.actor(1, 10)
    for actor in range(40):
        sketch.channel(actor, (actor + 1) % 40, 1)
    with pytest.raises(Deadlock) as caught:
        run(sketch.program())
    assert "... and 28 more waits" in caught.value.what
    assert len(caught.value.what.splitlines()) == 14


def test_a_reconvergent_path_needs_room_for_what_the_long_one_is_making(run: Engine) -> None:
    def residual(capacity: int) -> Sketch:
        sketch = Sketch()
        source, window, add = sketch.actor(8, 10), sketch.actor(8, 10), sketch.actor(8, 10)
        # The long path needs four tokens before its first.
        need = ((4, 5, 6, 7, 8, 8, 8, 8), 8)
        sketch.channel(source, window, 8, need=need)
        sketch.channel(window, add, 1)
        sketch.channel(source, add, capacity)
        return sketch

    with pytest.raises(Deadlock, match="full"):
        run(residual(3).program())
    assert run(residual(4).program()).firings.sum() == 24
