"""Entries that lie on an edge at once, against counting them at every instant that matters."""

import numpy as np
import pytest

from archsim.lowering.held import most_held, spread, wait_for


def counted(taken, begun, hold, freeing, period):
    """Entries on the edge right after each taking, over all repetitions that can reach into it."""
    freed = np.maximum((begun + hold)[np.minimum(freeing, len(begun) - 1)], taken)
    turns = int((freed.max() - taken.min()) // period) + 2
    shifts = np.arange(-turns, turns + 1)[:, None] * period
    return max(int(((taken + shifts <= time) & (time < freed + shifts)).sum()) for time in taken)


@pytest.mark.parametrize("seed", range(40))
def test_as_many_are_held_as_are_counted(seed):
    """Whole numbers, so that ties are ties: what leaves at an instant is gone when another comes."""
    drawn = np.random.default_rng(seed)
    entries, firings = drawn.integers(1, 40, 2)
    taken = np.sort(drawn.integers(0, drawn.choice([20, 200]), entries)).astype(float)
    begun = np.sort(drawn.integers(0, 200, firings)).astype(float)
    freeing = np.sort(drawn.integers(0, firings + 2, entries))
    hold, period = float(drawn.integers(0, 30)), float(drawn.integers(1, 90))
    assert most_held(taken, begun, hold, freeing, period) == counted(taken, begun, hold, freeing, period)


def test_two_entries_wait_for_one_firing():
    assert most_held(np.array([0.0, 1.0]), np.array([4.0]), 2.0, np.array([0, 0]), 100.0) == 2
    # Repeated every 3, those of the turn before are still there: 0 to 6, 1 to 6, 3 to 9, 4 to 9.
    assert most_held(np.array([0.0, 1.0]), np.array([4.0]), 2.0, np.array([0, 0]), 3.0) == 4


def test_starts_are_spread_evenly_behind_what_they_need():
    ready = np.zeros(4)
    wait_for(ready, np.array([0, 2, 2, 3]), np.array([1.0, 5.0, 30.0]), 10.0)
    assert ready.tolist() == [0, 15, 15, 40]
    # Late by 10 after the first wait, by 25 after the second.
    assert spread(ready, 5.0).tolist() == [0, 15, 20, 40]
