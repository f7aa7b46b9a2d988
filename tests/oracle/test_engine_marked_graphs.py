"""Marked graphs, where theory says it all: firings are longest paths, the period is the greatest cycle ratio."""

from __future__ import annotations

from collections.abc import Callable

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from archsim.engine import LogWindow, run_compiled, run_reference
from archsim.program import Trace
from tests.programs import Sketch

Engine = Callable[..., Trace]
Edge = tuple[int, int, int, int]


@st.composite
def marked_graphs(draw: st.DrawFn) -> tuple[list[tuple[int, int]], list[Edge]]:
    """(interval, latency) of each actor, and (source, target, capacity, initial) of channels that cannot deadlock."""
    actors = draw(st.lists(st.tuples(st.integers(1, 20), st.integers(1, 30)), min_size=2, max_size=7))
    edges = [(number, number + 1, draw(st.integers(1, 4)), 0) for number in range(len(actors) - 1)]
    for _ in range(draw(st.integers(0, 3))):
        source = draw(st.integers(1, len(actors) - 1))
        target = draw(st.integers(0, source - 1))
        # Room in the chain for the tokens of the loop, and a token to start from.
        initial = draw(st.integers(1, 4))
        edges.append((source, target, initial + 1, initial))
    return actors, edges


def sketch_of(actors: list[tuple[int, int]], edges: list[Edge], firings: int) -> Sketch:
    sketch = Sketch()
    for interval, latency in actors:
        sketch.actor(firings, interval, latency=latency)
    for source, target, capacity, initial in edges:
        sketch.channel(source, target, capacity, initial=initial)
    return sketch


def delays(actors: list[tuple[int, int]], edges: list[Edge]) -> list[tuple[int, int, int, int]]:
    """(before, after, firings between, picoseconds): what each start waits for."""
    waits = [(number, number, 1, interval) for number, (interval, _) in enumerate(actors)]
    for source, target, capacity, initial in edges:
        waits.append((source, target, initial, actors[source][1]))
        waits.append((target, source, capacity - initial, actors[target][0]))
    return waits


@settings(max_examples=60, deadline=None)
@given(marked_graphs())
def test_starts_are_longest_paths(case: tuple[list[tuple[int, int]], list[Edge]]) -> None:
    firings = 12
    program = sketch_of(*case, firings).program(samples=firings)
    graph: nx.DiGraph[tuple[int, int]] = nx.DiGraph()
    graph.add_nodes_from((actor, firing) for actor in range(len(case[0])) for firing in range(firings))
    for before, after, apart, delay in delays(*case):
        for firing in range(apart, firings):
            edge = ((before, firing - apart), (after, firing))
            known = graph.get_edge_data(*edge, default={"weight": 0})["weight"]
            graph.add_edge(*edge, weight=max(delay, known))
    longest: dict[tuple[int, int], int] = {}
    for node in nx.topological_sort(graph):
        longest[node] = max(
            (longest[other] + graph[other][node]["weight"] for other in graph.predecessors(node)), default=0
        )
    for run in (run_reference, run_compiled):
        log = run(program, log=LogWindow()).log
        assert log is not None
        rows = zip(log.actor.tolist(), log.firing.tolist(), log.start.tolist(), strict=True)
        assert {(actor, firing): start for actor, firing, start in rows} == longest


@settings(max_examples=60, deadline=None)
@given(marked_graphs())
def test_the_period_is_the_greatest_cycle_ratio(case: tuple[list[tuple[int, int]], list[Edge]]) -> None:
    trace = run_compiled(sketch_of(*case, 3000).program(samples=3000))
    # The least period that a linear programme can schedule: x_after >= x_before + delay - period * apart.
    waits = delays(*case)
    size = len(case[0])
    rows = np.zeros((len(waits), size + 1))
    for row, (before, after, apart, _) in enumerate(waits):
        rows[row, before] += 1
        rows[row, after] -= 1
        rows[row, size] = -apart
    cost = np.append(np.zeros(size), 1)
    bound = linprog(cost, A_ub=rows, b_ub=[-delay for *_, delay in waits], bounds=[(None, None)] * size + [(0, None)])
    assert bound.success
    assert trace.period is not None
    time, samples = trace.period
    assert time / samples == pytest.approx(bound.fun, rel=1e-7)
