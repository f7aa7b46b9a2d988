"""Quantities with units, and durations in picoseconds."""

import os
import subprocess
import sys

import pytest

from archsim.errors import InputError
from archsim.memory import gibibytes
from archsim.units import format_quantity, period_ps, picoseconds, quantity


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("40 ns", "s", 40e-9),
        ("40ns", "s", 40e-9),
        (" 2.5e-3 us ", "s", 2.5e-9),
        ("0.63 mm^2", "m^2", 0.63e-6),
        ("12.5 µm²", "m^2", 12.5e-12),
        ("3 um**2", "m^2", 3e-12),
        ("64 KiB", "bit", 64 * 1024 * 8),
        ("64 kB", "bit", 64 * 1000 * 8),
        ("6.4 GB/s", "bit/s", 51.2e9),
        ("5 pJ/bit", "J/bit", 5e-12),
        ("40 pJ / B", "J/bit", 5e-12),
        ("20.7 mW", "W", 20.7e-3),
        ("-1 V", "V", -1.0),
        ("300 K", "K", 300.0),
        ("10.35 uS", "S", 10.35e-6),
    ],
)
def test_reads_si_values(text: str, unit: str, value: float) -> None:
    assert quantity(text, unit) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "unit", "complaint"),
    [
        ("40", "s", "has no unit"),
        ("40", "bit", "has no unit"),
        ("40 mV", "s", "is in mV, where s is meant"),
        ("5 pJ", "J/bit", "is in pJ, where J/bit is meant"),
        ("5 Hz", "bit/s", "is in Hz, where bit/s is meant"),
        ("5 KB", "bit", "there is no unit 'KB'"),
        ("ns", "s", "is not a quantity"),
        ("", "s", "is not a quantity"),
        ("40 ns 3", "s", "is not a quantity"),
        ("1e999 s", "s", "is not a finite quantity"),
        ("nan s", "s", "is not a quantity"),
        ("9**9**9**9 s", "s", "is not a quantity"),
        ("5 m**9**9**9**9", "m", "is not a quantity"),
        ("5 m/", "m", "is not a quantity"),
    ],
)
def test_refuses_with_a_remedy(text: str, unit: str, complaint: str) -> None:
    with pytest.raises(InputError) as caught:
        quantity(text, unit)
    assert complaint in caught.value.what
    assert caught.value.remedy.startswith("Write")


def test_remedy_for_a_missing_unit_can_be_copied() -> None:
    with pytest.raises(InputError, match="Write '40 ns'"):
        quantity("40", "s")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (40e-9, "s", "40 ns"),
        (0.63e-6, "m^2", "0.63 mm^2"),
        (524288.0, "bit", "64 KiB"),
        (1e9, "Hz", "1 GHz"),
        (0.0, "J", "0 J"),
        (51.2e9, "bit/s", "6.4 GB/s"),
        (1 / 3, "V", "0.3333333333333333 V"),
    ],
)
def test_writes_shortly(value: float, unit: str, text: str) -> None:
    written = format_quantity(value, unit)
    assert len(written) <= len(text)
    assert quantity(written, unit) == value


@pytest.mark.parametrize(
    ("seconds", "period", "expected"),
    [
        (128e-9, 1, 128_000),
        (0.1e-9, 1, 100),
        (0.1e-9, 1000, 1000),
        (1e-9, 1000, 1000),
        (1.0001e-9, 1000, 2000),
        (130e-9, 833, 157 * 833),
        (0.0, 1, 1),
        (0.4e-12, 1, 1),
        (1.4e-12, 1, 2),
        (3600.0, 1, 3600 * 10**12),
    ],
)
def test_durations_round_up_to_the_clock(seconds: float, period: int, expected: int) -> None:
    assert picoseconds(seconds, period) == expected


@pytest.mark.parametrize(("hertz", "expected"), [(1e9, 1000), (1.2e9, 833), (3e9, 333), (1e13, 1), (32768.0, 30517578)])
def test_periods_are_whole_picoseconds(hertz: float, expected: int) -> None:
    assert period_ps(hertz) == expected


def test_units_work_where_nothing_can_be_cached() -> None:
    code = "from archsim.units import quantity; assert quantity('40 ns', 's') == 4e-08"
    environment = {**os.environ, "XDG_CACHE_HOME": "/proc/nowhere"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


def test_sizes_beyond_any_float() -> None:
    assert gibibytes(3 * 2**29) == "1.5 GiB"
    assert gibibytes(4470.4 * 2**30) == "4,470 GiB" and gibibytes(999.4 * 2**30) == "999 GiB"
    assert gibibytes(2**30 * 10**400) == "1.00e+400 GiB"
