"""In which form a command prints what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.cli.terminal import show, write, write_csv
from archsim.errors import InputError

if TYPE_CHECKING:
    from archsim.report import Document

_OUTPUT = "The output"
Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.", rich_help_panel=_OUTPUT)]
Markdown = Annotated[
    bool, typer.Option("--markdown", help="Print Markdown, and nothing else.", rich_help_panel=_OUTPUT)
]
Csv = Annotated[bool, typer.Option("--csv", help="Print the table as CSV, and nothing else.", rich_help_panel=_OUTPUT)]


@dataclass(frozen=True, slots=True)
class PrintOptions:
    """For people, for programs, or for a page."""

    json: Json = False
    markdown: Markdown = False

    def print(self, document: Document) -> None:
        """Print a document in the form that was asked for.

        Raises
        ------
        InputError
            If two forms were asked for.
        """
        _print(document, json=self.json, markdown=self.markdown)


@dataclass(frozen=True, slots=True)
class TablePrintOptions:
    """As `PrintOptions`, and a table as CSV."""

    json: Json = False
    markdown: Markdown = False
    csv: Csv = False

    def print(self, document: Document) -> None:
        """Print a document in the form that was asked for.

        Raises
        ------
        InputError
            If two forms were asked for.
        """
        _print(document, json=self.json, markdown=self.markdown, csv=self.csv)


def _print(document: Document, **wanted: bool) -> None:
    """Print a document in the one form that is wanted, and for the terminal where none is."""
    forms = [form for form, asked in wanted.items() if asked]
    if len(forms) > 1:
        raise InputError(
            "one output cannot have two forms",
            where=", ".join(f"--{form}" for form in forms),
            remedy="Keep one of them.",
        )
    _PRINTERS[forms[0] if forms else "terminal"](document)


def _print_json(document: Document) -> None:
    from archsim.report import json_text

    write(json_text(document.data))


def _print_markdown(document: Document) -> None:
    from archsim.report.markdown import markdown

    write(markdown(document))


def _print_csv(document: Document) -> None:
    if document.frame is None:
        raise InputError("there is no table here", where="--csv", remedy="Leave it out, or ask for --json.")
    write_csv(document.frame)


_PRINTERS = {"terminal": show, "json": _print_json, "markdown": _print_markdown, "csv": _print_csv}
