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
    gap, excess = _distinct(curves, of_pair // len(curves), of_pair % len(curves), counts[cases % len(counts)])
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
    span = np.minimum(np.lcm(curves.length[need], curves.length[release]), firings)
    owner = np.repeat(np.arange(len(need)), span)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(span) - span, span)
    rows_need, rows_release, span = need[owner], release[owner], span[owner]
    last = (firings[owner] - 1 - place) // np.maximum(span, 1)
    gap, excess = np.zeros(len(need), np.int64), np.full(len(need), np.iinfo(np.int64).min)
    for period in _periods_of_interest(curves, (rows_need, rows_release), place, span):
        firing = place + np.clip(period, 0, last) * span
        wanted = series_at(curves, rows_need, firing)
        before = np.where(firing > 0, series_at(curves, rows_release, np.maximum(firing - 1, 0)), 0)
        np.maximum.at(gap, owner, wanted - before)
        np.maximum.at(excess, owner, series_at(curves, rows_release, firing) - wanted)
    return gap, np.where(firings > 0, excess, 0)


def _periods_of_interest(curves: Series, pair: tuple[Counts, Counts], place: Counts, span: Counts) -> list[Counts]:
    """First and last period, and those beside the end of each clip; each of shape ``(entries,)``."""
    periods = [np.zeros_like(place), np.full_like(place, np.iinfo(np.int64).max)]
    need, release = pair
    for rows, firing in ((need, place), (release, place), (release, place + span - 1)):
        slope = curves.advance[rows] * (span // curves.length[rows])
        if (slope > 0).any() and (_raw(curves, rows, firing) < 0).any():
            crossing = -_raw(curves, rows, firing) // np.maximum(slope, 1)
            periods += [crossing + beside for beside in range(-1, 3)]
    return periods
