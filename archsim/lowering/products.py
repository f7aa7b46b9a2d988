"""Actors of products with weight blocks: the stages of the matrix unit, and sums of row blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from archsim.lowering.batch import Batch, firings_of
from archsim.lowering.draft import ActorRows, Draft, Place, Timing
from archsim.lowering.starting import add_starts
from archsim.machine import BUFFER, Stage
from archsim.mapping import Placement

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Products:
    """The actors at the ends of all products of layers with blocks.

    Parameters
    ----------
    taker, maker : int64, shape (uses,)
        Who takes the inputs of each block for a layer, and who makes its sums.
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


def add_products(
    draft: Draft, placement: Placement, products: tuple[Stage, ...], batch: Batch
) -> tuple[Products, PartialSums]:
    """Add the actors of every layer's products with its blocks, and the channels between them on their tile.

    Parameters
    ----------
    draft, placement
    products : tuple of Stage
        Of the products with each block; their columns have shape ``(blocks,)``.
    batch : Batch
    """
    uses, blocks = placement.uses, placement.blocks
    row, node = blocks.row[uses.block], blocks.node[uses.block]
    stages = _stages(placement, products)
    firings = firings_of(placement, uses.layer, blocks.replica[uses.block], batch)
    # The actor of each stage for each use of a block; -1 where a first row block has no sums to add.
    actors = [_add_stage(draft, placement, stage, _served(stage, row), firings) for stage in stages]
    _join_stages(draft, stages, actors)
    for stage, actor in zip(stages, actors, strict=True):
        _act(draft, stage, actor)
    maker = actors[0]
    for actor in actors[1:]:
        maker = np.where(actor >= 0, actor, maker)
    later = np.flatnonzero(row > 0)
    before = later - 1
    sums = PartialSums(maker[before], maker[later], node[before], node[later], stages[-1].output_bits[later])
    return Products(add_starts(draft, placement, stages, firings, actors[0]), maker), sums


def _stages(placement: Placement, products: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """The stages of each layer's product with each block it uses; their columns have shape ``(uses,)``.

    Where an array serves several layers or blocks, and cannot go on before its converters are through, it is held until
    they are: else another product would overwrite the one that is being converted.
    """
    blocks = placement.uses.block
    array = (placement.blocks.node * placement.floorplan.unit.places + placement.blocks.array)[blocks]
    shared = np.bincount(array)[array] > 1
    stages = [stage.at(blocks) for stage in products]
    for number, (stage, after) in enumerate(pairwise(stages)):
        if stage.in_flight == 1:
            held = np.maximum(stage.interval, stage.latency + after.interval)
            stages[number] = replace(stage, interval=np.where(shared, held, stage.interval))
    return tuple(stages)


def _served(stage: Stage, row: Ids) -> Ids:
    """Uses that a stage serves: those of blocks after the first row block, where it adds their sums."""
    return np.flatnonzero(row > 0) if stage.sums else np.arange(len(row), dtype=np.int64)


def _add_stage(draft: Draft, placement: Placement, stage: Stage, served: Ids, firings: Ids) -> Ids:
    """One actor per use of a block that a stage serves, shape ``(uses,)``."""
    uses, blocks = placement.uses, placement.blocks
    block = uses.block[served]
    rows = ActorRows(
        layer=uses.layer[served],
        role=stage.role,
        place=Place(stage.resource, stage.label, blocks.node[block], blocks.array[block]),
        firings=firings[served],
        timing=Timing(stage.interval[served], stage.latency[served]),
        replica=blocks.replica[block],
        row=blocks.row[block],
        column=blocks.column[block],
    )
    actors = np.full(len(uses), -1, np.int64)
    actors[served] = draft.actors(rows, len(served))
    return actors


def _join_stages(draft: Draft, stages: tuple[Stage, ...], actors: list[Ids]) -> None:
    same = draft.curves.add(np.array([1], np.int64), 1)
    for stage, (source, target) in zip(stages, pairwise(actors), strict=False):
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
