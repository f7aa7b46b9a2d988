"""A document and its forms."""

from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from archsim.report.document import (
    Bullets,
    Document,
    Fact,
    Facts,
    Paragraph,
    Part,
    Remark,
    Verbatim,
    bars,
    names,
    numbers,
    prose,
    section,
    table,
)
from archsim.report.markdown import markdown, written
from archsim.report.quantities import percent
from archsim.report.terminal import rendered

TABLE = table("Shares", names("part", ["a|b", "c*d*"]), numbers("share", [0.5, 0.25], percent), bars([0.5, 0.25]))
PARTS: list[Part] = [
    TABLE,
    Facts((Fact("speed", "3 m/s", "on the level"),)),
    Paragraph("Lead", " and the rest"),
    Remark("aside"),
    Bullets(("first", "second")),
    Verbatim("a: 1", "yaml"),
]


def test_columns_of_unequal_length_make_no_table() -> None:
    with pytest.raises(ValueError, match="1 and 2 cells"):
        table("", names("a", ["1", "2"]), prose("b", ["1"]))


def test_a_column_keeps_what_its_cells_were_written_from() -> None:
    assert TABLE.columns[1].cells == ("50.0 %", "25.0 %")
    assert TABLE.columns[1].values == (0.5, 0.25)


def test_bars_are_as_long_as_the_table_says() -> None:
    console = Console(file=StringIO(), width=80)
    console.print(rendered(table("", bars([1.0, 0.5]), width=8)))
    assert [line.strip() for line in console.file.getvalue().splitlines()[1:]] == ["█" * 8, "█" * 4]


@pytest.mark.parametrize("part", PARTS[:-1], ids=lambda part: type(part).__name__)
def test_the_terminal_shows_every_part(part: Part) -> None:
    console = Console(file=StringIO(), width=80)
    console.print(rendered(part))
    assert console.file.getvalue().strip()


def test_markdown_of_a_table() -> None:
    assert written(TABLE).splitlines() == [
        "**Shares**",
        "",
        "| part | share |",
        "| --- | ---: |",
        r"| a\|b | 50.0 % |",
        r"| c\*d\* | 25.0 % |",
    ]


def test_markdown_of_a_document() -> None:
    document = Document((section(*PARTS[1:4]), section(*PARTS[4:])), None)
    assert markdown(document).split("\n\n") == [
        "| figure | value |  |\n| --- | ---: | --- |\n| speed | **3 m/s** | on the level |",
        "**Lead** and the rest",
        "*aside*",
        "* first\n* second",
        "```yaml\na: 1\n```",
    ]


@given(st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1).filter(str.strip))
def test_a_markdown_reader_sees_the_cells_as_they_were(cell: str) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(written(table("", names("name", [cell, "x"]))))
    inline = [token for token in tokens if token.type == "inline"]
    assert "".join(child.content for child in inline[1].children) == cell.strip()


@given(st.text("`a\n", min_size=1))
def test_verbatim_text_cannot_end_its_fence(text: str) -> None:
    tokens = MarkdownIt().parse(written(Verbatim(text)))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content == text.rstrip() + "\n"
