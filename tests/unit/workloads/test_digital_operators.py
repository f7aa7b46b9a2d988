"""Operation counts that the named networks add to those of `archsim.network.work`."""

from __future__ import annotations

import pytest

from archsim.network import Primitive
from archsim.network.work import scaled, softmax_work
from archsim.workloads import digital


@pytest.mark.parametrize("keys", [1, 2, 77])
@pytest.mark.parametrize("heads", [1, 12])
def test_attention_is_a_softmax_between_two_products(keys: int, heads: int) -> None:
    """The same as softmax over each head's keys, but for the first key's comparison and sum, which are counted too."""
    size = 64
    operator = digital.attention(heads, size, heads)
    counted = dict(scaled(operator.work_per_key, keys)) | dict(operator.work)
    expected = dict(softmax_work(keys, heads))
    for primitive in (Primitive.COMPARE, Primitive.ADD):
        expected[primitive] = expected.get(primitive, 0) + heads
    assert counted.pop(Primitive.MAC) == 2 * keys * heads * size
    assert counted == expected


def test_a_rotation_takes_two_products_and_a_sum_per_element() -> None:
    """(a, b) -> (a cos - b sin, a sin + b cos): four products and two sums for two elements."""
    work = dict(digital.rotary(heads=3, size=8).work)
    pairs = 3 * 8 // 2
    assert (work[Primitive.MULTIPLY], work[Primitive.ADD]) == (4 * pairs, 2 * pairs)
    assert work[Primitive.LOOKUP] == 8


def test_swiglu_is_two_products_and_a_sigmoid() -> None:
    """x sigmoid(x) y."""
    assert dict(digital.swiglu(10).work) == {Primitive.LOOKUP: 10, Primitive.MULTIPLY: 20}


def test_an_embedding_moves_a_row_of_its_table() -> None:
    operator = digital.embedding(rows=100, width=8)
    assert (operator.table, dict(operator.work)) == (800, {Primitive.MOVE: 8})


def test_a_position_is_looked_up_and_added() -> None:
    operator = digital.embedding_add(rows=100, width=8)
    assert (operator.table, dict(operator.work)) == (800, {Primitive.MOVE: 8, Primitive.ADD: 8})


def test_pools_fold_their_taps() -> None:
    assert dict(digital.max_pool(width=5, taps=9).work) == {Primitive.COMPARE: 40}
    assert dict(digital.average_pool(width=5, taps=49).work) == {Primitive.ADD: 240, Primitive.MULTIPLY: 5}


def test_greedy_choice_compares_every_score() -> None:
    assert dict(digital.argmax(29).work) == {Primitive.COMPARE: 29}
