"""What travels how far, by hand; and that exchanging tiles finds what trying all orders finds, and spoils nothing."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsim.chip import load_chip
from archsim.engine import run_compiled
from archsim.errors import InputError
from archsim.lowering import lower
from archsim.mapping import place
from archsim.mapping.traffic import traffic, travelled
from archsim.network import Edge, Layer, Matrix, Network, Same, Sink, Source, Weights
from tests.chips import make_array, make_chip, make_fabric, make_system
from tests.networks import additions, line
from tests.random_networks import networks

SQUARE = Matrix(Weights(8, 8))


def chip(rows, columns, *, moves=0, seed=0, topology="mesh", side=8):
    plain = make_chip(fabric=make_fabric(rows, columns, topology=topology), array=make_array(side, side))
    if not moves:
        return plain
    written = plain.model_dump(mode="json")
    written["mapping"]["optimiser"] = {"moves": moves, "seed": seed}
    return type(plain).model_validate(written)


def test_a_chain_travels_from_the_port_and_back():
    # On 1 x 4 routers, with the port at the first: a and the port are together, b and c one link on each; c's tokens
    # take two links to the port. Five tokens of eight elements of eight bits are 320 bits.
    found = place(line(("a", SQUARE), ("b", SQUARE), ("c", SQUARE), tokens=5), chip(1, 4))
    assert travelled(found) == 320 * (1 + 1 + 2)


def test_sums_of_row_blocks_travel_with_their_own_width():
    # Two row blocks: 16 elements of 8 bits to both arrays (one is at the port), eight sums of 16 bits between them, and
    # eight elements from the second to the port.
    found = place(line(("a", Matrix(Weights(16, 8))), width=16), chip(1, 4))
    assert travelled(found) == 16 * 8 + 8 * 16 + 8 * 8


def test_copies_that_make_tokens_in_turn_pair_off():
    # Copies of a on tiles 0 and 1, of b on 2 and 3: three tokens of 64 bits go from 0 to 2, two from 1 to 3.
    found = place(line(("a", SQUARE), ("b", SQUARE), tokens=5), chip(1, 4), replicate={"a": 2, "b": 2})
    flows = traffic(found)
    between = {(int(s), int(t)): int(b) for s, t, b in zip(*flows.columns(), strict=True) if max(s, t) < 4}
    assert between == {(0, 2): 3 * 64, (1, 3): 2 * 64}


def test_tokens_go_once_to_a_node_that_uses_them_twice():
    network = line(("a", SQUARE), ("b", Matrix(Weights(8, 8))), ("c", Matrix(Weights(8, 8))))
    twice = Network("twice", network.layers, (*network.edges[:2], Edge("a", "c", Same(), 8), network.edges[3]))
    # b's own tokens are read by nobody; a's go to b and c, which share a tile.
    both = make_chip(fabric=make_fabric(1, 4), array=make_array(8, 8), arrays_per_tile=3)
    assert travelled(place(twice, both)) == 0
    assert travelled(place(twice, chip(1, 4))) == 64 * (1 + 2 + 2)


def by_pair(found):
    """Bits per sample between each two nodes."""
    return {(int(s), int(t)): int(b) for s, t, b in zip(*traffic(found).columns(), strict=True)}


def test_every_pair_of_nodes_has_its_own_traffic():
    # Two tiles, with a unit each, and the port: in, a to b, out. The numbers of nodes 2, 0 and 1, 2 add up alike.
    found = place(line(("a", SQUARE), ("b", Matrix(Weights(8, 6))), tokens=2), chip(1, 2))
    assert found.floorplan.port == 2 and found.blocks.node.tolist() == [0, 1]
    assert by_pair(found) == {(2, 0): 2 * 64, (0, 1): 2 * 64, (1, 2): 2 * 48}


def test_parts_travel_to_those_who_want_them_alone():
    # Two halves of 16 elements, and two row blocks that take a half each; six sums of 16 bits from one to the other.
    found = place(line(("a", Matrix(Weights(8, 16))), ("b", Matrix(Weights(16, 6))), tokens=2), chip(2, 2))
    first, second, upper, lower_ = found.blocks.node.tolist()
    port = found.floorplan.port
    assert by_pair(found) == {
        (port, first): 2 * 64, (port, second): 2 * 64, (first, upper): 2 * 64, (second, lower_): 2 * 64,
        (upper, lower_): 2 * 6 * 16, (lower_, port): 2 * 6 * 8,
    }  # fmt: skip


def test_every_row_block_hands_its_sums_to_the_next():
    # Three row blocks of eight; sums of eight elements of 16 bits. Inputs of 24 elements go to each.
    found = place(line(("a", Matrix(Weights(24, 8))), tokens=2, width=24), chip(1, 4))
    port = found.floorplan.port
    assert by_pair(found) == {
        **{(port, tile): 2 * 24 * 8 for tile in (0, 1, 2)},
        (0, 1): 2 * 8 * 16,
        (1, 2): 2 * 8 * 16,
        (2, port): 2 * 8 * 8,
    }


def test_the_last_copies_have_fewer_tokens_and_sums():
    # Three copies of two row blocks and four tokens: two for the first copy, one for the others.
    found = place(line(("a", Matrix(Weights(16, 8))), tokens=4, width=16), chip(2, 4), replicate={"a": 3})
    node = found.blocks.node.reshape(3, 2)
    sums = {(int(up), int(down)): 8 * 16 * tokens for (up, down), tokens in zip(node, (2, 1, 1), strict=True)}
    assert sums.items() <= by_pair(found).items()


def test_what_is_at_home_travels_nowhere():
    network = line(("a", SQUARE), ("d", additions(8)), tokens=3)
    found = place(network, chip(1, 2))
    assert by_pair(found) == {(found.floorplan.port, 0): 3 * 64, (0, found.floorplan.port): 3 * 64}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_five_tiles_find_their_places_around_the_port(seed):
    """a and b read the input, c reads a, d reads b; e reads the input and leaves for the output: 2 x 3 routers."""
    layers = (Layer("in", Source(), 1, 8), *(Layer(name, SQUARE, 1, 8) for name in "abcde"), Layer("out", Sink(), 1, 8))
    pairs = [("in", "a"), ("in", "b"), ("a", "c"), ("b", "d"), ("in", "e"), ("e", "out")]
    network = Network("around", layers, tuple(Edge(one, two, Same(), 8) for one, two in pairs))
    # The usual order is routers 0, 3, 4, 1, 2: a at the port, b beside it, c and d two links from what they read, e
    # two from the port, there and back.
    assert travelled(place(network, chip(2, 3))) == 64 * (0 + 1 + 2 + 2 + 2 + 2)
    # With e at the port, a and b beside it, and c and d beside them it is one link for each of four.
    found = place(network, chip(2, 3, moves=300, seed=seed))
    assert (travelled(found), found.travelled_before) == (64 * 4, 64 * 9)


def test_each_chip_has_an_order_of_its_own():
    """a, b and c in a row on the first of two chips; d, e and f read c on the second, and f leaves from there."""
    layers = (Layer("in", Source(), 1, 8), *(Layer(name, SQUARE, 1, 8) for name in "abcdef"))
    pairs = [("in", "a"), ("a", "b"), ("b", "c"), ("c", "d"), ("c", "e"), ("c", "f"), ("f", "out")]
    edges = tuple(Edge(one, two, Same(), 8) for one, two in pairs)
    network = Network("two", (*layers, Layer("out", Sink(), 1, 8)), edges)
    usual = chip(1, 3)
    usual = usual.model_copy(update={"system": make_chip(system=make_system(2)).system})
    # To a, b, c: 0 + 1 + 1; from c over two links to the port, to each of three, and on 0 + 1 + 2; out over two.
    assert travelled(place(network, usual)) == 64 * (2 + 3 * 2 + 3 + 2)
    searching = usual.model_copy(update={"mapping": chip(1, 3, moves=300).mapping})
    found = place(network, searching)
    # With c at the first port, 4 to c by way of a and b; with f at the second, 1 + 2 to d and e.
    assert (travelled(found), found.travelled_before) == (64 * (4 + 3), 64 * 13)


@st.composite
def families(draw):
    """Five layers of products, each of which reads an earlier one, and how many tokens they have."""
    tokens = draw(st.integers(1, 3))
    layers = [Layer("in", Source(), tokens, 8), *(Layer(name, SQUARE, tokens, 8) for name in "abcde")]
    readers = [draw(st.sampled_from(["in", *"abcde"[:number]])) for number in range(5)]
    edges = [Edge(source, name, Same(), 8) for source, name in zip(readers, "abcde", strict=True)]
    layers.append(Layer("out", Sink(), tokens, 8))
    return Network("family", tuple(layers), (*edges, Edge("e", "out", Same(), 8)))


@given(families())
@settings(deadline=None, max_examples=20)
def test_the_shortest_of_all_orders_is_found(network):
    """Against every order of six tiles on 2 x 3 routers; ends are at router 0."""
    tokens = network.layers[0].tokens
    names = "abcde"

    def length(order):
        router = {"in": 0, "out": 0, **dict(zip(names, order, strict=True))}
        ends = [(divmod(router[edge.source], 3), divmod(router[edge.target], 3)) for edge in network.edges]
        return sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in ends) * tokens * 64

    shortest = min(length(order) for order in itertools.permutations(range(6), 5))
    assert travelled(place(network, chip(2, 3, moves=20_000))) == shortest


@given(networks(), st.integers(0, 3), st.sampled_from(["mesh", "torus", "tree"]))
@settings(deadline=None, max_examples=15)
def test_tiles_keep_what_they_hold_and_nothing_gets_longer(network, seed, topology):
    first = place(network, chip(4, 4, topology=topology, side=64))
    described = chip(4, 4, moves=500, seed=seed, topology=topology, side=64)
    found, again = place(network, described), place(network, described)
    assert found.travelled_before == travelled(first) >= travelled(found)
    assert np.array_equal(found.blocks.node, again.blocks.node)
    _, one = np.unique(first.blocks.node, return_inverse=True)
    _, two = np.unique(found.blocks.node, return_inverse=True)
    # Blocks are together on a tile exactly where they were.
    assert np.array_equal(one[:, None] == one[None, :], two[:, None] == two[None, :])
    assert np.array_equal(first.blocks.array, found.blocks.array)
    run_compiled(lower(found))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (["mapping.optimiser.moves=0"], "moves"),
        (["mapping.optimiser.moves=20000000"], "moves"),
        (["mapping.optimiser.seed=3"], "moves"),
        (["mapping.optimiser.moves=10", "fabric.topology=bus"], "nothing to shorten on a bus"),
    ],
)
def test_searches_that_cannot_be_made_are_named(change, says):
    with pytest.raises(InputError, match=says):
        load_chip("pcm-mesh-14nm", change)


def test_a_device_that_works_layer_by_layer_has_no_tiles_to_exchange():
    with pytest.raises(InputError, match=r"mapping\.optimiser is given"):
        load_chip("tpu-v1", ["mapping.optimiser.moves=10"])
