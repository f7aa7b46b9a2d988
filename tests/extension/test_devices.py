"""A device that a user adds by one file: a chip file names it, and ``archsim accuracy`` computes with it."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import numpy as np
import pytest

from archsim import registration
from archsim.chip import load_chip
from archsim.functional import chip_devices, crossbar_settings, program_model, read_data_set
from archsim.functional.device_models import GROUP
from archsim.studies import AccuracyQuestion, placed_model
from archsim.workloads.trained import trained
from tests.e2e.cli_calls import fail, succeed_json

FILE = '''
"""A cell that loses a tenth of its conductance in the first hour and nothing after, and can be read from then on."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from archsim.functional import ChipDevice, DeviceModel


@dataclass(frozen=True)
class LosingDevice:
    g_max_s: float
    g_min_s: float = 0.0
    first_time_s: ClassVar[float] = 3600.0
    relaxes: ClassVar[bool] = False

    def programming_sigma(self, target_s):
        return np.zeros_like(target_s)

    def bounded(self, conductance_s):
        return conductance_s

    def aged(self, target_s, programmed_s, draws, time_s):
        return 0.9 * programmed_s if time_s >= 3600 else programmed_s

    def read_sigma(self, programmed_s, aged_s, time_s):
        return np.zeros_like(aged_s)


DEVICE = ChipDevice("losing", lambda cell, weight: DeviceModel(LosingDevice(cell.max_conductance)))
IMPOSTOR = ChipDevice("pcm", DEVICE.build)
NOTHING = "a word"
'''


@pytest.fixture(params=["DEVICE"])
def offered(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The file as an offered package offers it."""
    (tmp_path / "their_device.py").write_text(FILE)
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint("theirs", f"their_device:{request.param}", GROUP)
    monkeypatch.setattr(registration, "entry_points", lambda *, group: EntryPoints([entry] if group == GROUP else []))
    chip_devices.cache_clear()
    yield
    chip_devices.cache_clear()
    sys.modules.pop("their_device", None)


SET = ("--set", "tile.array.cell.device=losing")
QUICK = ("--seeds", "1", "--at", "1 s,1 hour")


def test_accuracy_computes_with_it(offered: None) -> None:
    """Nothing is lost at 1 s; after an hour every product is nine tenths, which is 20 dB below the signal."""
    exact = ("--set", "tile.adc.bits=16", "--set", "tile.input.bits=16")
    rows = succeed_json("accuracy", "digits-cnn", *SET, *QUICK, *exact, "--json")["layers"]
    first = [row for row in rows if row["layer"] == "/conv1/Conv"]
    assert [row["time_s"] for row in first] == [1.0, 3600.0]
    assert first[0]["snr_db"] > 40
    assert first[1]["snr_db"] == pytest.approx(20, abs=0.2)


def test_converters_are_set_at_the_first_time_that_it_has(offered: None) -> None:
    """Ranges follow from readings after an hour, when sums are nine tenths of those of perfect cells."""
    bounds, data = [], trained("digits-cnn").data
    for device in ("losing", "ideal"):
        chip = load_chip("pcm-mesh-14nm", (f"tile.array.cell.device={device}",))
        model = placed_model(AccuracyQuestion("digits-cnn", "pcm-mesh-14nm"), chip)
        calibration = model.recorded(read_data_set(data, model).calibration)
        arrays = program_model(model, crossbar_settings(chip), calibration, seed=0)
        bounds.append(arrays.arrays[0].bounds)
    np.testing.assert_allclose(bounds[0], 0.9 * bounds[1], rtol=1e-5)


def test_a_near_miss_is_told(offered: None) -> None:
    message = fail("accuracy", "digits-cnn", "--set", "tile.array.cell.device=losin", *QUICK)
    assert "Did you mean 'losing'?" in message.replace("\n", " ")


def test_without_the_package_there_is_no_such_device() -> None:
    assert "'losing' has no numeric model" in fail("accuracy", "digits-cnn", *SET, *QUICK)


@pytest.mark.parametrize(
    ("offered", "words"),
    [("IMPOSTOR", "already is a device 'pcm'"), ("NOTHING", "no ChipDevice"), ("MISSING", "cannot be loaded")],
    indirect=["offered"],
)
def test_packages_that_offer_no_device(offered: None, words: str) -> None:
    message = fail("accuracy", "digits-cnn", *SET, *QUICK)
    assert words in message.replace("\n", " ")
    assert "entry point 'theirs'" in message
