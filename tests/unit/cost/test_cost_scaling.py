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


def _cubic(a: float, b: float, c: float, d: float, volts: float) -> float:
    return a * volts**3 + b * volts**2 + c * volts + d


D65 = _cubic(-53.3, 230.4, -333.9, 178.6, 1.0)
D14 = _cubic(-40.66, 109.2, -100.6, 35.92, 0.8)
D7 = _cubic(-28.58, 76.6, -70.26, 24.69, 0.7)


@pytest.mark.parametrize(
    ("node", "supply", "flavour", "delay"),
    [
        (14, 0.8, "high-performance", D14),
        (7, 0.7, "high-performance", D7),
        (3, 0.7, "high-performance", D7),
        # Halfway between 10 nm and 7 nm, by the logarithms.
        (70**0.5, 0.7, "high-performance", (_cubic(-34.95, 93.65, -85.99, 30.4, 0.7) * D7) ** 0.5),
        # A parabola, whose vertex lies at 66.37 / (2 x 34.63) = 0.958 V.
        (20, 0.8, "high-performance", 34.63 * 0.64 - 66.37 * 0.8 + 41.15),
        (20, 1.2, "high-performance", 41.15 - 66.37**2 / 4 / 34.63),
        (14, 0.8, "low-power", _cubic(-85.37, 271.6, -292.2, 111.4, 0.8)),
        (300, 1.8, "high-performance", 97.09 * 1.8**2 - 356.7 * 1.8 + 406.5),
    ],
)
def test_delays_are_stillmakers_cubics(node: float, supply: float, flavour: Flavour, delay: float) -> None:
    source = Point(65e-9, 1.0, flavour)
    assert delay_factor(source, Point(node * 1e-9, supply, flavour)) == pytest.approx(delay / D65, rel=1e-9)


@pytest.mark.parametrize(
    ("node", "coefficients"), [(45, (-501.6, 1567, -1619, 566.1)), (32, (-1047, 2982, -2797, 873.5))]
)
def test_a_delay_beyond_its_cubics_minimum_is_the_minimum(node: float, coefficients: tuple[float, ...]) -> None:
    a, b, c, d = coefficients
    root = min(
        volts / 1e5 for volts in range(50_000, 150_000) if 3 * a * (volts / 1e5) ** 2 + 2 * b * volts / 1e5 + c > 0
    )
    held = delay_factor(Point(65e-9, 1.0), Point(node * 1e-9, 1.3))
    assert held == pytest.approx(_cubic(a, b, c, d, root) / D65, rel=1e-5)
