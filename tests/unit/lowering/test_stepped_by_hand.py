"""Who waits for which step on a device that works layer by layer, by hand.

The device is a systolic array of four by four weights: a product of 8 x 8 weights takes four steps, every second of
which finishes half of the results. Memory is fetched from two steps ahead for inputs, sixteen for weights.
"""

import pytest

from archsim.chip import load_chip
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import (
    Digital,
    Edge,
    Layer,
    Learning,
    Matrix,
    Network,
    Prefix,
    Primitive,
    Same,
    Sink,
    Source,
    Weights,
)
from archsim.network.backward import training_network
from archsim.program import Kind, Role
from tests.chips import NS
from tests.joints import Joint, durations, joints, names_of, spent
from tests.networks import additions, line, lstm
from tests.systolic_chips import LINKED, systolic

SMALL = ("tile.rows=4", "tile.columns=4")
SQUARE = Matrix(Weights(8, 8))
ALL = frozenset[Role]()


def lowered(network, *overrides, batch=1, interleave=None):
    placement = place(network, systolic(*SMALL, *overrides), batch=batch, interleave=interleave)
    return lower(placement, batch=batch)


def test_what_is_stored_is_fetched_and_written_step_by_step():
    """In the order of passes: a's steps 0 to 3, b's two, and a's of the next round behind them."""
    network = line(("a", SQUARE), ("d", additions(8)), ("b", Matrix(Weights(8, 4))), tokens=5)
    program = lowered(network, "tile.tensors=stored")
    assert joints(program, without=ALL) == {
        # What is fetched for a step, and sent after one.
        ("in source", "in write"): Joint([1], capacity=2),
        ("a read 0,0", "a multiply"): Joint([1, 2, 3, 4], capacity=2),
        ("a read 1,0", "a multiply"): Joint([1, 2, 3, 4], capacity=16),
        ("b read 0,0", "b multiply"): Joint([1, 2], capacity=2),
        ("b read 1,0", "b multiply"): Joint([1, 2], capacity=16),
        ("d compute", "d write"): Joint([1], capacity=2),
        # Two steps ahead: b's first step is fetched when a's third is over. a's first, when b's first of the round
        # before is, which is the second but one of two; room for that one as well.
        ("a multiply", "b read 0,0"): Joint([3, 4], capacity=8),
        ("b multiply", "a read 0,0"): Joint([-1, 0, 0, 0], capacity=4),
        # Sixteen steps are two rounds of six and four: b's first step comes behind a's first of two rounds before.
        # a's third step comes behind b's first of three rounds before: minus five; those before it need no more.
        ("a multiply", "b read 1,0"): Joint([1 - 2 * 4, 2 - 2 * 4], capacity=8 + 6),
        ("b multiply", "a read 1,0"): Joint([-6, -6, 1 - 3 * 2, 2 - 3 * 2], capacity=4 + 4),
        # Between layers: all of what was written; d needs all four steps, as its one step is all of it.
        ("in write", "a read 0,0"): Joint([1, 1, 1, 1], capacity=2),
        ("a multiply", "d compute"): Joint([4], capacity=8),
        ("d write", "b read 0,0"): Joint([1, 1], capacity=2),
        ("b multiply", "out sink"): Joint([2], capacity=4),
    }


def test_a_layer_follows_the_one_whose_results_it_is_handed():
    # 40 additions on ten lanes are four steps, each of a quarter. Of four steps of a, the second and the last finish
    # half of the columns each.
    program = lowered(line(("a", SQUARE), ("d", additions(8)), tokens=5), "units.activation.lanes=10")
    found = joints(program)
    assert found["a multiply", "d compute"] == Joint([2, 2, 4, 4], capacity=8)
    assert found["in source", "a multiply"] == Joint([1] * 4, capacity=2)
    assert found["d compute", "out sink"] == Joint([4], capacity=8)


def attention(rest):
    """Causal attention over four tokens in two heads of four elements."""
    mix = Digital(
        "mix", work_per_key=((Primitive.MAC, 16), *rest), keys_port=1, whole_token=True, heads=2, product=True
    )
    layers = [Layer("in", Source(), 4, 8), *(Layer(name, SQUARE, 4, 8) for name in "qkv")]
    layers += [Layer("mix", mix, 4, 8), Layer("out", Sink(), 4, 8)]
    edges = [*(Edge("in", name, Same(), 8) for name in "qkv"), Edge("q", "mix", Same(), 8)]
    edges += [Edge(name, "mix", Prefix(), 8, port=port) for port, name in enumerate("kv", 1)]
    return Network("attention", tuple(layers), (*edges, Edge("mix", "out", Same(), 8)))


def test_a_softmax_follows_the_products_of_its_own_layer():
    """Scores of four keys take one fold in each head, as do the weighted sums: four steps, a quarter each."""
    # Keys number 1, 2, 3, 4: 10 exponentials of 2 operations on five lanes are four steps.
    program = lowered(attention(((Primitive.EXP, 2),)), "units.activation.lanes=5")
    found = joints(program)
    assert found["mix multiply", "mix compute"] == Joint([1, 2, 3, 4], capacity=8)
    for name in "qkv":
        assert found[f"{name} multiply", "mix multiply"] == Joint([4] * 4, capacity=8)
    assert found["mix compute", "out sink"] == Joint([4], capacity=8)
    # On ten lanes half of the steps: each follows two.
    program = lowered(attention(((Primitive.EXP, 2),)), "units.activation.lanes=10")
    assert joints(program)["mix multiply", "mix compute"] == Joint([2, 4], capacity=8)


def test_the_second_operand_of_a_product_is_fetched_by_itself():
    program = lowered(attention(((Primitive.EXP, 2),)), "tile.tensors=stored")
    found = joints(program)
    assert found["q write", "mix read 0,0"] == Joint([4] * 4, capacity=8)
    assert found["k write", "mix read 1,0"] == found["v write", "mix read 1,0"] == Joint([4] * 4, capacity=8)


def test_each_step_of_a_recurrence_waits_for_the_state_of_the_one_before():
    """Gates of 16 x 32 weights: four by eight folds in each of three passes; the cell is one step."""
    program = lowered(lstm(3))
    found = joints(program)
    steps = [1] * 32 + [2] * 32
    assert found["lstm.cell compute", "lstm.gates multiply"] == Joint([0] * 32 + steps, capacity=6)
    assert found["lstm.gates multiply", "lstm.cell compute"] == Joint([32, 64, 96], capacity=192)
    assert found["in source", "lstm.gates multiply"] == Joint([1] * 96, capacity=2)
    # What has been computed leaves token by token.
    assert found["lstm.cell compute", "out sink"] == Joint([1, 2, 3], capacity=6)
    hosts = {name: int(program.actors.firings[row]) for row, name in enumerate(names_of(program))}
    assert (hosts["in source"], hosts["out sink"]) == (1, 3)


def test_samples_that_go_together_come_in_one_by_one():
    program = lowered(line(("a", SQUARE), tokens=3), batch=6, interleave=2)
    found = joints(program)
    # Two samples a round, three rounds: the product begins when both are there.
    assert found["in source", "a multiply"] == Joint([2] * 4 + [4] * 4 + [6] * 4, capacity=4)
    assert found["a multiply", "out sink"] == Joint([4, 4, 8, 8, 12, 12], capacity=8)
    assert (program.samples.count, program.samples.group) == (6, 2)
    names = names_of(program)
    assert [names[row] for row in program.samples.sources.tolist()] == ["in source"]
    assert [names[row] for row in program.samples.sinks.tolist()] == ["out sink"]


@pytest.mark.parametrize(("chips", "link_ns", "crossings", "hops"), [(2, 4, 1, 1), (4, 6, 3, 3)])
def test_results_go_over_the_links_to_chips_that_need_them(chips, link_ns, crossings, hops):
    """Along a line each chip makes a share; the inner links carry the rest to the last one."""
    program = lowered(line(("a", SQUARE), ("b", SQUARE)), *LINKED, f"system.chips={chips}", "tile.tensors=kept")
    found = joints(program, without=ALL)
    steps = program.actors.firings[names_of(program).index("a multiply")]
    assert found["a multiply", "a link"] == Joint([*range(1, steps + 1)], capacity=2)
    assert found["a link", "b multiply"] == Joint([steps] * steps, capacity=2 * steps)
    actor = names_of(program).index("a link")
    resource = int(program.actors.resource[actor])
    assert program.resources.kind[resource] == Kind.CHIP_LINK
    # 64 bits at a gigabyte a second, of which the outermost link carries all but the last chip's own. They are there
    # at the last step; the others take the picosecond that is the least.
    intervals, latencies = durations(program, "a link")
    assert intervals == [1] * (steps - 1) + [link_ns * NS]
    assert [late - held for held, late in zip(intervals, latencies, strict=True)] == [hops * 7 * NS] * steps
    assert spent(program, "a link") == {
        "chip-link.bit": pytest.approx(64 * crossings / steps),
        "buffer.write_bit": pytest.approx(64 * (chips - 1) / steps),
    }


def test_updates_end_with_a_turn_that_the_next_products_wait_for():
    """On a processor that trains: steps of one product in each round of two samples."""
    network = training_network(line(("a", SQUARE), ("b", SQUARE)), Learning(2))
    program = lower(place(network, load_chip("v100"), batch=4, interleave=2), batch=4)
    found, names = joints(program), names_of(program)
    firings = dict(zip(names, program.actors.firings.tolist(), strict=True))
    for layer in "ab":
        steps = firings[f"{layer}.update write"] // 2
        assert steps * 2 == firings[f"{layer}.update write"] == firings[f"{layer} multiply"]
        # A turn for each sample, once all of its round's updates are written.
        turn = Joint([steps] * 2 + [2 * steps] * 2, capacity=2 * steps)
        assert found[f"{layer}.update write", f"{layer}.update turn"] == turn
        # The weights are fetched anew when they are: nothing in the first round.
        fetched = Joint([0] * steps + [steps] * steps, capacity=2 * steps)
        assert found[f"{layer}.update write", f"{layer} read"] == fetched
        actor = names.index(f"{layer}.update turn")
        assert firings[f"{layer}.update turn"] == 4 and program.actors.interval[actor] == 1
        assert program.resources.kind[program.actors.resource[actor]] == Kind.CONTROL
    # The products that go back have the weights of their own mini-batch, and wait for no update.
    assert not any(target.startswith("b.backward") and "update" in source for source, target in found)
    assert sorted(names[row] for row in program.samples.sinks.tolist()) == ["a.update turn", "b.update turn"]
    assert [names[row] for row in program.samples.sources.tolist()] == ["in source"]


def test_neurons_follow_those_before_them_tick_by_tick():
    program = lower(place(line(("a", SQUARE), ("b", SQUARE)), load_chip("truenorth"), batch=2, interleave=1), batch=2)
    ticks = 32
    assert joints(program) == {
        ("in source", "a multiply"): Joint([1] * ticks + [2] * ticks, capacity=2),
        ("a multiply", "b multiply"): Joint([*range(1, 2 * ticks + 1)], capacity=2 * ticks),
        ("b multiply", "out sink"): Joint([ticks, 2 * ticks], capacity=2 * ticks),
    }


def test_each_pass_of_a_recurrence_sends_its_own_tokens():
    # Three steps of a state of eight elements, of which each of two chips makes half.
    program = lowered(lstm(3), *LINKED, "system.chips=2")
    assert spent(program, "lstm.cell link") == {"chip-link.bit": 64, "buffer.write_bit": 64}
    assert durations(program, "lstm.cell link")[0] == [4 * NS] * 3


@pytest.mark.parametrize("samples", [1, 3])
def test_results_of_all_samples_go_over_the_links(samples):
    # One product in four steps, of which two make results; 64 bits a sample, half of them to the other chip.
    program = lowered(line(("a", SQUARE), ("b", SQUARE)), *LINKED, "system.chips=2", batch=samples, interleave=samples)
    steps = int(program.actors.firings[names_of(program).index("a link")])
    assert spent(program, "a link")["chip-link.bit"] == pytest.approx(64 * samples / steps)
    assert sum(time for time in durations(program, "a link")[0] if time > 1) == 4 * samples * NS
