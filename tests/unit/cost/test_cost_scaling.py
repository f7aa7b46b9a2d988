"""Technology scaling: identities, order, and the traps of the published fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsim.cost.scaling import Flavour, Point, area_factor, delay_factor, energy_factor, log_log, nominal_supply
from archsim.errors import InputError

NODES = st.floats(7, 130)
SUPPLIES = st.floats(0.6, 1.2)
FLAVOURS = st.sampled_from(["high-performance", "low-power"])


@given(NODES, SUPPLIES, FLAVOURS)
def test_a_point_scales_to_itself_by_one(node: float, supply: float, flavour: Flavour) -> None:
    point = Point(node * 1e-9, supply, flavour)
    assert energy_factor(point, point) == 1
    assert delay_factor(point, point) == 1
    assert area_factor(point.node, point.node) == 1


@given(NODES, NODES, NODES, SUPPLIES, FLAVOURS)
def test_scaling_in_two_steps_is_scaling_in_one(
    first: float, second: float, third: float, supply: float, flavour: Flavour
) -> None:
    a, b, c = (Point(node * 1e-9, supply, flavour) for node in (first, second, third))
    assert energy_factor(a, b) * energy_factor(b, c) == pytest.approx(energy_factor(a, c))
    assert area_factor(a.node, b.node) * area_factor(b.node, c.node) == pytest.approx(area_factor(a.node, c.node))


@given(NODES, NODES, SUPPLIES, FLAVOURS)
def test_a_smaller_node_is_never_dearer_at_the_same_supply(
    one: float, other: float, supply: float, flavour: Flavour
) -> None:
    small, large = sorted((one, other))
    source = Point(large * 1e-9, supply, flavour)
    target = Point(small * 1e-9, supply, flavour)
    assert energy_factor(source, target) <= 1 + 1e-9
    assert area_factor(source.node, target.node) <= 1 + 1e-9


@given(NODES, SUPPLIES, SUPPLIES, FLAVOURS)
def test_a_higher_supply_is_never_cheaper_nor_slower(node: float, one: float, other: float, flavour: Flavour) -> None:
    low, high = (Point(node * 1e-9, supply, flavour) for supply in sorted((one, other)))
    assert energy_factor(low, high) >= 1 - 1e-9
    assert delay_factor(low, high) <= 1 + 1e-9


@pytest.mark.parametrize(("node", "turn"), [(45, 0.949), (32, 0.845)])
def test_delay_is_held_where_the_cubic_turns(node: float, turn: float) -> None:
    at_turn, above = Point(node * 1e-9, turn), Point(node * 1e-9, 1.1)
    assert delay_factor(at_turn, above) == pytest.approx(1, abs=1e-3)
    assert delay_factor(at_turn, Point(node * 1e-9, turn - 0.1)) > 1.05


def test_two_flavours_are_never_mixed() -> None:
    with pytest.raises(InputError, match="mixes two fits"):
        energy_factor(Point(45e-9, 0.9), Point(14e-9, 0.8, "low-power"))


def test_a_supply_that_the_fit_has_no_energy_for() -> None:
    with pytest.raises(InputError, match=r"180 nm and 0\.7 V"):
        energy_factor(Point(14e-9, 0.8), Point(180e-9, 0.7))


@pytest.mark.parametrize("node", [0.0, -14e-9])
def test_impossible_nodes(node: float) -> None:
    with pytest.raises(InputError, match="not positive"):
        area_factor(14e-9, node)


def test_beyond_seven_nanometres_energy_falls_with_the_root_and_area_with_the_node() -> None:
    assert energy_factor(Point(7e-9, 0.7), Point(3.5e-9, 0.7)) == pytest.approx(0.5**0.5)
    assert area_factor(7e-9, 3.5e-9) == pytest.approx(0.5)


@given(st.floats(1, 1000))
def test_a_power_law_is_interpolated_exactly(at: float) -> None:
    points = [(x, 3 * x**1.7) for x in (2.0, 10.0, 100.0)]
    assert log_log(points, at) == pytest.approx(3 * at**1.7)


def test_nominal_supply_is_held_beyond_the_table() -> None:
    assert nominal_supply(3e-9) == pytest.approx(nominal_supply(7e-9))
    assert nominal_supply(14e-9) == pytest.approx(0.8)
