"""A converter's cost model of another package, named by a chip file."""

import pytest

from archsim.chip import load_chip
from archsim.cost import price


def test_a_converter_is_priced_by_the_model_that_the_chip_names():
    chip = load_chip("isaac", ["tile.adc.cost={}", "tile.adc.cost.model=comparator"])
    adc = price(chip).component("adc")
    assert adc.energy_of("conversion").value == pytest.approx(8 * 50e-15)
    assert adc.area_m2.value == pytest.approx(1e-10)
