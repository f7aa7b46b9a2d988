"""Which tokens of a stream somebody reads: links carry those alone, and count them by their own numbers.

A copy of a layer reads few of the tokens that a copy of the layer before makes. A multicast sends each token only where
somebody reads it, so that every link of a tree passes a selection of the stream: of all tokens that are read behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from archsim.columns import Ids
from archsim.lowering.series import SeriesBook

ALL = 0
"""The selection of every token."""


class Rows(NamedTuple):
    """The curves of a channel in a book.

    Parameters
    ----------
    need, release : int
        Rows of the book, counted from the first token that anybody touches.
    passed : int
        Tokens before that one.
    """

    need: int
    release: int
    passed: int


@dataclass
class Selections:
    """Selections of the tokens of streams, each kept once and known by its number.

    Parameters
    ----------
    book : SeriesBook
        Takes the curves.
    """

    book: SeriesBook
    _tokens: list[Ids] = field(default_factory=lambda: [np.zeros(1, np.int64)])
    _advance: list[int] = field(default_factory=lambda: [1])
    _numbers: dict[tuple[bytes, int], int] = field(default_factory=dict)
    _unions: dict[tuple[int, int], int] = field(default_factory=dict)
    _curves: dict[tuple[int, int], Rows] = field(default_factory=dict)
    _counted: dict[tuple[Rows, int], Rows] = field(default_factory=dict)

    def add(self, tokens: Ids, advance: int) -> int:
        """A selection of tokens, ascending, out of every ``advance`` of a stream."""
        if len(tokens) == advance:
            return ALL
        key = tokens.tobytes(), advance
        if key not in self._numbers:
            self._numbers[key] = len(self._tokens)
            self._tokens.append(tokens)
            self._advance.append(advance)
        return self._numbers[key]

    def shares(self, selections: Ids) -> tuple[Ids, Ids]:
        """Tokens that selections pass, and of how many; both of their shape."""
        lengths: Ids = np.array([len(tokens) for tokens in self._tokens], np.int64)
        advance: Ids = np.array(self._advance, np.int64)
        return lengths[selections], advance[selections]

    def union(self, one: int, other: int) -> int:
        """What either selection passes."""
        if one == other or ALL in (one, other):
            return min(one, other)
        key = min(one, other), max(one, other)
        if key not in self._unions:
            passed = np.zeros(self._advance[one], np.bool_)
            passed[self._tokens[one]] = passed[self._tokens[other]] = True
            self._unions[key] = self.add(np.flatnonzero(passed), self._advance[one])
        return self._unions[key]

    def unions(self, group: Ids, selections: Ids, groups: int) -> Ids:
        """What the selections of each group pass together, shape ``(groups,)``; no group is without one.

        Parameters
        ----------
        group, selections : int64, shape (rows,)
        groups : int
        """
        rows = np.unique(np.stack([group, selections]), axis=1)
        start = np.searchsorted(rows[0], np.arange(groups + 1))
        count: Ids = np.diff(start)
        passed: Ids = rows[1][start[:-1]]
        for place in range(1, int(count.max(initial=0))):
            more = np.flatnonzero(count > place)
            both = np.stack([passed[more], rows[1][start[:-1][more] + place]])
            pairs, back = np.unique(both, axis=1, return_inverse=True)
            joined = [self.union(one, other) for one, other in pairs.T.tolist()]
            passed[more] = np.array(joined, np.int64)[back.ravel()]
        return passed

    def within(self, outer: int, inner: int) -> Rows:
        """Curves of somebody who takes, of the tokens that one selection passes, those that another one does."""
        if outer == inner:
            same = self.book.one_by_one()
            return Rows(same, same, 0)
        if (outer, inner) not in self._curves:
            tokens, advance = self._tokens[inner], self._advance[inner]
            places, length = self._count(outer, tokens), self._count(outer, np.array([advance]))
            first = int(places[0])
            need = self.book.add(places + 1 - first, int(length[0]))
            release = self.book.add(np.append(places[1:], length + first) - first, int(length[0]))
            self._curves[outer, inner] = Rows(need, release, first)
        return self._curves[outer, inner]

    def counted(self, rows: Rows, passing: int) -> Rows:
        """Curves that count the tokens of a stream, for somebody whom a selection of them reaches."""
        if passing == ALL:
            return rows
        if (rows, passing) not in self._counted:
            advance, length = self._advance[passing], len(self._tokens[passing])
            passed = int(self._count(passing, np.array([rows.passed]))[0])
            need, release = (
                self.book.add(self._count(passing, self._spread(row, advance) + rows.passed) - passed, length)
                for row in (rows.need, rows.release)
            )
            self._counted[rows, passing] = Rows(need, release, passed)
        return self._counted[rows, passing]

    def _spread(self, row: int, tokens: int) -> Ids:
        """One period of a curve, as long as so many tokens take: straight lines are kept as one entry."""
        values, advance = self.book.values[row], self.book.advance[row]
        periods = tokens // advance
        return np.asarray((np.arange(periods)[:, None] * advance + values).ravel())

    def _count(self, selection: int, tokens: Ids) -> Ids:
        """How many tokens of a selection come before each of some tokens of the stream."""
        if selection == ALL:
            return tokens
        periods, rest = np.divmod(tokens, self._advance[selection])
        counted: Ids = periods * len(self._tokens[selection]) + np.searchsorted(self._tokens[selection], rest)
        return counted
