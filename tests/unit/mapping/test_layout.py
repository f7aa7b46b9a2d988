"""Copies, chips and turns of blocks on arrays, by hand."""

import itertools

import pytest

from archsim.errors import CapacityError
from archsim.mapping import place
from archsim.mapping.turns import segments
from archsim.network import Edge, Layer, Matrix, Network, Previous, Same, Sink, Source, Weights
from tests.chips import make_array, make_chip, make_fabric, make_memory, make_system
from tests.networks import additions, line


def packing_chip(rows, columns, *, system=None, size=8):
    """Tiles of one array, in which small blocks lie together."""
    base = make_chip(
        array=make_array(size, size), fabric=make_fabric(rows, columns), system=system or make_system(), memory={}
    )
    return base.model_copy(update={"mapping": base.mapping.model_copy(update={"packing": True})})


def pair(tokens=9):
    return line(("a", Matrix(Weights(8, 8))), ("b", Matrix(Weights(8, 8))), tokens=tokens)


def test_copies_of_packed_blocks_are_chosen_for_an_array_each():
    # Six arrays: three of nine tokens for each of three copies of both; of four tokens two copies do as well as three.
    as_needed, two = make_system("as needed"), make_system(2)
    for chip in (packing_chip(1, 6, size=16), packing_chip(1, 6, size=16, system=as_needed),
                 packing_chip(1, 3, size=16, system=two)):  # fmt: skip
        placement = place(pair(), chip, replicate="balanced")
        assert [placement.replicas[placement.index[name]] for name in "ab"] == [3, 3]
        # Four of the six lie in one array, the others in a second one.
        assert placement.arrays_used == 2
    placement = place(pair(4), packing_chip(1, 5, size=16), replicate="balanced")
    assert [placement.replicas[placement.index[name]] for name in "ab"] == [2, 2]


def test_packed_blocks_take_as_many_chips_as_they_need():
    # Five blocks of eight columns, and five of a column of eight rows, side by side in one array; two arrays a chip.
    network = line(("a", Matrix(Weights(8, 40))), ("b", Matrix(Weights(40, 1))), tokens=9)
    placement = place(network, packing_chip(1, 2, system=make_system("as needed")))
    assert (placement.arrays_used, placement.chips) == (6, 3)


@pytest.mark.parametrize("packing", [False, True])
def test_a_network_without_matrices_takes_one_chip(packing):
    chip = packing_chip(1, 2, system=make_system("as needed"))
    chip = chip.model_copy(update={"mapping": chip.mapping.model_copy(update={"packing": packing})})
    placement = place(line(("d", additions(8))), chip)
    assert (placement.chips, placement.arrays_used) == (1, 0)


def grouped_chip(tiles, chips, order="grouped"):
    return make_chip(
        array=make_array(8, 8, row_write_ns=10),
        fabric=make_fabric(1, tiles),
        memory=make_memory(),
        system=make_system(chips),
        schedule={"order": order},
    )


@pytest.mark.parametrize(("tiles", "chips"), [(2, 2), (4, 1)])
def test_groups_are_as_large_as_all_chips_together(tiles, chips):
    network = line(*((name, Matrix(Weights(8, 8))) for name in "abcd"))
    placement = place(network, grouped_chip(tiles, chips))
    assert placement.turns is not None
    assert placement.turns.use.tolist() == [0, 0, 0, 0]


def test_groups_count_the_chips_that_copies_take():
    # Two copies of three blocks and one block more, an array each on a chip of its own: together in one turn.
    network = line(("a", Matrix(Weights(8, 24))), ("b", Matrix(Weights(24, 8))), tokens=4)
    chip = make_chip(
        array=make_array(24, 8, row_write_ns=10), fabric=make_fabric(1, 1), memory=make_memory(),
        system=make_system("as needed"), schedule={"order": "grouped"},
    )  # fmt: skip
    placement = place(network, chip, replicate={"a": 2})
    assert placement.turns is not None and placement.chips == 7
    assert placement.turns.use.tolist() == [0] * 7


@pytest.mark.parametrize(("copies", "first"), [(4, [0, 0, 1, 1]), (3, [0, 0, 1])])
def test_a_copy_begins_on_the_next_chip_where_there_are_chips_enough(copies, first):
    # Copies of four blocks on two chips of nine tiles: two each, though a third would begin on the first.
    network = line(("a", Matrix(Weights(8, 32))), tokens=6)
    chip = make_chip(array=make_array(8, 8), fabric=make_fabric(3, 3), system=make_system(2))
    placement = place(network, chip, replicate={"a": copies})
    chips = (placement.blocks.node // placement.floorplan.nodes).reshape(copies, 4)
    assert chips[:, 0].tolist() == first
    assert (chips == chips[:, :1]).all()


def test_only_layers_that_fit_a_turn_are_copied():
    # Alone in its turn, a layer of one block and eight tokens takes all four arrays; one of five blocks has no copies.
    network = line(("a", Matrix(Weights(8, 8))), ("b", Matrix(Weights(8, 40))), tokens=8)
    placement = place(network, grouped_chip(4, 1, "sequential"), replicate="balanced")
    assert [placement.replicas[placement.index[name]] for name in "ab"] == [4, 1]
    # Four columns of blocks fill a turn; the fifth waits for the next.
    assert placement.turns is not None
    assert placement.turns.use.tolist() == [0] * 4 + [1] * 4 + [2]


def test_a_turn_does_not_begin_within_a_recurrence():
    """Of four products, the output of the third is an input of the second in the next step."""
    layers = (
        Layer("in", Source(), 3, 8),
        *(Layer(name, Matrix(Weights(16 if name == "b" else 8, 8)), 3, 8) for name in "abcd"),
        Layer("out", Sink(), 3, 8),
    )
    names = ("in", "a", "b", "c", "d", "out")
    edges = [Edge(one, two, Same(), 8) for one, two in itertools.pairwise(names)]
    network = Network("loop", layers, (*edges, Edge("c", "b", Previous(1), 8, target_start=8)))
    found = segments(network)
    assert [(part.start, part.stop, part.layers, part.matrices, part.bound) for part in found] == [
        (0, 2, (1,), (0,), False), (2, 4, (2, 3), (1, 2), True), (4, 6, (4,), (3,), False),
    ]  # fmt: skip


def test_blocks_fill_tile_after_tile_and_chip_after_chip():
    # Five blocks on chips of two tiles with two arrays: tile 0, tile 1, then the next chip.
    network = line(("a", Matrix(Weights(8, 40))))
    chip = make_chip(
        array=make_array(8, 8), arrays_per_tile=2, fabric=make_fabric(1, 2), system=make_system("as needed")
    )
    placement = place(network, chip)
    nodes = placement.floorplan.nodes
    assert placement.blocks.node.tolist() == [0, 0, 1, 1, nodes]
    assert placement.blocks.array.tolist() == [0, 1, 0, 1, 0]
    assert placement.cell_utilisation == 5 / 8


def test_what_is_written_anew_fills_cells_in_its_turn_alone():
    # Three blocks on two arrays: the first and the last take turns, the second stays.
    network = line(*((name, Matrix(Weights(8, 8))) for name in "abc"))
    placement = place(network, grouped_chip(2, 1, "auto"))
    assert placement.turns is not None
    assert placement.turns.before.tolist() == [1, -1, 0]
    assert placement.cell_utilisation == (64 / 2 + 64 + 64 / 2) / 128


def test_a_layer_that_takes_several_turns_is_over_in_the_last():
    # Five blocks on two arrays take three turns; what follows takes the fourth.
    network = line(("a", Matrix(Weights(8, 40))), ("r", additions(40)), ("b", Matrix(Weights(40, 8))))
    chip = make_chip(
        array=make_array(40, 8, row_write_ns=10), fabric=make_fabric(1, 2), memory=make_memory(),
        schedule={"order": "sequential"},
    )  # fmt: skip
    turns = place(network, chip).turns
    assert turns is not None
    assert (turns.count, turns.use.tolist()) == (4, [0, 0, 1, 1, 2, 3])
    # in, a, r, b, out: the input goes with who takes it first, and the output with who makes it.
    assert turns.layer.tolist() == [0, 2, 2, 3, 3]


def test_an_output_of_two_layers_leaves_in_the_later_turn():
    layers = (
        Layer("in", Source(), 2, 8), *(Layer(name, Matrix(Weights(8, 8)), 2, 8) for name in "ab"),
        Layer("out", Sink(), 2, 16),
    )  # fmt: skip
    edges = (
        Edge("in", "a", Same(), 8), Edge("a", "b", Same(), 8),
        Edge("a", "out", Same(), 8), Edge("b", "out", Same(), 8, target_start=8),
    )  # fmt: skip
    turns = place(Network("both", layers, edges), grouped_chip(1, 1, "sequential")).turns
    assert turns is not None
    assert (turns.use.tolist(), turns.layer.tolist()) == ([0, 1], [0, 0, 1, 1])


def test_weights_that_two_layers_share_are_not_written_for_turns():
    layers = (
        Layer("in", Source(), 2, 8), *(Layer(name, Matrix(Weights(8, 8, name="tied")), 2, 8) for name in "ab"),
        Layer("c", Matrix(Weights(8, 8)), 2, 8), Layer("out", Sink(), 2, 8),
    )  # fmt: skip
    names = ("in", "a", "b", "c", "out")
    edges = tuple(Edge(one, two, Same(), 8) for one, two in itertools.pairwise(names))
    with pytest.raises(CapacityError, match="2 layers share the weights 'tied'"):
        place(Network("tied", layers, edges), grouped_chip(1, 1))
