"""Turns of layers and blocks, against cuts worked out by hand."""

import numpy as np
import pytest

from archsim.engine import run_compiled
from archsim.errors import CapacityError
from archsim.lowering import lower
from archsim.mapping import place
from archsim.mapping.turns import ALONE, Segment, grouped, rounds, segments, tenants_before, turn_slots
from archsim.network import Edge, Layer, Matrix, Network, Same, Sink, Source, Weights
from tests.chips import make_array, make_chip, make_fabric, make_memory, make_system
from tests.networks import additions, line, lstm


def chain(*sizes):
    """Products of so many rows and columns one after the other, each followed by an addition."""
    layers = []
    for number, (rows, columns) in enumerate(sizes):
        layers += [(f"m{number}", Matrix(Weights(rows, columns))), (f"add{number}", additions(columns))]
    return line(*layers, width=sizes[0][0])


def small_chip(order="auto", *, tiles=4, ahead=False, samples=1, write=10.0):
    """One chip with a row of tiles of 8 x 8 weights."""
    return make_chip(
        array=make_array(8, 8, row_write_ns=write),
        fabric=make_fabric(1, tiles),
        memory=make_memory(),
        system=make_system(1),
        schedule={"order": order, "ahead": ahead, "samples": samples},
    )


def test_a_turn_is_a_matrix_layer_and_the_digital_layers_behind_it():
    # in, m0, add0, m1, add1, out
    assert segments(chain((8, 8), (8, 8))) == (Segment(0, 3, (1,), (0,)), Segment(3, 6, (3,), (1,)))


def test_layers_that_a_recurrence_joins_stay_together():
    assert len(segments(lstm(3))) == 1


def test_groups_are_as_large_as_the_arrays():
    parts = tuple(Segment(number, number + 1, (number,), (number,)) for number in range(4))
    joined = grouped(parts, np.array([2, 1, 3, 1]), 4)
    assert [part.matrices for part in joined] == [(0, 1), (2, 3)]


def test_what_a_layer_of_several_turns_takes_is_there_from_its_first():
    # Three copies of two row blocks take four arrays and two more; their input also goes to who adds it, in the last.
    layers = (
        Layer("in", Source(), 7, 16), Layer("a", Matrix(Weights(16, 8)), 7, 8), Layer("n", additions(8), 7, 8),
        Layer("b", Matrix(Weights(8, 8)), 7, 8), Layer("out", Sink(), 7, 8),
    )  # fmt: skip
    edges = (
        Edge("in", "a", Same(), 16), Edge("in", "n", Same(), 8), Edge("a", "n", Same(), 8, port=1),
        Edge("n", "b", Same(), 8), Edge("b", "out", Same(), 8),
    )  # fmt: skip
    placement = place(Network("around", layers, edges), small_chip(), replicate={"a": 3})
    assert placement.turns.use.tolist() == [0, 0, 0, 0, 1, 1, 2]
    assert [int(placement.turns.layer[placement.index[name]]) for name in ("in", "a", "n", "b")] == [0, 1, 1, 2]
    run_compiled(lower(placement, batch=2))


def test_copies_count_where_layers_are_grouped():
    """Three copies of the first and one of the second fill four arrays; the third has a turn of its own."""
    network = line(*((name, Matrix(Weights(8, 8))) for name in "abc"), tokens=3)
    turns = place(network, small_chip(), replicate={"a": 3}).turns
    assert turns.use.tolist() == [0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("runs", "room", "expected"),
    [
        # Two runs of two fit together, the third does not.
        ([2, 2, 2], 4, [0, 0, 0, 0, 1, 1]),
        # A run is not torn where the room holds one.
        ([2, 2], 3, [0, 0, 1, 1]),
        # A run of five in a room of two: three rounds, whose last has room for the next run.
        ([5, 1], 2, [0, 0, 1, 1, 2, 2]),
    ],
)
def test_rounds(runs, room, expected):
    assert rounds(np.array(runs), room).tolist() == expected


def test_blocks_of_a_turn_begin_at_the_first_array():
    assert turn_slots(np.array([0, 0, 1, 2, 2]), 4, ahead=False).tolist() == [0, 1, 0, 0, 1]


def test_blocks_written_ahead_lie_behind_those_that_work():
    assert turn_slots(np.array([0, 0, 1, 2, 2]), 4, ahead=True).tolist() == [0, 1, 2, 3, 0]


def test_who_was_on_the_array_before_counted_around():
    # Array 0: turns 0, 1, 2; array 1: turns 0 and 2; array 2: turn 1 alone.
    slots, turn = np.array([0, 1, 0, 2, 0, 1]), np.array([0, 0, 1, 1, 2, 2])
    assert tenants_before(slots, turn).tolist() == [2, 2, 0, ALONE, 1, 0]


def test_what_fits_stays():
    placement = place(chain((8, 8), (8, 8)), small_chip("sequential"))
    assert placement.turns is not None
    assert placement.turns.count == 2 and not placement.turns.reloaded.any()
    assert placement.turns.layer.tolist() == [0, 0, 0, 1, 1, 1]


def test_auto_runs_all_at_once_what_fits_and_in_groups_what_does_not():
    network = chain((8, 8), (8, 8), (8, 8))
    assert place(network, small_chip()).turns is None
    turns = place(network, small_chip(tiles=2)).turns
    assert turns is not None
    assert turns.use.tolist() == [0, 0, 1]
    # The second array holds one block only, which is written once and stays.
    assert turns.reloaded.tolist() == [True, False, True]


def test_a_layer_larger_than_the_arrays_takes_several_turns():
    # 16 x 24 weights are 2 x 3 blocks; a turn has room for two, the row blocks of a column.
    placement = place(chain((16, 24)), small_chip(tiles=2))
    assert placement.turns is not None
    assert placement.turns.use.tolist() == [0, 0, 1, 1, 2, 2]
    assert placement.turns.layer.tolist() == [0, 2, 2, 2]  # the input is there from the first


def test_written_ahead_a_turn_has_half_the_arrays():
    placement = place(chain((8, 16), (16, 8)), small_chip("grouped", tiles=2, ahead=True))
    assert placement.turns is not None
    assert np.bincount(placement.turns.use).max() == 1


def test_a_recurrence_must_fit_together():
    with pytest.raises(CapacityError, match="recurrence"):
        place(lstm(3, width=16), small_chip(tiles=2))


def test_pipelined_refuses_what_does_not_fit_and_says_what_would_help():
    with pytest.raises(CapacityError, match="3 tiles and the system has 2") as caught:
        place(chain((8, 8), (8, 8), (8, 8)), small_chip("pipelined", tiles=2))
    assert "--schedule grouped" in str(caught.value)


def test_what_cannot_be_written_cannot_take_turns():
    with pytest.raises(CapacityError, match=r"tile\.array\.programming"):
        place(chain((8, 8), (8, 8), (8, 8)), small_chip(tiles=2, write=None))


def test_balanced_copies_fill_the_arrays_of_each_turn():
    # Alone in its turn, a layer of one block and 8 tokens takes all four arrays.
    network = line(("a", Matrix(Weights(8, 8))), ("b", Matrix(Weights(8, 40))), tokens=8)
    placement = place(network, small_chip("sequential"), replicate="balanced")
    assert placement.replicas[placement.index["a"]] == 4
