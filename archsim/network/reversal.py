"""How backward layers read, whose tokens come in the reverse order of the forward ones."""

from __future__ import annotations

import numpy as np

from archsim.network.access import NOTHING, Access, Mirrored, Same, Table, Tokens, Whole, tokens_read


def mirrored(access: Access, produced: int, consumed: int) -> Access:
    """How a backward layer reads the forward tokens that a layer of as many tokens reads by some access."""
    if consumed == 1 or isinstance(access, Whole):
        return access
    if isinstance(access, Same):
        return Mirrored()
    first, last = access.reach(produced, consumed)
    return Table(first[::-1], last[::-1], tokens_read(access, produced, consumed)[::-1])


def inverse(access: Access, produced: int, consumed: int) -> Access:
    """Which of a consumer's gradients the gradient of each of its producer's tokens needs, both in reverse order."""
    if isinstance(access, Same | Whole):
        return access
    low, high = readers(access, produced, consumed)
    begin, end = _from_the_end(low, high, consumed)
    return Table(begin[::-1], end[::-1])


def readers(access: Access, produced: int, consumed: int) -> tuple[Tokens, Tokens]:
    """First and last consumer token that touches each producer token, ``NOTHING`` in both where none does."""
    first, last = access.reach(produced, consumed)
    low, high = np.full(produced, consumed), np.full(produced, NOTHING)
    for token in np.flatnonzero(last != NOTHING).tolist():
        span = slice(int(first[token]), int(last[token]) + 1)
        low[span] = np.minimum(low[span], token)
        high[span] = token
    low[high == NOTHING] = NOTHING
    return low, high


def reader_counts(access: Access, produced: int, consumed: int) -> Tokens:
    """Consumer tokens that read each producer token; spread evenly where a range is not read without gaps."""
    first, last = access.reach(produced, consumed)
    there, read = last != NOTHING, tokens_read(access, produced, consumed)
    if np.array_equal(read[there], (last - first + 1)[there]):
        edges = np.zeros(produced + 1, np.int64)
        np.add.at(edges, first[there], 1)
        np.add.at(edges, last[there] + 1, -1)
        return np.cumsum(edges)[:produced]
    return np.diff(np.arange(produced + 1) * int(read.sum()) // produced)


def gathered(access: Access, produced: int, consumed: int) -> int:
    """Gradients that a producer's token gathers, on average."""
    return max(1, round(float(tokens_read(access, produced, consumed).sum()) / produced))


def readers_gradients(access: Access, produced: int, consumed: int) -> Table:
    """The gradients of all consumer tokens that read a producer's token, both in reverse order, counted."""
    begin, end = _from_the_end(*readers(access, produced, consumed), consumed)
    return Table(begin[::-1], end[::-1], reader_counts(access, produced, consumed)[::-1])


def readers_operands(access: Access, other: Access, sizes: tuple[int, int, int]) -> Table:
    """The other operand of all consumer tokens that read a producer's token: forward tokens, for reversed ones.

    Parameters
    ----------
    access, other : Access
        How the consumer reads the producer, and how it reads the other operand.
    sizes : tuple of int
        Tokens of the producer, the other operand and the consumer.
    """
    produced, beside, consumed = sizes
    low, high = readers(access, produced, consumed)
    first, last = other.reach(beside, consumed)
    begin, end = np.full(produced, NOTHING), np.full(produced, NOTHING)
    for token in np.flatnonzero(high != NOTHING).tolist():
        reach = slice(int(low[token]), int(high[token]) + 1)
        there = last[reach] != NOTHING
        if there.any():
            begin[token], end[token] = first[reach][there].min(), last[reach][there].max()
    return Table(begin[::-1], end[::-1])


def shared_out(access: Access, sizes: tuple[int, int, int]) -> Table:
    """All that a layer's tokens read by some access, read by other tokens: in equal shares, once it is all there.

    Parameters
    ----------
    access : Access
    sizes : tuple of int
        Tokens of the producer, of the layer, and of who reads instead.
    """
    produced, consumed, readers_there = sizes
    first, last = access.reach(produced, consumed)
    there = last != NOTHING
    if not there.any():
        return Table(*(np.full(readers_there, NOTHING) for _ in range(2)))
    total = int(tokens_read(access, produced, consumed).sum())
    shares = np.diff(np.arange(readers_there + 1) * total // readers_there)
    low, high = int(first[there].min()), int(last[there].max())
    return Table(np.full(readers_there, low), np.full(readers_there, high), shares)


def _from_the_end(low: Tokens, high: Tokens, consumed: int) -> tuple[Tokens, Tokens]:
    """Ranges of tokens counted from the last one."""
    nothing = high == NOTHING
    return np.where(nothing, NOTHING, consumed - 1 - high), np.where(nothing, NOTHING, consumed - 1 - low)
