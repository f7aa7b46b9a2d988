"""That a file can be used, as a document."""

from __future__ import annotations

from archsim.report.document import Document, Verbatim, section


def check_document(file: str, kind: str, facts: str) -> Document:
    """A file that is fine.

    Parameters
    ----------
    file, kind : str
        Its name, and what it is: ``chip`` or ``network``.
    facts : str
        What it holds, in a line.
    """
    return Document((section(Verbatim(f"{file} is fine: {facts}")),), {"file": file, "kind": kind, "facts": facts})
