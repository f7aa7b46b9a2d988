"""How long firings hold their actors' resources."""

from __future__ import annotations

import numpy as np

from archsim.program import Program
from archsim.program.tables import Counts, Picoseconds


def service_time(program: Program, fired: Counts) -> Picoseconds:
    """Service time of each actor's first firings, from its interval or its table of intervals, shape ``(actors,)``."""
    table = program.actors.interval_table
    busy = program.actors.interval * fired
    rows = np.flatnonzero(table >= 0)
    first, length = program.durations.start[table[rows]], program.durations.length[table[rows]]
    sums = np.concatenate([[0], np.cumsum(program.durations.values)])
    periods, rest = np.divmod(fired[rows], length)
    busy[rows] = periods * (sums[first + length] - sums[first]) + sums[first + rest] - sums[first]
    return busy
