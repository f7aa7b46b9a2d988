"""Energy of a run: every firing's actions, and leakage over time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from archsim.cost import Bill
from archsim.program import Program, Trace
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
    program = trace.program
    table = program.actions
    chip = program.resources.chip[program.actors.resource[table.actor]]
    counts = pd.DataFrame(
        {
            "layer": program.actors.layer[table.actor],
            "chip": chip,
            "name": table.action,
            "count": table.count * trace.firings[table.actor],
        }
    )
    counts = counts[counts["count"] > 0].groupby(["layer", "chip", "name"], sort=True, as_index=False).sum()
    return _named(program, counts, _energies(program, bill, counts["name"].unique()))


def _energies(program: Program, bill: Bill, used: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[int, float]:
    """Joules of each action that occurs."""
    energies = {}
    for name in used.tolist():
        component, action = program.labels.actions[name].rsplit(".", 1)
        energies[name] = bill.component(component).energy_of(action).value
    return energies


def _named(program: Program, counts: pd.DataFrame, energies: dict[int, float]) -> pd.DataFrame:
    """The table with names for ids."""
    parts = [program.labels.actions[name].rsplit(".", 1) for name in counts["name"]]
    return pd.DataFrame(
        {
            "layer": [program.labels.layers[layer] for layer in counts.layer],
            "chip": counts.chip,
            "component": [component for component, _ in parts],
            "action": [action for _, action in parts],
            "count": counts["count"],
            "energy_j": counts["count"] * counts["name"].map(energies).astype(float),
        }
    )


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
