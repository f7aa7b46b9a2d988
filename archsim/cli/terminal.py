"""Where commands print: results on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd

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
        for part in section.parts:
            if isinstance(part, Verbatim):
                write(part.text)
            else:
                console.print(rendered(part))


def write(text: str) -> None:
    """Print a text on stdout as it is: for files and other programs."""
    print(text)


def write_csv(table: pd.DataFrame) -> None:
    """Print a table on stdout as CSV."""
    print(table.to_csv(index=False), end="")


def tell(text: Text) -> None:
    """Print a message on stderr."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(text)


def show_error(error: ArchsimError) -> None:
    """Print what is wrong, where, and what to do about it, on stderr."""
    text = Text.assemble(("error", "bold red"), f": {error.what}")
    for heading, words in (("where", error.where), ("remedy", error.remedy)):
        if words:
            text.append_text(Text.assemble(("\n" + f"{heading}:".rjust(9), "dim"), f" {words}"))
    tell(text)
