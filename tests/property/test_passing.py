"""Selections of a stream against enumeration: who takes some of what reaches him, and what all of them want."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archsim.lowering.passing import ALL, Rows, Selections
from archsim.lowering.series import SeriesBook

PERIODS = 3


@st.composite
def nested(draw):
    """A period, tokens of it that reach somebody, and those of them that he wants."""
    advance = draw(st.integers(1, 10))
    outer = sorted(draw(st.sets(st.integers(0, advance - 1), min_size=1)))
    inner = sorted(draw(st.sets(st.sampled_from(outer), min_size=1)))
    return advance, outer, inner


def spelled(tokens, advance):
    return [period * advance + token for period in range(PERIODS) for token in tokens]


@given(nested())
def test_who_takes_some_of_what_reaches_him(case):
    advance, outer, inner = case
    selections = Selections(SeriesBook())
    rows = selections.within(selections.add(np.array(outer), advance), selections.add(np.array(inner), advance))
    arriving, wanted = spelled(outer, advance), spelled(inner, advance)
    places = [arriving.index(token) for token in wanted]
    assert rows.passed == places[0]
    series = selections.book.finish()
    for firing, place in enumerate(places):
        assert series.at(rows.need, firing) + rows.passed == place + 1
        # Everything up to what he wants next goes, so that what is passed over takes no room.
        following = places[firing + 1] if firing + 1 < len(places) else PERIODS * len(outer) + rows.passed
        assert series.at(rows.release, firing) + rows.passed == following


@given(nested(), st.data())
def test_curves_count_what_arrives(case, data):
    advance, outer, inner = case
    selections = Selections(SeriesBook())
    # Firings need and free tokens of the whole stream, one for each token that they want.
    first = inner[0]
    need = selections.book.add(np.array(inner) + 1 - first, advance)
    release = selections.book.add(np.array([*inner[1:], inner[0] + advance]) - first, advance)
    told = selections.counted(Rows(need, release, first), selections.add(np.array(outer), advance))
    arriving, wanted = spelled(outer, advance), spelled(inner, advance)
    series = selections.book.finish()
    firing = data.draw(st.integers(0, len(wanted) - 2) if len(wanted) > 1 else st.just(0))
    assert told.passed == sum(token < first for token in arriving)
    assert series.at(told.need, firing) + told.passed == sum(token <= wanted[firing] for token in arriving)
    following = [*wanted, PERIODS * advance + first][firing + 1]
    freed = sum(token < following for token in spelled(outer, advance))
    assert series.at(told.release, firing) + told.passed == freed


@given(st.integers(1, 8), st.lists(st.sets(st.integers(0, 7), min_size=1), min_size=1, max_size=8), st.data())
def test_unions_pass_what_any_of_them_passes(advance, wanted, data):
    selections = Selections(SeriesBook())
    wanted = [{token % advance for token in tokens} for tokens in wanted]
    numbers = np.array([selections.add(np.array(sorted(tokens)), advance) for tokens in wanted])
    groups = data.draw(st.integers(1, len(wanted)))
    group = np.array([place % groups for place in range(len(wanted))])
    found = selections.unions(group, numbers, groups)
    for number in range(groups):
        tokens = set().union(*(each for place, each in enumerate(wanted) if place % groups == number))
        carried, made = selections.shares(found[[number]])
        assert carried[0] / made[0] == len(tokens) / advance
        assert found[number] == selections.add(np.array(sorted(tokens)), advance)
    assert selections.add(np.arange(advance), advance) == ALL
