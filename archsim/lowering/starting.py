"""What starts products: their inputs' way over the ports of the tile's buffer, and the issue of each by its controller.

Both are shared by all arrays of a tile. Where the chip file names neither, products take their inputs by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from archsim.chip.issue import Holds, IssueOrder
from archsim.lowering.draft import ActorRows, Draft, Place, Timing
from archsim.machine import ISSUE, Stage, product_period
from archsim.mapping import Placement, Uses
from archsim.program import Kind, Role
from archsim.units import picoseconds

Ids = NDArray[np.int64]
IN_FLIGHT = 2
"""Products whose inputs are at their array, the one that works included: the drivers' registers are doubled."""


@dataclass(frozen=True, slots=True)
class Starts:
    """Products that start together: those of one use of a block, or of all that one issue starts.

    Parameters
    ----------
    uses : Uses
        That are started.
    first : int64, shape (starts,)
        A use of each.
    of : int64, shape (uses,)
        Which start each use belongs to.
    firings : int64, shape (starts,)
    """

    uses: Uses
    first: Ids
    of: Ids
    firings: Ids


def add_starts(
    draft: Draft, placement: Placement, uses: Uses, stages: tuple[Stage, ...], firings: Ids, products: Ids
) -> Ids:
    """Add the actors that fetch inputs and issue products, before the given first actors of products.

    Parameters
    ----------
    draft, placement
    uses : Uses
        That start; all of them, where layers take turns.
    stages : tuple of Stage
        Of each use's product; their columns have shape ``(uses,)``.
    firings, products : int64, shape (uses,)
        How often each product is made, and its first actor.

    Returns
    -------
    int64, shape (uses,)
        Who takes the inputs of each use: uses that start together share one.
    """
    if by_themselves(placement):
        return products
    tile = placement.chip.tile
    starts = _starts(placement, uses, firings)
    chain = []
    if tile.buffer.read_bandwidth is not None:
        chain.append(_add_fetches(draft, placement, starts, stages[0].input_bits, tile.buffer.read_bandwidth))
    if tile.issue is not None:
        chain.append(_add_issues(draft, placement, starts, stages))
    for before, after in pairwise(chain):
        _join(draft, before, after)
    _join(draft, chain[-1][starts.of], products)
    taker: Ids = chain[0][starts.of]
    return taker


def by_themselves(placement: Placement) -> bool:
    """Whether nothing starts products but their inputs."""
    tile = placement.chip.tile
    return tile.issue is None and tile.buffer.read_bandwidth is None


def start_tempo(placement: Placement, rows: slice, period: int) -> tuple[float, float]:
    """Picoseconds between a layer's products as their tile's controller and buffer allow, and until one has begun.

    Parameters
    ----------
    placement
    rows : slice
        Of the layer's blocks.
    period : int
        Picoseconds between products of the slowest of them.
    """
    tile, blocks = placement.chip.tile, placement.blocks
    alike = [column[rows] for column in (blocks.node, blocks.replica)]
    if tile.issue is not None and tile.issue.joint:
        alike.append(blocks.row_start[rows])
        alike = list(np.unique(np.stack(alike), axis=1))
    starts = int(np.unique(np.stack(alike[:2]), axis=1, return_counts=True)[1].max())
    interval = latency = 0.0
    if tile.buffer.read_bandwidth is not None:
        widest = int((blocks.row_stop[rows] - blocks.row_start[rows]).max()) * placement.chip.activation_bits
        fetch = picoseconds(widest / tile.buffer.read_bandwidth)
        interval, latency = float(starts * fetch), float(fetch)
    if tile.issue is not None:
        time = picoseconds(tile.issue.time)
        held = time + (period if tile.issue.holds is Holds.PRODUCT else 0)
        interval, latency = max(interval, starts * held / tile.issue.width), latency + time
    return interval, latency


def _starts(placement: Placement, uses: Uses, firings: Ids) -> Starts:
    """One per use, or one for all uses of a tile that take the same inputs for the same layer in the same turn."""
    blocks, issue = placement.blocks, placement.chip.tile.issue
    every = np.arange(len(uses), dtype=np.int64)
    if issue is None or not issue.joint:
        return Starts(uses, every, every, firings)
    turn = np.zeros_like(every) if placement.turns is None else placement.turns.use
    alike = (uses.layer, turn, *(column[uses.block] for column in (blocks.replica, blocks.row_start, blocks.node)))
    _, first, of = np.unique(np.stack(alike), axis=1, return_index=True, return_inverse=True)
    return Starts(uses, first, of.ravel(), firings[first])


def _add_fetches(draft: Draft, placement: Placement, starts: Starts, bits: Ids, bandwidth: float) -> Ids:
    """Inputs are read once for all that start together."""
    sizes, back = np.unique(bits[starts.first], return_inverse=True)
    times = np.array([picoseconds(float(size) / bandwidth) for size in sizes], np.int64)[back]
    return _add(draft, placement, starts, Role.FETCH, (Kind.BUFFER, "buffer", 1), Timing(times, times))


def _add_issues(draft: Draft, placement: Placement, starts: Starts, stages: tuple[Stage, ...]) -> Ids:
    issue = placement.chip.tile.issue
    assert issue is not None
    time = np.full(len(starts.first), picoseconds(issue.time), np.int64)
    held = time
    if issue.holds is Holds.PRODUCT:
        longest = np.zeros_like(time)
        np.maximum.at(longest, starts.of, product_period(stages, summed=False))
        held = time + longest
    actor = _add(draft, placement, starts, Role.ISSUE, (Kind.CONTROL, ISSUE, issue.width), Timing(held, time))
    draft.act(actor, f"{ISSUE}.issue", 1.0)
    if issue.order is IssueOrder.PROGRAM:
        _in_order(draft, placement, starts, actor)
    return actor


def _add(
    draft: Draft, placement: Placement, starts: Starts, role: Role, where: tuple[Kind, str, int], timing: Timing
) -> Ids:
    kind, label, servers = where
    uses, blocks = starts.uses, placement.blocks
    block = uses.block[starts.first]
    rows = ActorRows(
        layer=uses.layer[starts.first],
        role=role,
        place=Place(kind, label, blocks.node[block], 0, servers),
        firings=starts.firings,
        timing=timing,
        replica=blocks.replica[block],
        row=blocks.row[block],
        column=blocks.column[block],
    )
    return draft.actors(rows, len(starts.first))


def _join(draft: Draft, before: Ids, after: Ids) -> None:
    same = draft.curves.one_by_one()
    draft.channels(before, after, need=same, release=same, capacity=IN_FLIGHT, token_bits=0)


def _in_order(draft: Draft, placement: Placement, starts: Starts, actor: Ids) -> None:
    """Within a layer's copy on a tile, each start waits for the one before; the first one, for the last one's token."""
    uses, blocks = starts.uses, placement.blocks
    block = uses.block[starts.first]
    turn = np.zeros_like(block) if placement.turns is None else placement.turns.use[starts.first]
    key = np.stack((uses.layer[starts.first], turn, blocks.replica[block], blocks.node[block]))
    order = np.lexsort((blocks.column[block], blocks.row[block], *key))
    new = np.any(np.diff(key[:, order], axis=1, prepend=-1) != 0, axis=0)
    begins, ends = np.flatnonzero(new), np.append(np.flatnonzero(new)[1:], len(order)) - 1
    chained = actor[order]
    same = draft.curves.one_by_one()
    later = np.flatnonzero(~new)
    draft.channels(chained[later - 1], chained[later], need=same, release=same, capacity=IN_FLIGHT, token_bits=0)
    several = ends > begins
    around = chained[ends[several]], chained[begins[several]]
    draft.channels(*around, need=same, release=same, capacity=IN_FLIGHT, token_bits=0, initial=1)
