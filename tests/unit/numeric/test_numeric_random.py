"""Random fields: layout, keys, and the plain array-operation twin of the compiled generator."""

import array_api_strict
import numpy as np
import pytest

from archsim.errors import InputError
from archsim.numeric import Stream
from archsim.numeric.philox import normals, portable_normals, uniforms, words
from archsim.numeric.streams import Purpose, time_index

KEY = (123, 456)


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 5, 16, 513])
def test_any_width_has_finite_draws(columns):
    field = normals(KEY, (7, columns))
    assert field.shape == (7, columns)
    assert np.isfinite(field).all()


def test_rows_are_addressed_absolutely():
    whole = normals(KEY, (50, 9))
    np.testing.assert_array_equal(normals(KEY, (20, 9), first_row=30), whole[30:])
    beyond = 2**33
    np.testing.assert_array_equal(
        normals(KEY, (1, 9), first_row=beyond + 1), normals(KEY, (2, 9), first_row=beyond)[1:]
    )
    assert not np.array_equal(normals(KEY, (1, 9), first_row=beyond), whole[:1])


def test_pages_and_keys_are_apart():
    fields = [words(KEY, (8, 64)), words(KEY, (8, 64), page=1), words((124, 456), (8, 64)), words((123, 457), (8, 64))]
    for index, field in enumerate(fields):
        for other in fields[index + 1 :]:
            assert (field == other).mean() < 0.01


@pytest.mark.parametrize("shape", [(1, 1), (3, 513), (64, 30)])
def test_plain_array_operations_give_the_same_normals(shape):
    like = array_api_strict.zeros((1,), dtype=array_api_strict.float32)
    arguments = {"first_row": 2**33 + 7, "page": 5}
    portable = np.asarray(portable_normals(like, KEY, shape, **arguments))
    np.testing.assert_allclose(portable, normals(KEY, shape, **arguments), atol=2e-6)
    assert portable.dtype == np.float32


def test_uniforms_fill_the_unit_interval():
    field = uniforms(KEY, (200, 200))
    assert 0 < field.min() < 1e-4
    assert 1 - 1e-4 < field.max() < 1
    assert field.mean() == pytest.approx(0.5, abs=4 / np.sqrt(12 * field.size))


def test_streams_have_keys_of_their_own():
    keys = {
        Stream(seed, block).key(purpose, *indices)
        for seed in (0, 1)
        for block in ((), (0,), (1,), (0, 0), (0, 1), (1, 0))
        for purpose in Purpose
        for indices in ((), (0,), (1,), (0, 1))
    }
    assert len(keys) == 2 * 6 * len(Purpose) * 4


def test_keys_are_the_same_in_every_run():
    assert Stream(7, (1, 2)).key(Purpose.READ, 3) == Stream(7, (1, 2)).key(Purpose.READ, 3)


def test_times_have_indices_of_their_own():
    assert time_index(1.0) != time_index(np.nextafter(1.0, 2.0))
    assert time_index(0.0) == 0


@pytest.mark.parametrize("arguments", [(-1,), (0, (-1,))])
def test_negative_seeds_and_blocks_are_refused(arguments):
    with pytest.raises(InputError, match="random stream"):
        Stream(*arguments)
