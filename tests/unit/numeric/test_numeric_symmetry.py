"""Symmetry points: closed forms, and the published figure of filamentary ReRAM."""

from __future__ import annotations

import numpy as np
import pytest

from archsim.numeric import Stream
from archsim.numeric.update import PRESETS, Bound, PulsedDevice, Reference, sampled_cells, soft_bounds, symmetry_points


def test_soft_bounds_have_a_closed_form() -> None:
    """0.01 (1 - w / 0.8) = 0.0075 (1 + w / 0.5): w = 0.0025 / 0.0275."""
    device = PulsedDevice(0.01, soft_bounds(), upper=Bound(0.8), lower=Bound(-0.5), asymmetry=0.25, step_noise=2.0)
    np.testing.assert_allclose(symmetry_points(sampled_cells(device, (3, 4), Stream(0))), 1 / 11, atol=1e-3)


def test_a_reference_at_the_point_makes_it_zero() -> None:
    device = PulsedDevice(0.01, soft_bounds(), asymmetry=0.25, reference=Reference(), write_noise=3.0)
    np.testing.assert_allclose(symmetry_points(sampled_cells(device, (3, 4), Stream(0))), 0, atol=1e-3)


def test_equal_steps_have_none() -> None:
    assert np.isnan(symmetry_points(sampled_cells(PulsedDevice(0.01), (3, 4), Stream(0)))).all()


@pytest.mark.parametrize(("name", "point"), [("reram-filamentary", -0.22), ("ecram", 0.0), ("ecram-metal-oxide", 0.0)])
def test_devices_of_the_literature(name: str, point: float) -> None:
    """Means over 10,000 devices; AIHWKIT's up-down pairs end at -0.213, -0.001 and (slowly) 0.06."""
    points = symmetry_points(sampled_cells(PRESETS[name].device, (100, 100), Stream(0)))
    assert points.mean() == pytest.approx(point, abs=0.02)
