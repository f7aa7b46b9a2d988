"""Reaches against enumeration: every tap of every window, written as loops."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsim.network import NOTHING, Prefix, Previous, Same, Table, Whole, Window


@st.composite
def windows(draw, axes):
    def each(low, high):
        return tuple(draw(st.integers(low, high)) for _ in range(axes))

    grid, kernel, stride, pad, dilation = each(1, 7), each(1, 4), each(1, 3), each(0, 4), each(1, 3)
    return Window(grid, each(1, 6), kernel, stride, pad, dilation)


def touched_by_window(window, position):
    """Producer tokens under the kernel at one output position."""
    tokens = set()
    for taps in itertools.product(*(range(size) for size in window.kernel)):
        place = [
            out * stride - pad + tap * dilation
            for out, stride, pad, tap, dilation in zip(
                position, window.stride, window.pad, taps, window.dilation, strict=True
            )
        ]
        if all(0 <= index < size for index, size in zip(place, window.grid, strict=True)):
            tokens.add(int(np.ravel_multi_index(place, window.grid)))
    return tokens


@pytest.mark.parametrize("axes", [1, 2, 3])
@given(data=st.data())
def test_windows_against_enumeration(axes, data):
    window = data.draw(windows(axes))
    produced, consumed = int(np.prod(window.grid)), int(np.prod(window.out_grid))
    first, last = window.reach(produced, consumed)
    positions = itertools.product(*(range(size) for size in window.out_grid))
    expected = [touched_by_window(window, position) for position in positions]
    assert first.tolist() == [min(tokens, default=NOTHING) for tokens in expected]
    assert last.tolist() == [max(tokens, default=NOTHING) for tokens in expected]


def test_a_window_that_sees_padding_alone_touches_nothing():
    first, last = Window((4,), (3,), (1,), (3,), (3,), (1,)).reach(4, 3)
    assert first.tolist() == last.tolist() == [NOTHING, 0, 3]


@given(st.integers(1, 20), st.integers(1, 6), st.integers(0, 25))
def test_previous_reads_so_many_steps_back(tokens, distance, start):
    first, last = Previous(distance, start).reach(tokens, tokens)
    expected = [NOTHING if n < start or n < distance else n - distance for n in range(tokens)]
    assert first.tolist() == last.tolist() == expected


@given(st.integers(1, 20))
def test_simple_accesses(tokens):
    assert Same().reach(tokens, tokens)[0].tolist() == list(range(tokens))
    first, last = Prefix(7).reach(tokens, tokens)
    assert (first.tolist(), last.tolist()) == ([0] * tokens, list(range(tokens)))
    first, last = Whole().reach(5, tokens)
    assert (first.tolist(), last.tolist()) == ([0] * tokens, [4] * tokens)


def test_a_table_says_what_it_says():
    first, last = Table((3, NOTHING, 0), (4, NOTHING, 0)).reach(5, 3)
    assert (first.tolist(), last.tolist()) == ([3, NOTHING, 0], [4, NOTHING, 0])
