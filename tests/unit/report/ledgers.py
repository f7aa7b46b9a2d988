"""A Ledger small enough to add up by hand."""

from __future__ import annotations

from math import nan

from archsim.accounting import LEAKAGE, Aspect, Bottleneck, Extent, Headline, Inclusion, Ledger, Limit, Scope
from archsim.accounting.area import Areas
from archsim.accounting.energy import Energy
from archsim.accounting.tables import LayerCosts, Tables
from archsim.accounting.time import ResourceUse, States
from archsim.accounting.traffic import PricedAccesses
from archsim.columns import Columns


def small_ledger() -> Ledger:
    """Two layers, two components, three resources."""
    energy = Energy.of_rows(
        [
            ("a", 0, "array", "cell", 10.0, 1.0),
            ("a", 0, "adc", "conversion", 10.0, 4.0),
            ("b", 0, "adc", "conversion", 5.0, 2.0),
            (LEAKAGE, -1, "adc", "leakage", 1.0, 8.0),
            (LEAKAGE, -1, "array", "leakage", 1.0, 0.5),
        ],
    )
    area = Areas.of_rows(
        [("array", 2, 3.0, 6.0), ("adc", 4, 1.0, 4.0), ("clock", 1, 0.5, 0.5)],
    )
    states = States.of_rows(
        [
            ("a", "integrate", 1, 10, 0.5, 0.1, 0.1, 0.1, 0.2),
            ("a", "convert", 1, 10, 0.75, 0.05, 0.05, 0.05, 0.1),
            ("b", "convert", 2, 10, 0.25, 0.25, 0.25, 0.0, 0.25),
            ("out", "sink", 1, 1, 0.0, 1.0, 0.0, 0.0, 0.0),
        ],
    )
    resources = ResourceUse.of_rows(
        [
            ("chip0/node0/adc0", "adc", "adc", 0, 0, 1, 0.25, 0.25, 0.375),
            ("chip0/node1/adc0", "adc", "adc", 0, 1, 1, 0.75, 0.75, 0.875),
            ("chip0/node0/array0", "array", "array", 0, 0, 1, 0.5, 0.5, 0.625),
        ],
    )
    layers = LayerCosts.of_rows(
        [
            ("a", "matrix", 10, 4, 100, 1, 1, 0.0, 0.9, 0.75, 5.0),
            ("b", "matrix", 10, 4, 100, 2, 2, 0.1, 1.0, 0.9, 2.0),
            ("out", "sink", 1, 4, 0, 1, 0, nan, nan, nan, nan),
        ],
    )
    bottleneck = Bottleneck("chip0/node1/adc0", "a", 0.75, Limit.RESOURCE, "its convert fires 10 times")
    memory = PricedAccesses.of_rows(
        [
            ("dram", "write_bit", "a", "", 10, 320.0, 1e-9, 1.0),
            ("dram", "read_bit", "a", "b", 10, 320.0, 1e-9, 1.0),
        ],
    )
    scope = Scope(tuple(Inclusion(aspect, Extent.NONE if aspect is Aspect.HOST else Extent.ALL) for aspect in Aspect))
    tables = _Given(energy=energy, area=area, states=states, resources=resources, layers=layers, memory=memory)
    return _Told(headline=_headline(), bottleneck=bottleneck, tables=tables, notes=("folded",), scope=scope)


class _Given(Tables):
    """Tables without a run."""

    def __init__(self, **given: Columns) -> None:
        vars(self).update(given)


class _Told(Ledger):
    """A ledger of given tables, without a run."""

    def __init__(self, **given: object) -> None:
        vars(self).update(given)


def _headline() -> Headline:
    return Headline(
        network="net", chip="chip", chips=1, tiles=4, tiles_used=2, batch=1, operations_per_sample=400,
        latency_s=1.0, latency_max_s=1.0, throughput_per_s=1.0, throughput_basis="exact period",
        energy_per_sample_j=15.5, leakage_share=8.5 / 15.5, idle_share=0.0,
        power_w=15.5, area_m2=10.5, area_used_m2=8.0,
        gops_per_w=1.0, gops_per_w_used=1.5, tops_per_mm2=1.0, tops_per_mm2_used=2.0,
        peak_tops=3.0, peak_gops_per_w=4.0, peak_tops_per_mm2=5.0, array_utilisation=0.5, cell_utilisation=0.25,
    )  # fmt: skip
