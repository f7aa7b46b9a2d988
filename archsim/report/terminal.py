"""The parts of a Document for the terminal: plain, aligned tables without frames."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text
from rich.tree import Tree as Limbs

from archsim.report.document import (
    Branch,
    Bullets,
    Cards,
    Column,
    Curves,
    Drawing,
    Facts,
    Look,
    Maps,
    Paragraph,
    Part,
    Raster,
    Remark,
    Scatter,
    Strands,
    Strip,
    Table,
    Tabs,
    Tree,
)
from archsim.report.quantities import bar
from archsim.report.shades import (
    curve_lines,
    drawing_lines,
    legend_text,
    map_lines,
    raster_lines,
    scatter_lines,
    spans_text,
    strand_lines,
)

WIDEST_NAME = 34
"""Characters of a name that are shown; longer ones are cut."""
TREE_DEPTH = 2
"""Levels of a tree that are shown."""
STRIP_WIDTH = 100
"""Characters of a strip."""


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
    if column.look is Look.SPANS:
        return [Text(spans_text(row, width), no_wrap=True) for row in column.spans]
    if column.look is Look.BAR:
        return [Text(bar(float(value), width), no_wrap=True) for value in column.values]
    if column.look is Look.PROSE:
        return [Text(cell, overflow="fold") for cell in column.cells]
    return [Text(cell, no_wrap=True, overflow="ellipsis") for cell in column.cells]


@rendered.register
def _(part: Cards) -> RenderableType:
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    for card in part.items:
        grid.add_row(Text(card.name), Text(card.value), Text(card.remark))
    return grid


@rendered.register
def _(part: Tree) -> RenderableType:
    limbs = Limbs(Text(f"{part.title}: {part.write(part.root.value)}", style="bold"), guide_style="dim")
    _grow(limbs, part.root, part, TREE_DEPTH)
    return limbs


def _grow(limbs: Limbs, branch: Branch, tree: Tree, depth: int) -> None:
    for child in branch.children:
        limb = limbs.add(Text(f"{child.name}  {tree.write(child.value)}"))
        if depth > 1:
            _grow(limb, child, tree, depth - 1)


@rendered.register
def _(part: Raster) -> RenderableType:
    return _drawn(part.title, raster_lines(part))


@rendered.register
def _(part: Maps) -> RenderableType:
    return _drawn(part.title, map_lines(part))


@rendered.register
def _(part: Strip) -> RenderableType:
    return _drawn(part.title, [spans_text(part.spans, STRIP_WIDTH), legend_text(part)])


def _drawn(title: str, lines: Iterable[str]) -> RenderableType:
    return Group(Text(title, style="bold"), *(Text(line, no_wrap=True) for line in lines))


@rendered.register
def _(part: Drawing) -> RenderableType:
    return _drawn(part.title, drawing_lines(part))


@rendered.register
def _(part: Curves) -> RenderableType:
    return _drawn(part.title, curve_lines(part))


@rendered.register
def _(part: Scatter) -> RenderableType:
    return _drawn(part.title, scatter_lines(part))


@rendered.register
def _(part: Strands) -> RenderableType:
    return _drawn(part.title, strand_lines(part))


@rendered.register
def _(part: Tabs) -> RenderableType:
    return Group(*(Group(Text(tab.name, style="dim"), *map(rendered, tab.parts)) for tab in part.tabs))
