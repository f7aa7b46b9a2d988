"""A Document as Markdown: GitHub's tables, no HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import singledispatch

from archsim.report.document import Bullets, Document, Facts, Look, Paragraph, Part, Remark, Table, Verbatim

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def markdown(document: Document) -> str:
    """All of a document as Markdown text."""
    return "\n\n".join(block for section in document.sections for part in section.parts if (block := written(part)))


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
    shown = [column for column in part.columns if column.look is not Look.BAR]
    rows = zip(*(map(escaped, column.cells) for column in shown), strict=True)
    text = pipe_table(
        [escaped(column.heading) for column in shown], rows, right=[column.look is Look.NUMBER for column in shown]
    )
    return f"**{escaped(part.title)}**\n\n{text}" if part.title else text


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
