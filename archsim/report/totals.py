"""The Ledger's tables folded to what a reader looks at first: components, layers, kinds of resource."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.accounting import LEAKAGE, Ledger
from archsim.accounting.energy import Energy
from archsim.accounting.power import steady_draw
from archsim.columns import Columns, Ids, Reals, Texts
from archsim.groups import Groups


@dataclass(frozen=True, slots=True, eq=False)
class ComponentTotals(Columns):
    """What each component took in the whole run, all chips together, the largest energy first.

    Parameters
    ----------
    component : str, shape (components,)
    instances : int64 or float64, shape (components,)
    dynamic_j, leakage_j, idle_j, wake_j : float64, shape (components,)
        Clocks of parts at work are dynamic, those of parts without work idle.
    energy_j : float64, shape (components,)
        All four together.
    area_m2 : float64, shape (components,)
    """

    component: Texts
    instances: NDArray[np.int64 | np.float64]
    dynamic_j: Reals
    leakage_j: Reals
    idle_j: Reals
    wake_j: Reals
    energy_j: Reals
    area_m2: Reals


def component_totals(ledger: Ledger) -> ComponentTotals:
    """What each component took, the largest energy first."""
    energy, area = ledger.tables.energy, ledger.tables.area
    standing, action = energy.layer == LEAKAGE, energy.action
    kinds = (
        ~standing | (action == "active"),
        standing & (action == "leakage"),
        standing & (action == "idle"),
        standing & (action == "wake"),
    )
    dynamic, leakage, idle, wake = (_by_component(energy.take(kind), area.component) for kind in kinds)
    whole = dynamic + leakage + idle + wake
    totals = ComponentTotals(area.component, area.instances, dynamic, leakage, idle, wake, whole, area.area_m2)
    return totals.take(largest(totals.energy_j))


@dataclass(frozen=True, slots=True, eq=False)
class SampleEnergy(Columns):
    """What each component takes for a sample in the steady state, the four as in `ComponentTotals`.

    All together they are the headline's energy per sample.

    Parameters
    ----------
    component : str, shape (components,)
    dynamic_j, leakage_j, idle_j, wake_j : float64, shape (components,)
    """

    component: Texts
    dynamic_j: Reals
    leakage_j: Reals
    idle_j: Reals
    wake_j: Reals


def sample_energy(ledger: Ledger) -> SampleEnergy:
    """What each component takes for a sample in the steady state."""
    headline, tally, energy = ledger.headline, ledger.tally, ledger.tables.energy
    drawn = steady_draw(tally.trace, tally.steady, ledger.placement, ledger.bill)
    leakage, active, idle, wake = (
        watts / headline.throughput_per_s for watts in (drawn.leakage, drawn.active, drawn.idle, drawn.wake)
    )
    acted = _by_component(energy.take(energy.layer != LEAKAGE), drawn.component) / headline.batch
    return SampleEnergy(drawn.component, acted + active, leakage, idle, wake)


def _by_component(energy: Energy, components: Texts) -> Reals:
    """Joules of each component, none of those that spend nothing."""
    groups = Groups.met(energy.component)
    spent = dict(zip(energy.component[groups.first], groups.sums(energy.energy_j), strict=True))
    return np.array([spent.get(component, 0.0) for component in components], np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class LayerTotals(Columns):
    """Each layer by the role that is busiest in it.

    Parameters
    ----------
    layer, kind, role : str, shape (layers,)
    actors : int64, shape (layers,)
        Of that role.
    busy, starved, blocked, contended, done : float64, shape (layers,)
        Shares of the makespan, averaged over the role's actors.
    busy_s : float64, shape (layers,)
        Of the layer's busiest actor.
    energy_j : float64, shape (layers,)
        Dynamic, of the whole run.
    """

    layer: Texts
    kind: Texts
    role: Texts
    actors: Ids
    busy: Reals
    starved: Reals
    blocked: Reals
    contended: Reals
    done: Reals
    busy_s: Reals
    energy_j: Reals


def layer_totals(ledger: Ledger) -> LayerTotals:
    """Each layer by the role that is busiest in it, with the layer's dynamic energy.

    The layer whose busiest actor has most to do comes first; that may be an actor of another role than the one that is
    busiest on average.
    """
    states, layers = ledger.tables.states, ledger.tables.layers
    states = states.take(largest(states.busy))
    states = states.take(Groups.met(states.layer).first)
    row = {name: number for number, name in enumerate(layers.layer)}
    told = layers.take(np.array([row[name] for name in states.layer], np.int64))
    totals = LayerTotals(
        states.layer,
        told.kind,
        states.role,
        states.actors,
        states.busy,
        states.starved,
        states.blocked,
        states.contended,
        states.done,
        np.nan_to_num(told.busy_s),
        np.nan_to_num(told.energy_j),
    )
    return totals.take(largest(totals.busy_s))


@dataclass(frozen=True, slots=True, eq=False)
class ResourceTotals(Columns):
    """Each kind of resource: how many take part, how busy they are, and the busiest.

    Parameters
    ----------
    kind, label : str, shape (kinds,)
    instances : int64, shape (kinds,)
    mean_utilisation : float64, shape (kinds,)
        In the steady state.
    busiest : str, shape (kinds,)
    utilisation, run_utilisation : float64, shape (kinds,)
        Of the busiest: shares of the steady state, and of the whole run, filling and draining included.
    """

    kind: Texts
    label: Texts
    instances: Ids
    mean_utilisation: Reals
    busiest: Texts
    utilisation: Reals
    run_utilisation: Reals


def resource_totals(ledger: Ledger) -> ResourceTotals:
    """Each kind of resource, the one with the busiest of all first."""
    used = ledger.tables.resources
    used = used.take(largest(used.steady_utilisation))
    groups = Groups.met(zip(used.kind, used.label, strict=True))
    busiest = used.take(groups.first)
    return ResourceTotals(
        busiest.kind,
        busiest.label,
        groups.sizes,
        groups.sums(used.steady_utilisation) / groups.sizes,
        busiest.resource,
        busiest.steady_utilisation,
        busiest.utilisation,
    )


def largest(values: Reals) -> Ids:
    """Rows with the largest value first; equal ones in their own order."""
    return np.argsort(-values, kind="stable")
