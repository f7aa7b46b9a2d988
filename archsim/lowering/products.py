"""Actors of matrix-vector products: integration on arrays, conversion, scaling, and sums of row blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.lowering.batch import Batch, firings_of
from archsim.lowering.draft import ActorRows, Draft, Place, Timing
from archsim.mapping import Placement
from archsim.mapping.timing import (
    Stage,
    affine_stage,
    combining_additions,
    conversions_per_column,
    product_timing,
)
from archsim.program import Kind, Role

Ids = NDArray[np.int64]
RESOURCES = {
    Role.INTEGRATE: (Kind.ARRAY, "array"),
    Role.CONVERT: (Kind.ADC, "adc"),
    Role.AFFINE: (Kind.AFFINE, "affine"),
    Role.ACCUMULATE: (Kind.AFFINE, "affine"),
}


@dataclass(frozen=True, slots=True)
class Products:
    """Actors of all weight blocks.

    Parameters
    ----------
    integrate, convert, affine : int64, shape (blocks,)
    accumulate : int64, shape (sums,)
        For the blocks that add the sums of the row block before them.
    later : int64, shape (sums,)
        Which blocks these are.
    """

    integrate: Ids
    convert: Ids
    affine: Ids
    accumulate: Ids
    later: Ids

    @property
    def output(self) -> Ids:
        """Who makes each block's sums, shape ``(blocks,)``."""
        output = self.affine.copy()
        output[self.later] = self.accumulate
        return output


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
    columns = blocks.column_stop - blocks.column_start
    every, later = np.arange(len(blocks), dtype=np.int64), np.flatnonzero(blocks.row > 0)
    firings = firings_of(placement, blocks.layer, blocks.replica, batch)

    def add(role: Role, kept: Ids) -> Ids:
        return _add_stage(draft, placement, role, kept, firings)

    products = Products(
        integrate=add(Role.INTEGRATE, every),
        convert=add(Role.CONVERT, every),
        affine=add(Role.AFFINE, every),
        accumulate=add(Role.ACCUMULATE, later),
        later=later,
    )
    sum_bits = columns * placement.chip.tile.affine.sum_bits
    _join_stages(draft, placement, products, sum_bits)
    _act_products(draft, placement, products)
    before = later - 1
    nodes = blocks.node[before], blocks.node[later]
    return products, PartialSums(products.output[before], products.accumulate, *nodes, sum_bits[later])


def _add_stage(draft: Draft, placement: Placement, role: Role, kept: Ids, firings: Ids) -> Ids:
    """One actor per block, with the stage's times for the block's columns."""
    blocks = placement.blocks
    kind, label = RESOURCES[role]
    columns = (blocks.column_stop - blocks.column_start)[kept]
    widths, back = np.unique(columns, return_inverse=True)
    stages = [_stage_of(placement, role, int(width)) for width in widths]
    rows = ActorRows(
        layer=blocks.layer[kept],
        role=role,
        place=Place(kind, label, blocks.node[kept], blocks.array[kept]),
        firings=firings[kept],
        timing=Timing(
            np.array([stage.interval for stage in stages], np.int64)[back],
            np.array([stage.latency for stage in stages], np.int64)[back],
        ),
        replica=blocks.replica[kept],
        row=blocks.row[kept],
        column=blocks.column[kept],
    )
    return draft.actors(rows, len(kept))


def _stage_of(placement: Placement, role: Role, columns: int) -> Stage:
    timing = product_timing(placement.chip, columns)
    stages = {Role.INTEGRATE: timing.integrate, Role.CONVERT: timing.convert, Role.AFFINE: timing.affine}
    return stages.get(role) or affine_stage(placement.chip, columns)


def _join_stages(draft: Draft, placement: Placement, products: Products, sum_bits: Ids) -> None:
    same = draft.curves.add(np.array([1], np.int64), 1)
    in_flight = product_timing(placement.chip, 1).in_flight
    later = products.later
    for source, target, capacity, bits in (
        (products.integrate, products.convert, in_flight, 0),
        (products.convert, products.affine, 2, sum_bits),
        (products.affine[later], products.accumulate, 2, sum_bits[later]),
    ):
        draft.channels(source, target, need=same, release=same, capacity=capacity, token_bits=bits)


def _act_products(draft: Draft, placement: Placement, products: Products) -> None:
    """What a product costs, stage by stage."""
    blocks, tile = placement.blocks, placement.chip.tile
    rows = blocks.row_stop - blocks.row_start
    columns = blocks.column_stop - blocks.column_start
    physical_rows = rows * tile.array.weight.rows * tile.input.phases
    conversions = columns * tile.array.weight.columns * conversions_per_column(placement.chip)
    draft.act(products.integrate, "array.cell", blocks.weights * tile.array.weight.devices)
    draft.act(products.integrate, "array.row", physical_rows)
    draft.act(products.integrate, "driver.conversion", physical_rows)
    draft.act(products.integrate, "buffer.read_bit", rows * tile.input.bits)
    draft.act(products.convert, "adc.conversion", conversions)
    if tile.adc.held:
        draft.act(products.convert, "sample-hold.sample", conversions)
    draft.act(products.affine, "affine.mac", columns)
    if combining_additions(placement.chip, 1):
        draft.act(products.affine, "affine.add", columns * combining_additions(placement.chip, 1))
    draft.act(products.accumulate, "affine.add", columns[products.later])
