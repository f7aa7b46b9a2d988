"""Tables as equally long columns: what the stages hand to each other, one numpy array per field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import Field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas as pd

Ids = NDArray[np.int64]
"""Numbers of rows, nodes, layers ...: of one width everywhere."""
Reals = NDArray[np.float64]
Texts = NDArray[np.object_]
"""Names, as Python's own strings."""


def texts(words: Iterable[str]) -> Texts:
    """A column of names."""
    return np.array(list(words), np.object_)


class Columns:
    """Base of frozen slotted dataclasses whose fields are columns of one length; a row is an id."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __len__(self) -> int:
        return len(self.columns()[0])

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Fields, in the order of their declaration."""
        return tuple(cls.__dataclass_fields__)

    @classmethod
    def titles(cls) -> tuple[str, ...]:
        """The same as they are written: without the underscore that keeps a field apart from a method here."""
        return tuple(name.rstrip("_") for name in cls.names())

    def columns(self) -> tuple[NDArray[np.generic], ...]:
        """All columns, in the order of their declaration."""
        return tuple(getattr(self, name) for name in self.names())

    def take(self, rows: Ids | NDArray[np.bool_] | slice) -> Self:
        """The rows at some positions, where a mask is set, or of a slice."""
        return type(self)(*(column[rows] for column in self.columns()))

    def frame(self) -> pd.DataFrame:
        """The same for analysis: a DataFrame of its own, with the columns under their titles."""
        import pandas as pd  # late: it takes longer to load than a table takes to make

        return pd.DataFrame(dict(zip(self.titles(), self.columns(), strict=True)))

    @classmethod
    def of_rows(cls, rows: Iterable[Sequence[str | float]]) -> Self:
        """A table of some rows, each a value per column: numbers throughout a column, or names."""
        kept = list(rows)
        return cls(*map(_column, zip(*kept, strict=True) if kept else ((),) * len(cls.names())))

    @classmethod
    def concatenate(cls, tables: Iterable[Self]) -> Self:
        """All rows of all tables; without any table, no rows of ids."""
        pieces = [table.columns() for table in tables]
        if not pieces:
            return cls(*(np.zeros(0, np.int64) for _ in cls.names()))
        return cls(*(np.concatenate(column) for column in zip(*pieces, strict=True)))

    @classmethod
    def extending(cls, table: Columns, *more: NDArray[np.generic]) -> Self:
        """The columns of a table that this one goes on from, and those behind them."""
        return cls(*table.columns(), *more)

    @classmethod
    def broadcast(cls, rows: int, **columns: ArrayLike) -> Self:
        """A table of so many rows, in which a scalar stands for a whole column of ids."""
        return cls(**{name: column_of(column, rows) for name, column in columns.items()})


def _column(values: Sequence[str | float]) -> NDArray[np.generic]:
    named = isinstance(next(iter(values), None), str)
    return texts(values) if named else np.array(values)  # type: ignore[arg-type]


def column_of(values: ArrayLike, rows: int) -> NDArray[Any]:
    """A column of so many rows; ``broadcast_to`` alone takes several times as long for a scalar."""
    column = np.asarray(values)
    if column.ndim == 0:
        return np.full(rows, column)
    return column if column.shape == (rows,) else np.broadcast_to(column, rows)
