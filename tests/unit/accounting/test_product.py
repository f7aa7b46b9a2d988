"""One product alone, by hand: times of published chips' parts, and energies of counts times prices."""

import pytest

from archsim.accounting.product import product_of
from archsim.chip import load_chip
from archsim.cost import price
from archsim.errors import InputError
from archsim.machine import Pass
from tests.e2e.cli_calls import fail, succeed, succeed_json


def product(name, *overrides, **block):
    chip = load_chip(name, overrides)
    return product_of(chip, price(chip), **block)


def test_isaacs_product_takes_sixteen_bits_of_100_ns():
    found = product("isaac")
    assert found.interval_s == pytest.approx(16 * 100e-9)
    assert found.stages.start_s.tolist() == pytest.approx([0.0, 100e-9, 1.7e-6], rel=1e-3)  # a conversion is 781 ps
    converted = found.actions[found.actions.action == "conversion"].set_index("component")
    # 128 columns are converted in each of 16 phases; a converter of 2 mW makes 1.28 GS/s: 1.5625 pJ.
    assert converted.loc["adc", "count"] == 16 * 128
    assert converted.loc["adc", "energy_j"] == pytest.approx(16 * 128 * 1.5625e-12, rel=1e-3)


def test_a_part_of_a_block_costs_its_part():
    whole, part = product("hermes-core"), product("hermes-core", rows=64, columns=32)
    assert (part.rows, part.columns, part.operations) == (64, 32, 2 * 64 * 32)
    for action, share in (("cell", 1 / 32), ("row", 1 / 4), ("conversion", None)):
        rows = [found.actions[(found.actions.action == action)]["count"].sum() for found in (whole, part)]
        assert rows[1] / rows[0] == pytest.approx(share or (64 + 32) / (256 + 256))
    assert part.energy_j < whole.energy_j


def test_energies_add_up():
    found = product("pcm-mesh-14nm")
    assert found.energy_j == pytest.approx(found.stages.energy_j.sum())
    assert found.energy_j == pytest.approx((found.actions["count"] * found.actions.each_j).sum())


def test_what_starts_a_product_comes_before_it():
    found = product("pcm-cluster-22nm", rows=64)
    fetch, issue, integrate = (found.stages.iloc[place] for place in range(3))
    # 64 bytes over 128 bits in 2 ns: 8 ns; three cycles of 2 ns; the slot is held for the product, too.
    assert (fetch.output_s, issue.start_s, issue.output_s) == pytest.approx((8e-9, 8e-9, 14e-9))
    assert issue.free_s - issue.start_s == pytest.approx(136e-9) == pytest.approx(found.interval_s)
    assert integrate.start_s == pytest.approx(14e-9)


def test_writing_takes_its_rows_one_after_the_other():
    found = product("hermes-core", doing=Pass.PROGRAM)
    assert found.latency_s == pytest.approx(256 * 3.2e-6)
    assert found.operations == 0
    assert found.actions.set_index("action").loc["program", "energy_j"] == pytest.approx(256 * 256 * 4 * 690e-12)


@pytest.mark.parametrize("block", [{"rows": 257}, {"columns": 0}])
def test_blocks_that_an_array_does_not_hold(block):
    with pytest.raises(InputError, match="of weights") as caught:
        product("hermes-core", **block)
    assert "1 to 256" in caught.value.remedy


def test_what_cannot_be_written_is_named():
    with pytest.raises(InputError, match="'program'"):
        product("nature2018-training", doing=Pass.PROGRAM)


def test_at_the_command_line():
    assert "every 1.6 µs" in succeed("show", "product", "isaac")
    data = succeed_json("show", "product", "hermes-core", "--rows", "64", "--json")
    assert data["rows"] == 64 and data["latency_s"] > 0
    assert succeed("show", "product", "isaac", "--csv").startswith("stage,resource,start_s")
    assert "--rows" in fail("show", "product", "isaac", "--rows", "1000")
