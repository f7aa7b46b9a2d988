"""Tables for the terminal: plain, aligned, without frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from math import isnan

import pandas as pd
from rich.table import Table
from rich.text import Text

from archsim.report.quantities import significant, whole

WIDEST_NAME = 34
"""Characters of a name that are shown; longer ones are cut."""


class Look(Enum):
    """How a column is set."""

    NAME = "one line, cut where it is too long"
    NUMBER = "one line, to the right"
    PROSE = "as many lines as it takes"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    heading : str
    look : Look
    cells : tuple of str
    """

    heading: str
    look: Look
    cells: tuple[str, ...]


def names(heading: str, cells: Iterable[str]) -> Column:
    """A column of names."""
    return Column(heading, Look.NAME, tuple(cells))


def numbers(heading: str, cells: Iterable[str]) -> Column:
    """A column of numbers, with their units."""
    return Column(heading, Look.NUMBER, tuple(cells))


def prose(heading: str, cells: Iterable[str]) -> Column:
    """A column of sentences."""
    return Column(heading, Look.PROSE, tuple(cells))


def plain_table(title: str, *columns: Column) -> Table:
    """A table of columns of equal length.

    Parameters
    ----------
    title : str
        Above the table; empty for none.
    *columns : Column
    """
    table = Table(
        title=Text(title, style="bold") if title else None,
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
        header_style="dim",
    )
    for column in columns:
        table.add_column(
            Text(column.heading),
            justify="right" if column.look is Look.NUMBER else "left",
            # Where room is short, rich takes it from columns that may wrap: from names and prose, never from numbers.
            no_wrap=column.look is Look.NUMBER,
            max_width=WIDEST_NAME if column.look is Look.NAME else None,
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*(_text(cell, column.look) for cell, column in zip(row, columns, strict=True)))
    return table


def _text(cell: str, look: Look) -> Text:
    # Not plain strings: brackets in names would be read as markup.
    return Text(cell, overflow="fold") if look is Look.PROSE else Text(cell, no_wrap=True, overflow="ellipsis")


def facts(rows: Iterable[Sequence[str]]) -> Table:
    """A grid of names, values and remarks, without headings."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    return grid


def frame_table(frame: pd.DataFrame, *, sentences: Sequence[str] = ()) -> Table:
    """A DataFrame as a table: counts in full, other numbers with four digits, nothing where a value is missing.

    Parameters
    ----------
    frame : DataFrame
    sentences : sequence of str
        Columns that hold sentences.
    """
    return plain_table("", *(_column(frame, title, title in sentences) for title in frame.columns))


def _column(frame: pd.DataFrame, title: str, sentences: bool) -> Column:
    heading, cells = title.replace("_", " "), map(_cell, frame[title].tolist())
    if pd.api.types.is_numeric_dtype(frame[title]):
        return numbers(heading, cells)
    return prose(heading, cells) if sentences else names(heading, cells)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if isnan(value) else significant(value)
    return whole(value) if isinstance(value, int) else str(value)
