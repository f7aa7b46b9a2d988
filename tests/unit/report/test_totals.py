"""Totals against sums made by hand."""

from __future__ import annotations

import pandas as pd

from archsim.report import component_totals, layer_totals, resource_totals
from tests.unit.report.ledgers import small_ledger


def test_component_totals() -> None:
    expected = pd.DataFrame(
        [
            ("adc", 4, 6.0, 8.0, 0.0, 0.0, 14.0, 4.0),
            ("array", 2, 1.0, 0.5, 0.0, 0.0, 1.5, 6.0),
            ("clock", 1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5),
        ],
        columns=["component", "instances", "dynamic_j", "leakage_j", "idle_j", "wake_j", "energy_j", "area_m2"],
    )
    pd.testing.assert_frame_equal(component_totals(small_ledger()).frame(), expected)


def test_layers_by_their_busiest_role_the_longest_at_work_first() -> None:
    totals = layer_totals(small_ledger())
    assert totals.layer.tolist() == ["b", "a", "out"]
    assert totals.role.tolist() == ["convert", "convert", "sink"]
    assert totals.busy.tolist() == [0.25, 0.75, 0.0]
    assert totals.energy_j.tolist() == [2.0, 5.0, 0.0]


def test_resources_by_kind() -> None:
    totals = resource_totals(small_ledger())
    assert totals.kind.tolist() == ["adc", "array"]
    assert totals.instances.tolist() == [2, 1]
    assert totals.mean_utilisation.tolist() == [0.625, 0.625]
    assert totals.busiest.tolist() == ["chip0/node1/adc0", "chip0/node0/array0"]
