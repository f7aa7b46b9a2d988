"""Columns as a table of a Document, as they are."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any

from numpy.typing import NDArray

from archsim.columns import Columns
from archsim.report.document import Column, Table, names, numbers, prose, table
from archsim.report.quantities import significant, whole


def plain_table(columns: Columns, *, sentences: Sequence[str] = ()) -> Table:
    """Columns as a table: counts in full, other numbers with four digits, nothing where a value is missing.

    Parameters
    ----------
    columns : Columns
    sentences : sequence of str
        Names of columns that hold sentences.
    """
    named = zip(columns.titles(), columns.columns(), strict=True)
    return table("", *(_column(name, values, name in sentences) for name, values in named))


def _column(name: str, values: NDArray[Any], sentences: bool) -> Column:
    heading = name.replace("_", " ")
    if values.dtype.kind == "O":
        return (prose if sentences else names)(heading, values)
    return numbers(heading, values, _cell)


def _cell(value: float) -> str:
    if isinstance(value, float):
        return "" if isnan(value) else significant(value)
    return whole(value)
