"""The whole path from a network to a run, against sums that are worked out by hand from the chip's numbers.

The chip of ``tests.chips``: the host moves a byte per nanosecond; a flit of 64 bits crosses a link in 1 ns and a router
in 2 ns, so that a token of f flits arrives ``(h + 2) + 2 (h + 1) + f - 1`` ns after it left, over h links between
routers; a product integrates for 100 ns, a converter takes 5 ns a column, the affine stage 3 ns. Host and tile 0 are at
router 0; tiles are used in the order 0, 4, 8, 12, 13, 9, 5, 1, ... of the 4 x 4 mesh.
"""

import numpy as np
import pytest

from archsim.engine import reference
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Edge, Layer, Matrix, Network, Previous, Same, Sink, Source, Weights, Whole, Window
from archsim.program import Role
from tests.chips import NS, make_adc, make_array, make_chip, make_fabric, make_input, make_system, make_unit
from tests.networks import additions, decoder, line, lstm

HOST = 8
"""Nanoseconds of a token of 8 elements between host and chip."""
SQUARE = Matrix(Weights(8, 8))


def travel(hops, flits=1):
    return (hops + 2) + 2 * (hops + 1) + flits - 1


def makespan_ns(network, chip, *, batch=1, replicate="none", interleave=None):
    program = lower(place(network, chip, replicate=replicate, batch=batch, interleave=interleave), batch=batch)
    return reference.run(program).makespan / NS


def test_one_product_on_one_tile():
    # In, over the fabric, integrate, convert, affine, back, out.
    assert makespan_ns(line(("a", SQUARE)), make_chip()) == HOST + travel(0) + 100 + 5 + 3 + travel(0) + HOST


def test_wide_tokens_take_more_flits():
    # 64 elements of 8 bits are 64 bytes and 8 flits.
    network = line(("a", Matrix(Weights(64, 64))), width=64)
    assert makespan_ns(network, make_chip()) == 64 + travel(0, 8) + 108 + travel(0, 8) + 64


def test_an_affine_stage_of_few_lanes_takes_more_cycles():
    # 64 columns on 10 lanes: 7 cycles, and 2 more through the pipeline.
    network = line(("a", Matrix(Weights(8, 64))))
    chip = make_chip(affine_lanes=10)
    assert makespan_ns(network, chip) == HOST + travel(0) + 105 + 9 + travel(0, 8) + 64


@pytest.mark.parametrize(
    ("adc", "product", "period"),
    [
        # One converter per column, without and with a sample-and-hold.
        (make_adc(), 105, 105),
        (make_adc(held=True), 105, 100),
        # 8 converters for 64 columns take turns: 8 x 5 ns.
        (make_adc(shared=8), 140, 140),
        (make_adc(shared=8, held=True), 140, 100),
        # 64 x 5 ns on one converter: conversion is what holds everything up.
        (make_adc(shared=64), 420, 420),
        (make_adc(shared=64, held=True), 420, 320),
        # Converters that count while the array integrates, and need 5 ns more.
        (make_adc(during=True), 105, 105),
    ],
)
@pytest.mark.parametrize("tokens", [1, 2, 9])
def test_converters(adc, product, period, tokens):
    network = line(("a", Matrix(Weights(8, 64))), tokens=tokens)
    expected = HOST + travel(0) + product + 3 + travel(0, 8) + 64 + (tokens - 1) * period
    assert makespan_ns(network, make_chip(adc=adc)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("shared", "conversion"), [(1, 5), (8, 40)])
@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("tokens", [1, 7])
def test_bit_serial_inputs_converted_phase_by_phase(shared, conversion, held, tokens):
    # 8 phases of 10 ns; each is converted. Without a sample-and-hold phase and conversion alternate.
    chip = make_chip(
        inputs=make_input(phase_ns=10, serial=True), adc=make_adc(shared=shared, per_phase=True, held=held)
    )
    cycle = max(10, conversion) if held else 10 + conversion
    product = 10 + 7 * cycle + conversion
    # The affine stage: 64 scale-and-offset operations and 7 shift-and-adds for each column, on 64 lanes; pipeline 3.
    affine = 8 + 2
    expected = HOST + travel(0) + product + affine + travel(0, 8) + 64 + (tokens - 1) * 8 * cycle
    assert makespan_ns(line(("a", Matrix(Weights(8, 64))), tokens=tokens), chip) == expected


def test_a_pipeline_fills_and_then_runs_at_the_pace_of_one_stage():
    # Three tiles, one hop apart; the last is two hops from the host.
    network = line(("a", SQUARE), ("b", SQUARE), ("c", SQUARE), tokens=20)
    fill = HOST + travel(0) + 108 + travel(1) + 108 + travel(1) + 108 + travel(2) + HOST
    assert makespan_ns(network, make_chip()) == fill + 19 * 105


@pytest.mark.parametrize("slow", [800, 3200, 16000])
def test_a_chain_runs_at_the_pace_of_its_slowest_stage(slow):
    # A digital unit of 16 lanes; a pipeline of 2 adds one cycle to each token.
    network = line(("a", SQUARE), ("d", additions(slow)), ("b", SQUARE), tokens=12)
    cycles = slow // 16
    fill = HOST + travel(0) + 108 + cycles + 1 + travel(1) + 108 + travel(1) + HOST
    assert makespan_ns(network, make_chip()) == fill + 11 * max(105, cycles)


def test_the_host_can_be_the_slowest_stage():
    network = line(("a", Matrix(Weights(8, 8))), tokens=10)
    chip = make_chip(system=make_system(host_bandwidth=0.5e9))
    # 64 bits take 128 ns each way.
    assert makespan_ns(network, chip) == 128 + travel(0) + 108 + travel(0) + 128 + 9 * 128


def test_partial_sums_travel_down_the_row_blocks():
    # 160 x 100 weights: 3 x 2 blocks of 50 columns, column by column on tiles 0, 4, 8 | 12, 13, 9.
    hops = {0: 0, 4: 1, 8: 2, 12: 3, 13: 4, 9: 3}
    done = []
    for tiles in ((0, 4, 8), (12, 13, 9)):
        # 160 elements are 20 flits; 50 columns one affine cycle. A sum of 16 bits per column is 13 flits, one hop away.
        ready = [160 + travel(hops[tile], 20) + 108 for tile in tiles]
        total = ready[0]
        for tile_ready in ready[1:]:
            total = max(tile_ready, total + travel(1, 13)) + 3
        # 50 elements are 7 flits.
        done.append(total + travel(hops[tiles[-1]], 7))
    network = line(("a", Matrix(Weights(160, 100))), width=160)
    assert makespan_ns(network, make_chip()) == max(done) + 100


@pytest.mark.parametrize("phase_ns", [10, 100])
def test_a_long_chain_of_partial_sums_keeps_the_pace(phase_ns):
    # 16 row blocks: the last lags by 15 sums and hops, which must not cost throughput. Arrays of 4 rows, 64 columns.
    array = make_array(4, 64)
    chip = make_chip(
        array=array,
        inputs=make_input(phase_ns=phase_ns),
        adc=make_adc(held=True),
        system=make_system(host_bandwidth=8e11),
    )
    times = [makespan_ns(line(("a", Matrix(Weights(64, 8))), tokens=tokens, width=64), chip) for tokens in (100, 200)]
    assert times[1] - times[0] == pytest.approx(100 * max(phase_ns, 8), rel=0.01)


@pytest.mark.parametrize("copies", [1, 2, 4, 8])
def test_copies_divide_the_period(copies):
    chip = make_chip(system=make_system(host_bandwidth=8e10))
    times = [makespan_ns(line(("a", SQUARE), tokens=tokens), chip, replicate={"a": copies}) for tokens in (64, 128)]
    assert times[1] - times[0] == pytest.approx(64 // copies * 105)


@pytest.mark.parametrize(("first", "second"), [(2, 3), (3, 2), (4, 6), (5, 1)])
def test_copies_of_neighbours_need_not_match(first, second):
    chip = make_chip(system=make_system(host_bandwidth=8e10))
    network = {tokens: line(("a", SQUARE), ("b", SQUARE), tokens=tokens) for tokens in (60, 120)}
    times = [makespan_ns(network[tokens], chip, replicate={"a": first, "b": second}) for tokens in (60, 120)]
    assert times[1] - times[0] == pytest.approx(60 / min(first, second) * 105, rel=0.01)


LSTM_OUT = travel(0) + HOST


@pytest.mark.parametrize("steps", [1, 2, 10])
def test_an_lstm_takes_its_steps_one_after_the_other(steps):
    # 16 x 32 gates on one tile; the cell's 72 operations take 5 cycles of 16 lanes and leave after 6.
    loop = 100 + 5 + 3 + 6
    assert makespan_ns(lstm(steps), make_chip()) == HOST + travel(0) + steps * loop + LSTM_OUT


@pytest.mark.parametrize("samples", [1, 2, 3, 4, 8])
def test_interleaved_samples_fill_the_recurrence(samples):
    # A loop of 10 + 5 + 3 + 6 ns, and a product every 10 ns: two samples hide in it, with three the array is full.
    chip = make_chip(inputs=make_input(phase_ns=10), adc=make_adc(held=True))
    times = [makespan_ns(lstm(steps), chip, batch=samples, interleave=samples) for steps in (20, 40)]
    assert times[1] - times[0] == pytest.approx(20 * max(24, 10 * samples), abs=1)


def test_samples_that_do_not_interleave_queue():
    chip = make_chip(inputs=make_input(phase_ns=10), adc=make_adc(held=True))
    one, two = (makespan_ns(lstm(20), chip, batch=batch, interleave=1) for batch in (1, 3))
    # The next sample's first step needs nothing of the last one's output.
    assert two - one == pytest.approx(2 * (19 * 24 + 10), abs=1)


def test_the_interleaving_is_chosen_where_there_is_a_recurrence():
    def together(network, batch):
        return lower(place(network, make_chip(), batch=batch), batch=batch).samples.group

    assert [together(lstm(4), batch) for batch in (1, 2, 7, 8, 12, 16, 22)] == [1, 2, 7, 8, 6, 8, 2]
    assert together(line(("a", SQUARE)), 8) == 1


@pytest.mark.parametrize(("tokens", "prompt"), [(12, 1), (12, 4), (12, 11)])
def test_each_generated_token_waits_for_the_one_before(tokens, prompt):
    # Product 108 ns, activation 2 ns: 110 ns round; the prompt streams at 105 ns.
    loop = 108 + 2
    started = HOST + travel(0) + (prompt - 1) * 105 + (tokens - prompt) * loop
    assert makespan_ns(decoder(tokens, prompt), make_chip()) == started + loop + travel(0) + HOST


def test_a_convolution_starts_when_its_window_is_there():
    # 6 x 6 positions, 3 x 3 kernel without padding: the first output needs 2 rows and 3 positions, 15 tokens.
    layers = (
        Layer("in", Source(), 36, 8),
        Layer("c", Matrix(Weights(72, 8), taps=9), 16, 8),
        Layer("out", Sink(), 16, 8),
    )
    window = Window((6, 6), (4, 4), (3, 3), (1, 1), (0, 0), (1, 1))
    network = Network("conv", layers, (Edge("in", "c", window, 8), Edge("c", "out", Same(), 8)))
    chip = make_chip(array=make_array(128, 64))
    assert makespan_ns(network, chip) == 15 * HOST + travel(0) + 108 + 15 * 105 + travel(0) + HOST
    # With the host 100 times slower it is the input's last token that counts.
    slow = make_chip(array=make_array(128, 64), system=make_system(host_bandwidth=8e7))
    assert makespan_ns(network, slow) == 36 * 100 * HOST + travel(0) + 108 + travel(0) + 100 * HOST


def test_a_whole_sample_is_awaited():
    layers = (Layer("in", Source(), 10, 8), Layer("f", Matrix(Weights(8, 8)), 1, 8), Layer("out", Sink(), 1, 8))
    network = Network("flat", layers, (Edge("in", "f", Whole(), 8), Edge("f", "out", Same(), 8)))
    assert makespan_ns(network, make_chip()) == 10 * HOST + travel(0) + 108 + travel(0) + HOST


def test_a_network_that_only_passes_through():
    layers = (Layer("in", Source(), 5, 8), Layer("out", Sink(), 5, 8))
    assert makespan_ns(Network("wire", layers, (Edge("in", "out", Same(), 8),)), make_chip()) == 6 * HOST


def test_half_the_clocks_double_a_digital_time():
    network = line(("d", additions(4000)), ("e", additions(160)), tokens=9)
    times = [
        makespan_ns(
            network,
            make_chip(
                units={"local": make_unit(clock=clock)},
                fabric=make_fabric(clock=clock),
                affine_clock=clock,
                system=make_system(host_bandwidth=8 * clock),
            ),
        )
        for clock in (1e9, 0.5e9)
    ]
    assert times[1] == 2 * times[0]


CASES = {
    "chain": (line(("a", SQUARE), ("d", additions(4000)), ("b", Matrix(Weights(8, 200))), tokens=13), {}),
    "sums": (
        line(("a", Matrix(Weights(200, 150))), ("b", Matrix(Weights(150, 60))), tokens=9, width=200),
        {"batch": 2},
    ),
    "copies": (line(("a", SQUARE), ("b", SQUARE), tokens=30), {"replicate": {"a": 4, "b": 3}}),
    "lstm": (lstm(11), {"batch": 3}),
    "decoder": (decoder(9, 4), {"batch": 2}),
}


def program_of(name):
    network, options = CASES[name]
    batch = options.get("batch", 1)
    placement = place(network, make_chip(), replicate=options.get("replicate", "none"), batch=batch)
    return placement, lower(placement, batch=batch)


@pytest.mark.parametrize("name", CASES)
def test_every_picosecond_is_accounted_for(name):
    _, program = program_of(name)
    trace = reference.run(program)
    parts = trace.busy + trace.starved + trace.blocked + trace.contended + trace.done
    assert (parts == trace.makespan).all()
    assert min(column.min() for column in (trace.busy, trace.starved, trace.blocked, trace.contended, trace.done)) >= 0
    assert (trace.firings == program.actors.firings).all()


@pytest.mark.parametrize("name", CASES)
def test_two_runs_are_identical(name):
    one, two = (reference.run(program_of(name)[1]) for _ in range(2))
    for column in ("busy", "starved", "blocked", "contended", "first_start", "last_end", "sample_in", "sample_out"):
        assert np.array_equal(getattr(one, column), getattr(two, column))


@pytest.mark.parametrize("name", CASES)
def test_every_block_integrates_once_per_token(name):
    placement, program = program_of(name)
    actors = program.actors
    for index, layer in enumerate(placement.network.order):
        if isinstance(layer.operator, Matrix):
            mine = actors.layer == index
            blocks = placement.blocks
            cut = (blocks.matrix == placement.matrix[layer.name]) & (blocks.replica == 0)
            expected = layer.tokens * int(cut.sum()) * program.samples.count
            for role in (Role.INTEGRATE, Role.CONVERT, Role.AFFINE):
                assert actors.firings[mine & (actors.role == role)].sum() == expected


@pytest.mark.parametrize("name", CASES)
def test_tokens_that_enter_the_fabric_leave_it(name):
    _, program = program_of(name)
    trace = reference.run(program)
    actors, resources, labels = program.actors, program.resources, program.labels.resources
    link = actors.role == Role.LINK
    into = {int(channel): int(program.channels.source[channel]) for channel in range(len(program.channels))}
    for channel, source in into.items():
        # Every actor on a route carries the tokens of the one before it, or of these what is read behind it.
        target = program.channels.target[channel]
        if link[target]:
            assert trace.firings[target] <= trace.firings[source]
            assert name == "copies" or trace.firings[target] == trace.firings[source]
    injected = [actor for actor in np.flatnonzero(link) if labels[resources.label[actors.resource[actor]]] == "inject"]
    made = {source for channel, source in into.items() if link[program.channels.target[channel]] and not link[source]}
    assert len(injected) == len(made)


def test_a_recurrence_over_several_layers():
    # b's output goes back to a: a round takes both products, the activation and both ways between two tiles.
    layers = [
        Layer("in", Source(), 6, 8),
        Layer("a", Matrix(Weights(16, 8)), 6, 8),
        Layer("b", SQUARE, 6, 8),
        Layer("out", Sink(), 6, 8),
    ]
    edges = [Edge("in", "a", Same(), 8), Edge("a", "b", Same(), 8), Edge("b", "out", Same(), 8)]
    network = Network("loop", tuple(layers), (*edges, Edge("b", "a", Previous(), 8, target_start=8)))
    loop = 108 + travel(1) + 108 + travel(1)
    fill = HOST + travel(0) + 108 + travel(1) + 108 + travel(1) + HOST
    assert makespan_ns(network, make_chip()) == fill + 5 * loop
