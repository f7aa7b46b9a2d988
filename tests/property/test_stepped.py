"""Devices that work layer by layer: bounds that no run passes, closed forms where one thing hides the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Matrix, Network, Weights
from archsim.program import Kind, Program, Role, Trace, resource_name
from archsim.simulation import Engine, load_network, run
from tests.networks import additions, decoder, line, lstm
from tests.systolic_chips import LINKED, systolic

SMALL = (
    "tile.rows=16",
    "tile.columns=8",
    "tile.clock=1 GHz",
    "tile.filling=exposed",
    "tile.buffer.capacity=4 KiB",
    "tile.weight_buffer.capacity=1 KiB",
    "tile.sum_buffer.capacity=2 KiB",
    "memory.weights.latency=7 ns",
)
HOST = "system.host_bandwidth=100 TB/s"
DATAFLOWS = st.sampled_from(["weight-stationary", "output-stationary", "input-stationary"])
SIZES = st.integers(1, 60)


def ran(network: Network, *overrides: str, batch: int = 1, engine: Engine = Engine.COMPILED) -> Trace:
    return run(lower(place(network, systolic(*SMALL, *overrides), batch=batch), batch=batch), engine)


def busy_on(trace: Trace, kind: Kind) -> int:
    program = trace.program
    return int(trace.busy[program.resources.kind[program.actors.resource] == kind].sum())


def memory_bits(program: Program) -> float:
    """Bits that all firings move to and from memory."""
    names = [name.startswith("weights.") for name in program.labels.actions]
    rows = np.asarray(names)[program.actions.action]
    return float((program.actions.count * program.actors.firings[program.actions.actor])[rows].sum())


@settings(max_examples=40, deadline=None)
@given(SIZES, SIZES, SIZES, DATAFLOWS, st.sampled_from(["0.5 GB/s", "4 GB/s", "100 GB/s"]), st.integers(1, 4))
def test_no_layer_is_faster_than_its_computing_or_its_traffic(
    m: int, n: int, k: int, dataflow: str, bandwidth: str, arrays: int
) -> None:
    network = line(("a", Matrix(Weights(k, n))), tokens=m, width=k)
    chosen = (f"tile.dataflow={dataflow}", f"memory.weights.bandwidth={bandwidth}", f"tile.arrays={arrays}")
    trace = ran(network, *chosen)
    assert trace.makespan >= busy_on(trace, Kind.ARRAY)
    assert trace.makespan >= memory_bits(trace.program) / systolic(*chosen).memory["weights"].bandwidth * 1e12
    # Whatever is chosen, all weights are fetched once at least, and all MACs are done.
    assert memory_bits(trace.program) >= 8 * k * n
    macs = trace.program.labels.actions.index("array.mac")
    rows = trace.program.actions.action == macs
    done = trace.program.actions.count[rows] * trace.firings[trace.program.actions.actor[rows]]
    assert done.sum() == pytest.approx(m * n * k)


@pytest.mark.parametrize(("bandwidth_gb", "fetch_ps"), [(1, 128_000), (64, 2_000)])
def test_double_buffering_hides_the_shorter_of_computing_and_fetching(bandwidth_gb: int, fetch_ps: int) -> None:
    # 16 x 8 weights of a byte a fold, 6 x 5 folds; 20 vectors: 20 + 2 x 16 + 8 - 2 = 58 cycles of 1 ns.
    network = line(("a", Matrix(Weights(96, 40))), tokens=20, width=96)
    trace = ran(network, f"memory.weights.bandwidth={bandwidth_gb} GB/s", "tile.weight_buffer.capacity=256 B", HOST)
    program, latency, compute, folds = trace.program, 7_000, 58_000, 30
    (array,) = np.flatnonzero(program.actors.role == Role.MULTIPLY).tolist()
    hidden, shown = sorted((fetch_ps, compute))
    # One step of what is hidden shows at an end, and SCALE-Sim's last fold is a cycle shorter.
    expected = latency + hidden + folds * shown
    assert trace.last_end[array] == expected - 1_000
    assert trace.makespan > max(folds * fetch_ps, folds * compute)


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 6), st.integers(1, 3), DATAFLOWS)
def test_both_engines_agree_on_recurrences_and_decoders(tokens: int, batch: int, dataflow: str) -> None:
    for network in (lstm(tokens), decoder(tokens, 1 + tokens // 2)):
        chosen = (f"tile.dataflow={dataflow}", "memory.weights.bandwidth=1 GB/s")
        fast, slow = (ran(network, *chosen, batch=batch, engine=engine) for engine in Engine)
        assert fast.makespan == slow.makespan
        assert np.array_equal(fast.last_end, slow.last_end)
        assert np.array_equal(fast.sample_out, slow.sample_out)


@pytest.mark.parametrize("network", ["digits-cnn", "digits-lstm", "digits-transformer"])
def test_rounds_follow_each_other_faster_than_they_would_alone(network: str) -> None:
    chosen = (*SMALL, "mapping.schedule.samples=1", "memory.weights.bandwidth=1 GB/s")
    one, four = (run(lower(place(load_network(network), systolic(*chosen), batch=n), batch=n)) for n in (1, 4))
    (alone,) = one.latency.tolist()
    assert busy_on(four, Kind.MEMORY) == 4 * busy_on(one, Kind.MEMORY)
    assert busy_on(four, Kind.MEMORY) < four.makespan < 4 * alone


def test_a_batch_fetches_weights_once_and_rounds_fetch_them_again() -> None:
    network = load_network("digits-cnn")
    chip = systolic()
    together = lower(place(network, chip, batch=4), batch=4)
    apart = lower(place(network, systolic("mapping.schedule.samples=1"), batch=4), batch=4)
    one = memory_bits(lower(place(network, chip)))
    assert one == 8 * network.weights
    assert memory_bits(together) == one
    assert memory_bits(apart) == 4 * one


TWO = (*LINKED, "system.chips=2")


def multiplied(trace: Trace) -> float:
    """MACs of all firings."""
    macs = trace.program.labels.actions.index("array.mac")
    rows = trace.program.actions.action == macs
    return float((trace.program.actions.count[rows] * trace.firings[trace.program.actions.actor[rows]]).sum())


def test_two_chips_take_half_the_columns_each_and_send_what_they_make() -> None:
    # One vector of 96 by 40 columns, then by 24: folds of 16 x 8 take 1 + 2 x 16 + 8 - 2 cycles of 1 ns, a layer's last
    # one less. Weights are there in no time.
    network = line(("a", Matrix(Weights(96, 40))), ("b", Matrix(Weights(40, 24))), tokens=1, width=96)
    fast = ("memory.weights.bandwidth=100000 TB/s", "memory.weights.latency=1 ps", HOST)
    one, two = ran(network, *fast), ran(network, *fast, *TWO)
    assert busy_on(one, Kind.ARRAY) == (6 * 5 * 39 - 1 + 3 * 3 * 39 - 1) * 1000
    # 20 columns are three folds, 12 are two.
    working = (6 * 3 * 39 - 1 + 3 * 2 * 39 - 1) * 1000
    assert busy_on(two, Kind.ARRAY) == working
    # On each of the two links passes half of 40 bytes, at 1 byte a nanosecond.
    assert busy_on(two, Kind.CHIP_LINK) == pytest.approx(20_000, abs=20)
    # The last six folds make the last column of folds, 20 / 3 bytes, of which half pass before b begins: nothing hides
    # them, nor the 7 ns of the way.
    assert two.makespan == pytest.approx(working + 40 / 3 / 2 * 1000 + 7_000, abs=1_000)
    assert multiplied(two) == multiplied(one) == 96 * 40 + 40 * 24
    link = int(np.flatnonzero(two.program.resources.kind == Kind.CHIP_LINK)[0])
    assert resource_name(two.program, link) == "chip0/chip-link"
    bits = two.program.labels.actions.index("chip-link.bit")
    rows = two.program.actions.action == bits
    sent = (two.program.actions.count[rows] * two.firings[two.program.actions.actor[rows]]).sum()
    assert sent == pytest.approx(8 * 40)  # each half crosses one link


def test_slow_links_are_what_all_waits_for() -> None:
    network = line(("a", Matrix(Weights(96, 40))), ("b", Matrix(Weights(40, 24))), tokens=1, width=96)
    fast = ("memory.weights.bandwidth=100000 TB/s", "memory.weights.latency=1 ps", HOST)
    trace = ran(network, *fast, *TWO, "system.link.bandwidth=1 MB/s")
    assert trace.makespan == pytest.approx(20_000_000, rel=0.08)


def test_chips_with_samples_of_their_own_take_the_time_of_one() -> None:
    network = line(("a", Matrix(Weights(96, 40))), ("b", Matrix(Weights(40, 24))), tokens=5, width=96)
    quick = ("memory.weights.bandwidth=100 TB/s", HOST)
    one, four = ran(network, *quick, batch=1), ran(network, *quick, *LINKED, "system.chips=4", batch=4)
    assert busy_on(four, Kind.ARRAY) == busy_on(one, Kind.ARRAY)
    assert busy_on(four, Kind.CHIP_LINK) == 0
    # Each fetches all weights, from a memory of its own.
    assert memory_bits(four.program) == 4 * memory_bits(one.program)
    assert multiplied(four) == 4 * multiplied(one)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(2, 5),
    st.sampled_from(["line", "ring", "mesh", "all-to-all"]),
    st.integers(1, 12),
    DATAFLOWS,
    st.sampled_from(["10 MB/s", "1 GB/s", "1000 GB/s"]),
)
def test_chips_together_are_bound_by_the_work_of_each_and_by_their_links(
    chips: int, topology: str, tokens: int, dataflow: str, link: str
) -> None:
    network = line(
        ("a", Matrix(Weights(40, 33))), ("d", additions(33)), ("b", Matrix(Weights(33, 17))), tokens=tokens, width=40
    )
    chosen = (*LINKED, f"system.chips={chips}", f"system.topology={topology}", f"system.link.bandwidth={link}")
    fast, slow = (ran(network, *chosen, f"tile.dataflow={dataflow}", engine=engine) for engine in Engine)
    assert np.array_equal(fast.last_end, slow.last_end)
    assert multiplied(fast) == pytest.approx(tokens * (40 * 33 + 33 * 17))
    assert fast.makespan >= max(busy_on(fast, Kind.ARRAY), busy_on(fast, Kind.CHIP_LINK))
    # No more than 16 x 8 multiplications a nanosecond on each chip.
    assert busy_on(fast, Kind.ARRAY) * chips >= tokens * (40 * 33 + 33 * 17) / 128 * 1000


@pytest.mark.parametrize("network", ["digits-cnn", "digits-lstm", "digits-transformer"])
@pytest.mark.parametrize("batch", [1, 4])
def test_every_kind_of_network_runs_on_several_chips(network: str, batch: int) -> None:
    chosen = (*SMALL, *LINKED, "system.chips=4", "system.topology=mesh")
    trace = run(lower(place(load_network(network), systolic(*chosen), batch=batch), batch=batch))
    assert (trace.firings == trace.program.actors.firings).all()
    assert multiplied(trace) == pytest.approx(batch * load_network(network).macs, rel=0.2)
