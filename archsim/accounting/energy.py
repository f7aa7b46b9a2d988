"""Energy of a run: every firing's actions, and leakage over time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from archsim.cost import Bill
from archsim.program import Trace
from archsim.units import PS_PER_S


def dynamic_energy(trace: Trace, bill: Bill) -> pd.DataFrame:
    """Energy of all firings of a run.

    Returns
    -------
    DataFrame
        One row per layer, chip, component and action: ``layer, chip, component, action, count, energy_j``.

    Raises
    ------
    MissingCost
        If an action has no energy on the bill.
    """
    return priced(action_counts(trace), bill)


def action_counts(trace: Trace) -> pd.DataFrame:
    """How often everything happened that costs energy.

    Returns
    -------
    DataFrame
        One row per layer, chip, component and action: ``layer, chip, component, action, count``.
    """
    program = trace.program
    table, names = program.actions, program.labels.actions
    counts = pd.DataFrame(
        {
            "layer": program.actors.layer[table.actor],
            "chip": program.resources.chip[program.actors.resource[table.actor]],
            "name": table.action,
            "count": table.count * trace.firings[table.actor],
        }
    )
    counts = counts[counts["count"] > 0].groupby(["layer", "chip", "name"], sort=True, as_index=False).sum()
    parts = [names[name].rsplit(".", 1) for name in counts.name]
    return pd.DataFrame(
        {
            "layer": [program.labels.layers[layer] for layer in counts.layer],
            "chip": counts.chip,
            "component": [component for component, _ in parts],
            "action": [action for _, action in parts],
            "count": counts["count"],
        }
    )


def priced(actions: pd.DataFrame, bill: Bill) -> pd.DataFrame:
    """Actions, as from `action_counts`, with the energy of each.

    Raises
    ------
    MissingCost
        If an action has no energy on the bill.
    """
    return actions.assign(energy_j=joules(actions, bill))


def joules(actions: pd.DataFrame, bill: Bill) -> NDArray[np.float64]:
    """Energy of each of some actions; shape ``(actions,)``.

    Raises
    ------
    MissingCost
        If an action has no energy on the bill.
    """
    pairs = list(zip(actions.component.tolist(), actions.action.tolist(), strict=True))
    each = {pair: bill.component(pair[0]).energy_of(pair[1]).value for pair in dict.fromkeys(pairs)}
    return actions["count"].to_numpy() * np.array([each[pair] for pair in pairs], np.float64)


def leakage_power(bill: Bill, chips: int) -> pd.DataFrame:
    """Leakage of all components.

    Returns
    -------
    DataFrame
        One row per component: ``component, instances, leakage_w`` (of all instances on all chips).
    """
    rows = [(part.name, part.count * chips, part.count * chips * part.leakage_w.value) for part in bill.components]
    return pd.DataFrame(rows, columns=["component", "instances", "leakage_w"])


def ratio(part: float, whole: float) -> float:
    """Their quotient; 0 where there is no whole: what takes no energy has no efficiency."""
    return part / whole if whole else 0.0


def seconds(picoseconds: float) -> float:
    """Simulated time in seconds."""
    return picoseconds / PS_PER_S
