"""The worked studies, each at a small size: they run, and say what must hold whatever the figures are."""

from pathlib import Path

import pytest

import archsim
from scripts import (
    study_analog_neurons,
    study_arrays_and_converters,
    study_bert_400mm2,
    study_devices_and_drift,
    study_keynote,
    study_speech_links,
    study_weight_reuse,
)


def number(text: str) -> float:
    return float(text.replace(",", "").rstrip("%"))


def test_less_conductance_is_thriftier_and_shorter_integration_denser() -> None:
    thrifty = study_keynote.swept("tile.array.cell.max_conductance", ("50 uS", "5 uS"), "mlp-hermes")
    high, low = map(number, thrifty["peak GOP/s/W"])
    assert low > high
    assert thrifty["peak TOP/s/mm2"].nunique() == 1
    dense = study_keynote.swept("tile.input.phase_time", ("128 ns", "64 ns"), "mlp-hermes")
    slow, fast = map(number, dense["peak TOP/s/mm2"])
    # 130 ns between products are 66 ns then; nothing else in the tile is slower.
    assert fast / slow == pytest.approx(130 / 66, rel=0.01)


def test_free_neurons_leave_no_energy_at_the_columns_and_bound_all_others() -> None:
    told = study_analog_neurons.compared(("digits-cnn",))
    assert number(told["of it at the ends"].iloc[-1]) == 0
    assert told["uJ/sample"].map(number).idxmin() == told["area mm2"].map(number).idxmin() == len(told) - 1
    # No layer of this network has more than 512 inputs.
    assert set(told["whole columns"]) == {"100%"}


def test_whole_columns_are_those_of_layers_with_one_row_block() -> None:
    run = archsim.simulate("mlp-hermes", "pcm-mesh-14nm", overrides={"tile.array.rows": 64})
    assert study_analog_neurons.whole_share(run) == 0
    run = archsim.simulate("mlp-hermes", "pcm-mesh-14nm", overrides={"tile.array.rows": 1024})
    assert study_analog_neurons.whole_share(run) == 1


def test_more_devices_take_more_room() -> None:
    told = study_devices_and_drift.compared(("digits-cnn",), (2, 8), ("1 s", "1 day"), seeds=2)
    assert told.devices.tolist() == [2, 2, 8, 8]
    assert told.compensation.tolist() == ["none", "global"] * 2
    assert number(told["area mm2"].iloc[2]) > number(told["area mm2"].iloc[0])


def test_arrays_and_converters_are_explored_for_energy_and_accuracy(tmp_path: Path) -> None:
    small = study_arrays_and_converters.study(sizes=(128, 512), bits=(4, 8), seeds=1)
    found = archsim.explore(small, store=tmp_path, workers=1, ledgers=False, bounds=False)
    assert len(found.measured) == 4
    by_bits = found.measured.groupby("tile.adc.bits").accuracy.mean()
    assert by_bits[8] > by_bits[4]


@pytest.mark.parametrize(
    ("study", "parameters"),
    [
        (study_bert_400mm2.STUDY, {"chip": ["pcm-mesh-14nm"], "tile.array.rows": [512], "tile.array.columns": [512]}),
        (study_speech_links.STUDY, {"system.link.bandwidth": ["16 Gbit/s"], "system.link.latency": ["20 ns"]}),
    ],
    ids=["bert", "speech"],
)
def test_explored_studies_are_studies(study: dict, parameters: dict, tmp_path: Path) -> None:
    """With a network that takes no time in place of theirs."""
    small = {**study, "networks": {"mlp-hermes": {"batch": 4}}, "parameters": parameters}
    found = archsim.explore(small, store=tmp_path, workers=1, ledgers=False)
    assert len(found.points) == 1


def test_comparison_by_weight_reuse_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = tmp_path / "report.md"
    monkeypatch.setattr(study_weight_reuse, "REPORT", report)
    monkeypatch.setattr(study_weight_reuse, "NETWORKS", ("mlp-l4",))
    monkeypatch.setattr(study_weight_reuse, "CHIPS", ("pcm-mesh-14nm", "tpu-v1"))
    study_weight_reuse.main()
    assert report.read_text().count("| mlp-l4 |") == 4
