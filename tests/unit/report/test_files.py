"""Files appear whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from archsim.errors import InputError
from archsim.report import TableFormat, json_text, prepare_directory, records, write_table
from archsim.report.files import write_text

TABLE = pd.DataFrame({"name": ["a", "b"], "count": [1, 2], "share": [0.1, 1 / 3]})


@pytest.mark.parametrize(
    ("table_format", "read"), [(TableFormat.CSV, pd.read_csv), (TableFormat.PARQUET, pd.read_parquet)]
)
def test_table_reads_back(tmp_path: Path, table_format: TableFormat, read: object) -> None:
    path = write_table(tmp_path / "table", TABLE, table_format)
    assert path.name == f"table.{table_format}"
    pd.testing.assert_frame_equal(read(path), TABLE, rtol=1e-14)
    assert list(tmp_path.iterdir()) == [path]


def test_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_text(tmp_path / "summary.json", "before")

    def half(self: Path, text: str, encoding: str) -> None:
        with self.open("w", encoding=encoding) as part:
            part.write(text[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(InputError, match="No space left") as caught:
        write_text(file, "after the change")
    assert caught.value.where == str(file)
    assert "--out" in caught.value.remedy
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_directory_is_made_with_its_parents(tmp_path: Path) -> None:
    prepare_directory(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_file_in_place_of_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(InputError, match="cannot be written"):
        prepare_directory(tmp_path / "taken")


def test_records_have_null_where_a_value_is_missing() -> None:
    frame = pd.DataFrame({"layer": ["a", "b"], "energy_j": [1.5, np.nan], "count": [1, 2]})
    assert json.loads(json_text(records(frame))) == [
        {"layer": "a", "energy_j": 1.5, "count": 1},
        {"layer": "b", "energy_j": None, "count": 2},
    ]


def test_json_refuses_what_its_readers_would() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_text({"energy_j": float("nan")})
