"""What a layer's tokens read, taken from the ids of its input: one piece per producer and run of elements."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from archsim.network.access import NOTHING, Access, Same, Table, Whole
from archsim.network.onnx_import.views import CONSTANT, Ids, View, core

_ABSENT = np.int64(2**62)
_SPAN = np.int64(2**31)
MOST_RUNS = 16
"""Runs of consecutive elements of one producer kept as pieces of their own; beyond it, they count as scattered."""
MOST_GROUPS = 32
"""Kinds of token (by the elements that they read) kept apart; beyond it, all tokens count as alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A range of one producer's elements, and the tokens in which each reading position finds it.

    Parameters
    ----------
    layer : int
        Index of the producer.
    first, last : ndarray of int64, shape (positions,)
        First and last token read, ``NOTHING`` where none is.
    source_start, elements, target_start : int
        The range in the producer's token, and where it lands in the reader's input vector.
    scattered : bool
        Whether the elements are permuted on the way.
    taps : ndarray of int64, shape (positions,), or None
        Tokens read by each position; None where it is all from the first to the last.
    """

    layer: int
    first: Ids
    last: Ids
    source_start: int
    elements: int
    target_start: int
    scattered: bool
    taps: Ids | None = None

    @property
    def range(self) -> tuple[int, int, int, int, bool]:
        """Everything but the tokens."""
        return self.layer, self.source_start, self.elements, self.target_start, self.scattered

    def folded(self, owner: Ids, owners: int) -> Piece:
        """The piece as read by ``owners`` tokens, each of which takes in the positions that it owns.

        Parameters
        ----------
        owner : ndarray of int64, shape (positions,)
            Token that each reading position belongs to.
        owners : int
            Their number.
        """
        first, last = np.full(owners, _ABSENT), np.full(owners, NOTHING, np.int64)
        np.minimum.at(first, owner, np.where(self.first == NOTHING, _ABSENT, self.first))
        np.maximum.at(last, owner, self.last)
        first = np.where(last == NOTHING, NOTHING, first)
        return replace(self, first=first, last=last, taps=self._folded_taps(owner, owners))

    def at(self, positions: Ids) -> Piece:
        """The piece as read by other positions, each of which reads what one of these does."""
        taps = None if self.taps is None else self.taps[positions]
        return replace(self, first=self.first[positions], last=self.last[positions], taps=taps)

    def _folded_taps(self, owner: Ids, owners: int) -> Ids | None:
        """Distinct tokens that each owner reads; None where the positions themselves read more than one."""
        if not self.single:
            return None
        pairs = np.unique(owner[self.last != NOTHING] * _SPAN + self.last[self.last != NOTHING])
        return np.bincount(pairs // _SPAN, minlength=owners).astype(np.int64)

    @property
    def single(self) -> bool:
        """Whether every position reads one token at most."""
        return np.array_equal(self.first, self.last)

    @property
    def read(self) -> Ids:
        """Tokens read by each position, shape ``(positions,)``."""
        return np.where(self.last == NOTHING, 0, self.last - self.first + 1) if self.taps is None else self.taps


@dataclass(frozen=True, slots=True, eq=False)
class Feed:
    """All that one input of a layer reads.

    Parameters
    ----------
    pieces : tuple of Piece
        By producer and range of elements.
    taps : int
        How often each source element occurs in the input vector, from different tokens.
    exact : bool
        Whether the pieces say precisely where each element lands.
    """

    pieces: tuple[Piece, ...]
    taps: int
    exact: bool


def feed(rows: View, widths: tuple[int, ...]) -> Feed:
    """What the tokens of a layer read through one input.

    Parameters
    ----------
    rows : View, shape (positions, width)
        The input vector of each reading position.
    widths : tuple of int
        Token widths of all layers, by index.
    """
    groups = _groups(rows)
    if len(groups) > MOST_GROUPS:
        return Feed(_blurred(rows, widths), 1, False)
    feeds = [_uniform(_rows_at(rows, group), widths) for group in groups]
    taps = {part.taps for part in feeds if part.pieces}
    pieces = _merged(
        [
            _spread(piece, group, len(rows.layer))
            for part, group in zip(feeds, groups, strict=True)
            for piece in part.pieces
        ]
    )
    return Feed(pieces, max(taps, default=1), len(taps) <= 1 and all(part.exact for part in feeds))


def access_of(first: Ids, last: Ids, produced: int, taps: Ids | None = None) -> Access:
    """The simplest access with this reach; ``taps`` of the tokens in it are read, all of them where it is None."""
    if np.array_equal(first, last) and np.array_equal(first, np.arange(len(first))):
        return Same()
    spans = np.where(last == NOTHING, 0, last - first + 1)
    dense = taps is None or bool((taps >= spans).all())
    if dense and (first == 0).all() and (last == produced - 1).all():
        return Whole()
    return Table(first, last, None if dense else taps)


def _groups(rows: View) -> list[Ids]:
    """Positions whose rows have the same layers and elements, in lists."""
    positions = len(rows.layer)
    patterns = [core(rows.layer), core(rows.element)]
    labels = [
        np.unique(pattern, axis=0, return_inverse=True)[1].ravel()
        if len(pattern) > 1
        else np.zeros(positions, np.int64)
        for pattern in patterns
    ]
    both = labels[0] * positions + labels[1]
    if (both == both[0]).all():
        return [np.arange(positions)]
    values = np.unique(both)
    if len(values) > MOST_GROUPS:
        return [np.arange(0)] * len(values)
    return [np.flatnonzero(both == value) for value in values]


def _rows_at(rows: View, positions: Ids) -> View:
    if len(positions) == len(rows.layer):
        return rows
    return rows.mapped(lambda array: array[positions] if len(core(array)) > 1 else array[: len(positions)])


def _spread(piece: Piece, positions: Ids, count: int) -> Piece:
    """The piece as seen from all positions, of which only some have it."""
    if len(positions) == count:
        return piece
    first, last = np.full(count, NOTHING, np.int64), np.full(count, NOTHING, np.int64)
    first[positions], last[positions] = piece.first, piece.last
    taps = None
    if piece.taps is not None:
        taps = np.zeros(count, np.int64)
        taps[positions] = piece.taps
    return replace(piece, first=first, last=last, taps=taps)


def _merged(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Pieces of the same range, from different groups of positions, as one."""
    merged: dict[tuple[int, int, int, int, bool], Piece] = {}
    for piece in pieces:
        other = merged.get(piece.range)
        if other is not None:
            piece = replace(
                piece,
                first=np.where(piece.first == NOTHING, other.first, piece.first),
                last=np.where(piece.last == NOTHING, other.last, piece.last),
                taps=None
                if piece.taps is other.taps is None
                else np.where(piece.first == NOTHING, other.read, piece.read),
            )
        merged[piece.range] = piece
    return tuple(merged.values())


def _uniform(rows: View, widths: tuple[int, ...]) -> Feed:
    """Pieces of rows that all have the same layers and elements."""
    layer, element = rows.layer[0], rows.element[0]
    live = np.flatnonzero(layer != CONSTANT)
    if not live.size:
        return Feed((), 1, True)
    keys = layer[live] * _SPAN + element[live]
    starts, counts = np.unique(keys, return_counts=True)
    taps = int(counts[0])
    if taps > 1 and live.size == layer.size and (counts == taps).all():
        return _repeated(rows, keys, taps, widths)
    runs = np.split(live, np.flatnonzero((np.diff(keys) != 1) | (np.diff(live) != 1)) + 1)
    producers = [int(layer[run[0]]) for run in runs]
    if max(Counter(producers).values()) <= MOST_RUNS:
        return Feed(tuple(_run(rows, run, int(run[0])) for run in runs), 1, True)
    return Feed(_scattered(rows, live, widths), 1, len(starts) == len(keys))


def _repeated(rows: View, keys: Ids, taps: int, widths: tuple[int, ...]) -> Feed:
    """Pieces of a row in which every source element occurs ``taps`` times (a flattened map, stacked frames)."""
    blocks = keys.reshape(-1, taps)
    runs = np.split(np.arange(len(blocks)), np.flatnonzero(np.diff(blocks[:, 0]) != 1) + 1)
    if (blocks == blocks[:, :1]).all() and len(runs) <= MOST_RUNS:
        spans = [np.arange(run[0] * taps, (run[-1] + 1) * taps) for run in runs]
        pieces = [
            replace(_run(rows, span, int(run[0])), elements=len(run)) for span, run in zip(spans, runs, strict=True)
        ]
        return Feed(tuple(pieces), taps, True)
    return Feed(_scattered(rows, np.arange(len(keys)), widths), taps, True)


def _run(rows: View, columns: Ids, target_start: int) -> Piece:
    """A run of consecutive elements of one producer."""
    head = int(columns[0])
    first, last, taps = _tokens(rows.token[:, columns[0] : columns[-1] + 1])
    return Piece(
        int(rows.layer[0, head]), first, last, int(rows.element[0, head]), len(columns), target_start, False, taps
    )


def _scattered(rows: View, columns: Ids, widths: tuple[int, ...]) -> tuple[Piece, ...]:
    """One piece per producer, its elements in no simple order, one producer after the other."""
    pieces: list[Piece] = []
    place = 0
    for layer in np.unique(rows.layer[0, columns]):
        mine = columns[rows.layer[0, columns] == layer]
        elements = np.unique(rows.element[0, mine])
        start = min(int(elements[0]), widths[layer] - len(elements))
        first, last, taps = _tokens(rows.token if len(core(rows.token)[0]) == 1 else rows.token[:, mine])
        pieces.append(Piece(int(layer), first, last, start, len(elements), place, True, taps))
        place += len(elements)
    return tuple(pieces)


def _tokens(tokens: Ids) -> tuple[Ids, Ids, Ids | None]:
    """Smallest and largest token of each row, and how many there are where a row has more than one."""
    small, count = core(tokens), len(tokens)
    ends = (np.broadcast_to(small.min(axis=1), count), np.broadcast_to(small.max(axis=1), count))
    if small.shape[1] == 1:
        return *ends, None
    distinct = (np.diff(np.sort(small, axis=1), axis=1) != 0).sum(axis=1) + 1
    return *ends, np.broadcast_to(distinct, count)


def _blurred(rows: View, widths: tuple[int, ...]) -> tuple[Piece, ...]:
    """One piece per producer for rows that have too little in common: right in its tokens, coarse in its elements."""
    pieces = []
    for layer in np.unique(core(rows.layer)):
        if layer == CONSTANT:
            continue
        mine = rows.layer == layer
        first = np.where(mine, rows.token, _ABSENT).min(axis=1)
        last = np.where(mine, rows.token, NOTHING).max(axis=1)
        elements = min(len(np.unique(rows.element[mine])), rows.layer.shape[1])
        start = min(int(rows.element[mine].min()), widths[layer] - elements)
        pieces.append(Piece(int(layer), np.where(last == NOTHING, NOTHING, first), last, start, elements, 0, True))
    return tuple(pieces)
