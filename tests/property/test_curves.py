"""Need and release curves against enumeration: for every firing, which tokens it touches, and which later ones do."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archsim.lowering.curves import Reach, demand
from archsim.lowering.series import SeriesBook
from archsim.mapping.dealing import Dealing
from archsim.network import NOTHING, Prefix, Previous, Same, Table, Whole, Window

GROUPS = 3


@st.composite
def reaches(draw):
    """Reach of some access, with its producer's tokens."""
    kind = draw(st.sampled_from(("same", "whole", "prefix", "previous", "line", "plane", "table")))
    tokens, other = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    if kind == "same":
        return Reach(*Same().reach(tokens, tokens), tokens)
    if kind == "whole":
        return Reach(*Whole().reach(tokens, other), tokens)
    if kind == "prefix":
        return Reach(*Prefix(draw(st.integers(0, 3))).reach(tokens, tokens), tokens)
    if kind == "previous":
        access = Previous(draw(st.integers(1, 4)), draw(st.integers(0, 12)))
        return Reach(*access.reach(tokens, tokens), tokens)
    if kind == "table":
        return draw(tables(tokens, other))
    return draw(windows(1 if kind == "line" else 2))


@st.composite
def windows(draw, axes):
    def each(low, high):
        return tuple(draw(st.integers(low, high)) for _ in range(axes))

    window = Window(each(1, 6), each(1, 5), each(1, 4), each(1, 3), each(0, 3), each(1, 3))
    produced, consumed = int(np.prod(window.grid)), int(np.prod(window.out_grid))
    return Reach(*window.reach(produced, consumed), produced)


@st.composite
def tables(draw, produced, consumed):
    pairs = [sorted((draw(st.integers(0, produced - 1)), draw(st.integers(0, produced - 1)))) for _ in range(consumed)]
    pairs = [[NOTHING, NOTHING] if draw(st.booleans()) else pair for pair in pairs]
    access = Table(tuple(low for low, _ in pairs), tuple(high for _, high in pairs))
    return Reach(*access.reach(produced, consumed), produced)


def touched_entries(reach, copies, group):
    """For each firing of one consumer copy in all groups: the entries of one producer copy's stream that it touches."""
    producer, producers, consumer, consumers = copies
    producing = producers.tokens(producer, reach.produced).tolist()
    share = len(producing) * group
    firings = []
    for number in range(GROUPS):
        for token in consumers.tokens(consumer, len(reach.first)).tolist():
            first, last = int(reach.first[token]), int(reach.last[token])
            read = [] if first == NOTHING else [producing.index(t) for t in range(first, last + 1) if t in producing]
            firings += [[number * share + t * group + lane for t in read] for lane in range(group)]
    return firings, share


@given(reaches(), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.data())
def test_curves_against_enumeration(reach, producers, consumers, group, data):
    producers, consumers = (
        dealings(data.draw, copies, tokens)
        for copies, tokens in ((producers, reach.produced), (consumers, len(reach.first)))
    )
    copies = (
        data.draw(st.integers(0, producers.copies - 1)),
        producers,
        data.draw(st.integers(0, consumers.copies - 1)),
        consumers,
    )
    firings, share = touched_entries(reach, copies, group)
    part = reach.share(*copies)
    assert part.produced * group == share
    assert part.touched == any(firings)
    if not part.touched:
        return
    curves = demand(part, group)
    book = SeriesBook()
    need, release = (book.add(values, curves.advance) for values in (curves.need, curves.release))
    passed = min(entry for read in firings for entry in read)
    assert curves.passed == passed
    series = book.finish()
    period, highest, room = len(firings) // GROUPS, 0, 0
    for firing, read in enumerate(firings):
        highest = max([highest, *(entry + 1 for entry in read)])
        assert series.at(need, firing) == highest
        group_end = (firing // period + 1) * period
        later = [entry for other in firings[firing + 1 : group_end] for entry in other]
        # Whatever no later firing touches is free, after a group's last one up to what the next group touches first.
        end_of_group = (firing // period + 1) * share + passed
        assert series.at(release, firing) == min(later, default=end_of_group)
        everything_later = [entry for other in firings[firing + 1 :] for entry in other]
        assert series.at(release, firing) <= min(everything_later, default=GROUPS * share + passed)
        before = series.at(release, firing - 1) if firing else passed
        room = max(room, highest - before)
    assert series.at(release, len(firings) - 1) == GROUPS * share + passed
    assert curves.room == room


def dealings(draw, copies, tokens):
    """A way to deal so many tokens to at most so many copies, each of which gets one."""
    copies = min(copies, tokens)
    return Dealing(copies, draw(st.integers(1, tokens // copies)))


@given(st.integers(1, 40), st.integers(1, 8), st.integers(1, 6))
def test_tokens_are_dealt_run_by_run(tokens, copies, run):
    dealing, hands = Dealing(copies, run), [[] for _ in range(copies)]
    for token in range(tokens):
        hands[token // run % copies].append(token)
    for copy, hand in enumerate(hands):
        assert dealing.tokens(copy, tokens).tolist() == hand
        for token in range(tokens + 1):
            assert dealing.below(copy, token) == sum(mine < token for mine in hand)


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=6), st.integers(0, 30), st.integers(0, 40))
def test_a_series_book_keeps_its_sequences(values, advance, firing):
    book = SeriesBook()
    row = book.add(np.array(values), advance)
    twice = book.add(np.array(values * 2) + np.repeat([0, advance], len(values)), 2 * advance)
    assert book.add(np.array(values), advance) == row
    assert book.finish().at(twice, firing) == book.finish().at(row, firing)
    periods, offset = divmod(firing, len(values))
    assert book.finish().at(row, firing) == max(0, values[offset] + periods * advance)


def test_straight_lines_are_kept_as_one_entry():
    book = SeriesBook()
    one = book.add(np.arange(1, 101), 100)
    assert book.add(np.array([1]), 1) == one
    assert book.finish().length.tolist() == [1]
