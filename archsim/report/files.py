"""Results as files: those of a command are written beside their places and moved there together."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from archsim.accounting import Ledger
from archsim.chip import resolved_yaml
from archsim.columns import Columns
from archsim.errors import InputError
from archsim.report.firings import firing_table
from archsim.report.records import csv_text, json_text
from archsim.report.summary import Summary, summary_data

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

TABLES = ("energy", "area", "states", "resources", "layers", "memory")
"""Names of the Ledger's tables, and of their files."""

FIRINGS, CHIP, PAGE, SUMMARY = "firings", "chip.yaml", "report.html", "summary.json"
CRITICAL_PATH = "critical-path"
LOCK, PART = ".archsim.lock", ".archsim-part-"

LEAST_ROOM = 1 << 16
"""Bytes that must find room in a directory before a run is begun."""
DOTS_PER_INCH = 150


class TableFormat(StrEnum):
    """File formats of tables; also the files' endings."""

    CSV = "csv"
    PARQUET = "parquet"


RUN_FILES = (
    *(SUMMARY, PAGE),
    *(f"{name}.{ending}" for name in (*TABLES, FIRINGS, CRITICAL_PATH) for ending in TableFormat),
)
"""Files that some run, if not every one, leaves."""


@contextmanager
def results_directory(directory: Path, *, replaces: Sequence[str] = ()) -> Iterator[Path]:
    """A folder to write results into. They appear in ``directory`` together, once all of them are written.

    Whether there can be any is seen at once. Nobody else writes there meanwhile. What a process that was killed has
    left there goes.

    Parameters
    ----------
    directory : Path
        Made where it does not exist.
    replaces : sequence of str
        Names of files that an earlier result may have left there, and which go.

    Raises
    ------
    InputError
        If the directory cannot be written, or another process writes there.
    """
    with _writing(directory):
        directory.mkdir(parents=True, exist_ok=True)
    with _alone_in(directory):
        with _writing(directory):
            _remove_leftovers(directory)
            part = Path(tempfile.mkdtemp(prefix=PART, dir=directory))
        try:
            with _writing(directory):
                _see_whether_there_is_room(part)
            yield part
            _publish(part, directory, replaces)
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout  # late: most commands write no files

    lock = FileLock(directory / LOCK, timeout=0, mode=0o666)
    with _writing(directory):
        try:
            lock.acquire()
        except Timeout:
            raise InputError(
                "another run is writing its results here",
                where=str(directory),
                remedy="Wait for it, or give another directory: --out DIR.",
            ) from None
    try:
        yield
    finally:
        # Before it is released: who has opened the file meanwhile sees that its name is gone, and begins anew.
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def _remove_leftovers(directory: Path) -> None:
    for left in directory.glob(f"{PART}*"):
        shutil.rmtree(left)


def _see_whether_there_is_room(directory: Path) -> None:
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(bytes(LEAST_ROOM))
        file.flush()
        os.fsync(file.fileno())


def _publish(part: Path, directory: Path, replaces: Sequence[str]) -> None:
    """Move the files in the order in which they were written: the last one says that the directory is whole."""
    written = sorted(part.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    with _writing(directory):
        for name in (*reversed([file.name for file in written]), *replaces):
            (directory / name).unlink(missing_ok=True)
        for file in written:
            file.replace(directory / file.name)


def write_results(directory: Path, summary: Summary, table_format: TableFormat = TableFormat.CSV) -> tuple[Path, ...]:
    """Write everything that a run came to, into a folder that ``results_directory`` gives.

    The tables of the Ledger, ``firings`` where they were logged, ``chip.yaml``, and last of all ``summary.json``.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    InputError
        If one cannot be written.
    """
    result = summary.result
    written = [write_table(directory / name, table, table_format) for name, table in ledger_tables(result.ledger)]
    if result.trace.log is not None:
        written.append(write_table(directory / FIRINGS, firing_table(result.trace), table_format))
    written.append(write_text(directory / CHIP, resolved_yaml(result.chip)))
    written.append(write_text(directory / SUMMARY, json_text(summary_data(summary)) + "\n"))
    return tuple(written)


def ledger_tables(ledger: Ledger) -> tuple[tuple[str, Columns], ...]:
    """The Ledger's tables with the names of their files."""
    of = ledger.tables
    return tuple(zip(TABLES, (of.energy, of.area, of.states, of.resources, of.layers, of.memory), strict=True))


def write_table(stem: Path, table: Columns | pd.DataFrame, table_format: TableFormat) -> Path:
    """Write a table to ``stem`` with the format's ending.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    path = stem.with_name(f"{stem.name}.{table_format}")
    if table_format is TableFormat.CSV:
        return write_text(path, csv_text(table))
    frame = table.frame() if isinstance(table, Columns) else table
    with _writing(path):
        frame.to_parquet(path, index=False)
    return path


def write_text(path: Path, text: str) -> Path:
    """Write a text file.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    with _writing(path):
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    return path


def publish_text(path: Path, text: str) -> Path:
    """Write a text file as `publish_bytes` does.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    return publish_bytes(path, text.encode("utf-8", "backslashreplace"))


def publish_bytes(path: Path, data: bytes) -> Path:
    """Write a file as `publish_parts` does.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    return publish_parts(path, (data,))


def publish_parts(path: Path, parts: Iterable[bytes]) -> Path:
    """Write a file beside its place and move it there: a reader finds all of it, or what was there before.

    Parameters
    ----------
    path : Path
    parts : iterable of bytes
        One after the other.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _writing(path):
            with part.open("wb") as file:
                file.writelines(parts)
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def write_figure(path: Path, figure: Figure) -> Path:
    """Write a figure, in the format of the path's ending.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    with _writing(path):
        figure.savefig(path, dpi=DOTS_PER_INCH)
    return path


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}",
            where=str(path),
            remedy="Give a directory that you may write to, on a disk with room: --out DIR.",
        ) from error
