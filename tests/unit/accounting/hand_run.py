"""A run small enough to follow token by token, and a bill of round prices.

Four tokens a sample: eight bytes from the host, a product of 8 x 6 on one array of 64 x 64, six additions beside it,
six bytes to the host. The other tiles hold nothing. In nanoseconds, a token takes 8 from the host, 3 + 1 over the
router, 100 on the array, 5 on its converters (which hold it: the next product starts meanwhile), 3 in the affine stage,
2 in the unit, 3 + 1 over the router, and 6 to the host.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from archsim.accounting import Ledger, account
from archsim.chip.schema import Chip
from archsim.cost import Bill
from archsim.cost.bill import Component, Figure
from archsim.engine import run_compiled
from archsim.lowering import lower
from archsim.machine import Place, Purpose, Rate
from archsim.mapping import Placement, place
from archsim.network import Matrix, Network, Weights
from archsim.program import Trace
from tests.chips import make_adc, make_chip, make_unit
from tests.networks import additions, line

PJ = 1e-12
NS = 1e-9
BATCH, TOKENS = 3, 4
MAKESPAN_NS = 12 + BATCH * TOKENS * 100 + 20
"""The first token's way in, all products one after the other, the last token's way out."""

# What a token takes, in pJ, at the prices below: 8 x 6 cells of two devices, 8 rows, 6 columns.
PRODUCT_PJ = 96 * 1 + 8 * 2 + 8 * 3 + 6 * 5 + 6 * 7 + 6 * 11
# 8 bytes written at the tile and read by the array; 6 written behind it and read by the unit.
BUFFER_PJ = (64 + 48) * 13 + (64 + 48) * 23
ADDITIONS_PJ = 6 * 19
FLITS_PJ = 2 * 17
TOKEN_PJ = PRODUCT_PJ + BUFFER_PJ + ADDITIONS_PJ + FLITS_PJ
# A product that uses the whole array: 64 x 64 cells of two devices, 64 rows, 64 columns.
FULL_PRODUCT_PJ = 64 * 64 * 2 * 1 + 64 * (2 + 3) + 64 * (5 + 7 + 11)

_PRICES = (
    # Component, place, purpose, instances, pJ per action, mm2 and mW of one instance, full rate.
    ("array", Place.TILE, Purpose.COMPUTE, 16, {"cell": 1, "row": 2}, 2.0, 1.0, ()),
    ("driver", Place.TILE, Purpose.COMPUTE, 16, {"conversion": 3}, 1.0, 2.0, ()),
    ("adc", Place.TILE, Purpose.CONVERT, 1024, {"conversion": 5}, 0.25, 0.125, ()),
    ("sample-hold", Place.TILE, Purpose.CONVERT, 1024, {"sample": 7}, 0.0, 0.0, ()),
    ("affine", Place.TILE, Purpose.COMPUTE, 16, {"mac": 11, "add": 4}, 0.5, 0.5, ()),
    ("buffer", Place.TILE, Purpose.STORE, 16, {"read_bit": 13, "write_bit": 23}, 3.0, 4.0, ()),
    ("local", Place.TILE, Purpose.DIGITAL, 16, {"add": 19, "mac": 29}, 1.5, 6.0,
     (Rate("add", 16e9), Rate("mac", 8e9))),
    ("router", Place.FABRIC, Purpose.MOVE, 17, {"flit": 17}, 0.75, 8.0, (Rate("flit", 1e9),)),
    ("wire", Place.FABRIC, Purpose.MOVE, 48, {"bit_hop": 37}, 0.0, 0.0, ()),
    ("clock", Place.FABRIC, Purpose.CONTROL, 1, {}, 5.0, 16.0, ()),
    ("dram", Place.PORT, Purpose.STORE, 1, {"read_bit": 31}, 0.0, 32.0, ()),
)  # fmt: skip
TILE_MM2 = 2.0 + 1.0 + 64 * 0.25 + 0.5 + 3.0 + 1.5
REST_MM2 = 17 * 0.75 + 5.0
TILE_MW = 1.0 + 2.0 + 64 * 0.125 + 0.5 + 4.0 + 6.0
FABRIC_MW, PORT_MW = 17 * 8.0 + 16.0, 32.0
LEAKAGE_MW = 16 * TILE_MW + FABRIC_MW + PORT_MW


def near(value: Any) -> Any:
    """A value, or values, to nine digits; ``pytest.approx`` alone takes all picojoules for equal."""
    return pytest.approx(value, rel=1e-9, abs=0)


def figure(value: float) -> Figure:
    return Figure(value, "by hand", "assumed")


def bill(notes: tuple[str, ...] = ()) -> Bill:
    """The prices above."""
    return Bill(
        tuple(
            Component(
                name, where, purpose, count, tuple((action, figure(price * PJ)) for action, price in prices.items()),
                figure(area * 1e-6), figure(leakage * 1e-3), rates,
            )
            for name, where, purpose, count, prices, area, leakage, rates in _PRICES
        ),
        notes,
    )  # fmt: skip


def chip() -> Chip:
    return make_chip(adc=make_adc(held=True), units={"local": make_unit()})


def network() -> Network:
    return line(("a", Matrix(Weights(8, 6))), ("r", additions(6)), tokens=TOKENS)


def run(net: Network | None = None, *, batch: int = BATCH) -> tuple[Trace, Placement]:
    placement = place(net or network(), chip())
    return run_compiled(lower(placement, batch=batch)), placement


@cache
def ledger() -> Ledger:
    trace, placement = run()
    return account(trace, placement, bill(("outside its fit",)))
