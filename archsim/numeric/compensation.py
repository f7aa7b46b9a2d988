"""Digital drift compensation: what an array reads now, relative to its reading after programming.

Source: AIHWKIT GlobalDriftCompensation (inference/compensation/drift.py).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.drive import UnitScale
from archsim.numeric.multiply import read_one_hot
from archsim.numeric.settings import Compensation, MeasuredCompensation
from archsim.numeric.state import Crossbar
from archsim.numeric.streams import time_index

_FLOOR = 1e-4


def column_factors(crossbar: Crossbar, how: Compensation, time_s: float) -> F64:
    """Magnitude that the array reads at a time, in arbitrary units: shape (columns,), or (1,) for the whole array.

    Dividing the first reading's by this one's gives the factor alpha.
    """
    if not isinstance(how, MeasuredCompensation):
        return np.array([((time_s + how.first_s) / how.first_s) ** -how.exponent])
    inputs = replace(crossbar.settings.inputs, scale=UnitScale())
    plain = replace(
        crossbar,
        settings=replace(crossbar.settings, inputs=inputs),
        offset=np.zeros_like(crossbar.offset),
        centre=np.zeros_like(crossbar.centre),
    )
    magnitudes = np.abs(np.asarray(read_one_hot(plain, time_index(time_s)), np.float64))
    found = magnitudes.mean(axis=0) if how.per_column else magnitudes.mean(keepdims=True)[0]
    return np.asarray(np.maximum(found, _FLOOR), np.float64)
