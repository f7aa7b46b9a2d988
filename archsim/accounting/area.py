"""Silicon area by component."""

from __future__ import annotations

import pandas as pd

from archsim.cost import Bill
from archsim.mapping import Placement

TILE_PARTS = frozenset({"array", "driver", "adc", "sample-hold", "affine", "buffer"})


def component_area(bill: Bill, chips: int) -> pd.DataFrame:
    """Area of all components.

    Returns
    -------
    DataFrame
        One row per component: ``component, instances, area_each_m2, area_m2`` (all chips).
    """
    rows = [
        (part.name, part.count * chips, part.area_m2.value, part.count * chips * part.area_m2.value)
        for part in bill.components
    ]
    return pd.DataFrame(rows, columns=["component", "instances", "area_each_m2", "area_m2"])


def used_area(bill: Bill, placement: Placement) -> float:
    """Square metres of all chips less the tiles that hold no weights."""
    chip = placement.chip
    tile_parts = TILE_PARTS | {name for name, unit in chip.units.items() if unit.where == "tile"} | chip.other.keys()
    per_chip = sum(part.count * part.area_m2.value for part in bill.components)
    tiles_per_chip = sum(part.count * part.area_m2.value for part in bill.components if part.name in tile_parts)
    unused = 1.0 - placement.tiles_used / placement.tiles
    return placement.chips * (per_chip - tiles_per_chip * unused)
