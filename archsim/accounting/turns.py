"""What a reader should know of a run in which layers take turns."""

from __future__ import annotations

import numpy as np

from archsim.mapping import Placement
from archsim.program import Role, Trace
from archsim.units import PS_PER_S

SECONDS_PER_DAY = 86_400


def turn_notes(trace: Trace, placement: Placement) -> tuple[str, ...]:
    """How many turns there are, what is written for them, how long that takes, and how long the cells stand it."""
    turns = placement.turns
    if turns is None:
        return ()
    head = f"{turns.count} turns a sample, one after the other; what goes from one to another lies in memory between"
    if not turns.reloaded.any():
        return (f"{head}; all weights stay on their arrays",)
    program = trace.program
    writers = program.actors.role == Role.PROGRAM
    arrays = len(np.unique(program.actors.resource[writers]))
    busy = trace.busy[writers].sum() / max(1, trace.makespan) / arrays
    note = (
        f"{head}; the weights do not fit all together: {int(turns.reloaded.sum()):,} of {len(turns.before):,} blocks "
        f"are written anew for each turn, which takes {busy:.1%} of the time of {arrays:,} arrays"
    )
    return (note, *_wear(trace, placement, arrays))


def _wear(trace: Trace, placement: Placement, arrays: int) -> tuple[str, ...]:
    """How long until the arrays that are written most reach the cells' endurance."""
    endurance = placement.floorplan.unit.endurance
    if endurance is None:
        return ("how many writes the cells stand is not given (tile.array.programming.endurance)",)
    program = trace.program
    written = np.where(program.actors.role == Role.PROGRAM, trace.firings, 0)
    most = np.bincount(program.actors.resource, weights=written).max()
    days = endurance / most * trace.makespan / PS_PER_S / SECONDS_PER_DAY
    return (
        f"at this rate the cells that are written most reach their endurance of {endurance:g} after {days:.3g} days",
    )
