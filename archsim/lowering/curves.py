"""From "which tokens are touched" to "how many must be there, how many may go": need and release curves.

A consumer's firing needs every token up to the last one that it or an earlier firing touches; when it ends, every token
below the first one that a later firing touches may go. With replicas, a copy of the producer holds the tokens that are
dealt to it, and a copy of the consumer makes those that are dealt to it (`archsim.mapping.dealing`); with interleaved
samples, token t of sample k of a group is entry ``t * group + k`` of a stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Ids
from archsim.lowering.passing import Rows, Selections
from archsim.lowering.series import Sequence
from archsim.mapping.dealing import Dealing
from archsim.network import NOTHING, Access, Edge, Layer, Network

ALONE = Dealing()
MOST_KEPT = 128
"""Reaches and curves that are kept from one lowering to the next."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Producer tokens touched by each consumer token of one sample.

    Parameters
    ----------
    first, last : int64, shape (consumed,)
        ``NOTHING`` where none is touched.
    produced : int
        Producer tokens per sample.
    """

    first: Ids
    last: Ids
    produced: int

    def share(self, producer: int, made: Dealing, consumer: int, taken: Dealing) -> Reach:
        """What one copy of the consumer touches of one of the producer, in the producing copy's own count."""
        mine = taken.tokens(consumer, len(self.first)) if taken.copies > 1 else slice(None)
        first, last = self.first[mine], self.last[mine]
        low, high = made.below(producer, first), made.below(producer, last + 1) - 1
        empty = (first == NOTHING) | (low > high)
        return Reach(
            np.where(empty, NOTHING, low),
            np.where(empty, NOTHING, high),
            int(made.below(producer, self.produced)),
        )

    @property
    def touched(self) -> bool:
        """Whether anything is touched at all."""
        return bool((self.last != NOTHING).any())

    def tokens(self) -> Ids:
        """Producer tokens between some first and last token touched, in order."""
        there = self.last != NOTHING
        begun = np.bincount(self.first[there], minlength=self.produced + 1)
        ended = np.bincount(self.last[there] + 1, minlength=self.produced + 1)
        return np.flatnonzero(np.cumsum(begun - ended)[: self.produced])

    def among(self, tokens: Ids) -> Reach:
        """The same touches, counted over some of the producer's tokens, all touched ones included."""
        if len(tokens) == self.produced:
            return self
        there = self.last != NOTHING
        first, last = (np.where(there, np.searchsorted(tokens, end), NOTHING) for end in (self.first, self.last))
        return Reach(first, last, len(tokens))


@dataclass(frozen=True)
class Demand:
    """The curves of one channel over one group of samples, which nobody may change.

    Parameters
    ----------
    need, release : int64, shape (firings per group,)
    advance : int
        Tokens per group.
    passed : int
        Tokens of a group before the first that anybody touches: the last firing of the group before frees them, too.
    """

    need: Ids
    release: Ids
    advance: int
    passed: int

    @cached_property
    def room(self) -> int:
        """Tokens that must be held at once: the least capacity that can work."""
        before = np.concatenate([[self.release[-1] - self.advance], self.release[:-1]])
        return int((self.need - before).max())

    @cached_property
    def freeing(self) -> Ids:
        """The firing that frees each token of a group, shape ``(tokens,)``; one beyond the last for none."""
        return np.searchsorted(self.release, np.arange(self.advance), side="right").astype(np.int64)

    @cached_property
    def sequences(self) -> tuple[Sequence, Sequence]:
        """Need and release as a book takes them, counted from the first token that anybody touches."""
        return Sequence.of(self.need - self.passed, self.advance), Sequence.of(self.release - self.passed, self.advance)


@dataclass(frozen=True, slots=True)
class Dealt:
    """An edge between copies, by the pairs of copies of which one touches something of the other.

    Parameters
    ----------
    made, taken : Entries
        Of each copy of the producer and of the consumer.
    maker, taker : int64, shape (pairs,)
        Copies.
    room : int64, shape (pairs,)
        Tokens that must be held at once.
    freeing : int32
        As of `Demand`, pair after pair.
    bounds : int64, shape (pairs + 1,)
        Where each pair begins there.
    """

    made: Entries
    taken: Entries
    maker: Ids
    taker: Ids
    room: Ids
    freeing: NDArray[np.int32]
    bounds: Ids

    @classmethod
    def of(cls, reach: Reach, ends: tuple[Dealing, Dealing], group: int) -> Dealt:
        """All pairs of copies, whose tokens are dealt so."""
        made, taken = ends
        pairs = list[tuple[int, int, int]]()
        freeing = [np.zeros(0, np.int32)]
        for maker in range(made.copies):
            for taker in range(taken.copies):
                part = reach.share(maker, made, taker, taken)
                if part.touched:
                    curves = demand(part, group)
                    pairs.append((maker, taker, curves.room))
                    freeing.append(curves.freeing.astype(np.int32))
        bounds = np.cumsum([len(each) for each in freeing], dtype=np.int64)
        columns = np.array(pairs, np.int64).reshape(-1, 3).T.copy()
        entries = Entries.of(made, reach.produced, group), Entries.of(taken, len(reach.first), group)
        return cls(*entries, columns[0], columns[1], columns[2], np.concatenate(freeing), bounds)


@dataclass(frozen=True, slots=True)
class Entries:
    """A stream's entries copy by copy.

    Parameters
    ----------
    order : int64, shape (entries,)
        Those of the first copy, then those of the next ...
    bounds : int64, shape (copies + 1,)
        Where each copy begins there.
    """

    order: Ids
    bounds: Ids

    @classmethod
    def of(cls, dealing: Dealing, tokens: int, group: int) -> Entries:
        """Of a stream of so many tokens of each of a group of samples."""
        copies = [entries_of(dealing, copy, tokens, group) for copy in range(dealing.copies)]
        return cls(np.concatenate(copies), np.cumsum([0, *map(len, copies)], dtype=np.int64))


def entries_of(dealing: Dealing, copy: int, tokens: int, group: int) -> Ids:
    """A copy's entries of a stream of so many tokens."""
    mine = dealing.tokens(copy, tokens)
    return np.asarray((mine[:, None] * group + np.arange(group)).ravel())


@lru_cache(maxsize=MOST_KEPT)
def _reach_of(access: Access, produced: int, consumed: int) -> Reach:
    return Reach(*access.reach(produced, consumed), produced)


@lru_cache(maxsize=MOST_KEPT)
def _demand_of(access: Access, produced: int, consumed: int, group: int) -> Demand:
    """Curves follow from the network alone: they are the same on every chip."""
    return demand(_reach_of(access, produced, consumed), group)


def demand(reach: Reach, group: int) -> Demand:
    """Need and release curves of a reach, for groups of interleaved samples."""
    lane = np.arange(group, dtype=np.int64)
    advance = reach.produced * group
    empty = np.repeat(reach.last == NOTHING, group)
    last = (reach.last[:, None] * group + lane).ravel() + 1
    first = (reach.first[:, None] * group + lane).ravel()
    passed = 0 if empty.all() else int(first[~empty].min())
    return Demand(_running_need(last, empty, advance), _release(first, empty, advance + passed), advance, passed)


def _running_need(last: Ids, empty: NDArray[np.bool_], advance: int) -> Ids:
    """Most tokens needed so far; a firing that touches nothing needs what the one before it needed."""
    if empty.all():
        return np.zeros(len(last), np.int64)
    total = int(last[~empty].max())
    # Before its first touch, a group needs no more than the group before it did.
    need: Ids = np.maximum.accumulate(np.where(empty, total - advance, last))
    return need


def _release(first: Ids, empty: NDArray[np.bool_], end: int) -> Ids:
    """Tokens below everything that later firings touch; those up to the next group's first touch after the last one.

    A token that nobody will touch is dropped as it comes, so a release may run ahead of the need.
    """
    ahead = np.where(empty, end, first)
    release: Ids = np.append(np.minimum.accumulate(ahead[::-1])[::-1][1:], end)
    return release


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the firings of a layer wait for.

    Parameters
    ----------
    layer : str
    firings : int
        Of a group of samples.
    dealing : Dealing
        Of its tokens.
    inputs : tuple of (str, int64 or Reach)
        Producers, and how many of their entries each firing needs; where these do not come in their order, which.
    """

    layer: str
    firings: int
    dealing: Dealing
    inputs: tuple[tuple[str, Ids | Reach], ...]


@dataclass
class Demands:
    """Reaches and curves of a network's edges, each kind of edge worked out once.

    Parameters
    ----------
    network : Network
    group : int
        Samples that interleave.
    selections : Selections
        Takes the curves into its book.
    dealt : mapping of str to Dealing
        How the tokens of layers are dealt to their copies; layers that it does not name have one.
    """

    network: Network
    group: int
    selections: Selections
    dealt: Mapping[str, Dealing] = field(default_factory=dict)
    _reaches: dict[tuple[Access, int, int], Reach] = field(default_factory=dict)
    _curves: dict[tuple[Access, int, int], Demand] = field(default_factory=dict)
    _rows: dict[tuple[Access, int, int], Rows] = field(default_factory=dict)
    _dealt: dict[tuple[object, ...], Dealt] = field(default_factory=dict)

    def ends(self, edge: Edge) -> tuple[Dealing, Dealing]:
        """How tokens are dealt to the copies at both ends of an edge."""
        return self.dealing(edge.source), self.dealing(edge.target)

    def dealing(self, layer: str) -> Dealing:
        """How a layer's tokens are dealt to its copies."""
        return self.dealt.get(layer, ALONE)

    def reach(self, edge: Edge) -> Reach:
        """Tokens that an edge touches."""
        key = self._key(edge)
        if key not in self._reaches:
            self._reaches[key] = _reach_of(*key)
        return self._reaches[key]

    def of(self, edge: Edge) -> Demand:
        """Curves of an edge between layers of one copy each."""
        key = self._key(edge)
        if key not in self._curves:
            self._curves[key] = _demand_of(*key, self.group)
        return self._curves[key]

    def between_copies(self, edge: Edge) -> Dealt:
        """An edge by its pairs of copies."""
        key = self._key(edge), self.ends(edge)
        if key not in self._dealt:
            self._dealt[key] = Dealt.of(self.reach(edge), self.ends(edge), self.group)
        return self._dealt[key]

    def of_copies(self) -> list[Dealt]:
        """Edges between copies that take runs, worked out now: these are its own, all other curves the network's."""
        return [self.between_copies(edge) for edge in self.network.edges if max(end.run for end in self.ends(edge)) > 1]

    @cached_property
    def waiting(self) -> tuple[Waiting, ...]:
        """All layers in their order, by what their firings wait for."""
        return tuple(self._waiting(layer) for layer in self.network.order)

    def _waiting(self, layer: Layer) -> Waiting:
        edges = [edge for edge in self.network.inputs_of(layer.name) if not edge.recurrent]
        inputs = tuple(
            (edge.source, self.of(edge).need if self.dealing(edge.source).run == 1 else self.reach(edge))
            for edge in edges
        )
        return Waiting(layer.name, layer.tokens * self.group, self.dealing(layer.name), inputs)

    def rows(self, edge: Edge) -> Rows:
        """Rows of the book that hold these curves."""
        key = self._key(edge)
        if key not in self._rows:
            self._rows[key] = self.add(self.of(edge))
        return self._rows[key]

    def add(self, curves: Demand) -> Rows:
        """Rows of the book for the need and the release curve."""
        (need, release), book = curves.sequences, self.selections.book
        return Rows(book.take(need), book.take(release), curves.passed)

    def passing(self, reach: Reach) -> int:
        """The selection of the tokens that a reach touches."""
        entries = reach.tokens()[:, None] * self.group + np.arange(self.group)
        return self.selections.add(entries.ravel(), reach.produced * self.group)

    def _key(self, edge: Edge) -> tuple[Access, int, int]:
        return edge.access, self.network.by_name[edge.source].tokens, self.network.by_name[edge.target].tokens
