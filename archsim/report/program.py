"""A Program as a document: its listing."""

from __future__ import annotations

from archsim.program import Program, text_lines
from archsim.report.document import Document, Verbatim, section


def program_document(program: Program, *, limit: int | None = None) -> Document:
    """The listing of a Program.

    Parameters
    ----------
    program : Program
    limit : int or None
        Most rows of each table; all of them for None.
    """
    lines = tuple(text_lines(program, limit=limit))
    counts = {name: len(getattr(program, name)) for name in ("resources", "actors", "channels")}
    return Document((section(Verbatim("\n".join(lines))),), {**counts, "listing": list(lines)})
