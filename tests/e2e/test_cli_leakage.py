"""``archsim show chip --leakage``: every part's watts, area and density, and what stands out."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from tests.e2e.cli_calls import fail, succeed, succeed_json


def test_a_published_table_of_power_stands_out():
    out = succeed("show", "chip", "isaac", "--leakage")
    # 10.4 W on 22.88 mm² are 455 mW/mm², where its logic leaks 14.5.
    assert "outlier: chip-link leaks 31." in out and "drawn all the time" in out


def test_the_parts_add_up_in_every_form():
    asked = ("show", "chip", "pcm-mesh-14nm", "--leakage", "--set", "technology.temperature=350 K")
    data = succeed_json(*asked, "--json")
    frame = pd.read_csv(io.StringIO(succeed(*asked, "--csv")))
    assert sum(row["leakage_w"] for row in data["components"]) == pytest.approx(frame.leakage_w.sum())
    assert f"{frame.leakage_w.sum():.4g} W" in succeed(*asked)
    # 0.38 eV from 300 K to 350 K: 8.2 times, and 0.72 eV: 53 times.
    densities = data["density_w_m2"]
    assert densities["high-performance"] == pytest.approx(8.25e3 * 8.16, rel=0.01)
    assert densities["low-power"] == pytest.approx(0.865e3 * 53.4, rel=0.01)


def test_without_a_chip_there_is_no_table():
    assert "no chip" in fail("show", "chip", "isac", "--leakage")
