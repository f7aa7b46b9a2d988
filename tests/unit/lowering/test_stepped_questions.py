"""What passes on a device that works layer by layer multiply, read and make, counted by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from archsim.engine import run_compiled
from archsim.lowering import lower
from archsim.lowering.stepped.passes import Questions
from archsim.lowering.stepped.runs import Run
from archsim.lowering.stepped.waits import behind, wrapped
from archsim.machine.stepped import Elementwise, Operands, Product
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
from tests.networks import additions, line, lstm
from tests.systolic_chips import systolic

BUFFER = 24 * 2**23


def stages(network, *overrides, batch=1):
    """What each pass consists of, by layer in the order of passes."""
    placement = place(network, systolic(*overrides), batch=batch)
    assert placement.plan is not None
    questions = Questions(placement, placement.plan, placement.floorplan.unit.keeping)
    names = [layer.name for layer in network.order]
    return [
        (names[layer], questions.stages(number))
        for number, layer in enumerate(placement.plan.passes.layer.tolist())
        if not isinstance(network.order[layer].operator, Source | Sink)
    ]


@pytest.mark.parametrize("samples", [1, 3])
def test_a_product_and_a_sum(samples):
    network = line(("a", Matrix(Weights(8, 6))), ("d", additions(6)), tokens=5)
    (a, (((product,),))), (d, ((work,),)) = stages(network, batch=samples)
    vectors = 5 * samples
    # Inputs stay on the chip, and their room is theirs; weights come from memory.
    eight, six = vectors * 8 * 8, vectors * 6 * 8
    operands = Operands(eight, 48 * 8, six, 0, 48 * 8, 0, BUFFER - eight)
    assert (a, product) == ("a", Product(vectors, 8, 6, 1, vectors * 48, operands, constant=True, layer="a"))
    assert d == "d" and work.kind == "add" and dict(work.work) == {Primitive.ADD: 6 * vectors}
    assert (work.operands.inputs, work.operands.outputs, work.operands.weights) == (six, six, 0)


@pytest.mark.parametrize("first", ["x", "y"])
def test_sums_follow_the_products_that_are_handed_to_them(first):
    # Of two products that are added the later one is handed over; the other stays on the chip.
    names = ("x", "y") if first == "x" else ("y", "x")
    layers = (
        Layer("in", Source(), 3, 8), *(Layer(name, Matrix(Weights(8, 6)), 3, 6) for name in names),
        Layer("sum", additions(6), 3, 6), Layer("again", additions(6), 3, 6), Layer("out", Sink(), 3, 6),
    )  # fmt: skip
    edges = (
        *(Edge("in", name, Same(), 8) for name in names),
        *(Edge(name, "sum", Same(), 6, port=port) for port, name in enumerate("xy")),
        # What two read is handed to nobody.
        Edge("sum", "again", Same(), 6), Edge("sum", "out", Same(), 6), Edge("again", "out", Same(), 6),
    )  # fmt: skip
    found = dict(stages(Network("fork", layers, edges)))
    ((joined,),), ((alone,),) = found["sum"], found["again"]
    assert joined.follows and not alone.follows
    assert joined.operands.inputs == 2 * alone.operands.inputs == 2 * 3 * 6 * 8


def test_what_lies_in_memory_is_fetched_and_written():
    network = line(("a", Matrix(Weights(8, 6))), ("b", Matrix(Weights(6, 4))), tokens=5)
    (_, ((a,),)), (_, ((b,),)) = stages(network, "tile.tensors=stored")
    assert (a.operands.inputs_fetched, a.operands.outputs_written) == (5 * 64, 5 * 48)
    # The last product's results leave for the host.
    assert (b.operands.inputs_fetched, b.operands.outputs_written) == (5 * 48, 0)
    assert a.operands.room == b.operands.room == BUFFER


def attention(rest, heads=2, keys=8):
    """Causal attention of eight elements in heads over four tokens, two of them cached before; keys may be narrower."""
    mix = Digital(
        "mix", work=((Primitive.ADD, 3),), work_per_key=((Primitive.MAC, 16), *rest), keys_port=1, whole_token=True,
        heads=heads, product=True,
    )  # fmt: skip
    widths = {"q": 8, "k": keys, "v": keys}
    layers = [Layer("in", Source(), 4, 8)]
    layers += [Layer(name, Matrix(Weights(8, width)), 4, width) for name, width in widths.items()]
    layers += [Layer("mix", mix, 4, 8), Layer("out", Sink(), 4, 8)]
    edges = [*(Edge("in", name, Same(), 8) for name in "qkv"), Edge("q", "mix", Same(), 8)]
    edges += [Edge(name, "mix", Prefix(2), keys, port=port) for port, name in enumerate("kv", 1)]
    return Network("attention", tuple(layers), (*edges, Edge("mix", "out", Same(), 8)))


@pytest.mark.parametrize("samples", [1, 2])
def test_attention_is_two_products_and_a_softmax(samples):
    network = attention(((Primitive.EXP, 2),))
    found = dict(stages(network, batch=samples))
    (scores, sums), (softmax,) = found["mix"]
    # Queries have 3, 4, 5 and 6 keys, 18 in all; the array takes six for each. Heads of four elements, of each sample.
    macs = 18 * 16 * samples
    assert (scores.vectors, scores.rows, scores.columns, scores.groups) == (4, 4, 6, 2 * samples)
    assert (sums.vectors, sums.rows, sums.columns, sums.groups) == (4, 6, 4, 2 * samples)
    assert scores.macs + sums.macs == macs and scores.macs == macs // 2
    keys = (4 + 2) * 8 * 8 * samples
    assert scores.operands.weights == sums.operands.weights == keys
    queries, made = 4 * 64 * samples, 4 * 6 * 2 * 8 * samples
    assert (scores.operands.inputs, scores.operands.outputs) == (queries, made)
    assert (sums.operands.inputs, sums.operands.outputs) == (made, queries)
    assert isinstance(softmax, Elementwise)
    assert dict(softmax.work) == {Primitive.EXP: 2 * 18 * samples, Primitive.ADD: 3 * 4 * samples}
    assert (softmax.operands.inputs, softmax.operands.outputs, softmax.operands.weights) == (queries, queries, 0)
    assert softmax.operands.inputs_fetched == softmax.operands.weights_fetched == 0


def test_operands_of_attention_that_lie_in_memory():
    found = dict(stages(attention(((Primitive.EXP, 2),)), "tile.tensors=stored"))
    (scores, sums), (softmax,) = found["mix"]
    assert (scores.operands.inputs_fetched, scores.operands.weights_fetched) == (4 * 64, 6 * 64)
    assert (sums.operands.inputs_fetched, sums.operands.weights_fetched) == (0, 6 * 64)
    assert scores.operands.outputs_written == sums.operands.outputs_written == softmax.operands.outputs_written == 0


def test_queries_that_share_keys_are_vectors_of_one_product():
    # Two queries of four elements for each key of four: twice the vectors, one group.
    (scores, sums), _ = dict(stages(attention(((Primitive.EXP, 2),), heads=1, keys=4)))["mix"]
    assert (scores.vectors, scores.rows, scores.columns, scores.groups) == (2 * 4, 4, 6, 1)
    assert (sums.vectors, sums.rows, sums.columns, sums.groups) == (2 * 4, 6, 4, 1)
    assert scores.operands.weights == sums.operands.weights == 6 * 4 * 8


def lowered(network, *overrides):
    """Run of a network whose tensors all go through memory, and who reads and writes for each layer."""
    program = lower(place(network, systolic("tile.tensors=stored", "memory.weights.latency=7 ns", *overrides)))
    trace, actors = run_compiled(program), program.actors
    index = {name: number for number, name in enumerate(program.labels.layers)}

    def of(layer, role, row=0):
        (actor,) = np.flatnonzero((actors.layer == index[layer]) & (actors.role == role) & (actors.row == row))
        return int(actor)

    return trace, of


def test_what_is_stored_is_fetched_when_it_has_been_written():
    # A slow array, so that what is fetched ahead would be there long before.
    network = line(("a", Matrix(Weights(8, 8))), ("b", Matrix(Weights(8, 8))), ("c", Matrix(Weights(8, 8))), tokens=5)
    trace, of = lowered(network, "tile.clock=1 MHz")
    for before, after in ("ab", "bc"):
        assert trace.first_start[of(after, Role.READ)] >= trace.last_end[of(before, Role.WRITE)]
        # Weights are fetched ahead of what is not there yet.
        assert trace.first_start[of(after, Role.READ, 1)] < trace.last_end[of(before, Role.WRITE)]


def test_rows_of_a_table_are_read_from_memory():
    # Five rows of eight bytes at a byte a nanosecond, 7 ns after the memory is asked, once the indices are there.
    chosen = ("memory.weights.bandwidth=1 GB/s", "memory.weights.latency=7 ns", "system.host_bandwidth=1000 TB/s")
    network = line(("e", Digital("embedding", table=50)), ("a", Matrix(Weights(8, 6))), tokens=5)
    program = lower(place(network, systolic(*chosen)))
    trace, actors = run_compiled(program), program.actors
    (read,) = np.flatnonzero(actors.layer == program.labels.layers.index("e"))
    assert (actors.role[read], actors.firings[read]) == (Role.READ, 1)
    assert (actors.interval[read], actors.latency[read]) == (40_000, 47_000)
    assert program.resources.kind[actors.resource[read]] == Kind.MEMORY
    (row,) = np.flatnonzero(program.actions.actor == read)
    assert program.labels.actions[program.actions.action[row]] == "weights.read_bit"
    assert program.actions.count[row] == 5 * 8 * 8
    multiply = np.flatnonzero(actors.role == Role.MULTIPLY)
    assert trace.first_start[multiply].min() >= trace.first_start[read] + 47_000


def test_keys_and_values_are_fetched_when_they_have_been_written_and_queries_before():
    trace, of = lowered(attention(((Primitive.EXP, 2),)), "tile.clock=1 MHz")
    written = {name: trace.last_end[of(name, Role.WRITE)] for name in "qkv"}
    assert written["q"] < written["k"] < written["v"]
    assert trace.first_start[of("mix", Role.READ, 1)] >= written["v"]
    # The memory has nothing to do before the next results are written.
    assert written["q"] <= trace.first_start[of("mix", Role.READ, 0)] <= written["k"]


def test_a_product_of_activations_alone_is_one():
    ((_, ((product,),)),) = [found for found in stages(attention(())) if found[0] == "mix"]
    # Sixteen MACs a key and six keys at most are 96 a token of eight: eight times twelve.
    assert (product.vectors, product.rows, product.columns, product.groups) == (4, 12, 8, 1)
    assert product.macs == 18 * 16


@pytest.mark.parametrize("samples", [1, 2])
def test_a_product_of_activations_is_as_many_matrices_as_its_operands_leave(samples):
    # 32 MACs for each token of eight results are rows of four; eight first operands, two matrices of four columns.
    pair = Digital("product", work=((Primitive.MAC, 32),), whole_token=True, product=True)
    layers = (Layer("in", Source(), 5, 8), *(Layer(name, Matrix(Weights(8, 8)), 5, 8) for name in "xy"))
    layers += (Layer("p", pair, 5, 8), Layer("out", Sink(), 5, 8))
    edges = (*(Edge("in", name, Same(), 8) for name in "xy"), Edge("x", "p", Same(), 8))
    edges += (Edge("y", "p", Whole(), 8, port=1), Edge("p", "out", Same(), 8))
    ((product,),) = dict(stages(Network("pair", layers, edges), batch=samples))["p"]
    assert (product.vectors, product.rows, product.columns, product.groups) == (5, 4, 4, 2 * samples)
    assert product.macs == 5 * 32 * samples and not product.constant
    assert product.operands.inputs == product.operands.weights == product.operands.outputs == 5 * 64 * samples


@pytest.mark.parametrize("samples", [1, 3])
def test_work_for_each_key_is_that_of_all_keys_of_all_samples(samples):
    # Four tokens have one to four keys: ten.
    scan = Digital("scan", ((Primitive.ADD, 3),), work_per_key=((Primitive.COMPARE, 2),), keys_port=0)
    layers = (Layer("in", Source(), 4, 8), Layer("s", scan, 4, 8), Layer("out", Sink(), 4, 8))
    edges = (Edge("in", "s", Prefix(), 8), Edge("s", "out", Same(), 8))
    ((_, ((work,),)),) = stages(Network("scan", layers, edges), batch=samples)
    assert dict(work.work) == {Primitive.ADD: 3 * 4 * samples, Primitive.COMPARE: 2 * 10 * samples}


def test_a_window_reads_from_its_first_token_to_its_last():
    window = Window((9,), (4,), (3,), (2,), (0,), (1,))
    pool = Digital("pool", work=((Primitive.COMPARE, 24),))
    layers = (Layer("in", Source(), 9, 8), Layer("p", pool, 4, 8), Layer("out", Sink(), 4, 8))
    network = Network("pool", layers, (Edge("in", "p", window, 8), Edge("p", "out", Same(), 8)))
    ((_, ((work,),)),) = stages(network)
    assert work.operands.inputs == 9 * 64 and dict(work.work) == {Primitive.COMPARE: 4 * 24}


def test_steps_of_a_recurrence_read_what_they_touch():
    found = stages(lstm(3))
    gates = [work for name, ((work,),) in found if name == "lstm.gates"]
    # The first step has no state to read; the others read eight elements of input and of state each.
    assert [work.operands.inputs for work in gates] == [64, 128, 128]
    assert [work.vectors for work in gates] == [1, 1, 1]
    weights = gates[0].operands.weights
    assert [work.operands.weights_fetched for work in gates] == [weights, 0, 0]


def run(layer, passes, lengths):
    """A run of so many steps in each of its passes."""
    ends = np.cumsum(np.array(lengths))
    return Run(layer, np.zeros(int(ends[-1])), np.array(passes), ends)


def test_results_of_a_pass_are_shared_among_its_steps_as_they_are_done():
    # Passes of two steps and of three: halves, and a fifth, another and the rest.
    done = SimpleNamespace(done=np.array([0.5, 1, 0.2, 0.4, 1]))
    found = Run(0, done, np.array([0, 1]), np.array([2, 5]))
    assert found.made(np.array([64, 100])).tolist() == [32, 32, 20, 20, 60]


def test_steps_follow_those_that_come_so_many_before_them():
    # Passes in order: the first run's two steps, the second's one, the first's one.
    runs = [run(0, [0, 2], [2, 1]), run(1, [1], [1])]
    found = {
        (wait.source, wait.target): wait.need.tolist() for wait in behind(runs, np.array([0, 1]), np.array([1, 1]))
    }
    # The first run's third step comes behind the second run's only one; of its first step, that of the round before.
    assert found[1, 0][2] == 1
    assert found[0, 1] == [2]
    back = {(wait.source, wait.target): wait.need.tolist() for wait in behind(runs, np.array([0, 1]), np.array([2, 3]))}
    # Two back: the first step behind the second run's of the round before, the second behind its own.
    assert back[1, 0][0] == 1 - 1
    # Three back from the second run's step is the last of the first run's in the round before: its third of three.
    assert back[0, 1] == [0]


def test_curves_do_not_fall_from_one_round_to_the_next():
    assert wrapped(np.array([1, 3, 2]), 4).tolist() == [1, 3, 3]
    # An entry without a need takes what the last of the round before needed.
    assert wrapped(np.array([-100, 3]), 4).tolist() == [-1, 3]


def test_every_mac_and_bit_is_counted():
    network = line(("a", Matrix(Weights(8, 6))), ("d", additions(6)), ("b", Matrix(Weights(6, 4))), tokens=5)
    program = lower(place(network, systolic("tile.tensors=stored"), batch=2), batch=2)
    total = {}
    for actor, action, count in zip(program.actions.actor, program.actions.action, program.actions.count, strict=True):
        name = program.labels.actions[action]
        total[name] = total.get(name, 0) + count * program.actors.firings[actor]
    assert total["array.mac"] == pytest.approx(10 * (48 + 24))
    # Weights once for both samples; inputs and sums are written and read once, the first product's go straight on.
    assert total["weights.read_bit"] == pytest.approx(8 * (48 + 24) + 10 * (64 + 48))
    assert total["weights.write_bit"] == pytest.approx(10 * (64 + 48))
    hosts = program.resources.kind[program.actors.resource] == Kind.HOST
    assert program.actors.firings[hosts].tolist() == [2, 2]
    assert (program.actors.role == Role.WRITE).sum() == 2
