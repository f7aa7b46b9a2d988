"""Blocks that take turns on arrays are programmed anew; with ideal cells nobody can tell."""

from dataclasses import replace

import numpy as np
import pytest

from archsim.functional import execute, program_model
from archsim.functional.crossbar_settings import crossbar_settings
from archsim.numeric import CrossbarSettings, ReadNoise
from tests.chips import make_array, make_chip, make_fabric, make_memory, make_system
from tests.functional_models import computed, perceptron, placed, random


def chip(tiles, samples=1):
    """Tiles of 5 x 4 weights: the perceptron of 12-10-4 takes 9 + 2 of them."""
    return make_chip(
        array=make_array(5, 4, row_write_ns=10),
        fabric=make_fabric(1, tiles),
        memory=make_memory(),
        system=make_system(1),
        schedule={"samples": samples},
    )


@pytest.fixture
def model_on(tmp_path):
    return lambda *sizes: placed(perceptron(), chip(*sizes), tmp_path)


def test_ideal_cells_give_the_same_values_resident_or_reloaded(model_on):
    resident, reloaded = model_on(12), model_on(4)
    assert resident.placement.turns is None
    assert reloaded.placement.turns is not None and reloaded.placement.turns.reloaded.all()
    x = {"x": random(7, 12)}
    np.testing.assert_array_equal(
        computed(resident, x, CrossbarSettings()).outputs["y"], computed(reloaded, x, CrossbarSettings()).outputs["y"]
    )


QUIET = replace(crossbar_settings(chip(4)), read_noise=ReadNoise())
"""Without noise of reading, so that only programming tells answers to the same question apart."""


def scores(model, x, *, time_s=1.0):
    data = model.data({"x": x})
    arrays = program_model(model, QUIET, model.recorded(data), seed=0)
    return execute(model, arrays, data, time_s=time_s).outputs["y"]


@pytest.mark.parametrize(("samples", "rounds"), [(1, 6), (2, 3), (3, 2), (6, 1)])
def test_each_round_of_samples_meets_its_own_programming_errors(model_on, samples, rounds):
    found = scores(model_on(4, samples), np.repeat(random(1, 12), 6, axis=0))
    assert len(np.unique(found.round(5), axis=0)) == rounds
    for first in range(0, 6, samples):
        np.testing.assert_array_equal(found[first], found[first + samples - 1])


def test_what_is_written_for_its_turn_does_not_drift(model_on):
    x = random(5, 12)
    model = model_on(4)
    np.testing.assert_array_equal(scores(model, x, time_s=1.0), scores(model, x, time_s=1e7))
    stays = model_on(12)
    assert (scores(stays, x, time_s=1.0) != scores(stays, x, time_s=1e7)).any()
