"""Temperatures: by hand where they are known, against a dense solve of Kirchhoff's law, and against Joule's balance."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from archsim.accounting.heat import (
    SILICON_W_PER_M_K,
    Cooling,
    HeatMap,
    _Leaking,
    _network,
    _steady,
    heat_map,
)
from archsim.cost.temperature import growth
from archsim.errors import InputError
from archsim.simulation import Result, simulate

AMBIENT, RESISTANCE, THICKNESS = 318.0, 300e-6, 0.5e-3


@cache
def ran(*overrides: str) -> Result:
    return simulate("digits-cnn", "pcm-mesh-14nm", overrides=overrides)


def mapped(cooling: Cooling, *, follows: bool = False, result: Result | None = None) -> HeatMap:
    of = result or ran()
    return heat_map(of.trace, of.placement, of.bill, cooling, follows=follows)


def test_without_a_way_between_sites_each_is_as_hot_as_its_own_power_density() -> None:
    frame = mapped(Cooling(AMBIENT, RESISTANCE, THICKNESS, conductivity=1e-9)).frame
    np.testing.assert_allclose(frame.temperature_k, AMBIENT + frame.density_w_m2 * RESISTANCE, rtol=1e-9)


def test_what_comes_in_goes_out() -> None:
    found = mapped(Cooling(AMBIENT, RESISTANCE, THICKNESS))
    area = found.frame.power_w / found.frame.density_w_m2
    leaving = (area / RESISTANCE * (found.frame.temperature_k - AMBIENT)).sum()
    assert leaving == pytest.approx(found.power_w, rel=1e-9)
    assert found.power_w == found.before_w


def test_temperatures_solve_kirchhoffs_law_site_by_site() -> None:
    """All conductances written down one by one, and a dense solve."""
    found = mapped(Cooling(AMBIENT, RESISTANCE, THICKNESS))
    frame, size = found.frame, len(found.frame)
    area = (frame.power_w / frame.density_w_m2).to_numpy()
    conductance = np.zeros((size, size))
    sheet = SILICON_W_PER_M_K * THICKNESS
    for one in range(size):
        conductance[one, one] += area[one] / RESISTANCE
        for two in range(size):
            apart = abs(frame.row[one] - frame.row[two]) + abs(frame.column[one] - frame.column[two])
            if apart == 1:
                conductance[one, one] += sheet
                conductance[one, two] -= sheet
    rise = np.linalg.solve(conductance, frame.power_w.to_numpy())
    np.testing.assert_allclose(frame.temperature_k, AMBIENT + rise, rtol=1e-9)
    assert frame.temperature_k.max() - frame.temperature_k.min() > 0.01


def test_leakage_follows_each_site() -> None:
    """High-performance transistors everywhere but in SRAM: growth by 0.38 eV at the sites' own temperature."""
    cold, hot = (mapped(Cooling(AMBIENT, RESISTANCE, THICKNESS), follows=follows) for follows in (False, True))
    leaking = ran().ledger.standing.set_index("component").leakage / (ran().trace.makespan * 1e-12)
    logic = leaking[["driver", "adc", "affine", "local", "core"]].sum()
    factor = growth(14e-9, "high-performance", float(hot.frame.temperature_k.mean()))
    added = hot.power_w - cold.power_w
    assert logic * (factor - 1) < added < 1.5 * logic * (factor - 1)
    assert hot.before_w == pytest.approx(cold.power_w)
    assert hot.hottest_k > cold.hottest_k


def test_a_hot_site_warms_its_neighbours_by_hand() -> None:
    """Two alike, one with all the power: rises add up to P R / A, and differ by P / (A / R + 2 s)."""
    frame = pd.DataFrame({"chip": [0, 0], "row": [0, 0], "column": [0, 1]})
    cooling = Cooling(300.0, 4e-4, 1e-3, conductivity=100.0)
    area, power = np.array([2e-6, 2e-6]), np.array([0.5, 0.0])
    rise = _steady(_network(frame, area, cooling), power, area, cooling, np.zeros_like) - 300.0
    out, sheet = 2e-6 / 4e-4, 100.0 * 1e-3
    assert rise.sum() == pytest.approx(0.5 / out)
    assert rise[0] - rise[1] == pytest.approx(0.5 / (out + 2 * sheet))


def test_chips_do_not_warm_each_other() -> None:
    frame = pd.DataFrame({"chip": [0, 1], "row": [0, 0], "column": [0, 1]})
    cooling = Cooling(300.0, 4e-4, 1e-3)
    area, power = np.array([2e-6, 2e-6]), np.array([0.5, 0.0])
    rise = _steady(_network(frame, area, cooling), power, area, cooling, np.zeros_like) - 300.0
    assert rise.tolist() == pytest.approx([0.5 * 4e-4 / 2e-6, 0.0], abs=1e-9)


def test_what_follows_is_found_again_until_it_stands() -> None:
    """A site that takes 1 mW more for each kelvin above the ambient: rise = P / (A / R - 1 mW)."""
    frame = pd.DataFrame({"chip": [0], "row": [0], "column": [0]})
    cooling = Cooling(310.0, 4e-4, 1e-3)
    area, power = np.array([2e-6]), np.array([0.02])
    found = _steady(_network(frame, area, cooling), power, area, cooling, lambda kelvin: 1e-3 * (kelvin - 310.0))
    assert found[0] - 310.0 == pytest.approx(0.02 / (2e-6 / 4e-4 - 1e-3), abs=1e-5)


@pytest.mark.parametrize(("kelvin", "watts"), [(300.0, 0.0), (305.0, 1.0), (310.0, 2.0), (316.0, 2.0 + 0.6 * 4.0)])
def test_leakage_between_two_temperatures_is_interpolated(kelvin: float, watts: float) -> None:
    """On a grid of ten kelvin, from 300: 0, 2, 6 W and on."""
    grid = np.array([0.0, 2.0, 6.0, 12.0, 20.0, 30.0, 42.0, 56.0, 72.0, 90.0, 110.0])
    assert _Leaking(grid[:, None]).extra(np.array([kelvin]))[0] == pytest.approx(watts)


def test_the_ends_of_the_grid_are_within() -> None:
    grid = np.arange(11.0)[:, None]
    assert _Leaking(grid).extra(np.array([400.0]))[0] == pytest.approx(10.0)
    assert _Leaking(grid).extra(np.array([300.0]))[0] == 0.0
    with pytest.raises(InputError, match="reaches 401 K"):
        _Leaking(grid).extra(np.array([401.0]))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.0, RESISTANCE, THICKNESS), "ambient 0 is not positive"),
        ((AMBIENT, -1.0, THICKNESS), "thermal resistance -1 is not positive"),
        ((AMBIENT, 1e24, THICKNESS), r"thermal resistance 1e\+24 K m\^2/W is beyond any package"),
        ((5000.0, RESISTANCE, THICKNESS), "ambient 5000 K is beyond any package"),
        ((AMBIENT, RESISTANCE, 0.0), "die thickness 0 is not positive"),
    ],
)
def test_cooling_that_does_not_cool_is_refused(values: tuple[float, float, float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Cooling(*values)


def test_a_chip_that_heats_itself_without_end_is_refused() -> None:
    with pytest.raises(InputError, match="nothing is known beyond 400 K"):
        mapped(Cooling(AMBIENT, 0.1, THICKNESS), follows=True)


def test_leakage_below_the_models_range_is_refused() -> None:
    with pytest.raises(InputError, match="known from 300 K on"):
        mapped(Cooling(250.0, RESISTANCE, THICKNESS), follows=True)
    assert mapped(Cooling(250.0, RESISTANCE, THICKNESS)).hottest_k < 300
