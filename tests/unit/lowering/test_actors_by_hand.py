"""Actors of layers and what joins them inside a tile, by hand on the small chips of the tests."""

from itertools import pairwise

import pytest

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
    Window,
)
from archsim.network.backward import training_network
from archsim.program import Kind
from tests.chips import NS, make_array, make_chip, make_issue, make_training, make_unit
from tests.joints import Joint, durations, joints, names_of, spent
from tests.networks import additions, line


def firings(program, layer):
    """Of each actor of a layer's digital units or arrays."""
    counts = dict(zip(names_of(program), program.actors.firings.tolist(), strict=True))
    return {name: count for name, count in counts.items() if name.startswith(f"{layer} ") and "link" not in name}


def test_copies_of_a_digital_layer_take_tokens_in_turn():
    # Seven tokens for three copies; 40 additions on 16 lanes are three cycles, results one cycle later.
    network = line(("a", Matrix(Weights(8, 8))), ("d", additions(40)), tokens=7)
    program = lower(place(network, make_chip(), replicate={"a": 3}))
    copies = [f"d compute 0,0 #{number}" for number in range(3)]
    assert firings(program, "d") == dict(zip(copies, (3, 2, 2), strict=True))
    for copy, count in zip(copies, (3, 2, 2), strict=True):
        assert durations(program, copy) == ([3 * NS] * count, [4 * NS] * count)
        assert spent(program, copy)["local.add"] == 40
    found = joints(program)
    for copy in range(3):
        assert found[f"a affine 0,0 #{copy}", f"d compute 0,0 #{copy}"].need == [*range(1, (3, 2, 2)[copy] + 1)]
        assert (f"a affine 0,0 #{copy}", f"d compute 0,0 #{(copy + 1) % 3}") not in found


def causal(macs):
    """So many MACs for each key of four tokens, of which token n has n + 1."""
    mix = Digital(
        "mix", work=((Primitive.ADD, 8),), work_per_key=((Primitive.MAC, macs),), keys_port=1, whole_token=True
    )
    layers = (
        Layer("in", Source(), 4, 8),
        Layer("k", Matrix(Weights(8, 8)), 4, 8),
        Layer("mix", mix, 4, 8),
        Layer("out", Sink(), 4, 8),
    )
    edges = (
        Edge("in", "k", Same(), 8),
        Edge("in", "mix", Same(), 8),
        Edge("k", "mix", Prefix(), 8, port=1),
        Edge("mix", "out", Same(), 8),
    )
    return Network("causal", layers, edges)


def test_each_token_takes_as_long_as_its_keys():
    chip = make_chip(units={"local": make_unit(lanes=4, count=3)})
    program = lower(place(causal(16), chip, batch=4, interleave=2), batch=4)
    # Four cycles a key and two for eight additions; of two samples in turn, twice. The unit has two stages.
    cycles = [cycle for keys in (1, 2, 3, 4) for cycle in [4 * keys + 2] * 2] * 2
    held, late = durations(program, "mix compute")
    assert held == [cycle * NS for cycle in cycles]
    assert late == [(cycle + 1) * NS for cycle in cycles]
    # Ten keys of four tokens.
    done = spent(program, "mix compute")
    assert (done["local.mac"], done["local.add"]) == (16 * 2.5, 8)
    resource = int(program.actors.resource[names_of(program).index("mix compute")])
    resources = program.resources
    assert (resources.kind[resource], resources.index[resource], resources.servers[resource]) == (Kind.UNIT, 0, 3)


def test_a_unit_says_once_for_each_token_that_it_was_asked():
    chip = make_chip(units={"local": {**make_unit(), "overhead": 40}})
    program = lower(place(line(("d", additions(40)), tokens=3), chip))
    assert spent(program, "d compute")["local.overhead"] == 1
    assert durations(program, "d compute")[0] == [43 * NS] * 3


def test_copies_that_take_every_second_token_have_the_keys_of_theirs():
    # 64 cycles a key on one lane are 640 ns a sample beside 420 of four products: two copies.
    program = lower(place(causal(64), make_chip(units={"local": make_unit(lanes=1)})))
    assert firings(program, "mix") == {"mix compute 0,0 #0": 2, "mix compute 0,0 #1": 2}
    for copy, keys in enumerate(((1, 3), (2, 4))):
        assert durations(program, f"mix compute 0,0 #{copy}")[0] == [(64 * count + 8) * NS for count in keys]


def inside(program, *roles):
    """Channels between actors of a layer's products."""
    found = joints(program)
    return {pair: joint for pair, joint in found.items() if all(any(role in name for role in roles) for name in pair)}


def test_an_array_of_several_blocks_is_held_until_their_sums_are_converted():
    # Two matrices of 8 x 8 in one array of 16 x 16 where the chip packs; an integration of 100, a conversion of 5.
    network = line(("a", Matrix(Weights(8, 8))), ("b", Matrix(Weights(8, 8))))
    apart = make_chip(array=make_array(16, 16))
    packed = apart.model_copy(update={"mapping": apart.mapping.model_copy(update={"packing": True})})
    for chip, held in ((apart, 100), (packed, 105)):
        program = lower(place(network, chip))
        for name in ("a integrate", "b integrate"):
            assert durations(program, name) == ([held * NS], [100 * NS])


def test_sums_are_handed_down_from_row_block_to_row_block():
    # 24 x 20 weights on arrays of 8 x 10, all in one tile: three by two blocks.
    network = line(("a", Matrix(Weights(24, 20))), tokens=2, width=24)
    program = lower(place(network, make_chip(array=make_array(8, 10), arrays_per_tile=16)))
    each, chain = Joint([1, 2], capacity=2), {}
    for column in (0, 1):
        chain[f"a affine 0,{column}", f"a accumulate 1,{column}"] = each
        chain[f"a accumulate 1,{column}", f"a accumulate 2,{column}"] = each
        for row in (1, 2):
            chain[f"a affine {row},{column}", f"a accumulate {row},{column}"] = each
    assert inside(program, "affine", "accumulate") == chain
    # Ten sums of 16 bits from block to block.
    channels, names = program.channels, names_of(program)
    for source, target, bits in zip(channels.source, channels.target, channels.token_bits, strict=True):
        if "accumulate" in names[source] and "accumulate" in names[target]:
            assert bits == 10 * 16


def test_transposed_sums_are_handed_on_from_column_block_to_column_block():
    network = training_network(line(("z", Matrix(Weights(8, 16))), ("a", Matrix(Weights(16, 30)))), Learning(1))
    chip = make_chip(array=make_array(8, 10), arrays_per_tile=16, training=make_training())
    program = lower(place(network, chip), batch=2)
    each, chain = Joint([1, 2], capacity=2), {}
    for row in (0, 1):
        chain[f"a.backward affine {row},0", f"a.backward accumulate {row},1"] = each
        chain[f"a.backward accumulate {row},1", f"a.backward accumulate {row},2"] = each
        for column in (1, 2):
            chain[f"a.backward affine {row},{column}", f"a.backward accumulate {row},{column}"] = each
    found = inside(program, "affine", "accumulate")
    assert {pair: joint for pair, joint in found.items() if pair[0].startswith("a.backward")} == chain
    # Errors of the two row blocks' eight inputs are two parts, each from the last block of its row.
    placement = place(network, chip)
    homes, rows = placement.homes, placement.homes_of(placement.index["a.backward"])
    assert list(zip(homes.start[rows].tolist(), homes.stop[rows].tolist(), strict=True)) == [(0, 8), (8, 16)]
    # Updates add nothing up.
    assert not inside(program, "update update")


def test_products_are_issued_in_the_order_of_the_program():
    # Two by two blocks and two copies, all in one tile: each copy's four in a ring that begins with its first.
    network = line(("a", Matrix(Weights(16, 20))), tokens=4, width=16)
    chip = make_chip(array=make_array(8, 10), arrays_per_tile=16, issue=make_issue(order="program"))
    program = lower(place(network, chip, replicate={"a": 2}))
    ring = {}
    for copy in (0, 1):
        names = [f"a issue {block} #{copy}" for block in ("0,0", "0,1", "1,0", "1,1")]
        for before, after in pairwise(names):
            ring[before, after] = Joint([1, 2], capacity=2)
        ring[names[-1], names[0]] = Joint([1, 2], capacity=2, initial=1)
    assert inside(program, "issue") == ring
    started = joints(program)
    assert started["a issue 1,0 #1", "a integrate 1,0 #1"] == Joint([1, 2], capacity=2)


def test_rings_of_issues_are_of_one_layer_and_one_tile():
    # Two arrays a tile: four blocks of a on two tiles, one block of b, which has no other to wait for.
    network = line(("b", Matrix(Weights(8, 8))), ("a", Matrix(Weights(8, 40))))
    chip = make_chip(array=make_array(8, 10), arrays_per_tile=2, issue=make_issue(order="program"))
    program = lower(place(network, chip))
    tiles = dict(zip(names_of(program), program.resources.node[program.actors.resource].tolist(), strict=True))
    issues = [name for name in tiles if name.startswith("a issue")]
    pairs = set(inside(program, "issue"))
    for name in issues:
        beside = [other for other in issues if other != name and tiles[other] == tiles[name]]
        assert {pair for pair in pairs if name in pair} == {
            pair for other in beside for pair in ((name, other), (other, name))
        }
    assert not any("b issue" in name for pair in pairs for name in pair)
    assert pairs


@pytest.mark.parametrize("copies", [1, 2])
def test_what_passes_before_a_copys_first_token_takes_no_room(copies):
    """Token n of two reads token 4 n of eight: what the second copy waits for comes behind four that it lets go."""
    window = Window((8,), (2,), (1,), (4,), (0,), (1,))
    layers = (
        Layer("in", Source(), 8, 8),
        Layer("a", Matrix(Weights(8, 8)), 8, 8),
        Layer("b", Matrix(Weights(8, 8)), 2, 8),
        Layer("out", Sink(), 2, 8),
    )
    edges = (Edge("in", "a", Same(), 8), Edge("a", "b", window, 8), Edge("b", "out", Same(), 8))
    program = lower(place(Network("stride", layers, edges), make_chip(), replicate={"b": copies}))
    channels, names = program.channels, names_of(program)
    into = {names[target]: int(room) for target, room in zip(channels.target, channels.capacity, strict=True)
            if names[target].startswith("b integrate")}  # fmt: skip
    assert len(into) == copies
    assert len(set(into.values())) == 1
    # Two of the eight tokens travel at all, and one of them to each copy.
    for source, target in zip(channels.source, channels.target, strict=True):
        if names[target].startswith("b integrate"):
            assert program.actors.firings[source] == 2 // copies
    # Of the tokens that a link is offered, it drops those before the first one that it takes on.
    assert channels.initial.min() == (-1 if copies == 2 else 0)
