"""The chain from vectors to outputs, effect by effect, against what each effect is defined to do."""

import numpy as np
import pytest

from archsim.errors import InputError
from archsim.numeric import (
    BIT_SERIAL,
    AbsMaxScale,
    BitSliced,
    CalibratedRange,
    CalibratedScale,
    Codes,
    ConstantScale,
    Conversion,
    CrossbarSettings,
    FixedRange,
    FullRange,
    InputCircuit,
    IterativeBound,
    LowFrequencyNoise,
    OutputCircuit,
    Polarity,
    ReadNoise,
    SShape,
    Stream,
    SumScale,
    UnitScale,
    conversions,
    mean_drive,
    multiply,
    phases,
    program,
)
from archsim.numeric.devices import IdealDevice, PcmDevice
from archsim.numeric.encodings import (
    BitSlices,
    CorrectedPairs,
    DifferentialPair,
    OffsetCell,
    RedundantPairs,
    SharedReference,
    dual_pair,
)

GENERATOR = np.random.default_rng(23)
WEIGHTS = GENERATOR.uniform(-1.0, 1.0, (40, 24))
WEIGHTS[0, 0] = 1.0
INPUTS = GENERATOR.uniform(-1.0, 1.0, (50, 40)).astype(np.float32)
IDEAL = INPUTS @ WEIGHTS
UNIT = UnitScale()
ENCODINGS = [
    DifferentialPair(),
    DifferentialPair(True),
    dual_pair(3.0),
    RedundantPairs(2),
    CorrectedPairs(),
    SharedReference(),
    OffsetCell(),
    BitSlices(20, 4),
    BitSlices(20, 5, offset=True),
]


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: type(encoding).__name__)
@pytest.mark.parametrize("polarity", Polarity)
@pytest.mark.parametrize("g_min_s", [0.0, 2.5e-6])
def test_everything_off_is_the_float_product(encoding, polarity, g_min_s):
    found = multiply(
        program(
            WEIGHTS,
            CrossbarSettings(encoding=encoding, device=IdealDevice(g_min_s), inputs=InputCircuit(polarity=polarity)),
            Stream(1),
        ).at(0.0),
        INPUTS,
    )
    np.testing.assert_allclose(found.outputs, IDEAL, atol=3e-5)
    assert not found.clipped.any()
    assert not found.repeats.any()


def test_a_bias_is_added_digitally():
    bias = GENERATOR.normal(size=24)
    array = program(WEIGHTS, CrossbarSettings(), Stream(1), offset=bias)
    np.testing.assert_allclose(multiply(array.at(0.0), INPUTS).outputs, IDEAL + bias, atol=2e-5)


class TestInputs:
    @pytest.mark.parametrize("bits", [2, 7, 8])
    def test_levels_of_the_dac(self, bits):
        largest = 2 ** (bits - 1) - 1
        one = np.array([[1.0]])
        sweep = np.linspace(-1.2, 1.2, 997, dtype=np.float32)[:, None]
        array = program(one, CrossbarSettings(inputs=InputCircuit(bits=bits, scale=UNIT)), Stream(0)).at(0.0)
        outputs = multiply(array, sweep).outputs[:, 0]
        np.testing.assert_allclose(np.unique(np.rint(outputs * largest)), np.arange(-largest, largest + 1))
        np.testing.assert_allclose(outputs * largest, np.rint(outputs * largest), atol=1e-5)
        inside = np.abs(sweep[:, 0]) <= 1
        assert np.abs(outputs - sweep[:, 0])[inside].max() <= 0.5 / largest + 1e-6

    @pytest.mark.parametrize("waveform", [BIT_SERIAL, BitSliced(2), BitSliced(3), BitSliced(7)])
    @pytest.mark.parametrize("polarity", Polarity)
    @pytest.mark.parametrize("conversion", Conversion)
    def test_slices_add_up_to_the_pulse_width(self, waveform, polarity, conversion):
        def outputs(circuit):
            settings = CrossbarSettings(inputs=circuit, outputs=OutputCircuit(conversion=conversion))
            return multiply(program(WEIGHTS, settings, Stream(0)).at(0.0), INPUTS).outputs

        whole = outputs(InputCircuit(bits=8))
        np.testing.assert_allclose(
            outputs(InputCircuit(bits=8, waveform=waveform, polarity=polarity)), whole, atol=3e-5
        )

    def test_phases_are_counted(self):
        assert len(phases(InputCircuit(bits=8, waveform=BIT_SERIAL))) == 7
        assert len(phases(InputCircuit(bits=8, waveform=BIT_SERIAL, signed=False))) == 8
        assert len(phases(InputCircuit(bits=8, waveform=BitSliced(2)))) == 4
        assert len(phases(InputCircuit(bits=8, polarity=Polarity.SPLIT_INPUTS))) == 2
        assert len(phases(InputCircuit(bits=8, signed=False, polarity=Polarity.SPLIT_INPUTS))) == 1

    def test_four_phase_reading_converts_every_plane_for_every_sign(self):
        settings = CrossbarSettings(inputs=InputCircuit(bits=8, polarity=Polarity.SPLIT_ALL))
        assert conversions(program(WEIGHTS, settings, Stream(0)).at(0.0)) == 4 * 24

    def test_unsigned_inputs_clip_below_zero(self):
        circuit = InputCircuit(bits=8, signed=False)
        array = program(WEIGHTS, CrossbarSettings(inputs=circuit), Stream(0)).at(0.0)
        found = multiply(array, INPUTS).outputs
        np.testing.assert_allclose(found, multiply(array, np.maximum(INPUTS, 0)).outputs, atol=0.2)
        assert np.abs(found - IDEAL).max() > 1

    def test_scales_of_vectors(self):
        wide = INPUTS * np.linspace(0.1, 30, 50, dtype=np.float32)[:, None]
        for scale, largest in ((AbsMaxScale(), None), (ConstantScale(30.0), None), (UNIT, 1.0)):
            circuit = InputCircuit(bits=12, scale=scale)
            found = multiply(program(WEIGHTS, CrossbarSettings(inputs=circuit), Stream(0)).at(0.0), wide).outputs
            expected = (wide if largest is None else np.clip(wide, -largest, largest)) @ WEIGHTS
            np.testing.assert_allclose(found, expected, atol=0.15)

    def test_the_sum_scale_avoids_saturation(self):
        same = np.ones((3, 40), np.float32)
        circuit = InputCircuit(bits=12, scale=SumScale(assumed_weight=0.5, output_bound=5.0))
        # 40 inputs of full scale times 0.5 over a bound of 5: inputs are applied at a quarter of full scale.
        array = program(WEIGHTS, CrossbarSettings(inputs=circuit), Stream(0)).at(0.0)
        np.testing.assert_allclose(mean_drive(array, same), [0.25], atol=2e-4)
        np.testing.assert_allclose(multiply(array, same).outputs, same @ WEIGHTS, atol=0.02)

    def test_vectors_of_zeros_stay_zero(self):
        zeros = np.zeros((2, 40), np.float32)
        for scale in (AbsMaxScale(), SumScale(0.5, 5.0), UNIT):
            circuit = InputCircuit(bits=8, scale=scale)
            found = multiply(program(WEIGHTS, CrossbarSettings(inputs=circuit), Stream(0)).at(0.0), zeros)
            np.testing.assert_array_equal(found.outputs, 0.0)

    def test_input_noise_has_its_spread(self):
        many = np.tile(INPUTS[:1], (4000, 1))
        circuit = InputCircuit(scale=UNIT, noise=0.05)
        found = multiply(program(WEIGHTS, CrossbarSettings(inputs=circuit), Stream(0)).at(0.0), many).outputs
        sigma = 0.05 * np.linalg.norm(WEIGHTS, axis=0)
        np.testing.assert_allclose(found.std(axis=0), sigma, rtol=4 / np.sqrt(2 * 4000))
        np.testing.assert_allclose(found.mean(axis=0), IDEAL[0], atol=5 * sigma.max() / np.sqrt(4000))

    @pytest.mark.parametrize(
        "make",
        [
            lambda: InputCircuit(bits=0),
            lambda: InputCircuit(bits=1),
            lambda: InputCircuit(bits=0, signed=False),
            lambda: InputCircuit(bits=40),
            lambda: InputCircuit(waveform=BIT_SERIAL),
            lambda: InputCircuit(bits=8, zero_level=False, waveform=BIT_SERIAL),
            lambda: InputCircuit(bound=0.0),
            lambda: InputCircuit(noise=-0.1),
            lambda: BitSliced(0),
            lambda: ConstantScale(float("nan")),
            lambda: CalibratedScale(101.0),
            lambda: SumScale(0.0, 1.0),
        ],
    )
    def test_impossible_input_circuits_are_refused(self, make):
        with pytest.raises(InputError) as caught:
            make()
        assert caught.value.where
        assert caught.value.remedy


class TestOutputs:
    @pytest.mark.parametrize(("codes", "levels"), [(Codes.SYMMETRIC, 15), (Codes.FULL, 16), (Codes.UNSIGNED, 16)])
    def test_levels_of_the_adc(self, codes, levels):
        sweep = np.linspace(-1.5, 1.5, 2000, dtype=np.float32)[:, None]
        circuit = OutputCircuit(bits=4, range=FixedRange(1.0), codes=codes)
        settings = CrossbarSettings(inputs=InputCircuit(bound=2.0, scale=UNIT), outputs=circuit)
        found = multiply(program(np.array([[1.0]]), settings, Stream(0)).at(0.0), sweep)
        lowest = 0.0 if codes is Codes.UNSIGNED else -1.0
        np.testing.assert_allclose(np.unique(found.outputs), np.linspace(lowest, 1.0, levels), atol=1e-6)
        step = (1.0 - lowest) / (levels - 1)
        inside = (sweep[:, 0] > lowest) & (sweep[:, 0] < 1)
        assert np.abs(found.outputs - sweep)[inside].max() <= step / 2 + 1e-6
        assert (np.abs(sweep[found.clipped > 0]) > 1 + 0.4 * step).all() or codes is Codes.UNSIGNED
        assert (found.clipped[sweep[:, 0] > 1 + step] == 1).all()

    def test_a_value_at_the_bound_is_no_clip(self):
        settings = CrossbarSettings(outputs=OutputCircuit(bits=8, range=FixedRange(1.0)))
        found = multiply(program(np.array([[1.0]]), settings, Stream(0)).at(0.0), np.array([[1.0], [-1.0]], np.float32))
        assert not found.clipped.any()
        np.testing.assert_array_equal(found.level, 1.0)

    def test_output_noise_has_its_spread(self):
        many = np.tile(INPUTS[:1], (4000, 1))
        settings = CrossbarSettings(inputs=InputCircuit(scale=UNIT), outputs=OutputCircuit(noise=0.3))
        found = multiply(program(WEIGHTS, settings, Stream(0)).at(0.0), many).outputs
        np.testing.assert_allclose(found.std(axis=0), 0.3, rtol=4 / np.sqrt(2 * 4000))

    def test_output_noise_varies_between_columns_and_stays(self):
        outputs = OutputCircuit(noise=0.3, noise_spread=0.2)
        settings = CrossbarSettings(inputs=InputCircuit(scale=UNIT), outputs=outputs)
        weights = np.zeros((2, 400))
        state = program(weights, settings, Stream(0)).at(0.0)
        sigma = state.circuits.sigma
        assert sigma.std() == pytest.approx(0.06, rel=0.2)
        np.testing.assert_array_equal(sigma, program(weights, settings, Stream(0)).at(9.0).circuits.sigma)

    def test_accumulated_phases_are_converted_once(self):
        def noise(conversion):
            outputs = OutputCircuit(noise=0.3, conversion=conversion)
            inputs = InputCircuit(bits=3, waveform=BIT_SERIAL, scale=UNIT)
            state = program(WEIGHTS * 1e-3, CrossbarSettings(inputs=inputs, outputs=outputs), Stream(0)).at(0.0)
            return multiply(state, np.zeros((3000, 40), np.float32)).outputs.std() / state.scale[0]

        assert noise(Conversion.ACCUMULATED) == pytest.approx(0.3, rel=0.02)
        # Two phases of weights 1/3 and 2/3.
        assert noise(Conversion.PER_PHASE) == pytest.approx(0.3 * np.sqrt(5) / 3, rel=0.02)

    def test_the_s_shape_bends_and_is_corrected(self):
        bound, strength, slope = 10.0, 0.5, 0.4
        circuit = OutputCircuit(range=FixedRange(bound), shape=SShape(strength, slope_calibration=slope))
        settings = CrossbarSettings(inputs=InputCircuit(scale=UNIT), outputs=circuit)
        found = multiply(program(WEIGHTS, settings, Stream(0)).at(0.0), INPUTS).outputs
        n = strength / bound
        gain = (1 + n * slope * bound) ** 2
        np.testing.assert_allclose(found, gain * IDEAL / (1 + np.abs(n * IDEAL)), rtol=1e-4, atol=1e-5)

    def test_the_bend_varies_between_columns(self):
        circuit = OutputCircuit(range=FixedRange(10.0), shape=SShape(0.5, spread=0.3))
        bend = program(np.ones((2, 500)), CrossbarSettings(outputs=circuit), Stream(0)).at(0.0).circuits.bend
        assert bend.mean() == pytest.approx(0.05, rel=0.1)
        assert bend.std() == pytest.approx(0.015, rel=0.15)

    def test_bound_management_reads_again_until_nothing_clips(self):
        large = np.ones((3, 40), np.float32)
        large[0] *= 0.01
        weights = np.abs(WEIGHTS)
        circuit = OutputCircuit(bits=10, range=FixedRange(4.0), bound_management=IterativeBound())
        settings = CrossbarSettings(inputs=InputCircuit(bits=10, scale=UNIT), outputs=circuit)
        found = multiply(program(weights, settings, Stream(0)).at(0.0), large)
        needed = np.ceil(np.log2((large @ weights).max(axis=1) / 4.0))
        np.testing.assert_array_equal(found.repeats, np.maximum(needed, 0))
        assert not found.clipped.any()
        np.testing.assert_allclose(found.outputs[1:], (large @ weights)[1:], rtol=0.05)

    def test_bound_management_gives_up_at_its_limits(self):
        weights, ones = np.ones((40, 4)), np.ones((1, 40), np.float32)
        for management, bits, repeats in ((IterativeBound(max_factor=4.0), 10, 2), (IterativeBound(), 3, 0)):
            circuit = OutputCircuit(bits=8, range=FixedRange(0.5), bound_management=management)
            settings = CrossbarSettings(inputs=InputCircuit(bits=bits, scale=UNIT), outputs=circuit)
            found = multiply(program(weights, settings, Stream(0)).at(0.0), ones)
            assert found.repeats[0] == repeats
            assert found.clipped[0] == 1

    @pytest.mark.parametrize(
        "make",
        [
            lambda: OutputCircuit(bits=0),
            lambda: OutputCircuit(bits=1),
            lambda: OutputCircuit(noise=float("nan")),
            lambda: FixedRange(0.0),
            lambda: CalibratedRange(0.0),
            lambda: SShape(-0.1),
            lambda: IterativeBound(max_factor=0.5),
        ],
    )
    def test_impossible_output_circuits_are_refused(self, make):
        with pytest.raises(InputError):
            make()


class TestReadNoise:
    @pytest.mark.parametrize("conversion", Conversion)
    @pytest.mark.parametrize("waveform", [None, BIT_SERIAL])
    def test_noise_referred_to_outputs_has_the_spread_of_noisy_cells(self, conversion, waveform):
        count = 3000
        inputs = InputCircuit(scale=UNIT) if waveform is None else InputCircuit(bits=4, waveform=waveform, scale=UNIT)
        settings = CrossbarSettings(
            device=PcmDevice(),
            read_noise=ReadNoise(LowFrequencyNoise.FRESH),
            inputs=inputs,
            outputs=OutputCircuit(conversion=conversion),
        )
        array = program(WEIGHTS, settings, Stream(4))
        found = multiply(array.at(3600.0), np.tile(INPUTS[:1], (count, 1))).outputs
        sigma = [
            PcmDevice().read_sigma(plane.programmed_s, cells, 3600.0) / 25e-6
            for plane, cells in zip(array.planes, array.conductances(3600.0), strict=True)
        ]
        variance = sigma[0] ** 2 + sigma[1] ** 2
        x = INPUTS[0].astype(np.float64)
        if waveform is not None:
            code = np.rint(np.abs(x) * 7).astype(int)
            square = sum(((code >> k) & 1) * (2**k / 7) ** 2 for k in range(3))
        else:
            square = x**2
        np.testing.assert_allclose(found.std(axis=0), np.sqrt(square @ variance), rtol=4.5 / np.sqrt(2 * count))

    def test_noise_of_the_reference_column_is_common(self):
        settings = CrossbarSettings(
            encoding=SharedReference(), read_noise=ReadNoise(cell=0.02), inputs=InputCircuit(scale=UNIT)
        )
        found = multiply(program(WEIGHTS, settings, Stream(4)).at(0.0), np.tile(INPUTS[:1], (3000, 1))).outputs
        error = found - IDEAL[0]
        own = 2 * 0.02 * np.linalg.norm(INPUTS[0])
        np.testing.assert_allclose(error.std(axis=0), np.sqrt(2) * own, rtol=0.06)
        correlation = np.corrcoef(error.T)[np.triu_indices(24, 1)]
        np.testing.assert_allclose(correlation, 0.5, atol=0.08)

    @pytest.mark.parametrize(
        ("noise", "variance"),
        [
            (ReadNoise(weight=0.05), lambda x: 0.05**2 * (x**2).sum() * np.ones(24)),
            (ReadNoise(proportional=0.05), lambda x: 0.05**2 * (x**2) @ np.abs(WEIGHTS)),
            (ReadNoise(cell=0.05), lambda x: 2 * 0.05**2 * (x**2).sum() * np.ones(24)),
        ],
    )
    def test_noise_in_weights(self, noise, variance):
        settings = CrossbarSettings(read_noise=noise, inputs=InputCircuit(scale=UNIT))
        found = multiply(program(WEIGHTS, settings, Stream(4)).at(0.0), np.tile(INPUTS[:1], (3000, 1))).outputs
        expected = np.sqrt(variance(INPUTS[0].astype(np.float64)))
        np.testing.assert_allclose(found.std(axis=0), expected, rtol=4.5 / np.sqrt(2 * 3000))


class TestReproducibility:
    NOISY = CrossbarSettings(
        device=PcmDevice(),
        read_noise=ReadNoise(LowFrequencyNoise.FRESH),
        inputs=InputCircuit(bits=8, noise=0.01),
        outputs=OutputCircuit(bits=8, range=FixedRange(8.0), noise=0.04),
    )

    def test_the_same_seed_gives_the_same_bits(self):
        first = multiply(program(WEIGHTS, self.NOISY, Stream(9, (2, 1))).at(60.0), INPUTS)
        second = multiply(program(WEIGHTS, self.NOISY, Stream(9, (2, 1))).at(60.0), INPUTS)
        np.testing.assert_array_equal(first.outputs, second.outputs)

    @pytest.mark.parametrize("stream", [Stream(10, (2, 1)), Stream(9, (1, 2)), Stream(9)])
    def test_other_streams_give_other_errors(self, stream):
        first = multiply(program(WEIGHTS, self.NOISY, Stream(9, (2, 1))).at(60.0), INPUTS).outputs
        other = multiply(program(WEIGHTS, self.NOISY, stream).at(60.0), INPUTS).outputs
        assert (first != other).mean() > 0.5

    def test_readings_have_noise_of_their_own(self):
        state = program(WEIGHTS, self.NOISY, Stream(9)).at(60.0)
        assert (multiply(state, INPUTS).outputs != multiply(state, INPUTS, reading=1).outputs).mean() > 0.5

    def test_float64_inputs_are_read_as_float32(self):
        state = program(WEIGHTS, self.NOISY, Stream(9)).at(60.0)
        np.testing.assert_array_equal(multiply(state, INPUTS).outputs, multiply(state, INPUTS.astype(float)).outputs)

    def test_an_empty_batch_gives_no_outputs(self):
        found = multiply(program(WEIGHTS, self.NOISY, Stream(9)).at(60.0), np.zeros((0, 40), np.float32))
        assert found.outputs.shape == (0, 24)
        assert found.repeats.shape == (0,)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.full((2, 40), np.nan, np.float32), "NaN or infinity"),
        (np.full((2, 40), np.inf, np.float32), "NaN or infinity"),
        (np.ones((2, 39), np.float32), r"shape \(2, 39\)"),
        (np.ones(40, np.float32), r"shape \(40,\)"),
        (np.ones((2, 40), np.int8), "type int8"),
    ],
)
def test_bad_inputs_are_named(inputs, message):
    state = program(WEIGHTS, CrossbarSettings(), Stream(0)).at(0.0)
    with pytest.raises(InputError, match=message):
        multiply(state, inputs)


@pytest.mark.parametrize("indices", [{"first_sample": -1}, {"reading": -1}])
def test_negative_indices_are_refused(indices):
    state = program(WEIGHTS, CrossbarSettings(), Stream(0)).at(0.0)
    with pytest.raises(InputError, match="indices"):
        multiply(state, INPUTS, **indices)


def test_ranges_left_to_data_want_calibration():
    for settings in (
        CrossbarSettings(outputs=OutputCircuit(bits=8, range=CalibratedRange(99.0))),
        CrossbarSettings(inputs=InputCircuit(bits=8, scale=CalibratedScale(99.0))),
    ):
        with pytest.raises(InputError, match="calibrate"):
            multiply(program(WEIGHTS, settings, Stream(0)).at(0.0), INPUTS)


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: type(encoding).__name__)
@pytest.mark.parametrize("polarity", Polarity)
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_the_full_range_never_clips(encoding, polarity, sign):
    settings = CrossbarSettings(
        encoding=encoding,
        device=IdealDevice(2.5e-6),
        inputs=InputCircuit(bits=8, polarity=polarity),
        outputs=OutputCircuit(bits=16, range=FullRange()),
    )
    worst = np.ones((1, 40), np.float32)
    found = multiply(program(np.full((40, 3), sign), settings, Stream(0)).at(0.0), worst)
    assert not found.clipped.any()
    np.testing.assert_allclose(found.outputs, sign * 40.0, rtol=1e-3)


def test_the_full_range_of_a_pair_is_its_rows():
    state = program(WEIGHTS, CrossbarSettings(outputs=OutputCircuit(bits=8)), Stream(0)).at(0.0)
    np.testing.assert_array_equal(state.circuits.bound, 40.0)
