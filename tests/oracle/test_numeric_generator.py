"""The generator against its authors' known answers, and its normals against scipy's distribution."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from archsim.numeric.philox import normals, words


def test_philox_known_answers():
    """Random123's kat_vectors, philox 4x32 10, for counters that a field can address."""
    np.testing.assert_array_equal(words((0, 0), (1, 4))[0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8])


def test_rounds_follow_the_paper():
    """Other counters, through the round function of Salmon et al. in plain integers."""
    row, page, key = 2**40 + 77, 9, (0xA4093822, 0x299F31D0)
    found = words(key, (1, 8), first_row=row, page=page)[0]
    for counter in (0, 1):
        c = [counter, row & 0xFFFFFFFF, row >> 32, page]
        k = list(key)
        for _ in range(10):
            first, second = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [(second >> 32) ^ c[1] ^ k[0], second & 0xFFFFFFFF, (first >> 32) ^ c[3] ^ k[1], first & 0xFFFFFFFF]
            k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
        np.testing.assert_array_equal(found[counter::2], c)


def test_normals_are_the_inverse_of_the_distribution():
    shape = (500, 1000)
    word = words((5, 6), shape).astype(np.int64)
    tail = ((word & 0x7FFFFFFF) + 0.5) / 2**32
    expected = np.where(word < 2**31, -ndtri(tail), ndtri(tail))
    np.testing.assert_allclose(normals((5, 6), shape), expected, atol=2e-6)


@pytest.mark.parametrize("axis", ["all", "row", "column"])
def test_normals_are_normal(axis):
    field = normals((7, 8), (2000, 400)).astype(np.float64)
    sample = {"all": field.ravel(), "row": field[17], "column": field[:, 123]}[axis]
    assert stats.kstest(sample, "norm").pvalue > 1e-3
    assert abs(stats.kurtosis(sample)) < 5 * np.sqrt(24 / sample.size)


def test_neighbours_are_uncorrelated():
    field = normals((9, 10), (1000, 1000)).astype(np.float64)
    limit = 5 / np.sqrt(field.size)
    for shifted in (field[1:, :] * field[:-1, :], field[:, 1:] * field[:, :-1], field[:, 250:] * field[:, :-250]):
        assert abs(shifted.mean()) < limit * np.sqrt(field.size / shifted.size)
    assert abs((field * normals((9, 10), (1000, 1000), page=1)).mean()) < limit
