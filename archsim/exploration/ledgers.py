"""Whole ledgers as Parquet: a folder for each table, and in it a file for each point: a folder reads as one table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pandas as pd

from archsim.accounting import Ledger

FOLDER = "ledgers"
TABLES = ("energy", "area", "states", "resources", "layers", "memory")
"""Of the Ledger."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A table of a point's ledgers.

    Parameters
    ----------
    table : str
        Its name.
    data : bytes
        As a Parquet file.
    """

    table: str
    data: bytes


Ledgers = tuple[Packed, ...]


def packed(number: int, ledgers: Sequence[tuple[str, Ledger]]) -> Ledgers:
    """The ledgers of a point's networks, table by table, with columns ``point`` and ``network`` before the others."""
    return tuple(Packed(table, _parquet(number, table, ledgers)) for table in TABLES) if ledgers else ()


def _parquet(number: int, table: str, ledgers: Sequence[tuple[str, Ledger]]) -> bytes:
    file = BytesIO()
    frames = [_labelled(getattr(ledger, table), number, network) for network, ledger in ledgers]
    (frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)).to_parquet(file, index=False)
    return file.getvalue()


def _labelled(frame: pd.DataFrame, number: int, network: str) -> pd.DataFrame:
    labelled = frame.copy(deep=False)
    labelled.insert(0, "point", number)
    labelled.insert(1, "network", network)
    return labelled


def write_ledgers(folder: Path, number: int, ledgers: Ledgers) -> None:
    """Write a point's tables; each is whole or not there.

    Raises
    ------
    OSError
    """
    for one in ledgers:
        file = folder / FOLDER / one.table / f"{number:06d}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}.{os.getpid()}.part")
        try:
            part.write_bytes(one.data)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)


def read_ledgers(folder: Path, table: str) -> pd.DataFrame:
    """One table of all points.

    Parameters
    ----------
    folder : Path
        Of the study's store.
    table : str
        ``energy, area, states, resources, layers`` or ``memory``.
    """
    return pd.read_parquet(folder / FOLDER / table)
