"""The verb and its value: fold a Trace into a Ledger of tidy tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from archsim.accounting.area import total_area, unused_tiles_w, used_area
from archsim.accounting.bottleneck import Bottleneck
from archsim.accounting.ending import ending_notes
from archsim.accounting.energy import ratio, seconds
from archsim.accounting.headline import GenerationFigures, Headline
from archsim.accounting.idleness import idle_notes
from archsim.accounting.peak import Products, full_products, passes_of, peak_at
from archsim.accounting.power import DRAWN, steady_watts
from archsim.accounting.router_room import router_notes
from archsim.accounting.scope import Scope, scope_of
from archsim.accounting.stepped import multipliers_used, weight_notes
from archsim.accounting.tables import Tables
from archsim.accounting.tally import Tally
from archsim.accounting.traffic import traffic_notes
from archsim.accounting.turns import turn_notes
from archsim.cost import Bill
from archsim.mapping import Placement
from archsim.network import Network
from archsim.program import Trace

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Ledger:
    """What a run took: energy, area and time, each as a tidy table.

    The headline is there at once. Each table is made when it is first asked for, of the run and the bill: as columns in
    `tables`, as a DataFrame under the same name here.

    Parameters
    ----------
    headline : Headline
    tally : Tally
        Of the run.
    placement : Placement
        What was run, on its chip.
    bill : Bill
        Of that chip.
    """

    headline: Headline
    tally: Tally
    placement: Placement
    bill: Bill

    @cached_property
    def bottleneck(self) -> Bottleneck:
        """The busiest resource, what limits the run, and why."""
        return self.tally.bottleneck

    @cached_property
    def tables(self) -> Tables:
        """All tables, as columns."""
        return Tables(self.tally, self.placement, self.bill)

    @cached_property
    def energy(self) -> pd.DataFrame:
        """``layer, chip, component, action, count, energy_j`` of the whole run.

        What parts draw beside their actions has layer ``"(leakage)"``: ``leakage``, and where there is any, ``active``
        (clocks of parts at work), ``idle`` (of parts without) and ``wake``.
        """
        return self.tables.energy.frame()

    @cached_property
    def standing(self) -> pd.DataFrame:
        """``component, instances, leakage, active, idle, wake``: joules of the whole run beside all actions."""
        return self.tables.standing.frame()

    @cached_property
    def area(self) -> pd.DataFrame:
        """``component, instances, area_each_m2, area_m2``."""
        return self.tables.area.frame()

    @cached_property
    def states(self) -> pd.DataFrame:
        """``layer, role, actors, firings, busy, starved, blocked, contended, done`` as shares of the makespan."""
        return self.tables.states.frame()

    @cached_property
    def resources(self) -> pd.DataFrame:
        """How busy each resource was, in seconds of the whole run, and as a share of it and of the steady state.

        ``resource, kind, label, chip, node, servers, busy_s, utilisation, steady_utilisation``.
        """
        return self.tables.resources.frame()

    @cached_property
    def layers(self) -> pd.DataFrame:
        """``layer, kind, tokens, width, macs, replicas, arrays, first_start_s, last_end_s, busy_s, energy_j``."""
        return self.tables.layers.frame()

    @cached_property
    def phases(self) -> pd.DataFrame:
        """``phase, operations, dynamic_j, array_s`` per sample: forward, backward, update, transfer; of training."""
        return self.tables.phases.frame()

    @cached_property
    def memory(self) -> pd.DataFrame:
        """What went to and from memories in the whole run.

        ``memory, action, source, target, accesses, bits, busy_s, energy_j``.
        """
        return self.tables.memory.frame()

    @cached_property
    def scope(self) -> Scope:
        """What the figures of power, energy and area include."""
        return scope_of(self.placement.chip, self.bill)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What the reader should know of the figures."""
        trace, network = self.tally.trace, self.placement.network
        return (
            *ending_notes(trace),
            *idle_notes(self.headline, trace, self.tally.steady, self.placement, self.bill),
            *_pass_notes(network),
            *turn_notes(trace, self.placement),
            *weight_notes(self.tables.memory, self.placement),
            *router_notes(trace.program, self.placement.chip.fabric),
            *traffic_notes(self.tables.memory, len(trace.sample_in)),
            *network.notes,
            *self.bill.notes,
        )


def account(trace: Trace, placement: Placement, bill: Bill) -> Ledger:
    """Fold a run into tables and a headline.

    Raises
    ------
    MissingCost
        If something happened whose cost nobody has given.
    """
    return priced_tally(Tally(trace, placement), placement, bill)


def priced_tally(tally: Tally, placement: Placement, bill: Bill, products: Products | None = None) -> Ledger:
    """Account for a run that has been counted.

    Parameters
    ----------
    tally : Tally
    placement : Placement
        What was run, on a chip of which placing and lowering have read the same.
    bill : Bill
        Of that chip.
    products : tuple of tuple of Stage, optional
        As `full_products` of that chip and the passes of the network.

    Raises
    ------
    MissingCost
        If something happened whose cost nobody has given.
    """
    return Ledger(_headline(tally, placement, bill, products), tally, placement, bill)


def _pass_notes(network: Network) -> tuple[str, ...]:
    if network.samples_per_run == 1:
        return ()
    return (
        f"the model has a batch of {network.samples_per_run} inside: a pass carries so many samples; figures per "
        "sample are a pass's divided by them, the latency is that of a pass",
    )


def _headline(tally: Tally, placement: Placement, bill: Bill, products: Products | None) -> Headline:
    trace, steady, network = tally.trace, tally.steady, placement.network
    dynamic_j = tally.actions.total(bill)
    samples = len(trace.sample_in) * network.samples_per_run
    throughput = steady.passes_per_s * network.samples_per_run
    watts = steady_watts(trace, steady, placement, bill, tally.span)
    stood_w = sum(watts.values())
    energy = dynamic_j / samples + stood_w / throughput
    energy_used = dynamic_j / samples + (stood_w - unused_tiles_w(bill, placement)) / throughput
    operations = 2 * network.macs / network.samples_per_run
    area = total_area(bill, placement.chips)
    used = used_area(bill, placement)
    peak = peak_at(placement.chip, bill, products or full_products(placement.chip, passes_of(network)))
    tops = operations * throughput / 1e12
    return Headline(
        network=network.name,
        chip=placement.chip.name,
        chips=placement.chips,
        tiles=placement.tiles,
        tiles_used=placement.tiles_used,
        batch=samples,
        operations_per_sample=operations,
        latency_s=seconds(tally.latency_ps[0]),
        latency_max_s=seconds(tally.latency_ps[1]),
        throughput_per_s=throughput,
        throughput_basis=steady.basis.value,
        energy_per_sample_j=energy,
        leakage_share=ratio(watts[DRAWN[0]] / throughput, energy),
        idle_share=ratio((watts[DRAWN[2]] + watts[DRAWN[3]]) / throughput, energy),
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
        array_utilisation=tally.array_utilisation,
        cell_utilisation=placement.cell_utilisation if placement.plan is None else multipliers_used(trace, placement),
        works_in_steps=placement.plan is not None,
        generation=_generation(trace, network, throughput, energy),
        learning=network.learning,
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
