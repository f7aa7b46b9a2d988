"""Numbers in reports: right to the digits shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsim.report.quantities import bar, counted, engineering, percent, significant, square_metres, whole

PREFIXES = {"a": -18, "f": -15, "p": -12, "n": -9, "µ": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15}
magnitudes = st.floats(1e-17, 9e17, allow_nan=False)


def read(text: str) -> float:
    number, _, unit = text.rpartition(" ")
    return float(number.replace(" ", "")) * 10.0 ** PREFIXES[unit.removesuffix("s")]


@given(magnitudes)
def test_engineering_reads_back_to_half_a_digit(value: float) -> None:
    assert read(engineering(value, "s")) == pytest.approx(value, rel=0.5e-3)


@given(magnitudes)
def test_engineering_keeps_the_number_between_1_and_1000(value: float) -> None:
    number = float(engineering(value, "s").rpartition(" ")[0].replace(" ", ""))
    assert 1 <= number < 1000


@given(st.floats(1e-9, 1e12), st.integers(1, 6))
def test_significant_is_right_to_its_digits(value: float, digits: int) -> None:
    assert float(significant(value, digits=digits).replace(" ", "")) == pytest.approx(
        value, rel=0.501 * 10 ** (1 - digits)
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 J"),
        (999.94, "999.9 J"),
        (999.96, "1 kJ"),
        (-3.2e-9, "-3.2 nJ"),
        (1e-3, "1 mJ"),
        (float("inf"), "inf J"),
    ],
)
def test_engineering_at_the_edges(value: float, text: str) -> None:
    assert engineering(value, "J") == text


def test_engineering_without_a_unit() -> None:
    assert engineering(3_628_146_688) == "3.628 G"


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0.0 %"), (1.0, "100.0 %"), (0.0526967, "5.3 %"), (5e-4, "< 0.1 %"), (1e-3, "0.1 %")]
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(("area", "text"), [(0.0, "0 mm²"), (0.000559467, "559.5 mm²"), (1e-9, "1 000 µm²")])
def test_square_metres(area: float, text: str) -> None:
    assert square_metres(area) == text


def test_counts() -> None:
    assert whole(34816) == "34 816"
    assert counted(1, "chip") == "1 chip"
    assert counted(2, "chip") == "2 chips"


@given(st.floats(0, 1), st.integers(1, 40))
def test_bar_is_as_long_as_its_share(share: float, width: int) -> None:
    drawn = bar(share, width)
    assert abs(len(drawn) - share * width) <= 1
    assert bar(1.0, width) == "█" * width


def test_bar_of_nothing_and_of_more_than_all() -> None:
    assert bar(0.0) == ""
    assert bar(2.0, 3) == "███"
