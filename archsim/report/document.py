"""A report as a value: what a command found, whatever form it is read in.

A command makes a `Document` and hands it to a renderer: `archsim.report.terminal`, `archsim.report.markdown`,
`archsim.report.records` (JSON). A renderer knows every part, and no part knows a renderer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from archsim.report.curves import Curves as Curves
from archsim.report.drawing import Drawing as Drawing
from archsim.report.tones import Tone as Tone

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import JsonValue

    from archsim.columns import Columns

V = TypeVar("V", str, int, float)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a line.

    Parameters
    ----------
    start, stop : float
        Shares of the line's length.
    tone : Tone
    """

    start: float
    stop: float
    tone: Tone


class Look(Enum):
    """How a column is set."""

    NAME = "one line, cut where it is too long"
    NUMBER = "one line, to the right"
    PROSE = "as many lines as it takes"
    BAR = "a bar as long as its share of 1"
    SPANS = "coloured spans between shares of 1"


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
    spans : tuple of tuple of Span
        Where the column is drawn from these.
    """

    heading: str
    look: Look
    cells: tuple[str, ...]
    values: tuple[str | int | float, ...]
    spans: tuple[tuple[Span, ...], ...] = ()


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
    kept = _plain(values)
    return Column(heading, Look.NUMBER, tuple(map(write, kept)), kept)


def _plain(values: Iterable[V]) -> tuple[V, ...]:
    """Python's own numbers, of an array as well: they take less to write and to keep."""
    return tuple(values.tolist() if isinstance(values, np.ndarray) else values)


def bars(shares: Iterable[float]) -> Column:
    """A column of bars, each as long as its share of 1."""
    kept = _plain(shares)
    return Column("", Look.BAR, ("",) * len(kept), kept)


def spans(heading: str, rows: Iterable[Iterable[Span]]) -> Column:
    """A column of lines with coloured spans."""
    kept = tuple(map(tuple, rows))
    return Column(heading, Look.SPANS, ("",) * len(kept), (0.0,) * len(kept), kept)


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


@dataclass(frozen=True, slots=True)
class Card:
    """A figure that a reader should see first.

    Parameters
    ----------
    name, value, remark : str
    share : float or None
        Of what could be had, in 0 to 1; None where that means nothing.
    """

    name: str
    value: str
    remark: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Cards:
    """Figures that a reader should see first."""

    items: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A share of something, and what it is made of.

    Parameters
    ----------
    name : str
    value : float
        Of all its children together, and what is not told of them.
    children : tuple of Branch
    """

    name: str
    value: float
    children: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """A whole, divided step by step.

    Parameters
    ----------
    title : str
    root : Branch
    write : callable
        From a value to what a reader sees.
    """

    title: str
    root: Branch
    write: Callable[[float], str]


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """Shares of 1 over time, row by row.

    Parameters
    ----------
    title : str
    rows : tuple of str
        Their names.
    values : float64, shape (rows, bins)
    start, stop : str
        What is at the two ends, with units.
    marks : tuple of (float, str)
        Shares of the width, and what is there; empty for a line alone.
    over : Over or None
        Drawn over it, in another colour.
    """

    title: str
    rows: tuple[str, ...]
    values: NDArray[np.float64]
    start: str
    stop: str
    marks: tuple[tuple[float, str], ...] = ()
    over: Over | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Over:
    """Other shares over the same time and rows.

    Parameters
    ----------
    name : str
        What they are shares of.
    values : float64, shape (rows, bins)
    """

    name: str
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One quantity on a floorplan.

    Parameters
    ----------
    name : str
    values : float64, shape (sites,)
    write : callable
        From a value to what a reader sees.
    """

    name: str
    values: NDArray[np.float64]
    write: Callable[[float], str]


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """A floorplan, coloured by several quantities.

    Parameters
    ----------
    title : str
    columns, rows : int
        Sites across and down.
    sites : tuple of str
        What is at each site, row by row.
    layers : tuple of Layer
    """

    title: str
    columns: int
    rows: int
    sites: tuple[str, ...]
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """A line of coloured spans, and what the colours stand for.

    Parameters
    ----------
    title : str
    spans : tuple of Span
    legend : tuple of (Tone, str)
    """

    title: str
    spans: tuple[Span, ...]
    legend: tuple[tuple[Tone, str], ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """A line that values lie on.

    Parameters
    ----------
    name : str
    marks : tuple of (float, str)
        Shares of its length, and what is there.
    """

    name: str
    marks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Dot:
    """Something at a place of each axis.

    Parameters
    ----------
    name : str
    places : tuple of (float or None)
        Shares of each axis' length; None where it has no place there.
    tone : Tone
    """

    name: str
    places: tuple[float | None, ...]
    tone: Tone


@dataclass(frozen=True, slots=True)
class Scatter:
    """Dots between two axes; those of the first tone of the legend are drawn last.

    Parameters
    ----------
    title : str
    across, up : Axis
    dots : tuple of Dot
        Each with two places.
    legend : tuple of (Tone, str)
    """

    title: str
    across: Axis
    up: Axis
    dots: tuple[Dot, ...]
    legend: tuple[tuple[Tone, str], ...]


@dataclass(frozen=True, slots=True)
class Strands:
    """Parallel coordinates: a line for each dot, through its place on every axis.

    Parameters
    ----------
    title : str
    axes : tuple of Axis
    dots : tuple of Dot
    legend : tuple of (Tone, str)
    """

    title: str
    axes: tuple[Axis, ...]
    dots: tuple[Dot, ...]
    legend: tuple[tuple[Tone, str], ...]


@dataclass(frozen=True, slots=True)
class Tab:
    """One of several things to look at."""

    name: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Tabs:
    """Things of one kind, of which a reader looks at one at a time."""

    title: str
    tabs: tuple[Tab, ...]


Part: TypeAlias = (
    Table
    | Facts
    | Paragraph
    | Remark
    | Bullets
    | Verbatim
    | Cards
    | Tree
    | Raster
    | Maps
    | Strip
    | Drawing
    | Curves
    | Scatter
    | Strands
    | Tabs
)


@dataclass(frozen=True, slots=True)
class Section:
    """Parts that belong together, under a title where there is one."""

    parts: tuple[Part, ...]
    title: str = ""


def section(*parts: Part, title: str = "") -> Section:
    """Parts that belong together."""
    return Section(parts, title)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """What a command found.

    Parameters
    ----------
    sections : tuple of Section
        For readers.
    data : JsonValue
        The same for programs: figures in SI units and with all their digits.
    frame : Columns, DataFrame or None
        Its main table, whole, with all digits.
    title : str
        Of a page that is nothing but this document.
    """

    sections: tuple[Section, ...]
    data: JsonValue
    frame: Columns | pd.DataFrame | None = None
    title: str = ""
