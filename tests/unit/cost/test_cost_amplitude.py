"""Inputs that are voltages take energy by the mean of their squares."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest

from archsim.accounting.peak import peak_of
from archsim.chip import load_chip
from archsim.cost import price
from archsim.cost.adc.oscillator import conversion_j
from archsim.errors import InputError

CHARGED = "sram-charge-22nm"


def _cell(*overrides: str) -> float:
    return price(load_chip(CHARGED, overrides)).component("array").energy_of("cell").value


def test_half_normal_inputs_are_the_rule() -> None:
    # 3 fF at 0.8 V; the mean square of half-normal inputs with a mean of 0.27, drawn.
    drawn = np.abs(np.random.default_rng(1).standard_normal(400_000))
    square = (drawn**2).mean() / drawn.mean() ** 2 * 0.27**2
    assert _cell() == pytest.approx(3e-15 * 0.8**2 * square, rel=0.01)
    assert _cell() == pytest.approx(3e-15 * 0.8**2 * pi / 2 * 0.27**2)


def test_a_mean_square_that_is_given_is_taken() -> None:
    assert _cell("tile.input.mean_square=0.2") == pytest.approx(3e-15 * 0.8**2 * 0.2)


@pytest.mark.parametrize("square", [0.05, 0.3])
def test_squares_that_no_inputs_have_are_refused(square: float) -> None:
    with pytest.raises(InputError, match=f"no mean square of {square:g}"):
        load_chip(CHARGED, [f"tile.input.mean_square={square}"])


def test_pulses_have_no_squares() -> None:
    with pytest.raises(InputError, match="mean_square is given for a pulse-width input"):
        load_chip("pcm-mesh-14nm", ["tile.input.mean_square=0.1"])


def test_the_oscillator_is_what_the_core_leaves_and_nothing_is_paid_twice() -> None:
    """12.483 nJ less array 0.4876 (Joule's law), lines, drivers, affine stage and leakage of the core's own silicon."""
    array = 262144 * 10.35e-6 * 0.13 * 0.2**2 * 128e-9 * 0.27
    assert 256 * conversion_j() < 2 * 256**2 / 10.5e12 - array
    chip = load_chip("hermes-core")
    assert peak_of(chip, price(chip)).gops_per_w == pytest.approx(10_500, rel=0.001)
