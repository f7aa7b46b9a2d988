"""Rows of a table that have the same keys: their sums, least and greatest values."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import fsum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Ids

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Rows that have the same keys, group by group.

    Parameters
    ----------
    order : int64, shape (rows,)
        Rows, those of a group together and in their own order.
    start : int64, shape (groups + 1,)
        Where each group begins among them, and where the last one ends.
    """

    order: Ids
    start: Ids

    @classmethod
    def of(cls, *keys: NDArray[np.integer[Any]]) -> Groups:
        """In the order of the first key, then of the second ...; each of shape ``(rows,)``."""
        order = np.lexsort(keys[::-1])
        sorted_keys = np.stack(keys)[:, order]
        change = np.flatnonzero((sorted_keys[:, 1:] != sorted_keys[:, :-1]).any(axis=0)) + 1
        return cls(order, np.concatenate([[0], change, [len(order)]]) if len(order) else np.zeros(1, np.int64))

    @classmethod
    def met(cls, keys: Iterable[Hashable]) -> Groups:
        """Of rows with such keys, in the order in which the keys are first met."""
        seen: dict[Hashable, int] = {}
        return cls.of(np.array([seen.setdefault(key, len(seen)) for key in keys], np.int64))

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def first(self) -> Ids:
        """The first row of each group, shape ``(groups,)``."""
        return self.order[self.start[:-1]]

    @property
    def sizes(self) -> Ids:
        """Rows of each group, shape ``(groups,)``."""
        return np.diff(self.start)

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of each group, rounded once: the order of rows changes no digit; shape ``(groups,)``."""
        column, bounds = values[self.order].tolist(), self.start.tolist()
        return np.array([fsum(column[a:b]) for a, b in pairwise(bounds)], np.float64)

    def counts(self, values: Ids) -> Ids:
        """Sum of each group of whole numbers, shape ``(groups,)``."""
        return np.asarray(self._reduced(np.add, values), np.int64)

    def least(self, values: NDArray[T]) -> NDArray[T]:
        """Least value of each group, shape ``(groups,)``."""
        return self._reduced(np.minimum, values)

    def greatest(self, values: NDArray[T]) -> NDArray[T]:
        """Greatest value of each group, shape ``(groups,)``."""
        return self._reduced(np.maximum, values)

    def _reduced(self, function: np.ufunc, values: NDArray[T]) -> NDArray[T]:
        column = values[self.order]
        return np.asarray(function.reduceat(column, self.start[:-1]), column.dtype) if len(self) else column
