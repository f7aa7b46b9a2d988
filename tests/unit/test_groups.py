"""Groups of rows, against sums made by hand and against pandas."""

from __future__ import annotations

from math import nan

import numpy as np
import pandas as pd
import pytest

from archsim.groups import Groups

LAYER, ROLE = np.array([2, 0, 2, 0, 2]), np.array([1, 3, 1, 0, 0], np.int8)
VALUES = np.array([1.0, 2.0, 4.0, 8.0, 16.0])


def test_groups_are_in_the_order_of_their_keys_and_rows_in_their_own() -> None:
    groups = Groups.of(LAYER, ROLE)
    assert len(groups) == 4
    assert groups.order.tolist() == [3, 1, 4, 0, 2]
    assert groups.first.tolist() == [3, 1, 4, 0] and groups.sizes.tolist() == [1, 1, 1, 2]
    assert groups.sums(VALUES).tolist() == [8, 2, 16, 5]
    assert groups.counts(np.array([1, 2, 3, 4, 5])).tolist() == [4, 2, 5, 4]
    assert groups.least(VALUES).tolist() == [8, 2, 16, 1] and groups.greatest(VALUES).tolist() == [8, 2, 16, 4]


def test_groups_are_in_the_order_in_which_their_keys_are_met() -> None:
    groups = Groups.met(["b", "a", "b", "c", "a"])
    assert groups.first.tolist() == [0, 1, 3] and groups.sums(VALUES).tolist() == [5, 18, 8]


def test_a_sum_is_rounded_once_whatever_its_order() -> None:
    values = np.array([1e16, 1.0, 1.0, -1e16, 0.1, 0.2])
    assert Groups.met("aaaabb").sums(values).tolist() == [2.0, 0.1 + 0.2]
    assert Groups.met("aaaabb").sums(values[[1, 0, 3, 2, 5, 4]]).tolist() == [2.0, 0.1 + 0.2]


def test_no_rows_make_no_groups() -> None:
    none = np.zeros(0, np.int64)
    for groups in (Groups.of(none, none), Groups.met(())):
        assert len(groups) == 0 and groups.first.tolist() == groups.sizes.tolist() == []
        assert groups.sums(np.zeros(0)).tolist() == groups.counts(none).tolist() == groups.least(none).tolist() == []


def test_a_value_that_is_no_number_spoils_its_group_alone() -> None:
    first, second = Groups.met("ab").sums(np.array([nan, 1.0])).tolist()
    assert np.isnan(first) and second == 1.0


def test_groups_are_those_of_pandas() -> None:
    draw = np.random.default_rng(1)
    layer, role, values = draw.integers(0, 20, 500), draw.integers(0, 5, 500), draw.random(500)
    groups = Groups.of(layer, role)
    told = pd.DataFrame({"layer": layer, "role": role, "value": values}).groupby(["layer", "role"]).value
    assert list(zip(layer[groups.first], role[groups.first], strict=True)) == list(told.groups)
    assert groups.sums(values) == pytest.approx(told.sum().to_numpy(), rel=1e-15)
    assert groups.greatest(values).tolist() == told.max().tolist()
