"""Quantisation and noise against values that AIHWKIT 1.1.0 gave; and against AIHWKIT itself where it is installed."""

import numpy as np
import pytest

from archsim.numeric import (
    AbsMaxScale,
    AveragedWires,
    CrossbarSettings,
    FixedRange,
    InputCircuit,
    IterativeBound,
    LowFrequencyNoise,
    OutputCircuit,
    ReadNoise,
    Scaling,
    Span,
    SShape,
    Stream,
    UnitScale,
    multiply,
    program,
)
from archsim.numeric.devices import ONE_DEVICE, TWO_DEVICES, HermesDevice, NoiseScales, PcmDevice, WanReramDevice

WEIGHTS = np.linspace(-1, 1, 32).reshape(4, 8).T
INPUTS = np.linspace(-0.9, 0.95, 8).astype(np.float32)[None]
MICRO = 1e-6
DAY = 86400.0


@pytest.mark.parametrize(
    ("bits_in", "bits_out", "bound", "plain", "scaled"),
    [
        (None, None, 12.0, [0.5612903, 0.6645162, 0.7677419, 0.8709676], [0.5612903, 0.6645162, 0.7677419, 0.8709676]),
        (7, 9, 12.0, [0.564706, 0.6588236, 0.7529412, 0.8941177], [0.5811765, 0.6705883, 0.7600001, 0.8494118]),
        (8, 8, 12.0, [0.5669291, 0.6614173, 0.7559055, 0.8503937], [0.5385826, 0.6283464, 0.8078740, 0.8976378]),
        (6, 6, 12.0, [0.7741935] * 4, [0.3677419, 0.7354838, 0.7354838, 0.7354838]),
        (4, 8, 12.0, [0.4724410, 0.6614173, 0.7559055, 0.9448819], [0.7181102] * 4),
        (7, 9, 0.7, [0.5572549, 0.6643138, 0.7, 0.7], None),
    ],
)
def test_quantised_products(bits_in, bits_out, bound, plain, scaled):
    for scale, expected in ((UnitScale(), plain), (AbsMaxScale(), scaled)):
        if expected is None:
            continue
        settings = CrossbarSettings(
            inputs=InputCircuit(bits=bits_in, scale=scale),
            outputs=OutputCircuit(bits=bits_out, range=FixedRange(bound)),
        )
        found = multiply(program(WEIGHTS, settings, Stream(0)).at(0.0), INPUTS).outputs
        np.testing.assert_allclose(found[0], expected, atol=4e-7)


SAMPLES = (400, 1000)
PCM_TABLE = [
    # target, programming sd, then mean and sd after 25 s, 1 h, 1 day, 30 days (uS; 400,000 samples)
    (2.5, 0.4473, (2.3818, 0.4035), (1.8422, 0.4095), (1.5393, 0.4290), (1.2765, 0.4435)),
    (5.0, 0.6098, (4.8049, 0.5188), (3.8788, 0.5451), (3.3303, 0.5824), (2.8352, 0.6158)),
    (12.5, 0.9525, (12.0136, 0.7164), (9.6987, 0.7546), (8.3135, 0.8080), (7.0533, 0.8512)),
    (20.0, 1.0849, (19.2207, 0.8475), (15.5169, 0.9931), (13.3015, 1.1271), (11.2858, 1.2356)),
    (25.0, 1.0575, (24.0259, 0.9170), (19.3957, 1.1480), (16.6292, 1.3401), (14.1058, 1.4942)),
]


def cells(device, target_us, *, seed):
    """An array whose positive cells all have the same target."""
    weights = np.full(SAMPLES, target_us * MICRO / device.g_max_s)
    settings = CrossbarSettings(
        device=device, scaling=Scaling(Span.NONE), read_noise=ReadNoise(LowFrequencyNoise.FROZEN)
    )
    return program(weights, settings, Stream(seed))


def agree(values, mean, spread):
    """Five standard errors of the difference of two samples of this size, plus the table's rounding."""
    count = values.size
    assert values.mean() == pytest.approx(mean, abs=5 * spread * np.sqrt(2 / count) + 5e-5)
    if spread:
        assert values.std() == pytest.approx(spread, abs=5 * spread * np.sqrt(1 / count) + 5e-5)


@pytest.mark.parametrize("row", PCM_TABLE, ids=lambda row: f"{row[0]} uS")
def test_programmed_pcm(row):
    target, sigma, *_ = row
    agree(cells(PcmDevice(), target, seed=1).planes[0].programmed_s / MICRO, target, sigma)


@pytest.mark.parametrize(
    ("device", "means"),
    [
        (HermesDevice(ONE_DEVICE), {0.1: (0.3685, 0.6767), 0.5: (0.8650, 3.6842), 1.0: (1.0096, 9.3180)}),
        (HermesDevice(TWO_DEVICES), {0.1: (0.5574, 1.3870), 0.5: (0.9907, 7.5290), 1.0: (1.0914, 18.7644)}),
    ],
    ids=["one device", "two devices"],
)
def test_hermes_after_a_day(device, means):
    for share, (sigma, mean) in means.items():
        array = cells(device, share * device.g_max_s / MICRO, seed=2)
        programmed = array.planes[0].programmed_s / MICRO
        # 300,000 samples on their side.
        assert programmed.std() == pytest.approx(sigma, abs=5 * sigma * np.sqrt(1 / 3e5) + 5e-5)
        aged = array.conductances(DAY)[0] / MICRO
        assert aged.mean() == pytest.approx(mean, abs=5 * aged.std() * np.sqrt(2 / 3e5) + 5e-5)


@pytest.mark.parametrize("row", PCM_TABLE, ids=lambda row: f"{row[0]} uS")
def test_aged_pcm(row):
    """The table's cells were programmed without error, so that only drift and 1/f noise spread them."""
    target, _, *moments = row
    array = cells(PcmDevice(scales=NoiseScales(programming=0.0)), target, seed=3)
    for time_s, (mean, spread) in zip((25.0, 3600.0, DAY, 30 * DAY), moments, strict=True):
        agree(array.conductances(time_s)[0] / MICRO, mean, spread)


@pytest.mark.parametrize("time_s", [25.0, 3600.0, DAY])
def test_side_by_side_in_distribution(time_s):
    """Programming, drift and 1/f noise of AIHWKIT itself, sampled beside ours."""
    torch = pytest.importorskip("torch")
    pcm = pytest.importorskip("aihwkit.inference.noise.pcm")
    torch.manual_seed(0)
    model = pcm.PCMLikeNoiseModel(g_max=25.0)
    for target in (2.5, 12.5, 25.0):
        wanted = torch.full(SAMPLES, target)
        programmed = model.apply_programming_noise_to_conductance(wanted)
        exponents = model.generate_drift_coefficients(wanted)
        theirs = model.apply_drift_noise_to_conductance(programmed, exponents, time_s).numpy()
        ours = cells(PcmDevice(), target, seed=4).conductances(time_s)[0] / MICRO
        agree(ours, float(theirs.mean()), float(theirs.std()))


@pytest.mark.parametrize(
    ("module", "kind", "choices", "ours"),
    [
        ("hermes", "HermesNoiseModel", {"num_devices": 1}, HermesDevice(ONE_DEVICE)),
        ("hermes", "HermesNoiseModel", {"num_devices": 2}, HermesDevice(TWO_DEVICES)),
        ("reram", "ReRamWan2022NoiseModel", {"g_max": 40.0}, WanReramDevice(read_fraction=0.0)),
    ],
    ids=["HERMES, one device", "HERMES, two devices", "ReRAM"],
)
@pytest.mark.parametrize("time_s", [1.0, DAY])
@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence:UserWarning")  # AIHWKIT's own indexing
def test_other_devices_side_by_side(module, kind, choices, ours, time_s):
    torch = pytest.importorskip("torch")
    models = pytest.importorskip(f"aihwkit.inference.noise.{module}")
    torch.manual_seed(1)
    model = getattr(models, kind)(**choices)
    for share in (0.1, 0.5, 1.0):
        target = share * ours.g_max_s / MICRO
        wanted = torch.full(SAMPLES, target)
        programmed = model.apply_programming_noise_to_conductance(wanted)
        exponents = model.generate_drift_coefficients(wanted)
        theirs = model.apply_drift_noise_to_conductance(programmed, exponents, time_s).numpy()
        agree(cells(ours, target, seed=5).conductances(time_s)[0] / MICRO, float(theirs.mean()), float(theirs.std()))


TILE_WEIGHTS = np.random.default_rng(6).uniform(-1, 1, (48, 20)).astype(np.float32)
TILE_INPUTS = np.random.default_rng(7).uniform(-2, 2, (64, 48)).astype(np.float32)


def tile_outputs(inputs, **forward):
    """Outputs of AIHWKIT's C++ inference tile, its weights as given."""
    torch = pytest.importorskip("torch")
    configs = pytest.importorskip("aihwkit.simulator.configs")
    nn = pytest.importorskip("aihwkit.nn")
    torch.manual_seed(2)
    config = configs.InferenceRPUConfig()
    config.mapping.weight_scaling_omega = 0.0
    for name, value in forward.items():
        setattr(config.forward, name, value)
    layer = nn.AnalogLinear(*TILE_WEIGHTS.shape, bias=False, rpu_config=config)
    layer.set_weights(torch.tensor(TILE_WEIGHTS.T.copy()))
    layer.eval()
    with torch.no_grad():
        return layer(torch.tensor(inputs)).numpy()


def enums():
    return pytest.importorskip("aihwkit.simulator.parameters.enums")


def our_outputs(inputs, circuit, outputs, **settings):
    settings = CrossbarSettings(scaling=Scaling(Span.NONE), inputs=circuit, outputs=outputs, **settings)
    return multiply(program(TILE_WEIGHTS, settings, Stream(8)).at(0.0), inputs).outputs


@pytest.mark.parametrize("bound", [4.0, 12.0])
def test_converters_of_the_tile_itself(bound):
    theirs = tile_outputs(
        TILE_INPUTS, out_noise=0.0, out_bound=bound, bound_management=enums().BoundManagementType.NONE
    )
    found = our_outputs(TILE_INPUTS, InputCircuit(bits=7), OutputCircuit(bits=9, range=FixedRange(bound)))
    # A code on the edge between two levels may fall either way.
    assert np.mean(np.abs(found - theirs) > 1e-4) < 0.01


@pytest.mark.parametrize("bound", [0.5, 2.0])
def test_bound_management_of_the_tile_itself(bound):
    """Inputs are not scaled by their largest, which when halved would lie on the edge between two levels."""
    kinds = enums()
    inputs = TILE_INPUTS / 2
    theirs = tile_outputs(
        inputs,
        out_noise=0.0,
        out_bound=bound,
        noise_management=kinds.NoiseManagementType.NONE,
        bound_management=kinds.BoundManagementType.ITERATIVE,
    )
    found = our_outputs(
        inputs,
        InputCircuit(bits=7, scale=UnitScale()),
        OutputCircuit(bits=9, range=FixedRange(bound), bound_management=IterativeBound()),
    )
    assert np.abs(theirs).max() > 2 * bound
    assert np.mean(np.abs(found - theirs) > 1e-4) < 0.01


@pytest.mark.parametrize(
    ("forward", "noise", "read", "applied"),
    [
        ({"out_noise": 0.06}, 0.06, ReadNoise(), 0.0),
        ({"inp_noise": 0.05}, 0.0, ReadNoise(), 0.05),
        ({"w_noise": 0.0175, "w_noise_type": "PCM_READ"}, 0.0, ReadNoise(proportional=0.0175), 0.0),
        ({"w_noise": 0.02, "w_noise_type": "ADDITIVE_CONSTANT"}, 0.0, ReadNoise(weight=0.02), 0.0),
    ],
    ids=["output", "input", "PCM read", "constant read"],
)
def test_noises_of_the_tile_itself(forward, noise, read, applied):
    """The same vector many times: mean and spread of every output."""
    kinds = enums()
    if "w_noise_type" in forward:
        forward = {**forward, "w_noise_type": kinds.WeightNoiseType[forward["w_noise_type"]]}
    quiet = {"out_noise": 0.0, "w_noise": 0.0, "inp_res": -1.0, "out_res": -1.0, "out_bound": 0.0}
    inputs = np.repeat(TILE_INPUTS[:1], 20000, axis=0)
    theirs = tile_outputs(inputs, **(quiet | forward), bound_management=kinds.BoundManagementType.NONE)
    found = our_outputs(inputs, InputCircuit(noise=applied), OutputCircuit(noise=noise), read_noise=read)
    for own, other in zip(found.T, theirs.T, strict=True):
        agree(own, float(other.mean()), float(other.std()))


@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_saturating_columns_of_the_tile_itself(slope):
    exact = {"out_noise": 0.0, "inp_res": -1.0, "out_res": -1.0, "out_bound": 6.0}
    theirs = tile_outputs(
        TILE_INPUTS,
        **exact,
        out_nonlinearity=0.3,
        slope_calibration=slope,
        bound_management=enums().BoundManagementType.NONE,
    )
    outputs = OutputCircuit(bits=24, range=FixedRange(6.0), shape=SShape(0.3, 0.0, slope))
    np.testing.assert_allclose(our_outputs(TILE_INPUTS, InputCircuit(), outputs), theirs, atol=2e-5)


def test_averaged_wires_of_the_tile_itself():
    """Wires so resistive that the drop is a tenth of the outputs."""
    exact = {"out_noise": 0.0, "inp_res": -1.0, "out_res": -1.0, "out_bound": 0.0}
    wires = AveragedWires(0.35, 500e-6)
    theirs = tile_outputs(
        TILE_INPUTS,
        **exact,
        ir_drop=1.0,
        ir_drop_g_ratio=1 / (wires.segment_ohm * wires.cell_s),
        bound_management=enums().BoundManagementType.NONE,
    )
    found = our_outputs(TILE_INPUTS, InputCircuit(), OutputCircuit(), wires=wires)
    np.testing.assert_allclose(found, theirs, atol=2e-5)
