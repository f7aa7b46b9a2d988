"""An exploration as files: tables, a page, and the best points as chip files."""

from __future__ import annotations

from pathlib import Path

from archsim.exploration import Exploration
from archsim.report.exploration.document import exploration_data, exploration_page
from archsim.report.files import PAGE, SUMMARY, TableFormat, write_table, write_text
from archsim.report.html import html
from archsim.report.records import json_text

_TABLES = ("points", "front", "changes", "importance", "sensitivity")
EXPLORATION_FILES = (SUMMARY, PAGE, *(f"{name}.{ending}" for name in _TABLES for ending in TableFormat))
"""Files that an exploration may leave, its chips aside."""


def write_exploration(folder: Path, found: Exploration, table_format: TableFormat) -> None:
    """Write everything that an exploration came to, into a folder that ``results_directory`` gives.

    The tables, ``chip-N.yaml`` for each of the best points, the page, and last of all ``summary.json``.

    Raises
    ------
    InputError
        If one cannot be written.
    """
    frames = (found.table, found.front, found.changes, found.importance, found.sensitivity)
    for name, frame in zip(_TABLES, frames, strict=True):
        texts = frame.astype({column: "string" for column in frame if frame[column].dtype == object})
        write_table(folder / name, texts, table_format)
    for number in found.best.point.tolist():
        write_text(folder / chip_name(number), found.chip_file(number))
    write_text(folder / PAGE, html(exploration_page(found)))
    write_text(folder / SUMMARY, json_text(exploration_data(found)) + "\n")


def chip_name(number: int) -> str:
    """The file of a point's chip."""
    return f"chip-{number:06d}.yaml"
