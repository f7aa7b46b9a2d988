"""The efficiency ladder against sums worked out from the bill."""

from __future__ import annotations

import pytest

from archsim.accounting import Ladder, Step, efficiency_ladder
from archsim.chip import load_chip
from archsim.cost import Bill
from archsim.errors import InputError
from archsim.network import Matrix, Network, Weights
from archsim.simulation import Result, Settings, load_network, simulate
from tests.networks import additions, line

CHIP = "pcm-mesh-14nm"
SIDE = 512
"""Rows and columns of the chip's arrays."""


def climb(network: Network, *, chip: str = CHIP, batch: int = 1) -> tuple[Result, Ladder]:
    result = simulate(network, load_chip(chip), Settings(batch=batch))
    return result, efficiency_ladder(result.trace, result.placement, result.bill)


def joules(bill: Bill, component: str, action: str) -> float:
    return bill.component(component).energy_of(action).value


def product(bill: Bill, rows: int, columns: int) -> float:
    """A product on part of an array of four devices per weight, one conversion per column."""
    per_row = joules(bill, "array", "row") + joules(bill, "driver", "conversion")
    per_column = joules(bill, "adc", "conversion") + joules(bill, "affine", "mac")
    return 4 * rows * columns * joules(bill, "array", "cell") + rows * per_row + columns * per_column


def added(ladder: Ladder, step: Step) -> float:
    return next(rung.energy_j for rung in ladder.rungs if rung.step is step)


@pytest.mark.parametrize(
    ("name", "chip", "batch"),
    [
        ("mlp-hermes", CHIP, 1),
        ("mlp-hermes", "hermes-core", 3),
        ("mlp-l4", "puma", 2),
        ("lstm-ptb", "ibm-14nm-34tile-x5", 2),
        ("resnet32", "isaac", 4),
    ],
)
def test_rungs_add_up_to_the_headline(name: str, chip: str, batch: int) -> None:
    result, ladder = climb(load_network(name), chip=chip, batch=batch)
    headline = result.ledger.headline
    assert sum(rung.energy_j for rung in ladder.rungs) == pytest.approx(headline.energy_per_sample_j)
    assert ladder.rungs[-1].operations_per_w == pytest.approx(headline.gops_per_w * 1e9)
    assert [rung.step for rung in ladder.rungs] == [step for step in Step if step is not Step.WRITING]
    assert all(rung.energy_j >= -1e-9 * headline.energy_per_sample_j for rung in ladder.rungs)


def test_a_full_array_loses_nothing_to_filling() -> None:
    result, ladder = climb(line(("a", Matrix(Weights(SIDE, SIDE))), tokens=4, width=SIDE))
    assert added(ladder, Step.PEAK) == pytest.approx(4 * product(result.bill, SIDE, SIDE))
    assert added(ladder, Step.FILLING) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize(("rows", "columns"), [(SIDE, 8), (8, SIDE), (100, 60)])
def test_a_partly_filled_array_costs_more_per_operation(rows: int, columns: int) -> None:
    result, ladder = climb(line(("a", Matrix(Weights(rows, columns))), width=rows))
    filled = rows * columns / SIDE**2
    assert added(ladder, Step.PEAK) == pytest.approx(filled * product(result.bill, SIDE, SIDE))
    spent = added(ladder, Step.PEAK) + added(ladder, Step.FILLING)
    assert spent == pytest.approx(product(result.bill, rows, columns))


def test_partial_sums_are_digital_work() -> None:
    one, whole = climb(line(("a", Matrix(Weights(SIDE, SIDE))), width=SIDE))
    two, halved = climb(line(("a", Matrix(Weights(2 * SIDE, SIDE))), width=2 * SIDE))
    assert added(whole, Step.DIGITAL) == 0
    assert added(halved, Step.DIGITAL) == pytest.approx(SIDE * joules(two.bill, "affine", "add"))
    assert added(halved, Step.FILLING) == pytest.approx(0, abs=1e-15)
    assert one.bill == two.bill


def test_units_are_digital_work() -> None:
    result, ladder = climb(line(("a", Matrix(Weights(64, 64))), ("b", additions(64)), width=64))
    dynamic = result.ledger.energy
    units = dynamic[dynamic["component"].isin(["local", "core"]) & (dynamic["action"] != "leakage")]
    assert added(ladder, Step.DIGITAL) == pytest.approx(float(units["energy_j"].sum()))
    assert added(ladder, Step.DIGITAL) > 0


def test_leakage_is_divided_by_what_the_arrays_work() -> None:
    result, ladder = climb(line(("a", Matrix(Weights(64, 64))), width=64))
    period_s = result.trace.makespan * 1e-12
    # One product of 130 ns on the one array that is used; an oscillator counts from the first picosecond.
    assert ladder.idle == pytest.approx(1 - 130e-9 / period_s, abs=1e-4)
    outside = {"chip-link", "dram"}
    inside = [part for part in result.bill.components if part.name not in outside]
    leaked = period_s * sum(part.count * part.leakage_w.value for part in inside)
    assert added(ladder, Step.STALLS) == pytest.approx(ladder.idle * leaked)
    assert added(ladder, Step.LEAKAGE) == pytest.approx((1 - ladder.idle) * leaked)


def test_losses_can_be_counted_apart() -> None:
    result, ladder = climb(load_network("mlp-hermes"))
    assert ladder.counting(frozenset()) == pytest.approx(2 * SIDE**2 / product(result.bill, SIDE, SIDE))
    assert ladder.counting(frozenset(Step)) == pytest.approx(ladder.rungs[-1].operations_per_w)
    without = frozenset(Step) - {Step.DIGITAL, Step.SYSTEM}
    units = [part for part in result.bill.components if part.name in ("local", "core", "core-buffer")]
    period_s = result.trace.makespan * 1e-12
    leaked = period_s * sum(part.count * part.leakage_w.value for part in units)
    kept = sum(rung.energy_j for rung in ladder.rungs if rung.step in without) - leaked
    assert ladder.counting(without) == pytest.approx(ladder.array_operations / kept)


def test_attention_products_count_from_the_digital_rung_on() -> None:
    _, ladder = climb(load_network("vit-b16"))
    assert ladder.array_operations < ladder.operations
    peak = ladder.rungs[0]
    assert peak.operations_per_w == pytest.approx(ladder.array_operations / peak.energy_j)


def test_without_products_there_is_no_ladder() -> None:
    with pytest.raises(InputError, match="no first rung") as error:
        climb(line(("b", additions(8))))
    assert error.value.where
    assert error.value.remedy
