"""What passes between chips, link by link, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from archsim.chip.system import System
from archsim.machine.exchange import STAYING, gathering, sending
from tests.systolic_chips import systolic

GB = 8e9


def system(topology: str, ports: int = 1) -> System:
    """Chips joined by links of 1 GB/s and 7 ns."""
    link = ("system.link.bandwidth=1 GB/s", "system.link.latency=7 ns", f"system.link.ports={ports}")
    cost = ("system.link.cost.energy.bit=1 pJ", "system.link.cost.area=1 mm^2", "system.link.cost.leakage=0 W")
    return systolic("system.chips=2", f"system.topology={topology}", *link, *cost).system


def test_all_get_what_the_others_have_along_a_line() -> None:
    # Of three chips with a third each, the inner links carry the thirds of the two behind them.
    found = gathering(system("line"), 3)
    assert found.received == 2
    assert found.crossings == pytest.approx(2)
    assert found.pace == pytest.approx(2 / 3 / GB)
    assert found.latency == pytest.approx(2 * 7e-9)


def test_on_a_mesh_columns_carry_what_comes_from_other_rows() -> None:
    # 4 x 4 chips: into each row comes what the twelve chips of the others have, on one link of each column.
    found = gathering(system("mesh", ports=4), 16)
    assert found.crossings == pytest.approx(15)
    assert found.pace == pytest.approx(12 / 16 / GB)
    assert found.latency == pytest.approx(6 * 7e-9)


@pytest.mark.parametrize("chips", [2, 5, 8])
def test_where_each_is_joined_to_each_ports_are_shared_among_all_others(chips: int) -> None:
    found = gathering(system("all-to-all", ports=12), chips)
    assert found.pace == pytest.approx((1 - 1 / chips) / (12 * GB) * (1 if chips < 14 else np.nan))
    assert found.latency == pytest.approx(7e-9)


def test_more_ports_than_directions_are_spread_over_these() -> None:
    one, four = (gathering(system("ring", ports), 4).pace for ports in (2, 8))
    assert one == pytest.approx(4 * four)


def test_what_two_ends_of_a_line_send_passes_the_links_between() -> None:
    share = np.zeros((3, 3))
    share[0, 2], share[2, 0], share[0, 1], share[1, 1] = 0.25, 0.1, 0.5, 0.15
    found = sending(system("line"), share)
    assert found.received == pytest.approx(0.85)
    assert found.crossings == pytest.approx(2 * 0.25 + 2 * 0.1 + 0.5)
    assert found.pace == pytest.approx(0.75 / GB)  # from the first to the second


def test_what_stays_takes_nothing() -> None:
    assert not sending(system("line"), np.eye(3) / 3)
    assert gathering(system("line"), 1) is STAYING
