"""Results as files: every one is written beside its place and moved there when it is whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

import pandas as pd

from archsim.accounting import Ledger
from archsim.chip import resolved_yaml
from archsim.errors import InputError
from archsim.report.firings import firing_table
from archsim.report.records import json_text
from archsim.report.summary import Summary, summary_data

TABLES = ("energy", "area", "states", "resources", "layers")
"""Names of the Ledger's tables, and of their files."""

FIRINGS, CHIP, SUMMARY = "firings", "chip.yaml", "summary.json"


class TableFormat(StrEnum):
    """File formats of tables; also the files' endings."""

    CSV = "csv"
    PARQUET = "parquet"


def prepare_directory(directory: Path) -> None:
    """Make a directory, and see whether files can be made in it.

    Raises
    ------
    InputError
        If not.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise _unwritable(directory, error) from error


def write_results(directory: Path, summary: Summary, table_format: TableFormat = TableFormat.CSV) -> tuple[Path, ...]:
    """Write everything that a run came to.

    The tables of the Ledger, ``firings`` where they were logged, ``chip.yaml``, and last of all ``summary.json``: where
    that is, the directory is whole. What an earlier run left there under these names goes first.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    InputError
        If one cannot be written.
    """
    _clear(directory)
    result = summary.result
    written = [write_table(directory / name, table, table_format) for name, table in ledger_tables(result.ledger)]
    if result.trace.log is not None:
        written.append(write_table(directory / FIRINGS, firing_table(result.trace), table_format))
    written.append(write_text(directory / CHIP, resolved_yaml(result.chip)))
    written.append(write_text(directory / SUMMARY, json_text(summary_data(summary)) + "\n"))
    return tuple(written)


def _clear(directory: Path) -> None:
    tables = [f"{name}.{ending}" for name in (*TABLES, FIRINGS) for ending in TableFormat]
    for name in (SUMMARY, *tables):
        try:
            (directory / name).unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(directory / name, error) from error


def ledger_tables(ledger: Ledger) -> tuple[tuple[str, pd.DataFrame], ...]:
    """The Ledger's tables with the names of their files."""
    tables = (ledger.energy, ledger.area, ledger.states, ledger.resources, ledger.layers)
    return tuple(zip(TABLES, tables, strict=True))


def write_table(stem: Path, table: pd.DataFrame, table_format: TableFormat) -> Path:
    """Write a table to ``stem`` with the format's ending.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    path = stem.with_name(f"{stem.name}.{table_format}")
    if table_format is TableFormat.PARQUET:
        return _replace(path, lambda part: table.to_parquet(part, index=False))
    return _replace(path, lambda part: table.to_csv(part, index=False))


def write_text(path: Path, text: str) -> Path:
    """Write a text file.

    Raises
    ------
    InputError
        If it cannot be written.
    """

    def write(part: Path) -> None:
        part.write_text(text, encoding="utf-8")

    return _replace(path, write)


def _replace(path: Path, write: Callable[[Path], None]) -> Path:
    """Write to a file beside ``path``, then move it there: a reader finds all of it, or what was there before."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(part)
        part.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink()
    return path


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"cannot be written: {error.strerror or error}",
        where=str(path),
        remedy="Give a directory that you may write to, on a disk with room: --out DIR.",
    )
