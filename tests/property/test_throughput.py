"""No run claims more than its resources can serve, and a period that is found goes on."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from archsim.accounting import Basis, steady_state
from archsim.engine import run_compiled, run_reference
from archsim.errors import CapacityError, Deadlock
from archsim.lowering import lower
from archsim.mapping import Placement, place
from archsim.network import Digital, Edge, Layer, Network, Primitive, Same, Sink, Source
from archsim.program import Program, Trace
from archsim.units import PS_PER_S
from tests.chips import make_chip, make_system
from tests.programs import Sketch
from tests.property.test_lowering import placements, recurrences
from tests.random_networks import networks
from tests.random_programs import pipelines, programs

slowly = settings(deadline=None, suppress_health_check=list(HealthCheck))


def service_per_sample(program: Program) -> list[float]:
    """Picoseconds of service that a sample asks of every resource, counted firing by firing over one period."""
    actors, durations = program.actors, program.durations
    service = [0.0] * len(program.resources)
    for actor in range(len(actors)):
        row = int(actors.interval_table[actor])
        if row < 0:
            mean = float(actors.interval[actor])
        else:
            period = [durations.at(row, firing) for firing in range(int(durations.length[row]))]
            mean = sum(period) / len(period)
        service[actors.resource[actor]] += mean * int(actors.firings[actor]) / program.samples.count
    return service


def check_bound(trace: Trace) -> None:
    steady = steady_state(trace)
    assert steady.passes_per_s > 0
    if steady.basis is Basis.PERIOD:
        busy = service_per_sample(trace.program)
    else:
        busy = (trace.resource_busy / len(trace.sample_in)).tolist()
    for row, service in enumerate(busy):
        used = steady.passes_per_s * service / PS_PER_S
        assert used <= int(trace.program.resources.servers[row]) * (1 + 1e-9), row
    if steady.basis is Basis.WHOLE:
        assert steady.passes_per_s == pytest.approx(len(trace.sample_in) / trace.makespan * PS_PER_S)


@given(st.one_of(programs(most_actors=7, most_samples=60), pipelines()))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_programs_keep_to_their_capacity(program: Program) -> None:
    try:
        trace = run_compiled(program)
    except Deadlock:
        return
    check_bound(trace)
    check_bound(replace(trace, period=None))


@st.composite
def side_by_side(draw: st.DrawFn) -> Program:
    """Unconnected chains that share some of their resources."""
    samples = draw(st.integers(8, 60))
    sketch = Sketch()
    pools = [sketch.resource(draw(st.integers(1, 2))) for _ in range(2)]
    ends = []
    for _ in range(draw(st.integers(2, 3))):
        chain = []
        for _ in range(draw(st.integers(1, 3))):
            resource = draw(st.sampled_from([None, *pools]))
            chain.append(sketch.actor(samples, draw(st.integers(1, 9)), resource=resource))
        for source, target in pairwise(chain):
            sketch.channel(source, target, draw(st.integers(1, 8)))
        ends.append((chain[0], chain[-1]))
    return sketch.program(
        samples=samples, sources=[first for first, _ in ends], sinks=sorted({last for _, last in ends})
    )


@given(side_by_side())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_unconnected_parts_keep_to_their_capacity(program: Program) -> None:
    check_bound(run_compiled(program))
    check_bound(run_reference(program))


@given(placements(st.one_of(networks(), recurrences())), st.integers(1, 40), st.booleans())
@slowly
def test_networks_keep_to_their_capacity(placement: Placement, batch: int, together: bool) -> None:
    try:
        program = lower(replace(placement, interleave=4 if together and batch % 4 == 0 else 1), batch=batch)
    except CapacityError:
        assume(False)
    check_bound(run_compiled(program))


@given(placements(networks()))
@slowly
def test_a_period_goes_on(placement: Placement) -> None:
    """So many samples more take so many periods more, to the picosecond."""
    try:
        short = run_compiled(lower(placement, batch=40))
    except CapacityError:
        assume(False)
    if short.period is None:
        return
    time, samples = short.period
    long = run_compiled(lower(placement, batch=40 + 3 * samples), fast_forward=False)
    assert long.makespan == short.makespan + 3 * time


def two_parts() -> Network:
    """Two activations that have nothing to do with each other: 7 tokens of 2, and 2 of 14."""
    relu = ((Primitive.COMPARE, 14),)
    layers = [
        Layer("a", Source(), 7, 2), Layer("r1", Digital("relu", relu), 7, 2), Layer("y", Sink(), 7, 2),
        Layer("b", Source(), 2, 14), Layer("r2", Digital("relu", relu), 2, 14), Layer("z", Sink(), 2, 14),
    ]  # fmt: skip
    chains = (("a", "r1", 2), ("r1", "y", 2), ("b", "r2", 14), ("r2", "z", 14))
    return Network("two", tuple(layers), tuple(Edge(one, two, Same(), wide) for one, two, wide in chains))


@pytest.mark.parametrize("run", [run_compiled, run_reference])
def test_two_parts_that_share_the_host(run) -> None:
    # 42 bytes a sample go in, and out, at 0.0125 bytes/ns: 3,360 ns a sample, 297,600 samples/s.
    chip = make_chip(system=make_system(host_bandwidth=100e6))
    trace = run(lower(place(two_parts(), chip), batch=400))
    steady = steady_state(trace)
    assert steady.passes_per_s <= 1e9 / 3360
    assert steady.passes_per_s == pytest.approx(1e9 / 3360, rel=0.01)
    assert np.argmax(trace.resource_busy) == int(np.flatnonzero(trace.program.resources.kind == 0)[0])
