"""The parts of a Document for the terminal: plain, aligned tables without frames."""

from __future__ import annotations

from functools import singledispatch

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from archsim.report.document import Bullets, Column, Facts, Look, Paragraph, Part, Remark, Table
from archsim.report.quantities import bar

WIDEST_NAME = 34
"""Characters of a name that are shown; longer ones are cut."""


@singledispatch
def rendered(part: Part) -> RenderableType:
    """A part of a document, as rich prints it; text that is verbatim needs no rich."""
    raise NotImplementedError(type(part))


# Never plain strings: brackets in names would be read as markup.


@rendered.register
def _(part: Paragraph) -> RenderableType:
    return Text.assemble((part.lead, "bold"), part.text)


@rendered.register
def _(part: Remark) -> RenderableType:
    return Text(part.text, style="dim")


@rendered.register
def _(part: Bullets) -> RenderableType:
    return Group(*(Text(f"- {item}") for item in part.items))


@rendered.register
def _(part: Facts) -> RenderableType:
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    for fact in part.rows:
        grid.add_row(Text(fact.name), Text(fact.value), Text(fact.remark))
    return grid


@rendered.register
def _(part: Table) -> RenderableType:
    grid = Grid(
        title=Text(part.title, style="bold") if part.title else None,
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
        header_style="dim",
    )
    for column in part.columns:
        grid.add_column(
            Text(column.heading),
            justify="right" if column.look is Look.NUMBER else "left",
            # Where room is short, rich takes it from columns that may wrap: from names and prose, never from numbers.
            no_wrap=column.look is Look.NUMBER,
            max_width=WIDEST_NAME if column.look is Look.NAME else None,
        )
    for row in zip(*(_texts(column, part.width) for column in part.columns), strict=True):
        grid.add_row(*row)
    return grid


def _texts(column: Column, width: int) -> list[Text]:
    if column.look is Look.BAR:
        return [Text(bar(float(value), width), no_wrap=True) for value in column.values]
    if column.look is Look.PROSE:
        return [Text(cell, overflow="fold") for cell in column.cells]
    return [Text(cell, no_wrap=True, overflow="ellipsis") for cell in column.cells]
