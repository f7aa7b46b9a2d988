"""Edges between layers, spelled out: which actor waits for which, and by which curves."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np

from archsim.columns import Columns, Ids
from archsim.lowering.curves import ALONE, Demands, Reach, demand
from archsim.lowering.layers import Ends
from archsim.lowering.passing import ALL, Rows
from archsim.lowering.products import PartialSums
from archsim.lowering.series import SeriesBook
from archsim.mapping import Members, Placement, consumers, producers, sent_elements, shared_elements
from archsim.mapping.dealing import Dealing
from archsim.network import Access, Edge, tokens_read

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
        Rows of the draft's curves, counted from the first token that the target touches.
    passed : int64
        Tokens of the source before that one.
    passing : int64
        The draft's selection of the source's tokens that the target touches.
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
    passed: Ids
    passing: Ids
    capacity: Ids
    bits: Ids
    kept: Ids
    edge: Ids


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
    makers, takers = producing(placement, ends, edge), consuming(placement, ends, edge)
    curves = _copy_pairs(demands, edge, capacity, fetched=fetched)
    shared = shared_elements(edge, makers, takers)
    touched = curves.need[makers.replica[:, None], takers.replica[None, :]] != UNTOUCHED
    source, target = np.nonzero((shared > 0) & touched)
    pair = makers.replica[source], takers.replica[target]
    elements = sent_elements(edge, makers) if fetched else makers.stop - makers.start
    bits = elements * placement.chip.activation_bits
    return Dependencies(
        source=makers.member[source],
        target=takers.member[target],
        source_node=makers.node[source],
        target_node=takers.node[target],
        need=curves.need[pair],
        release=curves.release[pair],
        passed=curves.passed[pair],
        passing=curves.passing[pair],
        capacity=curves.room[pair],
        bits=bits[source],
        kept=shared[source, target] * placement.chip.activation_bits,
        edge=np.full(len(source), edge_index),
    )


def producing(placement: Placement, ends: Ends, edge: Edge) -> Members:
    """The actors that make the source's tokens."""
    makers = producers(placement, edge)
    return replace(makers, member=ends.maker[makers.member])


def consuming(placement: Placement, ends: Ends, edge: Edge) -> Members:
    """The actors that take an edge's tokens."""
    takers = consumers(placement, edge)
    if edge.target not in placement.matrix:
        return replace(takers, member=ends.maker[takers.member])
    actors = ends.taker[takers.member]
    members = replace(takers, member=actors)
    # Products that start together take their inputs once.
    first = np.unique(actors, return_index=True)[1]
    return members if len(first) == len(actors) else members.take(np.sort(first))


@dataclass(frozen=True, slots=True)
class _CopyPairs:
    """How copies of one layer read copies of another; all of shape ``(producers, consumers)``.

    Parameters
    ----------
    need, release, passed, passing : int64
        As in `Dependencies`; ``UNTOUCHED`` where one copy reads nothing of another.
    room : int64
        Tokens.
    """

    need: Ids
    release: Ids
    passed: Ids
    passing: Ids
    room: Ids

    @classmethod
    def untouched(cls, shape: tuple[int, int]) -> _CopyPairs:
        """Copies that read nothing of each other."""
        return cls(*(np.full(shape, UNTOUCHED) for _ in fields(cls)))

    def put(self, pair: tuple[int, int], rows: Rows, passing: int, room: int) -> None:
        """How one copy reads another."""
        self.need[pair], self.release[pair], self.passed[pair] = rows
        self.passing[pair], self.room[pair] = passing, room


def _copy_pairs(demands: Demands, edge: Edge, capacity: int, *, fetched: bool) -> _CopyPairs:
    reach = demands.reach(edge)
    made, taken = demands.ends(edge)
    pairs = _CopyPairs.untouched((made.copies, taken.copies))
    aligned = made == taken and np.array_equal(reach.first, reach.last) and _in_step(reach)
    for maker in range(made.copies):
        tokens = touched_tokens(reach, maker, made) if fetched else None
        for taker in (maker,) if aligned else range(taken.copies):
            part = reach if made == taken == ALONE else reach.share(maker, made, taker, taken)
            part = part if tokens is None else part.among(tokens)
            if part.touched:
                curves = demands.of(edge) if part is reach else demand(part, demands.group)
                rows = demands.rows(edge) if part is reach else demands.add(curves)
                room = max(curves.room, -(-capacity // made.copies)) + 1
                pairs.put((maker, taker), rows, demands.passing(part), room)
    return pairs


def touched_tokens(reach: Reach, copy: int, made: Dealing) -> Ids:
    """Tokens of one copy of the producer that any consumer touches, in the copy's own count."""
    return reach.share(copy, made, 0, ALONE).tokens()


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
        passed=np.zeros(rows, np.int64),
        passing=np.full(rows, ALL),
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
