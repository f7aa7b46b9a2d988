"""What scales costs: a part's energies, all that transistors leak, and what a memory's channels draw when idle."""

from __future__ import annotations

import pytest

from archsim.chip import load_chip
from archsim.cost import Bill, price
from archsim.errors import ArchsimError

CHIP = "pcm-mesh-14nm"


def bill(*overrides: str, chip: str = CHIP) -> Bill:
    return price(load_chip(chip, overrides))


def test_a_scale_multiplies_the_models_energies_and_nothing_else() -> None:
    before, after = bill().component("adc"), bill("tile.adc.cost.scale=1.22").component("adc")
    assert after.energy_of("conversion").value == pytest.approx(1.22 * before.energy_of("conversion").value)
    assert after.energy_of("conversion").formula.startswith("1.22 x (")
    assert (after.area_m2, after.leakage_w) == (before.area_m2, before.leakage_w)


def test_a_scale_multiplies_given_energies_too() -> None:
    given = bill("tile.adc.cost.energy.conversion=10 pJ", "tile.adc.cost.scale=0.5")
    assert given.component("adc").energy_of("conversion").value == pytest.approx(5e-12)


def test_a_scale_of_one_changes_nothing() -> None:
    assert bill("tile.adc.cost.scale=1") == bill("tile.adc.cost.scale=null")


def test_leakage_of_all_that_models_price_by_their_transistors_is_scaled() -> None:
    before, after = bill(), bill("technology.leakage_scale=0.5")
    for one, other in zip(before.components, after.components, strict=True):
        # The DRAM beside the die has a figure of its own; cells and links leak nothing.
        scale = 1.0 if one.name == "dram" else 0.5
        assert other.leakage_w.value == pytest.approx(scale * one.leakage_w.value), one.name
    assert after.component("adc").leakage_w.value > 0


def test_cells_of_sram_are_scaled_with_all_else() -> None:
    before, after = (bill(*changes, chip="sram-charge-22nm") for changes in ((), ("technology.leakage_scale=0.5",)))
    assert before.component("array").leakage_w.value > 0
    assert after.component("array").leakage_w.value == pytest.approx(0.5 * before.component("array").leakage_w.value)


def test_leakage_that_is_given_is_not_scaled() -> None:
    assert bill("technology.leakage_scale=2", chip="isaac").component("router").leakage_w.value == pytest.approx(
        0.831683e-3
    )


def test_a_memorys_idle_power_goes_with_its_channels() -> None:
    """42.656 GB/s are eight channels of 5.332 GB/s."""
    assert bill().component("dram").leakage_w.value == pytest.approx(8 * 0.1297)
    changed = ("memory.dram.cost.parameters.channel_idle=20 mW", "memory.dram.bandwidth=10.664 GB/s")
    assert bill(*changed).component("dram").leakage_w.value == pytest.approx(2 * 20e-3)
    whole = ("memory.dram.cost.parameters.background=1.5 W",)
    assert bill(*whole).component("dram").leakage_w.value == 1.5


REFUSED = [
    (("tile.adc.cost.scale=0",), "0 is not at least 0.001"),
    (("technology.leakage_scale=-1",), "-1 is not at least 0.001"),
    (("other.x.leakage=1 mW", "other.x.area=0 mm^2", "other.x.scale=2"), "'x' does nothing whose energy"),
]


@pytest.mark.parametrize(("overrides", "said"), REFUSED)
def test_scales_that_make_no_sense_are_refused(overrides: tuple[str, ...], said: str) -> None:
    with pytest.raises(ArchsimError, match=said):
        bill(*overrides)
