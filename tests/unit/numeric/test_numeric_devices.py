"""Device models against the published coefficients' values, and their edges."""

import numpy as np
import pytest

from archsim.errors import InputError
from archsim.numeric.devices import (
    EXAMPLE_TABLE,
    ONE_DEVICE,
    PCM_JOSHI,
    RERAM_MILO,
    RERAM_WAN_STATIC,
    TWO_DEVICES,
    AcceptanceRange,
    CmoReramDevice,
    DriftTable,
    ErrorLaw,
    GenericErrorDevice,
    HermesDevice,
    IdealDevice,
    NoiseScales,
    PcmDevice,
    ProjectedPcmDevice,
    ReadingTimes,
    SonosDevice,
    StateIndependentDevice,
    WanReramDevice,
)

HOUR, DAY, YEAR = 3600.0, 86400.0, 365 * 86400.0
MICRO = 1e-6


def micro(*values: float) -> np.ndarray:
    return np.array(values) * MICRO


def exponents(device, target_s, draw):
    """Drift exponent of a cell, found from two of its states."""
    target = np.atleast_1d(np.asarray(target_s, float))
    draws = np.full(target.shape, float(draw))
    first = device.fit.times.first_s if isinstance(device, HermesDevice) else device.times.first_s
    aged = device.aged(target, np.ones_like(target), draws, 9 * first)
    return -np.log10(aged)


@pytest.mark.parametrize(
    ("r", "sigma", "mean", "spread", "quality"),
    [
        (1.0, 1.05538, 0.049, 0.008, 0.0088),
        (0.5, 0.95271, 0.049, 0.008, 0.01381),
        (0.2, 0.60956, 0.04935, 0.01422, 0.02505),
        (0.1, 0.44825, 0.06009, 0.02288, 0.03931),
        (1e-9, 0.26348, 0.1, 0.045, 0.2),
    ],
)
def test_pcm_follows_the_published_fit(r, sigma, mean, spread, quality):
    device, g = PcmDevice(), micro(25 * r)
    np.testing.assert_allclose(device.programming_sigma(g) / MICRO, sigma, atol=6e-6)
    np.testing.assert_allclose(exponents(device, g, 0), mean, atol=1e-5)
    np.testing.assert_allclose(exponents(device, g, 1), mean + spread, atol=2e-5)
    accumulated = 4.2796
    np.testing.assert_allclose(device.read_sigma(g, g, 25.0), g * quality * accumulated, rtol=5e-4)


@pytest.mark.parametrize(
    ("time_s", "factor"), [(0.0, 4.1838), (25.0, 4.2796), (HOUR, 4.7648), (DAY, 5.0868), (YEAR, 5.6370)]
)
def test_pcm_noise_accumulates_with_time(time_s, factor):
    g = micro(25.0)
    np.testing.assert_allclose(PcmDevice().read_sigma(g, g, time_s) / (g * 0.0088), factor, atol=6e-5)


@pytest.mark.parametrize(("time_s", "share"), [(HOUR, 0.7711), (DAY, 0.6580), (YEAR, 0.4899)])
def test_pcm_drifts_as_a_power_law(time_s, share):
    device = PcmDevice()
    draw = np.array([(0.05 - 0.049) / 0.008])
    np.testing.assert_allclose(device.aged(micro(25.0), np.ones(1), draw, time_s), share, atol=5e-5)


def test_pcm_rescales_with_its_range():
    wide = PcmDevice(g_max_s=50e-6)
    np.testing.assert_allclose(wide.programming_sigma(micro(50.0)), 2 * PcmDevice().programming_sigma(micro(25.0)))


def test_scales_switch_effects_off():
    quiet = PcmDevice(scales=NoiseScales(programming=0, read=0, drift=0))
    g = micro(10.0)
    assert quiet.programming_sigma(g)[0] == 0
    assert quiet.read_sigma(g, g, DAY)[0] == 0
    np.testing.assert_array_equal(quiet.aged(g, g, np.ones(1), DAY), g)


def test_pcm_never_goes_below_zero():
    assert PcmDevice().bounded(micro(-1.0))[0] == 0


@pytest.mark.parametrize(
    ("r", "sigma", "mean", "spread", "quality"),
    [
        (0.1, 0.55772, 0.07190, 0.02124, 0.02004),
        (0.5, 0.99101, 0.05640, 0.00900, 0.01671),
        (1.0, 1.09270, 0.01740, 0.00480, 0.01230),
    ],
)
def test_hermes_with_two_devices(r, sigma, mean, spread, quality):
    device = HermesDevice(TWO_DEVICES)
    g = micro(20.7 * r)
    np.testing.assert_allclose(device.programming_sigma(g) / MICRO, sigma, atol=6e-6)
    np.testing.assert_allclose(exponents(device, g, 0), mean, atol=1e-5)
    np.testing.assert_allclose(exponents(device, g, 1), mean + spread, atol=2e-5)
    accumulated = np.sqrt(np.log((DAY + 300 + 512e-9) / 1024e-9))
    np.testing.assert_allclose(device.read_sigma(g, g, DAY) / (g * accumulated), quality, atol=6e-6)


def test_hermes_with_one_device_uses_its_own_range_and_times():
    device = HermesDevice(ONE_DEVICE)
    assert device.g_max_s == pytest.approx(10.35e-6)
    accumulated = np.sqrt(np.log((200 + 512e-9) / 1024e-9))
    g = micro(10.35)
    np.testing.assert_allclose(device.read_sigma(g, g, 0.0) / g, accumulated * 0.0168, rtol=1e-6)


def test_hermes_logarithmic_branches_meet_their_clips():
    device = HermesDevice(TWO_DEVICES)
    np.testing.assert_allclose(exponents(device, micro(0.0), 0), 0.13, atol=1e-9)


def test_projected_pcm_interpolates_its_table():
    device = ProjectedPcmDevice(table=EXAMPLE_TABLE)
    np.testing.assert_allclose(exponents(device, micro(0.0, 5.0, 10.0, 17.5, 25.0), 0), [0.08, 0.065, 0.05, 0.04, 0.03])
    np.testing.assert_allclose(exponents(device, micro(5.0), 1), [0.065 + 0.025])
    np.testing.assert_allclose(device.programming_sigma(micro(12.5)), PcmDevice().programming_sigma(micro(12.5)))
    g = micro(12.5)
    np.testing.assert_allclose(device.read_sigma(g, g, DAY), PcmDevice().read_sigma(g, g, DAY))


@pytest.mark.parametrize(
    "table", [((0.0, 1.0), (0.1,), (0.1, 0.1)), ((1.0, 0.0), (0.1, 0.1), (0.1, 0.1)), ((), (), ())]
)
def test_a_bad_drift_table_is_refused(table):
    with pytest.raises(InputError, match="drift table"):
        DriftTable(*table)


def test_state_independent_device():
    device = StateIndependentDevice(read_s=0.1e-6)
    g = micro(5.0, 25.0)
    np.testing.assert_allclose(device.programming_sigma(g), 0.2e-6)
    np.testing.assert_allclose(exponents(device, g, 1), 0.15)
    np.testing.assert_allclose(device.read_sigma(g, g, 25.0), 0.1e-6 * g / 25e-6 * 4.2796, rtol=2e-5)


@pytest.mark.parametrize(
    ("time_s", "sigmas"), [(1.0, (0.348, 2.258, 2.023, 1.103)), (DAY, (0.701, 3.721, 3.909, 2.651))]
)
def test_wan_reram_redraws_its_error_around_the_target(time_s, sigmas):
    device = WanReramDevice()
    target = micro(0.0, 10.0, 20.0, 40.0)
    error = device.aged(target, np.full(4, 99.0), np.ones(4), time_s) - target
    np.testing.assert_allclose(error / MICRO, sigmas, atol=6e-4)


def test_wan_reram_rescales_and_knows_three_times_only():
    half = WanReramDevice(g_max_s=20e-6)
    np.testing.assert_allclose(half.programming_sigma(micro(20.0)), WanReramDevice().programming_sigma(micro(40.0)) / 2)
    assert half.read_sigma(micro(1.0), micro(1.0), 1.0)[0] == pytest.approx(0.2e-6)
    assert half.aged(micro(0.0), micro(0.0), np.full(1, -9.0), 2 * DAY)[0] == 0
    with pytest.raises(InputError, match="1 s, 1 day and 2 days"):
        half.aged(micro(1.0), micro(1.0), np.zeros(1), HOUR)


def test_cmo_reram_follows_both_acceptance_ranges():
    g = micro(50.0)
    narrow, wide = CmoReramDevice(AcceptanceRange.NARROW), CmoReramDevice(AcceptanceRange.WIDE)
    np.testing.assert_allclose(narrow.programming_sigma(g) / MICRO, 0.00106879 * 50 + 0.00081107)
    np.testing.assert_allclose(wide.programming_sigma(g) / MICRO, 0.01129027418 * 50 + 0.0112185391)


def test_cmo_reram_relaxes_and_stays_within_its_range():
    device = CmoReramDevice(AcceptanceRange.WIDE)
    g = micro(50.0)
    np.testing.assert_array_equal(device.aged(g, g, np.ones(1), 0.0), g)
    relaxed = device.aged(g, g, np.array([2.0]), np.e)
    np.testing.assert_allclose(relaxed / MICRO, 50 - 0.08900206 + 2 * (0.04201137 + 0.41183342))
    assert device.aged(g, micro(9.1), np.full(1, -9.0), DAY)[0] == pytest.approx(9e-6)
    accumulated = np.sqrt(np.log((DAY + 1e-6) / 2e-6))
    np.testing.assert_allclose(device.read_sigma(g, g, DAY) / MICRO, 0.0277316483 * np.log10(50) * accumulated)
    assert device.read_sigma(g, g, 0.0)[0] == 0


def test_static_errors_follow_their_polynomials():
    np.testing.assert_allclose(PCM_JOSHI.programming_sigma(micro(10.0)) / MICRO, -0.178767 + 0.7585724 + 0.28638599)
    np.testing.assert_allclose(RERAM_MILO.programming_sigma(micro(100.0)) / MICRO, -0.9107 + 4.782321)
    np.testing.assert_allclose(RERAM_WAN_STATIC.programming_sigma(micro(10.0)) / MICRO, 0.1536 - 1.167 + 2.374 + 1.053)
    g = micro(10.0)
    np.testing.assert_array_equal(PCM_JOSHI.aged(g, g, np.ones(1), YEAR), g)
    assert PCM_JOSHI.read_sigma(g, g, YEAR)[0] == 0


@pytest.mark.parametrize(
    ("law", "sigma"), [(ErrorLaw.INDEPENDENT, 2.5), (ErrorLaw.PROPORTIONAL, 0.5), (ErrorLaw.INVERSE, 0.5)]
)
def test_generic_errors(law, sigma):
    device = GenericErrorDevice(law, programming=0.1, read=0.2, g_min_s=1e-6)
    g = micro(5.0)
    np.testing.assert_allclose(device.programming_sigma(g) / MICRO, sigma)
    np.testing.assert_allclose(device.read_sigma(g, g, 1.0) / MICRO, 2 * sigma)
    np.testing.assert_array_equal(device.aged(g, g, np.ones(1), 1.0), g)


def test_sonos_spread_grows_to_the_measured_one():
    device = SonosDevice(read_v=0.1, max_current_a=1600e-9)
    g = np.array([500e-9 / 0.1])
    assert device.g_max_s == pytest.approx(16e-6)
    first = device.programming_sigma(g) * 0.1 * 1e9
    np.testing.assert_allclose(first, 19.88665 * (1 - np.exp(-500 / 176.3115)))
    added = (device.aged(g, g, np.ones(1), 3 * DAY) - g) * 0.1 * 1e9
    np.testing.assert_allclose(np.hypot(first, added), 31.04318 * (1 - np.exp(-500 / 198.90332)))
    np.testing.assert_array_equal(device.aged(g, g, np.ones(1), 0.0), g)
    read = device.read_sigma(g, g, DAY) * 0.1 * 1e9
    np.testing.assert_allclose(read, 12.58037 * (1 - np.exp(-500 / 215.36557)))


def test_sonos_knows_whole_days_only():
    device = SonosDevice(read_v=0.1, max_current_a=1600e-9)
    for time_s in (HOUR, 6 * DAY):
        with pytest.raises(InputError, match="whole days"):
            device.aged(micro(1.0), micro(1.0), np.zeros(1), time_s)
    with pytest.raises(InputError, match="3200 nA"):
        SonosDevice(read_v=0.1, max_current_a=4e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: IdealDevice(g_min_s=-1e-6),
        lambda: IdealDevice(g_min_s=30e-6),
        lambda: PcmDevice(g_max_s=float("nan")),
        lambda: NoiseScales(read=-1.0),
        lambda: ReadingTimes(0.0, 1e-6),
        lambda: GenericErrorDevice(ErrorLaw.INVERSE, programming=0.1),
        lambda: GenericErrorDevice(ErrorLaw.PROPORTIONAL, programming=-0.1),
        lambda: WanReramDevice(read_fraction=-0.1),
        lambda: StateIndependentDevice(read_s=float("inf")),
    ],
)
def test_impossible_devices_are_refused(make):
    with pytest.raises(InputError) as caught:
        make()
    assert caught.value.where
    assert caught.value.remedy


def test_the_ideal_device_keeps_what_it_is_given():
    device, g = IdealDevice(), micro(3.0)
    assert device.programming_sigma(g)[0] == device.read_sigma(g, g, YEAR)[0] == 0
    np.testing.assert_array_equal(device.aged(g, g, np.ones(1), YEAR), g)
