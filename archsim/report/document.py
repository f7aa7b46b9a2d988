"""A report as a value: what a command found, whatever form it is read in.

A command makes a `Document` and hands it to a renderer: `archsim.report.terminal`, `archsim.report.markdown`,
`archsim.report.records` (JSON). A renderer knows every part, and no part knows a renderer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, TypeVar

import pandas as pd
from pydantic import JsonValue

V = TypeVar("V", str, int, float)


class Look(Enum):
    """How a column is set."""

    NAME = "one line, cut where it is too long"
    NUMBER = "one line, to the right"
    PROSE = "as many lines as it takes"
    BAR = "a bar as long as its share of 1"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    heading : str
        Empty for a bar, which belongs to the column before it.
    look : Look
    cells : tuple of str
        As a reader sees them; empty for bars.
    values : tuple of str, int or float
        What the cells were written from, for sorting and drawing.
    """

    heading: str
    look: Look
    cells: tuple[str, ...]
    values: tuple[str | int | float, ...]


def names(heading: str, cells: Iterable[str]) -> Column:
    """A column of names."""
    return _texts(heading, Look.NAME, cells)


def prose(heading: str, cells: Iterable[str]) -> Column:
    """A column of sentences."""
    return _texts(heading, Look.PROSE, cells)


def _texts(heading: str, look: Look, cells: Iterable[str]) -> Column:
    kept = tuple(cells)
    return Column(heading, look, kept, kept)


def numbers(heading: str, values: Iterable[V], write: Callable[[V], str] = str) -> Column:
    """A column of numbers.

    Parameters
    ----------
    heading : str
    values : iterable of float, int or str
    write : callable
        From a value to what a reader sees, with its unit.
    """
    kept = tuple(values)
    return Column(heading, Look.NUMBER, tuple(map(write, kept)), kept)


def bars(shares: Iterable[float]) -> Column:
    """A column of bars, each as long as its share of 1."""
    kept = tuple(shares)
    return Column("", Look.BAR, ("",) * len(kept), kept)


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length.

    Parameters
    ----------
    title : str
        Above the table; empty for none.
    columns : tuple of Column
    width : int
        Characters of a full bar, where bars are characters.
    """

    title: str
    columns: tuple[Column, ...]
    width: int = 10

    def __post_init__(self) -> None:
        lengths = {len(column.cells) for column in self.columns}
        if len(lengths) > 1:
            raise ValueError(f"columns of {' and '.join(map(str, sorted(lengths)))} cells make no table")

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The cells, row by row."""
        return tuple(zip(*(column.cells for column in self.columns), strict=True))


def table(title: str, *columns: Column, width: int = 10) -> Table:
    """A table of columns of equal length."""
    return Table(title, columns, width)


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure with its name and what it is measured by."""

    name: str
    value: str
    remark: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Figures one below the other."""

    rows: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences.

    Parameters
    ----------
    lead : str
        Its first words, which stand out.
    text : str
        What follows, with the space before it.
    """

    lead: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence in the background."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """Sentences that may be read on their own."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text that is a file or a program: printed as it is.

    Parameters
    ----------
    text : str
    language : str
        Such as ``yaml``; empty for none.
    """

    text: str
    language: str = ""


Part: TypeAlias = Table | Facts | Paragraph | Remark | Bullets | Verbatim


@dataclass(frozen=True, slots=True)
class Section:
    """Parts that belong together."""

    parts: tuple[Part, ...]


def section(*parts: Part) -> Section:
    """Parts that belong together."""
    return Section(parts)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """What a command found.

    Parameters
    ----------
    sections : tuple of Section
        For readers.
    data : JsonValue
        The same for programs: figures in SI units and with all their digits.
    frame : DataFrame or None
        Its main table, whole, with all digits.
    """

    sections: tuple[Section, ...]
    data: JsonValue
    frame: pd.DataFrame | None = None
