"""Text files that a user gives, read within bounds."""

from __future__ import annotations

from pathlib import Path

from archsim.errors import InputError

LARGEST_BYTES = 1_000_000


def read_text(file: Path, kind: str) -> str:
    """The text of a file; a device without end is read no further than a file may reach.

    Parameters
    ----------
    file : Path
    kind : str
        What it should be, for errors: ``"chip file"``.

    Raises
    ------
    InputError
        If it cannot be read, is larger than `LARGEST_BYTES`, or is no text.
    """
    remedy = f"Give the path of a {kind} in YAML, UTF-8."
    try:
        with file.open("rb") as opened:
            held = opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(file), remedy=remedy) from None
    if len(held) > LARGEST_BYTES:
        what = f"a file of more than {LARGEST_BYTES:,} bytes is no {kind}"
        raise InputError(what, where=str(file), remedy=remedy)
    try:
        return held.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("this is not a text file", where=str(file), remedy=remedy) from None
