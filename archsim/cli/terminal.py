"""Where commands print: results on stdout, everything else on stderr. All text is escaped here."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from archsim.escaping import visible

if TYPE_CHECKING:
    import pandas as pd

    from archsim.columns import Columns
    from archsim.errors import ArchsimError
    from archsim.report import Document

PIPE_WIDTH = 140
"""Columns where stdout is no terminal."""


def show(document: Document) -> None:
    """Print a document on stdout, an empty line between sections."""
    from archsim.report import Verbatim
    from archsim.report.terminal import rendered

    width = None if sys.stdout.isatty() else PIPE_WIDTH
    console = Console(width=width, markup=False, highlight=False)
    for number, section in enumerate(document.sections):
        if number:
            write("")
        if section.title:
            console.print(_Visible(Text(section.title, style="bold underline")))
        for part in section.parts:
            if isinstance(part, Verbatim):
                write(part.text)
            else:
                console.print(_Visible(rendered(part)))


def write(text: str) -> None:
    """Print a text on stdout as it is: for files and other programs."""
    print(visible(text))


def write_csv(table: Columns | pd.DataFrame) -> None:
    """Print a table on stdout as CSV."""
    from archsim.report import csv_text

    print(visible(csv_text(table)), end="")


def tell(text: Text) -> None:
    """Print a message on stderr, where that can be written."""
    with suppress(OSError):
        Console(stderr=True, highlight=False, soft_wrap=True).print(_Visible(text))


def show_error(error: ArchsimError) -> None:
    """Print what is wrong, where, and what to do about it, on stderr."""
    text = Text.assemble(("error", "bold red"), f": {error.what}")
    for heading, words in (("where", error.where), ("remedy", error.remedy)):
        if words:
            text.append_text(Text.assemble(("\n" + f"{heading}:".rjust(9), "dim"), f" {words}"))
    tell(text)


def show_note(words: str) -> None:
    """Print a remark on stderr."""
    tell(Text.assemble(("note", "bold"), f": {words}"))


class _Visible:
    """What is printed, with the characters escaped that a terminal would obey instead of showing them."""

    def __init__(self, renderable: RenderableType) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, style, control in console.render(self._renderable, options):
            yield Segment(text if control else visible(text), style, control)
