"""`archsim compare` as a user calls it."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest

from archsim import figures
from archsim.errors import InputError
from tests.e2e.cli_calls import fail, succeed, succeed_json

ASKED = ("compare", "mlp-hermes", "lstm-ptb", "--seq", "2", "--chips", "pcm-mesh-14nm,isaac")


def test_terminal_shows_figures_ratios_bounds_and_what_is_not_alike() -> None:
    text = succeed(*ASKED)
    for words in ("mlp-hermes: ", "lstm-ptb: ", "GOP/s/W", "TOP/s/mm²", "x energy", "bound by", "power conversion"):
        assert words in text
    assert "Not alike" in text and "leakage priced: all on pcm-mesh-14nm; in part on isaac" in text
    assert "Estimates: at 14 nm" in text


def test_json_has_all_rows_with_all_digits() -> None:
    found = succeed_json(*ASKED, "--json")
    rows = found["rows"]
    assert isinstance(rows, list)
    assert [(row["network"], row["chip"]) for row in rows] == [
        (network, chip) for network in ("mlp-hermes", "lstm-ptb") for chip in ("pcm-mesh-14nm", "isaac")
    ]
    assert found["baseline"] == "pcm-mesh-14nm"
    assert rows[0]["weight_bits"] is None and rows[1]["weight_bits"] == 16


def test_csv_is_the_frame() -> None:
    frame = pd.read_csv(StringIO(succeed(*ASKED, "--csv", "--baseline", "isaac")), keep_default_na=False)
    assert frame.chip.tolist() == ["pcm-mesh-14nm", "isaac"] * 2
    assert frame.energy_gain.astype(float).tolist()[1::2] == [1.0, 1.0]


def test_files_of_a_sweep_and_its_figure(tmp_path: Path) -> None:
    succeed(*ASKED, "--batch", "1,4", "--out", tmp_path, "--format", "parquet")
    frame = pd.read_parquet(tmp_path / "comparison.parquet")
    assert frame.batch.tolist() == [1, 4] * 4
    assert json.loads((tmp_path / "comparison.json").read_text())["scaled_to_m"] == pytest.approx(14e-9)
    written = (tmp_path / "comparison.md").read_text()
    assert all(f"| {chip} | {batch} | " in written for chip in ("pcm-mesh-14nm", "isaac") for batch in (1, 4))
    drawing = (tmp_path / "comparison.svg").read_text()
    assert "times better than pcm-mesh-14nm" in drawing
    drawn = figures.gains(frame, "pcm-mesh-14nm", "throughput_gain", "reuse")
    assert drawn.frame.chip.unique().tolist() == ["isaac"]
    assert drawn.axes.get_xlabel() == "uses of a weight in a batch"


def test_one_chip_has_nothing_beside_it(tmp_path: Path) -> None:
    succeed("compare", "mlp-hermes", "--chips", "isaac", "--out", tmp_path)
    assert "nothing beside isaac" in (tmp_path / "comparison.svg").read_text()


def test_node_of_the_estimates() -> None:
    assert "Estimates: at 7 nm" in succeed("compare", "mlp-hermes", "--chips", "isaac", "--node", "7 nm")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("mlp-hermes", "--chips", "isaac,pumma"), "Did you mean 'puma'?"),
        (("mlp-hermes", "--chips", "isaac,"), "empty name"),
        (("mlp-hermes", "--chips", "isaac,isaac"), "given twice"),
        (("mlp-hermes", "--chips", "isaac", "--baseline", "puma"), "none of the chips"),
        (("mlp-hermes", "--chips", "isaac", "--batch", "1,many"), "whole number"),
        (("mlp-hermes", "--chips", "isaac", "--node", "14 nJ"), "--node"),
        (("mlp-hermes", "--chips", "isaac", "--node", "14 m"), "no process node"),
        (("mlp-hermes", "--chips", "isaac", "--seq", "4"), "means nothing to any"),
        (("mlp-hermez", "--chips", "isaac"), "mlp-hermes"),
        (("mlp-hermes", "--chips", "isaac", "--json", "--csv"), "two forms"),
        (("mlp-hermes", "--chips", "isaac", "--replicate", "balancd"), "balanced"),
    ],
)
def test_bad_input(arguments: tuple[str, ...], says: str) -> None:
    assert says in fail("compare", *arguments)


def test_figures_refuse_what_there_is_not() -> None:
    frame = pd.read_csv(StringIO(succeed(*ASKED, "--csv")))
    with pytest.raises(InputError, match="no figure"):
        figures.gains(frame, "isaac", "taste")
    with pytest.raises(InputError, match="no column"):
        figures.gains(frame, "isaac", "energy_gain", "weather")
