"""A DataFrame as a table of a Document."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING

from archsim.report.document import Column, Table, names, numbers, prose, table
from archsim.report.quantities import significant, whole

if TYPE_CHECKING:
    import pandas as pd


def frame_table(frame: pd.DataFrame, *, sentences: Sequence[str] = ()) -> Table:
    """A DataFrame as a table: counts in full, other numbers with four digits, nothing where a value is missing.

    Parameters
    ----------
    frame : DataFrame
    sentences : sequence of str
        Columns that hold sentences.
    """
    return table("", *(_column(frame, title, title in sentences) for title in frame.columns))


def _column(frame: pd.DataFrame, title: str, sentences: bool) -> Column:
    import pandas as pd  # late: a third of a start

    heading, values = title.replace("_", " "), frame[title].tolist()
    if pd.api.types.is_numeric_dtype(frame[title]):
        return numbers(heading, values, _cell)
    return (prose if sentences else names)(heading, map(_cell, values))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if isnan(value) else significant(value)
    return whole(value) if isinstance(value, int) else str(value)
