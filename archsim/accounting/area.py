"""Silicon area by component."""

from __future__ import annotations

import numpy as np
import pandas as pd

from archsim.accounting.power import unused_draw
from archsim.cost import Bill, Component
from archsim.machine import Place
from archsim.mapping import Placement


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


def total_area(bill: Bill, chips: int) -> float:
    """Square metres of all components of all chips."""
    return float(np.sum([part.count * chips * part.area_m2.value for part in bill.components]))


def used_area(bill: Bill, placement: Placement) -> float:
    """Square metres of all chips less the tiles that hold no weights."""
    return placement.chips * sum(
        part.count * part.area_m2.value * share for part, share in _used_parts(bill, placement)
    )


def least_w(bill: Bill, placement: Placement) -> float:
    """Watts that all parts of all chips draw at least: what their policies leave them without work."""
    return placement.chips * sum(part.count * unused_draw(part, placement.chip, bill) for part in bill.components)


def unused_tiles_w(bill: Bill, placement: Placement) -> float:
    """Watts that the parts of tiles without weights draw, as their policies say."""
    chip = placement.chip
    return placement.chips * sum(
        part.count * unused_draw(part, chip, bill) * (1.0 - share) for part, share in _used_parts(bill, placement)
    )


def _used_parts(bill: Bill, placement: Placement) -> list[tuple[Component, float]]:
    """Each component, and the share of its instances that are not in idle tiles."""
    used = placement.tiles_used / placement.tiles
    return [(part, used if part.place is Place.TILE else 1.0) for part in bill.components]
