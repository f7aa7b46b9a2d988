"""Where steps up and down are equal: the point to which random pulses take a device."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from archsim.numeric.arrays import F32, F64, Mask
from archsim.numeric.update.cells import Cells
from archsim.numeric.update.training import State, pulsed

_HALVINGS = 24


def symmetry_points(cells: Cells) -> F32:
    """Every device's symmetry point, found by halving the range between its bounds.

    Parameters
    ----------
    cells : Cells

    Returns
    -------
    ndarray of float32, shape (rows, columns)
        As products see it, less the reference; a bound where steps in one direction are larger everywhere, NaN where
        both are equal everywhere.
    """
    quiet = replace(cells, shared=_without_noise(cells.shared), device=replace(cells.device, write_noise=0.0))
    low, high = cells.lower.astype(np.float64), cells.upper.astype(np.float64)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        rising = _gain(quiet, middle) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    reference = 0.0 if cells.reference is None else cells.reference
    point = np.where(_indifferent(quiet), np.nan, (low + high) / 2)
    return (point - reference).astype(np.float32)


def _indifferent(cells: Cells) -> Mask:
    """Where steps up and down are equal at a quarter and at three quarters of the range."""
    span, lower = cells.upper.astype(np.float64) - cells.lower, cells.lower.astype(np.float64)
    gains = [np.abs(_gain(cells, lower + share * span)) for share in (0.25, 0.75)]
    return np.asarray(np.maximum(*gains) < 1e-4 * cells.device.step)


def _without_noise(shared: F32) -> F32:
    quiet = shared.copy()
    quiet[0] = 0
    return quiet


def _gain(cells: Cells, weights: F64) -> F64:
    """By how much a step up exceeds a step down; what a bound cuts off is part of it."""
    lasting = weights.astype(np.float32)
    up, down = (pulsed(cells, State(lasting, lasting), np.full(cells.shape, sign)).state.lasting for sign in (1, -1))
    return (up - lasting).astype(np.float64) + (down - lasting)
