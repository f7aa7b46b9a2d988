"""Inner loops of the paced schedule, compiled: starts of layers, and entries that lie on an edge at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Ids
from archsim.compiled import jit

Times = NDArray[np.float64]


@jit()
def wait_for(ready: Times, need: Ids, starts: Times, latency: float) -> None:
    """Move each firing's readiness to the arrival of the last entry that it needs; all of shape ``(firings,)``."""
    for firing in range(len(ready)):
        if need[firing] > 0:
            ready[firing] = max(ready[firing], starts[need[firing] - 1] + latency)


@jit()
def latest(arrivals: Times, first: Ids, last: Ids) -> Times:
    """The last arrival from each first to each last entry, shape ``(ranges,)``: of tokens that come in any order."""
    found = np.empty(len(first), np.float64)
    for place in range(len(first)):
        found[place] = arrivals[first[place] : last[place] + 1].max()
    return found


@jit()
def spread(ready: Times, step: float) -> Times:
    """Starts that follow each other evenly, as early as all are ready, shape ``(firings,)``."""
    starts = np.empty_like(ready)
    late = -np.inf
    for firing in range(len(ready)):
        late = max(late, ready[firing] - firing * step)
        starts[firing] = late + firing * step
    return starts


@jit()
def most_held(taken: Times, begun: Times, hold: float, freeing: Ids, period: float) -> int:
    """Most entries that lie on an edge at a time, in a schedule that repeats.

    Intervals from taking to freeing are folded into one period: those begun minus those ended, at each beginning.

    Parameters
    ----------
    taken : float64, shape (entries,)
        When each entry takes its place; ascending.
    begun : float64, shape (firings,)
        When each firing of the consumer starts.
    hold : float
        From there until its inputs may go.
    freeing : int64, shape (entries,)
        The firing that frees each entry; those beyond the last are freed by the last.
    period : float
    """
    taken_at, freed_at = np.empty_like(taken), np.empty_like(taken)
    turns = 0.0
    for entry in range(len(taken)):
        freed = max(begun[min(freeing[entry], len(begun) - 1)] + hold, taken[entry])
        turn, taken_at[entry] = _folded(taken[entry], period)
        turns -= turn
        turn, freed_at[entry] = _folded(freed, period)
        turns += turn
    taken_at, freed_at = _ascending(taken_at), _ascending(freed_at)
    most, ended = -len(taken), 0
    for entry in range(len(taken)):
        while ended < len(taken) and freed_at[ended] <= taken_at[entry]:
            ended += 1
        most = max(most, entry + 1 - ended)
    return int(turns) + most


@jit()
def _folded(time: float, period: float) -> tuple[float, float]:
    """Whole periods in a time, and what is left: as ``divmod`` has it, to the last bit."""
    if 0.0 <= time < period:
        return 0.0, time
    rest = np.fmod(time, period)
    if rest < 0.0:
        return np.rint((time - rest) / period) - 1.0, rest + period
    return np.rint((time - rest) / period), rest


@jit()
def _ascending(times: Times) -> Times:
    """Times in their order; a folded sequence is mostly one or two ascending runs."""
    split, runs = len(times), 1
    for place in range(1, len(times)):
        if times[place] < times[place - 1]:
            split, runs = place, runs + 1
    if runs == 1:
        return times
    return _merged(times, split) if runs == 2 else np.sort(times)


@jit()
def _merged(times: Times, split: int) -> Times:
    """Two ascending runs, the second from ``split`` on, as one."""
    merged = np.empty_like(times)
    left, right = 0, split
    for place in range(len(times)):
        if right == len(times) or (left < split and times[left] <= times[right]):
            merged[place] = times[left]
            left += 1
        else:
            merged[place] = times[right]
            right += 1
    return merged
