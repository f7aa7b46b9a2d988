"""Trainings of the literature: what each algorithm comes to on each device, in bands around what was published.

On scikit-learn's digits (64-32-10, rectified, mini-batches of 5, a rate of 0.05) AIHWKIT 1.1 came, after 30 epochs on
two folds, to: floating point 96.4; Gokmen and Vlasov's device 96.2, Capacitor 95.4, EcRam 93.0; ReRamES 41.5 +- 9.5,
ReRamSB 42.8 +- 8.7, PCM 27 +- 17; Tiki-Taka on ReRamES 89.7 +- 3.0 and on ReRamSB 88.5 +- 0.9; mixed precision on PCM
89.9 +- 0.3. Here it is one fold and half the epochs. What comes out is in reports/training/published.md.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

torch = pytest.importorskip("torch")

from archsim.numeric.update import (  # noqa: E402
    PRESETS,
    Bound,
    Preset,
    PulsedDevice,
    Reference,
    Reset,
    Retention,
    soft_bounds,
)
from archsim.training.algorithms import Algorithm, ComplexCell, MixedPrecision, Sgd, TikiTaka, TikiTaka2  # noqa: E402
from archsim.training.course import Plan  # noqa: E402
from tests.training_courses import digits, kinds, last, mnist, scores  # noqa: E402

torch.set_num_threads(1)
pytestmark = pytest.mark.slow
SOFT_BOUNDS = PRESETS["reram-soft-bounds"]
REFERENCED = replace(SOFT_BOUNDS, device=replace(SOFT_BOUNDS.device, reference=Reference()))
"""As in AIHWKIT's Tiki-Taka presets: zero is at the symmetry point."""
DIGITS = Plan(15, 5, 0.05)


@cache
def on_digits(algorithm: Algorithm) -> tuple[float, float]:
    """Accuracy in percent, on the chip and in floating point; mean of the last three epochs."""
    found = scores(digits(), "64-32-10", algorithm, DIGITS, relu=True)
    return last(found, on_chip=True), last(found, on_chip=False)


@pytest.mark.parametrize(("device", "below"), [("gokmen-vlasov", 1.0), ("capacitor", 2.0), ("ecram", 5.0)])
def test_near_linear_devices_come_near_floating_point(device: str, below: float) -> None:
    """0.2, 1.0 and 3.4 points below in AIHWKIT."""
    chip, exact = on_digits(Sgd(kinds(device)))
    assert exact - below < chip < exact + 1


def test_the_asymmetry_of_lithium_cells_costs_a_point() -> None:
    """1 to 5 below floating point."""
    chip, exact = on_digits(Sgd(kinds("ecram")))
    assert chip < exact - 1


@pytest.mark.parametrize("device", ["reram-filamentary", "reram-soft-bounds", "pcm"])
def test_plain_descent_fails_on_asymmetric_devices(device: str) -> None:
    """27 to 43 in AIHWKIT, with spreads up to 17."""
    assert on_digits(Sgd(kinds(device)))[0] < 65


@pytest.mark.parametrize(("device", "plain"), [("reram-filamentary",) * 2, (REFERENCED, "reram-soft-bounds")])
def test_tiki_taka_rescues_them(device, plain: str) -> None:
    """45 and 48 points above plain descent in AIHWKIT; 25 is what a test may ask of one fold."""
    rescued, _ = on_digits(TikiTaka(kinds(device), fast_rate=1.0))
    assert rescued > on_digits(Sgd(kinds(plain)))[0] + 25


def test_tiki_taka_reaches_what_aihwkit_did() -> None:
    """85 to 93."""
    assert 85 < on_digits(TikiTaka(kinds("reram-filamentary"), fast_rate=1.0))[0] < 93


@pytest.mark.xfail(reason="83.1 after 15 epochs, still rising", strict=True)
def test_tiki_taka_on_soft_bounds_reaches_what_aihwkit_did() -> None:
    """85 to 93."""
    assert 85 < on_digits(TikiTaka(kinds(REFERENCED), fast_rate=1.0))[0] < 93


def test_mixed_precision_rescues_pairs_of_pcm() -> None:
    """63 points above plain descent in AIHWKIT."""
    assert on_digits(MixedPrecision(kinds("pcm")))[0] > on_digits(Sgd(kinds("pcm")))[0] + 25


@pytest.mark.xfail(reason="70.6 after 15 epochs, still rising; the cause is not known", strict=True)
def test_mixed_precision_on_pcm_reaches_what_aihwkit_did() -> None:
    """88 to 92."""
    assert on_digits(MixedPrecision(kinds("pcm")))[0] == pytest.approx(90, abs=2)


def few_states(algorithm: type[Sgd] | type[TikiTaka2], states: int, **numbers: float) -> float:
    """Accuracy on symmetric soft bounds of +-1, with so many mean steps between them."""
    device = PulsedDevice(
        step=2 / states,
        law=soft_bounds(multiplicative=False),
        upper=Bound(1.0, 0.1),
        lower=Bound(-1.0, 0.1),
        step_spread=0.1,
        step_noise=0.3,
        asymmetry_spread=0.01,
    )
    return on_digits(algorithm(kinds(Preset(device, "soft bounds")), **numbers))[0]


def test_tiki_taka_2_does_with_tens_of_states_what_plain_descent_needs_thousands_for() -> None:
    """Gokmen 2021. 91.3 % with 20 states and 81.1, still rising, with 1,000; plain descent has 58.1 and 84.0."""
    few, many = (few_states(TikiTaka2, states, granularity=100.0) for states in (20, 1000))
    plain, fine = (few_states(Sgd, states) for states in (20, 1000))
    assert few > many - 2
    assert plain < fine - 5
    assert few > plain + 15


NETWORK = "528-250-125-10"
"""Of Ambrogio et al. 2018 and Burr et al. 2014, who trained four and more times as long as here, image by image."""
MISMATCH = 0.2
"""Of steps up and down, and a quarter of it of read transistors: three times a measured capacitor's, to show soon."""


@cache
def complex_cell(
    plan: Plan, *, inversion: bool = True, mismatch: float, lifetime: float = float("inf"), transfer_every: int
) -> tuple[float, float]:
    """PCM with capacitors; on the chip and in floating point, mean of the last two epochs."""
    known = PRESETS["capacitor"]
    device = replace(known.device, asymmetry_spread=mismatch, retention=Retention(lifetime), reset=Reset(level=0.6))
    cells = kinds("pcm", replace(known, device=device))
    algorithm = ComplexCell(cells, transfer_every=transfer_every, inversion=inversion, offset_spread=mismatch / 4)
    found = scores(mnist(crop=True), NETWORK, algorithm, plan)
    return last(found, on_chip=True, epochs=2), last(found, on_chip=False, epochs=2)


def mismatched(*, inversion: bool) -> tuple[float, float]:
    """Image by image, a transfer per epoch: 212 to 247 steps per weight between transfers."""
    return complex_cell(Plan(6, 1, 0.1), inversion=inversion, mismatch=MISMATCH, transfer_every=4000)


def test_polarity_inversion_reaches_floating_point() -> None:
    """92.7 %, where floating point has 91.8."""
    inverted, exact = mismatched(inversion=True)
    assert inverted > exact - 1


def test_without_polarity_inversion_the_same_mismatch_costs_accuracy() -> None:
    """88.7 %: 4.0 points below the same cells with inversion."""
    inverted, _ = mismatched(inversion=True)
    plain, exact = mismatched(inversion=False)
    assert plain < inverted - 2
    assert plain < exact - 1.5


LEAKS = Plan(5, 5, 0.1)


@pytest.mark.parametrize("lifetime", [20.0, 400.0])
def test_capacitors_that_leak_before_the_transfer_ruin_it(lifetime: float) -> None:
    """A transfer after 400 mini-batches: 10.0 and 20.9 % where floating point has 88.9."""
    leaking, exact = complex_cell(LEAKS, mismatch=0.06, lifetime=lifetime, transfer_every=2000)
    assert leaking < exact - 30


@pytest.mark.parametrize("lifetime", [4000.0, 40000.0])
def test_capacitors_that_hold_ten_intervals_do_not(lifetime: float) -> None:
    """87.5 % at 4,000 mini-batches."""
    holding, exact = complex_cell(LEAKS, mismatch=0.06, lifetime=lifetime, transfer_every=2000)
    assert holding > exact - 3


@cache
def two_pcm() -> float:
    """Plain descent on pairs of PCM, at a low rate: the device's first steps are 28 times those that rates count in."""
    found = scores(mnist(crop=True), NETWORK, Sgd(kinds("pcm")), Plan(3, 1, 0.003), scale=0.25)
    return last(found, on_chip=True, epochs=2)


def test_two_pcm_alone_stay_far_below_cells_with_capacitors() -> None:
    """61.0 and 75.3 % in the last two epochs; 92.7 with capacitors, after twice as many."""
    assert 40 < two_pcm() < mismatched(inversion=True)[0] - 10


@pytest.mark.xfail(
    reason="68.2 in the mean of the last two of three epochs, 75.3 in the last; slow to go on", strict=True
)
def test_two_pcm_alone_come_near_what_was_published() -> None:
    """82.9 % on 5,000 images (Burr et al. 2014), in 75 to 90."""
    assert 75 < two_pcm() < 90
