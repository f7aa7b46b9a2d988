"""Files appear whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from archsim.columns import Columns, Ids, Reals, Texts, texts
from archsim.errors import InputError
from archsim.report import TableFormat, csv_text, json_text, results_directory, write_table
from archsim.report.files import PART, write_text
from archsim.report.records import records

TABLE = pd.DataFrame({"name": ["a", "b"], "count": [1, 2], "share": [0.1, 1 / 3]})


@pytest.mark.parametrize(
    ("table_format", "read"), [(TableFormat.CSV, pd.read_csv), (TableFormat.PARQUET, pd.read_parquet)]
)
def test_table_reads_back(tmp_path: Path, table_format: TableFormat, read: object) -> None:
    path = write_table(tmp_path / "table", TABLE, table_format)
    assert path.name == f"table.{table_format}"
    pd.testing.assert_frame_equal(read(path), TABLE, rtol=1e-14)
    assert list(tmp_path.iterdir()) == [path]


def files(directory: Path) -> dict[str, str]:
    """What a directory holds."""
    return {file.name: file.read_text() for file in directory.iterdir()}


def test_files_appear_together(tmp_path: Path) -> None:
    (tmp_path / "energy.csv").write_text("of an earlier run")
    (tmp_path / "notes.txt").write_text("the user's")
    with results_directory(tmp_path, replaces=["energy.csv", "firings.csv"]) as folder:
        write_text(folder / "energy.parquet", "new")
        write_text(folder / "summary.json", "new")
        assert (tmp_path / "energy.csv").read_text() == "of an earlier run"
    assert files(tmp_path) == {"energy.parquet": "new", "summary.json": "new", "notes.txt": "the user's"}


def test_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "summary.json").write_text("before")

    def half(self: Path, text: str, **_: str) -> None:
        with self.open("w") as part:
            part.write(text[:3])
        raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match="No space left") as caught, results_directory(tmp_path) as folder:
        monkeypatch.setattr(Path, "write_text", half)
        write_text(folder / "summary.json", "after the change")
    assert "--out" in caught.value.remedy
    assert files(tmp_path) == {"summary.json": "before"}


def test_directory_is_made_with_its_parents(tmp_path: Path) -> None:
    with results_directory(tmp_path / "a" / "b") as folder:
        write_text(folder / "table", "1")
    assert files(tmp_path / "a" / "b") == {"table": "1"}


@pytest.mark.parametrize("place", ["taken", "taken/below", "/dev/null/results", "/proc/results"])
def test_place_that_cannot_be_a_directory_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(InputError, match="cannot be written"), results_directory(tmp_path / place):
        pytest.fail("it was opened")


def test_what_a_killed_process_left_goes(tmp_path: Path) -> None:
    (tmp_path / f"{PART}killed").mkdir()
    (tmp_path / f"{PART}killed" / "energy.csv").write_text("half of")
    with results_directory(tmp_path) as folder:
        write_text(folder / "energy.csv", "whole")
    assert files(tmp_path) == {"energy.csv": "whole"}


def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    hold = "import sys; from pathlib import Path; from archsim.report import results_directory\n"
    hold += "with results_directory(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    first = subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="another run") as caught, results_directory(tmp_path):
            pytest.fail("both write")
        first.kill()
    assert caught.value.where == str(tmp_path)
    with results_directory(tmp_path) as folder:
        write_text(folder / "energy.csv", "whole")
    assert files(tmp_path) == {"energy.csv": "whole"}


def test_formulas_are_texts_in_csv_and_numbers_stay_numbers() -> None:
    texts = ["=1+1", "+x", "-x", "@sum", "a=b", "\x1b[31m", ""]
    table = pd.DataFrame({"layer": texts, "change": [-1.5, -2.0, 3.0, np.nan, 0.0, 1.0, 2.0]})
    assert csv_text(table).splitlines() == [
        "layer,change", "'=1+1,-1.5", "'+x,-2.0", "'-x,3.0", "'@sum,", "a=b,0.0", "\\x1b[31m,1.0", ",2.0",
    ]  # fmt: skip


def test_records_have_null_where_a_value_is_missing() -> None:
    frame = pd.DataFrame({"layer": ["a", "b"], "energy_j": [1.5, np.nan], "count": [1, 2]})
    assert json.loads(json_text(records(frame))) == [
        {"layer": "a", "energy_j": 1.5, "count": 1},
        {"layer": "b", "energy_j": None, "count": 2},
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Sample(Columns):
    """A column of each kind."""

    name: Texts
    count: Ids
    share: Reals
    told: NDArray[np.bool_]


def sample() -> Sample:
    """What is written in another way by whoever is careless: texts with commas, quotes and ends, extreme numbers."""
    names = texts(["a,b", 'say "x"', "two\nlines", "", "=1+1", "plain"])
    shares = np.array([0.1, 1 / 3, 1e-300, 1e16, np.nan, -0.0])
    return Sample(names, np.array([1, -2, 10**15, 0, 3, 4]), shares, np.array([True, False] * 3))


def test_columns_are_written_as_a_dataframe_of_the_same_is(tmp_path: Path) -> None:
    assert csv_text(sample()) == csv_text(sample().frame())
    assert csv_text(sample().take(slice(0))) == csv_text(sample().take(slice(0)).frame()) == "name,count,share,told\n"
    assert json_text(records(sample())) == json_text(records(sample().frame()))
    for table_format in TableFormat:
        files = [write_table(tmp_path / name, table, table_format) for name, table in pairs(sample())]
        assert files[0].read_bytes() == files[1].read_bytes()


def pairs(table: Columns) -> tuple[tuple[str, Columns], tuple[str, pd.DataFrame]]:
    return ("columns", table), ("frame", table.frame())


def test_a_frame_of_columns_is_its_readers_own() -> None:
    table = sample()
    frame = table.frame()
    frame.loc[0, "share"] = 7.0
    assert table.share[0] == 0.1 and list(frame.columns) == list(table.names())


def test_json_refuses_what_its_readers_would() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_text({"energy_j": float("nan")})
