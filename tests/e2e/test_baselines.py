"""The pages of reports/baselines stand as their script makes them."""

from __future__ import annotations

from itertools import product

import pandas as pd

from scripts import renew_baselines


def test_page_on_what_figures_include_is_up_to_date() -> None:
    standing = (renew_baselines.FOLDER / "includes.md").read_text()
    assert renew_baselines.includes() == standing, "renew it: python scripts/renew_baselines.py includes"


def test_side_by_side_stands_for_all_that_its_script_runs() -> None:
    frame = pd.read_csv(renew_baselines.FOLDER / "comparison.csv", keep_default_na=False)
    asked = product(renew_baselines.NETWORKS, renew_baselines.CHIPS, renew_baselines.BATCHES)
    assert list(zip(frame.network, frame.chip, frame.batch, strict=True)) == list(asked)
    assert (frame.failure == "").all()
    page = (renew_baselines.FOLDER / "README.md").read_text()
    assert all(f"| {chip} | {batch} |" in page for chip in renew_baselines.CHIPS for batch in renew_baselines.BATCHES)


def test_analog_chips_gain_most_where_weights_are_used_least() -> None:
    # What the page says of its own numbers.
    frame = pd.read_csv(renew_baselines.FOLDER / "comparison.csv", keep_default_na=False)
    mine = frame[frame.chip == "pcm-mesh-14nm"].astype({"energy_gain": float, "throughput_gain": float})
    gain = mine.set_index(["network", "batch"]).energy_gain
    for network in renew_baselines.NETWORKS:
        assert gain[network, 1] > gain[network, 8] > gain[network, 64] > 1
    assert gain["lstm-ptb", 1] > gain["bert-base", 1] > gain["resnet18", 1]
    assert (mine[mine.network == "resnet18"].throughput_gain < 1).all()
