"""Heat maps of a chip's floorplan."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from archsim.accounting.sites import sites
from archsim.errors import InputError
from archsim.figures.drawn import HEAT, Drawn, canvas, plain
from archsim.simulation import Result

_W_PER_MM2 = 1e6
QUANTITIES = {
    "utilisation": ("utilisation", "busy share of the busiest array or converter", 1.0),
    "writing": ("writing", "share of the run in which the array is written", 1.0),
    "power": ("power_w", "W", 1.0),
    "power density": ("density_w_m2", "W/mm²", _W_PER_MM2),
    "traffic": ("traffic", "busy share of the busiest link", 1.0),
    "stalls": ("stalled", "blocked or contended, share of the run", 1.0),
}
"""What can be drawn: column of `archsim.accounting.sites.Sites.frame`, unit, and the SI units in it."""


def floorplan(result: Result, quantity: str = "power density", chip: int = 0, axes: Axes | None = None) -> Drawn:
    """A chip's tiles, coloured by a quantity.

    Parameters
    ----------
    result : Result
    quantity : str
        One of `QUANTITIES`.
    chip : int
        Number of the chip.
    axes : Axes, optional

    Returns
    -------
    Drawn
        As `archsim.accounting.sites.Sites.frame`, of that chip.

    Raises
    ------
    InputError
        If there is no such quantity or chip.
    """
    if quantity not in QUANTITIES:
        raise InputError(
            f"there is no quantity {quantity!r}", where="floorplan", remedy=f"Choose one of: {', '.join(QUANTITIES)}."
        )
    if not 0 <= chip < result.placement.chips:
        raise InputError(
            f"there is no chip {chip}", where="floorplan", remedy=f"There are 0 to {result.placement.chips - 1}."
        )
    name, unit, scale = QUANTITIES[quantity]
    frame = sites(result.trace, result.placement, result.bill).frame
    frame = frame[frame["chip"] == chip].reset_index(drop=True)
    grid = np.full((frame["row"].max() + 1, frame["column"].max() + 1), np.nan)
    grid[frame["row"], frame["column"]] = frame[name] / scale
    drawn = canvas(axes, width=6.0, height=5.0)
    image = drawn.imshow(grid, cmap=HEAT, vmin=0)
    root = drawn.get_figure(root=True)
    assert root is not None
    root.colorbar(image, ax=drawn, label=unit, shrink=0.8)
    drawn.set(xticks=[], yticks=[])
    plain(drawn, f"{result.network.name} on {result.chip.name}, chip {chip}: {quantity}")
    return Drawn(drawn, frame)
