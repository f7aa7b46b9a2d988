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
def most_held(taken: Times, begun: Times, hold: float, freeing: NDArray[np.integer], period: float) -> int:
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
    freeing : int, shape (entries,)
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
    before, after = _two_runs(taken_at)
    ended, late = _two_runs(freed_at)
    return int(turns) + max(_most(before, after, ended, late), _most(after, before, ended, late))


@jit()
def _most(taken: Times, others: Times, ended: Times, late: Times) -> int:
    """Most taken less freed at the times of a run of takings; all runs ascend, others and two of ends beside it."""
    most, other, first, second = -len(ended) - len(late), 0, 0, 0
    for entry in range(len(taken)):
        time = taken[entry]
        while other < len(others) and others[other] <= time:
            other += 1
        while first < len(ended) and ended[first] <= time:
            first += 1
        while second < len(late) and late[second] <= time:
            second += 1
        most = max(most, entry + 1 + other - first - second)
    return most


@jit()
def most_dealt(
    times: tuple[Times, Times],
    ends: tuple[Ids, Ids],
    pairs: tuple[Ids, Ids],
    freeing: tuple[NDArray[np.int32], Ids],
    hold: float,
    period: float,
) -> Ids:
    """As `most_held`, for each pair of a producing and a consuming copy; shape ``(pairs,)``.

    Parameters
    ----------
    times : two of float64
        When entries take their places, and when firings start; copy after copy.
    ends : two of int64, shape (copies + 1,)
        Where each copy begins there.
    pairs : two of int64, shape (pairs,)
        Producing and consuming copies.
    freeing : int32, and int64 of shape (pairs + 1,)
        The firing of the consuming copy that frees each entry, pair after pair, and where each pair begins there.
    hold, period : float
    """
    (taken, begun), (made, taking), (maker, taker), (all_freeing, bounds) = times, ends, pairs, freeing
    most = np.empty(len(maker), np.int64)
    for pair in range(len(maker)):
        first, last = maker[pair], taker[pair]
        most[pair] = most_held(
            taken[made[first] : made[first + 1]],
            begun[taking[last] : taking[last + 1]],
            hold,
            all_freeing[bounds[pair] : bounds[pair + 1]],
            period,
        )
    return most


@jit()
def _folded(time: float, period: float) -> tuple[float, float]:
    """Whole periods in a time, and what is left: as ``divmod`` has it, to the last bit."""
    if 0.0 <= time < period:
        return 0.0, time
    if period <= time < 2 * period:
        # Exact, as both are so near to each other.
        return 1.0, time - period
    rest = np.fmod(time, period)
    if rest < 0.0:
        return np.rint((time - rest) / period) - 1.0, rest + period
    return np.rint((time - rest) / period), rest


@jit()
def _two_runs(times: Times) -> tuple[Times, Times]:
    """Times in two ascending runs, one of which may be empty; a folded sequence mostly consists of them."""
    split, runs = len(times), 1
    for place in range(1, len(times)):
        if times[place] < times[place - 1]:
            split, runs = place, runs + 1
    if runs > 2:
        return np.sort(times), times[:0]
    return times[:split], times[split:]
