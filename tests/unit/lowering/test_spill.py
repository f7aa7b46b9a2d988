"""Edges that lie in memory: written once, fetched once into a window, and fetched again only where no window fits."""

from dataclasses import replace

import numpy as np
import pytest

from archsim.engine import reference
from archsim.errors import CapacityError
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Digital, Edge, Layer, Matrix, Network, Primitive, Same, Sink, Source, Weights, Whole, Window
from archsim.program import Kind, Role
from archsim.program.verify import verify
from tests.chips import NS, make_array, make_chip, make_fabric, make_memory
from tests.networks import line

TOKEN = 64 * 8
"""Bits of a token of 64 elements."""


def bits_moved(program):
    """Bits written to and read from memory per sample."""
    moved = {}
    for actor, action, count in zip(program.actions.actor, program.actions.action, program.actions.count, strict=True):
        name = program.labels.actions[action]
        moved[name] = moved.get(name, 0.0) + count * program.actors.firings[actor] / program.samples.count
    return moved.get("dram.write_bit", 0.0), moved.get("dram.read_bit", 0.0)


def readers(program):
    """Layers that fetch from memory, one entry per reader."""
    return sorted(
        program.labels.layers[layer] for layer in program.actors.layer[program.actors.role == Role.READ].tolist()
    )


def run_ns(program):
    verify(program)
    return reference.run(program).makespan / NS


def flattened(tokens=100):
    layers = (Layer("in", Source(), tokens, 64), Layer("f", Matrix(Weights(64, 8)), 1, 8), Layer("out", Sink(), 1, 8))
    return Network("flattened", layers, (Edge("in", "f", Whole(), 64), Edge("f", "out", Same(), 8)))


def test_what_fits_no_buffer_goes_through_memory():
    # 100 tokens of 64 bytes in a buffer of 1 KiB; the memory moves a byte per nanosecond after 50 ns.
    chip = make_chip(buffer_kib=1, memory=make_memory())
    program = lower(place(flattened(), chip))
    verify(program)
    # The input's last token arrives at 6400 ns and is written in 64 + 50; all 6400 bytes are read in 6400 + 50, cross
    # to the tile as 800 flits, are integrated, converted and scaled; 8 bytes go out.
    travel, product = 4 + 799, 108
    assert reference.run(program).makespan / NS == 6400 + 114 + 6450 + travel + product + 4 + 8
    names, actions = program.labels.actions, program.actions
    bits = dict.fromkeys(names, 0.0)
    for actor, action, count in zip(actions.actor, actions.action, actions.count, strict=True):
        bits[names[action]] += count * program.actors.firings[actor]
    assert (bits["dram.write_bit"], bits["dram.read_bit"]) == (51200, 51200)
    assert set(program.resources.kind.tolist()) >= {Kind.MEMORY}
    fits = lower(place(flattened(), make_chip(buffer_kib=16, memory=make_memory())))
    assert Kind.MEMORY not in fits.resources.kind.tolist()


def test_edges_that_share_a_stream_are_all_taken_out_until_the_rest_fits():
    """Two readers at one node keep one copy of a stream: when the larger goes, the smaller is still there."""
    layers = (
        Layer("in", Source(), 60, 64),
        Layer("f", Matrix(Weights(64, 8)), 1, 8),
        Layer("g", Matrix(Weights(64, 8)), 2, 8),
        Layer("x", Sink(), 1, 8),
        Layer("y", Sink(), 2, 8),
    )
    edges = (
        Edge("in", "f", Whole(), 64),
        Edge("in", "g", Whole(), 64),
        Edge("f", "x", Same(), 8),
        Edge("g", "y", Same(), 8),
    )
    chip = make_chip(arrays_per_tile=2, buffer_kib=1, memory=make_memory())
    placement = place(Network("fork", layers, edges), chip)
    assert placement.tiles_used == 1
    program = lower(placement)
    verify(program)
    readers = np.flatnonzero(program.actors.role == Role.READ)
    assert sorted(program.labels.layers[layer] for layer in program.actors.layer[readers]) == ["f", "g"]
    reference.run(program)


def test_without_a_memory_the_error_says_what_is_missing():
    with pytest.raises(CapacityError) as caught:
        lower(place(flattened(), make_chip(buffer_kib=1)))
    text = str(caught.value)
    assert "'in' -> 'f'" in text and "memory" in text and "enlarge the buffers" in text


def test_nothing_spills_where_everything_fits():
    program = lagging_program(1, buffer_kib=4)
    assert not np.isin(program.actors.role, (Role.READ, Role.WRITE)).any()


def test_a_memory_that_is_too_small_is_refused():
    table = Digital("embedding", work=((Primitive.MOVE, 4),), table=1000)
    layers = [Layer("in", Source(), 2, 1), Layer("table", table, 2, 4), Layer("out", Sink(), 2, 4)]
    network = Network("lookup", tuple(layers), (Edge("in", "table", Same(), 1), Edge("table", "out", Same(), 4)))
    memory = make_memory()
    bits = 1000 * make_chip().tile.input.bits
    for capacity, fits in ((bits, True), (bits - 8, False)):
        memory["dram"]["capacity"] = capacity
        placement = place(network, make_chip(memory=memory))
        if fits:
            assert len(lower(placement).actors)
        else:
            with pytest.raises(CapacityError) as error:
                lower(placement)
            assert f"{bits // 8:,} bytes" in str(error.value) and "memory.dram.capacity" in error.value.remedy


@pytest.mark.parametrize("tokens", [2, 3, 7])
def test_a_stream_through_memory_takes_a_write_and_a_read_per_token(tokens):
    """Tokens of 64 bytes beside a buffer of 64 bytes, and a memory of a byte per nanosecond."""
    chip = make_chip(buffer_kib=0.0625, memory=make_memory())
    program = lower(place(line(("a", Matrix(Weights(64, 8))), tokens=tokens, width=64), chip))
    # Writes 0 and 1 follow the host from 64 to 192; then reads and writes take turns of 64 ns each, and the last write
    # is followed by the two last reads. The last token but one arrives after its read, the memory's 50 ns, and 11 ns
    # for 8 flits; 105 ns later the array is free for the last one, which takes 108 ns, and 12 ns to the host.
    last_but_one = 192 + 128 * (tokens - 2) + 64 + 50 + 11
    assert run_ns(program) == last_but_one + 105 + 108 + 12
    assert bits_moved(program) == (tokens * TOKEN, tokens * TOKEN)


def lagging(tokens=40):
    """A window of 3 over the input, needed only when one of 31 over a narrow copy of it is through."""

    def window(size):
        return Window((tokens,), (tokens,), (size,), (1,), (size // 2,), (1,))

    layers = (
        Layer("in", Source(), tokens, 64),
        Layer("narrow", Matrix(Weights(64, 2)), tokens, 2),
        Layer("lag", Matrix(Weights(2 * 31, 8), taps=31), tokens, 8),
        Layer("late", Matrix(Weights(72 * 3, 8), taps=3), tokens, 8),
        Layer("out", Sink(), tokens, 8),
    )
    edges = (
        Edge("in", "narrow", Same(), 64),
        Edge("narrow", "lag", window(31), 2),
        Edge("in", "late", window(3), 64),
        Edge("lag", "late", window(3), 8, target_start=64),
        Edge("late", "out", Same(), 8),
    )
    return Network("lagging", layers, edges)


def lagging_program(batch, *, buffer_kib, rows=216, replicate="none", **memory):
    chip = make_chip(
        array=make_array(rows, 64), fabric=make_fabric(8, 8), buffer_kib=buffer_kib, memory=make_memory(**memory)
    )
    return lower(place(lagging(), chip, replicate=replicate), batch=batch)


def test_a_window_is_fetched_once():
    assert bits_moved(lagging_program(2, buffer_kib=4)) == (0, 0)
    # The input waits for 15 tokens of 64 bytes; three of them and one on its way fit into 512 bytes.
    program = lagging_program(2, buffer_kib=0.5)
    assert bits_moved(program) == (40 * TOKEN, 40 * TOKEN)
    assert readers(program) == ["late"]
    held = max(
        int(capacity)
        for capacity, bits, target in zip(
            program.channels.capacity, program.channels.token_bits, program.channels.target, strict=True
        )
        if bits == TOKEN and program.actors.role[target] == Role.INTEGRATE
    )
    assert held * 64 <= 512
    reference.run(program)


@pytest.mark.parametrize("copies", [1, 3])
def test_blocks_and_copies_share_what_is_fetched(copies):
    # Seven row blocks of 32 rows, each with its share of the window.
    program = lagging_program(2, buffer_kib=0.25, rows=32, replicate={"late": copies})
    assert set(readers(program)) == {"late"}
    assert bits_moved(program) == (40 * TOKEN, 40 * TOKEN)
    reference.run(program)


@pytest.mark.parametrize(("buffer_kib", "read"), [(0.5, 40), (0.25, 118)])
def test_a_busy_memory_sets_the_pace(buffer_kib, read):
    """64 bytes take 128 ns, longer than a product: a sample takes as long as its accesses.

    256 bytes do not hold three tokens and one on its way: 40 windows of 3 tokens, less the two beyond the ends, are
    fetched one by one.
    """
    programs = [lagging_program(batch, buffer_kib=buffer_kib, bandwidth=4e9) for batch in (6, 7)]
    assert bits_moved(programs[0]) == (40 * TOKEN, read * TOKEN)
    assert run_ns(programs[1]) - run_ns(programs[0]) == (40 + read) * 128


def room_for_lag(program):
    """Tokens of 8 bytes that the last layer's buffer has room for."""
    late = program.labels.layers.index("late")
    mine = (program.actors.layer == late) & (program.actors.role == Role.INTEGRATE)
    into = mine[program.channels.target] & (program.channels.token_bits == 64)
    return program.channels.capacity[into].tolist()


def test_what_a_full_buffer_lets_go_gives_the_rest_its_room():
    """Two edges at a node that is too full: one goes to memory, and the other then has room for full rate again."""
    roomy, full = lagging_program(1, buffer_kib=4), lagging_program(1, buffer_kib=1)
    assert readers(full) == ["late"]
    assert room_for_lag(full) == room_for_lag(roomy)


def test_tokens_that_nobody_touches_are_not_fetched():
    """Every second token, and of a kernel of 1 nothing between."""
    tokens, half = 40, 20
    every_second = Window((tokens,), (half,), (1,), (2,), (0,), (1,))
    layers = (*lagging().layers[:3], Layer("late", Matrix(Weights(72, 8)), half, 8), Layer("out", Sink(), half, 8))
    edges = (
        *lagging().edges[:2],
        Edge("in", "late", every_second, 64),
        Edge("lag", "late", every_second, 8, target_start=64),
        Edge("late", "out", Same(), 8),
    )
    network = Network("strided", layers, edges)
    program = lower(place(network, make_chip(array=make_array(256, 64), buffer_kib=0.5, memory=make_memory())))
    assert bits_moved(program) == (tokens * TOKEN, half * TOKEN)
    reference.run(program)


@pytest.mark.parametrize("channels", [2, 8])
def test_channels_move_stripes_of_one_access(channels):
    one, many = (run_ns(lagging_program(3, buffer_kib=0.25, bandwidth=4e9, channels=count)) for count in (1, channels))
    assert one == many


def test_activations_stay_on_the_die_where_it_has_a_memory_and_tables_go_beside_it():
    table = Digital("embedding", table=1000)
    network = line(("e", table), ("a", Matrix(Weights(64, 8))), tokens=4, width=64)
    on_die = {**make_memory()["dram"], "where": "chip", "kind": "edram"}
    chip = make_chip(buffer_kib=0.0625, memory={**make_memory(), "near": on_die})
    program = lower(place(network, chip))
    used = {action for action in program.labels.actions if action.split(".")[0] in ("dram", "near")}
    assert used == {"dram.read_bit", "near.write_bit", "near.read_bit"}


def sliced(elements, start, *, columns, tokens=100):
    """Products of 64 columns on arrays of fewer; the next layer needs a part of each of a hundred tokens at once."""
    layers = (
        Layer("in", Source(), tokens, 64), Layer("a", Matrix(Weights(64, 64)), tokens, 64),
        Layer("f", Matrix(Weights(elements, 8)), 1, 8), Layer("out", Sink(), 1, 8),
    )  # fmt: skip
    edges = (
        Edge("in", "a", Same(), 64), Edge("a", "f", Whole(), elements, source_start=start),
        Edge("f", "out", Same(), 8),
    )  # fmt: skip
    chip = make_chip(array=make_array(64, columns), buffer_kib=0.5, memory=make_memory())
    return lower(place(Network("sliced", layers, edges), chip))


@pytest.mark.parametrize(
    ("elements", "start", "columns", "writers"),
    [(64, 0, 64, 1), (64, 0, 32, 2), (64, 0, 16, 4), (24, 0, 32, 1), (24, 40, 32, 1), (16, 20, 32, 2), (32, 32, 16, 2)],
)
def test_parts_of_a_token_are_written_whole_and_read_as_far_as_they_are_wanted(elements, start, columns, writers):
    program = sliced(elements, start, columns=columns)
    assert (program.actors.role == Role.WRITE).sum() == writers and readers(program) == ["f"]
    assert bits_moved(program) == (100 * writers * columns * 8, 100 * elements * 8)
    verify(program)


def test_blocks_that_want_other_elements_fetch_them_themselves():
    # Two row blocks on tiles of their own want half of each token.
    program = lower(place(flattened(), make_chip(array=make_array(32, 64), buffer_kib=1, memory=make_memory())))
    assert readers(program) == ["f", "f"]
    assert bits_moved(program) == (100 * TOKEN, 100 * TOKEN)


@pytest.mark.parametrize(("rows", "columns", "parts"), [(216, 64, 1), (216, 32, 2), (108, 32, 2), (72, 16, 4)])
def test_windows_of_several_parts_are_fetched_part_by_part(rows, columns, parts):
    """As above, but products make what was the input: a window of each part, whichever tiles have it."""
    plain = lagging()
    layers = (*plain.layers, Layer("wide", Matrix(Weights(64, 64)), 40, 64))
    edges = [replace(edge, source="wide") if edge.source == "in" else edge for edge in plain.edges]
    network = Network("parts", layers, (*edges, Edge("in", "wide", Same(), 64)))
    chip = make_chip(array=make_array(rows, columns), fabric=make_fabric(8, 8), buffer_kib=0.5, memory=make_memory())
    program = lower(place(network, chip))
    assert readers(program) == ["late"] * parts
    assert (program.actors.role == Role.WRITE).sum() == parts
    assert bits_moved(program) == (40 * TOKEN, 40 * TOKEN)
    verify(program)
    reference.run(program)
