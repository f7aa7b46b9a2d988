"""What parts draw beside their actions and whose work they go with, on a run that is followed token by token.

The run is that of `hand_run`: 12 products of 100 ns on one of 16 arrays, the first from 12 ns on; additions hold the
unit for 1 ns of the 2 that they take, the first at 120 ns. It takes 1232 ns.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from archsim.accounting.area import least_w, unused_tiles_w
from archsim.accounting.hosts import Hosts, hosts_of
from archsim.accounting.power import Span, patience_of, standing, unused_draw, whole_run
from archsim.chip import Chip
from archsim.chip.power import Power
from archsim.cost import Bill
from archsim.engine import run_compiled
from archsim.lowering import lower
from archsim.machine import parts
from archsim.mapping import Placement, place
from archsim.program import Trace
from tests.unit.accounting.hand_run import (
    BATCH,
    FABRIC_MW,
    LEAKAGE_MW,
    MAKESPAN_NS,
    NS,
    PORT_MW,
    TILE_MW,
    TOKENS,
    bill,
    chip,
    figure,
    near,
    network,
)

PRODUCTS = BATCH * TOKENS
MW = 1e-3


def powered(**policies: dict[str, Any]) -> Chip:
    """The hand run's chip with power policies by component."""
    return chip().model_copy(update={"power": Power.model_validate({"parts": policies})})


def ran(described: Chip) -> tuple[Trace, Placement]:
    placement = place(network(), described)
    program = lower(placement, batch=BATCH)
    return run_compiled(program, patience=patience_of(described, program)), placement


def drawn(described: Chip, prices: Bill | None = None) -> Any:
    """``leakage, active, idle, wake`` in joules by component."""
    trace, placement = ran(described)
    table = standing(described, prices or bill(), placement.chips, trace.program, whole_run(trace, described))
    return table.frame().set_index("component")


def running(name: str, watts: float) -> Bill:
    """The hand run's prices, with a part that takes power while its clock runs."""
    components = (replace(part, running_w=figure(watts)) if part.name == name else part for part in bill().components)
    return Bill(tuple(components))


def host(name: str) -> tuple[Hosts, Any]:
    described = chip()
    trace, _ = ran(described)
    part = next(part for part in parts(described) if part.name == name)
    return hosts_of(part, described, trace.program), trace.program.resources


GATED = {"policy": "power-gated", "after": 10e-9, "kept": 0.25, "wake_time": 5e-9, "wake_energy": 7e-12}


# Hosts


@pytest.mark.parametrize(
    ("name", "servers", "each"),
    [
        ("array", 1, 1.0),
        ("driver", 1, 64.0),  # a row each
        ("adc", 1, 64.0),  # the 64 converters of an array are one server
        ("sample-hold", 1, 64.0),
        ("affine", 1, 1.0),
        ("local", 1, 1.0),
    ],
)
def test_parts_go_with_their_array_and_units_with_themselves(name: str, servers: int, each: float) -> None:
    found, _ = host(name)
    assert found.follows
    assert (len(found.resources), found.each.tolist()) == (servers, [each] * servers)


def test_a_tiles_buffer_goes_with_all_of_its_tile() -> None:
    found, resources = host("buffer")
    assert not found.follows
    # An array and a unit of one tile, which share one buffer.
    assert sorted(resources.kind[found.resources].tolist()) == sorted(set(resources.kind[found.resources].tolist()))
    assert found.group is not None
    assert set(found.group.tolist()) == {0}
    assert found.there(resources.servers.astype(np.int64)) == 1.0


def test_what_several_use_works_for_the_sum_of_their_times_and_no_longer() -> None:
    shared = Hosts(np.array([0, 1, 2]), np.array([2.0, 2.0, 3.0]), np.array([0, 0, 1]))
    servers = np.ones(3, np.int64)
    assert shared.busy(np.array([1.0, 2.0, 4.0]), servers, 10.0) == 2 * 3.0 + 3 * 4.0
    assert shared.busy(np.array([6.0, 7.0, 4.0]), servers, 10.0) == 2 * 10.0 + 3 * 4.0
    assert shared.there(servers) == 5.0


def test_servers_of_a_pool_count_each() -> None:
    own = Hosts(np.array([1]), np.array([4.0]))
    servers = np.array([1, 3])
    assert own.busy(np.array([9.0, 2.0]), servers, 100.0) == 4 * 3 * 2.0
    assert own.there(servers) == 12.0


# Standing power


def test_always_on_leaks_everything_all_the_time() -> None:
    found = drawn(chip())
    assert found.leakage.sum() == near(LEAKAGE_MW * MW * MAKESPAN_NS * NS)
    assert found.leakage["adc"] == near(1024 * 0.125 * MW * MAKESPAN_NS * NS)
    assert found[["active", "idle", "wake"]].to_numpy().sum() == 0.0


def test_a_clock_is_drawn_at_work_and_without() -> None:
    described, prices = chip(), running("local", 2.0)
    found = drawn(described, prices)
    working = PRODUCTS * 1 * NS
    assert found.active["local"] == near(2.0 * working)
    assert found.idle["local"] == near(2.0 * (16 * MAKESPAN_NS * NS - working))
    gated = drawn(powered(local={"policy": "clock-gated"}), prices)
    assert gated.active["local"] == near(2.0 * working)
    assert gated.idle["local"] == 0.0
    assert gated.leakage["local"] == near(found.leakage["local"])


def test_a_gated_unit_rests_between_tokens_and_in_the_tiles_that_hold_nothing() -> None:
    """Additions hold it for 1 of every 100 ns; it waits 10, is woken 5 before the next, and rests 84 between."""
    found, on = drawn(powered(local=GATED)), drawn(chip())
    first, last = 120, 120 + (PRODUCTS - 1) * 100 + 1
    rested = first - 15 + (PRODUCTS - 1) * (99 - 15) + MAKESPAN_NS - last - 10 + 15 * MAKESPAN_NS
    assert found.leakage["local"] == near(6.0 * MW * (16 * MAKESPAN_NS - 0.75 * rested) * NS)
    assert found.wake["local"] == near(PRODUCTS * 7e-12)
    others = found.drop("local") == on.drop("local")
    assert others.all().all()


@pytest.mark.parametrize(("after", "wakes"), [(8, 0), (7, 0), (6, 1)])
def test_an_array_without_gaps_rests_before_its_first_product_at_most(after: int, wakes: int) -> None:
    """It starts at 12 ns: waiting and waking have to be shorter than that."""
    policy = {**GATED, "after": after * NS}
    found = drawn(powered(**dict.fromkeys(("array", "driver", "sample-hold"), policy)))
    assert found.wake["array"] == near(wakes * 7e-12)
    assert found.wake["sample-hold"] == near(wakes * 64 * 7e-12)


@pytest.mark.parametrize(("after", "wakes"), [(95, 1), (94, 1), (93, PRODUCTS)])
def test_a_gap_no_longer_than_waiting_and_waking_is_no_rest(after: int, wakes: int) -> None:
    """Gaps of 99 ns, and 120 before the first additions."""
    assert drawn(powered(local={**GATED, "after": after * NS})).wake["local"] == near(wakes * 7e-12)


def test_a_gated_buffer_forgets_and_is_off_only_where_nothing_uses_it() -> None:
    found = drawn(powered(buffer=GATED))
    assert found.leakage["buffer"] == near(4.0 * MW * (1 + 15 * 0.25) * MAKESPAN_NS * NS)
    assert found.wake["buffer"] == 0.0


def test_what_a_bill_has_and_no_chip_describes_is_always_on() -> None:
    assert drawn(chip()).leakage["clock"] == near(16.0 * MW * MAKESPAN_NS * NS)


@pytest.mark.parametrize(
    ("policy", "watts"),
    [
        (None, 6e-3 + 2.0),
        ({"policy": "always-on"}, 6e-3 + 2.0),
        ({"policy": "clock-gated"}, 6e-3),
        (GATED, 0.25 * 6e-3),
        ({**GATED, "policy": "retention"}, 0.25 * 6e-3),
    ],
)
def test_what_an_unused_part_draws(policy: dict[str, Any] | None, watts: float) -> None:
    described = powered(**({"local": policy} if policy else {}))
    prices = running("local", 2.0)
    assert unused_draw(prices.component("local"), described, prices) == near(watts)


def test_the_least_and_the_unused_are_sums_over_parts() -> None:
    _, placement = ran(chip())
    assert least_w(bill(), placement) == near(LEAKAGE_MW * MW)
    assert unused_tiles_w(bill(), placement) == near(15 * TILE_MW * MW)
    gated = ran(powered(local=GATED))[1]
    assert least_w(bill(), gated) == near((LEAKAGE_MW - 0.75 * 16 * 6.0) * MW)
    assert unused_tiles_w(bill(), gated) == near(15 * (TILE_MW - 0.75 * 6.0) * MW)
    assert LEAKAGE_MW == 16 * TILE_MW + FABRIC_MW + PORT_MW


def test_the_span_of_a_run() -> None:
    described = powered(local=GATED)
    trace, _ = ran(described)
    span = whole_run(trace, described)
    assert isinstance(span, Span)
    assert span.seconds == near(MAKESPAN_NS * NS)
    assert span.busy.max() == near(PRODUCTS * 100 * NS)
    assert span.wakes.sum() == PRODUCTS
