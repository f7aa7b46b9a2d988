"""A run on the floorplan and over time, against sums over its trace and its ledger."""

from __future__ import annotations

import numpy as np
import pytest

from archsim.accounting.course import busy_course, held, occupancy, turn_ends, writing_course
from archsim.accounting.sites import sites
from archsim.engine import LogWindow, run_compiled
from archsim.program import Role
from archsim.simulation import Result, Settings, simulate
from tests.programs import Sketch

RUNS = [("resnet18", "pcm-mesh-14nm", 2), ("rnnt", "ibm-14nm-34tile-x5", 1), ("mlp-l4", "isaac", 2)]


@pytest.fixture(scope="module", params=RUNS, ids=lambda run: run[0])
def result(request: pytest.FixtureRequest) -> Result:
    network, chip, batch = request.param
    return simulate(network, chip, Settings(batch=batch))


def test_power_of_all_sites_and_beside_them_is_the_ledgers(result: Result) -> None:
    found = sites(result.trace, result.placement, result.bill)
    total = result.ledger.energy["energy_j"].sum() / (result.trace.makespan / 1e12)
    assert found.frame["power_w"].sum() + found.beside_w == pytest.approx(total, rel=1e-9)
    assert found.beside_w >= -1e-9 * total


def test_area_of_all_sites_is_that_of_the_chips_but_for_what_lies_beside(result: Result) -> None:
    found = sites(result.trace, result.placement, result.bill)
    areas = result.ledger.area.set_index("component")["area_m2"]
    beside = areas[[name for name in areas.index if name in {"chip-link", *result.chip.memory}]].sum()
    assert found.frame["area_m2"].sum() == pytest.approx(areas.sum() - beside)


def test_blocks_are_where_they_were_placed(result: Result) -> None:
    frame = sites(result.trace, result.placement, result.bill).frame
    assert frame["blocks"].sum() == len(result.placement.blocks)
    assert (frame["blocks"] > 0).sum() == result.placement.tiles_used
    assert (frame.loc[frame["blocks"] == 0, "layers"] == "").all()
    node = int(result.placement.blocks.node[-1])
    chip, tile = divmod(node, result.placement.floorplan.nodes)
    named = frame[(frame["chip"] == chip) & (frame["site"] == tile)]["layers"].item()
    assert result.placement.network.order[int(result.placement.uses.layer[-1])].name in named


def test_the_busiest_site_is_the_busiest_array_or_converter(result: Result) -> None:
    frame = sites(result.trace, result.placement, result.bill).frame
    resources = result.ledger.resources
    on_tiles = resources[resources["kind"].isin(["array", "adc", "affine"])]
    assert frame["utilisation"].max() == pytest.approx(on_tiles["utilisation"].max())
    between = resources[(resources["kind"] == "link") & (resources["label"] == "link")]
    assert frame["traffic"].max() == pytest.approx(between["utilisation"].max() if len(between) else 0.0)


def test_busy_time_over_all_bins_is_the_logs(result: Result) -> None:
    program = result.program
    trace = run_compiled(program, log=LogWindow(0, result.trace.makespan))
    course = busy_course(trace, 0, trace.makespan, bins=37)
    log = trace.log
    assert log is not None
    busy = np.bincount(log.actor, weights=held(program, log.actor, log.firing), minlength=len(program.actors))
    width = trace.makespan / 37
    for layer, row in zip(course.layers, course.values, strict=True):
        mine = program.actors.layer == program.labels.layers.index(layer)
        roles = {
            role: busy[mine & (program.actors.role == role)].mean() for role in np.unique(program.actors.role[mine])
        }
        shown = {role: time for role, time in roles.items() if role != Role.LINK} or roles
        assert row.sum() * width == pytest.approx(max(shown.values()), rel=1e-6)


@pytest.fixture(scope="module")
def turning() -> Result:
    """A network whose weights do not fit together: nine turns, each of whose weights are written anew."""
    small = ["fabric.rows=2", "fabric.columns=2", "fabric.tiles=4", "system.chips=1", "mapping.schedule.order=grouped"]
    return simulate("resnet32", "pcm-mesh-14nm", Settings(batch=2), overrides=small)


def test_writing_is_told_apart_over_time(turning: Result) -> None:
    program = turning.program
    trace = run_compiled(program, log=LogWindow(0, turning.trace.makespan))
    course = busy_course(trace, 0, trace.makespan, bins=37)
    written = writing_course(trace, course)
    width = trace.makespan / 37
    writers = program.actors.role == Role.PROGRAM
    for layer, row in zip(written.layers, written.values, strict=True):
        mine = writers & (program.actors.layer == program.labels.layers.index(layer))
        expected = trace.busy[mine].mean() if mine.any() else 0.0
        assert row.sum() * width == pytest.approx(expected, rel=1e-6)
    # What is written does not make products.
    assert (course.values + written.values <= 1 + 1e-9).all()


def test_each_turn_of_each_sample_ends_once(turning: Result) -> None:
    trace = run_compiled(turning.program, log=LogWindow(0, turning.trace.makespan))
    assert turning.placement.turns is not None
    assert len(turn_ends(trace)) == 2 * turning.placement.turns.count


def test_writing_is_told_apart_on_the_floorplan(turning: Result) -> None:
    frame, trace = sites(turning.trace, turning.placement, turning.bill).frame, turning.trace
    writers = turning.program.actors.role == Role.PROGRAM
    by_array = np.bincount(turning.program.actors.resource[writers], weights=trace.busy[writers])
    assert frame["writing"].max() == pytest.approx(by_array.max() / trace.makespan)
    assert (frame["writing"] > 0).sum() == np.count_nonzero(by_array) == 4
    assert frame["utilisation"].max() < 1 - frame["writing"].min()


def test_nothing_is_written_where_weights_stay(result: Result) -> None:
    assert not sites(result.trace, result.placement, result.bill).frame["writing"].any()


def test_buffers_are_never_fuller_than_their_room(result: Result) -> None:
    trace = run_compiled(result.program, log=LogWindow(0, result.trace.makespan))
    frame = occupancy(trace, 0, trace.makespan).frame
    assert (frame["peak_bits"] <= frame["room_bits"]).all()
    assert (frame["mean_bits"] <= frame["peak_bits"]).all()


def test_a_buffer_fills_as_its_maker_is_faster() -> None:
    # A token every 10 ps, taken every 30 ps.
    sketch = Sketch()
    maker, reader = sketch.actor(4, 10), sketch.actor(4, 30)
    sketch.channel(maker, reader, 4)
    trace = run_compiled(sketch.program(), log=LogWindow())
    # Room is taken at 0, 10, 20, 30 and given back at 40, 70, 100, 130; a token has 8 bits.
    course = occupancy(trace, 0, 130, bins=13).course
    tokens = [2, 3, 4, 3, 3, 3, 2, 2, 2, 1, 1, 1, 0]
    assert (course.values.sum(axis=0) / 8).tolist() == tokens
