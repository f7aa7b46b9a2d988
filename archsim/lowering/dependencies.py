"""Edges between layers, spelled out: which actor waits for which, and by which curves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from archsim.columns import Columns, Ids
from archsim.lowering.curves import Demands, Reach, demand
from archsim.lowering.draft import SeriesBook
from archsim.lowering.layers import Ends
from archsim.lowering.products import PartialSums
from archsim.mapping import Placement
from archsim.network import Access, Digital, Edge, Matrix, Network, tokens_read

UNTOUCHED = -1


@dataclass(frozen=True, slots=True)
class Dependencies(Columns):
    """One row per pair of a producing and a consuming actor; columns of shape ``(pairs,)``.

    Parameters
    ----------
    source, target : int64
        Actors.
    source_node, target_node : int64
        Where they are.
    need, release : int64
        Rows of the draft's curves.
    capacity : int64
        Tokens of room at the target.
    bits : int64
        Of one token of the source.
    kept : int64
        Those of them that the target uses; its node keeps no others.
    edge : int64
        Index into ``Network.edges``; -1 for partial sums.
    """

    source: Ids
    target: Ids
    source_node: Ids
    target_node: Ids
    need: Ids
    release: Ids
    capacity: Ids
    bits: Ids
    kept: Ids
    edge: Ids


@dataclass(frozen=True, slots=True)
class Members(Columns):
    """Actors at one end of an edge; columns of shape ``(members,)``.

    Parameters
    ----------
    actor, node, replica : int64
    start, stop : int64
        Elements made, or elements of the input vector wanted.
    """

    actor: Ids
    node: Ids
    replica: Ids
    start: Ids
    stop: Ids


def edge_dependencies(
    demands: Demands, placement: Placement, ends: Ends, edge_index: int, capacity: int, *, fetched: bool = False
) -> Dependencies:
    """Pairs of actors that an edge joins.

    Parameters
    ----------
    demands, placement, ends
    edge_index : int
        Index into ``Network.edges``.
    capacity : int
        Tokens that the edge must hold, over all copies.
    fetched : bool
        Whether the tokens come from memory: of each token the edge's part, and only tokens that are touched.
    """
    edge = placement.network.edges[edge_index]
    makers, takers = producers(placement, ends, edge), consumers(placement, ends, edge)
    curves = _pair_curves(demands, placement, edge, capacity, fetched=fetched)
    shared = shared_elements(edge, makers, takers)
    touched = curves[0][makers.replica[:, None], takers.replica[None, :]] != UNTOUCHED
    source, target = np.nonzero((shared > 0) & touched)
    pair = makers.replica[source], takers.replica[target]
    elements = _sent_elements(edge, makers) if fetched else makers.stop - makers.start
    bits = elements * placement.chip.activation_bits
    return Dependencies(
        source=makers.actor[source],
        target=takers.actor[target],
        source_node=makers.node[source],
        target_node=takers.node[target],
        need=curves[0][pair],
        release=curves[1][pair],
        capacity=curves[2][pair],
        bits=bits[source],
        kept=shared[source, target] * placement.chip.activation_bits,
        edge=np.full(len(source), edge_index),
    )


def producers(placement: Placement, ends: Ends, edge: Edge) -> Members:
    """Parts of the source layer's tokens, in the target's input vector."""
    rows, homes = placement.homes_of(placement.index[edge.source]), placement.homes
    return Members(ends.maker[rows], homes.node[rows], homes.replica[rows], homes.start[rows], homes.stop[rows])


def consumers(placement: Placement, ends: Ends, edge: Edge) -> Members:
    """Blocks or parts of the target layer, with the elements of the input vector that each wants."""
    index = placement.index[edge.target]
    layer = placement.network.by_name[edge.target]
    if isinstance(layer.operator, Matrix):
        rows, blocks, taps = placement.blocks_of(index), placement.blocks, layer.operator.taps
        start, stop = blocks.row_start[rows] // taps, -(-blocks.row_stop[rows] // taps)
        taker = ends.taker[placement.uses_of(index)]
        members = Members(taker, blocks.node[rows], blocks.replica[rows], start, stop)
        # Products that start together take their inputs once.
        first = np.unique(taker, return_index=True)[1]
        return members if len(first) == len(taker) else members.take(np.sort(first))
    homes, rows = placement.homes, placement.homes_of(index)
    start, stop = homes.start[rows], homes.stop[rows]
    operator = layer.operator
    if isinstance(operator, Digital) and operator.heads > 1:
        elements = _port_elements(placement.network, edge)
        start, stop = start * elements // layer.width, -(-stop * elements // layer.width)
    # A layer in one piece needs all of its input, however that is laid out.
    whole = homes.stop[rows] - homes.start[rows] == layer.width
    if isinstance(operator, Digital) and edge.port == 0:
        start, stop = start * operator.contract, stop * operator.contract
    if not isinstance(operator, Digital) or _undivided(placement.network, edge, operator, layer.width):
        whole = np.ones_like(whole)
    start, stop = np.where(whole, 0, start), np.where(whole, np.iinfo(np.int64).max, stop)
    return Members(ends.maker[rows], homes.node[rows], homes.replica[rows], start, stop)


def _undivided(network: Network, edge: Edge, operator: Digital, width: int) -> bool:
    """Whether every part of a layer needs all of an operand."""
    return operator.heads == 1 and (operator.whole_token or _broadcast(network, edge, width))


def _broadcast(network: Network, edge: Edge, width: int) -> bool:
    """Whether a second operand is narrower than the token, so that any element may meet any of it."""
    return edge.port > 0 and _port_elements(network, edge) < width


def _port_elements(network: Network, edge: Edge) -> int:
    """Elements that arrive at an input of a layer, over all edges that lead there."""
    return sum(other.elements for other in network.inputs_of(edge.target) if other.port == edge.port)


def _sent_elements(edge: Edge, makers: Members) -> Ids:
    """Elements of each maker's part that the edge takes."""
    stop = np.minimum(makers.stop, edge.source_start + edge.elements)
    elements: Ids = np.maximum(stop - np.maximum(makers.start, edge.source_start), 0)
    return elements


def shared_elements(edge: Edge, makers: Members, takers: Members) -> Ids:
    """Elements of each maker's part that each taker wants, shape ``(makers, takers)``."""
    start = np.maximum(makers.start, edge.source_start)
    stop = np.minimum(makers.stop, edge.source_start + edge.elements)
    if edge.scattered:
        return np.repeat(_sent_elements(edge, makers)[:, None], len(takers), axis=1)
    shift = edge.target_start - edge.source_start
    low = np.maximum((start + shift)[:, None], takers.start[None, :])
    high = np.minimum((stop + shift)[:, None], takers.stop[None, :])
    shared: Ids = np.maximum(high - low, 0)
    return shared


def _pair_curves(
    demands: Demands, placement: Placement, edge: Edge, capacity: int, *, fetched: bool
) -> tuple[Ids, Ids, Ids]:
    """Need rows, release rows and capacities for each pair of copies, each of shape (producers, consumers)."""
    reach = demands.reach(edge)
    shape = tuple(placement.replicas[placement.index[name]] for name in (edge.source, edge.target))
    need, release = np.full(shape, UNTOUCHED), np.full(shape, UNTOUCHED)
    room = np.zeros(shape, np.int64)
    aligned = shape[0] == shape[1] and np.array_equal(reach.first, reach.last) and _in_step(reach)
    for made in range(shape[0]):
        tokens = touched_tokens(reach, made, shape[0]) if fetched else None
        for taken in (made,) if aligned else range(shape[1]):
            part = reach if shape == (1, 1) else reach.share(made, shape[0], taken, shape[1])
            part = part if tokens is None else part.among(tokens)
            if part.touched:
                curves = demands.of(edge) if part is reach else demand(part, demands.group)
                need[made, taken], release[made, taken] = demands.rows(edge) if part is reach else demands.add(curves)
                room[made, taken] = max(curves.room, -(-capacity // shape[0])) + 1
    return need, release, room


def touched_tokens(reach: Reach, copy: int, copies: int) -> Ids:
    """Tokens of one copy of the producer that any consumer touches, in the copy's own count."""
    return reach.share(copy, copies, 0, 1).tokens()


def _in_step(reach: Reach) -> bool:
    """Whether token n reads just token n, so that copies of both layers pair off."""
    return bool((reach.first == np.arange(len(reach.first))).all())


def partial_sum_dependencies(book: SeriesBook, sums: PartialSums) -> Dependencies:
    """Sums that go from one row block's array to the next."""
    same = book.add(np.array([1], np.int64), 1)
    rows = len(sums.source)
    return Dependencies(
        source=sums.source,
        target=sums.target,
        source_node=sums.source_node,
        target_node=sums.target_node,
        need=np.full(rows, same),
        release=np.full(rows, same),
        capacity=np.full(rows, 2),
        bits=sums.bits,
        kept=sums.bits,
        edge=np.full(rows, -1),
    )


def touched_elements(placement: Placement, edge: Edge) -> float:
    """Mean elements that one consumer token reads over an edge."""
    network = placement.network
    source, target = network.by_name[edge.source], network.by_name[edge.target]
    return _mean_read(edge.access, source.tokens, target.tokens) * edge.elements


@lru_cache(maxsize=512)
def _mean_read(access: Access, produced: int, consumed: int) -> float:
    return float(tokens_read(access, produced, consumed).mean())
