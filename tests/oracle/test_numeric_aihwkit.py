"""Quantisation and noise against values that AIHWKIT 1.1.0 gave; and against AIHWKIT itself where it is installed."""

import numpy as np
import pytest

from archsim.numeric import (
    AbsMaxScale,
    CrossbarSettings,
    FixedRange,
    InputCircuit,
    LowFrequencyNoise,
    OutputCircuit,
    ReadNoise,
    Scaling,
    Span,
    Stream,
    UnitScale,
    multiply,
    program,
)
from archsim.numeric.devices import ONE_DEVICE, TWO_DEVICES, HermesDevice, NoiseScales, PcmDevice

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
