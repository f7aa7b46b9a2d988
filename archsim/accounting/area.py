"""Silicon area by component."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.accounting.power import unused_draw
from archsim.columns import Columns, Reals, Texts, texts
from archsim.cost import Bill, Component
from archsim.machine import Place
from archsim.mapping import Placement


@dataclass(frozen=True, slots=True, eq=False)
class Areas(Columns):
    """Silicon of each component, of all chips.

    Parameters
    ----------
    component : str, shape (components,)
    instances : int64 or float64, shape (components,)
    area_each_m2, area_m2 : float64, shape (components,)
    """

    component: Texts
    instances: NDArray[np.int64 | np.float64]
    area_each_m2: Reals
    area_m2: Reals


def component_area(bill: Bill, chips: int) -> Areas:
    """Area of all components of so many chips."""
    parts = bill.components
    return Areas(
        texts(part.name for part in parts),
        np.array([part.count * chips for part in parts]),
        np.array([part.area_m2.value for part in parts], np.float64),
        np.array([part.count * chips * part.area_m2.value for part in parts], np.float64),
    )


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
