"""Programming: one shot, closed loop, faults, corrections; from weights to conductances and back."""

from math import erf, sqrt

import numpy as np
import pytest

from archsim.errors import InputError
from archsim.numeric import (
    CrossbarSettings,
    Faults,
    ProgramAndVerify,
    ReadNoise,
    Scaling,
    Span,
    Stream,
    program,
    program_measured,
)
from archsim.numeric.devices import ErrorLaw, GenericErrorDevice, IdealDevice, PcmDevice, WanReramDevice
from archsim.numeric.encodings import (
    BitSlices,
    CorrectedPairs,
    DifferentialPair,
    OffsetCell,
    RedundantPairs,
    SharedReference,
    SignificancePairs,
    dual_pair,
)
from archsim.numeric.settings import LowFrequencyNoise

GENERATOR = np.random.default_rng(5)
WEIGHTS = GENERATOR.uniform(-2.0, 2.0, (96, 80))
SIGMA = 0.04
NOISY = GenericErrorDevice(ErrorLaw.INDEPENDENT, programming=SIGMA, g_min_s=5e-6)


def weight_error(settings: CrossbarSettings) -> float:
    """Standard deviation of the normalised weights' error."""
    array = program(WEIGHTS, settings, Stream(3))
    return float(((array.weights_at(0.0) - WEIGHTS) / array.scale).std())


class TestClosedLoop:
    def test_attempts_and_failures_follow_the_closed_form(self):
        tolerance, limit = 1.0, 4
        p = erf(tolerance / sqrt(2))
        span = NOISY.g_max_s
        how = ProgramAndVerify(tolerance_s=tolerance * SIGMA * span, max_iterations=limit)
        # Two-sided cells keep clear of zero, where the conductance is cut.
        array = program(
            WEIGHTS * 0.5,
            CrossbarSettings(
                device=NOISY, programming=how, encoding=DifferentialPair(True), scaling=Scaling(omega=0.7)
            ),
            Stream(3),
        )
        cells = 2 * WEIGHTS.size
        expected = (1 - (1 - p) ** limit) / p
        assert array.attempts == pytest.approx(expected, abs=4 * sqrt(expected / cells))
        failed = (1 - p) ** limit
        assert array.unconverged == pytest.approx(failed, abs=4 * sqrt(failed / cells))

    def test_accepted_cells_lie_within_the_tolerance(self):
        tolerance = 0.3 * SIGMA * NOISY.g_max_s
        how = ProgramAndVerify(tolerance_s=tolerance, max_iterations=200)
        array = program(WEIGHTS, CrossbarSettings(device=NOISY, programming=how), Stream(3))
        assert array.unconverged == 0
        for plane in array.planes:
            assert np.abs(plane.programmed_s - plane.target_s).max() <= tolerance

    def test_a_noisy_verification_lets_errors_through(self):
        tolerance = 0.3 * SIGMA * NOISY.g_max_s
        how = ProgramAndVerify(tolerance, max_iterations=200, verify_sigma_s=tolerance)
        array = program(WEIGHTS, CrossbarSettings(device=NOISY, programming=how), Stream(3))
        assert max(np.abs(plane.programmed_s - plane.target_s).max() for plane in array.planes) > tolerance

    def test_one_shot_takes_one_attempt(self):
        array = program(WEIGHTS, CrossbarSettings(device=NOISY), Stream(3))
        assert array.attempts == 1
        assert array.unconverged == 0

    @pytest.mark.parametrize("arguments", [(0.0, 5), (1e-6, 0), (1e-6, 5, -1.0)])
    def test_impossible_loops_are_refused(self, arguments):
        with pytest.raises(InputError):
            ProgramAndVerify(*arguments)


class TestRedundancy:
    def test_copies_average_their_errors(self):
        one = weight_error(CrossbarSettings(device=NOISY, encoding=DifferentialPair()))
        four = weight_error(CrossbarSettings(device=NOISY, encoding=RedundantPairs(4)))
        assert four == pytest.approx(one / 2, rel=0.05)

    def test_more_significance_pairs_reduce_the_error(self):
        errors = [
            weight_error(CrossbarSettings(device=PcmDevice(), encoding=SignificancePairs((1.0,) * pairs)))
            for pairs in (1, 2, 4)
        ]
        assert errors[0] > 1.1 * errors[1] > 1.2 * errors[2]

    def test_a_correcting_pair_of_low_significance_leaves_its_own_error(self):
        plain = weight_error(CrossbarSettings(device=NOISY))
        corrected = weight_error(CrossbarSettings(device=NOISY, encoding=CorrectedPairs((0.2,))))
        assert corrected == pytest.approx(0.2 * plain, rel=0.25)

    def test_the_reference_column_shares_its_error(self):
        array = program(WEIGHTS, CrossbarSettings(device=NOISY, encoding=SharedReference()), Stream(3))
        cells, reference = array.planes
        assert reference.target_s.shape == (96, 1)
        error = (array.weights_at(0.0) - WEIGHTS) / array.scale
        span = NOISY.g_max_s - NOISY.g_min_s
        own = 2 * (cells.programmed_s - cells.target_s) / span
        np.testing.assert_allclose(error - own, -2 * (reference.programmed_s - reference.target_s) / span * np.ones(80))


class TestFaults:
    def test_shares_of_stuck_cells(self):
        faults = Faults(stuck_low=0.1, stuck_high=0.05, stuck_anywhere=0.02)
        array = program(WEIGHTS, CrossbarSettings(faults=faults, encoding=DifferentialPair(True)), Stream(3))
        stuck = np.concatenate([plane.stuck for plane in array.planes])
        held = np.concatenate([plane.programmed_s for plane in array.planes])
        spread = 4 * sqrt(0.25 / stuck.size)
        assert stuck.mean() == pytest.approx(0.17, abs=spread)
        assert (held[stuck] == 0).mean() == pytest.approx(0.1 / 0.17, abs=0.03)
        assert (held[stuck] == 25e-6).mean() == pytest.approx(0.05 / 0.17, abs=0.03)

    def test_stuck_cells_do_not_drift(self):
        faults = Faults(stuck_high=0.5)
        array = program(WEIGHTS, CrossbarSettings(device=PcmDevice(), faults=faults), Stream(3))
        for plane, aged in zip(array.planes, array.conductances(1e6), strict=True):
            np.testing.assert_array_equal(aged[plane.stuck], 25e-6)
            held = (plane.programmed_s > 1e-6) & ~plane.stuck
            assert (aged[held] < plane.programmed_s[held]).all()

    @pytest.mark.parametrize("shares", [(-0.1, 0.0, 0.0), (0.5, 0.4, 0.2)])
    def test_impossible_shares_are_refused(self, shares):
        with pytest.raises(InputError, match="share"):
            Faults(*shares)


class TestTime:
    def test_the_same_time_gives_the_same_state(self):
        noise = ReadNoise(LowFrequencyNoise.FROZEN)
        array = program(WEIGHTS, CrossbarSettings(device=PcmDevice(), read_noise=noise), Stream(3))
        np.testing.assert_array_equal(array.conductances(7.0)[0], array.conductances(7.0)[0])
        # Between two close times only the frozen 1/f noise is drawn anew.
        assert np.abs(array.conductances(7.0)[0] - array.conductances(7.001)[0]).max() > 1e-7

    def test_frozen_noise_has_the_device_s_spread(self):
        frozen = CrossbarSettings(device=PcmDevice(), read_noise=ReadNoise(LowFrequencyNoise.FROZEN))
        array = program(WEIGHTS, frozen, Stream(3))
        still = program(WEIGHTS, CrossbarSettings(device=PcmDevice()), Stream(3)).conductances(1e4)[0]
        noise = (array.conductances(1e4)[0] - still) / np.where(still > 5e-6, still, np.inf)
        sigma = PcmDevice().read_sigma(array.planes[0].programmed_s, still, 1e4) / np.where(still > 5e-6, still, np.inf)
        used = still > 5e-6
        assert (noise[used] / sigma[used]).std() == pytest.approx(1.0, abs=0.05)

    def test_ten_years_pass(self):
        array = program(WEIGHTS, CrossbarSettings(device=PcmDevice()), Stream(3))
        years = array.weights_at(10 * 365 * 86400.0)
        assert np.isfinite(years).all()
        assert np.abs(years).mean() < 0.6 * np.abs(array.weights_at(1.0)).mean()

    def test_tabulated_devices_refuse_other_times(self):
        array = program(WEIGHTS, CrossbarSettings(device=WanReramDevice()), Stream(3))
        assert np.isfinite(array.weights_at(86400.0)).all()
        with pytest.raises(InputError, match="time since programming"):
            array.at(10.0)

    @pytest.mark.parametrize("time_s", [-1.0, float("nan"), float("inf")])
    def test_impossible_times_are_refused(self, time_s):
        array = program(WEIGHTS, CrossbarSettings(), Stream(3))
        with pytest.raises(InputError, match="time since programming"):
            array.at(time_s)


class TestScaling:
    def test_columns_keep_their_own_scale(self):
        weights = WEIGHTS * np.linspace(0.01, 1, 80)
        tile = program(weights, CrossbarSettings(device=NOISY), Stream(3))
        column = program(weights, CrossbarSettings(device=NOISY, scaling=Scaling(Span.COLUMN)), Stream(3))
        np.testing.assert_allclose(column.scale, np.abs(weights).max(axis=0))
        np.testing.assert_allclose(tile.scale, np.abs(weights).max())
        small = slice(0, 8)
        error = [np.abs(array.weights_at(0.0) - weights)[:, small].mean() for array in (tile, column)]
        assert error[1] < 0.2 * error[0]

    def test_omega_leaves_headroom(self):
        array = program(WEIGHTS, CrossbarSettings(scaling=Scaling(omega=0.5)), Stream(3))
        assert max(plane.target_s.max() for plane in array.planes) == pytest.approx(12.5e-6)
        np.testing.assert_allclose(array.weights_at(0.0), WEIGHTS)

    def test_centring_uses_the_whole_range_of_a_single_cell(self):
        shifted = WEIGHTS + 1.5
        settings = CrossbarSettings(encoding=OffsetCell(), scaling=Scaling(centred=True))
        array = program(shifted, settings, Stream(3))
        cell = array.planes[0].target_s
        assert cell.min() == pytest.approx(0.0, abs=1e-18)
        assert cell.max() == pytest.approx(25e-6)
        np.testing.assert_allclose(array.weights_at(0.0), shifted, atol=1e-12)

    @pytest.mark.parametrize(("bits", "levels"), [(2, 3), (3, 7), (4, 15)])
    def test_weights_have_as_many_levels_as_their_bits_allow(self, bits: int, levels: int):
        """Signed weights of b bits: zero, and 2^(b-1) - 1 steps each way of the largest of their column."""
        weights = np.linspace(-2.0, 2.0, 401)[:, None]
        rounded = program(weights, CrossbarSettings(scaling=Scaling(Span.COLUMN, bits=bits)), Stream(3)).weights_at(0.0)
        steps = (levels - 1) // 2
        assert np.unique(rounded.round(9)) == pytest.approx(2.0 * np.arange(-steps, steps + 1) / steps)
        assert np.abs(rounded - weights).max() <= 2.0 / steps / 2 + 1e-9

    def test_no_scaling_wants_normalised_weights(self):
        with pytest.raises(InputError, match="scaling is none"):
            program(WEIGHTS, CrossbarSettings(scaling=Scaling(Span.NONE)), Stream(3))
        array = program(WEIGHTS / 2, CrossbarSettings(scaling=Scaling(Span.NONE)), Stream(3))
        np.testing.assert_array_equal(array.scale, 1.0)

    def test_a_matrix_of_zeros_is_programmed(self):
        array = program(np.zeros((4, 3)), CrossbarSettings(), Stream(3))
        np.testing.assert_array_equal(array.weights_at(0.0), 0.0)

    @pytest.mark.parametrize("omega", [0.0, -1.0, 1.5])
    def test_impossible_omegas_are_refused(self, omega):
        with pytest.raises(InputError, match="omega"):
            Scaling(omega=omega)


class TestEncodings:
    def test_significance_pairs_fill_the_least_significant_first(self):
        array = program(np.array([[1.0, 0.25, -0.5]]), CrossbarSettings(encoding=dual_pair(3.0)), Stream(3))
        low_plus, low_minus, high_plus, high_minus = (plane.target_s[0] / 25e-6 for plane in array.planes)
        np.testing.assert_allclose(low_plus, [1, 1, 0])
        np.testing.assert_allclose(low_minus, [0, 0, 1])
        np.testing.assert_allclose(high_plus, [1, 0, 0])
        np.testing.assert_allclose(high_minus, [0, 0, 1 / 3])

    def test_balanced_slices_hold_digits(self):
        array = program(np.array([[1.0, -90 / 127]]), CrossbarSettings(encoding=BitSlices(8, 2)), Stream(3))
        digits = [plane.target_s[0] / 25e-6 * 15 for plane in array.planes]
        # 127 = 0b0111_1111 and 90 = 0b0101_1010, in digits of four bits.
        np.testing.assert_allclose(digits, [[15, 0], [0, 10], [7, 0], [0, 5]], atol=1e-9)

    def test_offset_slices_hold_shifted_digits(self):
        encoding = BitSlices(8, 4, offset=True)
        array = program(np.array([[1.0, -1.0]]), CrossbarSettings(encoding=encoding), Stream(3))
        digits = [plane.target_s[0] / 25e-6 * 3 for plane in array.planes]
        # 127 + 128 = 0b11111111 and -127 + 128 = 1, in digits of two bits.
        np.testing.assert_allclose(digits, [[3, 1], [3, 0], [3, 0], [3, 0]], atol=1e-9)

    @pytest.mark.parametrize(
        "make",
        [
            lambda: SignificancePairs(()),
            lambda: SignificancePairs((1.0, 0.0)),
            lambda: RedundantPairs(0),
            lambda: CorrectedPairs((-1.0,)),
            lambda: BitSlices(0, 1),
            lambda: BitSlices(8, 0),
            lambda: BitSlices(4, 4),
        ],
    )
    def test_impossible_encodings_are_refused(self, make):
        with pytest.raises(InputError):
            make()


class TestMeasured:
    def test_measured_conductances_take_the_place_of_programmed_ones(self):
        array = program(WEIGHTS, CrossbarSettings(device=IdealDevice()), Stream(3))
        halved = program_measured(tuple(plane.programmed_s / 2 for plane in array.planes), array)
        np.testing.assert_allclose(halved.weights_at(0.0), WEIGHTS / 2)

    @pytest.mark.parametrize(
        "measured",
        [(np.ones((96, 80)),), (np.ones((96, 80)), np.ones((2, 2))), (np.ones((96, 80)), np.full((96, 80), np.nan))],
    )
    def test_incomplete_measurements_are_refused(self, measured):
        array = program(WEIGHTS, CrossbarSettings(), Stream(3))
        with pytest.raises(InputError, match="measured conductances"):
            program_measured(measured, array)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.array([[1.0, np.nan]]), "nan at row 0, column 1"),
        (np.array([[np.inf], [1.0]]), "inf at row 0"),
        (np.ones((2, 2), int), "type int64"),
        (np.ones(3), r"shape \(3,\)"),
        (np.ones((0, 3)), r"shape \(0, 3\)"),
    ],
)
def test_bad_weights_are_named(weights, message):
    with pytest.raises(InputError, match=message):
        program(weights, CrossbarSettings(), Stream(0))


@pytest.mark.parametrize("offset", [np.ones(3), np.array([1.0, np.nan])])
def test_bad_offsets_are_named(offset):
    with pytest.raises(InputError, match="offset"):
        program(np.ones((2, 2)), CrossbarSettings(), Stream(0), offset=offset)
