"""How a layer consumes another layer's stream of tokens.

A layer's output is a stream of tokens in a fixed order: a feature map's positions in raster order, a sequence's
steps. An access says, for each of the consumer's tokens, which of the producer's tokens it touches: the first and
the last. Everything else (line buffers, attention's caches, recurrences) follows from these two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int64]
NOTHING = -1
"""Stands for "touches no token" in both arrays of a reach."""


class Access(Protocol):
    """How the tokens of one edge are read; equal ones read alike."""

    def __hash__(self) -> int: ...

    def reach(self, produced: int, consumed: int) -> tuple[Tokens, Tokens]:
        """Tokens touched by each consumer token.

        Parameters
        ----------
        produced, consumed : int
            Tokens per sample of the producer and of the consumer.

        Returns
        -------
        first, last : ndarray of int64, shape (consumed,)
            First and last producer token touched; both ``NOTHING`` where none is.
        """
        ...


@dataclass(frozen=True, slots=True)
class Same:
    """Token n of the consumer reads token n of the producer."""

    def reach(self, produced: int, consumed: int) -> tuple[Tokens, Tokens]:
        tokens = np.arange(consumed, dtype=np.int64)
        return tokens, tokens


@dataclass(frozen=True, slots=True)
class Mirrored:
    """Token n of the consumer reads the producer's token n from the end: gradients come in the reverse order."""

    def reach(self, produced: int, consumed: int) -> tuple[Tokens, Tokens]:
        tokens = np.arange(consumed, dtype=np.int64)[::-1]
        return tokens, tokens


@dataclass(frozen=True, slots=True)
class Whole:
    """Every consumer token reads the producer's whole sample (a flattened map, a bidirectional layer, keys)."""

    def reach(self, produced: int, consumed: int) -> tuple[Tokens, Tokens]:
        return np.zeros(consumed, np.int64), np.full(consumed, produced - 1, np.int64)


@dataclass(frozen=True, slots=True)
class Prefix:
    """Consumer token n reads producer tokens 0 to n: causal attention's keys and values.

    Parameters
    ----------
    context : int
        Tokens that are already there when the sample starts (a cached prompt); they are read too, but never waited for.
    """

    context: int = 0

    def reach(self, produced: int, consumed: int) -> tuple[Tokens, Tokens]:
        return np.zeros(consumed, np.int64), np.arange(consumed, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Previous:
    """Consumer token n reads producer token n - distance: a recurrence, or decoding.

    Parameters
    ----------
    distance : int
        Steps back.
    start : int
        Consumer tokens before this one read nothing (a prompt that is given).
    """

    distance: int = 1
    start: int = 0

    @property
    def after_prompt(self) -> bool:
        """Whether it binds only the tokens after a prompt, which itself streams as in a network without it."""
        return self.start > 1

    def reach(self, produced: int, consumed: int) -> tuple[Tokens, Tokens]:
        steps = np.arange(consumed, dtype=np.int64)
        tokens = np.where(steps < max(self.start, self.distance), NOTHING, steps - self.distance)
        return tokens, tokens


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window over a grid in raster order: convolution, pooling, stacking of frames.

    Parameters
    ----------
    grid, out_grid, kernel, stride, pad, dilation : tuple of int
        One entry per axis, slowest first; ``pad`` is the padding before the first element.
    """

    grid: tuple[int, ...]
    out_grid: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pad: tuple[int, ...]
    dilation: tuple[int, ...]

    def reach(self, produced: int, consumed: int) -> tuple[Tokens, Tokens]:
        first = np.zeros(1, np.int64)
        last = np.zeros(1, np.int64)
        empty = np.zeros(1, bool)
        for axis in range(len(self.grid)):
            low, high = self._axis_reach(axis)
            first = (first[:, None] * self.grid[axis] + low).ravel()
            last = (last[:, None] * self.grid[axis] + high).ravel()
            empty = (empty[:, None] | (low > high)).ravel()
        first[empty] = last[empty] = NOTHING
        return first, last

    def taps(self) -> Tokens:
        """Positions inside the grid that each output position reads, shape ``(output positions,)``."""
        counts = np.ones(1, np.int64)
        for axis, step in enumerate(self.dilation):
            low, high = self._axis_reach(axis)
            counts = (counts[:, None] * np.maximum((high - low) // step + 1, 0)).ravel()
        return counts

    def _axis_reach(self, axis: int) -> tuple[Tokens, Tokens]:
        """First and last index inside the grid for each output index; first > last where only padding is seen."""
        start = np.arange(self.out_grid[axis], dtype=np.int64) * self.stride[axis] - self.pad[axis]
        step, taps, size = self.dilation[axis], self.kernel[axis], self.grid[axis]
        skipped = np.maximum(0, -(start // step))
        low = start + skipped * step
        high = start + np.minimum(taps - 1, (size - 1 - start) // step) * step
        outside = (skipped >= taps) | (low > high) | (low >= size)
        return np.where(outside, size, low), np.where(outside, -1, high)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Any other order (slices, gathers, transposed grids, windows of attention), token by token.

    Parameters
    ----------
    first, last : sequence of int, shape (consumed,)
        First and last producer token for each consumer token; ``NOTHING`` in both for none.
    taps : sequence of int, shape (consumed,), optional
        How many of the tokens from the first to the last are read; all of them where it is not given.
    """

    first: Tokens
    last: Tokens
    taps: Tokens | None = None

    def __init__(
        self, first: Sequence[int] | Tokens, last: Sequence[int] | Tokens, taps: Sequence[int] | Tokens | None = None
    ) -> None:
        object.__setattr__(self, "first", _held(first))
        object.__setattr__(self, "last", _held(last))
        object.__setattr__(self, "taps", None if taps is None else _held(taps))

    def reach(self, produced: int, consumed: int) -> tuple[Tokens, Tokens]:
        return self.first, self.last

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and self._bytes == other._bytes

    def __hash__(self) -> int:
        return hash(self._bytes)

    @property
    def _bytes(self) -> tuple[bytes, bytes, bytes | None]:
        return self.first.tobytes(), self.last.tobytes(), None if self.taps is None else self.taps.tobytes()


def _held(tokens: Sequence[int] | Tokens) -> Tokens:
    """A copy that nobody can change."""
    held = np.array(tokens, np.int64)
    held.flags.writeable = False
    return held


def tokens_read(access: Access, produced: int, consumed: int) -> Tokens:
    """Tokens that each consumer token reads, a cached context included, shape ``(consumed,)``.

    A window reads its taps inside the grid, a table what it says; anything else all from the first to the last.
    """
    if isinstance(access, Window):
        return access.taps()
    if isinstance(access, Table) and access.taps is not None:
        return access.taps
    first, last = access.reach(produced, consumed)
    context = access.context if isinstance(access, Prefix) else 0
    return np.where(first == NOTHING, 0, last - first + 1) + context
