"""Weight matrices cut into blocks: every weight on exactly one array."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsim.machine import BlockLimits
from archsim.mapping.blocks import column_granularity, cut_weights, even_edges
from archsim.network import Digital, Edge, Layer, Matrix, Network, Same, Source, Weights


@st.composite
def matrices(draw):
    groups = draw(st.sampled_from((1, 1, 2, 3, 7, 40)))
    return Weights(draw(st.integers(1, 90)), draw(st.integers(1, 90)), groups)


def weights_of(matrix):
    """1 where the block-diagonal matrix has a weight."""
    return np.kron(np.eye(matrix.groups, dtype=int), np.ones((matrix.rows, matrix.columns), int))


@given(matrices(), st.integers(1, 40), st.integers(1, 40), st.booleans(), st.integers(1, 6))
def test_every_weight_is_on_exactly_one_array(matrix, rows, columns, diagonal, granularity):
    cut = cut_weights(matrix, BlockLimits(rows, columns, diagonal=diagonal), granularity)
    there = weights_of(matrix)
    covered = np.zeros_like(there)
    for number in range(len(cut)):
        block = (
            slice(cut.row_start[number], cut.row_stop[number]),
            slice(cut.column_start[number], cut.column_stop[number]),
        )
        height, width = covered[block].shape
        assert 0 < height <= rows
        assert 0 < width <= columns
        assert cut.weights[number] == there[block].sum()
        covered[block] += 1
    assert (covered[there == 1] == 1).all()
    assert cut.weights.sum() == matrix.count


@given(matrices(), st.integers(1, 40), st.integers(1, 40))
def test_row_blocks_of_a_column_block_follow_each_other(matrix, rows, columns):
    cut = cut_weights(matrix, BlockLimits(rows, columns), 1)
    for column in np.unique(cut.column):
        mine = cut.column == column
        assert cut.row[mine].tolist() == list(range(mine.sum()))
        assert len(set(zip(cut.column_start[mine], cut.column_stop[mine], strict=True))) == 1
        assert (cut.row_start[mine][1:] == cut.row_stop[mine][:-1]).all()
    # Column blocks lie side by side over all outputs.
    heads = cut.row == 0
    assert cut.column_start[heads].tolist() == [0, *cut.column_stop[heads][:-1].tolist()]
    assert cut.column_stop[heads][-1] == matrix.columns * matrix.groups


@given(st.integers(1, 500), st.integers(1, 60))
def test_the_fewest_and_evenest_pieces(size, most):
    edges = even_edges(size, most)
    sizes = np.diff(edges)
    assert (edges[0], edges[-1]) == (0, size)
    assert len(sizes) == -(-size // most)
    assert sizes.max() - sizes.min() <= 1


@given(st.integers(1, 200), st.integers(1, 8), st.integers(1, 60))
def test_columns_that_belong_together_stay_together(units, granularity, columns):
    matrix = Weights(8, units * granularity)
    cut = cut_weights(matrix, BlockLimits(8, columns), granularity)
    assert (cut.column_stop - cut.column_start).max() <= columns
    if granularity <= columns:
        assert not (cut.column_start % granularity).any()


@pytest.mark.parametrize(
    ("groups", "rows", "columns", "blocks"),
    # Depthwise 3x3: 64 // 9 = 7 channels per array. Groups of 40 x 20: one each. Groups of 100 x 70: 2 x 2 blocks each.
    [(32, 9, 1, 5), (4, 40, 20, 4), (3, 100, 70, 12), (2, 32, 32, 1), (3, 32, 32, 2)],
)
def test_groups_share_arrays_along_the_diagonal(groups, rows, columns, blocks):
    cut = cut_weights(Weights(rows, columns, groups), BlockLimits(64, 64), 1)
    assert len(cut) == blocks


def test_the_widest_consumer_sets_the_granularity():
    layers = (
        Layer("x", Source(), 2, 8),
        Layer("gates", Matrix(Weights(8, 32)), 2, 32),
        Layer("cell", Digital("lstm-cell", contract=4), 2, 8),
        Layer("probe", Digital("relu"), 2, 32),
    )
    edges = (
        Edge("x", "gates", Same(), 8),
        Edge("gates", "probe", Same(), 32),
        Edge("gates", "cell", Same(), 32),
    )
    network = Network("n", layers, edges)
    assert column_granularity(network, (network.by_name["gates"],)) == 4
    assert column_granularity(network, (network.by_name["cell"],)) == 1


def test_groups_that_are_larger_than_a_block_are_cut_one_by_one():
    # Three groups of 10 x 6 weights in blocks of 8 x 4: two row blocks of 5 and two column blocks of 3 each.
    cut = cut_weights(Weights(10, 6, groups=3), BlockLimits(8, 4), 1)
    assert cut.row.tolist() == [0, 1, 0, 1] * 3
    assert cut.column.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert cut.row_start.tolist() == [0, 5, 0, 5, 10, 15, 10, 15, 20, 25, 20, 25]
    assert cut.row_stop.tolist() == [5, 10, 5, 10, 15, 20, 15, 20, 25, 30, 25, 30]
    assert cut.column_start.tolist() == [0, 0, 3, 3, 6, 6, 9, 9, 12, 12, 15, 15]
    assert cut.column_stop.tolist() == [3, 3, 6, 6, 9, 9, 12, 12, 15, 15, 18, 18]
    assert cut.weights.tolist() == [15] * 12


@pytest.mark.parametrize(
    ("size", "most", "granularity", "edges"),
    [
        (10, 4, 1, [0, 3, 6, 10]),
        (8, 4, 1, [0, 4, 8]),
        (12, 5, 4, [0, 4, 8, 12]),
        (14, 8, 4, [0, 8, 14]),
        (6, 3, 4, [0, 4, 6]),
        (1, 9, 1, [0, 1]),
    ],
)
def test_edges_of_pieces(size, most, granularity, edges):
    assert even_edges(size, most, granularity).tolist() == edges


@pytest.mark.parametrize(("diagonal", "blocks"), [(True, [(0, 6, 0, 4)]), (False, [(0, 3, 0, 2), (3, 6, 2, 4)])])
def test_groups_have_blocks_of_their_own_where_these_hold_no_diagonal(diagonal, blocks):
    cut = cut_weights(Weights(3, 2, groups=2), BlockLimits(8, 8, diagonal=diagonal), 1)
    columns = (cut.row_start, cut.row_stop, cut.column_start, cut.column_stop)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == blocks
    assert cut.weights.tolist() == [12 // len(blocks)] * len(blocks)


@pytest.mark.parametrize("diagonal", [True, False])
def test_a_matrix_larger_than_a_block_is_cut_evenly(diagonal):
    cut = cut_weights(Weights(20, 9), BlockLimits(8, 8, diagonal=diagonal), 1)
    # Rows in 6, 7 and 7, columns in 4 and 5; row blocks of a column block follow each other.
    assert cut.row.tolist() == [0, 1, 2] * 2 and cut.column.tolist() == [0] * 3 + [1] * 3
    assert cut.row_start.tolist() == [0, 6, 13] * 2 and cut.row_stop.tolist() == [6, 13, 20] * 2
    assert cut.column_stop.tolist() == [4] * 3 + [9] * 3


@pytest.mark.parametrize(("granularity", "stops"), [(8, [8, 16, 20]), (9, [6, 13, 20]), (1, [6, 13, 20])])
def test_columns_that_fill_a_block_stay_together(granularity, stops):
    assert cut_weights(Weights(4, 20), BlockLimits(8, 8), granularity).column_stop.tolist() == stops
