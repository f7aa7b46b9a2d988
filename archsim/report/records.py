"""Tables as JSON."""

from __future__ import annotations

import json
from typing import TypeAlias

import pandas as pd
from pydantic import JsonValue

Record: TypeAlias = dict[str, JsonValue]


def records(table: pd.DataFrame) -> list[JsonValue]:
    """Rows as JSON objects, ``null`` where a value is missing."""
    rows = table.astype(object).where(table.notna(), None).to_dict(orient="records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def json_text(document: JsonValue) -> str:
    """A document as JSON text; strict, so that NaN is an error here and not at its reader's."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
