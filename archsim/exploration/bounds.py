"""What a point cannot do better than, from its placement and its bill: no Program is made and nothing runs.

Every bound is a closed form. A block of weights serves one token at a time for as long as its slowest stage says, so
the busiest resource of an array bounds the pace, and with it the leakage that each sample has to carry; the products'
own energy is a part of a sample's; a layer that has to make so many tokens before the last output can leave takes so
long. Digital units, fabric and memories are left out, which only makes the bounds weaker. Silicon is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from archsim.accounting.area import component_area, least_w, unused_tiles_w, used_area
from archsim.accounting.energy import ratio
from archsim.accounting.peak import peak_of
from archsim.cost import Bill
from archsim.machine import Stage
from archsim.mapping import Placement
from archsim.network import Network
from archsim.units import PS_PER_S

SLACK = 1e-9
"""What rounding may take from a bound."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Between what a figure must lie."""

    low: float = -inf
    high: float = inf


def bounds_of(placement: Placement, bill: Bill) -> Mapping[str, Bound]:
    """Bounds on figures of the headline, by name; those that are not there have none."""
    network = placement.network
    operations = 2 * network.macs / network.samples_per_run
    rate = _at_most(network.samples_per_run / _pass_s(placement))
    energy = _products_j(placement, bill) / network.samples_per_run
    leaking = least_w(bill, placement)
    sample, sample_used = (energy + watts / rate for watts in (leaking, leaking - unused_tiles_w(bill, placement)))
    area, used = float(component_area(bill, placement.chips).area_m2.sum()), used_area(bill, placement)
    peak = peak_of(placement.chip, bill)
    tops = operations * rate / 1e12
    return {
        "throughput_per_s": Bound(high=rate),
        "latency_s": Bound(low=_at_least(_latency_s(placement))),
        "latency_max_s": Bound(low=_at_least(_latency_s(placement))),
        "energy_per_sample_j": Bound(low=_at_least(sample)),
        "power_w": Bound(low=_at_least(leaking)),
        "gops_per_w": Bound(high=_at_most(ratio(operations / 1e9, sample))),
        "gops_per_w_used": Bound(high=_at_most(ratio(operations / 1e9, sample_used))),
        "tops_per_mm2": Bound(high=_at_most(ratio(tops, area * 1e6))),
        "tops_per_mm2_used": Bound(high=_at_most(ratio(tops, used * 1e6))),
        "area_m2": Bound(area, area),
        "area_used_m2": Bound(used, used),
        "peak_tops": _exactly(peak.operations_per_s * placement.chips / 1e12),
        "peak_gops_per_w": _exactly(peak.gops_per_w),
        "peak_tops_per_mm2": _exactly(peak.tops_per_mm2),
        "chips": _exactly(placement.chips),
        "tiles": _exactly(placement.tiles),
        "tiles_used": _exactly(placement.tiles_used),
        "cell_utilisation": _exactly(placement.cell_utilisation),
    }


def _exactly(value: float) -> Bound:
    return Bound(float(value), float(value))


def _at_least(value: float) -> float:
    return value * (1.0 - SLACK)


def _at_most(value: float) -> float:
    return value * (1.0 + SLACK)


def _tokens(placement: Placement, needed: Mapping[str, int] | None = None) -> NDArray[np.int64]:
    """Products per pass with each block for each layer that uses it, shape ``(uses,)``.

    Parameters
    ----------
    placement : Placement
    needed : mapping of str to int, optional
        First tokens of each layer that count; all where it is not given.
    """
    uses, order = placement.uses, placement.network.order
    tokens = np.array([layer.tokens if needed is None else needed[layer.name] for layer in order], np.int64)[uses.layer]
    copies = np.asarray(placement.replicas, np.int64)[uses.layer]
    made: NDArray[np.int64] = (tokens - placement.blocks.replica[uses.block] + copies - 1) // copies
    return made


def _pass_s(placement: Placement) -> float:
    """Seconds that the busiest resource of an array works for one pass; next to nothing where there is none."""
    uses, blocks = placement.uses, placement.blocks
    tokens = _tokens(placement)
    place = (blocks.node * placement.floorplan.unit.places + blocks.array)[uses.block]
    busiest = 1.0
    for resource in {(stage.resource, stage.label) for stage in placement.products}:
        stages = [stage for stage in placement.products if (stage.resource, stage.label) == resource]
        held = sum(_interval(placement, stage)[uses.block] for stage in stages)
        busiest = max(busiest, float(np.bincount(place, weights=tokens * held).max(initial=0.0)))
    return busiest / PS_PER_S


def _interval(placement: Placement, stage: Stage) -> NDArray[np.float64]:
    """Picoseconds that a stage holds its resource per product, shape ``(blocks,)``; first rows have no sums to add."""
    serves = placement.blocks.row > 0 if stage.sums else np.ones(len(placement.blocks), bool)
    return np.where(serves, stage.interval, 0).astype(np.float64)


def _products_j(placement: Placement, bill: Bill) -> float:
    """Joules per pass of all products' own actions."""
    uses, tokens = placement.uses, _tokens(placement)
    joules = 0.0
    for stage in placement.products:
        serves = placement.blocks.row[uses.block] > 0 if stage.sums else np.ones(len(uses), bool)
        for action in stage.actions:
            each = bill.component(action.component).energy_of(action.action).value * bill.whole(action.component)
            joules += each * float((tokens * action.count[uses.block] * serves).sum())
    return joules


def _latency_s(placement: Placement) -> float:
    """Seconds in which the slowest copy of a layer makes the tokens that the last output waits for."""
    uses = placement.uses
    if not len(uses):
        return 0.0
    tokens = _tokens(placement, needed_tokens(placement.network))
    slowest = max(
        float((tokens * _interval(placement, stage)[uses.block]).max(initial=0.0)) for stage in placement.products
    )
    return slowest / PS_PER_S


def needed_tokens(network: Network) -> dict[str, int]:
    """First tokens of each layer without which the last output of a sample cannot leave, by name.

    Tokens appear in order: who needs token n waits for all before it.
    """
    needed: dict[str, int] = {}
    for layer in reversed(network.order):
        ahead = [edge for edge in network.outputs_of(layer.name) if not edge.recurrent]
        needed[layer.name] = layer.tokens if not ahead else 0
        for edge in ahead:
            target = network.by_name[edge.target]
            _, last = edge.access.reach(layer.tokens, target.tokens)
            touched = int(last[: needed[edge.target]].max(initial=-1)) + 1
            needed[layer.name] = max(needed[layer.name], min(touched, layer.tokens))
    return needed
