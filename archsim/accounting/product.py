"""One product on one array, alone: when each of its stages works, and what each of its actions costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from archsim.accounting.energy import SHARE
from archsim.chip import Chip
from archsim.chip.issue import Holds
from archsim.cost import Bill
from archsim.errors import InputError
from archsim.machine import BUFFER, ISSUE, Action, BlockShapes, MatrixUnit, Pass, Stage, product_period, stages_of
from archsim.machine import matrix_unit as unit_of
from archsim.program import Kind, Role
from archsim.units import PS_PER_S, picoseconds

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A product, or another pass, of one block.

    Parameters
    ----------
    rows, columns : int
        Of the block, in weights.
    doing : Pass
    stages : DataFrame
        One row per stage: ``stage, resource, start_s, output_s`` (when its output is there), ``free_s`` (when it could
        take the next one), ``buffer_bits`` (read from the tile's buffer), ``energy_j``.
    actions : DataFrame
        One row per action: ``stage, component, action, count, each_j, energy_j``.
    interval_s : float
        Between such products at full rate.
    """

    rows: int
    columns: int
    doing: Pass
    stages: pd.DataFrame
    actions: pd.DataFrame
    interval_s: float

    @property
    def latency_s(self) -> float:
        """Until its output is there."""
        return float(self.stages.output_s.iloc[-1])

    @property
    def energy_j(self) -> float:
        """Of all its actions, the reading of its inputs among them; transport and leakage aside."""
        return float(self.actions.energy_j.sum())

    @property
    def operations(self) -> int:
        """Two per weight of a product; none of writing."""
        return 2 * self.rows * self.columns if self.doing is Pass.FORWARD else 0


def product_of(
    chip: Chip, bill: Bill, *, rows: int | None = None, columns: int | None = None, doing: Pass = Pass.FORWARD
) -> Product:
    """Follow one product through the stages of a chip's matrix unit.

    Parameters
    ----------
    chip, bill
    rows, columns : int, optional
        Of the block of weights; a full one where not given.
    doing : Pass

    Raises
    ------
    InputError
        If a block cannot be so large, or the unit does not offer the pass.
    MissingCost
        If an action's cost is not given.
    """
    import pandas as pd  # late: a third of a start

    unit = unit_of(chip)
    sizes = _sizes(chip, unit, rows, columns)
    if doing not in unit.passes:
        raise InputError(
            f"its matrix unit does not offer the pass {doing.value!r}",
            where=f"chip {chip.name!r}",
            remedy="Say how weights are written (tile.array.programming), or ask for a product.",
        )
    block = BlockShapes(*(np.array([size], np.int64) for size in (*sizes, sizes[0] * sizes[1])))
    stages = stages_of(unit.stages(block, doing), summed=False)
    before = _before(chip, stages) if doing is Pass.FORWARD else ()
    interval = max([int(product_period(stages, summed=False)[0]), *(int(stage.interval[0]) for stage in before)])
    chain = (*before, *stages)
    actions = pd.DataFrame(
        [row for stage in chain for row in _actions(stage, bill)],
        columns=["stage", "component", "action", "count", "each_j", "energy_j"],
    )
    return Product(*sizes, doing, _timed(chain, actions), actions, interval / PS_PER_S)


def _sizes(chip: Chip, unit: MatrixUnit, rows: int | None, columns: int | None) -> tuple[int, int]:
    limits = unit.limits
    sizes = (limits.rows if rows is None else rows, limits.columns if columns is None else columns)
    for what, size, most in (("rows", sizes[0], limits.rows), ("columns", sizes[1], limits.columns)):
        if not 1 <= size <= most:
            raise InputError(
                f"a block of {size:,} {what} of weights",
                where=f"chip {chip.name!r}, --{what}",
                remedy=f"A place of its matrix unit holds 1 to {most:,}.",
            )
    return sizes


def _before(chip: Chip, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """What the tile's controller and the ports of its buffer add, for one array alone."""
    issue, bandwidth = chip.tile.issue, chip.tile.buffer.read_bandwidth
    none = np.zeros(1, np.int64)
    found = []
    if bandwidth is not None:
        time = np.array([picoseconds(float(stages[0].input_bits[0]) / bandwidth)], np.int64)
        found.append(Stage(Role.FETCH, Kind.BUFFER, BUFFER, time, time, none, none))
    if issue is not None:
        time = np.array([picoseconds(issue.time)], np.int64)
        held = time + product_period(stages, summed=False) if issue.holds is Holds.PRODUCT else time
        doing = (Action(ISSUE, "issue", np.ones(1)),)
        found.append(Stage(Role.ISSUE, Kind.CONTROL, ISSUE, held, time, none, none, actions=doing))
    return tuple(found)


def _actions(stage: Stage, bill: Bill) -> Iterator[tuple[str, str, str, float, float, float]]:
    counted = [(action.component, action.action, float(action.count[0])) for action in stage.actions]
    if stage.input_bits[0]:
        counted.append((BUFFER, "read_bit", float(stage.input_bits[0])))
    shared = dict.fromkeys((part.name for part in bill.shares), 0.0)
    for component, action, count in counted:
        each = bill.component(component).energy_of(action).value
        yield stage.role.name.lower(), component, action, count, each, count * each
        for part in bill.shares:
            shared[part.name] += part.beside(component) * count * each
    for name, joules in shared.items():
        if joules:
            yield stage.role.name.lower(), name, SHARE, 1.0, joules, joules


def _timed(chain: tuple[Stage, ...], actions: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd  # late: a third of a start

    latency = np.array([int(stage.latency[0]) for stage in chain])
    start = np.cumsum(latency) - latency
    free = start + np.array([int(stage.interval[0]) for stage in chain])
    role = [stage.role.name.lower() for stage in chain]
    spent = actions.groupby("stage").energy_j.sum().reindex(role, fill_value=0.0)
    return pd.DataFrame(
        {
            "stage": role,
            "resource": [stage.label for stage in chain],
            "start_s": start / PS_PER_S,
            "output_s": (start + latency) / PS_PER_S,
            "free_s": free / PS_PER_S,
            "buffer_bits": [int(stage.input_bits[0]) for stage in chain],
            "energy_j": spent.to_numpy(),
        }
    )
