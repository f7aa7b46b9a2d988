"""Randomness, replicas, conductance files, and what is measured on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from archsim.errors import InputError
from archsim.functional import (
    Arrays,
    Model,
    crossbar_settings,
    execute,
    load_conductances,
    measured_activity,
    program_arrays,
    program_model,
    save_conductances,
    with_activity,
)
from archsim.numeric import (
    BIT_SERIAL,
    Conversion,
    CrossbarSettings,
    FixedRange,
    InputCircuit,
    LowFrequencyNoise,
    OutputCircuit,
    ReadNoise,
    UnitScale,
)
from archsim.numeric.devices import PcmDevice
from tests.chips import make_array, make_chip
from tests.functional_models import by_onnxruntime, computed, make_model, perceptron, placed, random
from tests.residual_network import resnet18

CHIP = make_chip(array=make_array(5, 4))
NOISY = crossbar_settings(make_chip(array=make_array(5, 4)))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return placed(perceptron(), CHIP, tmp_path_factory.mktemp("model"))


def _scores(model: Model, x: np.ndarray, *, seed: int = 0, batch: int = 32, time_s: float = 1.0) -> np.ndarray:
    data, few = model.data({"x": x}), model.data({"x": random(20, 12, seed=9)})
    arrays = program_model(model, NOISY, model.recorded(few), seed=seed)
    return execute(model, arrays, data, batch=batch, time_s=time_s).outputs["y"]


def test_noise_is_there(model: Model) -> None:
    x = random(40, 12, seed=4)
    exact = by_onnxruntime(perceptron(), {"x": x})[0]
    error = np.abs(_scores(model, x) - exact).mean() / np.abs(exact).mean()
    assert 0.005 < error < 0.3


def test_same_seed_same_bits(model: Model) -> None:
    x = random(40, 12, seed=4)
    np.testing.assert_array_equal(_scores(model, x), _scores(model, x))
    assert (_scores(model, x, seed=1) != _scores(model, x)).mean() > 0.9
    assert (_scores(model, x, time_s=100.0) != _scores(model, x)).mean() > 0.9


@pytest.mark.parametrize("batch", [1, 3, 7, 40, 1000])
def test_the_batch_changes_no_bit(model: Model, batch: int) -> None:
    x = random(40, 12, seed=4)
    np.testing.assert_array_equal(_scores(model, x, batch=batch), _scores(model, x, batch=13))


def test_a_sample_does_not_depend_on_the_others(model: Model) -> None:
    x = random(40, 12, seed=4)
    np.testing.assert_array_equal(_scores(model, x[:9]), _scores(model, x)[:9])


def test_the_order_of_blocks_changes_no_bit(model: Model) -> None:
    x = model.data({"x": random(8, 12)})
    calibration = model.recorded(x)
    forward = program_arrays(model.blocks, model.layers, NOISY, seed=0).calibrated(calibration)
    backward = program_arrays(model.blocks[::-1], model.layers, NOISY, seed=0).calibrated(calibration)
    backward = Arrays(backward.blocks[::-1], backward.arrays[::-1])
    assert len(model.blocks) > 10
    first, second = (execute(model, arrays, x, time_s=10.0).outputs["y"] for arrays in (forward, backward))
    np.testing.assert_array_equal(first, second)


def test_blocks_have_noise_of_their_own(tmp_path: Path) -> None:
    """Equal weights in two blocks, programmed into unequal conductances."""
    from onnx import helper

    same = np.tile(random(5, 4), (2, 1))
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], name="product")]
    twice = placed(make_model(nodes, {"x": ["n", 10]}, ["y"], {"w": same}), CHIP, tmp_path)
    arrays = program_arrays(twice.blocks, twice.layers, NOISY, seed=0).arrays
    assert len(arrays) == 2
    np.testing.assert_array_equal(arrays[0].planes[0].target_s, arrays[1].planes[0].target_s)
    assert (arrays[0].planes[0].programmed_s != arrays[1].planes[0].programmed_s).mean() > 0.4


def test_replicas_take_turns(tmp_path: Path) -> None:
    """Ideal copies change nothing; of noisy ones, positions p and p + 2 see the same error, p + 1 another."""
    from onnx import helper

    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], name="conv")]
    onnx_model = make_model(nodes, {"x": ["n", 2, 1, 6]}, ["y"], {"w": random(3, 2, 1, 1)})
    x = np.broadcast_to(random(1, 2, 1, 1, seed=2), (2, 2, 1, 6)).copy()
    double = placed(onnx_model, make_chip(array=make_array(8, 8)), tmp_path, replicate={"conv": 2})
    assert double.placement.replicas[double.placement.index["conv"]] == 2
    wanted = by_onnxruntime(onnx_model, {"x": x})[0]
    np.testing.assert_allclose(computed(double, {"x": x}, CrossbarSettings()).outputs["y"], wanted, rtol=1e-5)
    frozen = CrossbarSettings(device=PcmDevice(), inputs=InputCircuit(), outputs=OutputCircuit())
    noisy = computed(double, {"x": x}, frozen).outputs["y"]
    np.testing.assert_allclose(noisy[..., 2:], noisy[..., :-2], rtol=1e-6)
    assert np.abs(noisy[..., 1:] - noisy[..., :-1]).min() > 1e-5
    # In runs of three, positions 0 to 2 are one copy's, and 3 to 5 the other's; the copies are the same ones.
    runs = tuple(3 if layer.name == "conv" else 1 for layer in double.placement.network.order)
    rows = replace(double, placement=replace(double.placement, runs=runs))
    np.testing.assert_allclose(computed(rows, {"x": x}, CrossbarSettings()).outputs["y"], wanted, rtol=1e-5)
    in_runs = computed(rows, {"x": x}, frozen).outputs["y"]
    for first, mine in ((0, slice(0, 3)), (1, slice(3, 6))):
        np.testing.assert_allclose(in_runs[..., mine], np.repeat(noisy[..., first : first + 1], 3, axis=-1), rtol=1e-6)


def test_a_placement_of_another_model_is_refused(tmp_path: Path) -> None:
    from archsim.functional import prepared
    from archsim.mapping import place
    from archsim.network.onnx_import import read_onnx

    one = placed(perceptron(), CHIP, tmp_path)
    other = perceptron(rows=9)
    with pytest.raises(InputError) as caught:
        prepared(other, one.placement)
    assert "9 x 10, but 12 x 10" in caught.value.what
    renamed = perceptron()
    renamed.graph.node[0].output[0] = renamed.graph.node[1].input[0] = "elsewhere"
    with pytest.raises(InputError, match="not among the nodes of the file"):
        prepared(renamed, place(read_onnx(tmp_path / "model.onnx"), CHIP))


def test_conductances_go_to_a_file_and_back(model: Model, tmp_path: Path) -> None:
    calibration = model.recorded(model.data({"x": random(20, 12)}))
    arrays = program_arrays(model.blocks, model.layers, NOISY, seed=0)
    save_conductances(tmp_path / "maps.npz", model, arrays)
    with np.load(tmp_path / "maps.npz") as stored:
        assert "first/0/0/0/0" in stored.files
        maps = {name: stored[name] for name in stored.files}
    data = model.data({"x": random(6, 12, seed=3)})
    back = load_conductances(tmp_path / "maps.npz", model, arrays).calibrated(calibration)
    first, second = (execute(model, a, data).outputs["y"] for a in (arrays.calibrated(calibration), back))
    np.testing.assert_array_equal(first, second)
    # Measured ones: all cells of the last layer off, so that its scores vanish.
    off = {name: np.zeros_like(value) if name.startswith("second/") else value for name, value in maps.items()}
    np.savez(tmp_path / "off.npz", **off)
    dark = load_conductances(tmp_path / "off.npz", model, arrays).calibrated(calibration)
    assert not execute(model, dark, data).outputs["y"].any()


@pytest.mark.parametrize("fault", ["missing", "unknown", "shape", "nan", "no file"])
def test_conductances_that_do_not_fit(model: Model, tmp_path: Path, fault: str) -> None:
    arrays = program_arrays(model.blocks, model.layers, NOISY, seed=0)
    path = tmp_path / "maps.npz"
    save_conductances(path, model, arrays)
    with np.load(path) as stored:
        maps = {name: stored[name] for name in stored.files}
    if fault == "missing":
        del maps["first/0/0/0/0"]
    elif fault == "unknown":
        maps["third/0/0/0/0"] = np.zeros((2, 2))
    elif fault == "shape":
        maps["first/0/0/0/0"] = np.zeros((2, 2))
    elif fault == "nan":
        maps["first/0/0/0/0"][0, 0] = np.nan
    np.savez(path, **maps)
    with pytest.raises(InputError) as caught:
        load_conductances(tmp_path / "nothing.npz" if fault == "no file" else path, model, arrays)
    assert caught.value.remedy
    assert str(tmp_path) in caught.value.where


def _identity(tmp_path: Path) -> Model:
    """y = x W with W = [[1, -0.5], [0, 0.25]] on one array."""
    from onnx import helper

    weights = np.array([[1.0, -0.5], [0.0, 0.25]], np.float32)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], name="product")]
    return placed(make_model(nodes, {"x": ["n", 2]}, ["y"], {"w": weights}), make_chip(), tmp_path)


def test_activity_by_hand(tmp_path: Path) -> None:
    """Inputs of mean 3/8; column scales 1 and 0.5, so that four pairs hold 1, 0, 1 and 0.5 of a full scale."""
    model = _identity(tmp_path)
    settings = CrossbarSettings(
        inputs=InputCircuit(bits=8, scale=UnitScale()), outputs=OutputCircuit(bits=8, range=FixedRange(2.0))
    )
    settings = replace(settings, scaling=replace(NOISY.scaling, bits=None))
    data = model.data({"x": np.array([[0.5, -0.25], [0.75, 0.0]], np.float32)})
    arrays = program_model(model, settings, model.recorded(data), seed=0)
    run = execute(model, arrays, data, measure=True)
    activity = measured_activity(arrays, run.meter, 0.0)
    (layer,) = activity.layers
    assert layer.mean_input == pytest.approx(3 / 8, rel=0.01)
    assert layer.mean_conductance == pytest.approx(2.5 / 8, rel=1e-6)
    # Columns read 0.5 and -0.5 - 0.125; 0.75 and -0.75; the bound is 2.
    assert layer.mean_code == pytest.approx((0.5 + 0.625 + 0.75 + 0.75) / 4 / 2, rel=0.02)
    assert (activity.mean_input, activity.mean_conductance) == (layer.mean_input, layer.mean_conductance)


def test_activity_of_bit_serial_inputs_is_the_share_of_ones(tmp_path: Path) -> None:
    """7 magnitude bits: 127 sets all of them, 64 one, 0 none."""
    model = _identity(tmp_path)
    inputs = InputCircuit(bits=8, scale=UnitScale(), waveform=BIT_SERIAL)
    settings = CrossbarSettings(inputs=inputs, outputs=OutputCircuit(conversion=Conversion.PER_PHASE))
    data = model.data({"x": np.array([[1.0, -64 / 127], [0.0, 0.0]], np.float32)})
    arrays = program_model(model, settings, model.recorded(data), seed=0)
    activity = measured_activity(arrays, execute(model, arrays, data, measure=True).meter, 0.0)
    assert activity.mean_input == pytest.approx((7 + 1) / 7 / 4)


def test_measured_activity_changes_the_price(tmp_path: Path) -> None:
    """A conducting cell takes G V^2 t in proportion to both means: a ratio of prices that the file's numbers give."""
    from archsim.chip import load_chip
    from archsim.cost import price
    from archsim.functional import Activity, LayerActivity

    chip = load_chip("pcm-mesh-14nm")
    measured = with_activity(
        chip, Activity((LayerActivity(0, 0.1, 0.05, 0.2, 1.0), LayerActivity(1, 0.3, 0.1, 0.2, 3.0)))
    )
    assert measured.tile.input.mean_activity == pytest.approx(0.25)
    assert measured.tile.array.cell.mean_conductance == pytest.approx((0.1 * 0.05 + 0.9 * 0.1) / 1.0)
    before, after = (price(c).component("array").energy_of("cell").value for c in (chip, measured))
    assert after / before == pytest.approx(0.25 * 0.095 / (0.27 * 0.13))


def test_the_ledger_follows_the_data() -> None:
    """The same Trace, priced again: the cells' energy scales with both means, everything on the fabric stays."""
    import archsim
    from archsim.functional import Activity, LayerActivity
    from archsim.workloads.trained import TRAINED

    result = archsim.simulate(TRAINED[0].model, "pcm-mesh-14nm")
    measured = with_activity(result.chip, Activity((LayerActivity(0, 0.27, 0.26, 0.2, 1.0),)))
    ledger = archsim.account(result.trace, result.placement, archsim.price(measured))
    before, after = (table.groupby("component")["energy_j"].sum() for table in (result.ledger.energy, ledger.energy))
    assert after["array"] > 1.2 * before["array"]
    assert after["router"] == before["router"]


def test_nothing_measured(model: Model) -> None:
    data = model.data({"x": random(2, 12)})
    arrays = program_model(model, NOISY, model.recorded(data), seed=0)
    with pytest.raises(InputError, match="nothing was measured"):
        measured_activity(arrays, execute(model, arrays, data).meter, 0.0)


def test_signal_to_noise_of_a_known_noise(model: Model) -> None:
    """White noise of sigma per weight, inputs of mean square 1/3: an error of rows (sigma scale)^2 / 3 per output."""
    sigma = 0.02
    settings = CrossbarSettings(
        inputs=InputCircuit(scale=UnitScale()), read_noise=ReadNoise(LowFrequencyNoise.NONE, weight=sigma)
    )
    x = np.random.default_rng(0).uniform(-1, 1, (4000, 12)).astype(np.float32)
    run = computed(model, {"x": x}, settings, measure=True)
    first = run.meter.layers[model.placement.index["first"]]
    outputs = 4000 * 10
    blocks = [block for block in model.blocks if block.key.layer == model.placement.index["first"]]
    scales = [np.abs(model.layers[b.key.layer].block(b.rows, b.columns)).max() for b in blocks]
    rows = [(b.rows.stop - b.rows.start) * (b.columns.stop - b.columns.start) for b in blocks]
    wanted = sum(n * s**2 for n, s in zip(rows, scales, strict=True)) * sigma**2 / 3 / 10
    assert first.error / outputs == pytest.approx(wanted, rel=0.05)


def test_clipping_is_counted(model: Model) -> None:
    """A range that covers half of the magnitudes clips the other half."""
    from archsim.numeric import CalibratedRange, CalibratedScale

    settings = CrossbarSettings(
        inputs=InputCircuit(bits=8, scale=CalibratedScale(80.0)),
        outputs=OutputCircuit(bits=10, range=CalibratedRange(50.0)),
    )
    run = computed(model, {"x": random(500, 12)}, settings, measure=True)
    first = run.meter.layers[model.placement.index["first"]]
    assert first.limited_share == pytest.approx(0.2, abs=0.01)
    assert first.clipped_share == pytest.approx(0.5, abs=0.02)


def test_a_layer_that_sees_nothing_still_computes(tmp_path: Path) -> None:
    """Calibration inputs of zero leave a range in which nothing clips."""
    model = placed(perceptron(), CHIP, tmp_path)
    nothing = model.recorded(model.data({"x": np.zeros((4, 12), np.float32)}))
    arrays = program_model(model, replace(NOISY, device=CrossbarSettings().device), nothing, seed=0)
    data = model.data({"x": random(3, 12) / 10})
    assert np.isfinite(execute(model, arrays, data).outputs["y"]).all()


@pytest.mark.parametrize("grouped", ["array", "digital"])
def test_residual_networks_and_groups(tmp_path: Path, grouped: str) -> None:
    """A narrow ResNet-18, with a depthwise convolution in front, on arrays that split every layer."""
    from onnx import helper, numpy_helper

    onnx_model = resnet18(image=16, width=4, classes=5)
    depthwise = helper.make_node("Conv", ["image", "dw"], ["dwout"], name="depthwise", group=3, pads=[1, 1, 1, 1])
    onnx_model.graph.initializer.append(numpy_helper.from_array(random(3, 1, 3, 3), "dw"))
    onnx_model.graph.node[0].input[0] = "dwout"
    onnx_model.graph.node.insert(0, depthwise)
    chip = make_chip(array=make_array(20, 12), grouped=grouped, fabric=_wide())
    model = placed(onnx_model, chip, tmp_path)
    assert ("dwout" in model.products) == (grouped == "array")
    x = random(3, 3, 16, 16, seed=5)
    wanted = by_onnxruntime(onnx_model, {"image": x})[0]
    found = computed(model, {"image": x}, CrossbarSettings(), batch=2).outputs["scores"]
    np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())


def _wide() -> dict[str, object]:
    from tests.chips import make_fabric

    return make_fabric(16, 16)
