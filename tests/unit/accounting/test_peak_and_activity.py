"""Peak pace and power at full activity against arithmetic on the chips' descriptions."""

from __future__ import annotations

import pandas as pd
import pytest

from archsim.accounting import full_activity, peak_of, product_energy, product_interval
from archsim.chip import load_chip
from archsim.cost import price
from archsim.errors import InputError
from tests.chips import make_adc, make_chip, make_input


def activity(name: str, rates: dict[str, float] | None = None) -> pd.DataFrame:
    chip = load_chip(name)
    return full_activity(chip, price(chip), rates).set_index("component")


@pytest.mark.parametrize(
    ("held", "conversion_ns", "expected_ns"),
    [(False, 40, 140), (True, 40, 100), (True, 160, 160), (False, 160, 260)],
)
def test_without_a_sample_and_hold_the_array_waits_for_its_converters(
    held: bool, conversion_ns: float, expected_ns: float
) -> None:
    chip = make_chip(inputs=make_input(phase_ns=100), adc=make_adc(conversion_ns=conversion_ns, held=held))
    assert product_interval(chip) == pytest.approx(expected_ns * 1e-9)


def test_peak_of_the_34_tile_chip_is_two_operations_per_weight_and_frame() -> None:
    chip = load_chip("ibm-14nm-34tile")
    assert peak_of(chip, price(chip)).operations_per_s == pytest.approx(34 * 2 * 512**2 / 300e-9)


def test_product_energy_adds_its_parts() -> None:
    chip = load_chip("isaac")
    # Per array: 0.3 mW array, 0.5 mW drivers, 2 mW converter, 1.25 uW sample-and-hold over 1.6 us; shift-and-add 25 uW.
    expected = (0.3e-3 + 0.5e-3 + 2e-3 + 1.25e-6 + 25e-6) * 1.6e-6
    assert product_energy(chip, price(chip)) == pytest.approx(expected, rel=1e-6)


def test_isaac_parts_draw_what_its_table_says() -> None:
    parts = activity("isaac")
    assert parts.power_w["adc"] == pytest.approx(168 * 12 * 16e-3)
    assert parts.power_w["driver"] == pytest.approx(168 * 12 * 4e-3)
    assert parts.power_w["router"] == pytest.approx(42 * 42e-3)
    assert parts.power_w["chip-link"] == pytest.approx(10.4)
    assert parts.area_m2["adc"] == pytest.approx(168 * 12 * 0.0096e-6)


def test_units_routers_and_links_work_in_every_cycle() -> None:
    parts = activity("puma")
    assert parts.dynamic_w["vfu"] == pytest.approx(138 * 8 * 4 * 1e9 * 0.475e-12)
    assert parts.dynamic_w["router"] == pytest.approx(35 * 16.303e-12 * 1e9)
    assert parts.dynamic_w["chip-link"] == pytest.approx(10.4)


def test_a_unit_does_its_most_powerful_operation() -> None:
    parts = activity("ibm-14nm-34tile")
    # Four multiply-accumulates per lane and cycle beat all others: 64 lanes at 1 GHz.
    assert parts.dynamic_w["digital"] == pytest.approx(64 * 1e9 * 4 * 0.3333e-12)


def test_memory_beside_the_die_takes_no_part() -> None:
    assert activity("puma").power_w["dram"] == 0


def test_a_given_rate_replaces_the_rule() -> None:
    parts = activity("puma", {"buffer.read_bit": 256e9, "router.flit": 0.5e9})
    assert parts.dynamic_w["buffer"] == pytest.approx(138 * 256e9 * 0.090625e-12)
    assert parts.dynamic_w["router"] == pytest.approx(35 * 16.303e-12 * 0.5e9)


def test_a_rate_for_what_the_chip_does_not_do_is_refused() -> None:
    with pytest.raises(InputError, match=r"no action 'buffer\.erase_bit'") as error:
        activity("puma", {"buffer.erase_bit": 1.0})
    assert error.value.where
    assert "buffer.read_bit" in error.value.remedy
