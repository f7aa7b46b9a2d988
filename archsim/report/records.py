"""Tables as JSON and as CSV."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from archsim.escaping import csv_visible, json_visible

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import JsonValue


def records(table: pd.DataFrame) -> list[JsonValue]:
    """Rows as JSON objects, ``null`` where a value is missing."""
    rows = table.astype(object).where(table.notna(), None).to_dict(orient="records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def json_text(document: JsonValue) -> str:
    """A document as JSON text; strict, so that NaN is an error here and not at its reader's."""
    return json_visible(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV, whose texts no spreadsheet takes for formulas."""
    texts = table.select_dtypes(exclude=["number", "bool"])
    return table.assign(**{str(name): texts[name].map(_csv_cell) for name in texts}).to_csv(index=False)


def _csv_cell(value: object) -> object:
    return csv_visible(value) if isinstance(value, str) else value
