"""Actors of products with weight blocks: the stages of the matrix unit, and sums of row blocks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from archsim.lowering.batch import Batch, firings_of
from archsim.lowering.draft import ActorRows, Draft, Place, Timing
from archsim.machine import BUFFER, Stage
from archsim.mapping import Placement

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Products:
    """The actors at the ends of the products of all weight blocks.

    Parameters
    ----------
    taker, maker : int64, shape (blocks,)
        Who takes the inputs of each block, and who makes its sums.
    """

    taker: Ids
    maker: Ids


@dataclass(frozen=True, slots=True)
class PartialSums:
    """Sums that travel from one row block to the next; columns of shape ``(sums,)``.

    Parameters
    ----------
    source, target : int64
        Actors.
    source_node, target_node : int64
    bits : int64
        Of one token.
    """

    source: Ids
    target: Ids
    source_node: Ids
    target_node: Ids
    bits: Ids


def add_products(draft: Draft, placement: Placement, batch: Batch) -> tuple[Products, PartialSums]:
    """Add the actors of every weight block, and the channels between them on their tile."""
    blocks = placement.blocks
    firings = firings_of(placement, blocks.layer, blocks.replica, batch)
    later = np.flatnonzero(blocks.row > 0)
    # The actor of each stage for each block; -1 where a first row block has no sums to add.
    actors = [_add_stage(draft, placement, stage, _served(stage, blocks.row), firings) for stage in placement.products]
    _join_stages(draft, placement, actors)
    for stage, actor in zip(placement.products, actors, strict=True):
        _act(draft, stage, actor)
    maker = actors[0]
    for actor in actors[1:]:
        maker = np.where(actor >= 0, actor, maker)
    before, sums = later - 1, placement.products[-1].output_bits
    nodes = blocks.node[before], blocks.node[later]
    return Products(actors[0], maker), PartialSums(maker[before], maker[later], *nodes, sums[later])


def _served(stage: Stage, row: Ids) -> Ids:
    """Blocks that a stage serves: those after the first row block, where it adds their sums."""
    return np.flatnonzero(row > 0) if stage.sums else np.arange(len(row), dtype=np.int64)


def _add_stage(draft: Draft, placement: Placement, stage: Stage, served: Ids, firings: Ids) -> Ids:
    """One actor per block that a stage serves, shape ``(blocks,)``."""
    blocks = placement.blocks
    rows = ActorRows(
        layer=blocks.layer[served],
        role=stage.role,
        place=Place(stage.resource, stage.label, blocks.node[served], blocks.array[served]),
        firings=firings[served],
        timing=Timing(stage.interval[served], stage.latency[served]),
        replica=blocks.replica[served],
        row=blocks.row[served],
        column=blocks.column[served],
    )
    actors = np.full(len(blocks), -1, np.int64)
    actors[served] = draft.actors(rows, len(served))
    return actors


def _join_stages(draft: Draft, placement: Placement, actors: list[Ids]) -> None:
    same = draft.curves.add(np.array([1], np.int64), 1)
    for stage, (source, target) in zip(placement.products, pairwise(actors), strict=False):
        both = np.flatnonzero(target >= 0)
        draft.channels(
            source[both],
            target[both],
            need=same,
            release=same,
            capacity=stage.in_flight,
            token_bits=stage.output_bits[both],
        )


def _act(draft: Draft, stage: Stage, actor: Ids) -> None:
    """What a stage costs: its actions, and its inputs' reading from the tile's buffer."""
    kept = actor >= 0
    for action in stage.actions:
        draft.act(actor[kept], f"{action.component}.{action.action}", action.count[kept])
    if stage.input_bits[kept].any():
        draft.act(actor[kept], f"{BUFFER}.read_bit", stage.input_bits[kept])
