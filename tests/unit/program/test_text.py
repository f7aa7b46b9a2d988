"""The text form shows every row, and stops where it is told."""

from __future__ import annotations

import pytest

from archsim.program import text_lines, to_text
from archsim.program.text import curve_text
from tests.programs import Curve, Sketch, series


def test_lists_a_small_program() -> None:
    sketch = Sketch()
    shared = sketch.resource(servers=2)
    sketch.actor(4, 10, resource=shared)
    sketch.actor(2, [5, 7], latency=3, resource=shared)
    sketch.channel(0, 1, 4, initial=1, need=((2,), 2), release=((1,), 2))
    assert to_text(sketch.program(samples=2)) == "\n".join(
        [
            "program: 2 samples, sources a0, sinks a1",
            "resources (1)",
            "  r0 chip0/node0/unit0: unit, servers 2",
            "actors (2)",
            "  a0 a.compute[0,0,0]: compute on r0, 4 firings, interval 10 ps, latency 10 ps",
            "  a1 a.compute[1,0,0]: compute on r0, 2 firings, interval [5,7]/2 ps, latency 3 ps",
            "channels (1)",
            "  c0 a0 -> a1: capacity 4, initial 1, need 2n+2, release 2n+1, 8 bits",
        ]
    )


@pytest.mark.parametrize(
    ("curve", "text"),
    [
        (((1,), 1), "n+1"),
        (((0,), 1), "n"),
        (((-2,), 3), "3n-2"),
        (((7,), 0), "7"),
        (((3, 5), 12), "[3,5]+12/2"),
        (((3, 5, 5, 6, 9, 9, 9, 9, 12), 12), "[3,5,5,6,..]+12/9"),
    ],
)
def test_short_form_of_a_curve(curve: Curve, text: str) -> None:
    assert curve_text(series([curve]), 0) == text


def test_limit_and_groups() -> None:
    sketch = Sketch()
    for _ in range(9):
        sketch.actor(4, 10)
    program = sketch.program(samples=4, group=2, sources=list(range(6)))
    lines = list(text_lines(program, limit=2))
    assert lines[0] == "program: 4 samples in groups of 2, sources a0 a1 a2 a3 and 2 more, sinks a8"
    assert lines.count("  ... 7 more") == 2
    assert len(lines) == 1 + 4 + 4 + 1
