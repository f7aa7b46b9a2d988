"""Which firings a run writes down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.columns import Ids
from archsim.program import FiringLog
from archsim.program.tables import Counts, Picoseconds


@dataclass(frozen=True, slots=True)
class LogWindow:
    """The part of a run to log; by default all of it, up to ten million firings.

    Parameters
    ----------
    start_ps, stop_ps : int
        Firings that start at ``start_ps`` or later and before ``stop_ps`` are logged.
    limit : int
        Most rows to keep. The earliest are kept, so that the log is whole up to the start of its last row.
    """

    start_ps: int = 0
    stop_ps: int = 2**62
    limit: int = 10_000_000


def sorted_log(actor: Ids, firing: Counts, start: Picoseconds, limit: int) -> FiringLog:
    """The earliest rows, in order of start and actor.

    Parameters
    ----------
    actor, firing, start : int, shape (firings,)
        Rows in any order.
    limit : int
        Most rows to keep.
    """
    order = np.lexsort((actor, start))[:limit]
    return FiringLog(actor[order], firing[order], start[order])
