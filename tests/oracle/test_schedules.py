"""Layers in turns and weights that are written anew, against sums that are worked out by hand.

The chip of ``tests.chips`` with tiles of 8 x 8 weights in a row, all in ns: the host moves a byte in 1, a token of f
flits over h links between routers arrives ``(h + 2) + 2 (h + 1) + f - 1`` after it left, a product takes 100 + 5 + 3,
the next one starts 105 later. The memory moves a byte in 1, and answers after 50. A change of turns takes 1 ps.
"""

import numpy as np
import pytest

import archsim
from archsim.engine import reference, run_compiled
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Matrix, Weights
from archsim.program import Role
from tests.chips import NS, make_array, make_chip, make_fabric, make_memory, make_system
from tests.networks import line

HOST, PRODUCT, PERIOD, CHANGE = 8, 108, 105, 0.001
ROW = 10
"""Nanoseconds of writing a row of cells."""
BLOCK = 64
"""Bytes of the weights of a block."""
WRITE = 8 * ROW


def travel(hops, flits=1):
    return (hops + 2) + 2 * (hops + 1) + flits - 1


def access(size):
    """A memory access of so many bytes."""
    return size + 50


def chain(layers, tokens):
    return line(*((f"m{number}", Matrix(Weights(8, 8))) for number in range(layers)), tokens=tokens)


def chip(order, *, tiles, ahead=False, samples=1, write=ROW):
    return make_chip(
        array=make_array(8, 8, row_write_ns=write),
        units={},
        fabric=make_fabric(1, tiles),
        memory=make_memory(),
        system=make_system(1),
        schedule={"order": order, "ahead": ahead, "samples": samples},
    )


def makespan_ns(network, described, *, batch=1):
    program = lower(place(network, described, batch=batch), batch=batch)
    trace = reference.run(program)
    assert run_compiled(program).makespan == trace.makespan
    return trace.makespan / NS


def products(tokens):
    """From the first product's start to the last one's result."""
    return PRODUCT + (tokens - 1) * PERIOD


def fetched(hops):
    """A token of 8 bytes from an array to memory and back to an array, so many hops away each time."""
    return travel(hops[0]) + access(8) + access(8) + travel(hops[1])


@pytest.mark.parametrize("tokens", [2, 5, 9])
def test_resident_layers_one_after_the_other(tokens):
    # The first tokens wait in the second layer's window; the last one's way is shorter than a product.
    # Tile 0 is at the memory's router, tile 1 one link away.
    expected = HOST + travel(0) + products(tokens) + CHANGE + products(tokens) + travel(1) + HOST
    assert fetched((0, 1)) < 2 * PERIOD
    if tokens > 2:
        assert makespan_ns(chain(2, tokens), chip("sequential", tiles=2)) == pytest.approx(expected, abs=1e-6)
    assert makespan_ns(chain(2, tokens), chip("sequential", tiles=2)) >= expected


def test_one_token_waits_for_its_way_through_memory():
    expected = HOST + travel(0) + PRODUCT + fetched((0, 1)) + PRODUCT + travel(1) + HOST
    assert makespan_ns(chain(2, 1), chip("sequential", tiles=2)) == pytest.approx(expected, abs=1e-6)


def load():
    """A block from memory to tile 0 and into its cells: 64 bytes are 8 flits."""
    return access(BLOCK) + travel(0, 8) + WRITE


@pytest.mark.parametrize("tokens", [3, 8])
@pytest.mark.parametrize("layers", [2, 3])
@pytest.mark.parametrize("order", ["auto", "sequential", "grouped"])
def test_reloaded_layers_take_the_sum_of_loads_and_products(order, layers, tokens):
    # One tile: each layer is written, and multiplies; the input comes meanwhile.
    expected = layers * (load() + products(tokens)) + (layers - 1) * CHANGE + travel(0) + HOST
    assert makespan_ns(chain(layers, tokens), chip(order, tiles=1)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("samples", [1, 2, 4])
def test_the_more_samples_pass_in_a_turn_the_fewer_loads(samples):
    # Four samples of 3 tokens; a round loads both layers once. The output leaves while the next round is loaded.
    rounds, tokens = 4 // samples, 3 * samples
    expected = rounds * 2 * (load() + products(tokens)) + (2 * rounds - 1) * CHANGE + travel(0) + HOST
    described = chip("sequential", tiles=1, samples=samples)
    assert makespan_ns(chain(2, 3), described, batch=4) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("tokens", "row"), [(9, ROW), (3, 200)])
def test_written_ahead_the_larger_of_loads_and_products_counts(tokens, row):
    # Three layers on two tiles, one written while the other works. Tile 1 is one link from the memory, and turns
    # use tiles 0, 1, 0. The third block waits for tile 0, which the first turn leaves.
    first, second = (access(BLOCK) + travel(hops, 8) + 8 * row for hops in (0, 1))
    if row == ROW:
        # Loads are shorter: only the first one shows.
        expected = first + 3 * products(tokens) + 2 * CHANGE
    else:
        # The second block's 64 bytes are read behind the first one's, and it is written for longer than turn 0 works.
        turn_0 = first + products(tokens) + CHANGE
        turn_1 = 64 + second + products(tokens) + CHANGE
        turn_2 = max(turn_0 + first, turn_1) + products(tokens)
        expected = turn_2
    described = chip("sequential", tiles=2, ahead=True, write=row)
    assert makespan_ns(chain(3, tokens), described) == pytest.approx(expected + travel(0) + HOST, abs=1e-6)


def test_partial_sums_wait_in_memory_where_a_column_takes_several_turns():
    # 24 rows in three blocks on one tile, whose sums are added turn by turn.
    network = line(("a", Matrix(Weights(24, 8))), tokens=4, width=24)
    program = lower(place(network, chip("auto", tiles=1)))
    trace = reference.run(program)
    assert run_compiled(program).makespan == trace.makespan
    # 24 bytes of input per token for three turns, 2 x 4 sums of 8 x 16 bit written and read, three blocks read.
    names = program.labels.actions
    moved = {name: 0.0 for name in names if name.startswith("dram")}
    for actor, action, count in zip(program.actions.actor, program.actions.action, program.actions.count, strict=True):
        if names[action] in moved:
            moved[names[action]] += count * trace.firings[actor]
    assert moved["dram.write_bit"] == 8 * (4 * 24 + 2 * 4 * 16)
    assert moved["dram.read_bit"] == 8 * (4 * 24 + 2 * 4 * 16 + 3 * 64)


def test_resnet32_layer_by_layer_makes_its_products_one_after_the_other():
    # Joshi et al., Nat. Commun. 2020, CIFAR-10: a product for each position of each convolution, 11 of 32 x 32 and ten
    # each of 16 x 16 and 8 x 8, are 14,464; two shortcuts and the classifier come on top. One takes 130 ns here.
    overrides = ["system.chips=1", "fabric.tiles=43", "mapping.schedule.order=sequential"]
    result = archsim.simulate("resnet32", "ibm-mesh-14nm", overrides=overrides)
    network, actors, trace = result.placement.network, result.program.actors, result.trace
    products = sum(layer.tokens for layer in network.matrices)
    assert products == 14_464 + 256 + 64 + 1
    integrating = np.flatnonzero(actors.role == Role.INTEGRATE)
    order = {layer.name: number for number, layer in enumerate(network.matrices)}
    number = np.array([order[network.order[layer].name] for layer in actors.layer[integrating]])
    starts = [trace.first_start[integrating[number == layer]].min() for layer in range(len(order))]
    ends = [trace.last_end[integrating[number == layer]].max() for layer in range(len(order))]
    assert all(end <= start for end, start in zip(ends[:-1], starts[1:], strict=True))
    # What lies between the turns: the last sums of one, and the first tokens of the next.
    assert products * 130 * NS <= trace.makespan < 1.05 * products * 130 * NS
