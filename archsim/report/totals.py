"""The Ledger's tables folded to what a reader looks at first: components, layers, kinds of resource."""

from __future__ import annotations

import pandas as pd

from archsim.accounting import LEAKAGE, Ledger
from archsim.accounting.power import steady_draw


def component_totals(ledger: Ledger) -> pd.DataFrame:
    """What each component took, the largest energy first.

    Returns
    -------
    DataFrame
        ``component, instances, dynamic_j, leakage_j, idle_j, wake_j, energy_j, area_m2``: energies of the whole run,
        all chips. Clocks of parts at work are dynamic, those of parts without work idle.
    """
    standing = ledger.energy.layer == LEAKAGE
    action = ledger.energy.action
    energy = pd.DataFrame(
        {
            "dynamic_j": _by_component(ledger.energy[~standing | (action == "active")]),
            "leakage_j": _by_component(ledger.energy[standing & (action == "leakage")]),
            "idle_j": _by_component(ledger.energy[standing & (action == "idle")]),
            "wake_j": _by_component(ledger.energy[standing & (action == "wake")]),
        }
    ).fillna(0.0)
    energy["energy_j"] = energy.dynamic_j + energy.leakage_j + energy.idle_j + energy.wake_j
    area = ledger.area.set_index("component")[["instances", "area_m2"]]
    totals = area.join(energy, how="left").fillna(0.0).rename_axis("component").reset_index()
    totals = totals[["component", "instances", "dynamic_j", "leakage_j", "idle_j", "wake_j", "energy_j", "area_m2"]]
    return totals.sort_values("energy_j", ascending=False, kind="stable", ignore_index=True)


def sample_energy(ledger: Ledger) -> pd.DataFrame:
    """What each component takes for a sample in the steady state.

    Returns
    -------
    DataFrame
        ``component, dynamic_j, leakage_j, idle_j, wake_j``, as in `component_totals`; all together they are the
        headline's energy per sample.
    """
    headline, tally = ledger.headline, ledger.tally
    drawn = steady_draw(tally.trace, tally.steady, ledger.placement, ledger.bill).set_index("component")
    joules = drawn[["leakage", "active", "idle", "wake"]] / headline.throughput_per_s
    acted = _by_component(ledger.energy[ledger.energy.layer != LEAKAGE]) / headline.batch
    frame = pd.DataFrame(
        {
            "dynamic_j": acted.reindex(joules.index, fill_value=0.0) + joules.active,
            "leakage_j": joules.leakage,
            "idle_j": joules.idle,
            "wake_j": joules.wake,
        }
    )
    return frame.rename_axis("component").reset_index()


def _by_component(energy: pd.DataFrame) -> pd.Series[float]:
    return energy.groupby("component").energy_j.sum()


def layer_totals(ledger: Ledger) -> pd.DataFrame:
    """Each layer by the role that is busiest in it, with the layer's dynamic energy.

    The layer whose busiest actor has most to do comes first; that may be an actor of another role than the one that is
    busiest on average.

    Returns
    -------
    DataFrame
        ``layer, kind, role, actors, busy, starved, blocked, contended, done, busy_s, energy_j``: shares of the
        makespan, averaged over the role's actors; seconds of the layer's busiest actor; joules of the whole run.
    """
    states = ledger.states.sort_values("busy", ascending=False, kind="stable").drop_duplicates("layer")
    frame = states.merge(ledger.layers[["layer", "kind", "busy_s", "energy_j"]], on="layer", how="left")
    columns = [
        "layer",
        "kind",
        "role",
        "actors",
        "busy",
        "starved",
        "blocked",
        "contended",
        "done",
        "busy_s",
        "energy_j",
    ]
    frame = frame[columns].fillna({"busy_s": 0.0, "energy_j": 0.0})
    return frame.sort_values("busy_s", ascending=False, kind="stable", ignore_index=True)


def resource_totals(ledger: Ledger) -> pd.DataFrame:
    """Each kind of resource: how many take part, how busy they are, and the busiest; that one first.

    Returns
    -------
    DataFrame
        ``kind, label, instances, mean_utilisation, busiest, utilisation, run_utilisation``: shares of the steady state;
        the last is the busiest's share of the whole run, filling and draining included.
    """
    ordered = ledger.resources.sort_values("steady_utilisation", ascending=False, kind="stable")
    groups = ordered.groupby(["kind", "label"], sort=False)
    frame = groups.agg(
        instances=("resource", "size"),
        mean_utilisation=("steady_utilisation", "mean"),
        busiest=("resource", "first"),
        utilisation=("steady_utilisation", "first"),
        run_utilisation=("utilisation", "first"),
    )
    return frame.reset_index()
