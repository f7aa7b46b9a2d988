"""Actors of products with weight blocks: the stages of the matrix unit, and sums of row blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Columns, Ids
from archsim.lowering.batch import Batch, firings_of
from archsim.lowering.draft import ActorRows, Draft, Place, Timing
from archsim.lowering.starting import add_starts
from archsim.machine import BUFFER, Stage
from archsim.mapping import Placement, Uses
from archsim.network import Use

Flags = NDArray[np.bool_]
UsedStages = Mapping[Use, tuple[Stage, ...]]
"""The stages of each use of blocks, by their shapes (`Placement.shapes`)."""


@dataclass(frozen=True, slots=True)
class Products:
    """The actors at the ends of all products of layers with blocks.

    Parameters
    ----------
    taker, first, maker : int64, shape (uses,)
        Who takes the inputs of each block for a layer, who works on its array first, and who makes its sums.
    """

    taker: Ids
    first: Ids
    maker: Ids


@dataclass(frozen=True, slots=True)
class PartialSums(Columns):
    """Sums that travel from one block to the next; columns of shape ``(sums,)``.

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


def add_products(draft: Draft, placement: Placement, stages: UsedStages, batch: Batch) -> tuple[Products, PartialSums]:
    """Add the actors of every layer's uses of its blocks, and the channels between them on their tile.

    Parameters
    ----------
    draft, placement
    stages : mapping of Use to tuple of Stage
        Of each use of blocks of each shape; their columns have shape ``(shapes,)``.
    batch : Batch
    """
    taker, first, maker = (np.empty(len(placement.uses), np.int64) for _ in range(3))
    sums = []
    for use, rows in placement.used.items():
        if len(rows):
            working = _Working.of(placement, (use, stages[use]), rows, batch, placement.shared[rows])
            ends, added = _add_use(draft, placement, working)
            taker[rows], first[rows], maker[rows] = ends.taker, ends.first, ends.maker
            sums.append(added)
    return Products(taker, first, maker), PartialSums.concatenate(sums)


@dataclass(frozen=True, slots=True)
class _Working:
    """One kind of use of some blocks; columns of shape ``(uses,)``.

    Parameters
    ----------
    uses : Uses
    stages : tuple of Stage
        Of each use; their columns have that shape, too.
    firings : int64
        How often each is done.
    before : int64
        Which of these uses makes the sums that each adds to; -1 for the first of a chain.
    """

    uses: Uses
    stages: tuple[Stage, ...]
    firings: Ids
    before: Ids

    @classmethod
    def of(
        cls, placement: Placement, used: tuple[Use, tuple[Stage, ...]], rows: Ids, batch: Batch, shared: Flags
    ) -> _Working:
        """With the stages as they are where arrays are shared."""
        use, stages = used
        uses = placement.uses.take(rows)
        firings = firings_of(placement, uses.layer, placement.blocks.replica[uses.block], batch)
        _, shape = placement.shapes
        each = _held(tuple(stage.at(shape[uses.block]) for stage in stages), shared)
        return cls(uses, each, firings, _before(placement, use, uses))


def _held(stages: tuple[Stage, ...], shared: Flags) -> tuple[Stage, ...]:
    """Stages whose resource is held for longer where it is shared.

    Where an array serves several layers or blocks, and cannot go on before its converters are through, it is held until
    they are: else another product would overwrite the one that is being converted.
    """
    kept = list(stages)
    for number, (stage, after) in enumerate(pairwise(stages)):
        if stage.in_flight == 1:
            held = np.maximum(stage.interval, stage.latency + after.interval)
            kept[number] = replace(stage, interval=np.where(shared, held, stage.interval))
    return tuple(kept)


def _before(placement: Placement, use: Use, uses: Uses) -> Ids:
    """Which use makes the sums that each adds to: along rows, or of a transposed product along columns."""
    blocks, number = placement.blocks, np.arange(len(uses), dtype=np.int64)
    if use is Use.FORWARD:
        return np.where(blocks.row[uses.block] > 0, number - 1, -1)
    before = np.full(len(uses), -1, np.int64)
    if use is Use.TRANSPOSED:
        chain = np.stack([uses.layer, blocks.replica[uses.block], blocks.row_start[uses.block]])
        order = np.lexsort((blocks.column[uses.block], *chain[::-1]))
        same = (chain[:, order[1:]] == chain[:, order[:-1]]).all(axis=0)
        before[order[1:][same]] = order[:-1][same]
    return before


def _add_use(draft: Draft, placement: Placement, working: _Working) -> tuple[Products, PartialSums]:
    stages, node = working.stages, placement.blocks.node[working.uses.block]
    later = np.flatnonzero(working.before >= 0)
    # The actor of each stage for each use of a block; -1 where the first of a chain has no sums to add.
    every = np.arange(len(working.uses), dtype=np.int64)
    actors = [_add_stage(draft, placement, working, stage, later if stage.sums else every) for stage in stages]
    _join_stages(draft, stages, actors)
    for stage, actor in zip(stages, actors, strict=True):
        _act(draft, stage, actor)
    maker = actors[0]
    for actor in actors[1:]:
        maker = np.where(actor >= 0, actor, maker)
    before = working.before[later]
    sums = PartialSums(maker[before], maker[later], node[before], node[later], stages[-1].output_bits[later])
    taker = add_starts(draft, placement, working.uses, stages, working.firings, actors[0])
    return Products(taker, actors[0], maker), sums


def _add_stage(draft: Draft, placement: Placement, working: _Working, stage: Stage, served: Ids) -> Ids:
    """One actor per use of a block that a stage serves, shape ``(uses,)``."""
    uses, blocks = working.uses, placement.blocks
    block = uses.block[served]
    rows = ActorRows(
        layer=uses.layer[served],
        role=stage.role,
        place=Place(stage.resource, stage.label, blocks.node[block], blocks.array[block]),
        firings=working.firings[served],
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
