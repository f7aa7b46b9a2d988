"""The verb and its value: fold a Trace into a Ledger of tidy tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from archsim.accounting.area import component_area, used_area, used_leakage
from archsim.accounting.bottleneck import Bottleneck, find_bottleneck
from archsim.accounting.energy import dynamic_energy, leakage_power, seconds
from archsim.accounting.headline import Headline
from archsim.accounting.peak import peak_of
from archsim.accounting.time import actor_states, layer_times, resource_use, steady_throughput
from archsim.cost import Bill
from archsim.mapping import Placement
from archsim.network import layer_macs
from archsim.program import Kind, Trace


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a run took: energy, area and time, each as a tidy table.

    Parameters
    ----------
    headline : Headline
    bottleneck : Bottleneck
    energy : DataFrame
        ``layer, chip, component, action, count, energy_j`` of the whole run; leakage has layer ``"(leakage)"``.
    area : DataFrame
        ``component, instances, area_each_m2, area_m2``.
    states : DataFrame
        ``layer, role, actors, firings, busy, starved, blocked, contended, done`` as shares of the makespan.
    resources : DataFrame
        ``resource, kind, label, chip, node, servers, busy_s, utilisation``.
    layers : DataFrame
        ``layer, kind, tokens, width, macs, replicas, arrays, first_start_s, last_end_s, busy_s, energy_j``.
    notes : tuple of str
        What the reader should know of the figures.
    """

    headline: Headline
    bottleneck: Bottleneck
    energy: pd.DataFrame
    area: pd.DataFrame
    states: pd.DataFrame
    resources: pd.DataFrame
    layers: pd.DataFrame
    notes: tuple[str, ...]


LEAKAGE = "(leakage)"


def account(trace: Trace, placement: Placement, bill: Bill) -> Ledger:
    """Fold a run into tables and a headline.

    Raises
    ------
    MissingCost
        If something happened whose cost nobody has given.
    """
    dynamic = dynamic_energy(trace, bill)
    leakage = leakage_power(bill, placement.chips)
    energy = pd.concat([dynamic, _leaked(leakage, seconds(trace.makespan))], ignore_index=True)
    resources = resource_use(trace)
    area = component_area(bill, placement.chips)
    return Ledger(
        headline=_headline(trace, placement, bill, float(dynamic["energy_j"].sum()), float(leakage["leakage_w"].sum())),
        bottleneck=find_bottleneck(trace, placement),
        energy=energy,
        area=area,
        states=actor_states(trace),
        resources=resources,
        layers=_layers(trace, placement, dynamic),
        notes=(*placement.network.notes, *bill.notes),
    )


def _leaked(leakage: pd.DataFrame, makespan_s: float) -> pd.DataFrame:
    """Leakage over the whole run, as rows of the energy table; it belongs to no layer and no single chip."""
    return pd.DataFrame(
        {
            "layer": LEAKAGE,
            "chip": -1,
            "component": leakage["component"],
            "action": "leakage",
            "count": makespan_s,
            "energy_j": leakage["leakage_w"] * makespan_s,
        }
    )


def _headline(trace: Trace, placement: Placement, bill: Bill, dynamic_j: float, leakage_w: float) -> Headline:
    samples = len(trace.sample_in)
    throughput, basis = steady_throughput(trace)
    leaked_j = leakage_w / throughput
    energy = dynamic_j / samples + leaked_j
    operations = 2 * placement.network.macs
    area = float(component_area(bill, placement.chips)["area_m2"].sum())
    used = used_area(bill, placement)
    peak = peak_of(placement.chip, bill)
    tops = operations * throughput / 1e12
    return Headline(
        network=placement.network.name,
        chip=placement.chip.name,
        chips=placement.chips,
        tiles=placement.tiles,
        tiles_used=placement.tiles_used,
        batch=samples,
        operations_per_sample=operations,
        latency_s=seconds(float(np.median(trace.latency))),
        latency_max_s=seconds(float(trace.latency.max())),
        throughput_per_s=throughput,
        throughput_basis=basis,
        energy_per_sample_j=energy,
        leakage_share=leaked_j / energy,
        power_w=energy * throughput,
        area_m2=area,
        area_used_m2=used,
        gops_per_w=operations / energy / 1e9,
        gops_per_w_used=operations / (dynamic_j / samples + used_leakage(bill, placement) / throughput) / 1e9,
        tops_per_mm2=tops / (area * 1e6),
        tops_per_mm2_used=tops / (used * 1e6),
        peak_tops=peak.operations_per_s * placement.chips / 1e12,
        peak_gops_per_w=peak.gops_per_w,
        peak_tops_per_mm2=peak.tops_per_mm2,
        array_utilisation=_array_utilisation(trace),
        cell_utilisation=placement.cell_utilisation,
    )


def _array_utilisation(trace: Trace) -> float:
    arrays = trace.program.resources.kind == Kind.ARRAY
    return float((trace.resource_busy[arrays] / max(1, trace.makespan)).mean()) if arrays.any() else 0.0


def _layers(trace: Trace, placement: Placement, dynamic: pd.DataFrame) -> pd.DataFrame:
    """One row per layer, in the network's order."""
    network = placement.network
    arrays = np.bincount(placement.blocks.layer, minlength=len(network.order))
    frame = pd.DataFrame(
        {
            "layer": [layer.name for layer in network.order],
            "kind": [getattr(layer.operator, "kind", type(layer.operator).__name__.lower()) for layer in network.order],
            "tokens": [layer.tokens for layer in network.order],
            "width": [layer.width for layer in network.order],
            "macs": [layer_macs(network, layer) for layer in network.order],
            "replicas": placement.replicas,
            "arrays": arrays,
        }
    )
    frame = frame.merge(layer_times(trace), on="layer", how="left")
    return frame.merge(dynamic.groupby("layer", as_index=False)["energy_j"].sum(), on="layer", how="left")
