"""Room on edges: enough for full rate where short paths meet long ones, diagnosed where a user gives less, and memory
where no buffer is large enough."""

import numpy as np
import pytest

from archsim import workloads
from archsim.engine import compiled, reference
from archsim.errors import CapacityError, Deadlock, InputError
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
    Window,
)
from archsim.program import Role
from tests.chips import NS, make_array, make_chip, make_input, make_large_chip, make_memory, make_unit
from tests.networks import line

HUGE = 10**6


def residual(tokens=200, kernel=31):
    """A convolution beside a wire: the sum needs a token of the wire and one that lags by half a kernel."""
    window = Window((tokens,), (tokens,), (kernel,), (1,), (kernel // 2,), (1,))
    add = Digital("add", ((Primitive.ADD, 8),))
    layers = (
        Layer("in", Source(), tokens, 8),
        Layer("a", Matrix(Weights(8, 8)), tokens, 8),
        Layer("conv", Matrix(Weights(8 * kernel, 8), taps=kernel), tokens, 8),
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
    placement = place(network, chip, batch=batch)
    best = compiled.run(lower(placement, batch=batch, capacities=unlimited)).makespan
    assert compiled.run(lower(placement, batch=batch)).makespan <= 1.02 * best


def test_the_five_lstms_of_a_transducer_come_near_full_rate():
    # Sharing links first come, first served is not monotonic: more room may cost a few percent, or bring them.
    network, chip = workloads.build("rnnt"), make_large_chip(buffer_kib=1e8)
    unlimited = {layer.name: HUGE for layer in network.layers if network.inputs_of(layer.name)}
    placement = place(network, chip, batch=3)
    best = compiled.run(lower(placement, batch=3, capacities=unlimited)).makespan
    assert compiled.run(lower(placement, batch=3)).makespan <= 1.05 * best


def test_partial_sums_cannot_go_to_memory():
    network = line(("a", Matrix(Weights(128, 64))), width=128)
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
    layers += [Layer(name, Matrix(Weights(8, 8)), tokens, 8) for name in ("q", "k", "v")]
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
