"""Small blocks that share an array: what fits is known from areas and from by-hand layouts."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsim import workloads
from archsim.chip import load_chip
from archsim.engine import run_compiled, run_reference
from archsim.errors import CapacityError, InputError, MissingUnit
from archsim.lowering import lower
from archsim.machine import BlockLimits, BlockShapes
from archsim.mapping import place
from archsim.mapping.blocks import full_edges
from archsim.mapping.packing import packed
from archsim.network import Digital, Matrix, Primitive, Weights
from tests.chips import NS, make_array, make_chip, make_fabric, make_unit
from tests.networks import line

LIMITS = BlockLimits(8, 8)


def shapes(*sizes):
    rows, columns = (np.array(side, np.int64) for side in zip(*sizes, strict=True))
    return BlockShapes(rows, columns, rows * columns)


@pytest.mark.parametrize(
    ("sizes", "arrays"),
    [
        ([(8, 8), (8, 8)], 2),
        ([(4, 4)] * 4, 1),
        ([(4, 4)] * 5, 2),
        ([(8, 3), (8, 3), (8, 2)], 1),  # side by side
        ([(3, 8), (5, 8)], 1),  # one below the other
        ([(5, 5), (3, 8), (5, 3)], 1),
        ([(5, 5), (5, 5)], 2),  # half the array each, and no room beside each other
        ([(5, 3), (3, 5), (5, 5), (3, 3)], 1),
    ],
)
def test_what_fits_one_array(sizes, arrays):
    assert packed(shapes(*sizes), LIMITS).max() + 1 == arrays


sizes = st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8)), min_size=1, max_size=30)


@given(sizes)
def test_no_array_holds_more_than_it_has_and_no_block_that_fits_is_left_over(blocks):
    bins = packed(shapes(*blocks), LIMITS)
    area = np.bincount(bins, weights=[rows * columns for rows, columns in blocks])
    assert (area <= 64).all()
    assert -(-int(area.sum()) // 64) <= bins.max() + 1 <= len(blocks)
    # At most one array is filled by blocks that would all fit into a quarter.
    small = [max(blocks[i]) <= 4 for i in range(len(blocks))]
    sparse = [number for number in range(bins.max() + 1) if (bins == number).sum() < 4]
    assert sum(all(small[i] for i in np.flatnonzero(bins == number)) for number in sparse) <= 1


def empty_rectangles(taken):
    """Of an array's cells, the empty rectangles that lie in no larger one, by trying all: top, left, rows, columns."""
    rows, columns = taken.shape
    every = [
        (top, left, bottom - top, right - left)
        for top, bottom in itertools.combinations(range(rows + 1), 2)
        for left, right in itertools.combinations(range(columns + 1), 2)
        if not taken[top:bottom, left:right].any()
    ]
    return [one for one in every if not any(other != one and lies_in(one, other) for other in every)]


def lies_in(one, other):
    (top, left, rows, columns), (above, before, more_rows, more_columns) = one, other
    return (
        above <= top and before <= left and top + rows <= above + more_rows
        and left + columns <= before + more_columns
    )  # fmt: skip


def packed_by_cells(blocks, side):
    """Best short side fit on cells: which array each block is in, numbered by first blocks."""
    arrays, bins = [], {}
    for number in sorted(range(len(blocks)), key=lambda n: (-blocks[n][0] * blocks[n][1], -max(blocks[n]), n)):
        rows, columns = blocks[number]
        fits = [
            (min(room[2] - rows, room[3] - columns), room, at)
            for at, taken in enumerate(arrays)
            for room in empty_rectangles(taken)
            if rows <= room[2] and columns <= room[3]
        ]
        if not fits:
            arrays.append(np.zeros((side, side), bool))
        _, (top, left, *_), at = min(fits, default=(0, (0, 0), len(arrays) - 1))
        arrays[at][top : top + rows, left : left + columns] = True
        bins[number] = at
    names = list(dict.fromkeys(bins[number] for number in range(len(blocks))))
    return [names.index(bins[number]) for number in range(len(blocks))]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=10))
def test_each_block_takes_the_best_of_all_free_rectangles(blocks):
    assert packed(shapes(*blocks), BlockLimits(6, 6)).tolist() == packed_by_cells(blocks, 6)


@pytest.mark.parametrize(
    ("side", "blocks"),
    [
        (6, [(5, 5), (4, 2), (2, 1), (1, 2), (2, 2), (2, 3), (3, 2)]),
        (8, [(6, 7), (1, 7), (6, 7), (1, 8), (1, 3), (4, 2)]),
        (6, [(6, 5), (3, 4), (3, 1), (6, 5), (6, 6), (3, 2), (1, 2), (3, 3), (3, 5), (1, 2), (1, 6), (4, 2), (2, 6),
             (1, 5)]),
        (7, [(3, 2), (7, 6), (2, 4), (6, 1), (5, 4), (4, 2), (3, 4), (3, 2), (3, 4), (1, 3)]),
    ],
)  # fmt: skip
def test_rests_that_lie_in_larger_ones_tempt_nobody(side, blocks):
    """Where a rest that a larger one holds, or a longer side that fits, would have been taken instead."""
    assert packed(shapes(*blocks), BlockLimits(side, side)).tolist() == packed_by_cells(blocks, side)


def test_an_example_of_the_best_free_rectangle():
    # By area: 5 x 5 in array 0; 4 x 4 in array 1 (no rest of 5 x 5 has four rows and columns). 3 x 3 leaves no row
    # in array 0's rests of three, and one in array 1's of four: array 0. 4 x 2 leaves none in array 1's.
    assert packed(shapes((4, 2), (5, 5), (3, 3), (4, 4)), LIMITS).tolist() == [0, 1, 1, 0]


def chain(tokens=1):
    return line(("a", Matrix(Weights(8, 8))), ("b", Matrix(Weights(8, 8))), tokens=tokens)


def chip(*, packing=True, size=16, rows=1, columns=2, **kind):
    base = make_chip(array=make_array(size, size), fabric=make_fabric(rows, columns), **kind)
    mapping = base.mapping.model_copy(update={"packing": packing, "digital": kind.get("digital")})
    return base.model_copy(update={"mapping": mapping})


def test_blocks_of_an_array_take_turns():
    apart = run_compiled(lower(place(chain(tokens=9), chip(packing=False))))
    placement = place(chain(tokens=9), chip())
    program = lower(placement)
    together = run_compiled(program)
    assert placement.arrays_used == 1
    assert together.makespan == run_reference(program).makespan
    # Two products of 105 ns a token on one array, where they worked side by side.
    more = run_compiled(lower(place(chain(tokens=19), chip()))).makespan - together.makespan
    assert more == 10 * 2 * 105 * NS
    assert run_compiled(lower(place(chain(tokens=19), chip(packing=False)))).makespan - apart.makespan == 10 * 105 * NS


def test_what_fits_only_packed_is_placed_without_copies():
    small = chip(rows=1, columns=1)
    assert place(chain(), small).tiles_used == 1
    with pytest.raises(CapacityError, match="needs 2 tiles"):
        place(chain(), chip(packing=False, rows=1, columns=1))
    with pytest.raises(CapacityError, match="no room for copies"):
        place(chain(), small, replicate="balanced")
    with pytest.raises(CapacityError, match="tiles"):
        place(line(("a", Matrix(Weights(16, 24)))), small)


def test_named_layers_run_on_digital_units():
    base = chip(packing=False)
    mapping = base.mapping.model_copy(update={"digital": ("b*",)})
    placement = place(chain(), base.model_copy(update={"mapping": mapping}))
    product = placement.network.by_name["b"].operator
    # A product of a whole token, as large as its matrix.
    assert isinstance(product, Digital)
    assert (product.kind, product.work) == ("matrix-product", ((Primitive.MAC, 64),))
    assert product.whole_token and product.product and not product.work_per_key
    assert isinstance(placement.network.by_name["a"].operator, Matrix)
    trace = run_compiled(lower(placement))
    layer = trace.program.labels.layers.index("b")
    # 64 products on 16 lanes.
    assert trace.busy[trace.program.actors.layer == layer].max() == 4 * NS
    wrong = base.mapping.model_copy(update={"digital": ("bb",)})
    with pytest.raises(InputError, match="no matrix layer 'bb'"):
        place(chain(), base.model_copy(update={"mapping": wrong}))


def served(**units):
    base = make_chip(units=units)
    return place(line(("r", Digital("relu", ((Primitive.COMPARE, 16),)))), base)


def unit_of(placement):
    return placement.unit_of(placement.homes_of(placement.index["r"]).start)[0]


def test_operators_go_to_the_unit_that_names_them_and_ties_to_the_fastest():
    slow, fast = make_unit(lanes=4), make_unit(lanes=16)
    assert unit_of(served(slow=slow, fast=fast)) == "fast"
    assert unit_of(served(fast=fast, slow=slow)) == "fast"
    assert unit_of(served(slow={**slow, "serves": ("re*",)}, fast=fast)) == "slow"
    assert unit_of(served(slow=slow, fast={**fast, "serves": ("softmax",)})) == "slow"
    assert unit_of(served(slow={**slow, "serves": ("softmax", "re*")}, fast=fast)) == "slow"
    # Four cycles of work beside forty of overhead, or one beside two.
    assert unit_of(served(one={**fast, "overhead": 40}, two={**slow, "overhead": 2})) == "two"


def test_a_token_costs_its_overhead():
    plain, loaded = (served(unit={**make_unit(), **more}) for more in ({}, {"overhead": 40}))
    longer = run_compiled(lower(loaded)).makespan - run_compiled(lower(plain)).makespan
    assert longer == 40 * NS


def test_what_no_unit_may_do_is_named():
    with pytest.raises(MissingUnit, match="only may not do it"):
        served(only={**make_unit(), "serves": ("softmax",)})


def test_a_cluster_holds_mobilenet_in_the_34_arrays_that_were_published():
    """Garofalo et al., 2022: all layers but the depthwise ones and the classifier, packed by their own algorithm."""
    assert place(workloads.build("mobilenet-v2"), load_chip("pcm-cluster-22nm")).arrays_used == 34


@pytest.mark.parametrize(("size", "most", "granularity", "edges"), [
    (600, 256, 1, [0, 256, 512, 600]), (512, 256, 1, [0, 256, 512]), (10, 7, 3, [0, 6, 10]), (5, 8, 1, [0, 5]),
])  # fmt: skip
def test_blocks_to_be_packed_are_full_but_the_last(size, most, granularity, edges):
    assert full_edges(size, most, granularity).tolist() == edges
