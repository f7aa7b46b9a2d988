"""Options with a form of their own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsim.cli.parsing import read_replicate, read_shapes, read_window
from archsim.errors import InputError

sizes = st.lists(st.integers(1, 10_000), min_size=1, max_size=5)
names = st.text("abcxyz./_0=", min_size=1, max_size=8)


@pytest.mark.parametrize("plan", ["none", "balanced"])
def test_plans(plan: str) -> None:
    assert read_replicate(plan) == plan


@given(st.dictionaries(st.text("abc./_=", min_size=1), st.integers(1, 99), min_size=1))
def test_copies_by_layer(copies: dict[str, int]) -> None:
    assert read_replicate(",".join(f"{layer}={count}" for layer, count in copies.items())) == copies


@given(st.dictionaries(names, sizes))
def test_shapes(shapes: dict[str, list[int]]) -> None:
    texts = [f"{name}={','.join(map(str, shape))}" for name, shape in shapes.items()]
    assert read_shapes(texts) == {name: tuple(shape) for name, shape in shapes.items()}


@pytest.mark.parametrize("texts", [["=1,2"], ["data"], ["data="], ["data=1,,2"], ["data=1.5"], ["a=1", "a=2"]])
def test_bad_shapes(texts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read_shapes(texts)
    assert caught.value.where.startswith("--shape")
    assert caught.value.remedy


def test_no_window() -> None:
    assert read_window(None, None) is None


def test_window_in_picoseconds() -> None:
    window = read_window("10 us", "0.02 ms")
    assert window is not None
    assert (window.start_ps, window.stop_ps) == (10_000_000, 20_000_000)


def test_open_window() -> None:
    late = read_window("1 ns", None)
    early = read_window(None, "1 ns")
    assert late is not None and late.start_ps == 1000 and late.stop_ps >= 2**62
    assert early is not None and (early.start_ps, early.stop_ps) == (0, 1000)
