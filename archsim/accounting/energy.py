"""Energy of a run's actions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Columns, Ids, Reals, Texts, texts
from archsim.cost import Bill, Component
from archsim.groups import Groups
from archsim.program import Labels, Trace
from archsim.units import PS_PER_S

SHARE = "share"
"""The action of a part that draws a share of what others do."""
LEAKAGE = "(leakage)"
"""In place of a layer: what parts draw beside their actions."""


@dataclass(frozen=True, slots=True, eq=False)
class Energy(Columns):
    """What everything took that costs energy.

    Parameters
    ----------
    layer : str, shape (rows,)
    chip : int64, shape (rows,)
    component, action : str, shape (rows,)
    count : float64, shape (rows,)
    energy_j : float64, shape (rows,)
    """

    layer: Texts
    chip: Ids
    component: Texts
    action: Texts
    count: Reals
    energy_j: Reals


@dataclass(frozen=True)
class ActionCounts:
    """How often everything happened that costs energy: by layer, chip and action, in this order.

    Parameters
    ----------
    labels : Labels
        Names of layers and actions.
    layer, chip, action : int64, shape (rows,)
    count : float64, shape (rows,)
        Above 0.
    """

    labels: Labels
    layer: Ids
    chip: Ids
    action: Ids
    count: NDArray[np.float64]

    @classmethod
    def of(cls, trace: Trace) -> ActionCounts:
        """All firings of a run; of those that run to their end, counted once for all programs that differ in times."""
        findings, whole = trace.program.findings, np.array_equal(trace.firings, trace.program.actors.firings)
        if not whole:
            return cls._of(trace)
        if cls not in findings:
            findings[cls] = cls._of(trace)
        return cast(ActionCounts, findings[cls])

    @classmethod
    def _of(cls, trace: Trace) -> ActionCounts:
        program = trace.program
        table = program.actions
        count = table.count * trace.firings[table.actor]
        table, count = table.take(count > 0), count[count > 0]
        layer, chip = program.actors.layer[table.actor], program.resources.chip[program.actors.resource[table.actor]]
        order = np.lexsort((table.action, chip, layer))
        keys = np.stack((layer, chip, table.action))[:, order]
        first = np.flatnonzero(np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0))) if len(order) else order
        sums = np.add.reduceat(count[order], first) if len(order) else count
        return cls(program.labels, keys[0, first], keys[1, first], keys[2, first], sums)

    @cached_property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Component and action of every action of the program."""
        parts = (name.rsplit(".", 1) for name in self.labels.actions)
        return tuple((component, action) for component, action in parts)

    def total(self, bill: Bill) -> float:
        """Joules of all rows, and of what draws a share of them.

        Raises
        ------
        MissingCost
            If an action has no energy on the bill.
        """
        whole = np.array([bill.whole(component) for component, _ in self.names])
        return float((self.joules(bill) * whole[self.action]).sum())

    def joules(self, bill: Bill) -> NDArray[np.float64]:
        """Energy of each row; shape ``(rows,)``.

        Raises
        ------
        MissingCost
            If an action has no energy on the bill.
        """
        each = np.zeros(len(self.names))
        for action in np.unique(self.action).tolist():
            component, name = self.names[action]
            each[action] = bill.component(component).energy_of(name).value
        return self.count * each[self.action]

    def priced(self, bill: Bill) -> Energy:
        """Energy of each layer, chip, component and action.

        What draws a share of others' energy has a row with the action ``"share"`` for each layer and chip; its count
        is 1.

        Raises
        ------
        MissingCost
            If an action has no energy on the bill.
        """
        parts = [self.names[action] for action in self.action.tolist()]
        own = Energy(
            texts(self.labels.layers[layer] for layer in self.layer.tolist()),
            self.chip,
            texts(component for component, _ in parts),
            texts(action for _, action in parts),
            self.count,
            self.joules(bill),
        )
        return Energy.concatenate((own, *(_shared(own, part) for part in bill.shares)))


def _shared(own: Energy, part: Component) -> Energy:
    """What a part draws with the actions of others, by layer and chip."""
    along = dict(part.along)
    taken = own.energy_j * np.array([along.get(component, 0.0) for component in own.component], np.float64)
    groups = Groups.met(zip(own.layer, own.chip.tolist(), strict=True))
    spent = groups.sums(taken)
    drawing = np.flatnonzero(spent > 0)
    rows, size = groups.first[drawing], len(drawing)
    name, action = texts([part.name] * size), texts([SHARE] * size)
    return Energy(own.layer[rows], own.chip[rows], name, action, np.ones(size), spent[drawing])


def dynamic_energy(trace: Trace, bill: Bill) -> Energy:
    """Energy of all firings of a run, by layer, chip, component and action.

    Raises
    ------
    MissingCost
        If an action has no energy on the bill.
    """
    return ActionCounts.of(trace).priced(bill)


def ratio(part: float, whole: float) -> float:
    """Their quotient; 0 where there is no whole: what takes no energy has no efficiency."""
    return part / whole if whole else 0.0


def seconds(picoseconds: float) -> float:
    """Simulated time in seconds."""
    return picoseconds / PS_PER_S
