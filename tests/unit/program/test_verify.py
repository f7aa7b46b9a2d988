"""Every rule of the verifier refuses what it should, by name, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsim.errors import ProgramError
from archsim.program import Program, verify
from archsim.program.extremes import curve_extremes
from tests.programs import Curve, Sketch, ids, series
from tests.random_programs import entry, least_capacity, programs


def pair(*, firings: int = 6, capacity: int = 3, initial: int = 0, need: Curve, release: Curve) -> Program:
    """Two actors, the second reading the first by the given curves."""
    sketch = Sketch()
    sketch.actor(firings, 10)
    sketch.actor(firings, 20)
    sketch.channel(0, 1, capacity, initial=initial, need=need, release=release)
    return sketch.program()


def plain() -> Program:
    return pair(need=((1,), 1), release=((1,), 1))


def refused(program: Program) -> ProgramError:
    with pytest.raises(ProgramError) as caught:
        verify(program)
    assert caught.value.what and caught.value.where and caught.value.remedy
    return caught.value


@settings(max_examples=100, deadline=None)
@given(programs())
def test_sound_programs_pass(program: Program) -> None:
    verify(program)


@pytest.mark.parametrize(
    ("table", "column", "values", "what"),
    [
        ("actors", "resource", ids([0, 2]), "resource does not exist"),
        ("actors", "resource", ids([0, -1]), "resource does not exist"),
        ("actors", "layer", ids([0, 1]), "unknown layer label"),
        ("actors", "role", np.array([5, 99], np.int8), "unknown role"),
        ("actors", "firings", np.array([6, -6]), "negative number of firings"),
        ("actors", "interval", np.array([10, 0]), "interval is below 1 ps"),
        ("actors", "latency", np.array([10, -4]), "latency is below 1 ps"),
        ("actors", "interval_table", ids([-1, 0]), "interval table does not exist"),
        ("actors", "latency_table", ids([-1, -2]), "latency table does not exist"),
        ("actors", "interval", np.array([10, 2**62]), "could last"),
        ("actors", "interval", np.array([10, 20, 30]), "shape"),
        ("actors", "interval", np.array([10.0, np.nan]), "type float64"),
        ("channels", "source", ids([7]), "source does not exist"),
        ("channels", "target", ids([-1]), "target does not exist"),
        ("channels", "need", ids([3]), "need curve does not exist"),
        ("channels", "release", ids([-1]), "release curve does not exist"),
        ("channels", "capacity", np.array([0]), "capacity below one token"),
        ("channels", "initial", np.array([-1]), "needs more tokens than are ever produced"),
        ("channels", "initial", np.array([4]), "more initial tokens than capacity"),
        ("channels", "token_bits", np.array([-8]), "negative size"),
        ("resources", "servers", ids([1, 0]), "needs a server"),
        ("resources", "kind", np.array([0, 77], np.int8), "unknown kind"),
        ("resources", "label", ids([0, 5]), "unknown resource label"),
        ("curves", "length", np.array([0]), "one entry or more"),
        ("curves", "start", np.array([1]), "leaves the 1 stored values"),
        ("curves", "length", np.array([2**62]), "leaves the 1 stored values"),
        ("curves", "advance", np.array([2**61]), "beyond 2^62 tokens"),
        ("samples", "count", 4, "do not divide into 4 samples"),
        ("samples", "count", 0, "0 samples"),
        ("samples", "group", 2, "groups of 2"),
        ("samples", "sources", ids([]), "no actor ids"),
        ("samples", "sinks", ids([2]), "some that do not exist"),
    ],
)
def test_refuses_a_bad_column(table: str, column: str, values: object, what: str) -> None:
    program = plain()
    broken = replace(getattr(program, table), **{column: values})
    assert what in refused(replace(program, **{table: broken})).what


def test_names_the_actor_and_the_channel() -> None:
    program = plain()
    actors = replace(program.actors, interval=np.array([10, 0]))
    assert refused(replace(program, actors=actors)).where == "a.compute[1,0,0]"
    channels = replace(program.channels, capacity=np.array([0]))
    assert refused(replace(program, channels=channels)).where == "a.compute[0,0,0] -> a.compute[1,0,0]"


def test_refuses_an_empty_program() -> None:
    assert "no actors" in refused(Sketch().program(sources=[0], sinks=[0])).what


def test_refuses_a_bad_duration_table() -> None:
    sketch = Sketch()
    sketch.actor(3, [4, 0, 2])
    assert "duration is below 1 ps" in refused(sketch.program()).what


def test_refuses_a_duration_table_that_advances() -> None:
    sketch = Sketch()
    sketch.actor(3, [4, 2])
    program = sketch.program()
    assert "advances" in refused(replace(program, durations=series([((4, 2), 1)]))).what


def test_refuses_bad_actions() -> None:
    program = plain()
    actions = replace(program.actions, actor=ids([0]), action=ids([0]), count=np.array([np.nan]))
    labels = replace(program.labels, actions=("adc.convert",))
    assert "not a number" in refused(replace(program, actions=actions, labels=labels)).what
    assert "unknown action label" in refused(replace(program, actions=actions)).what


@pytest.mark.parametrize(
    ("build", "what"),
    [
        (lambda: pair(need=((2, 1), 2), release=((1, 1), 2)), "need curve falls"),
        (lambda: pair(need=((1, 5), 2), release=((1, 2), 2), capacity=9), "need curve falls"),
        (lambda: pair(need=((1, 2), 2), release=((1, 0), 2)), "release curve falls"),
        (lambda: pair(need=((1,), 1), release=((2,), 1)), "frees more tokens than are ever produced"),
        (lambda: pair(need=((3,), 1), release=((1,), 1)), "more tokens than are ever produced"),
        (lambda: pair(need=((3,), 0), release=((0,), 0), capacity=3), "never finds room"),
        (lambda: pair(need=((4, 4), 2), release=((0, 2), 2), firings=2, capacity=3), "needs 4 tokens at once"),
    ],
)
def test_refuses_impossible_curves(build: Callable[[], Program], what: str) -> None:
    assert what in refused(build()).what


def test_a_period_that_is_never_crossed_may_drop() -> None:
    verify(pair(firings=3, need=((1, 2, 3), 0), release=((1, 2, 3), 0)))
    assert "falls" in refused(pair(firings=6, need=((1, 2, 3), 0), release=((1, 2, 3), 0))).what


sequences = st.tuples(
    st.lists(st.integers(-4, 6), min_size=1, max_size=5).map(lambda values: tuple(sorted(values))), st.integers(0, 4)
)


@given(st.lists(st.tuples(sequences, sequences, st.integers(0, 40)), min_size=1, max_size=5))
def test_extremes_equal_those_counted_firing_by_firing(cases: list[tuple[Curve, Curve, int]]) -> None:
    rows = [curve for need, release, _ in cases for curve in (need, release)]
    numbers = np.arange(len(cases))
    firings = np.array([count for _, _, count in cases])
    gap, excess = curve_extremes(series(rows), 2 * numbers, 2 * numbers + 1, firings)
    for row, (need, release, count) in enumerate(cases):
        held = [entry(need, n) - (entry(release, n - 1) if n else 0) for n in range(count)]
        early = [entry(release, n) - entry(need, n) for n in range(count)]
        assert gap[row] == max([0, *held])
        assert excess[row] == max(early, default=0)


def test_the_least_capacity_passes_and_one_less_does_not() -> None:
    need, release = ((2, 3, 3), 3), ((0, 1, 3), 3)
    least = least_capacity(need, release, 6, 6, 0)
    verify(pair(need=need, release=release, capacity=least))
    assert refused(pair(need=need, release=release, capacity=least - 1))


def test_other_times_are_checked_and_the_structure_is_not_again() -> None:
    sketch = Sketch()
    first, last = sketch.actor(4, 10), sketch.actor(4, 20)
    sketch.channel(first, last, 3, need=((2, 3, 4, 4), 4))
    program = sketch.program()
    timed = program.timed(np.array([7]), np.array([9]))
    assert timed.actors.interval.tolist() == [7, 20] and timed.actors.latency.tolist() == [9, 20]
    verify(timed)
    # Two tokens for the first firing; three for the second, of which one is gone by then.
    assert timed.extremes is program.extremes and timed.extremes[0].tolist() == [2]
    assert timed.findings is program.findings
    assert "below 1 ps" in refused(program.timed(np.array([0]), np.array([9]))).what
    broken = replace(program, channels=replace(program.channels, capacity=np.array([1])))
    with pytest.raises(ProgramError, match="needs 2 tokens at once"):
        broken.timed(np.array([7]), np.array([9]))
