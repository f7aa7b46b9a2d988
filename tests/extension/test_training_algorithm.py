"""A training algorithm that a package adds by one file and an entry point."""

from __future__ import annotations

import numpy as np
import pytest

from archsim import registration
from archsim.errors import InputError
from archsim.numeric import Stream
from archsim.numeric.update import PRESETS, Pulses
from archsim.training.algorithms import Batch, CellKinds, method, methods


def test_it_is_found_by_its_name_and_trains() -> None:
    kind = PRESETS["idealized"]
    algorithm = method("sign-descent", "here").algorithm(CellKinds(kind, kind, Pulses()), {"pulses": 20}, "here")
    state = algorithm.trained((1, 400), Stream(0)).written(np.zeros((1, 400), np.float32))
    after, effort = state.updated(Batch(np.ones((1, 1), "f"), np.full((1, 400), 0.3, np.float32), 0.1, 1))
    assert after.weights.mean() == pytest.approx(-20 * 0.0002, rel=0.06)
    assert effort.down == 20 * 400


def test_without_the_package_there_is_no_such_algorithm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "entry_points", lambda *, group: [])
    methods.cache_clear()
    with pytest.raises(InputError, match="no training algorithm 'sign-descent'"):
        method("sign-descent", "here")
