"""A product's stages and energies, and the note on what is no work, on the small chip with round prices: by hand."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from archsim.accounting import account
from archsim.accounting.product import product_of
from archsim.cost.bill import Component
from archsim.machine import Place, Purpose
from tests.chips import make_adc, make_chip, make_issue, make_unit
from tests.unit.accounting.hand_run import (
    BATCH,
    FULL_PRODUCT_PJ,
    LEAKAGE_MW,
    MAKESPAN_NS,
    NS,
    PJ,
    TOKEN_PJ,
    TOKENS,
    bill,
    figure,
    ledger,
    near,
    run,
)

ISSUE_PJ, INPUT_BITS = 41, 64 * 8
"""A price for a start; inputs of a full product."""


def issued(holds: str):
    """Stages of a full product behind a buffer of a bit a nanosecond and a controller of 10 ns a start."""
    chip = make_chip(
        adc=make_adc(held=True),
        units={"local": make_unit()},
        issue=make_issue(time_ns=10, holds=holds),
        read_bandwidth=1e9,
    )
    control = Component(
        "issue", Place.TILE, Purpose.CONTROL, 16, (("issue", figure(ISSUE_PJ * PJ)),), figure(0.0), figure(0.0)
    )
    prices = bill()
    return product_of(chip, replace(prices, components=(*prices.components, control)))


@pytest.mark.parametrize(("holds", "held"), [("issue", 10), ("product", 10 + 100)])
def test_stages_follow_each_other(holds: str, held: float) -> None:
    found = issued(holds).stages.set_index("stage")
    assert found.index.tolist() == ["fetch", "issue", "integrate", "convert", "affine"]
    starts = [0, 512, 522, 622, 627]
    assert found.start_s.to_numpy() == near([start * NS for start in starts])
    # Converters hold their results for 5 ns; the affine stage begins another after one and is through after three.
    assert found.free_s.to_numpy() == near([end * NS for end in (512, 512 + held, 622, 627, 628)])
    assert found.output_s.to_numpy() == near([end * NS for end in (512, 522, 622, 627, 630)])
    assert found.resource.tolist() == ["buffer", "issue", "array", "adc", "affine"]


def test_actions_of_a_full_product() -> None:
    found = issued("issue")
    actions = {
        (row.stage, row.component, row.action): (row.count, row.energy_j)
        for row in found.actions.itertuples(index=False, name="Row")
    }
    expected = {
        ("issue", "issue", "issue"): (1, ISSUE_PJ),
        ("integrate", "array", "cell"): (2 * 64 * 64, 1),
        ("integrate", "array", "row"): (64, 2),
        ("integrate", "driver", "conversion"): (64, 3),
        ("integrate", "buffer", "read_bit"): (INPUT_BITS, 13),
        ("convert", "sample-hold", "sample"): (64, 7),
        ("convert", "adc", "conversion"): (64, 5),
        ("affine", "affine", "mac"): (64, 11),
    }
    assert actions.keys() == expected.keys()
    for key, (count, price) in expected.items():
        assert actions[key] == (count, near(count * price * PJ)), key
    assert found.energy_j == near((FULL_PRODUCT_PJ + INPUT_BITS * 13 + ISSUE_PJ) * PJ)


OPERATIONS = 2 * TOKENS * 8 * 6


def bounds(note: str) -> list[tuple[float, float]]:
    found = re.findall(r"at most ([\d,.e+]+) samples/s, ([\d,.e+]+) GOP/s/W", note)
    return [(float(rate.replace(",", "")), float(reached.replace(",", ""))) for rate, reached in found]


def best(samples: int, period_ns: float, chips: int = 1) -> tuple[object, object]:
    """Samples a second, and operations a joule: a sample's actions, and what is drawn always for its share of time."""
    spent_pj = TOKENS * TOKEN_PJ + chips * LEAKAGE_MW * period_ns / samples
    rate = samples / (period_ns * NS)
    return pytest.approx(rate, rel=1e-3), pytest.approx(1000 * OPERATIONS / spent_pj, rel=1e-3)


def test_what_a_larger_batch_and_copies_can_reach() -> None:
    note, *_ = ledger().notes
    leaked = LEAKAGE_MW * MAKESPAN_NS / BATCH
    assert f"{leaked / (leaked + TOKENS * TOKEN_PJ):.1%} of this energy is no work" in note
    assert f"{float(f'{LEAKAGE_MW / 1e3:.4g}'):g} W are drawn always, 15 of 16 tiles hold no weights" in note
    assert f"arrays wait {1 - BATCH * TOKENS * 100 / MAKESPAN_NS:.1%}" in note
    # Four products of 100 ns a sample: on one array, and on all sixteen.
    assert bounds(note) == [best(1, 400), best(16, 400)]


def test_all_chips_have_arrays_for_copies() -> None:
    trace, placement = run()
    note, *_ = account(trace, replace(placement, chips=2), bill()).notes
    assert bounds(note) == [best(1, 400, chips=2), best(32, 400, chips=2)]
