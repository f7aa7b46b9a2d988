"""Time of a run: how busy everything was, and what everything waited for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.accounting.steady import Steady, steady_use
from archsim.columns import Columns, Ids, Reals, Texts, texts
from archsim.groups import Groups
from archsim.program import Kind, Role, Trace, resource_names

STATES = ("busy", "starved", "blocked", "contended", "done")
_ROLES = {role.value: role.name.lower() for role in Role}
_KINDS = {kind.value: kind.name.lower().replace("_", "-") for kind in Kind}


@dataclass(frozen=True, slots=True, eq=False)
class States(Columns):
    """How the time of the actors of each layer and role was spent.

    Parameters
    ----------
    layer, role : str, shape (rows,)
    actors, firings : int64, shape (rows,)
    busy, starved, blocked, contended, done : float64, shape (rows,)
        Shares of the makespan, on average over the actors; each row's sum to 1.
    """

    layer: Texts
    role: Texts
    actors: Ids
    firings: Ids
    busy: Reals
    starved: Reals
    blocked: Reals
    contended: Reals
    done: Reals


def actor_states(trace: Trace) -> States:
    """How the time of the actors of each layer and role was spent."""
    actors, layers = trace.program.actors, trace.program.labels.layers
    groups = Groups.of(actors.layer, actors.role)
    shares = {state: groups.sums(getattr(trace, state) / trace.makespan) / groups.sizes for state in STATES}
    return States(
        texts(layers[layer] for layer in actors.layer[groups.first].tolist()),
        texts(_ROLES[role] for role in actors.role[groups.first].tolist()),
        groups.sizes,
        groups.counts(trace.firings),
        **shares,
    )


@dataclass(frozen=True, slots=True, eq=False)
class ResourceUse(Columns):
    """How busy each resource was.

    Parameters
    ----------
    resource, kind, label : str, shape (resources,)
    chip, node, servers : int, shape (resources,)
    busy_s : float64, shape (resources,)
        Of the whole run.
    utilisation, steady_utilisation : float64, shape (resources,)
        Of a server: share of the whole run, and of the steady state.
    """

    resource: Texts
    kind: Texts
    label: Texts
    chip: NDArray[np.generic]
    node: NDArray[np.generic]
    servers: NDArray[np.generic]
    busy_s: Reals
    utilisation: Reals
    steady_utilisation: Reals


def resource_use(trace: Trace, steady: Steady) -> ResourceUse:
    """How busy every resource was."""
    program = trace.program
    table, busy, labels = program.resources, trace.resource_busy, program.labels.resources
    return ResourceUse(
        texts(resource_names(program)),
        texts(_KINDS[kind] for kind in table.kind.tolist()),
        texts(labels[label] for label in table.label.tolist()),
        table.chip,
        table.node,
        table.servers,
        busy / 1e12,
        busy / (trace.makespan * table.servers.astype(np.int64)),
        steady_use(trace, steady),
    )


@dataclass(frozen=True, slots=True, eq=False)
class LayerTimes(Columns):
    """When each layer worked that did anything.

    Parameters
    ----------
    layer : str, shape (layers,)
    first_start_s, last_end_s : float64, shape (layers,)
    busy_s : float64, shape (layers,)
        Of the busiest of its actors.
    """

    layer: Texts
    first_start_s: Reals
    last_end_s: Reals
    busy_s: Reals


def layer_times(trace: Trace) -> LayerTimes:
    """When each layer worked."""
    acting, names = np.flatnonzero(trace.firings > 0), trace.program.labels.layers
    layer = trace.program.actors.layer[acting]
    groups = Groups.of(layer)
    return LayerTimes(
        texts(names[each] for each in layer[groups.first].tolist()),
        groups.least(trace.first_start[acting] / 1e12),
        groups.greatest(trace.last_end[acting] / 1e12),
        groups.greatest(trace.busy[acting] / 1e12),
    )
