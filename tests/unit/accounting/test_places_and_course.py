"""The hand run on the floorplan and over time, the room at routers, what memories take, and notes in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from archsim.accounting.course import busy_course, firing_energies, firing_power, held, occupancy
from archsim.accounting.router_room import router_notes, router_room
from archsim.accounting.sites import Sites, sites
from archsim.accounting.tally import Tally
from archsim.accounting.traffic import Accesses, PricedAccesses, TimedAccesses, priced_accesses, traffic_notes
from archsim.engine import LogWindow, run_compiled
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Matrix, Weights
from archsim.program import Program, Role, Trace
from tests.chips import make_adc, make_chip, make_fabric, make_unit
from tests.networks import additions, line
from tests.programs import Sketch
from tests.unit.accounting.hand_run import (
    BATCH,
    FABRIC_MW,
    MAKESPAN_NS,
    PORT_MW,
    REST_MM2,
    TILE_MM2,
    TILE_MW,
    TOKEN_PJ,
    TOKENS,
    bill,
    near,
    run,
)


def laid_out() -> Sites:
    return sites(*run(), bill())


def test_every_tile_is_a_site_with_its_router() -> None:
    frame = laid_out().frame
    assert len(frame) == 16 and frame["tile"].all() and not frame["chip"].any()
    assert frame["site"].tolist() == list(range(16))
    assert frame["row"].tolist() == [n // 4 for n in range(16)] and frame["column"].tolist() == [
        n % 4 for n in range(16)
    ]
    assert frame["layers"].tolist() == ["a", *[""] * 15] and frame["blocks"].tolist() == [1, *[0] * 15]


def test_power_and_area_of_sites() -> None:
    found = laid_out()
    # Routers and clock are spread over the sites of the 17 switches of a 4 x 4 mesh and its port; here over 16 routers.
    switches = make_chip().fabric.switches
    idle_mw, mm2 = TILE_MW + FABRIC_MW / switches, TILE_MM2 + REST_MM2 / switches
    tokens = BATCH * TOKENS
    # All of a token happens at the first tile and its router, but for buffers and flits alike.
    busy_mw = idle_mw + tokens * TOKEN_PJ / MAKESPAN_NS
    assert found.frame["power_w"][1:].to_numpy() == near(np.full(15, idle_mw * 1e-3))
    assert found.frame["area_m2"].to_numpy() == near(np.full(16, mm2 * 1e-6))
    assert found.frame["density_w_m2"][1] == near(idle_mw * 1e-3 / (mm2 * 1e-6))
    total_mw = 16 * TILE_MW + FABRIC_MW + PORT_MW + tokens * TOKEN_PJ / MAKESPAN_NS
    assert found.frame["power_w"].sum() + found.beside_w == near(total_mw * 1e-3)
    # What the host's actors do (writing into the tile's buffer) is done by links, which lie at the router.
    assert found.frame["power_w"][0] == near(busy_mw * 1e-3)
    assert found.beside_w == near((total_mw - busy_mw - 15 * idle_mw) * 1e-3)


def test_use_and_stalls_of_sites() -> None:
    trace, placement = run()
    frame = sites(trace, placement, bill()).frame
    assert frame["utilisation"].tolist() == [near(BATCH * TOKENS * 100 / MAKESPAN_NS), *[0] * 15]
    assert not frame["traffic"].any() and not frame["stalled"].any()
    # If the array and its converters were blocked for 8 ns and contended for 4, of three actors one:
    role = trace.program.actors.role
    blocked, contended = np.zeros_like(trace.busy), np.zeros_like(trace.busy)
    blocked[role == Role.INTEGRATE], contended[role == Role.INTEGRATE] = 8000, 4000
    held_up = sites(replace(trace, blocked=blocked, contended=contended), placement, bill()).frame
    actors = np.isin(role, (Role.INTEGRATE, Role.CONVERT, Role.AFFINE)).sum()
    assert held_up["stalled"].tolist() == [near(12 / MAKESPAN_NS / actors), *[0] * 15]


def test_links_between_routers_are_traffic_where_they_leave() -> None:
    network = line(("a", Matrix(Weights(8, 8))), ("b", Matrix(Weights(8, 8))), tokens=2)
    placement = place(network, make_chip())
    trace = run_compiled(lower(placement))
    frame = sites(trace, placement, bill()).frame
    # Two flits from tile 0 to tile 4, and two back to the port at router 0, a nanosecond each.
    share = 2000 / trace.makespan
    assert frame["traffic"].tolist() == [near(share), 0, 0, 0, near(share), *[0] * 11]
    assert frame["layers"].tolist()[:5] == ["a", "", "", "", "b"]


def test_firings_have_the_energy_of_their_actions() -> None:
    trace, _ = run()
    program, energy = trace.program, firing_energies(trace.program, bill())
    (array,) = np.flatnonzero(program.actors.role == Role.INTEGRATE)
    (unit,) = np.flatnonzero(program.actors.role == Role.COMPUTE)
    # 96 cells, eight rows and drivers, and 64 bits read; six additions and 48 bits read.
    assert energy[array] == near((96 + 8 * (2 + 3) + 64 * 13) * 1e-12)
    assert energy[unit] == near((6 * 19 + 48 * 13) * 1e-12)
    assert energy.sum() == near(TOKEN_PJ * 1e-12)


def test_power_over_time_is_spent_where_firings_start() -> None:
    _, placement = run()
    trace = run_compiled(lower(placement, batch=1), log=LogWindow())
    power = firing_power(trace, bill(), 0, 100_000, bins=4)
    assert power.layers == ("chip 0",) and power.edges_ps.tolist() == [0, 25_000, 50_000, 75_000, 100_000]
    # Tokens come at 8, 16, 24 and 32 ns; each passes the router at once, is written at the tile 3 ns later, and the
    # first goes into the array at 12, to be converted at 112.
    flit, write, product = 17, 64 * 23, 96 + 8 * (2 + 3) + 64 * 13
    spent = [3 * flit + 2 * write + product, flit + 2 * write, 0, 0]
    # A picojoule in a nanosecond is a milliwatt.
    assert power.values[0] == near([picojoules / 25 * 1e-3 for picojoules in spent])


def two_rates() -> Trace:
    """Four tokens of 10 ps, taken in 30 ps each; the second actor's durations vary: 30, 20, 30, 20."""
    sketch = Sketch()
    maker, reader = sketch.actor(4, 10), sketch.actor(4, [30, 20])
    sketch.channel(maker, reader, 4)
    return run_compiled(sketch.program(), log=LogWindow())


def test_firings_hold_their_resource_for_their_turn_of_the_table() -> None:
    log = two_rates().log
    assert log is not None
    lengths = held(two_rates().program, log.actor, log.firing)
    assert sorted(zip(log.actor.tolist(), log.firing.tolist(), lengths.tolist(), strict=True)) == [
        (0, 0, 10), (0, 1, 10), (0, 2, 10), (0, 3, 10), (1, 0, 30), (1, 1, 20), (1, 2, 30), (1, 3, 20),
    ]  # fmt: skip


def test_how_busy_a_layer_is_bin_by_bin() -> None:
    # The only layer's only role: its two actors are busy for 40 of 0 to 40, and for 100 of 10 to 110.
    course = busy_course(two_rates(), 0, 120, bins=6)
    assert course.layers == ("a",)
    assert course.values[0] == near([0.75, 1.0, 0.5, 0.5, 0.5, 0.25])
    frame = course.frame
    assert list(frame.columns) == ["layer", "start_ps", "end_ps", "value"]
    assert frame["start_ps"].tolist() == [0, 20, 40, 60, 80, 100] and frame["end_ps"].tolist()[-1] == 120
    window = busy_course(two_rates(), 15, 45, bins=2)
    assert window.values[0] == near([1.0, (10 + 15) / 30])


def test_a_buffers_mean_and_peak() -> None:
    sketch = Sketch()
    maker, reader = sketch.actor(4, 10), sketch.actor(4, 30)
    sketch.channel(maker, reader, 5)
    trace = run_compiled(sketch.program(), log=LogWindow())
    frame = occupancy(trace, 0, 130, bins=13).frame
    # Tokens of 8 bits, 27 of them over 13 bins; four at once, of five.
    row = frame.iloc[0]
    assert (row["layer"], row["room_bits"], row["peak_bits"], row["full"]) == ("a", 40, 32, 0.8)
    assert row["mean_bits"] == near(8 * 27 / 13)


def fabric_run(packets: int) -> Program:
    """Two products two tiles apart: flows from the port, between them, and back."""
    network = line(("a", Matrix(Weights(8, 8))), ("b", Matrix(Weights(8, 8))), tokens=2)
    return lower(place(network, make_chip(fabric=make_fabric(buffer_packets=packets))))


def test_room_at_routers() -> None:
    # At router 0 three flows wait: the input's (for the tile), the first product's (for router 4), the second's (for
    # the host); at router 4 two. A flow has room for so many packets of 64 bits.
    assert router_room(fabric_run(4)) == 3 * 4 * 64
    assert router_room(fabric_run(6)) == 3 * 6 * 64
    assert router_room(Sketch(actors=[(0, 1, 1, 1)], servers=[1]).program()) == 0


def test_notes_of_room_at_routers() -> None:
    fabric = make_chip().fabric
    program = fabric_run(4)
    room = router_room(program)
    assert router_notes(program, fabric) == ()
    assert router_notes(program, fabric.model_copy(update={"router_buffer": room})) == ()
    (note,) = router_notes(program, fabric.model_copy(update={"router_buffer": room - 1}))
    assert note.startswith(f"routers: the flows through one take {room / 8192:.4g} KiB with a packet each")
    # Nothing is said of a plain router: eight flits of 64 bits at each of five ports, 2,560 bits.
    assert router_notes(fabric_run(13), fabric) == ()
    (note,) = router_notes(fabric_run(14), fabric)
    assert f"flows have room for {3 * 14 * 64 / 8192:.4g} KiB at one" in note


def accesses(fetched: float = 1600.0) -> Accesses:
    rows = [
        ("dram", "write_bit", "x", "", 10, 800.0),
        ("dram", "read_bit", "x", "y", 20, fetched),
        ("dram", "read_bit", "(table)", "t", 5, 400.0),
    ]
    return Accesses.of_rows(rows)


def timed() -> TimedAccesses:
    return TimedAccesses.extending(accesses(), np.array([4e-6, 8e-6, 1.0]))


def test_traffic_in_words() -> None:
    notes = list(traffic_notes(accesses(), 2))
    assert notes == [
        "no buffer has room for 'x' -> 'y': in each pass 50 bytes are written to 'dram' and 100 read from it",
        "no buffer holds even the window that one firing touches, so each fetches it again: 'x' -> 'y' 2.0 times",
    ]
    once = list(traffic_notes(accesses(840.0), 2))
    assert len(once) == 1
    assert len(list(traffic_notes(accesses(841.0), 2))) == 2
    assert list(traffic_notes(accesses().take(slice(2, None)), 1)) == []


def test_traffic_with_its_cost() -> None:
    costly = PricedAccesses.extending(timed(), np.array([1e-9, 3e-9, 1.0]))
    (note, _) = traffic_notes(costly, 2)
    assert note.endswith("100 read from it, which takes 6 us of its time and 2 nJ")


@pytest.mark.parametrize(
    ("count", "words"), [(3, "'x0' -> 'y0', 'x1' -> 'y1', 'x2' -> 'y2'"), (5, "'x2' -> 'y2' and 2 more")]
)
def test_a_note_names_three_edges(count: int, words: str) -> None:
    rows = [("dram", "write_bit", f"x{n}", "", 1, 8.0) for n in range(count)]
    rows += [("dram", "read_bit", f"x{n}", f"y{n}", 1, 8.0) for n in range(count)]
    (note,) = traffic_notes(Accesses.of_rows(rows), 1)
    assert f"{words}: in each pass {count} bytes are written" in note


def test_accesses_are_priced_by_memory_and_action() -> None:
    read = timed().take(slice(1, None))
    assert priced_accesses(read, bill()).energy_j.tolist() == near([1600 * 31e-12, 400 * 31e-12])


def test_arrays_multiply_for_part_of_the_run() -> None:
    trace, placement = run()
    tally = Tally(trace, placement)
    assert tally.array_utilisation == near(1200 / MAKESPAN_NS)
    # What is written does not multiply.
    role = np.where(trace.program.actors.role == Role.INTEGRATE, Role.PROGRAM, trace.program.actors.role)
    program = replace(trace.program, actors=replace(trace.program.actors, role=role))
    assert Tally(replace(trace, program=program), placement).array_utilisation == 0
    none = place(line(("r", additions(8))), make_chip(adc=make_adc(held=True), units={"local": make_unit()}))
    assert Tally(run_compiled(lower(none)), none).array_utilisation == 0
