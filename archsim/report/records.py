"""Tables as JSON and as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np

from archsim.columns import Columns
from archsim.escaping import csv_visible, json_visible

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from pydantic import JsonValue


def records(table: Columns | pd.DataFrame) -> list[JsonValue]:
    """Rows as JSON objects, ``null`` where a value is missing."""
    if isinstance(table, Columns):
        titles = table.titles()
        return [dict(zip(titles, row, strict=True)) for row in _rows(table)]
    rows = table.astype(object).where(table.notna(), None).to_dict(orient="records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def _rows(table: Columns) -> Iterator[tuple[str | int | float | None, ...]]:
    return zip(*map(_values, table.columns()), strict=True)


def _values(column: NDArray[np.generic]) -> list[str | int | float | None]:
    """As Python's own, None where a number is missing."""
    values: list[str | int | float | None] = column.tolist()
    return [None if value != value else value for value in values] if column.dtype.kind == "f" else values


def json_text(document: JsonValue) -> str:
    """A document as JSON text; strict, so that NaN is an error here and not at its reader's."""
    return json_visible(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def csv_text(table: Columns | pd.DataFrame) -> str:
    """A table as CSV, whose texts no spreadsheet takes for formulas."""
    if isinstance(table, Columns):
        return _csv_of(table)
    texts = table.select_dtypes(exclude=["number", "bool"])
    return table.assign(**{str(name): texts[name].map(_csv_cell) for name in texts}).to_csv(index=False)


def _csv_of(table: Columns) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.titles())
    writer.writerows(map(_csv_cell, row) for row in _rows(table))
    return text.getvalue()


def _csv_cell(value: object) -> object:
    return csv_visible(value) if isinstance(value, str) else value
