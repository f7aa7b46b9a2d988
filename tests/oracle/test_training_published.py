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

from archsim.numeric.update import PRESETS, Reference, Reset, Retention  # noqa: E402
from archsim.training.algorithms import Algorithm, ComplexCell, MixedPrecision, Sgd, TikiTaka  # noqa: E402
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


NETWORK, MNIST = "528-250-125-10", Plan(5, 5, 0.1)
"""Ambrogio et al. 2018 and Burr et al. 2014, who trained four and more times as long, image by image."""
MISMATCH = 0.2
"""Of steps up and down, and a quarter of it of read transistors: three times a measured capacitor's, to show soon."""


@cache
def complex_cell(*, inversion: bool, mismatch: float, lifetime: float) -> tuple[float, float]:
    """PCM with capacitors, a transfer every 400 mini-batches; on the chip and in floating point."""
    known = PRESETS["capacitor"]
    device = replace(known.device, asymmetry_spread=mismatch, retention=Retention(lifetime), reset=Reset(level=0.6))
    cells = kinds("pcm", replace(known, device=device))
    algorithm = ComplexCell(cells, transfer_every=2000, inversion=inversion, offset_spread=mismatch / 4)
    found = scores(mnist(crop=True), NETWORK, algorithm, MNIST)
    return last(found, on_chip=True, epochs=2), last(found, on_chip=False, epochs=2)


def test_polarity_inversion_reaches_floating_point() -> None:
    """Software's accuracy with inversion; with the same mismatch and without inversion, less."""
    inverted, exact = complex_cell(inversion=True, mismatch=MISMATCH, lifetime=float("inf"))
    plain, _ = complex_cell(inversion=False, mismatch=MISMATCH, lifetime=float("inf"))
    assert inverted > exact - 1.5
    assert plain < inverted


def test_capacitors_that_leak_before_the_transfer_ruin_it() -> None:
    """A lifetime of 20 mini-batches against the 400 between transfers."""
    leaking, exact = complex_cell(inversion=True, mismatch=0.06, lifetime=20.0)
    assert leaking < exact - 3


def test_two_pcm_alone_stay_below() -> None:
    """82.9 % on 5,000 images, where floating point reaches about 95 (Burr et al. 2014)."""
    chip = last(scores(mnist(crop=True), NETWORK, Sgd(kinds("pcm")), MNIST), on_chip=True, epochs=2)
    assert 75 < chip < 90
