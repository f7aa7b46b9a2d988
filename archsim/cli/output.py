"""Where a command's files go, if any are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from archsim.errors import InputError


def refuse_place(file: Path, option: str, endings: Sequence[str]) -> None:
    """Refuse a file to write that is named wrongly, or whose directory is not there: before the work, not after it.

    Raises
    ------
    InputError
    """
    if not file.name.endswith(tuple(endings)):
        raise InputError(
            f"{file.name!r} does not end in {' or '.join(endings)}",
            where=option,
            remedy=f"Give a file, as {file.stem or 'file'}{endings[0]}.",
        )
    if not file.parent.is_dir():
        raise InputError(f"there is no directory {file.parent}", where=option, remedy="Make it first.")


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
