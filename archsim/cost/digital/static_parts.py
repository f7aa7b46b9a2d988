"""Parts that only draw power and take area: the clock tree and control logic of a tile.

The clock tree's energy per cycle and area is that of DSENT's 64-bit router, taken as a sample of clocked logic;
applying it to other logic is assumed.
"""

from __future__ import annotations

from archsim.cost.bill import Figure
from archsim.cost.estimate import MM2, PJ, Estimate, Kind, engineering, square
from archsim.cost.fabric.router import ROWS, DsentPoint, over_nodes
from archsim.cost.fabric.router import SOURCE as DSENT
from archsim.cost.leakage import SOURCE as LEAKAGE_SOURCE
from archsim.cost.leakage import logic_leakage
from archsim.cost.model import declare
from archsim.cost.scaling import node_notes
from archsim.cost.settings import Hertz, Process, SquareMetres


class ClockTree(DsentPoint):
    """Settings of a clock tree over ``clocked_area`` of logic."""

    clock: Hertz
    clocked_area: SquareMetres


class Logic(Process):
    """Settings of a piece of logic that is known by its area."""

    logic_area: SquareMetres


def clock_tree(settings: ClockTree) -> Estimate:
    """Price a free-running clock tree."""
    points = [(row.node_nm, row.clock / row.area_mm2) for row in ROWS if row.width == 64]
    density = over_nodes(points, settings) * PJ / MM2 * settings.overdrive
    power = density * settings.clocked_area * settings.clock
    return Estimate(
        (),
        Figure(0.0, "0: within the area that it clocks", "by definition"),
        Figure(
            power,
            f"{engineering(density * MM2, 'J')}/cycle/mm^2 x {square(settings.clocked_area)} x "
            f"{engineering(settings.clock, 'Hz')}",
            f"{DSENT}; its use for other logic assumed",
        ),
        notes=node_notes(settings.node, 11, 45),
    )


def logic(settings: Logic) -> Estimate:
    """Price a piece of idle logic by its area."""
    area = Figure(settings.logic_area, "logic_area", "given as a parameter")
    return Estimate((), area, logic_leakage(settings.logic_area, settings.point), notes=node_notes(settings.node))


MODELS = (
    declare("clock-tree", Kind.OTHER, ClockTree, clock_tree, source=DSENT, validity="11 to 45 nm, free running"),
    declare("logic", Kind.OTHER, Logic, logic, source=LEAKAGE_SOURCE, validity="7 to 180 nm"),
)
