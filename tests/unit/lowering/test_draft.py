"""Programs under construction: every place that is named is a resource of its own, whatever its number."""

import numpy as np

from archsim.columns import Columns
from archsim.lowering.draft import ActorRows, Draft, Place, Timing
from archsim.lowering.series import SeriesBook
from archsim.program import Kind, Role, Samples, resource_name
from archsim.program.tables import Actors, Channels


def test_a_hundred_kinds_of_units_stay_units():
    draft = Draft(nodes=4)
    for number in range(100):
        rows = ActorRows(0, Role.COMPUTE, Place(Kind.UNIT, f"unit{number}-", 3, 0, 2), 1, Timing(1, 1))
        assert draft.actors(rows, 1).tolist() == [number]
    program = draft.finish(("layer",), Samples(1, 1, np.array([0]), np.array([99])))
    assert set(program.resources.kind.tolist()) == {Kind.UNIT} and len(program.resources) == 100
    names = [resource_name(program, int(resource)) for resource in program.actors.resource]
    assert names == [f"chip0/node3/unit{number}-0" for number in range(100)]
    assert set(program.resources.servers.tolist()) == {2}


def test_sequences_are_kept_once_and_one_behind_the_other():
    book = SeriesBook()
    none = book.finish()
    assert [len(column) for column in (none.start, none.length, none.advance, none.values)] == [0] * 4
    # Steps of two, whether as one entry or as three; then the same entries with another advance.
    assert [book.add(np.array(values), advance) for values, advance in (
        ([2], 2), ([2, 4, 6], 6), ([1, 5], 6), ([1, 5], 7), ([1, 5], 6),
    )] == [0, 0, 1, 2, 1]  # fmt: skip
    found = book.finish()
    assert found.start.tolist() == [0, 1, 3] and found.length.tolist() == [1, 2, 2]
    assert found.advance.tolist() == [2, 6, 7] and found.values.tolist() == [2, 1, 5, 1, 5]


def test_places_alike_are_one_resource_and_others_are_not():
    draft = Draft(nodes=10)
    places = (
        Place(Kind.ARRAY, "array", np.array([13, 13, 13, 3]), np.array([0, 1, 0, 0])),
        Place(Kind.ADC, "adc", np.array([13, 13, 13, 3]), np.array([0, 1, 0, 0])),
    )
    for place in places:
        draft.actors(ActorRows(0, Role.INTEGRATE, place, 1, Timing(1, 1)), 4)
    program = draft.finish(("layer",), Samples(1, 1, np.array([0]), np.array([0])))
    resource = program.actors.resource
    assert resource[0] == resource[2] and len(set(resource.tolist())) == len(program.resources) == 6
    assert program.resources.chip[resource].tolist() == [1, 1, 1, 0] * 2
    assert program.resources.node[resource].tolist() == [3] * 8


def test_actors_take_over_from_those_that_they_follow():
    draft = Draft(nodes=1)
    for layer, count in ((5, 2), (7, 3)):
        place = Place(Kind.UNIT, "unit", 0)
        rows = ActorRows(
            layer, Role.COMPUTE, place, layer * np.arange(count), Timing(1, 1), replica=2, column=layer + 1
        )
        draft.actors(rows, count)
    copied = draft.actor_columns(np.array([4, 0]))
    assert [column.tolist() for column in copied.columns()] == [[7, 5], [2, 2], [8, 6], [14, 0]]


def test_tables_of_columns():
    table = Channels.broadcast(3, source=np.arange(3), target=4, capacity=1, initial=0, need=0, release=0, token_bits=8)
    assert len(table) == 3 and table.target.tolist() == [4, 4, 4]
    both = Channels.concatenate([table.take(np.array([2, 0])), table.take(table.source == 1)])
    assert both.source.tolist() == [2, 0, 1] and both.token_bits.tolist() == [8, 8, 8]
    assert table.take(slice(1, None)).source.tolist() == [1, 2]
    none = Actors.concatenate([])
    assert len(none) == 0 and all(column.dtype == np.int64 for column in none.columns())
    assert issubclass(Actors, Columns) and Actors.names()[0] == "layer"
