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
from tests.chips import make_array, make_chip, make_fabric
from tests.networks import line
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
