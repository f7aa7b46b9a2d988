"""What each firing of small runs waited for, by hand; layers, roles and turns of a log; sites of clusters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from archsim.accounting.course import Course, Occupancy, busy_course, occupancy, turn_ends, writing_course
from archsim.accounting.energy import ActionCounts, ratio
from archsim.accounting.sites import sites
from archsim.accounting.turns import turn_notes
from archsim.accounting.waits import BEFORE, waits
from archsim.engine import LogWindow, run_compiled
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Matrix, Weights
from archsim.program import Labels, Role, Trace
from tests.chips import make_array, make_chip, make_fabric, make_memory, make_system, make_unit
from tests.networks import additions, line
from tests.programs import Sketch
from tests.unit.accounting.hand_run import BATCH, TOKENS, bill, near, run


def pair(window: LogWindow | None = None, *, initial: int = 0, latency: int | None = None) -> Trace:
    """A token every 10 ps, taken in 30 ps each, with room for two."""
    sketch = Sketch()
    maker, reader = sketch.actor(4, 10, latency=latency), sketch.actor(4 + initial, 30)
    sketch.channel(maker, reader, 2, initial=initial)
    return run_compiled(sketch.program(), log=window or LogWindow())


def test_a_reader_waits_for_tokens_and_a_maker_for_room() -> None:
    # The maker starts at 0 and 10, then when a token has gone (at 40 and 70); the reader at 10, 40, 70 and 100.
    trace = pair()
    log, found = trace.log, waits(trace)
    assert log is not None
    rows = {key: row for row, key in enumerate(zip(log.actor.tolist(), log.firing.tolist(), strict=True))}
    made, read = ([rows[actor, firing] for firing in range(4)] for actor in (0, 1))
    assert found.start[made].tolist() == [0, 10, 40, 70] and found.start[read].tolist() == [10, 40, 70, 100]
    assert found.free[made].tolist() == [0, 10, 20, 50]
    assert found.fed[made].tolist() == [0, 10, 20, 50]
    assert found.room[made].tolist() == [0, 10, 40, 70]
    assert found.free[read].tolist() == [0, 40, 70, 100]
    assert found.fed[read].tolist() == found.room[read].tolist() == [10, 40, 70, 100]
    assert found.maker[read].tolist() == made and set(found.maker[made].tolist()) == {BEFORE}


def test_a_token_arrives_after_its_latency() -> None:
    trace = pair(latency=55)
    log, found = trace.log, waits(trace)
    assert log is not None
    read = np.flatnonzero(log.actor == 1)
    # Made at 0, 10, when the first has gone at 85, and when the second has gone at 115.
    assert found.start[log.actor == 0].tolist() == [0, 10, 85, 115]
    assert found.fed[read].tolist() == [55, 85, 140, 170]
    assert found.free[read].tolist() == [0, 85, 115, 170]


def test_tokens_that_are_there_at_first_have_no_maker() -> None:
    trace = pair(initial=1)
    log, found = trace.log, waits(trace)
    assert log is not None
    read = np.flatnonzero(log.actor == 1)
    makers = found.maker[read]
    assert makers[0] == BEFORE
    assert list(zip(log.actor[makers[1:]].tolist(), log.firing[makers[1:]].tolist(), strict=True)) == [
        (0, 0), (0, 1), (0, 2), (0, 3),
    ]  # fmt: skip
    assert found.fed[read][0] == 0


def test_tokens_that_are_there_at_first_take_room() -> None:
    # One of two places is taken at first: the maker's second, third and fourth token wait for 30, 60 and 90.
    trace = pair(initial=1)
    log, found = trace.log, waits(trace)
    assert log is not None
    made = np.flatnonzero(log.actor == 0)
    assert found.start[made].tolist() == found.room[made].tolist() == [0, 30, 60, 90]
    assert found.free[made].tolist() == found.fed[made].tolist() == [0, 10, 40, 70]


def turning(**programming: object):
    """Two layers that take turns on one array, whose 64 rows are written in 10 ns each."""
    array = make_array(row_write_ns=10)
    given = array["programming"]
    assert isinstance(given, dict)
    chip = make_chip(
        array={**array, "programming": {**given, **programming}},
        fabric=make_fabric(1, 1),
        memory=make_memory(),
        schedule={"order": "sequential"},
    )
    network = line(("a", Matrix(Weights(64, 64))), ("b", Matrix(Weights(64, 64))), tokens=1, width=64)
    placement = place(network, chip)
    return run_compiled(lower(placement)), placement


def test_notes_of_layers_that_take_turns() -> None:
    trace, placement = turning()
    share = 2 * 64 * 10_000 / trace.makespan
    head = "2 turns a sample, one after the other; what goes from one to another lies in memory between"
    written = f"2 of 2 blocks are written anew for each turn, which takes {share:.1%} of the time of 1 arrays"
    first, second = turn_notes(trace, placement)
    assert first == f"{head}; the weights do not fit all together: {written}"
    assert "endurance" in second and "not given" in second
    # Two writings a run: a thousand are through after 500 runs.
    trace, placement = turning(endurance=1000)
    days = 500 * trace.makespan / 1e12 / 86_400
    assert turn_notes(trace, placement)[1].endswith(f"reach their endurance of 1000 after {days:.3g} days")


def test_what_a_log_does_not_hold_has_delayed_nobody() -> None:
    # From 40 ps on: the maker's third and fourth firing, the reader's second to fourth.
    trace = pair(LogWindow(40))
    log, found = trace.log, waits(trace)
    assert log is not None
    assert list(zip(log.actor.tolist(), log.firing.tolist(), strict=True)) == [(0, 2), (1, 1), (0, 3), (1, 2), (1, 3)]
    # The second token was made before; the third and fourth reader's firing know their makers.
    assert found.free.tolist() == [40, 40, 50, 70, 100]
    assert found.maker.tolist() == [BEFORE, BEFORE, BEFORE, 0, 2]
    assert found.room.tolist() == [40, 40, 70, 70, 100]


def test_a_shared_resource_is_no_lack_of_room() -> None:
    # The second token has room from the beginning, but another actor takes the maker's resource from 10 to 60 ps.
    sketch = Sketch()
    shared = sketch.resource()
    maker, other = sketch.actor(2, 10, resource=shared), sketch.actor(1, 50, resource=shared)
    sketch.channel(maker, sketch.actor(2, 5), 2)
    trace = run_compiled(sketch.program(), log=LogWindow())
    log, found = trace.log, waits(trace)
    assert log is not None
    made = np.flatnonzero(log.actor == maker)
    assert found.start[made].tolist() == [0, 60] and found.start[log.actor == other].tolist() == [10]
    assert found.free[made].tolist() == found.fed[made].tolist() == found.room[made].tolist() == [0, 10]


def test_room_that_was_there_before_the_log_has_delayed_nobody() -> None:
    # Tokens are made at 0, 10, 20 and, as another actor is before it from 30 to 80, at 80; taken at 10 for 5 ps, and at
    # 20 for 60. The fourth has the room of the first, which went before the log begins.
    sketch = Sketch()
    shared = sketch.resource()
    maker, reader = sketch.actor(4, 10, resource=shared), sketch.actor(4, [5, 60])
    ready, other = sketch.actor(1, 25), sketch.actor(1, 50, resource=shared)
    sketch.channel(maker, reader, 3)
    sketch.channel(ready, other, 1)
    for window in (LogWindow(), LogWindow(20)):
        trace = run_compiled(sketch.program(), log=window)
        log, found = trace.log, waits(trace)
        assert log is not None
        (last,) = np.flatnonzero((log.actor == maker) & (log.firing == 3))
        assert [column[last] for column in (found.free, found.fed, found.room, found.start)] == [30, 30, 30, 80]


def test_a_buffer_in_a_late_window() -> None:
    # From 40 ps on tokens are made at 40 and 70, and have gone at 70, 100 and 130; two were made and one had gone.
    trace = pair(LogWindow(40))
    full = occupancy(trace, 40, 130, bins=9)
    assert full.course.values.tolist() == [[8 * held for held in (2, 2, 2, 2, 2, 1, 1, 1, 0)]]
    frame = full.frame
    assert (frame["room_bits"][0], frame["peak_bits"][0], frame["full"][0]) == (16, 16, 1.0)
    assert frame["mean_bits"][0] == near(8 * 13 / 9)
    # One place is taken from the beginning, the other as soon as the maker starts.
    there = occupancy(pair(initial=1), 0, 120, bins=4).course
    assert there.edges_ps.tolist() == [0, 30, 60, 90, 120]
    assert there.values.tolist() == [[16, 16, 16, 8]]


def test_a_reader_that_gives_back_several_tokens_at_first() -> None:
    # Its first firing needs three and gives back two, each later one needs and gives back one: three tokens wait until
    # 30 + 5, when one is left.
    sketch = Sketch()
    maker, reader = sketch.actor(5, 10), sketch.actor(3, 5)
    sketch.channel(maker, reader, 5, need=((3, 4, 5), 3), release=((2, 3, 5), 3))
    trace = run_compiled(sketch.program(), log=LogWindow())
    found = occupancy(trace, 0, 50, bins=10).course
    # Tokens take room at 0, 10, 20, 30 and 40; firings end at 35, 45 and 55.
    assert found.values.tolist() == [[8 * held for held in (1, 2, 2, 3, 3, 4, 2, 3, 2, 2)]]


def test_a_layer_without_room_is_not_full() -> None:
    nothing = Occupancy(Course(("a",), np.array([0.0, 1.0]), np.array([[0.0]])), np.array([0.0]))
    assert nothing.frame["full"].tolist() == [0.0] and nothing.frame["peak_bits"].tolist() == [0.0]


def two_layers() -> Trace:
    """Three layers: one computes and is written meanwhile, one only ends turns, one has two alike actors."""
    sketch = Sketch()
    for firings, interval in ((4, 10), (2, 30), (3, 5), (1, 40), (1, 20)):
        sketch.actor(firings, interval)
    program = sketch.program(sinks=[0])
    roles = np.array([Role.COMPUTE, Role.PROGRAM, Role.TURN, Role.CONVERT, Role.CONVERT], np.int8)
    actors = replace(program.actors, layer=np.array([0, 0, 1, 2, 2]), role=roles)
    labels = Labels(("a", "b", "c", "idle"), (), ("unit",))
    return run_compiled(replace(program, actors=actors, labels=labels), log=LogWindow())


def test_layers_are_busy_with_their_own_work_and_written_beside_it() -> None:
    trace = two_layers()
    course = busy_course(trace, 0, 60, bins=3)
    assert course.layers == ("a", "b", "c")
    # 40 ps of work; a layer that only ends turns shows that; two converters of 40 and 20 ps on average.
    assert course.values[0] == near([1, 1, 0])
    assert course.values[1] == near([0.75, 0, 0])
    assert course.values[2] == near([1, 0.5, 0])
    written = writing_course(trace, course)
    assert written.layers == course.layers
    assert written.values.tolist() == [[1, 1, 1], [0, 0, 0], [0, 0, 0]]


def test_turns_end_with_their_last_firing() -> None:
    assert turn_ends(two_layers()).tolist() == [5, 10, 15]
    assert turn_ends(pair()).tolist() == []


def test_a_part_of_a_run_in_one_bin() -> None:
    course = busy_course(two_layers(), 10, 50, bins=1)
    assert course.values[:, 0] == near([30 / 40, 5 / 40, (30 + 10) / 2 / 40])


def clustered(chips: int = 1):
    """Two tiles at each router of 2 x 2, a core at every second one."""
    fabric = make_fabric(2, 2, topology="concentrated-mesh", concentration=2)
    units = {"local": make_unit(), "core": make_unit("router", every=2)}
    chip = make_chip(fabric=fabric, units=units, system=make_system(chips))
    network = line(("a", Matrix(Weights(8, 8))), ("d", additions(8, whole_token=True)), tokens=3)
    placement = place(network, chip)
    return run_compiled(lower(placement)), placement


def test_routers_and_cores_lie_at_the_first_tile_of_a_cluster() -> None:
    trace, placement = clustered()
    prices = bill()
    core = replace(prices.component("local"), name="core", place=prices.component("router").place, count=2)
    shown = sites(trace, placement, replace(prices, components=(*prices.components, core, *buffers(prices))))
    frame = shown.frame
    assert len(frame) == 8 and frame["row"].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert frame["column"].tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    tile = frame["area_m2"][1]
    extra = (frame["area_m2"] - tile).round(15)
    # Routers at sites 0, 2, 4 and 6; cores at routers 0 and 2, which are sites 0 and 4.
    assert (extra > 0).tolist() == [True, False] * 4
    assert extra[0] == extra[4] == near(extra[2] + core.area_m2.value)
    assert extra[2] == extra[6]


def buffers(prices):
    """The cores' buffers, of no area."""
    part = prices.component("buffer")
    nothing = replace(part.area_m2, value=0.0)
    return (replace(part, name="core-buffer", place=prices.component("router").place, count=2, area_m2=nothing),)


def test_actions_are_counted_by_layer_chip_and_action() -> None:
    trace, _ = run()
    counts = ActionCounts.of(trace)
    frame = counts.priced(bill()).frame()
    cells = frame[(frame["component"] == "array") & (frame["action"] == "cell")]
    assert cells["count"].tolist() == [BATCH * TOKENS * 96] and cells["layer"].tolist() == ["a"]
    assert len(frame) == 13 and (frame["count"] > 0).all()
    assert list(zip(counts.layer, counts.chip, counts.action, strict=True)) == sorted(
        zip(counts.layer, counts.chip, counts.action, strict=True)
    )
    still = ActionCounts.of(replace(trace, firings=np.zeros_like(trace.firings)))
    assert len(still.priced(bill())) == 0 and still.joules(bill()).tolist() == []


def test_a_quotient_without_a_whole_is_nothing() -> None:
    assert (ratio(6, 3), ratio(6, 0), ratio(0, 3)) == (2, 0, 0)
