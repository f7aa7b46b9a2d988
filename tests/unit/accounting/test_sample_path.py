"""Critical paths against chains that are added up by hand, and over random programs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given

from archsim.accounting import SamplePath, sample_path
from archsim.engine import LogWindow, firings_between, run_compiled, sample_window
from archsim.errors import Deadlock, Inconsistent
from archsim.program import Program, Trace
from archsim.simulation import Settings, simulate
from archsim.studies import follow
from tests.programs import Sketch
from tests.random_programs import programs


def followed(program: Program, sample: int = 0) -> tuple[Trace, pd.DataFrame]:
    trace = run_compiled(program)
    return trace, path_of(trace, sample).stretches


def path_of(trace: Trace, sample: int) -> SamplePath:
    return sample_path(trace, sample, firings_between(trace.program, sample_window(trace, sample)))


def lengths(stretches: pd.DataFrame) -> list[int]:
    return (stretches["end_ps"] - stretches["start_ps"]).tolist()


def test_a_chain_is_the_sum_of_its_latencies() -> None:
    sketch = Sketch()
    first, second, third = sketch.actor(1, 5, latency=7), sketch.actor(1, 11), sketch.actor(1, 3, latency=2)
    sketch.channel(first, second, 4)
    sketch.channel(second, third, 4)
    _, stretches = followed(sketch.program())
    assert lengths(stretches) == [7, 11, 2]
    assert stretches["passing"].tolist() == ["digital"] * 3


def test_a_slow_stage_works_on_the_tokens_before() -> None:
    # Four tokens at 10 ps behind a maker that takes 1 ps: 1 + 4 * 10.
    sketch = Sketch()
    maker, slow = sketch.actor(4, 1), sketch.actor(4, 10)
    sketch.channel(maker, slow, 4)
    _, stretches = followed(sketch.program())
    assert lengths(stretches) == [1, 10, 10, 10, 10]


def test_a_full_buffer_is_waiting_for_room() -> None:
    # The second token has no room before the reader ends its first firing at 21; then 1 and the reader's 20 follow.
    sketch = Sketch()
    maker, relay, reader = sketch.actor(2, 1), sketch.actor(2, 1, latency=1), sketch.actor(2, 20)
    sketch.channel(maker, relay, 1)
    sketch.channel(relay, reader, 1)
    trace, stretches = followed(sketch.program())
    assert trace.sample_out[0] == 43
    assert sum(lengths(stretches)) == 43
    waiting = stretches[stretches["passing"] == "waiting"]
    assert waiting["waits"].tolist() == ["for room"]
    assert lengths(waiting) == [20]


def test_a_shared_resource_is_waiting_for_it() -> None:
    # Both are ready at 1; the first takes 30, then the second its 5.
    sketch = Sketch()
    shared = sketch.resource()
    source = sketch.actor(1, 1)
    long, short = sketch.actor(1, 30, resource=shared), sketch.actor(1, 5, resource=shared)
    sketch.channel(source, long, 1)
    sketch.channel(source, short, 1)
    _, stretches = followed(sketch.program())
    assert lengths(stretches) == [1, 30, 5]
    assert stretches["waits"].tolist() == ["", "for a busy resource", ""]


def test_a_longer_latency_before_holds_a_token_back() -> None:
    # The first token takes 9, the second 1: it queues behind, and the reader starts it at 9 + 2.
    sketch = Sketch()
    maker, reader = sketch.actor(2, 1, latency=[9, 1]), sketch.actor(2, 2)
    sketch.channel(maker, reader, 2)
    trace, stretches = followed(sketch.program())
    assert trace.sample_out[0] == 13
    assert lengths(stretches) == [9, 2, 2]


@given(programs(most_actors=8, most_samples=6))
def test_the_path_of_every_sample_covers_its_latency(program: Program) -> None:
    try:
        trace = run_compiled(program, log=LogWindow())
    except Deadlock:
        assume(False)
    assert trace.log is not None
    starts = set(trace.log.start.tolist())
    for sample in range(program.samples.count):
        begin, end = int(trace.sample_in[sample]), int(trace.sample_out[sample])
        if end <= begin:
            continue
        path = path_of(trace, sample)
        stretches = path.stretches
        assert stretches["start_ps"].iloc[0] == begin
        assert stretches["end_ps"].iloc[-1] == end
        np.testing.assert_array_equal(stretches["end_ps"][:-1], stretches["start_ps"][1:])
        assert all(length > 0 for length in lengths(stretches))
        assert int(path.by_layer["total_ps"].sum()) == end - begin
        # Every stretch begins where something started, the first perhaps in its middle.
        assert set(stretches["start_ps"][1:]) <= starts


@pytest.mark.parametrize(("network", "batch"), [("resnet18", 3), ("lstm-ptb", 2), ("bert-base", 1)])
def test_the_path_of_a_network_is_its_latency(network: str, batch: int) -> None:
    result = simulate(network, "pcm-mesh-14nm", Settings(batch=batch))
    found = follow(result)
    assert found is not None
    path = found.path
    assert int(path.by_layer["total_ps"].sum()) == int(result.trace.latency[found.sample])
    assert abs(result.trace.latency[found.sample] / 1e12 / result.ledger.headline.latency_s - 1) < 0.5


def test_a_window_is_enough() -> None:
    result = simulate("mlp-hermes", "pcm-mesh-14nm", Settings(batch=6))
    whole = sample_path(result.trace, 4, firings_between(result.program, LogWindow(limit=2**62)))
    pd.testing.assert_frame_equal(path_of(result.trace, 4).stretches, whole.stretches)


def test_firings_of_another_time_are_refused() -> None:
    result = simulate("mlp-hermes", "pcm-mesh-14nm", Settings(batch=4))
    early = firings_between(result.program, LogWindow(0, 1_000, 2**62))
    with pytest.raises(Inconsistent, match="sample 3 leaves by no sink"):
        sample_path(result.trace, 3, early)
