"""Tables of columns, written down row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from archsim.columns import Columns

T = TypeVar("T", bound=Columns)


def table_of(kind: type[T], rows: Sequence[Sequence[str | float]]) -> T:
    """A table of some rows, at least one."""
    return kind(
        *(np.array(column, object if isinstance(column[0], str) else None) for column in zip(*rows, strict=True))
    )
