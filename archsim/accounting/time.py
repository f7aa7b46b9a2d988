"""Time of a run: how busy everything was, and what everything waited for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from archsim.accounting.steady import Steady, steady_use
from archsim.program import Kind, Role, Trace, resource_name

STATES = ("busy", "starved", "blocked", "contended", "done")


def actor_states(trace: Trace) -> pd.DataFrame:
    """How the time of the actors of each layer and role was spent.

    Returns
    -------
    DataFrame
        One row per layer and role: ``layer, role, actors, firings`` and the shares of the makespan that its actors were
        ``busy, starved, blocked, contended, done`` on average; each row's shares sum to 1.
    """
    program = trace.program
    shares = {state: getattr(trace, state) / trace.makespan for state in STATES}
    frame = pd.DataFrame(
        {"layer": program.actors.layer, "role": program.actors.role, "firings": trace.firings, **shares}
    )
    groups = frame.groupby(["layer", "role"])
    result = groups[list(STATES)].mean()
    result.insert(0, "firings", groups.firings.sum())
    result.insert(0, "actors", groups.size())
    result = result.reset_index()
    result["layer"] = [program.labels.layers[layer] for layer in result.layer]
    result["role"] = [Role(role).name.lower() for role in result.role]
    return result


def resource_use(trace: Trace, steady: Steady) -> pd.DataFrame:
    """How busy every resource was.

    Returns
    -------
    DataFrame
        One row per resource: ``resource, kind, label, chip, node, servers, busy_s, utilisation, steady_utilisation``
        (busy / makespan, per server; and the same in the steady state).
    """
    program = trace.program
    table, busy = program.resources, trace.resource_busy
    return pd.DataFrame(
        {
            "resource": [resource_name(program, row) for row in range(len(table))],
            "kind": [Kind(kind).name.lower().replace("_", "-") for kind in table.kind],
            "label": [program.labels.resources[label] for label in table.label],
            "chip": table.chip,
            "node": table.node,
            "servers": table.servers,
            "busy_s": busy / 1e12,
            "utilisation": busy / (trace.makespan * table.servers.astype(np.int64)),
            "steady_utilisation": steady_use(trace, steady),
        }
    )


def layer_times(trace: Trace) -> pd.DataFrame:
    """When each layer worked.

    Returns
    -------
    DataFrame
        One row per layer: ``layer, first_start_s, last_end_s, busy_s`` (the busiest of its actors).
    """
    frame = pd.DataFrame(
        {
            "layer": trace.program.actors.layer,
            "first_start_s": trace.first_start / 1e12,
            "last_end_s": trace.last_end / 1e12,
            "busy_s": trace.busy / 1e12,
        }
    )
    groups = frame[trace.firings > 0].groupby("layer")
    result = groups.agg({"first_start_s": "min", "last_end_s": "max", "busy_s": "max"}).reset_index()
    result["layer"] = [trace.program.labels.layers[layer] for layer in result.layer]
    return result
