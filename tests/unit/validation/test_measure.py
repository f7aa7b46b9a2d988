"""Published values with their units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsim.errors import InputError
from archsim.validation.measure import Dimension, read_share, read_value


@pytest.mark.parametrize(
    ("text", "dimension", "si"),
    [
        ("41.3 TOPS", Dimension.OPERATION_RATE, 41.3e12),
        ("28,065 GOP/s/W", Dimension.EFFICIENCY, 28.065e12),
        ("20.0 TOPS/W", Dimension.EFFICIENCY, 20e12),
        ("483.5 GOP/s/mm^2", Dimension.DENSITY, 483.5e15),
        ("1.59 TOPS/mm^2", Dimension.DENSITY, 1.59e18),
        ("0.128 W/mm^2", Dimension.POWER_DENSITY, 0.128e6),
        ("546.6 samples/s/W", Dimension.SAMPLES_PER_ENERGY, 546.6),
        ("12.265 Gop", Dimension.OPERATIONS, 12.265e9),
        ("49 %", Dimension.SHARE, 0.49),
        ("5", Dimension.COUNT, 5.0),
        ("65.8 W", Dimension.POWER, 65.8),
        ("85.4 mm^2", Dimension.AREA, 85.4e-6),
        ("500 us", Dimension.TIME, 500e-6),
        ("43.97 nJ", Dimension.ENERGY, 43.97e-9),
        ("69 MiB", Dimension.STORAGE, 69 * 8 * 2**20),
    ],
)
def test_values_are_read_in_si(text: str, dimension: Dimension, si: float) -> None:
    assert read_value(text, dimension).si == pytest.approx(si, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "dimension", "words"),
    [
        ("fast", Dimension.OPERATION_RATE, "not a value"),
        ("41.3", Dimension.OPERATION_RATE, "is no unit of operation_rate"),
        ("41.3 TOPS/W", Dimension.OPERATION_RATE, "is no unit of operation_rate"),
        ("5 kg", Dimension.POWER, "kg"),
        ("5", Dimension.POWER, "no unit"),
        ("0 W", Dimension.POWER, "not a positive value"),
        ("-3 TOPS", Dimension.OPERATION_RATE, "not a positive value"),
        ("1e400 TOPS", Dimension.OPERATION_RATE, "not a positive value"),
    ],
)
def test_other_values_are_refused(text: str, dimension: Dimension, words: str) -> None:
    with pytest.raises(InputError) as error:
        read_value(text, dimension)
    assert words in error.value.what
    assert error.value.remedy


@pytest.mark.parametrize("text", ["100 %", "150 %", "0 %", "much"])
def test_a_tolerance_is_a_share_below_one(text: str) -> None:
    with pytest.raises(InputError):
        read_share(text)


@given(number=st.floats(1e-6, 1e6), unit=st.sampled_from(["TOPS", "GOPS"]))
def test_a_value_shows_the_number_that_was_written(number: float, unit: str) -> None:
    value = read_value(f"{number!r} {unit}", Dimension.OPERATION_RATE)
    assert value.number == pytest.approx(number, rel=1e-12)
    assert value.like(2 * value.si).number == pytest.approx(2 * number, rel=1e-12)
