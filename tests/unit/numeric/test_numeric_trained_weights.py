"""Weights that are trained on devices: laws by closed forms, pulses by their statistics, products both ways."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsim.errors import InputError
from archsim.numeric import AbsMaxScale, CalibratedScale, FixedRange, InputCircuit, OutputCircuit, Stream, multiply
from archsim.numeric.update import (
    PRESETS,
    TRAINING_CIRCUITS,
    Bound,
    Circuits,
    Counting,
    ExponentialStep,
    LinearStep,
    PowerStep,
    PulsedDevice,
    Pulses,
    Reference,
    Refresh,
    Reset,
    Retention,
    Stuck,
    TabulatedStep,
    backward_crossbar,
    decayed,
    encoded,
    forward_crossbar,
    pulsed,
    pulsed_pairs,
    refreshed_pairs,
    reset,
    sampled_cells,
    sampled_pairs,
    soft_bounds,
    updated,
    updated_pairs,
    written,
    written_pairs,
)

SHAPE = (40, 30)
STEP = 0.01
EXACT = Circuits()


def ones(value: float = 0.0, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    return np.full(shape, value, np.float32)


def after(device: PulsedDevice, start: float, pulses: int) -> float:
    """The weight of a device without spread after some pulses, one and the same everywhere."""
    cells = sampled_cells(device, SHAPE, Stream(0))
    weights = pulsed(cells, written(cells, ones(start)), np.full(SHAPE, pulses)).state.weights
    assert np.ptp(weights) == 0
    return float(weights[0, 0])


def test_constant_steps_add_up_to_the_bound() -> None:
    device = PulsedDevice(STEP)
    assert after(device, 0.0, 30) == pytest.approx(0.3, rel=1e-5)
    assert after(device, 0.0, -30) == pytest.approx(-0.3, rel=1e-5)
    assert after(device, 0.5, 200) == 1.0
    assert after(device, 0.5, -200) == -1.0


def test_soft_bounds_are_approached_geometrically() -> None:
    """w_n = b (1 - (1 - alpha / b)^n)."""
    device = PulsedDevice(STEP, soft_bounds(), upper=Bound(0.8), lower=Bound(-0.5))
    assert after(device, 0.0, 50) == pytest.approx(0.8 * (1 - (1 - STEP / 0.8) ** 50), rel=1e-4)
    assert after(device, 0.0, -50) == pytest.approx(-0.5 * (1 - (1 - STEP / 0.5) ** 50), rel=1e-4)


def test_linear_steps_are_a_geometric_series() -> None:
    """w <- a w + alpha with a = 1 - gamma alpha / b: w_n = alpha (1 - a^n) / (1 - a)."""
    a = 1 - 0.3 * STEP
    assert after(PulsedDevice(STEP, LinearStep(0.3, 0.7)), 0.0, 60) == pytest.approx(
        STEP * (1 - a**60) / (1 - a), rel=1e-4
    )


def test_exponential_steps_follow_their_formula() -> None:
    law, w = ExponentialStep(-1.2, -0.08, up=5.0, down=5.0, a=-0.5, b=-0.5), 0.1
    for _ in range(40):
        w += STEP * max(0.0, 1 + 1.2 * np.exp(5.0 * (2 * -0.5 * w / 2 - 0.5)))
    assert after(PulsedDevice(STEP, law), 0.1, 40) == pytest.approx(w, rel=1e-4)
    w = 0.1
    for _ in range(40):
        w -= STEP * max(0.0, 1 + 0.08 * np.exp(-5.0 * (2 * -0.5 * w / 2 - 0.5)))
    assert after(PulsedDevice(STEP, law), 0.1, -40) == pytest.approx(w, rel=1e-4)


def test_power_steps_of_exponent_one_are_geometric() -> None:
    """The distance to the bound shrinks by 1 - alpha / range each time; exponent 0 is a constant step."""
    assert 1 - after(PulsedDevice(STEP, PowerStep(1.0, 1.0)), 0.0, 50) == pytest.approx((1 - STEP / 2) ** 50, rel=1e-4)
    assert after(PulsedDevice(STEP, PowerStep(0.0, 0.0)), 0.0, 50) == pytest.approx(0.5, rel=1e-4)


def test_a_table_of_a_straight_line_is_a_linear_step() -> None:
    """1 - w / b has the values 2 and 0 at the bounds -1 and 1 (up), 0 and 2 (down)."""
    table, line = PulsedDevice(STEP, TabulatedStep((2.0, 1.0, 0.0), (0.0, 1.0, 2.0))), PulsedDevice(STEP, soft_bounds())
    for pulses in (70, -70):
        assert after(table, 0.2, pulses) == pytest.approx(after(line, 0.2, pulses), rel=1e-4)


def test_a_table_between_its_entries() -> None:
    """At w = 0.5, three quarters of the way from -1 to 1, the step is half-way between the last two entries."""
    assert after(PulsedDevice(STEP, TabulatedStep((0.0, 1.0, 4.0), (0.0, 0.0, 0.0))), 0.5, 1) == pytest.approx(
        0.5 + 2.5 * STEP
    )


def test_asymmetry_makes_the_other_direction_smaller() -> None:
    assert after(PulsedDevice(STEP, asymmetry=0.25), 0.0, -10) == pytest.approx(-0.075, rel=1e-4)
    assert after(PulsedDevice(STEP, asymmetry=0.25), 0.0, 10) == pytest.approx(0.1, rel=1e-4)
    assert after(PulsedDevice(STEP, asymmetry=-0.25), 0.0, 10) == pytest.approx(0.075, rel=1e-4)


def test_spreads_are_those_that_were_asked_for() -> None:
    """200 x 200 devices: standard errors are below 0.4 % of the spreads."""
    device = PulsedDevice(STEP, upper=Bound(1.0, 0.2), lower=Bound(-0.8, 0.1), step_spread=0.3, asymmetry_spread=0.05)
    cells = sampled_cells(device, (200, 200), Stream(3))
    assert cells.upper.std() == pytest.approx(0.2, rel=0.02)
    assert cells.lower.mean() == pytest.approx(-0.8, rel=0.01)
    assert cells.lower.std() == pytest.approx(0.08, rel=0.02)
    up, down = cells.table[:, 2], cells.table[:, 3]
    assert ((up + down) / 2).std() == pytest.approx(0.3 * STEP, rel=0.02)
    assert ((up - down) / 2).std() == pytest.approx(0.05 * STEP, rel=0.02)
    log = sampled_cells(PulsedDevice(STEP, step_spread=0.7, log_normal=True), (200, 200), Stream(3)).table[:, 2]
    assert np.log(log / STEP).std() == pytest.approx(0.7, rel=0.02)


def test_noise_of_pulses_adds_up_as_a_random_walk() -> None:
    """100 pulses: mean 100 dw, standard deviation 10 sigma dw."""
    cells = sampled_cells(PulsedDevice(1e-3, step_noise=2.0, upper=Bound(9.0)), (200, 200), Stream(1))
    weights = pulsed(cells, written(cells, ones(0, (200, 200))), np.full((200, 200), 100)).state.weights
    assert weights.mean() == pytest.approx(0.1, abs=4 * 0.02 / 200)
    assert weights.std() == pytest.approx(0.02, rel=0.02)


def test_pulses_by_hand() -> None:
    """lr x_max d_max / dw = 0.1 x 1 x 0.2 / 0.001 = 20 slots; A B = 5 and A / B = x_max / d_max = 5: A = 5, B = 1."""
    x, d = np.array([[0.5, 1.0]], np.float32), np.array([[0.2, -0.1]], np.float32)
    made = encoded(x, d, 0.1, 0.001, Pulses())
    assert made.lengths.tolist() == [20]
    np.testing.assert_allclose(made.rows, [[0.5, 1.0]], rtol=1e-6)
    np.testing.assert_allclose(made.columns, [[1.0, 0.5]], rtol=1e-6)
    # Of 0.1 x 1.5 x 0.3 / 0.001 steps in all, every one.
    assert made.wanted == pytest.approx(45) and made.expressed == pytest.approx(45)
    plain = encoded(x, d, 0.1, 0.001, Pulses(length_management=False, update_management=False))
    assert plain.lengths.tolist() == [31]
    np.testing.assert_allclose(plain.rows, np.minimum(1, [[0.5 * (100 / 31) ** 0.5, (100 / 31) ** 0.5]]), rtol=1e-5)
    # Rows of 0.5 and 1 times sqrt(100 / 31) = 1.796, the latter cut at 1: (0.898 + 1) / 2.694 of them.
    assert plain.wanted == pytest.approx(45) and plain.expressed / plain.wanted == pytest.approx(0.7045, abs=1e-4)
    assert encoded(x, d * 100, 0.1, 0.001, Pulses()).lengths.tolist() == [31]


def test_rounded_counts_make_the_wanted_change() -> None:
    """-lr x d = -0.1 x 0.5 x 0.2 = -10 steps of 0.001, and so on."""
    cells = sampled_cells(PulsedDevice(0.001), (2, 2), Stream(0))
    x, d = np.array([[0.5, 1.0]], np.float32), np.array([[0.2, -0.1]], np.float32)
    how = Pulses(counting=Counting.ROUNDED)
    made = updated(cells, written(cells, ones(0, (2, 2))), x, d, 0.1, how)
    np.testing.assert_allclose(made.state.weights, [[-0.01, 0.005], [-0.02, 0.01]], rtol=1e-4)
    assert (made.up, made.down, made.slots) == (15, 30, 20)
    back = updated(cells, made.state, x, d, -0.1, how)
    np.testing.assert_allclose(back.state.weights, 0, atol=1e-6)


@pytest.mark.parametrize("counting", [Counting.TRAINS, Counting.DRAWN])
def test_mean_and_variance_of_a_stochastic_update(counting: Counting) -> None:
    """Mean lr x d within 1 %, variance dw^2 BL p (1 - p + sigma^2) for BL slots and both lines' probability p."""
    step, sigma, shape = 0.001, 0.3, (120, 120)
    device = PulsedDevice(step, step_noise=sigma, upper=Bound(1e3), lower=Bound(-1e3))
    cells = sampled_cells(device, shape, Stream(5))
    how = Pulses(counting=counting, length_management=False, update_management=False)
    rate, repeats = 0.01, 40
    p = rate / (step * 31) * 0.8 * 0.6
    moves, state = [], written(cells, ones(0, shape))
    for _ in range(repeats):
        next_ = updated(
            cells, state, np.full((1, 120), 0.8, np.float32), np.full((1, 120), -0.6, np.float32), rate, how
        )
        moves.append(next_.state.weights - state.weights)
        state = next_.state
    assert np.mean(moves) == pytest.approx(rate * 0.48, rel=0.01)
    assert np.var(moves) == pytest.approx(step**2 * 31 * p * (1 - p + sigma**2), rel=0.05)


def test_long_trains_fill_several_words() -> None:
    cells = sampled_cells(PulsedDevice(0.001, upper=Bound(10.0)), (50, 50), Stream(5))
    how = Pulses(slots=200, length_management=False, update_management=False)
    one = np.ones((1, 50), np.float32)
    made = updated(cells, written(cells, ones(0, (50, 50))), one, -one, 0.1, how)
    assert made.state.weights.mean() == pytest.approx(0.1, rel=0.03)
    assert made.slots == 200


def test_every_sample_pulses_in_turn() -> None:
    """A batch is its samples one after the other, each with a length of its own."""
    cells = sampled_cells(PulsedDevice(0.001), (3, 2), Stream(0))
    r = np.random.default_rng(0)
    x, d = r.standard_normal((5, 3)).astype(np.float32), r.standard_normal((5, 2)).astype(np.float32)
    how = Pulses(slots=1024, counting=Counting.ROUNDED)
    together = updated(cells, written(cells, ones(0, (3, 2))), x, d, 0.01, how).state
    state = written(cells, ones(0, (3, 2)))
    for sample in range(5):
        state = updated(cells, state, x[sample : sample + 1], d[sample : sample + 1], 0.01, how).state
    np.testing.assert_array_equal(together.weights, state.weights)
    np.testing.assert_allclose(together.weights, -0.01 * x.T @ d, atol=0.5 * 0.001 * 5)


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    device, x = PRESETS["reram-filamentary"].device, np.random.default_rng(1).standard_normal((4, 100)).astype("f")
    found = []
    for cores in (1, 3):
        monkeypatch.setattr("archsim.numeric.chunks._cores", lambda cores=cores: cores)
        cells = sampled_cells(device, (100, 100), Stream(2))
        found.append(updated(cells, written(cells, ones(0, (100, 100))), x, x, 0.1, Pulses()).state.weights)
    np.testing.assert_array_equal(*found)


def test_retention_decays_to_the_rest_level() -> None:
    """After a lifetime, (1 - 1/20)^20 of the distance is left."""
    device = PulsedDevice(STEP, retention=Retention(20.0), reset=Reset(0.2))
    cells = sampled_cells(device, SHAPE, Stream(0))
    state = written(cells, ones(0.8))
    for _ in range(20):
        state = decayed(cells, state)
    np.testing.assert_allclose(state.weights, 0.2 + 0.6 * 0.95**20, rtol=1e-4)


def test_diffusion_is_a_random_walk() -> None:
    cells = sampled_cells(PulsedDevice(STEP, retention=Retention(diffusion=0.01)), (100, 100), Stream(0))
    state = written(cells, ones(0, (100, 100)))
    for _ in range(16):
        state = decayed(cells, state)
    assert state.weights.std() == pytest.approx(0.04, rel=0.03)


def test_stuck_devices_never_move() -> None:
    device = PulsedDevice(STEP, stuck=Stuck(0.2, 0.5), retention=Retention(5.0, diffusion=0.1), step_noise=1.0)
    cells = sampled_cells(device, (100, 100), Stream(4))
    start = written(cells, ones(0.9, (100, 100)))
    stuck = cells.upper == cells.lower
    assert stuck.mean() == pytest.approx(0.2, abs=0.02)
    assert np.abs(start.weights[stuck]).max() <= 0.5
    later = pulsed(cells, decayed(cells, start), np.full((100, 100), -30)).state
    np.testing.assert_array_equal(later.weights[stuck], start.weights[stuck])
    assert (later.weights[~stuck] != start.weights[~stuck]).all()


def test_a_reference_at_the_symmetry_point() -> None:
    """Steps of 0.01 up and 0.0075 down are both 0.06 / 7 at w* = 0.0025 / 0.0175 = 1/7, which is seen as 0."""
    device = PulsedDevice(STEP, soft_bounds(), asymmetry=0.25, reference=Reference())
    cells = sampled_cells(device, SHAPE, Stream(0))
    np.testing.assert_allclose(cells.reference, 1 / 7, rtol=1e-4)
    state = written(cells, ones(0.0))
    np.testing.assert_allclose(state.weights, 0, atol=1e-6)
    for sign in (1, -1):
        moved = pulsed(cells, state, np.full(SHAPE, sign)).state.weights
        np.testing.assert_allclose(moved, sign * 0.06 / 7, rtol=1e-4)


def test_write_noise_is_seen_and_does_not_last() -> None:
    cells = sampled_cells(PulsedDevice(STEP, write_noise=5.0), (100, 100), Stream(0))
    state = written(cells, ones(0.3, (100, 100)))
    np.testing.assert_allclose(state.lasting, 0.3, rtol=1e-6)
    assert state.weights.std() == pytest.approx(0.05, rel=0.03)
    nothing = pulsed(cells, state, np.zeros((100, 100), int)).state
    np.testing.assert_array_equal(nothing.weights, state.weights)


def test_a_reset_puts_chosen_devices_at_their_level() -> None:
    cells = sampled_cells(PulsedDevice(STEP, reset=Reset(0.1, 0.02, 0.01)), (200, 200), Stream(0))
    chosen = np.zeros((200, 200), bool)
    chosen[:, :100] = True
    after_ = reset(cells, written(cells, ones(0.7, (200, 200))), chosen)
    np.testing.assert_allclose(after_.weights[:, 100:], 0.7, rtol=1e-6)
    assert after_.weights[chosen].mean() == pytest.approx(0.1, abs=0.001)
    assert after_.weights[chosen].std() == pytest.approx(np.hypot(0.02, 0.01), rel=0.03)


ONE_SIDED = PulsedDevice(STEP, upper=Bound(1.0), lower=Bound(0.0))


def test_pairs_go_both_ways_by_steps_up() -> None:
    cells = sampled_pairs(ONE_SIDED, SHAPE, Stream(0), Refresh())
    state = pulsed_pairs(cells, written_pairs(cells, ones(0.2)), np.full(SHAPE, -30))
    np.testing.assert_allclose(state.weights, -0.1, rtol=1e-3)
    np.testing.assert_allclose(state.plus.weights, 0.2, rtol=1e-5)
    np.testing.assert_allclose(state.minus.weights, 0.3, rtol=1e-5)
    assert refreshed_pairs(cells, state) is state


def test_a_refresh_keeps_the_difference() -> None:
    """Steps of 0.01 write the difference of 0.2 again, by 20 pulses on average (binomial of 31)."""
    cells = sampled_pairs(ONE_SIDED, (100, 100), Stream(0), Refresh())
    high = pulsed_pairs(cells, written_pairs(cells, ones(0, (100, 100))), np.full((100, 100), 80))
    both = pulsed_pairs(cells, high, np.full((100, 100), -60))
    again = refreshed_pairs(cells, both)
    assert again.refreshed == 10_000
    assert again.weights.mean() == pytest.approx(0.2, abs=0.002)
    assert again.weights.std() == pytest.approx(STEP * np.sqrt(31 * (20 / 31) * (11 / 31)), rel=0.05)
    np.testing.assert_allclose(again.minus.weights, 0)


def test_a_verified_refresh_stops_at_the_first_step_beyond_the_difference() -> None:
    cells = sampled_pairs(ONE_SIDED, (100, 100), Stream(0), Refresh(verified=True))
    high = pulsed_pairs(cells, written_pairs(cells, ones(0, (100, 100))), np.full((100, 100), 80))
    again = refreshed_pairs(cells, pulsed_pairs(cells, high, np.full((100, 100), -60)))
    assert again.refreshed == 10_000
    assert again.weights.min() > 0.2 - 1e-5 and again.weights.max() < 0.2 + STEP + 1e-5
    np.testing.assert_allclose(again.minus.weights, 0)


def test_devices_whose_first_steps_are_large_need_verified_refreshes() -> None:
    """A first pulse of PCM raises it by up to 28 mean steps: open loop, as many pulses as mean steps go far beyond."""
    found = {}
    for verified in (False, True):
        device = PRESETS["pcm"].device
        cells = sampled_pairs(device, (100, 100), Stream(0), Refresh(verified=verified))
        apart = written_pairs(cells, ones(1.6, (100, 100)))
        both = replace(apart, minus=written_pairs(cells, ones(-1.1, (100, 100))).minus)
        again = refreshed_pairs(cells, both)
        assert again.refreshed > 9_000
        found[verified] = float(again.weights.mean())
    assert found[False] > 1.2
    assert 0.5 < found[True] < 0.5 + 0.15


def test_a_verified_refresh_leaves_alone_what_one_pulse_would_overshoot() -> None:
    """Of PCM: a first pulse, 0.28 on average, is farther from a weight of 0.05 than none, and nearer to one of 0.2."""
    cells = sampled_pairs(PRESETS["pcm"].device, (100, 100), Stream(0), Refresh(verified=True))
    for weight, low, high in ((0.05, -0.05, 0.05), (0.2, 0.15, 0.3)):
        both = written_pairs(cells, ones(1.6, (100, 100)))
        both = replace(both, minus=written_pairs(cells, ones(weight - 1.6, (100, 100))).minus)
        assert low < float(np.median(refreshed_pairs(cells, both).weights)) < high


def test_an_update_of_pairs_raises_one_side_or_the_other() -> None:
    cells = sampled_pairs(PulsedDevice(0.001, upper=Bound(1.0), lower=Bound(0.0)), (2, 2), Stream(0), Refresh())
    x, d = np.array([[0.5, 1.0]], np.float32), np.array([[0.2, -0.1]], np.float32)
    how = Pulses(counting=Counting.ROUNDED)
    state, (plus, minus) = updated_pairs(cells, written_pairs(cells, ones(0, (2, 2))), x, d, 0.1, how)
    np.testing.assert_allclose(state.weights, [[-0.01, 0.005], [-0.02, 0.01]], rtol=1e-4)
    assert (plus.up, plus.down, minus.up, minus.down) == (15, 0, 30, 0)


def test_products_both_ways_are_exact_with_exact_circuits() -> None:
    r = np.random.default_rng(0)
    w, x, d = (r.standard_normal(shape).astype(np.float32) for shape in ((40, 30), (7, 40), (7, 30)))
    np.testing.assert_allclose(multiply(forward_crossbar(w, EXACT, Stream(0)), x).outputs, x @ w, rtol=2e-4, atol=1e-4)
    np.testing.assert_allclose(
        multiply(backward_crossbar(w, EXACT, Stream(1)), d).outputs, d @ w.T, rtol=2e-4, atol=1e-4
    )


def test_converters_of_a_direction_round_by_their_steps() -> None:
    """Inputs to 1/63 of the largest, sums to 20/255: by hand for one vector."""
    w, x = np.array([[0.5], [0.25]], np.float32), np.array([[2.0, 0.7]], np.float32)
    circuits = Circuits(InputCircuit(bits=7, scale=AbsMaxScale()), OutputCircuit(bits=9, range=FixedRange(20.0)))
    analog = 0.5 * 1.0 + 0.25 * np.rint(0.35 * 63) / 63
    wanted = 2.0 * np.rint(analog / (20 / 255)) * (20 / 255)
    assert multiply(forward_crossbar(w, circuits, Stream(0)), x).outputs[0, 0] == pytest.approx(wanted, rel=1e-5)


def test_bound_management_halves_what_clips() -> None:
    """64 inputs of full scale times 1 are 64, beyond the bound of 20: two halvings bring 16, which fits."""
    x = np.ones((1, 64), np.float32)
    readout = multiply(forward_crossbar(np.ones((64, 3), np.float32), TRAINING_CIRCUITS, Stream(0)), x)
    assert readout.repeats.tolist() == [2]
    np.testing.assert_allclose(readout.outputs, 64, atol=4 * (5 * 0.1 + 20 / 255))


def test_weight_noise_grows_with_the_input() -> None:
    """sigma ||x||: 0.02 x 8 for 64 ones."""
    crossbar = forward_crossbar(np.zeros((64, 200), np.float32), Circuits(weight_noise=0.02), Stream(0))
    outputs = multiply(crossbar, np.ones((100, 64), np.float32)).outputs
    assert outputs.std() == pytest.approx(0.16, rel=0.02)


def test_a_regression_converges_on_symmetric_devices() -> None:
    """Gradient descent by pulses on the average device of Gokmen and Vlasov reaches the least-squares solution."""
    r = np.random.default_rng(0)
    x, wanted = r.standard_normal((256, 20)).astype(np.float32), (0.3 * r.standard_normal((20, 5))).astype(np.float32)
    device = replace(PRESETS["gokmen-vlasov"].device, upper=Bound(2.0), lower=Bound(-2.0))
    cells = sampled_cells(device, (20, 5), Stream(0))
    state = written(cells, ones(0, (20, 5)))
    for _ in range(20):
        for low in range(0, 256, 8):
            part = x[low : low + 8]
            state = updated(cells, state, part, part @ (state.weights - wanted), 0.02, Pulses()).state
    assert np.abs(state.weights - wanted).mean() < 0.02


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(PRESETS)),
    scale=st.floats(1e-3, 1e3),
    rate=st.floats(-10, 10),
    slots=st.integers(1, 130),
    counting=st.sampled_from(list(Counting)),
    seed=st.integers(0, 100),
)
def test_weights_stay_within_their_bounds(
    name: str, scale: float, rate: float, slots: int, counting: Counting, seed: int
) -> None:
    cells = sampled_cells(PRESETS[name].device, (9, 7), Stream(seed))
    r = np.random.default_rng(seed)
    x, d = ((scale * r.standard_normal((3, n))).astype(np.float32) for n in (9, 7))
    made = updated(cells, written(cells, ones(0.5, (9, 7))), x, d, rate, Pulses(slots=slots, counting=counting))
    assert (made.state.lasting >= cells.lower).all() and (made.state.lasting <= cells.upper).all()
    assert made.up + made.down <= made.slots * 63
    assert np.isfinite(made.state.weights).all()


BAD = [
    (lambda: PulsedDevice(0.0), "step of a pulse is 0.0"),
    (lambda: PulsedDevice(STEP, lower=Bound(0.5)), "bounds of the weight"),
    (lambda: Stuck(1.5), "share of stuck devices"),
    (lambda: Retention(0.5), "lifetime is 0.5"),
    (lambda: TabulatedStep((1.0,), (1.0,)), "table of steps"),
    (lambda: Pulses(slots=0), "slots of a pulse train are 0"),
    (lambda: Circuits(InputCircuit(bits=7, scale=CalibratedScale(99.0))), "calibrated"),
    (lambda: Refresh(slots=0), "pulses of a refresh"),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_settings_that_cannot_be(make, words: str) -> None:
    with pytest.raises(InputError) as caught:
        make()
    assert words in str(caught.value)
    assert caught.value.remedy


def test_updates_that_do_not_fit() -> None:
    cells = sampled_cells(PulsedDevice(STEP), (3, 2), Stream(0))
    state = written(cells, ones(0, (3, 2)))
    x, d = np.ones((4, 3), np.float32), np.ones((4, 2), np.float32)
    for inputs, gradients, words in (
        (x[:3], d, "have the shapes"),
        (x[:, :2], d, "2 rows and 2 columns"),
        (x * np.nan, d, "NaN"),
    ):
        with pytest.raises(InputError, match=words):
            updated(cells, state, inputs, gradients, 0.1, Pulses())
    with pytest.raises(InputError, match="learning rate is nan"):
        updated(cells, state, x, d, float("nan"), Pulses())
    with pytest.raises(InputError, match="wanted"):
        written(cells, ones(0, (2, 3)))
