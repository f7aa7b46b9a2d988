"""What steps wait for, as curves over the tokens of others: one token for each step that these have done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from archsim.columns import Ids
from archsim.lowering.stepped.runs import Run

NOT_YET = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Wait:
    """A run's steps that wait for another's.

    Parameters
    ----------
    source, target : int
        Rows among the runs.
    need : int64, shape (steps of the target,)
        Steps of the source in this round that each step needs; in earlier rounds where negative.
    """

    source: int
    target: int
    need: Ids


def wrapped(need: Ids, tokens: int) -> Ids:
    """A curve that never falls, from one round to the next neither; entries without a need take that before them."""
    least = int(need.max()) - tokens
    return np.maximum.accumulate(np.maximum(need, least))


def behind(runs: Sequence[Run], chosen: Ids, lag: Ids) -> Iterator[Wait]:
    """Each step of some runs waits until the step that comes so many before it in the order of passes is through.

    Parameters
    ----------
    runs : sequence of Run
    chosen : int64
        Rows of the runs that count.
    lag : int64, shape as ``chosen``
        Steps, for the steps of each run.

    Yields
    ------
    Wait
        For other runs only: what a run has fetched for itself, its channel's room bounds.
    """
    order = _Order.of(runs, chosen)
    for row, back in zip(chosen.tolist(), lag.tolist(), strict=True):
        at = order.places(row) - back
        turn, at = np.divmod(at, order.total)
        owner = np.searchsorted(order.offset, at, side="right") - 1
        source, local = order.run[owner], order.start[owner] + at - order.offset[owner] + 1
        for other in np.unique(source).tolist():
            if other != row:
                tokens = len(runs[other])
                yield Wait(other, row, np.where(source == other, local + turn * tokens, NOT_YET // 2))


@dataclass(frozen=True, slots=True)
class _Order:
    """Steps of passes, one behind the other; columns of shape ``(passes,)``.

    Parameters
    ----------
    run : int64
        Whose pass it is.
    start : int64
        Steps that this run has done before.
    offset : int64
        Steps that all runs have done before.
    total : int
        Steps of the round.
    """

    run: Ids
    start: Ids
    offset: Ids
    total: int

    @classmethod
    def of(cls, runs: Sequence[Run], chosen: Ids) -> _Order:
        passes = np.concatenate([runs[row].passes for row in chosen.tolist()])
        run = np.repeat(chosen, [len(runs[row].passes) for row in chosen.tolist()])
        start = np.concatenate([runs[row].starts for row in chosen.tolist()])
        length = np.concatenate([runs[row].ends - runs[row].starts for row in chosen.tolist()])
        order = np.lexsort((run, passes))
        ends = np.cumsum(length[order])
        return cls(run[order], start[order], ends - length[order], int(ends[-1]))

    def places(self, row: int) -> Ids:
        """Places of a run's steps in the order of all."""
        mine = np.flatnonzero(self.run == row)
        ends = np.append(self.offset, self.total)
        return np.concatenate([np.arange(ends[one], ends[one + 1]) for one in mine.tolist()])
