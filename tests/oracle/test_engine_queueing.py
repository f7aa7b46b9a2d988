"""A shared server against queueing theory: Poisson arrivals at constant service wait as Pollaczek and Khinchin say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from archsim.engine import LogWindow, run_compiled, run_reference
from archsim.program import Trace
from tests.programs import Sketch

SERVICE, STREAMS = 10_000, 8


def mean_wait(run: Callable[..., Trace], load: float, packets: int) -> float:
    """Picoseconds from a packet's arrival to its start, over Poisson streams that share one server."""
    random = np.random.default_rng(7)
    sketch = Sketch()
    server = sketch.resource()
    arrivals = []
    for _ in range(STREAMS):
        gaps = np.maximum(1, np.rint(random.exponential(SERVICE * STREAMS / load, packets))).astype(int)
        arrivals.append(np.cumsum(gaps))
        sketch.actor(packets, gaps.tolist())
    for stream in range(STREAMS):
        sketch.channel(stream, sketch.actor(packets, SERVICE, resource=server), packets)
    log = run(sketch.program(), log=LogWindow()).log
    assert log is not None
    starts = [np.sort(log.start[log.actor == STREAMS + stream]) for stream in range(STREAMS)]
    return float(np.mean([start - arrival for start, arrival in zip(starts, arrivals, strict=True)]))


@pytest.mark.parametrize("load", [0.2, 0.5, 0.7])
def test_waiting_time_of_a_single_server(load: float) -> None:
    expected = SERVICE * load / (2 * (1 - load))
    assert mean_wait(run_compiled, load, 20_000) == pytest.approx(expected, rel=0.05)


def test_both_engines_wait_alike() -> None:
    assert mean_wait(run_reference, 0.6, 500) == mean_wait(run_compiled, 0.6, 500)
