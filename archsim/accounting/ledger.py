"""The verb and its value: fold a Trace into a Ledger of tidy tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from archsim.accounting.area import component_area, used_area, used_leakage
from archsim.accounting.bottleneck import Bottleneck, find_bottleneck
from archsim.accounting.energy import dynamic_energy, leakage_power, ratio, seconds
from archsim.accounting.headline import GenerationFigures, Headline
from archsim.accounting.peak import peak_of
from archsim.accounting.router_room import router_notes
from archsim.accounting.scope import Scope, scope_of
from archsim.accounting.steady import Steady, steady_state
from archsim.accounting.time import actor_states, layer_times, resource_use
from archsim.accounting.traffic import memory_traffic, traffic_notes
from archsim.accounting.turns import turn_notes
from archsim.cost import Bill
from archsim.mapping import Placement
from archsim.network import Network, layer_macs
from archsim.program import Kind, Role, Trace


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
        ``resource, kind, label, chip, node, servers, busy_s, utilisation, steady_utilisation``: busy seconds of the
        whole run, and the busy share of it and of the steady state.
    layers : DataFrame
        ``layer, kind, tokens, width, macs, replicas, arrays, first_start_s, last_end_s, busy_s, energy_j``.
    memory : DataFrame
        ``memory, action, source, target, accesses, bits, energy_j`` of the whole run: what went to and from memories.
    notes : tuple of str
        What the reader should know of the figures.
    scope : Scope
        What the figures of power, energy and area include.
    """

    headline: Headline
    bottleneck: Bottleneck
    energy: pd.DataFrame
    area: pd.DataFrame
    states: pd.DataFrame
    resources: pd.DataFrame
    layers: pd.DataFrame
    memory: pd.DataFrame
    notes: tuple[str, ...]
    scope: Scope


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
    steady = steady_state(trace)
    area = component_area(bill, placement.chips)
    memory = memory_traffic(trace, bill)
    return Ledger(
        headline=_headline(
            trace, placement, bill, steady, _Joules(float(dynamic.energy_j.sum()), float(leakage.leakage_w.sum()))
        ),
        bottleneck=find_bottleneck(trace, placement, steady),
        energy=energy,
        area=area,
        states=actor_states(trace),
        resources=resource_use(trace, steady),
        layers=_layers(trace, placement, dynamic),
        memory=memory,
        notes=(
            *_pass_notes(placement.network),
            *turn_notes(trace, placement),
            *router_notes(trace.program, placement.chip.fabric),
            *traffic_notes(memory, len(trace.sample_in)),
            *placement.network.notes,
            *bill.notes,
        ),
        scope=scope_of(placement.chip, bill),
    )


def _leaked(leakage: pd.DataFrame, makespan_s: float) -> pd.DataFrame:
    """Leakage over the whole run, as rows of the energy table; it belongs to no layer and no single chip."""
    return pd.DataFrame(
        {
            "layer": LEAKAGE,
            "chip": -1,
            "component": leakage.component,
            "action": "leakage",
            "count": makespan_s,
            "energy_j": leakage.leakage_w * makespan_s,
        }
    )


def _pass_notes(network: Network) -> tuple[str, ...]:
    if network.samples_per_run == 1:
        return ()
    return (
        f"the model has a batch of {network.samples_per_run} inside: a pass carries so many samples; figures per "
        "sample are a pass's divided by them, the latency is that of a pass",
    )


@dataclass(frozen=True, slots=True)
class _Joules:
    """Dynamic energy of the whole run, and watts of leakage."""

    dynamic_j: float
    leakage_w: float


def _headline(trace: Trace, placement: Placement, bill: Bill, steady: Steady, spent: _Joules) -> Headline:
    network = placement.network
    samples = len(trace.sample_in) * network.samples_per_run
    throughput = steady.passes_per_s * network.samples_per_run
    leaked_j = spent.leakage_w / throughput
    energy = spent.dynamic_j / samples + leaked_j
    energy_used = spent.dynamic_j / samples + used_leakage(bill, placement) / throughput
    operations = 2 * network.macs / network.samples_per_run
    area = float(component_area(bill, placement.chips).area_m2.sum())
    used = used_area(bill, placement)
    peak = peak_of(placement.chip, bill)
    tops = operations * throughput / 1e12
    return Headline(
        network=network.name,
        chip=placement.chip.name,
        chips=placement.chips,
        tiles=placement.tiles,
        tiles_used=placement.tiles_used,
        batch=samples,
        operations_per_sample=operations,
        latency_s=seconds(float(np.median(trace.latency))),
        latency_max_s=seconds(float(trace.latency.max())),
        throughput_per_s=throughput,
        throughput_basis=steady.basis.value,
        energy_per_sample_j=energy,
        leakage_share=ratio(leaked_j, energy),
        power_w=energy * throughput,
        area_m2=area,
        area_used_m2=used,
        gops_per_w=ratio(operations / 1e9, energy),
        gops_per_w_used=ratio(operations / 1e9, energy_used),
        tops_per_mm2=ratio(tops, area * 1e6),
        tops_per_mm2_used=ratio(tops, used * 1e6),
        peak_tops=peak.operations_per_s * placement.chips / 1e12,
        peak_gops_per_w=peak.gops_per_w,
        peak_tops_per_mm2=peak.tops_per_mm2,
        array_utilisation=_array_utilisation(trace),
        cell_utilisation=placement.cell_utilisation,
        generation=_generation(trace, network, throughput, energy),
    )


def _generation(trace: Trace, network: Network, throughput: float, energy: float) -> GenerationFigures | None:
    made = network.generation
    if made is None:
        return None
    later = (trace.sample_out - trace.sample_first) / max(1, made.generated - 1)
    return GenerationFigures(
        prompt_tokens=made.prompt,
        generated_tokens=made.generated,
        context_tokens=made.context,
        time_to_first_token_s=seconds(float(np.median(trace.sample_first - trace.sample_in))),
        time_per_token_s=seconds(float(np.median(later))) if made.generated > 1 else None,
        tokens_per_s=made.generated * throughput,
        tokens_per_j=ratio(made.generated, energy),
    )


def _array_utilisation(trace: Trace) -> float:
    """Share of the run in which arrays multiply, on average; they do not while they are written."""
    program = trace.program
    arrays = np.flatnonzero(program.resources.kind == Kind.ARRAY)
    busy = np.where(program.actors.role == Role.PROGRAM, 0, trace.busy)
    total = np.bincount(program.actors.resource, weights=busy, minlength=len(program.resources))[arrays]
    return float((total / trace.makespan).mean()) if len(arrays) else 0.0


def _layers(trace: Trace, placement: Placement, dynamic: pd.DataFrame) -> pd.DataFrame:
    """One row per layer, in the network's order."""
    network = placement.network
    arrays = np.bincount(placement.uses.layer, minlength=len(network.order))
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
    return frame.merge(dynamic.groupby("layer", as_index=False).energy_j.sum(), on="layer", how="left")
