"""The steady state: periods, middles and whole runs, with rates worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from archsim.accounting import Basis, steady_state, steady_use
from archsim.engine import run_compiled, run_reference
from archsim.errors import Inconsistent
from archsim.program import Trace
from tests.programs import Sketch

PS_PER_S = 1e12


def one_actor(samples: int, interval: int | list[int], *, group: int = 1, tokens: int = 1) -> Trace:
    """One actor that is source and sink, as the reference engine sees it: without a period."""
    sketch = Sketch()
    sketch.actor(samples * tokens, interval)
    return run_reference(sketch.program(samples=samples, group=group, sources=[0], sinks=[0]))


def leaving(trace: Trace, out: list[int]) -> Trace:
    return replace(trace, sample_out=np.array(out, np.int64))


def test_a_period_is_taken_as_it_is() -> None:
    trace = replace(one_actor(20, 10), period=(30, 3))
    steady = steady_state(trace)
    assert steady.basis is Basis.PERIOD
    assert steady.passes_per_s == pytest.approx(PS_PER_S / 10, rel=1e-12)
    assert steady.pass_ps == pytest.approx(10, rel=1e-12)


def test_a_period_faster_than_a_resource_is_a_fault() -> None:
    # The actor is busy for 10 ps a sample; a sample each 9 ps would keep it busy 111 % of the time.
    trace = replace(one_actor(20, 10), period=(9, 1))
    with pytest.raises(Inconsistent, match=r"busy 111\.1% of the time"):
        steady_state(trace)


def test_the_fault_names_what_would_be_busiest() -> None:
    sketch = Sketch()
    for interval in (4, 10, 6):
        sketch.actor(20, interval)
    sketch.channel(0, 1, 4)
    sketch.channel(1, 2, 4)
    trace = run_reference(sketch.program(samples=20))
    with pytest.raises(Inconsistent, match=r"busy 200\.0% of the time") as error:
        steady_state(replace(trace, period=(5, 1)))
    assert error.value.where == "chip0/node1/unit0"


def test_every_table_has_a_mean_of_its_own() -> None:
    # Means of 5 and 4 ps: the second table begins behind the first.
    sketch = Sketch()
    sketch.actor(20, [1, 9])
    sketch.actor(20, [2, 4, 6])
    sketch.channel(0, 1, 4)
    trace = replace(run_reference(sketch.program(samples=20)), period=(60, 6))
    assert steady_use(trace, steady_state(trace)).tolist() == pytest.approx([0.5, 0.4])


def test_two_servers_serve_twice_as_much() -> None:
    sketch = Sketch()
    pool = sketch.resource(servers=2)
    for _ in range(2):
        sketch.actor(20, 10, resource=pool)
    trace = run_reference(sketch.program(samples=20, sources=[0], sinks=[1]))
    steady = steady_state(replace(trace, period=(10, 1)))
    # Two actors of 10 ps a sample on two servers: both always busy.
    assert steady_use(trace, steady).tolist() == pytest.approx([1.0])


def two_servers(samples: int, interval: int) -> Trace:
    """An actor on a pool of two servers, of which it can use one at a time, and one that takes a picosecond."""
    sketch = Sketch()
    sketch.actor(samples, interval, resource=sketch.resource(servers=2))
    sketch.actor(samples, 1)
    return run_reference(sketch.program(samples=samples, sources=[0], sinks=[0]))


def test_an_actor_is_no_faster_than_its_firings_one_after_the_other() -> None:
    # 10 ps a sample, every 8: the servers would be 63 % busy, but the actor 125 %.
    with pytest.raises(Inconsistent, match=r"busy 125\.0% of the time") as error:
        steady_state(replace(two_servers(20, 10), period=(8, 1)))
    assert error.value.where == "a.compute[0,0,0]"
    middle = steady_state(leaving(two_servers(12, 10), [8 * sample for sample in range(12)]))
    assert middle.basis is Basis.WHOLE
    exact = steady_state(replace(two_servers(20, 10), period=(10, 1)))
    assert exact.basis is Basis.PERIOD
    assert steady_use(two_servers(20, 10), exact).tolist() == pytest.approx([0.5, 0.1])


def test_a_server_is_no_faster_than_those_who_share_it() -> None:
    # Two actors of 6 ps a sample, every 8: each would be busy 75 % of the time, but their server 150 %.
    sketch = Sketch()
    server = sketch.resource()
    for _ in range(2):
        sketch.actor(12, 6, resource=server)
    sketch.actor(12, 1)
    trace = run_reference(sketch.program(samples=12, sources=[0, 1], sinks=[0, 1]))
    assert steady_state(leaving(trace, [8 * sample for sample in range(12)])).basis is Basis.WHOLE


def test_a_period_counts_whole_tables() -> None:
    # 5 firings of 1, 9, 1, 9, 1 ps: 21 ps in the run, but 10 ps in each period of two samples.
    trace = replace(one_actor(5, [1, 9]), period=(10, 2))
    steady = steady_state(trace)
    assert steady_use(trace, steady).tolist() == pytest.approx([1.0])
    # Over the whole run it is 5 samples in 21 ps.
    whole = steady_state(one_actor(5, [1, 9]))
    assert whole.basis is Basis.WHOLE
    assert whole.passes_per_s == pytest.approx(5 / 21 * PS_PER_S)


def test_the_middle_of_a_batch_is_its_slower_quarter() -> None:
    # Twelve samples; the quarters in question end with samples 3, 6 and 9: 300 ps, then 303 ps, for three each.
    out = [1000, 1050, 1100, 1200, 1300, 1400, 1501, 1602, 1703, 1710, 1711, 1712]
    trace = leaving(one_actor(12, 10), out)
    steady = steady_state(trace)
    assert steady.basis is Basis.MIDDLE
    assert steady.passes_per_s == pytest.approx(3 / 303 * PS_PER_S)


def test_a_middle_that_has_not_settled_is_no_steady_state() -> None:
    # 300 ps, then 304: they differ by more than one per cent.
    out = [1000, 1050, 1100, 1200, 1300, 1400, 1502, 1602, 1704, 1710, 1711, 1712]
    assert steady_state(leaving(one_actor(12, 10), out)).basis is Basis.WHOLE


def test_a_middle_faster_than_a_resource_is_no_steady_state() -> None:
    # A sample every 9 ps, of 10 ps each.
    trace = leaving(one_actor(12, 10), [9 * sample for sample in range(12)])
    steady = steady_state(trace)
    assert steady.basis is Basis.WHOLE
    assert steady.passes_per_s == pytest.approx(PS_PER_S / 10)


def test_samples_that_leave_together_are_no_steady_state() -> None:
    assert steady_state(leaving(one_actor(12, 10), [120] * 12)).basis is Basis.WHOLE


@pytest.mark.parametrize(("samples", "basis"), [(7, Basis.WHOLE), (8, Basis.MIDDLE)])
def test_the_middle_is_looked_at_from_eight_samples(samples: int, basis: Basis) -> None:
    assert steady_state(one_actor(samples, 10)).basis is basis


def test_groups_leave_together() -> None:
    # Eight groups of two: the latest of each leaves every 25 ps, and carries two samples.
    out = [time for group in range(8) for time in (25 * group + 20, 25 * group + 25)]
    steady = steady_state(leaving(one_actor(16, 10, group=2), out))
    assert steady.basis is Basis.MIDDLE
    assert steady.passes_per_s == pytest.approx(2 / 25 * PS_PER_S)


def test_parts_that_share_a_resource_and_nothing_else_have_no_period_once_one_is_done() -> None:
    # Two unconnected actors share a server: 10 and 20 ps a sample, 30 for both. Once the first is done, the other goes
    # on with a sample each 20 ps: that is no period of the whole.
    sketch = Sketch()
    host = sketch.resource()
    for tokens, interval in ((1, 10), (2, 10)):
        sketch.actor(100 * tokens, interval, resource=host)
    program = sketch.program(samples=100, sources=[0, 1], sinks=[0, 1])
    for trace in (run_compiled(program), run_reference(program)):
        steady = steady_state(trace)
        assert steady.passes_per_s <= PS_PER_S / 30 * (1 + 1e-12)
        assert steady.passes_per_s == pytest.approx(PS_PER_S / 30, rel=1e-9)
