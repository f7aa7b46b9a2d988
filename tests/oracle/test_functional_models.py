"""Whole models on ideal arrays against ONNX Runtime, and what is known of analog accuracy on trained ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import onnx
import onnxruntime as ort
import pandas as pd
import pytest

from archsim.chip import load_chip
from archsim.functional import (
    Compensation,
    DataSet,
    Model,
    Plan,
    accuracy,
    crossbar_settings,
    evaluate,
    execute,
    prepare,
    program_arrays,
    program_model,
    read_data_set,
)
from archsim.mapping import place
from archsim.network.onnx_import import read_onnx
from archsim.numeric import CalibratedRange, CrossbarSettings, OutputCircuit
from archsim.workloads.trained import TRAINED, trained
from tests.chips import make_array, make_chip, make_fabric

NAMES = [model.name for model in TRAINED]
YEAR_S, DAY_S = 365.25 * 86400, 86400.0
PCM = "pcm-mesh-14nm"
MUSHROOM = "tile.array.cell.max_conductance=25 uS"


@dataclass(frozen=True)
class Ready:
    model: Model
    data_set: DataSet
    wanted: np.ndarray


@cache
def ready(name: str, rows: int = 512, columns: int = 512) -> Ready:
    known = trained(name)
    assert known is not None
    chip = make_chip(array=make_array(rows, columns), fabric=make_fabric(24, 24))
    model = prepare(known.model, place(read_onnx(known.model), chip))
    data_set = read_data_set(known.data, model)
    session = ort.InferenceSession(known.model, providers=["CPUExecutionProvider"])
    return Ready(model, data_set, session.run(None, dict(data_set.data.tensors))[0])


def test_they_are_small_and_as_good_as_they_were_made() -> None:
    sizes = {path: path.stat().st_size for model in TRAINED for path in (model.model, model.data)}
    assert sum(sizes.values()) < 1_000_000
    floors = {"digits-cnn": 0.97, "digits-lstm": 0.96, "digits-transformer": 0.96, "characters-lstm": 0.45}
    for name, floor in floors.items():
        case = ready(name)
        assert floor < accuracy(case.wanted, case.data_set.labels) < 0.999


@pytest.mark.parametrize("name", NAMES)
def test_they_are_valid_onnx(name: str) -> None:
    known = trained(name)
    assert known is not None
    onnx.checker.check_model(known.model, full_check=True)


@pytest.mark.parametrize("size", [(512, 512), (24, 20)])
@pytest.mark.parametrize("name", NAMES)
def test_ideal_arrays_agree_with_onnxruntime(name: str, size: tuple[int, int]) -> None:
    case = ready(name, *size)
    if size == (24, 20):
        assert len(case.model.blocks) > 2 * len(case.model.layers)
    arrays = program_model(case.model, CrossbarSettings(), case.model.recorded(case.data_set.calibration), seed=0)
    found = execute(case.model, arrays, case.data_set.data, batch=200).outputs["scores"]
    np.testing.assert_allclose(found, case.wanted, atol=1e-4 * np.abs(case.wanted).max())
    assert accuracy(found, case.data_set.labels) == pytest.approx(accuracy(case.wanted, case.data_set.labels), abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_noisy_outputs_do_not_depend_on_the_batch(name: str) -> None:
    case = ready(name, 24, 20)
    settings = crossbar_settings(load_chip(PCM))
    arrays = program_model(case.model, settings, case.model.recorded(case.data_set.calibration), seed=0)
    few = case.model.data({name: values[:30] for name, values in case.data_set.data.tensors.items()})
    runs = [execute(case.model, arrays, few, time_s=DAY_S, batch=batch).outputs["scores"] for batch in (30, 7)]
    np.testing.assert_array_equal(*runs)
    assert np.abs(runs[0] - case.wanted[:30]).max() > 1e-3


def _scores(name: str, overrides: list[str], compensation: Compensation, times: tuple[float, ...]) -> pd.Series:
    """Mean score at each time, over three programmings."""
    case = ready(name)
    settings = crossbar_settings(load_chip(PCM, overrides), compensation=compensation)
    found = evaluate(case.model, settings, case.data_set, metric=accuracy, plan=Plan(times, seeds=3, batch=360))
    assert found.exact == pytest.approx(accuracy(case.wanted, case.data_set.labels))
    return found.scores.groupby("time_s")["score"].mean()


@pytest.mark.parametrize(("name", "lost"), [("digits-cnn", 0.04), ("digits-lstm", 0.15), ("digits-transformer", 0.12)])
def test_drift_takes_accuracy_and_compensation_gives_it_back(name: str, lost: float) -> None:
    """Joshi et al. 2020: without compensation accuracy falls with the logarithm of time, with it little is lost."""
    times = (1.0, YEAR_S)
    plain = _scores(name, [], Compensation.NONE, times)
    whole = _scores(name, [], Compensation.GLOBAL, times)
    assert plain[1.0] > 0.955
    assert plain[1.0] - plain[YEAR_S] > lost
    assert whole[1.0] - whole[YEAR_S] < 0.05
    assert whole[YEAR_S] > plain[YEAR_S] + lost / 2


def test_text_bears_a_compensated_year() -> None:
    times = (1.0, YEAR_S)
    plain, whole = (_scores("characters-lstm", [], how, times) for how in (Compensation.NONE, Compensation.PER_COLUMN))
    assert plain[YEAR_S] < plain[1.0] - 0.03
    assert whole[YEAR_S] > whole[1.0] - 0.06


def test_more_pairs_hold_weights_better() -> None:
    """Equal pairs average their errors: one pair's is about 1.4 times that of two, and twice that of four."""
    case = ready("digits-cnn")
    errors = []
    for devices in (2, 4, 8):
        chip = load_chip(PCM, [MUSHROOM, f"tile.array.weight.devices={devices}"])
        arrays = program_arrays(case.model.blocks, case.model.layers, crossbar_settings(chip), seed=0)
        wanted = [case.model.layers[b.key.layer].block(b.rows, b.columns) for b in arrays.blocks]
        pairs = list(zip(arrays.arrays, wanted, strict=True))
        errors.append(np.sqrt(np.mean([np.mean((a.weights_at(0.0) - w) ** 2) for a, w in pairs])))
    assert errors[0] / errors[1] == pytest.approx(np.sqrt(2), rel=0.08)
    assert errors[0] / errors[2] == pytest.approx(2, rel=0.1)


def test_a_pair_of_more_significance_holds_weights_better() -> None:
    """With a second pair of significance 3, a weight uses four times the range: relative errors shrink."""
    case = ready("digits-cnn")
    errors = []
    for overrides in (["devices=2", "significance=null"], ["devices=4", "significance=3"]):
        chip = load_chip(PCM, [MUSHROOM, *(f"tile.array.weight.{entry}" for entry in overrides)])
        arrays = program_arrays(case.model.blocks, case.model.layers, crossbar_settings(chip), seed=0)
        wanted = [case.model.layers[b.key.layer].block(b.rows, b.columns) for b in arrays.blocks]
        errors.append(
            np.sqrt(
                np.mean([np.mean((a.weights_at(0.0) - w) ** 2) for a, w in zip(arrays.arrays, wanted, strict=True)])
            )
        )
    assert errors[1] < 0.9 * errors[0]


def test_more_than_eight_bits_of_the_adc_stop_helping() -> None:
    bits = {n: _scores("digits-lstm", [f"tile.adc.bits={n}"], Compensation.NONE, (1.0,)).iloc[0] for n in (3, 5, 8, 12)}
    assert bits[3] < 0.6
    assert bits[5] < bits[8] - 0.02
    assert abs(bits[12] - bits[8]) < 0.01


def test_an_adc_loses_six_decibels_per_bit() -> None:
    """Quantisation alone: sigma = lsb / sqrt(12), so that every bit is worth 6.02 dB."""
    case = ready("digits-cnn")
    calibration, ratios = case.model.recorded(case.data_set.calibration), []
    few = case.model.data({"image": case.data_set.data.tensors["image"][:100]})
    for bits in (6, 7, 8):
        outputs = OutputCircuit(bits=bits, range=CalibratedRange(100.0))
        arrays = program_model(case.model, replace(CrossbarSettings(), outputs=outputs), calibration, seed=0)
        run = execute(case.model, arrays, few, measure=True)
        ratios.append(run.meter.layers[case.model.placement.index["/conv2/Conv"]].snr_db)
    assert np.diff(ratios) == pytest.approx([6.1, 6.05], abs=0.35)
