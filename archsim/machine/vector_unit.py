"""Element-wise passes on a stepped device's digital unit."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

from archsim.chip import Chip
from archsim.chip.digital import Unit
from archsim.columns import Ids
from archsim.errors import MissingUnit
from archsim.machine.part import READ_WRITE
from archsim.machine.parts import BUFFER
from archsim.machine.service import unit_cycles
from archsim.machine.stepped import Elementwise, Spent, Steps
from archsim.network import Counts
from archsim.program import Kind, Role
from archsim.units import period_ps

AHEAD = 2
"""Double buffering: what is worked on, and what comes next."""


def unit_steps(chip: Chip, work: Elementwise, most: int) -> Steps:
    """A pass on the first unit of a chip that can do it, all of the units of its kind side by side, on all chips.

    Raises
    ------
    MissingUnit
        If none can.
    """
    name, unit = able_unit(chip, work)
    operands = work.operands
    cycles = max(1, ceil(unit_cycles(unit, work.work, 1.0 / (unit.count * work.chips)) - 1e-9))
    count = max(1, min(most, cycles))
    ends = np.arange(1, count + 1)
    read, write = READ_WRITE
    spent = (
        *(Spent(name, primitive.value, float(times)) for primitive, times in work.work),
        Spent(BUFFER, read, float(operands.inputs)),
        Spent(BUFFER, write, float(operands.outputs)),
    )
    return Steps(
        role=Role.COMPUTE,
        resource=Kind.UNIT,
        label=name,
        interval=np.diff(ends * cycles // count, prepend=0) * period_ps(unit.clock),
        latency=(unit.pipeline - 1) * period_ps(unit.clock),
        inputs=spread(operands.inputs_fetched, ends / count),
        weights=spread(operands.weights_fetched, ends / count),
        outputs=spread(operands.outputs_written, ends / count),
        done=ends / count,
        ahead=AHEAD,
        spent=spent,
    )


def spread(total: float, done: NDArray[np.float64]) -> Ids:
    """Whole bits of each step of so many in all, given which multiple of them has passed at the end of each."""
    passed = np.rint(total * done).astype(np.int64)
    return np.asarray(np.diff(passed, prepend=0), np.int64)


def able_unit(chip: Chip, work: Elementwise) -> tuple[str, Unit]:
    """The first unit that offers all primitives of a pass."""
    wanted = {primitive for primitive, _ in work.work}
    for name, unit in chip.units.items():
        if wanted <= unit.operations.keys():
            return name, unit
    raise _no_unit(chip, work.kind, work.work)


def _no_unit(chip: Chip, kind: str, work: Counts) -> MissingUnit:
    offered = {primitive for unit in chip.units.values() for primitive in unit.operations}
    lacking = sorted({primitive for primitive, _ in work} - offered)
    words = ", ".join(lacking) if lacking else "all of its operations on one unit"
    return MissingUnit(
        f"no digital unit can do {kind!r}: it takes {words}",
        where=f"chip {chip.name!r}",
        remedy="Add the operations to a unit in the chip file (units: NAME: operations: ...), or add a unit.",
    )
