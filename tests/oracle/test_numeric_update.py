"""Response curves of trained devices against AIHWKIT's, frozen: 1,000 pulses up, then 1,000 down, from weight 0."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from archsim.numeric.streams import Stream
from archsim.numeric.update import (
    PRESETS,
    pulsed,
    pulsed_pairs,
    refreshed_pairs,
    sampled_cells,
    sampled_pairs,
    written,
    written_pairs,
)

FROZEN = pd.read_csv(Path(__file__).parent / "data" / "aihwkit_response.csv")
NAMES = {
    "ReRamES": "reram-filamentary",
    "ReRamSB": "reram-soft-bounds",
    "ReRamArrayOM": "reram-array-om",
    "ReRamArrayHfO2": "reram-array-hfo2",
    "Capacitor": "capacitor",
    "EcRam": "ecram",
    "EcRamMO": "ecram-metal-oxide",
    "Idealized": "idealized",
    "GokmenVlasov": "gokmen-vlasov",
    "PCM.device": "pcm",
}
SHAPE = (160, 160)
EVERY = 50
MEAN_BAND = {"ReRamES": 0.05, "PCM": 0.05, "PCM.device": 0.05, "ReRamSB": 0.035}
"""Its own arrays differ by their fixed table of noise, which shifts every step of an array by up to 3 %."""


def curve(preset: str, seen: str) -> pd.DataFrame:
    cells = sampled_cells(PRESETS[preset].device, SHAPE, Stream(1))
    state = written(cells, np.zeros(SHAPE, np.float32))
    rows = [getattr(state, seen)]
    for sign in (1, -1):
        for _ in range(1000 // EVERY):
            state = pulsed(cells, state, np.full(SHAPE, sign * EVERY)).state
            rows.append(getattr(state, seen))
    shown = rows if seen == "weights" or cells.reference is None else [row - cells.reference for row in rows]
    return pd.DataFrame({"mean": [row.mean() for row in shown], "std": [row.std() for row in shown]})


def compare(found: pd.DataFrame, preset: str, without: tuple[int, ...] = ()) -> None:
    wanted = FROZEN[FROZEN["preset"] == preset].reset_index(drop=True)
    assert len(wanted) == len(found) == 2000 // EVERY + 1
    wanted, found = (table.drop(index=[pulse // EVERY for pulse in without]) for table in (wanted, found))
    band = MEAN_BAND.get(preset.removesuffix(".persistent"), 0.015)
    np.testing.assert_allclose(found["mean"], wanted["mean"], rtol=0, atol=band)
    np.testing.assert_allclose(found["std"], wanted["std"], rtol=0.05, atol=0.006)


@pytest.mark.parametrize("preset", NAMES)
def test_response_of_the_weights_seen(preset: str) -> None:
    compare(curve(NAMES[preset], "weights"), preset)


@pytest.mark.parametrize("preset", ["ReRamES", "ReRamSB", "ReRamArrayOM", "ReRamArrayHfO2"])
def test_response_of_the_weights_that_last(preset: str) -> None:
    compare(curve(NAMES[preset], "lasting"), f"{preset}.persistent")


def test_response_of_pairs() -> None:
    """One pulse at a time, as a refresh may follow each."""
    preset = PRESETS["pcm"]
    cells = sampled_pairs(preset.device, SHAPE, Stream(1), preset.pair)
    state = written_pairs(cells, np.zeros(SHAPE, np.float32))
    rows = [state.weights]
    for sign in (1, -1):
        for pulse in range(1, 1001):
            state = refreshed_pairs(cells, pulsed_pairs(cells, state, np.full(SHAPE, sign)))
            if pulse % EVERY == 0:
                rows.append(state.weights)
    found = pd.DataFrame({"mean": [row.mean() for row in rows], "std": [row.std() for row in rows]})
    # While pairs turn over, its readings (noise and converters of a refresh) delay them by about five pulses.
    compare(found, "PCM", without=(1050,))
    assert found["mean"][1050 // EVERY] == pytest.approx(-1.12117, abs=0.13)
    assert state.refreshed > 0


POINTS = [
    ("reram-filamentary", 6000, -0.213, 0.02),
    ("reram-soft-bounds", 6000, 0.0, 0.01),
    ("ecram", 500, 0.246, 0.01),
    ("ecram", 6000, -0.001, 0.01),
    ("gokmen-vlasov", 500, 0.493, 0.02),
]
"""Its means after so many pairs of a pulse up and one down, from 0.5."""


@pytest.mark.parametrize(("preset", "pairs", "wanted", "band"), POINTS)
def test_towards_the_symmetry_point(preset: str, pairs: int, wanted: float, band: float) -> None:
    shape = (100, 100)
    cells = sampled_cells(PRESETS[preset].device, shape, Stream(2))
    state = written(cells, np.full(shape, 0.5, np.float32))
    hundred = np.broadcast_to(np.tile([1, -1], 100)[None, :, None], (shape[0], 200, shape[1]))
    for _ in range(pairs // 100):
        state = pulsed(cells, state, hundred).state
    assert float(state.lasting.mean()) == pytest.approx(wanted, abs=band)
