"""A Document as Markdown: GitHub's tables, no HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import singledispatch

from archsim.report.document import (
    Branch,
    Bullets,
    Cards,
    Curves,
    Document,
    Drawing,
    Facts,
    Look,
    Maps,
    Paragraph,
    Part,
    Raster,
    Remark,
    Scatter,
    Section,
    Strands,
    Strip,
    Table,
    Tabs,
    Tree,
    Verbatim,
)
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

STRIP_WIDTH = 100
"""Characters of a strip."""
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def markdown(document: Document) -> str:
    """All of a document as Markdown text."""
    title = [f"# {escaped(document.title)}"] if document.title else []
    return "\n\n".join([*title, *(block for section in document.sections for block in _blocks(section))])


def _blocks(section: Section) -> list[str]:
    title = [f"## {escaped(section.title)}"] if section.title else []
    return [*title, *filter(None, map(written, section.parts))]


@singledispatch
def written(part: Part) -> str:
    """A part of a document as a Markdown block."""
    raise NotImplementedError(type(part))


@written.register
def _(part: Paragraph) -> str:
    lines = (f"**{escaped(part.lead.strip())}**" if part.lead else "") + _spaced(part.text)
    return "  \n".join(line for line in lines.strip().split("\n") if line.strip())


def _spaced(text: str) -> str:
    return escaped(f" {text}" if text[:1].isalnum() else text)


@written.register
def _(part: Remark) -> str:
    return f"*{escaped(part.text)}*"


@written.register
def _(part: Bullets) -> str:
    return "\n".join(f"* {escaped(item)}" for item in part.items)


@written.register
def _(part: Verbatim) -> str:
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", part.text)), default=0))
    return f"{fence}{part.language}\n{part.text.rstrip()}\n{fence}"


@written.register
def _(part: Facts) -> str:
    rows = [(fact.name, f"**{escaped(fact.value)}**", escaped(fact.remark)) for fact in part.rows]
    return pipe_table(("figure", "value", ""), rows, right=(False, True, False))


@written.register
def _(part: Table) -> str:
    shown = [column for column in part.columns if column.look not in (Look.BAR, Look.SPANS)]
    rows = zip(*(map(escaped, column.cells) for column in shown), strict=True)
    text = pipe_table(
        [escaped(column.heading) for column in shown], rows, right=[column.look is Look.NUMBER for column in shown]
    )
    return f"**{escaped(part.title)}**\n\n{text}" if part.title else text


@written.register
def _(part: Cards) -> str:
    rows = [(escaped(card.name), f"**{escaped(card.value)}**", escaped(card.remark)) for card in part.items]
    return pipe_table(("figure", "value", ""), rows, right=(False, True, False))


@written.register
def _(part: Tree) -> str:
    lines = [f"**{escaped(part.title)}: {escaped(part.write(part.root.value))}**", ""]
    return "\n".join([*lines, *_limbs(part.root, part, 0)])


def _limbs(branch: Branch, tree: Tree, depth: int) -> list[str]:
    lines = []
    for child in branch.children:
        lines.append(f"{'  ' * depth}* {escaped(child.name)}: {escaped(tree.write(child.value))}")
        lines.extend(_limbs(child, tree, depth + 1))
    return lines


@written.register
def _(part: Raster) -> str:
    return _drawn(part.title, raster_lines(part))


@written.register
def _(part: Maps) -> str:
    return _drawn(part.title, map_lines(part))


@written.register
def _(part: Strip) -> str:
    return _drawn(part.title, [spans_text(part.spans, STRIP_WIDTH), legend_text(part)])


def _drawn(title: str, lines: Iterable[str]) -> str:
    return f"**{escaped(title)}**\n\n{written(Verbatim(chr(10).join(lines)))}"


@written.register
def _(part: Drawing) -> str:
    return _drawn(part.title, drawing_lines(part))


@written.register
def _(part: Curves) -> str:
    return _drawn(part.title, curve_lines(part))


@written.register
def _(part: Scatter) -> str:
    return _drawn(part.title, scatter_lines(part))


@written.register
def _(part: Strands) -> str:
    return _drawn(part.title, strand_lines(part))


@written.register
def _(part: Tabs) -> str:
    return "\n\n".join(block for tab in part.tabs for block in (f"### {escaped(tab.name)}", *map(written, tab.parts)))


def pipe_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[bool] = ()) -> str:
    """A table in GitHub's Markdown.

    Parameters
    ----------
    headings : sequence of str
    rows : iterable of sequence of str
        Cells in Markdown; line breaks become spaces.
    right : sequence of bool, optional
        Which columns stand to the right.
    """
    rule = ["---:" if to_right else "---" for to_right in right] or ["---"] * len(headings)
    lines = [headings, rule, *([cell.replace("\n", " ") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def escaped(text: str) -> str:
    """Text of which Markdown changes nothing."""
    return _SPECIAL.sub(r"\\\1", text)
