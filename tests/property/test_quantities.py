"""Contracts of quantities and durations, over random values."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from archsim.units import SUGGESTED_UNITS, format_quantity, picoseconds, quantity

POSITIVE = st.floats(min_value=1e-21, max_value=1e18)


@given(POSITIVE, st.sampled_from(sorted(SUGGESTED_UNITS)))
def test_a_written_quantity_reads_back_exactly(value: float, unit: str) -> None:
    assert quantity(format_quantity(value, unit), unit) == value


@given(
    st.floats(min_value=0.001, max_value=9999, allow_nan=False),
    st.sampled_from([(unit, written) for unit, choices in SUGGESTED_UNITS.items() for written in choices]),
)
def test_a_quantity_as_people_write_it_survives_being_written_again(number: float, units: tuple[str, str]) -> None:
    unit, written = units
    value = quantity(f"{number!r} {written}", unit)
    assert quantity(format_quantity(value, unit), unit) == value


@given(st.floats(min_value=0, max_value=1e4), st.integers(min_value=1, max_value=10**7))
def test_durations_are_the_least_multiple_of_the_period_that_holds_them(seconds: float, period: int) -> None:
    exact_ps = Fraction(seconds) * 10**12
    slack_ps = max(Fraction(1, 500), exact_ps / 10**14)
    rounded = picoseconds(seconds, period)
    assert rounded % period == 0
    assert rounded >= period
    assert rounded >= exact_ps - slack_ps
    assert rounded == period or rounded - period < exact_ps + slack_ps


@given(st.integers(min_value=1, max_value=10**12 - 1), st.integers(min_value=1, max_value=1000))
def test_whole_multiples_of_the_period_stay_as_they_are(ticks: int, period: int) -> None:
    assert picoseconds(ticks * period / 1e12, period) == ticks * period
