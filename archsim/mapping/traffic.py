"""What travels between the nodes of a placement, and how far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from archsim.columns import Columns, Ids
from archsim.mapping.dealing import Dealing
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


@dataclass(frozen=True, slots=True)
class Streams(Columns):
    """What goes from one maker to one other node, each pair once; columns of shape ``(pairs,)``.

    Parameters
    ----------
    maker : int64
        Number of who makes the tokens: a part's row of ``Placement.homes``, or behind these a block.
    source, target : int64
        Global nodes.
    made, read : int64
        Tokens per sample that he makes, and that are read at the target.
    bits : int64
        Of a token.
    """

    maker: Ids
    source: Ids
    target: Ids
    made: Ids
    read: Ids
    bits: Ids


def streams(placement: Placement) -> Streams:
    """All that leaves its node, stream by stream; what goes through memory is counted as if it did not."""
    edges = [edge_streams(placement, edge) for edge in placement.network.edges]
    rows = Streams.concatenate([*edges, _sums(placement)])
    away = rows.take(rows.source != rows.target)
    # Copies of a consumer at one node read other tokens each, as far as there are so many.
    _, first, pair = np.unique(_pairs(away.maker, away.target), return_index=True, return_inverse=True)
    read = np.zeros(len(first), np.int64)
    np.add.at(read, pair, away.read)
    once = away.take(first)
    return replace(once, read=np.minimum(read, once.made))


def traffic(placement: Placement) -> Traffic:
    """All that leaves its node, per sample.

    A token goes once to each node that wants it, whichever layers do; what goes through memory is counted as if it did
    not.
    """
    rows = streams(placement)
    return _added_up(Traffic(rows.source, rows.target, rows.bits * rows.read))


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


def edge_streams(placement: Placement, edge: Edge) -> Streams:
    """What goes from each maker of an edge's tokens to each node that takes them, once for each taking copy."""
    makers, takers = producers(placement, edge), consumers(placement, edge)
    source, target = (placement.network.by_name[name] for name in (edge.source, edge.target))
    made, taken = placement.dealt[edge.source], placement.dealt[edge.target]
    met = _meeting(edge.access, (source.tokens, target.tokens), made, taken)
    tokens = met[makers.replica[:, None], takers.replica[None, :]]
    maker, taker = np.nonzero((shared_elements(edge, makers, takers) > 0) & (tokens > 0))
    rows = Streams(
        maker=makers.member[maker],
        source=makers.node[maker],
        target=takers.node[taker],
        made=made.below(makers.replica[maker], source.tokens),
        read=tokens[maker, taker],
        bits=(makers.stop - makers.start)[maker] * placement.chip.activation_bits,
    )
    copies = _pairs(_pairs(rows.maker, rows.target), takers.replica[taker])
    return rows.take(np.unique(copies, return_index=True)[1])


@lru_cache(maxsize=1024)
def _meeting(access: Access, tokens: tuple[int, int], made: Dealing, taken: Dealing) -> Ids:
    """Tokens of each copy of a producer that each copy of a consumer touches, shape ``(made, taken)``."""
    produced, consumed = tokens
    first, last = access.reach(produced, consumed)
    maker = np.arange(produced) // made.run % made.copies
    met = np.zeros((made.copies, taken.copies), np.int64)
    for copy in range(taken.copies):
        mine = taken.tokens(copy, consumed)
        start, stop = first[mine], last[mine]
        real = start != NOTHING
        edges = np.bincount(start[real], minlength=produced + 1) - np.bincount(stop[real] + 1, minlength=produced + 1)
        met[:, copy] = np.bincount(maker[np.cumsum(edges)[:produced] > 0], minlength=made.copies)
    return met


def _sums(placement: Placement) -> Streams:
    """Sums that go from one row block to the next, for all layers that use the weights."""
    blocks, uses = placement.blocks, placement.uses
    later = np.flatnonzero(blocks.row[uses.block] > 0)
    if not len(later):
        return Streams.concatenate([])
    firings = placement.tokens_of(uses.layer, blocks.replica[uses.block])[later]
    bits = placement.products[-1].output_bits[uses.block[later]].astype(np.int64)
    source, target = blocks.node[uses.block[later - 1]], blocks.node[uses.block[later]]
    return Streams(len(placement.homes) + later, source, target, firings, firings, bits)


def _added_up(flows: Traffic) -> Traffic:
    away = flows.take(flows.source != flows.target)
    _, first, group = np.unique(_pairs(away.source, away.target), return_index=True, return_inverse=True)
    bits = np.zeros(len(first), np.int64)
    np.add.at(bits, group, away.bits)
    return Traffic(away.source[first], away.target[first], bits)
