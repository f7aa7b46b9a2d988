"""Operation counts, against counting by hand and against counting while computing."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsim.errors import InputError
from archsim.network.operators import Counts, Primitive
from archsim.network.work import (
    PER_ELEMENT,
    Reduction,
    activation_work,
    batch_norm_work,
    gru_cell_work,
    gru_reset_work,
    interpolation_work,
    layer_norm_work,
    local_response_norm_work,
    log_softmax_work,
    lstm_cell_work,
    pool_work,
    reduction_work,
    rms_norm_work,
    rnn_cell_work,
    scale_offset_work,
    scaled,
    softmax_work,
    sort_work,
    statistics_work,
    together,
)

ADD, MULTIPLY, COMPARE, EXP = Primitive.ADD, Primitive.MULTIPLY, Primitive.COMPARE, Primitive.EXP
DIVIDE, RSQRT, LOOKUP, MAC = Primitive.DIVIDE, Primitive.RSQRT, Primitive.LOOKUP, Primitive.MAC


class Counted:
    """Scalars whose operations are counted as they happen."""

    def __init__(self) -> None:
        self.done: Counter[Primitive] = Counter()

    def add(self, a: float, b: float) -> float:
        self.done[ADD] += 1
        return a + b

    def multiply(self, a: float, b: float) -> float:
        self.done[MULTIPLY] += 1
        return a * b

    def larger(self, a: float, b: float) -> float:
        self.done[COMPARE] += 1
        return max(a, b)

    def once(self, primitive: Primitive, value: float) -> float:
        self.done[primitive] += 1
        return value


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=12))
def test_softmax_counts_what_computing_it_takes(row: list[float]) -> None:
    """The shift by the maximum happens inside the exponential's unit."""
    counted = Counted()
    top = row[0]
    for value in row[1:]:
        top = counted.larger(top, value)
    exponentials = [counted.once(EXP, float(np.exp(value - top))) for value in row]
    total = exponentials[0]
    for value in exponentials[1:]:
        total = counted.add(total, value)
    inverse = counted.once(DIVIDE, 1 / total)
    result = [counted.multiply(value, inverse) for value in exponentials]
    np.testing.assert_allclose(result, np.exp(row) / np.exp(row).sum(), rtol=1e-9)
    assert {**dict(softmax_work(len(row)))} == {key: count for key, count in counted.done.items() if count}


def test_softmax_rows_are_independent() -> None:
    assert dict(softmax_work(8, 3)) == {EXP: 24, COMPARE: 21, ADD: 21, DIVIDE: 3, MULTIPLY: 24}


def test_softmax_of_one_element_compares_nothing() -> None:
    assert COMPARE not in dict(softmax_work(1))


def test_layer_norm_is_statistics_and_scaling() -> None:
    assert dict(layer_norm_work(16)) == {ADD: 48, MULTIPLY: 32, RSQRT: 1}
    assert layer_norm_work(16, 2) == together(statistics_work(16, 2), scale_offset_work(32))


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (log_softmax_work(4), {EXP: 4, COMPARE: 3, ADD: 7, LOOKUP: 1}),
        (rms_norm_work(8), {ADD: 8, MULTIPLY: 24, RSQRT: 1}),
        (batch_norm_work(8), {MAC: 8}),
        (pool_work(Reduction.MAX, 9, 64), {COMPARE: 8 * 64}),
        (pool_work(Reduction.AVERAGE, 49, 10), {ADD: 480, MULTIPLY: 10}),
        (pool_work(Reduction.MAX, 1, 64), {}),
        (reduction_work(Reduction.SQUARES, 5), {MAC: 5}),
        (reduction_work(Reduction.LOG_SUM_EXP, 5), {EXP: 5, ADD: 4, LOOKUP: 1}),
        (local_response_norm_work(5, 2), {MULTIPLY: 4, ADD: 8, MAC: 2, LOOKUP: 2}),
        (interpolation_work(4, 3), {MAC: 12}),
        (sort_work(10, 3), {COMPARE: 30}),
        (lstm_cell_work(2), {LOOKUP: 10, MULTIPLY: 6, ADD: 2}),
        (lstm_cell_work(2, peephole=True), {LOOKUP: 10, MULTIPLY: 6, ADD: 2, MAC: 6}),
        (gru_reset_work(2), {LOOKUP: 2, MULTIPLY: 2}),
        (gru_cell_work(2), {LOOKUP: 4, MULTIPLY: 2, ADD: 4}),
        (gru_cell_work(2, reset_after=True), {LOOKUP: 6, MULTIPLY: 4, ADD: 6}),
        (rnn_cell_work(3), {LOOKUP: 3}),
        (rnn_cell_work(3, "relu"), {COMPARE: 3}),
        (activation_work("gelu", 5), {LOOKUP: 5, MULTIPLY: 5}),
    ],
)
def test_counts(work: Counts, expected: dict[Primitive, int]) -> None:
    assert dict(work) == expected


@given(st.sampled_from(sorted(PER_ELEMENT)), st.integers(1, 1000), st.integers(1, 9))
def test_work_is_proportional_to_the_width(kind: str, width: int, times: int) -> None:
    assert activation_work(kind, width * times) == scaled(activation_work(kind, width), times)
    assert all(count > 0 for _, count in activation_work(kind, width))


def test_unknown_activation_is_named() -> None:
    with pytest.raises(InputError, match="mystery") as caught:
        activation_work("mystery", 3)
    assert "gelu" in caught.value.remedy


def test_together_adds_like_primitives() -> None:
    assert together(((ADD, 2), (MAC, 1)), ((ADD, 3),)) == ((ADD, 5), (MAC, 1))
