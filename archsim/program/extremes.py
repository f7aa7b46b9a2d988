"""Extremes of need and release curves over all firings of a channel, without visiting every firing.

A curve is one stored period plus an advance. At a fixed place in the period it is linear in the number of the period,
apart from the clip at 0, so that extremes lie at the first period, the last, or beside the places where a clip ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archsim.program.tables import Counts, Series

# Entries looked at together; bounds the memory of the expansion.
CHUNK = 1 << 20


def series_at(series: Series, rows: NDArray[np.integer], firings: Counts) -> Counts:
    """Entries of rows, clipped below at 0; the arrays' version of ``Series.at``.

    Parameters
    ----------
    rows, firings : int, shape (n,)

    Returns
    -------
    int64, shape (n,)
    """
    return np.maximum(_raw(series, rows, firings), 0)


def _raw(series: Series, rows: NDArray[np.integer], firings: Counts) -> Counts:
    periods, offsets = np.divmod(firings, series.length[rows])
    return np.asarray(series.values[series.start[rows] + offsets] + periods * series.advance[rows], np.int64)


def curve_extremes(
    curves: Series, need: NDArray[np.integer], release: NDArray[np.integer], firings: Counts
) -> tuple[Counts, Counts]:
    """Most tokens held at once, and how far releases run ahead of needs, for pairs of curves.

    Parameters
    ----------
    curves : Series
    need, release, firings : int, shape (channels,)
        Rows of ``curves``, and how often the consumer fires.

    Returns
    -------
    gap : int64, shape (channels,)
        Greatest ``need(n) - release(n - 1)``, with nothing released before the first firing; 0 without firings.
    excess : int64, shape (channels,)
        Greatest ``release(n) - need(n)``; above 0 where tokens that nobody touches are freed before they come.
    """
    pairs, pair = np.unique(need.astype(np.int64) * len(curves) + release, return_inverse=True)
    counts, count = np.unique(firings, return_inverse=True)
    cases, case = np.unique(pair * len(counts) + count, return_inverse=True)
    of_pair = pairs[cases // len(counts)]
    asked = (of_pair // len(curves), of_pair % len(curves), counts[cases % len(counts)])
    gap, excess = _distinct(curves, *asked)
    return gap[case], excess[case]


def _distinct(curves: Series, need: Counts, release: Counts, firings: Counts) -> tuple[Counts, Counts]:
    span = np.minimum(np.lcm(curves.length[need], curves.length[release]), firings)
    gap, excess = np.zeros(len(need), np.int64), np.zeros(len(need), np.int64)
    bounds = np.concatenate([[0], np.cumsum(span)])
    first = 0
    while first < len(need):
        last = max(first + 1, int(np.searchsorted(bounds, bounds[first] + CHUNK, "right")) - 1)
        part = slice(first, last)
        gap[part], excess[part] = _chunk(curves, need[part], release[part], firings[part])
        first = last
    return gap, excess


def _chunk(curves: Series, need: Counts, release: Counts, firings: Counts) -> tuple[Counts, Counts]:
    gap, excess = np.zeros(len(need), np.int64), np.zeros(len(need), np.int64)
    some = np.flatnonzero(firings > 0)
    if not len(some):
        return gap, excess
    need, release, firings = need[some], release[some], firings[some]
    span = np.minimum(np.lcm(curves.length[need], curves.length[release]), firings)
    first = np.cumsum(span) - span
    owner = np.repeat(np.arange(len(need)), span)
    place = np.arange(len(owner)) - first[owner]
    rows_need, rows_release, last = need[owner], release[owner], (firings[owner] - 1 - place) // span[owner]
    held, early = np.zeros(len(owner), np.int64), np.full(len(owner), np.iinfo(np.int64).min)
    for period in _periods_of_interest(curves, (rows_need, rows_release), place, (span[owner], last)):
        firing = place + np.clip(period, 0, last) * span[owner]
        wanted = series_at(curves, rows_need, firing)
        before = np.where(firing > 0, series_at(curves, rows_release, np.maximum(firing - 1, 0)), 0)
        held = np.maximum(held, wanted - before)
        early = np.maximum(early, series_at(curves, rows_release, firing) - wanted)
    gap[some], excess[some] = np.maximum.reduceat(held, first), np.maximum.reduceat(early, first)
    return gap, excess


def _periods_of_interest(
    curves: Series, pair: tuple[Counts, Counts], place: Counts, extent: tuple[Counts, Counts]
) -> list[Counts]:
    """First and last period, and those beside the end of each clip; each of shape ``(entries,)``."""
    (need, release), (span, last) = pair, extent
    periods = [last]
    if not last.any():
        return periods
    periods.append(np.zeros_like(last))
    for rows, firing in ((need, place), (release, place), (release, place + span - 1)):
        raw = _raw(curves, rows, firing)
        if (raw < 0).any():
            slope = curves.advance[rows] * (span // curves.length[rows])
            crossing = -raw // np.maximum(slope, 1)
            periods += [crossing + beside for beside in range(-1, 3)]
    return periods
