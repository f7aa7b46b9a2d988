"""A release may run ahead of the need: tokens that nobody will touch are dropped as they come."""

import pytest

from archsim.engine import compiled, reference
from tests.programs import Sketch


@pytest.mark.parametrize("run", [reference.run, compiled.run])
def test_untouched_tokens_take_no_room(run):
    sketch = Sketch()
    maker = sketch.actor(8, 10)
    # Of every four tokens only the first is touched, and the other three find a channel of one token of room.
    taker = sketch.actor(2, 100)
    sketch.channel(maker, taker, 1, need=((1,), 4), release=((4,), 4))
    trace = run(sketch.program(samples=2))
    # The first token arrives at 10 and is held to 110; tokens 1 to 4 then start at 110, 120, 130, 140; token 4 is
    # there at 150, held to 250; tokens 5 to 7 follow to 280.
    assert trace.makespan == 280
    assert trace.blocked.tolist()[maker] == (110 - 10) + (250 - 150)
    assert trace.last_end.tolist() == [280, 250]


@pytest.mark.parametrize("run", [reference.run, compiled.run])
def test_a_release_before_the_first_token(run):
    sketch = Sketch()
    maker = sketch.actor(3, 10)
    # The first firing needs nothing and frees tokens 0 and 1 before they are made.
    taker = sketch.actor(2, 5)
    sketch.channel(maker, taker, 1, need=((0, 3), 3), release=((2, 3), 3))
    assert run(sketch.program()).makespan == 35
