"""What travels between the nodes of a placement, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Columns, Ids
from archsim.mapping.members import consumers, producers, shared_elements
from archsim.mapping.placement import Placement
from archsim.network import Access, Edge
from archsim.network.access import NOTHING


@dataclass(frozen=True, slots=True)
class Traffic(Columns):
    """What goes from one node to another, each pair of nodes once; columns of shape ``(pairs,)``.

    Parameters
    ----------
    source, target : int64
        Global nodes.
    bits : int64
        Per sample.
    """

    source: Ids
    target: Ids
    bits: Ids


def traffic(placement: Placement) -> Traffic:
    """All that leaves its node, per sample.

    A part's tokens go once to each node that wants any of them, whichever layers do there; what goes through memory is
    counted as if it did not.
    """
    streams = [_edge_streams(placement, edge) for edge in placement.network.edges]
    rows = Traffic.concatenate(flows for _, flows in streams)
    # The same maker's tokens serve all edges.
    maker = np.concatenate([_NONE, *(makers for makers, _ in streams)])
    once = np.unique(_pairs(maker, rows.target), return_index=True)[1]
    return _added_up(Traffic.concatenate([rows.take(once), _sums(placement)]))


def travelled(placement: Placement) -> float:
    """Bits times links that they pass on their chips, per sample.

    Each node that a token goes to is counted with the whole way there, as if ways had no links in common.
    """
    flows, plan = traffic(placement), placement.floorplan
    here, there = flows.source // plan.nodes, flows.target // plan.nodes
    source, target = plan.router[flows.source % plan.nodes], plan.router[flows.target % plan.nodes]
    port, hops = plan.router[plan.port], plan.routes.hops
    links = np.where(here == there, hops[source, target], hops[source, port] + hops[port, target])
    return float(flows.bits @ links)


_NONE = np.zeros(0, np.int64)


def _pairs(first: Ids, second: Ids) -> Ids:
    """One number for each pair."""
    return first * (int(second.max(initial=0)) + 1) + second


def _edge_streams(placement: Placement, edge: Edge) -> tuple[Ids, Traffic]:
    """Makers of an edge's tokens, as rows of homes, and what goes from each to each node that takes them."""
    makers, takers = producers(placement, edge), consumers(placement, edge)
    source, target = (placement.network.by_name[name] for name in (edge.source, edge.target))
    made, taken = (placement.replicas[placement.index[layer.name]] for layer in (source, target))
    met = _meeting(edge.access, source.tokens, target.tokens, made, taken)
    wanted = (shared_elements(edge, makers, takers) > 0) & met[makers.replica[:, None], takers.replica[None, :]]
    maker, taker = np.nonzero(wanted)
    tokens = -(-(source.tokens - makers.replica) // made)
    bits = (makers.stop - makers.start) * tokens * placement.chip.activation_bits
    return makers.member[maker], Traffic(makers.node[maker], takers.node[taker], bits[maker])


@lru_cache(maxsize=1024)
def _meeting(access: Access, produced: int, consumed: int, made: int, taken: int) -> NDArray[np.bool_]:
    """Which copies of a producer make tokens that which copies of a consumer touch, shape ``(made, taken)``."""
    first, last = access.reach(produced, consumed)
    met = np.zeros((made, taken), bool)
    for copy in range(taken):
        start, stop = first[copy::taken], last[copy::taken]
        real = start != NOTHING
        edges = np.bincount(start[real], minlength=produced + 1) - np.bincount(stop[real] + 1, minlength=produced + 1)
        met[np.flatnonzero(np.cumsum(edges)[:produced]) % made, copy] = True
    return met


def _sums(placement: Placement) -> Traffic:
    """Sums that go from one row block to the next, for all layers that use the weights."""
    blocks, uses = placement.blocks, placement.uses
    if not len(uses):
        return Traffic(_NONE, _NONE, _NONE)
    tokens = np.array([layer.tokens for layer in placement.network.order], np.int64)[uses.layer]
    copies = np.array(placement.replicas, np.int64)[uses.layer]
    firings = -(-(tokens - blocks.replica[uses.block]) // copies)
    later = np.flatnonzero(blocks.row[uses.block] > 0)
    bits = placement.products[-1].output_bits[uses.block[later]] * firings[later]
    return Traffic(blocks.node[uses.block[later - 1]], blocks.node[uses.block[later]], bits.astype(np.int64))


def _added_up(flows: Traffic) -> Traffic:
    away = flows.take(flows.source != flows.target)
    _, first, group = np.unique(_pairs(away.source, away.target), return_index=True, return_inverse=True)
    bits = np.zeros(len(first), np.int64)
    np.add.at(bits, group, away.bits)
    return Traffic(away.source[first], away.target[first], bits)
