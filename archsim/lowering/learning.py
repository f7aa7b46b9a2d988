"""When weights may be read and when they may change, as channels between the uses of each block.

A product of a sample waits for the updates of the mini-batch before (or of an earlier one, as many before it as weights
may be old). An update waits until all samples of its mini-batch have been multiplied by the block, in both directions.
Transfers and refreshes stand between a sample's updates and the next product: an actor of the array that fires once per
sample, and takes time only when its turn has come.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm

import numpy as np

from archsim.chip import Chip
from archsim.chip.tile import AnalogTile
from archsim.chip.training import Rewriting
from archsim.columns import Ids
from archsim.errors import InputError
from archsim.lowering.batch import Batch
from archsim.lowering.draft import ActorRows, Draft, Place, Timing
from archsim.lowering.layers import Ends
from archsim.machine import Pass, Stage
from archsim.mapping import Placement
from archsim.network import Learning, Use

NOTHING_PS = 1
"""A transfer whose turn has not come takes no time; an engine knows nothing shorter."""
FEWEST_PERIODS = 2
"""Of transfers, in a run whose middle stands for all of it."""


STEADY_PERIODS = 4
"""Of everything, in a run that shows its exact period."""
SHORTEST = 16


def samples_to_run(learning: Learning, chip: Chip) -> int:
    """Samples of a run that shows what training takes in the long run."""
    period = whole_period(learning, chip)
    return period * max(STEADY_PERIODS, -(-SHORTEST // period))


def whole_period(learning: Learning, chip: Chip) -> int:
    """Samples after which everything repeats: whole mini-batches, and all that comes every so many examples."""
    return lcm(learning.batch, *(how.every for _, how in _rewritings(chip)))


def check_batch(placement: Placement, samples: int) -> None:
    """Refuse a run that would end within a mini-batch, or leave out a transfer or a refresh.

    Raises
    ------
    InputError
        With the samples that do.
    """
    learning = placement.network.learning
    if learning is None:
        return
    period = whole_period(learning, placement.chip)
    rewritten = any(how.every > 1 for _, how in _rewritings(placement.chip))
    least = period * FEWEST_PERIODS if rewritten else period
    if samples % period or samples < least:
        why = "transfers and refreshes come every so many examples" if rewritten else "updates come by mini-batches"
        raise InputError(
            f"{samples} samples do not show what training takes in the long run: {why}",
            where="--batch",
            remedy=f"Run {least:,}, or a larger multiple of {period:,}.",
        )


def learn(draft: Draft, placement: Placement, ends: Ends, batch: Batch) -> None:
    """Add what orders the uses of each block, and the actors of transfers and refreshes."""
    learning = placement.network.learning
    if learning is None:
        return
    uses, used = placement.uses, placement.used
    order = _Order(draft, placement, learning, batch)
    updates = placement.changing
    changing = _Changing(ends.made[updates], uses.block[updates])
    for use in (Use.FORWARD, Use.TRANSPOSED):
        products = used[use]
        product, update = _meeting(uses.block[products], changing.block)
        order.updates_after(ends.first[products[product]], changing.actor[update])
    for doing, how in _rewritings(placement.chip):
        changing = order.rewrite(changing, placement.rewriting(doing), how)
    products = used[Use.FORWARD]
    product, change = _meeting(uses.block[products], changing.block)
    order.products_after(changing.actor[change], ends.first[products[product]])


def _rewritings(chip: Chip) -> list[tuple[Pass, Rewriting]]:
    training = chip.tile.training if isinstance(chip.tile, AnalogTile) else None
    if training is None:
        return []
    found = ((Pass.TRANSFER, training.transfer), (Pass.REFRESH, training.refresh))
    return [(doing, how) for doing, how in found if how is not None]


@dataclass(frozen=True, slots=True)
class _Changing:
    """Who has changed a block last: ``actor`` and ``block``, shape ``(changes,)``."""

    actor: Ids
    block: Ids


def _meeting(first: Ids, second: Ids) -> tuple[Ids, Ids]:
    """All pairs of rows of two columns that name the same block."""
    order = np.argsort(second, kind="stable")
    begin = np.searchsorted(second[order], first)
    count = np.searchsorted(second[order], first, side="right") - begin
    within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(np.arange(len(first)), count), order[np.repeat(begin, count) + within]


@dataclass(frozen=True, slots=True)
class _Order:
    """Adds channels between uses of blocks.

    Parameters
    ----------
    draft, placement, learning, batch
    """

    draft: Draft
    placement: Placement
    learning: Learning
    batch: Batch

    def updates_after(self, product: Ids, update: Ids) -> None:
        """The updates of a mini-batch begin when all of its products are made."""
        self._wait(product, update, first=1, old=0)

    def products_after(self, change: Ids, product: Ids) -> None:
        """The products of a mini-batch begin when the changes of an earlier one are made."""
        self._wait(change, product, first=0, old=self.learning.stale)

    def rewrite(self, before: _Changing, stages: tuple[Stage, ...], how: Rewriting) -> _Changing:
        """Actors that go through the weights of blocks behind all of their updates."""
        block, first = np.unique(before.block, return_index=True)
        (stage,) = (stage.at(block) for stage in stages)
        actors = np.empty(len(block), np.int64)
        for time in np.unique(stage.interval).tolist():
            rows = np.flatnonzero(stage.interval == time)
            # The turn comes behind the last sample of each period.
            table = np.full(how.every, NOTHING_PS, np.int64)
            table[-1] = time
            actors[rows] = self._rewriter(before.actor[first[rows]], block[rows], stage, self.draft.timing(table, 0))
        for action in stage.actions:
            self.draft.act(actors, f"{action.component}.{action.action}", action.count / how.every)
        change, rewriter = _meeting(before.block, block)
        # Sample by sample: what comes behind waits for whole mini-batches anyhow.
        tokens = self._tokens(before.actor)[change]
        need = self._curves(tokens, np.ones_like(tokens), 1, first=1)
        self._channels(before.actor[change], actors[rewriter], need, tokens, initial=0)
        return _Changing(actors, block)

    def _rewriter(self, like: Ids, block: Ids, stage: Stage, timing: Timing) -> Ids:
        """Actors of the layers that update the blocks."""
        blocks, copied = self.placement.blocks, self.draft.actor_columns(like)
        rows = ActorRows(
            layer=copied.layer,
            role=stage.role,
            place=Place(stage.resource, stage.label, blocks.node[block], blocks.array[block]),
            firings=self.batch.samples,
            timing=timing,
            replica=copied.replica,
            row=blocks.row[block],
            column=blocks.column[block],
        )
        return self.draft.actors(rows, len(block))

    def _wait(self, source: Ids, target: Ids, *, first: int, old: int) -> None:
        """Firings for a mini-batch wait for those of its own (``first`` = 1), or of the one before or an older one."""
        if not len(source):
            return
        made, taken = self._tokens(source), self._tokens(target)
        need = self._curves(made, taken, self.learning.batch, first=first)
        self._channels(source, target, need, made, initial=old * self.learning.batch * made)

    def _channels(self, source: Ids, target: Ids, need: Ids, made: Ids, *, initial: Ids | int) -> None:
        """With room for all samples that may be between a product and its update."""
        room = (self.learning.stale + 2) * self.learning.batch * made
        self.draft.channels(source, target, need=need, release=need, capacity=room, token_bits=0, initial=initial)

    def _curves(self, made: Ids, taken: Ids, batch: int, *, first: int) -> Ids:
        """Rows of the curves by which all firings for a mini-batch need so many whole mini-batches of tokens."""
        pairs, back = np.unique(np.stack([made, taken]), axis=1, return_inverse=True)
        rows = [
            self.draft.curves.add(np.full(batch * there, first * batch * tokens, np.int64), batch * tokens)
            for tokens, there in pairs.T.tolist()
        ]
        return np.array(rows, np.int64)[back.ravel()]

    def _tokens(self, actors: Ids) -> Ids:
        """Firings per sample."""
        return self.draft.actor_columns(actors).firings // self.batch.samples
