"""Where a command's files go, if any are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def results(out: Path | None, *, replaces: Sequence[str] = ()) -> Iterator[Path | None]:
    """A folder to write into, whose files appear in ``out`` together; None where no files are wanted.

    Raises
    ------
    InputError
        If ``out`` cannot be written, or another process writes there.
    """
    if out is None:
        yield None
        return
    from archsim.report import results_directory

    with results_directory(out, replaces=replaces) as folder:
        yield folder
