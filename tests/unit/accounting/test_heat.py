"""Temperatures: by hand where they are known, against a dense solve of Kirchhoff's law, and against Joule's balance."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from archsim.accounting.heat import SILICON_W_PER_M_K, Cooling, HeatMap, heat_map
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


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.0, RESISTANCE, THICKNESS), "ambient 0 is not positive"),
        ((AMBIENT, -1.0, THICKNESS), "thermal resistance -1 is not positive"),
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
