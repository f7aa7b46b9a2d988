"""What every token costs in actions, and which actors and channels it takes, counted by hand on small placements."""

import numpy as np
import pytest

from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import (
    Digital,
    Edge,
    Layer,
    Matrix,
    Network,
    Prefix,
    Primitive,
    Same,
    Sink,
    Source,
    Weights,
    Whole,
    Window,
)
from archsim.program import Kind, Role
from tests.chips import NS, make_array, make_chip, make_fabric, make_unit
from tests.networks import additions, line

TOKENS = 4


def acted(placement, *, batch=1):
    """How often everything happens per token of the input."""
    program = lower(placement, batch=batch)
    total = np.zeros(len(program.labels.actions))
    table = program.actions
    np.add.at(total, table.action, table.count * program.actors.firings[table.actor])
    return {
        name: value / (TOKENS * batch)
        for name, value in zip(program.labels.actions, total.tolist(), strict=True)
        if value
    }


def moved(counts):
    """Only what buffers and the fabric do."""
    return {
        name: count
        for name, count in counts.items()
        if name.split(".")[0] in ("buffer", "core-buffer", "router", "wire")
    }


@pytest.mark.parametrize(("width", "flits"), [(8, 1), (12, 2), (17, 3)])
def test_two_products_on_neighbouring_tiles(width, flits):
    # Tiles 0 and 4, one link apart; the port is at router 0. A flit is 64 bits.
    network = line(("a", Matrix(Weights(8, width))), ("b", Matrix(Weights(width, width))), tokens=TOKENS)
    counts = acted(place(network, make_chip()), batch=2)
    assert moved(counts) == {
        "buffer.write_bit": 64 + 8 * width,
        "buffer.read_bit": 64 + 8 * width,
        # The input passes router 0; both products' results pass two routers and the wire between them.
        "router.flit": 1 + 2 * flits + 2 * flits,
        "wire.bit_hop": 2 * 64 * flits,
    }


def test_a_token_of_which_two_take_a_half_each_travels_whole_and_is_kept_in_halves():
    # Tiles 0, 4 and 8 in a row: sixteen bytes pass router 0 and both links, and each half is written where it is used.
    layers = (
        Layer("in", Source(), TOKENS, 8), Layer("a", Matrix(Weights(8, 16)), TOKENS, 16),
        Layer("b", Matrix(Weights(8, 8)), TOKENS, 8), Layer("c", Matrix(Weights(8, 8)), TOKENS, 8),
        Layer("x", Sink(), TOKENS, 8), Layer("y", Sink(), TOKENS, 8),
    )  # fmt: skip
    edges = (
        Edge("in", "a", Same(), 8), Edge("a", "b", Same(), 8), Edge("a", "c", Same(), 8, source_start=8),
        Edge("b", "x", Same(), 8), Edge("c", "y", Same(), 8),
    )  # fmt: skip
    placement = place(Network("halves", layers, edges), make_chip())
    assert placement.blocks.node.tolist() == [0, 4, 8]
    assert moved(acted(placement)) == {
        "buffer.write_bit": 3 * 64, "buffer.read_bit": 3 * 64,
        # The input, the whole token over three routers, and the results of router 4 and of router 8.
        "router.flit": 1 + 3 * 2 + 2 + 3, "wire.bit_hop": (2 * 2 + 1 + 2) * 64,
    }  # fmt: skip


@pytest.mark.parametrize(("header", "flits"), [(None, 1), (8, 2), (64, 2), (65, 3)])
def test_headers_travel_and_are_not_kept(header, flits):
    network = line(("a", Matrix(Weights(8, 8))), ("b", Matrix(Weights(8, 8))), tokens=TOKENS)
    fabric = {**make_fabric(), "header": header}
    counts = moved(acted(place(network, make_chip(fabric=fabric))))
    assert counts == {
        "buffer.write_bit": 128, "buffer.read_bit": 128, "router.flit": 5 * flits, "wire.bit_hop": 2 * 64 * flits,
    }  # fmt: skip


def test_work_at_a_router_has_a_buffer_of_its_own():
    network = line(("a", Matrix(Weights(8, 12))), ("d", additions(12, whole_token=True)), tokens=TOKENS)
    placement = place(network, make_chip(units={"core": make_unit("router", every=16)}))
    counts = acted(placement)
    # Tile, core and port are all at router 0: three transfers, of one and twice two flits, over no wire.
    assert moved(counts) == {
        "buffer.write_bit": 64, "buffer.read_bit": 64, "core-buffer.write_bit": 96, "core-buffer.read_bit": 96,
        "router.flit": 1 + 2 + 2,
    }  # fmt: skip
    assert counts["core.add"] == 12


def test_a_unit_reads_its_share_of_every_operand():
    # Forty elements in four parts on as many tiles, where both products' blocks are not together: b's come over.
    layers = [Layer("in", Source(), TOKENS, 8), *(Layer(name, Matrix(Weights(8, 40)), TOKENS, 40) for name in "ab")]
    layers += [Layer("d", additions(40), TOKENS, 40), Layer("out", Sink(), TOKENS, 40)]
    edges = (
        Edge("in", "a", Same(), 8), Edge("in", "b", Same(), 8), Edge("a", "d", Same(), 40),
        Edge("b", "d", Same(), 40, port=1), Edge("d", "out", Same(), 40),
    )  # fmt: skip
    placement = place(Network("two", tuple(layers), edges), make_chip(array=make_array(8, 10)))
    counts = acted(placement)
    # Every block takes the input to its tile; parts of a are used where they are made, parts of b come to them.
    assert counts["buffer.write_bit"] == 8 * 64 + 320 + 320
    assert counts["buffer.read_bit"] == 8 * 64 + 320 + 320
    assert counts["local.add"] == 40


def test_a_row_block_takes_its_rows_alone():
    # Two blocks of 64 rows: each tile gets all 1024 bits of the token and keeps its 512; sums of 64 x 16 bits follow.
    network = line(("a", Matrix(Weights(128, 64))), tokens=TOKENS, width=128)
    placement = place(network, make_chip())
    program = lower(placement)
    assert acted(placement)["buffer.read_bit"] == 1024
    links = program.actors.role == Role.LINK
    into = ~links[program.channels.target] & links[program.channels.source]
    kept = sorted(program.channels.token_bits[into & (program.actors.role[program.channels.target] == Role.INTEGRATE)])
    assert kept == [512, 512]
    partial = into & (program.actors.role[program.channels.target] == Role.ACCUMULATE)
    assert program.channels.token_bits[partial].tolist() == [64 * 16]


def attention():
    mix = Digital("mix", work=((Primitive.ADD, 3),), work_per_key=((Primitive.MAC, 16),), keys_port=1, whole_token=True)
    layers = (
        Layer("in", Source(), TOKENS, 8), Layer("q", Matrix(Weights(8, 8)), TOKENS, 8),
        Layer("k", Matrix(Weights(8, 8)), TOKENS, 8), Layer("mix", mix, TOKENS, 8), Layer("out", Sink(), TOKENS, 8),
    )  # fmt: skip
    edges = (
        Edge("in", "q", Same(), 8), Edge("in", "k", Same(), 8), Edge("q", "mix", Same(), 8),
        Edge("k", "mix", Prefix(2), 8, port=1), Edge("mix", "out", Same(), 8),
    )  # fmt: skip
    return Network("attention", layers, edges)


def test_attention_reads_all_keys_so_far_and_those_before_them():
    counts = acted(place(attention(), make_chip(units={"core": make_unit("router", every=16)})))
    # With two cached keys, four tokens have 3, 4, 5 and 6 keys: 4.5 on average.
    assert counts["core.mac"] == 16 * 4.5
    assert counts["core.add"] == 3
    assert counts["core-buffer.read_bit"] == 64 + 4.5 * 64
    assert counts["core-buffer.write_bit"] == 64 + 64


def test_a_window_reads_its_taps_inside():
    # Four positions, a kernel of three: 2, 3, 3 and 2 taps of eight bytes.
    window = Window((TOKENS,), (TOKENS,), (3,), (1,), (1,), (1,))
    pool = Digital("pool", work=((Primitive.COMPARE, 24),))
    layers = (
        Layer("in", Source(), TOKENS, 8), Layer("a", Matrix(Weights(8, 8)), TOKENS, 8), Layer("pool", pool, TOKENS, 8),
        Layer("out", Sink(), TOKENS, 8),
    )  # fmt: skip
    edges = (Edge("in", "a", Same(), 8), Edge("a", "pool", window, 8), Edge("pool", "out", Same(), 8))
    placement = place(Network("pooled", layers, edges), make_chip())
    counts = acted(placement)
    assert counts["local.compare"] == 24
    assert counts["buffer.read_bit"] == 64 + 2.5 * 64
    assert counts["buffer.write_bit"] == 64 + 64


def test_copies_make_every_nth_token_of_a_sample_each():
    placement = place(line(("a", Matrix(Weights(8, 8))), tokens=7), make_chip(), replicate={"a": 3})
    program = lower(placement, batch=2)
    first = program.actors.role == Role.INTEGRATE
    by_copy = dict(zip(program.actors.replica[first].tolist(), program.actors.firings[first].tolist(), strict=True))
    # Tokens 0, 3, 6; 1, 4; 2, 5 of each of two samples.
    assert by_copy == {0: 6, 1: 4, 2: 4}


def test_servers_and_times_of_a_unit():
    unit = {**make_unit(lanes=4, pipeline=5, clock=0.5e9), "count": 3}
    program = lower(
        place(line(("a", Matrix(Weights(8, 8))), ("d", additions(10)), tokens=2), make_chip(units={"local": unit}))
    )
    (actor,) = np.flatnonzero(program.actors.role == Role.COMPUTE)
    # Ten additions on four lanes: three cycles of 2 ns, and four more through the pipeline.
    assert (program.actors.interval[actor], program.actors.latency[actor]) == (6 * NS, 14 * NS)
    assert program.resources.servers[program.actors.resource[actor]] == 3


def test_durations_that_vary_repeat_for_each_sample_of_a_group():
    placement = place(
        attention(), make_chip(units={"core": make_unit("router", every=16, lanes=1)}), batch=2, interleave=2
    )
    program = lower(placement, batch=2)
    (actor,) = np.flatnonzero(program.actors.role == Role.COMPUTE)
    row = program.actors.interval_table[actor]
    start, length = program.durations.start[row], program.durations.length[row]
    cycles = [3 + 16 * keys for keys in (3, 4, 5, 6)]
    expected = [count * NS for count in cycles for _ in range(2)]
    assert program.durations.values[start : start + length].tolist() == expected
    latest = program.actors.latency_table[actor]
    start = program.durations.start[latest]
    # One more cycle through a pipeline of two.
    assert program.durations.values[start : start + length].tolist() == [each + NS for each in expected]


def test_the_whole_sample_is_needed_at_once():
    layers = (
        Layer("in", Source(), TOKENS, 8), Layer("a", Matrix(Weights(32, 8)), 1, 8), Layer("out", Sink(), 1, 8),
    )  # fmt: skip
    network = Network("flat", layers, (Edge("in", "a", Whole(), 8), Edge("a", "out", Same(), 8)))
    program = lower(place(network, make_chip()))
    (taker,) = np.flatnonzero(program.actors.role == Role.INTEGRATE)
    (channel,) = np.flatnonzero(program.channels.target == taker)
    curves = program.curves
    assert [curves.at(int(program.channels.need[channel]), firing) for firing in (0, 1)] == [4, 8]
    assert [curves.at(int(program.channels.release[channel]), firing) for firing in (0, 1)] == [4, 8]
    assert program.channels.capacity[channel] >= 4


def test_the_host_moves_a_byte_a_nanosecond():
    program = lower(place(line(("a", Matrix(Weights(8, 20))), tokens=2), make_chip()))
    hosts = np.flatnonzero(program.resources.kind[program.actors.resource] == Kind.HOST)
    times = {Role(int(program.actors.role[actor])): int(program.actors.interval[actor]) for actor in hosts}
    assert times == {Role.SOURCE: 8 * NS, Role.SINK: 20 * NS}
    assert program.actors.latency[hosts].tolist() == program.actors.interval[hosts].tolist()
