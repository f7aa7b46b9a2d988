"""Parts that draw a share of what others do: by hand, and adding up per component, layer and chip."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from archsim.accounting import efficiency_ladder, full_activity, peak_of
from archsim.accounting.area import least_w
from archsim.accounting.course import firing_energies
from archsim.accounting.heat import Cooling, heat_map
from archsim.accounting.product import product_of
from archsim.accounting.sites import sites
from archsim.chip import Chip, load_chip
from archsim.cost import Bill, price
from archsim.errors import ArchsimError
from archsim.exploration.bounds import bounds_of
from archsim.report.differences.chips import chip_record, power_parts
from archsim.report.leakage import leakage_table
from archsim.simulation import Result, Settings, simulate

CHIP = "pcm-mesh-14nm"


def share(name: str, size: float, of: str, serves: str = "clock") -> tuple[str, ...]:
    return (
        f"other.{name}.serves={serves}",
        f"other.{name}.share={size}",
        f"other.{name}.of={of}",
        f"other.{name}.area=0 mm^2",
    )


CLOCK = share("clock", 0.2, "adc,array")


@cache
def ran(*overrides: str, network: str = "digits-cnn", batch: int = 2) -> Result:
    return simulate(network, CHIP, Settings(batch=batch), overrides=overrides)


def spent(result: Result, *components: str, leaking: bool = False) -> float:
    energy = result.ledger.energy
    rows = energy.component.isin(components) & ((energy.layer == "(leakage)") == leaking)
    return float(energy.energy_j[rows].sum())


def along(*overrides: str) -> dict[str, dict[str, float]]:
    return {part.name: dict(part.along) for part in price(load_chip(CHIP, overrides)).shares}


def test_a_share_of_a_sum_with_itself_in_it_is_a_quarter_of_the_rest() -> None:
    """0.2 of (rest + x) is x: x = 0.25 rest."""
    assert along(*CLOCK) == {"clock": pytest.approx({"array": 0.25, "adc": 0.25})}


def test_two_shares_that_count_each_other_are_parts_of_one_whole() -> None:
    """A tenth and three tenths of everything leave six tenths to the others: 1/6 and 3/6 of these."""
    found = along(*share("clock", 0.1, "*"), *share("control", 0.3, "*", "control"))
    assert found["clock"]["adc"] == pytest.approx(1 / 6)
    assert found["control"]["router"] == pytest.approx(3 / 6)
    assert "dram" not in found["clock"]


def test_a_converter_of_power_counts_the_clock_behind_it() -> None:
    """The clock takes a quarter of the converters' joules beside them; a tenth of all is lost: (1 + 1/4) / 9."""
    found = along(*share("clock", 0.2, "adc"), *share("regulator", 0.1, "adc,clock", "supply"))
    assert found["clock"] == pytest.approx({"adc": 0.25})
    assert found["regulator"] == pytest.approx({"adc": 1.25 / 9})


def test_it_adds_up_per_layer_and_chip_and_state() -> None:
    without, result = ran(), ran(*CLOCK)
    energy = result.ledger.energy
    acting = energy[energy.layer != "(leakage)"]
    by_place = acting.groupby(["layer", "chip", "component"]).energy_j.sum().unstack(fill_value=0.0)
    np.testing.assert_allclose(by_place.clock, 0.25 * (by_place.adc + by_place.array), rtol=1e-12)
    stood = result.ledger.standing.set_index("component")
    assert stood.leakage["clock"] == pytest.approx(0.25 * (stood.leakage["adc"] + stood.leakage["array"]))
    more = 0.25 * sum(spent(without, "adc", "array", leaking=leaking) for leaking in (False, True))
    before, after = float(without.ledger.energy.energy_j.sum()), float(energy.energy_j.sum())
    assert after - before == pytest.approx(more, rel=1e-9)
    layers = result.ledger.layers.energy_j.sum()
    assert layers == pytest.approx(acting.energy_j.sum())


def test_the_share_is_the_share_of_what_the_ledger_says() -> None:
    result = ran(*share("clock", 0.3, "*"))
    on_die = result.ledger.energy[~result.ledger.energy.component.isin(["dram"])]
    assert spent(result, "clock") + spent(result, "clock", leaking=True) == pytest.approx(0.3 * on_die.energy_j.sum())


def test_headline_ladder_places_and_firings_have_it_too() -> None:
    without, result = ran(batch=40), ran(*CLOCK, batch=40)
    clock = spent(result, "clock")
    firings = [firing_energies(one.program, one.bill) @ one.trace.firings for one in (without, result)]
    assert firings[1] - firings[0] == pytest.approx(clock)
    laid = [sites(one.trace, one.placement, one.bill) for one in (without, result)]
    watts = [float(one.frame.power_w.sum() + one.beside_w) for one in laid]
    total = clock + spent(result, "clock", leaking=True)
    assert (watts[1] - watts[0]) * result.trace.makespan * 1e-12 == pytest.approx(total)
    ladder = efficiency_ladder(result.trace, result.placement, result.bill)
    head = result.ledger.headline
    assert sum(rung.energy_j for rung in ladder.rungs) == pytest.approx(head.energy_per_sample_j)
    assert head.energy_per_sample_j > without.ledger.headline.energy_per_sample_j
    assert head.energy_per_sample_j >= bounds_of(result.placement, result.bill)["energy_per_sample_j"].low


def test_a_gated_converter_takes_its_clock_along() -> None:
    gated = (
        "power.parts.adc.policy=power-gated",
        "power.parts.adc.after=1 us",
        "power.parts.adc.kept=0",
        "power.parts.adc.wake_time=200 ns",
        "power.parts.adc.wake_energy=3 pJ",
    )
    stood = ran(*CLOCK, *gated).ledger.standing.set_index("component")
    assert stood.wake["clock"] == pytest.approx(0.25 * stood.wake["adc"])
    assert stood.leakage["clock"] == pytest.approx(0.25 * (stood.leakage["adc"] + stood.leakage["array"]))
    assert stood.leakage["clock"] < ran(*CLOCK).ledger.standing.set_index("component").leakage["clock"]


def test_peaks_and_full_activity_have_it() -> None:
    chips = [load_chip(CHIP, overrides) for overrides in ((), CLOCK)]
    bills = [price(chip) for chip in chips]
    before, after = (peak_of(chip, bill) for chip, bill in zip(chips, bills, strict=True))
    parts = full_activity(chips[1], bills[1]).set_index("component").power_w
    assert parts["clock"] == pytest.approx(0.25 * (parts["adc"] + parts["array"]))
    assert after.power_w - before.power_w == pytest.approx(parts["clock"])
    assert after.area_m2 == before.area_m2


def test_a_products_actions_have_it_stage_by_stage() -> None:
    chip = load_chip(CHIP, CLOCK)
    actions = product_of(chip, price(chip)).actions
    clock = actions[actions.component == "clock"].set_index("stage").energy_j
    rest = actions[actions.component.isin(["adc", "array"])].groupby("stage").energy_j.sum()
    assert clock["convert"] == pytest.approx(0.25 * rest["convert"])
    assert clock["integrate"] == pytest.approx(0.25 * rest["integrate"])


def test_unused_parts_draw_it() -> None:
    without, result = ran(), ran(*CLOCK)
    each = {part.name: part.count * part.leakage_w.value for part in result.bill.components}
    more = least_w(result.bill, result.placement) - least_w(without.bill, without.placement)
    assert more == pytest.approx(0.25 * (each["adc"] + each["array"]))


def test_the_table_of_leakage_and_the_silicon_have_it() -> None:
    chip = load_chip(CHIP, CLOCK)
    bill = price(chip)
    table = leakage_table(chip, bill, ()).frame().set_index("component")
    assert table.leakage_w["clock"] == pytest.approx(0.25 * (table.leakage_w["adc"] + table.leakage_w["array"]))
    assert table.verdict["clock"] == "a share"
    assert table.leakage_w.sum() == pytest.approx(peak_of(chip, bill).power_w - _products_w(chip, bill))


def _products_w(chip: Chip, bill: Bill) -> float:
    """Watts of all arrays' products and their clock."""
    parts = full_activity(chip, bill).set_index("component")
    own = parts.dynamic_w[["array", "driver", "adc", "affine"]].sum()
    return float(own + parts.dynamic_w["clock"])


def test_a_share_of_leakage_grows_with_temperature() -> None:
    cooling = Cooling(318.0, 300e-6, 0.5e-3)
    found = [heat_map(one.trace, one.placement, one.bill, cooling, follows=True) for one in (ran(), ran(*CLOCK))]
    assert found[1].power_w - found[1].before_w > found[0].power_w - found[0].before_w


def test_the_difference_of_two_chips_adds_up(tmp_path) -> None:
    file = tmp_path / "clocked.yaml"
    file.write_text(
        f"extends: {CHIP}\nother:\n  clock: {{serves: clock, share: 0.2, of: 'adc, array', area: 0 mm^2}}\n"
    )
    before, after = chip_record(CHIP), chip_record(str(file))
    parts = power_parts(before, after)
    assert parts.change.sum() == pytest.approx(after.peak.power_w - before.peak.power_w)


REFUSED = [
    (share("x", 1.2, "adc"), "1.2 is not less than 1"),
    (share("x", 1.0, "adc"), "1.0 is not less than 1"),
    (share("x", 0.6, "*") + share("y", 0.4, "*"), "the shares of x, y leave nothing"),
    (share("x", 0.1, "dac"), "'dac' names no part on the die"),
    (share("x", 0.1, "dram"), "'dram' names no part on the die"),
    ((*share("x", 0.1, "adc"), "other.x.leakage=1 mW"), "leakage is given for a part that draws a share"),
    (("other.x.share=0.1", "other.x.area=0 mm^2"), "go together"),
    (("other.x.of=adc", "other.x.area=0 mm^2"), "go together"),
    (share("x", 0.1, "adc")[:3], "nobody has given the area of x"),
    ((*share("x", 0.1, "adc"), "power.parts.x.policy=clock-gated"), "'x' has a policy, and draws a share"),
]


@pytest.mark.parametrize(("overrides", "said"), REFUSED)
def test_shares_that_make_no_sense_are_refused(overrides: tuple[str, ...], said: str) -> None:
    with pytest.raises(ArchsimError, match=said):
        price(load_chip(CHIP, overrides))
