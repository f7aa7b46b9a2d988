"""Ranges from data, drift compensation, affine fits and digital scales."""

import numpy as np
import pytest

from archsim.errors import InputError
from archsim.numeric import (
    CalibratedRange,
    CalibratedScale,
    Conversion,
    CrossbarSettings,
    FixedRange,
    InputCircuit,
    MeasuredCompensation,
    OutputCircuit,
    Scaling,
    ScheduledCompensation,
    Span,
    Stream,
    UnitScale,
    calibrate,
    fit_affine,
    mean_drive,
    multiply,
    program,
)
from archsim.numeric.devices import NoiseScales, PcmDevice
from archsim.numeric.encodings import BitSlices

GENERATOR = np.random.default_rng(31)
WEIGHTS = GENERATOR.normal(size=(64, 32)).clip(-3, 3)
INPUTS = GENERATOR.normal(size=(300, 64)).astype(np.float32)
IDEAL = INPUTS @ WEIGHTS
MONTH = 30 * 86400.0


def gain(outputs) -> float:
    """Slope of the outputs against the ideal ones."""
    return float((outputs * IDEAL).sum() / (IDEAL**2).sum())


class TestRanges:
    def test_the_input_range_is_a_percentile_of_the_data(self):
        array = program(WEIGHTS, CrossbarSettings(inputs=InputCircuit(bits=8, scale=CalibratedScale(99.0))), Stream(1))
        calibrated = calibrate(array, INPUTS)
        assert calibrated.input_range == pytest.approx(np.percentile(np.abs(INPUTS), 99.0))
        found = multiply(calibrated.at(0.0), INPUTS).outputs
        clipped = np.clip(INPUTS, -calibrated.input_range, calibrated.input_range) @ WEIGHTS
        np.testing.assert_allclose(found, clipped, atol=0.5)

    @pytest.mark.parametrize("per_column", [False, True])
    @pytest.mark.parametrize("conversion", Conversion)
    def test_the_adc_s_bound_is_a_percentile_of_the_analog_values(self, per_column, conversion):
        outputs = OutputCircuit(bits=8, range=CalibratedRange(100.0, per_column), conversion=conversion)
        settings = CrossbarSettings(inputs=InputCircuit(scale=UnitScale(), bound=10.0), outputs=outputs)
        calibrated = calibrate(program(WEIGHTS, settings, Stream(1)), INPUTS)
        analog = np.abs(IDEAL / np.abs(WEIGHTS).max())
        expected = analog.max(axis=0) if per_column else np.full(32, analog.max())
        np.testing.assert_allclose(calibrated.bounds, expected, rtol=1e-5)
        found = multiply(calibrated.at(0.0), INPUTS)
        assert found.clipped.sum() == 0
        step = expected / 127 * np.abs(WEIGHTS).max()
        assert (np.abs(found.outputs - IDEAL) <= 0.51 * step).all()

    def test_groups_have_bounds_of_their_own(self):
        outputs = OutputCircuit(bits=8, range=CalibratedRange(99.5))
        settings = CrossbarSettings(encoding=BitSlices(9, 2), outputs=outputs)
        bounds = calibrate(program(WEIGHTS, settings, Stream(1)), INPUTS).bounds
        assert len(np.unique(bounds[:32])) == len(np.unique(bounds[32:])) == 1
        assert bounds[0] != bounds[32]

    def test_a_smaller_percentile_clips_more(self):
        def clipped(percentile):
            outputs = OutputCircuit(bits=8, range=CalibratedRange(percentile))
            array = program(WEIGHTS, CrossbarSettings(outputs=outputs), Stream(1))
            return multiply(calibrate(array, INPUTS).at(0.0), INPUTS).clipped.mean()

        assert clipped(95.0) == pytest.approx(0.05, abs=0.005)
        assert clipped(99.9) < 0.002

    def test_fixed_ranges_stay(self):
        array = program(WEIGHTS, CrossbarSettings(), Stream(1))
        assert calibrate(array, INPUTS).bounds is None

    @pytest.mark.parametrize("inputs", [INPUTS[:0], INPUTS[:, :5], np.full((2, 64), np.nan, np.float32)])
    def test_bad_calibration_data_are_named(self, inputs):
        array = program(WEIGHTS, CrossbarSettings(), Stream(1))
        with pytest.raises(InputError, match="inputs"):
            calibrate(array, inputs)


class TestCompensation:
    def test_without_it_outputs_shrink_and_with_it_they_hold(self):
        gains = {
            how: gain(
                multiply(
                    program(WEIGHTS, CrossbarSettings(device=PcmDevice(), compensation=how), Stream(1)).at(MONTH),
                    INPUTS,
                ).outputs
            )
            for how in (None, MeasuredCompensation(), MeasuredCompensation(per_column=True))
        }
        assert gains[None] < 0.62
        assert gains[MeasuredCompensation()] == pytest.approx(1.0, abs=0.03)
        assert gains[MeasuredCompensation(per_column=True)] == pytest.approx(1.0, abs=0.03)

    def test_uniform_drift_is_undone_exactly(self):
        # Without spread and programming error, every cell above 5 uS drifts by the same factor.
        still = PcmDevice(scales=NoiseScales(programming=0.0))
        weights = np.where(WEIGHTS > 0, 1.0, -1.0)
        array = program(weights, CrossbarSettings(device=still, compensation=MeasuredCompensation()), Stream(1))
        drift = array.weights_at(MONTH) / weights
        state = array.at(MONTH)
        np.testing.assert_allclose(state.scale, 1 / drift.mean(), rtol=0.01)

    def test_the_floor_keeps_empty_arrays_finite(self):
        settings = CrossbarSettings(compensation=MeasuredCompensation())
        np.testing.assert_allclose(program(np.zeros((4, 4)), settings, Stream(1)).at(1.0).scale, 1.0)

    def test_a_schedule_follows_the_clock(self):
        settings = CrossbarSettings(compensation=ScheduledCompensation(exponent=0.05, first_s=20.0))
        array = program(WEIGHTS, settings, Stream(1))
        np.testing.assert_allclose(array.at(0.0).scale, np.abs(WEIGHTS).max(), rtol=1e-6)
        np.testing.assert_allclose(array.at(86400.0).scale, np.abs(WEIGHTS).max() / 0.6580, rtol=1e-4)

    def test_calibration_goes_through_the_whole_chain(self):
        settings = CrossbarSettings(
            device=PcmDevice(),
            inputs=InputCircuit(bits=8),
            outputs=OutputCircuit(bits=10, range=FixedRange(10.0), noise=0.02),
            compensation=MeasuredCompensation(),
        )
        array = program(WEIGHTS, settings, Stream(1))
        np.testing.assert_array_equal(array.at(MONTH).scale, array.at(MONTH).scale)
        assert gain(multiply(array.at(MONTH), INPUTS).outputs) == pytest.approx(1.0, abs=0.05)

    @pytest.mark.parametrize("arguments", [(-0.1, 20.0), (0.1, 0.0)])
    def test_impossible_schedules_are_refused(self, arguments):
        with pytest.raises(InputError, match="compensation"):
            ScheduledCompensation(*arguments)


def test_scales_are_quantised_relative_to_the_largest():
    exact = program(WEIGHTS, CrossbarSettings(scaling=Scaling(Span.COLUMN)), Stream(1)).at(0.0).scale
    coarse = program(WEIGHTS, CrossbarSettings(scaling=Scaling(Span.COLUMN), scale_bits=5), Stream(1)).at(0.0).scale
    step = exact.max() / 31
    np.testing.assert_allclose(coarse / step, np.rint(coarse / step), atol=1e-5)
    assert 0 < np.abs(coarse - exact).max() <= 0.5 * step * (1 + 1e-5)
    with pytest.raises(InputError, match="digital scales"):
        CrossbarSettings(scale_bits=0)


class TestAffine:
    def test_a_known_correction_is_found(self):
        gains, offsets = GENERATOR.uniform(0.5, 2, 32), GENERATOR.normal(size=32)
        fit = fit_affine((IDEAL - offsets) / gains, IDEAL)
        np.testing.assert_allclose(fit.gain, gains)
        np.testing.assert_allclose(fit.offset, offsets, atol=1e-9)
        np.testing.assert_allclose(fit((IDEAL - offsets) / gains), IDEAL, atol=1e-4)

    def test_a_constant_column_keeps_its_gain(self):
        fit = fit_affine(np.ones((5, 1)), np.full((5, 1), 3.0))
        assert fit.gain[0] == 1.0
        assert fit.offset[0] == 2.0

    def test_different_shapes_are_refused(self):
        with pytest.raises(InputError, match="measured outputs"):
            fit_affine(np.ones((5, 1)), np.ones((4, 1)))


def test_mean_drive_is_the_mean_signal():
    array = program(WEIGHTS, CrossbarSettings(inputs=InputCircuit(scale=UnitScale(), bound=10.0)), Stream(1))
    np.testing.assert_allclose(mean_drive(array.at(0.0), INPUTS), np.abs(INPUTS).mean(), rtol=1e-5)
