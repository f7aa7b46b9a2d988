"""Room on edges: enough for full rate where short paths meet long ones, diagnosed where a user gives less, and memory
where no buffer is large enough."""

import numpy as np
import pytest

from archsim import workloads
from archsim.engine import compiled, reference
from archsim.errors import CapacityError, Deadlock, InputError
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Digital, Edge, Layer, Matrix, Network, Prefix, Primitive, Same, Sink, Source, Whole, Window
from archsim.program import Kind, Role
from archsim.program.verify import verify
from tests.chips import NS, make_array, make_chip, make_input, make_large_chip, make_memory, make_unit
from tests.networks import line

HUGE = 10**6


def residual(tokens=200, kernel=31):
    """A convolution beside a wire: the sum needs a token of the wire and one that lags by half a kernel."""
    window = Window((tokens,), (tokens,), (kernel,), (1,), (kernel // 2,), (1,))
    add = Digital("add", ((Primitive.ADD, 8),))
    layers = (
        Layer("in", Source(), tokens, 8),
        Layer("a", Matrix(8, 8), tokens, 8),
        Layer("conv", Matrix(8 * kernel, 8, taps=kernel), tokens, 8),
        Layer("sum", add, tokens, 8),
        Layer("out", Sink(), tokens, 8),
    )
    edges = (
        Edge("in", "a", Same(), 8),
        Edge("a", "conv", window, 8),
        Edge("conv", "sum", Same(), 8),
        Edge("a", "sum", Same(), 8, port=1),
        Edge("sum", "out", Same(), 8),
    )
    return Network("residual", layers, edges)


def roomy():
    return make_chip(array=make_array(256, 64))


@pytest.mark.parametrize("kernel", [3, 31, 32])
@pytest.mark.parametrize("batch", [1, 3])
def test_a_skip_path_holds_what_the_long_one_lags_behind(kernel, batch):
    placement = place(residual(kernel=kernel), roomy())
    unlimited = dict.fromkeys(("conv", "sum"), HUGE)
    chip = make_chip(array=make_array(256, 64), buffer_kib=1e6)
    best = reference.run(lower(place(residual(kernel=kernel), chip), batch=batch, capacities=unlimited)).makespan
    assert reference.run(lower(placement, batch=batch)).makespan == best


def test_too_small_a_skip_buffer_deadlocks_and_says_where():
    placement = place(residual(), roomy())
    with pytest.raises(Deadlock) as caught:
        reference.run(lower(placement, capacities={"sum": 4}))
    assert "sum.compute" in str(caught.value) and "room" in str(caught.value)
    assert "Raise the capacity" in caught.value.remedy
    # Half the kernel, what is on the way, and a little more is enough.
    reference.run(lower(placement, capacities={"sum": 24}))


def residual_sums(network):
    return [
        layer.name for layer in network.layers if layer.name.endswith("add") and len(network.inputs_of(layer.name)) == 2
    ]


def test_resnet50_deadlocks_with_skip_buffers_of_4_tokens_and_runs_at_full_rate_with_64():
    network = workloads.build("resnet50")
    placement, sums = place(network, make_large_chip(buffer_kib=1e8)), residual_sums(network)
    assert len(sums) == 16
    with pytest.raises(Deadlock):
        compiled.run(lower(placement, capacities=dict.fromkeys(sums, 4)))
    best = compiled.run(lower(placement, capacities=dict.fromkeys(sums, HUGE))).makespan
    assert compiled.run(lower(placement, capacities=dict.fromkeys(sums, 64))).makespan == pytest.approx(best, rel=1e-3)
    # 12544 positions of 130 ns bound the first layer.
    assert best > 12544 * 130 * NS


FULL_RATE = [
    ("mlp-l4", 4), ("resnet32", 2), ("vgg8", 2), ("resnet18", 2), ("resnet50", 2), ("lstm-ptb", 2), ("gpt2", 2),
    ("mobilenet-v2", 3),
    ("bert-base", 2),
    ("nmt-l3", 3),
    ("resnet101", 2),
]  # fmt: skip


@pytest.mark.parametrize(("name", "batch"), FULL_RATE)
def test_named_networks_run_at_full_rate_with_the_computed_sizes(name, batch):
    network, chip = workloads.build(name), make_large_chip(buffer_kib=1e8)
    unlimited = {layer.name: HUGE for layer in network.layers if network.inputs_of(layer.name)}
    placement = place(network, chip)
    best = compiled.run(lower(placement, batch=batch, capacities=unlimited)).makespan
    assert compiled.run(lower(placement, batch=batch)).makespan <= 1.02 * best


def test_the_five_lstms_of_a_transducer_come_near_full_rate():
    # Sharing links first come, first served is not monotonic: more room may cost a few percent, or bring them.
    network, chip = workloads.build("rnnt"), make_large_chip(buffer_kib=1e8)
    unlimited = {layer.name: HUGE for layer in network.layers if network.inputs_of(layer.name)}
    placement = place(network, chip)
    best = compiled.run(lower(placement, batch=3, capacities=unlimited)).makespan
    assert compiled.run(lower(placement, batch=3)).makespan <= 1.05 * best


def flattened(tokens=100):
    layers = (Layer("in", Source(), tokens, 64), Layer("f", Matrix(64, 8), 1, 8), Layer("out", Sink(), 1, 8))
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


def test_without_a_memory_the_error_says_what_is_missing():
    with pytest.raises(CapacityError) as caught:
        lower(place(flattened(), make_chip(buffer_kib=1)))
    text = str(caught.value)
    assert "'in' -> 'f'" in text and "memory" in text and "enlarge the buffers" in text


def test_partial_sums_cannot_go_to_memory():
    network = line(("a", Matrix(128, 64)), width=128)
    with pytest.raises(CapacityError, match=r"partial sums alone take 256 bytes"):
        lower(place(network, make_chip(buffer_kib=0.125, memory=make_memory())))


def test_a_unit_without_a_buffer_cannot_take_tokens():
    core = {**make_unit("router"), "buffer": None}
    with pytest.raises(CapacityError, match=r"units\.core"):
        lower(place(line(("d", Digital("copy", ()))), make_chip(units={"core": core})))


def attention(tokens=32, context=0):
    """Causal attention of 8 elements over a sequence: queries token by token, keys and values as a growing prefix."""
    work = ((Primitive.MAC, 16), (Primitive.EXP, 1))
    scores = Digital("attention", work_per_key=work, keys_port=1, whole_token=True, product=True)
    layers = [Layer("in", Source(), tokens, 8)]
    layers += [Layer(name, Matrix(8, 8), tokens, 8) for name in ("q", "k", "v")]
    layers += [Layer("mix", scores, tokens, 8), Layer("out", Sink(), tokens, 8)]
    edges = [Edge("in", name, Same(), 8) for name in ("q", "k", "v")]
    edges += [Edge("q", "mix", Same(), 8), Edge("mix", "out", Same(), 8)]
    edges += [Edge(name, "mix", Prefix(context), 8, port=port) for port, name in enumerate(("k", "v"), 1)]
    return Network("attention", tuple(layers), tuple(edges))


def test_keys_and_values_stay_until_the_sequence_is_over():
    program = lower(place(attention(), make_chip()), batch=2)
    names = program.labels.layers
    mix = np.flatnonzero(program.actors.role == Role.COMPUTE)
    held = {}
    for channel in np.flatnonzero(np.isin(program.channels.target, mix)):
        name = names[program.actors.layer[program.channels.source[channel]]]
        held[name] = int(program.channels.capacity[channel])
        release = program.curves.at(int(program.channels.release[channel]), 30)
        assert release == (31 if name == "q" else 0)
    assert held["k"] >= 32 and held["v"] >= 32 and held["q"] < 32
    reference.run(program)


@pytest.mark.parametrize("context", [0, 100])
def test_each_token_takes_as_long_as_it_has_keys(context):
    # 17 operations per key on 16 lanes, no other work, one token after the other; products and links are faster.
    chip = make_chip(inputs=make_input(phase_ns=1))
    program = lower(place(attention(context=context), chip))
    trace = reference.run(program)
    mix = program.actors.role == Role.COMPUTE
    cycles = sum(-(-17 * (context + token + 1) // 16) for token in range(32))
    # Copies of the layer share its tokens.
    assert trace.busy[mix].sum() == cycles * NS


@pytest.mark.parametrize("given", [{"conv": 0}, {"sum": -3}, {"summ": 4}])
def test_capacities_that_cannot_be(given):
    with pytest.raises(InputError) as caught:
        lower(place(residual(), roomy()), capacities=given)
    assert caught.value.where == "capacities" and caught.value.remedy


def test_edges_that_share_a_stream_are_all_taken_out_until_the_rest_fits():
    """Two readers at one node keep one copy of a stream: when the larger goes, the smaller is still there."""
    layers = (
        Layer("in", Source(), 60, 64),
        Layer("f", Matrix(64, 8), 1, 8),
        Layer("g", Matrix(64, 8), 2, 8),
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


def test_nothing_spills_where_everything_fits():
    program = lower(place(residual(), roomy()))
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
