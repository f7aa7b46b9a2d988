"""Training algorithms: single steps by hand, and what each of them promises about imperfect devices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from archsim.errors import InputError
from archsim.numeric import Stream
from archsim.numeric.update import (
    PRESETS,
    Bound,
    Counting,
    Preset,
    PulsedDevice,
    Pulses,
    Reference,
    Reset,
    Retention,
    soft_bounds,
)
from archsim.training.algorithms import (
    Agad,
    Batch,
    CellKinds,
    Chopped,
    ComplexCell,
    ExactDevice,
    MixedPrecision,
    Sgd,
    TikiTaka,
    TikiTaka2,
    method,
    methods,
)

PLAIN = Preset(PulsedDevice(0.001), "for tests")
WHOLE = Pulses(slots=1000, counting=Counting.ROUNDED)


def kinds(main=PLAIN, second=None, pulses: Pulses = WHOLE) -> CellKinds:
    return CellKinds(main, second or main, pulses)


def batch(x, d, rate: float = 1.0, examples: int | None = None) -> Batch:
    x, d = np.atleast_2d(np.asarray(x, np.float32)), np.atleast_2d(np.asarray(d, np.float32))
    return Batch(x, d, rate, len(x) if examples is None else examples)


def test_plain_descent_makes_the_wanted_change() -> None:
    start = Sgd(kinds()).trained((2, 3), Stream(0))
    after, effort = start.updated(batch([1.0, 0.5], [0.1, -0.2, 0.0]))
    np.testing.assert_allclose(after.weights, [[-0.1, 0.2, 0], [-0.05, 0.1, 0]], atol=1e-6)
    assert (effort.up, effort.down, effort.batches) == (300, 150, 1)


def test_exact_weights_follow_the_gradient_to_rounding() -> None:
    start = Sgd(kinds(ExactDevice())).trained((2, 2), Stream(0)).written(np.full((2, 2), 5.0, np.float32))
    after, effort = start.updated(batch([0.3, 0.7], [1.7, -0.9], rate=0.1))
    np.testing.assert_allclose(after.weights, 5 - 0.1 * np.outer([0.3, 0.7], [1.7, -0.9]), rtol=1e-6)
    assert effort.up == effort.down == 0


def test_tiki_taka_moves_the_slow_matrix_by_what_it_reads() -> None:
    """Every row of the fast matrix is at +0.5; a rate of 0.1 moves the slow row by 0.05, and each row in its turn."""
    columns = 400
    start = TikiTaka(kinds(), fast_rate=1.0).trained((2, columns), Stream(0))
    fed, effort = start.updated(batch([1.0, 1.0], -0.5 * np.ones(columns), rate=0.1))
    np.testing.assert_allclose(fed.fast.weights, 0.5, atol=1e-5)
    # A reading has a noise of 0.1 and a step of 20/255: 0.13 over the root of 400 columns.
    assert fed.weights[0].mean() == pytest.approx(0.05, abs=4 * 0.0013 / 2)
    assert not fed.weights[1].any()
    assert (effort.reads, effort.transfers) == (1, 1)
    nothing = batch([0.0, 0.0], np.zeros(columns), rate=0.1)
    again, _ = fed.updated(nothing)
    assert again.weights[1].mean() == pytest.approx(0.05, abs=4 * 0.0013 / 2)
    np.testing.assert_array_equal(again.weights[0], fed.weights[0])


def test_tiki_taka_may_show_part_of_the_fast_matrix() -> None:
    start = TikiTaka(kinds(), fast_rate=1.0, fast_share=0.5, transfer_every=9).trained((1, 4), Stream(0))
    after, _ = start.updated(batch([1.0], [-0.2] * 4))
    np.testing.assert_allclose(after.weights, 0.1, atol=1e-6)


def test_a_buffer_waits_for_whole_pulses() -> None:
    """The fast row is at 0.4, 400 steps; a pulse is worth 1000 of them at a rate of 1: 0.4, 0.8, then 1.2 pulses."""
    columns = 400
    settings = TikiTaka2(kinds(), fast_rate=0.4, granularity=1000, momentum=0.25)
    state = settings.trained((1, columns), Stream(0))
    state, _ = state.updated(batch([1.0], -np.ones(columns)))
    np.testing.assert_allclose(state.fast.weights, 0.4, atol=1e-5)
    assert state.buffer.mean() == pytest.approx(0.4, abs=0.03)
    assert not state.weights.any()
    for _ in range(2):
        state, effort = state.updated(batch([0.0], np.zeros(columns)))
    # Those beyond 1 wrote a pulse, and a quarter of it stays.
    written = state.weights > 0
    assert written.mean() == pytest.approx(0.9, abs=0.1)
    np.testing.assert_allclose(state.weights[written], 0.001, rtol=1e-5)
    assert state.buffer[written].mean() == pytest.approx(1.2 - 0.75, abs=0.08)
    assert effort.digital_macs == columns


def drift(algorithm) -> float:
    """Where the slow matrix goes by noise alone when the fast one's reference is wrong, in its weights."""
    columns, r = 60, np.random.default_rng(0)
    state = algorithm.trained((4, columns), Stream(1))
    for _ in range(600):
        state, _ = state.updated(batch(r.standard_normal((1, 4)), r.standard_normal((1, columns)), rate=1.0))
    return float(np.abs(state.weights.mean(axis=1)).mean())


def test_choppers_and_found_references_forgive_an_offset() -> None:
    """Rasch et al. 2024: version 2 takes an error of the fast matrix' reference for a gradient; the others do not."""
    offset = PulsedDevice(0.02, soft_bounds(), reference=Reference(mean=0.3))
    given = kinds(Preset(PulsedDevice(0.002), "slow"), Preset(offset, "fast"), Pulses())
    plain = drift(TikiTaka2(given, granularity=40))
    assert plain > 0.1
    assert drift(Chopped(given, granularity=40, flips=0.2)) < plain / 3
    assert drift(Agad(given, granularity=40, period=10, tail=5)) < plain / 3


def test_agad_writes_nothing_in_its_first_period() -> None:
    columns = 10
    state = Agad(kinds(), fast_rate=0.4, granularity=1, period=5).trained((1, columns), Stream(0))
    for _ in range(5):
        state, effort = state.updated(batch([1.0], -np.ones(columns)))
        assert effort.up + effort.down == 400 * columns
    assert not state.weights.any()
    assert state.rule.signs[0] == -1


def test_mixed_precision_writes_what_is_whole_and_keeps_the_rest() -> None:
    """0.4 steps a time: nothing, nothing, then one step with 0.2 left."""
    state = MixedPrecision(kinds()).trained((1, 2), Stream(0))
    for step in (0, 0, 1):
        state, effort = state.updated(batch([1.0], [-0.0004, 0.0004]))
        assert (effort.up, effort.down) == (step, step)
    np.testing.assert_allclose(state.weights, [[0.001, -0.001]], rtol=1e-5)
    np.testing.assert_allclose(state.owed, [[0.0002, -0.0002]], rtol=1e-3)
    assert effort.digital_macs == 2


def test_mixed_precision_waits_for_its_threshold_and_turn() -> None:
    state = MixedPrecision(kinds(), write_every=2, threshold=3).trained((1, 1), Stream(0))
    state, _ = state.updated(batch([1.0], [-0.0035]))
    assert state.weights[0, 0] == 0
    state, effort = state.updated(batch([1.0], [0.0]))
    assert state.weights[0, 0] == pytest.approx(0.003, rel=1e-5)
    assert effort.up == 3


COARSE = Preset(PulsedDevice(0.01, upper=Bound(2.0), lower=Bound(-2.0)), "coarse")
EXACT_WRITE = {"write_error": 0.0, "offset": 0.0}


def test_a_complex_cell_moves_by_its_fine_part() -> None:
    """F = 4 and a range of 2: the capacitor's unit is a weight of 0.5, so that a change of 0.1 is 0.2 of it."""
    cell = ComplexCell(kinds(COARSE, PLAIN), significance=4, range=2.0, **EXACT_WRITE)
    state = cell.trained((1, 2), Stream(0)).written(np.array([[1.5, -0.5]], np.float32))
    np.testing.assert_allclose(state.coarse.weights, [[1.5, -0.5]], rtol=1e-6)
    after, effort = state.updated(batch([1.0], [-0.1, 0.1]))
    np.testing.assert_allclose(after.weights, [[1.6, -0.6]], rtol=1e-5)
    np.testing.assert_allclose(after.fine.weights, [[0.2, -0.2]], rtol=1e-4)
    assert after.step == pytest.approx(0.0005)
    assert effort.transfers == 0


def test_a_transfer_keeps_the_weight_and_inverts_the_polarity() -> None:
    cell = ComplexCell(kinds(COARSE, PLAIN), transfer_every=4, offset_spread=0.05, **EXACT_WRITE)
    state = cell.trained((3, 2), Stream(0)).written(np.full((3, 2), 0.3, np.float32))
    before, effort = state.updated(batch(np.ones((3, 3)), 0.01 * np.ones((3, 2))))
    assert (before.polarity, effort.transfers) == (1, 0)
    after, effort = before.updated(batch(np.zeros((1, 3)), np.zeros((1, 2))))
    assert (after.polarity, effort.transfers, effort.reads) == (-1, 6, 3)
    np.testing.assert_allclose(after.weights, before.weights, atol=1e-6)
    np.testing.assert_allclose(after.fine.weights, 0, atol=1e-6)
    moved, _ = after.updated(batch(np.ones((1, 3)), -0.06 * np.ones((1, 2))))
    np.testing.assert_allclose(moved.weights, before.weights + 0.06, atol=1e-5)
    assert (moved.fine.weights < 0).all()


def test_small_weights_are_left_to_the_fine_part() -> None:
    cell = ComplexCell(kinds(COARSE, PLAIN), write_error=0.0, offset=0.2)
    state = cell.trained((1, 2), Stream(0)).written(np.array([[0.15, 0.5]], np.float32))
    np.testing.assert_allclose(state.coarse.weights, [[0, 1.0]], atol=1e-6)
    np.testing.assert_allclose(state.weights, [[0.15, 0.5]], atol=1e-6)


def test_the_closed_loop_leaves_what_it_tolerates() -> None:
    """Errors of 0.04 cut at 0.02, after many attempts: uniform enough, sigma of a Gaussian inside half a sigma."""
    cell = ComplexCell(kinds(COARSE, PLAIN), offset=0.0, attempts=40)
    state = cell.trained((100, 100), Stream(0)).written(np.full((100, 100), 0.4, np.float32))
    error = state.transferred()[0].weights - 0.4
    assert np.abs(error).max() <= 0.02 + 1e-6
    # Variance of a normal inside +-a sigma: 1 - 2 a phi(a) / (2 Phi(a) - 1), a = 0.5.
    assert error.std() == pytest.approx(0.04 * np.sqrt(1 - 0.35206533 / 0.38292492), rel=0.02)


def asymmetric_drift(inversion: bool) -> float:
    """How far pairs of steps up and down move weights in 8 intervals, on capacitors whose steps differ by direction."""
    mismatched = Preset(PulsedDevice(0.005, asymmetry_spread=0.1), "capacitor with a mismatch")
    cell = ComplexCell(kinds(COARSE, mismatched), transfer_every=40, inversion=inversion, **EXACT_WRITE)
    state = cell.trained((20, 20), Stream(0)).written(np.zeros((20, 20), np.float32))
    for turn in range(8 * 40):
        sign = 1 if turn % 2 else -1
        state, _ = state.updated(batch(np.ones(20), 0.01 * sign * np.ones(20)))
    return float(np.abs(state.weights).mean())


def test_inversion_undoes_what_a_mismatch_did() -> None:
    """8 x 20 pairs of 6 steps each way move a weight by 960 delta dw / F without inversion; with it, by nothing."""
    expected = 8 * 20 * 6 * 2 * 0.1 * np.sqrt(2 / np.pi) * 0.005 / 3
    assert asymmetric_drift(False) == pytest.approx(expected, rel=0.1)
    assert asymmetric_drift(True) < 0.02 * expected


def test_capacitors_leak_towards_their_rest_level() -> None:
    """After 20 of 10 mini-batches' lifetime, 1 - 0.9^20 of the way to 0.6, a third of it in weights."""
    leaking = PulsedDevice(0.005, retention=Retention(10.0), reset=Reset(0.6))
    cell = ComplexCell(kinds(COARSE, Preset(leaking, "leaking")), **EXACT_WRITE)
    state = cell.trained((2, 2), Stream(0)).written(np.full((2, 2), 0.5, np.float32))
    for _ in range(20):
        state, _ = state.updated(batch([0.0, 0.0], [0.0, 0.0]))
    np.testing.assert_allclose(state.weights, 0.5 + 0.6 * (1 - 0.9**20) / 3, rtol=1e-4)


def regression_error(algorithm, rate: float, epochs: int = 60) -> float:
    """Mean error of the weights of a linear teacher after training."""
    r = np.random.default_rng(0)
    x, wanted = r.standard_normal((200, 12)).astype("f"), (0.3 * r.standard_normal((12, 6))).astype("f")
    state = algorithm.trained((12, 6), Stream(0)).written(np.zeros((12, 6), np.float32))
    for _ in range(epochs):
        for low in range(0, 200, 5):
            part = x[low : low + 5]
            state, _ = state.updated(batch(part, part @ (state.weights - wanted) / 5, rate))
    return float(np.abs(state.weights - wanted).mean())


SOFT = PRESETS["reram-soft-bounds"].device
QUIET = Preset(
    replace(SOFT, reference=Reference(), write_noise=0.0, upper=Bound(1.25, 0.05), lower=Bound(-0.75, 0.05)), "quiet"
)


@pytest.mark.parametrize(
    ("algorithm", "rate", "error"),
    [
        (Sgd(CellKinds(PRESETS["gokmen-vlasov"], PRESETS["gokmen-vlasov"], Pulses())), 0.05, 0.03),
        (TikiTaka(CellKinds(QUIET, QUIET, Pulses())), 0.1, 0.06),
        (TikiTaka2(CellKinds(QUIET, QUIET, Pulses()), granularity=100), 0.05, 0.08),
        (Chopped(CellKinds(QUIET, QUIET, Pulses()), granularity=100), 0.05, 0.08),
        (Agad(CellKinds(QUIET, QUIET, Pulses()), granularity=100, period=10), 0.05, 0.08),
        (MixedPrecision(CellKinds(QUIET, QUIET, Pulses())), 0.05, 0.06),
        (ComplexCell(CellKinds(PRESETS["pcm"], PRESETS["capacitor"], Pulses()), transfer_every=2000), 0.05, 0.03),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_regression_converges(algorithm, rate: float, error: float) -> None:
    """Weights of about 0.24 in the mean; errors as small as the devices' steps and noise let them be."""
    assert regression_error(algorithm, rate) < error


def gathered_error(algorithm, rate: float, seed: int = 0, epochs: int = 90) -> float:
    """Root mean square error of weights of 0.1, in the mean over the last five epochs."""
    r = np.random.default_rng(seed)
    x, wanted = r.standard_normal((200, 12)).astype("f"), (0.1 * r.standard_normal((12, 6))).astype("f")
    state = algorithm.trained((12, 6), Stream(seed)).written(np.zeros((12, 6), np.float32))
    squares = []
    for _ in range(epochs):
        for low in range(0, 200, 5):
            part = x[low : low + 5]
            state, _ = state.updated(batch(part, part @ (state.weights - wanted) / 5, rate))
        squares.append(np.square(state.weights - wanted).mean())
    return float(np.sqrt(np.mean(squares[-5:])))


EVEN = Preset(
    replace(
        SOFT, reference=Reference(), write_noise=0.0, step_noise=0.3, upper=Bound(1.25, 0.05), lower=Bound(-1.25, 0.05)
    ),
    "even",
)


@pytest.mark.parametrize(
    "algorithm",
    [
        Sgd(CellKinds(EVEN, EVEN, Pulses())),
        TikiTaka2(CellKinds(EVEN, EVEN, Pulses()), granularity=500),
        Chopped(CellKinds(EVEN, EVEN, Pulses()), granularity=500),
        Agad(CellKinds(EVEN, EVEN, Pulses()), granularity=500, period=10),
        MixedPrecision(CellKinds(EVEN, EVEN, Pulses())),
    ],
    ids=lambda value: type(value).__name__,
)
def test_algorithms_come_to_the_same_weights(algorithm) -> None:
    """On one device with the same bounds both ways: within eight of its steps of 0.002, where all began at 0.1."""
    assert gathered_error(algorithm, 0.05) < 8 * 0.002


def test_numbers_are_checked_by_name() -> None:
    assert method("tiki-taka", "here").algorithm(kinds(), {"fast_share": 0.5}, "here").fast_share == 0.5
    with pytest.raises(InputError, match=r"no number 'transfer_evry'.*") as caught:
        method("tiki-taka", "here").algorithm(kinds(), {"transfer_evry": 2}, "here")
    assert "Did you mean 'transfer_every'?" in str(caught.value)
    with pytest.raises(InputError, match="no training algorithm 'tikitaka'"):
        method("tikitaka", "here")


@pytest.mark.parametrize("entry", methods(), ids=lambda entry: entry.name)
def test_every_algorithm_is_built_by_its_name(entry) -> None:
    state = entry.algorithm(kinds(), {}, "here").trained((3, 2), Stream(0)).written(np.full((3, 2), 0.25, np.float32))
    np.testing.assert_allclose(state.weights, 0.25, rtol=1e-5)
    after, effort = state.updated(batch(np.zeros(3), np.zeros(2), rate=0.01))
    # Tiki-Taka moves by the noise of its reading, a hundredth of which counts.
    np.testing.assert_allclose(after.weights, 0.25, atol=0.01)
    assert effort.batches == 1
    assert (after.lowest <= after.weights).all() and (after.weights <= after.highest).all()


BAD = [
    (lambda: TikiTaka(kinds(), transfer_every=0), "transfer_every is 0"),
    (lambda: TikiTaka2(kinds(), granularity=0.0), "granularity is 0"),
    (lambda: Chopped(kinds(), flips=1.5), "flips is 1.5"),
    (lambda: Agad(kinds(), period=0), "period is 0"),
    (lambda: MixedPrecision(kinds(), threshold=0), "threshold is 0"),
    (lambda: ComplexCell(kinds(), significance=0.0), "significance is 0"),
    (lambda: ComplexCell(kinds(), attempts=0), "attempts is 0"),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_numbers_that_mean_nothing_are_refused(make, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()
