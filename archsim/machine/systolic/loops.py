"""The loops around the folds of a product, and what each choice of them fetches again.

For every group, the stream may be cut into *parts*; for every part all folds are run, those of one column of folds
first (`by_columns`) or those of one row. An operand is fetched once where the piece of it that is used again fits into
its half of a memory, and each time that it is used where not:

* of what stays in the array, all of it is used again in each part;
* of what is cut with the stream, a part's whole slab is used again where its pieces change from fold to fold, and one
  piece where the following folds take the same. Where it is the sums, they go to memory and come back, at their own
  precision, each time that they do not fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Ids
from archsim.machine.systolic.folds import Folded, Operand, pieces

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bits of an operand of one group, and of the half of a memory that holds it."""

    bits: float
    room: float


@dataclass(frozen=True, slots=True)
class Shares:
    """How many arrays work side by side on different groups, rows and columns of folds, and pieces of the stream."""

    groups: int = 1
    rows: int = 1
    columns: int = 1
    stream: int = 1


@dataclass(frozen=True)
class Loops:
    """One way to run the folds of a product.

    Parameters
    ----------
    folded : Folded
    sizes : dict of Operand to Sizes
    array : tuple of int
        Rows and columns of an array.
    groups : int
    shares : Shares
        Of the arrays.
    repeats : int
        How often each element of the stream enters: as its bits ask for.
    parts : int
        Of the stream.
    by_columns : bool
        Whether the folds of one column follow each other.
    loading : int
        Cycles in which the array takes in what stays in it.
    exposed : bool
        Whether it does so, and drains, for each fold; else only for the first, and a fold takes the longer of its
        stream and of taking in the next.
    """

    folded: Folded
    sizes: dict[Operand, Sizes]
    array: tuple[int, int]
    groups: int
    shares: Shares
    repeats: int
    parts: int
    by_columns: bool
    loading: int
    exposed: bool

    @cached_property
    def row_folds(self) -> int:
        """Folds along the rows, those that run side by side counted as one."""
        return pieces(pieces(self.folded.along_rows, self.array[0]), self.shares.rows)

    @cached_property
    def column_folds(self) -> int:
        """Folds along the columns, likewise."""
        return pieces(pieces(self.folded.along_columns, self.array[1]), self.shares.columns)

    @cached_property
    def plane(self) -> int:
        """Folds of one part of one group."""
        return self.row_folds * self.column_folds

    @cached_property
    def planes(self) -> int:
        """Parts of all groups that follow each other."""
        return self.parts * pieces(self.groups, self.shares.groups)

    @property
    def folds(self) -> int:
        """All folds that follow each other."""
        return self.planes * self.plane

    def cycles(self, folds: Ids) -> Ids:
        """Cycles from the beginning to the end of so many folds, shape as ``folds``."""
        length = pieces(self.folded.in_time, self.shares.stream) * self.repeats
        plane, inner = np.divmod(folds, self.plane)
        group, part = np.divmod(plane, self.parts)
        each = np.diff(np.arange(self.parts + 1) * length // self.parts)
        fill = self.loading + sum(self.array) - 2
        each = each + fill if self.exposed else np.maximum(each, self.loading)
        before = np.concatenate([[0], np.cumsum(each)])
        taken = self.plane * (group * before[-1] + before[part]) + inner * each[part]
        return np.asarray(taken if self.exposed else taken + fill * (folds > 0), np.int64)

    @property
    def total_cycles(self) -> int:
        """Cycles of all folds, from the first operand to the last result."""
        return int(self.cycles(np.array([self.folds]))[0]) - 1

    def visits(self, operand: Operand) -> float:
        """How often all of an operand passes between memory and chip; sums, how often they are complete or not."""
        return float(self.visited(operand, np.array([self.folds]))[0])

    def visited(self, operand: Operand, folds: Ids) -> Reals:
        """How much of an operand has passed after so many folds, as a multiple of all of it."""
        plane, inner = np.divmod(folds, self.plane)
        if operand is self.folded.stays:
            return self._staying(operand, plane, inner)
        visits, within = self._streamed(operand, inner)
        return np.asarray((plane * visits + within) / self.planes, np.float64)

    def done(self, folds: Ids) -> Reals:
        """Share of the results that are complete after so many folds."""
        plane, inner = np.divmod(folds, self.plane)
        if self.folded.stays is Operand.SUMS:
            within = inner / self.plane
        elif self.by_columns:
            within = (inner // self.row_folds) / self.column_folds
        else:
            within = np.maximum(inner - (self.row_folds - 1) * self.column_folds, 0) / self.column_folds
        return np.asarray((plane + within) / self.planes, np.float64)

    def _staying(self, operand: Operand, plane: Ids, inner: Ids) -> Reals:
        """What stays in the array is fetched in each part, or in the first one of its group."""
        groups = self.planes // self.parts
        if operand is not Operand.SUMS and not self._fits(operand, 1):
            return np.asarray((plane + inner / self.plane) / groups, np.float64)
        group, part = np.divmod(plane, self.parts)
        return np.asarray((group + np.where(part > 0, 1.0, inner / self.plane)) / groups, np.float64)

    def _streamed(self, operand: Operand, inner: Ids) -> tuple[float, Reals]:
        """Visits of an operand in one part, and those up to some folds of it."""
        across = operand is self.folded.across
        slabs, uses = (self.row_folds, self.column_folds) if across else (self.column_folds, self.row_folds)
        changing = across is self.by_columns
        if uses > 1 and not self._fits(operand, self.parts * (1 if changing else slabs)):
            return float(uses), uses * inner / self.plane
        begun = np.minimum(inner, slabs) if changing else -(-inner // uses)
        return 1.0, begun / slabs

    def _fits(self, operand: Operand, pieces_of_it: int) -> bool:
        size = self.sizes[operand]
        return size.bits * self.shares.groups <= size.room * pieces_of_it
