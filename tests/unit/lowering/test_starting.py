"""Controllers and buffer ports that the arrays of a tile share, by hand arithmetic.

A product of the tests' chip takes its array 105 ns: an integration of 100 and a conversion of 5.
"""

import numpy as np
import pytest

from archsim.engine import LogWindow, run_compiled, run_reference
from archsim.errors import InputError
from archsim.lowering import lower
from archsim.lowering.starting import start_tempo
from archsim.mapping import place
from archsim.network import Matrix, Weights
from archsim.program import Role, Trace
from tests.chips import NS, make_array, make_chip, make_fabric, make_issue, make_system
from tests.networks import line

PRODUCT = 105


def run(*, rows=8, columns=40, tokens=6, batch=1, chip=None, **shared) -> Trace:
    """A matrix on arrays of 8 x 10 weights, all of one tile."""
    network = line(("a", Matrix(Weights(rows, columns))), tokens=tokens, width=rows)
    chip = make_chip(array=make_array(8, 10), arrays_per_tile=16, **shared)
    program = lower(place(network, chip), batch=batch)
    trace, judged = run_compiled(program), run_reference(program)
    assert trace.makespan == judged.makespan and (trace.busy == judged.busy).all()
    return trace


def period_ns(**shared) -> float:
    """Between tokens, at full rate."""
    return (run(tokens=9, **shared).makespan - run(tokens=8, **shared).makespan) / NS


@pytest.mark.parametrize(
    ("issue", "expected"),
    [
        (make_issue(time_ns=10), PRODUCT),  # four issues of 10 ns hide behind the products
        (make_issue(time_ns=30), 4 * 30),
        (make_issue(time_ns=30, width=2), PRODUCT),
        (make_issue(time_ns=30, joint=True), PRODUCT),
        (make_issue(time_ns=130, joint=True), 130),
        (make_issue(time_ns=10, holds="product"), 4 * (10 + PRODUCT)),
        (make_issue(time_ns=10, holds="product", width=2), 2 * (10 + PRODUCT)),
        (make_issue(time_ns=10, holds="product", joint=True), 10 + PRODUCT),
        (make_issue(time_ns=10, holds="product", order="program"), 4 * (10 + PRODUCT)),
    ],
)
def test_four_column_blocks_of_a_tile_share_a_controller(issue, expected):
    assert period_ns(issue=issue) == expected


@pytest.mark.parametrize(
    ("bandwidth", "joint", "expected"),
    [
        (1e9, False, 4 * 64),  # four times the 64 bits of a token, a bit per nanosecond
        (4e9, False, PRODUCT),
        (1e9, True, PRODUCT),  # what starts together reads its inputs once
        (0.5e9, True, 128),
    ],
)
def test_arrays_drink_from_one_buffer(bandwidth, joint, expected):
    assert period_ns(read_bandwidth=bandwidth, issue=make_issue(time_ns=1, joint=joint)) == expected


def test_an_issue_comes_before_its_product():
    plain, issued = run(tokens=1), run(tokens=1, issue=make_issue(time_ns=10))
    # The last of four is issued after 40 ns; made at once, it waits for the two flits of each of the others.
    assert issued.makespan - plain.makespan == (4 * 10 - 3 * 2) * NS
    fetched = run(tokens=1, issue=make_issue(time_ns=10, joint=True), read_bandwidth=1e9)
    assert fetched.makespan - plain.makespan == (64 + 10) * NS


def test_products_that_start_together_take_their_inputs_once():
    trace = run(rows=16, columns=40, issue=make_issue(joint=True))
    actors = trace.program.actors
    issues = np.flatnonzero(actors.role == Role.ISSUE)
    assert len(issues) == 2  # one per row block
    assert (actors.role == Role.INTEGRATE).sum() == 8
    into = np.bincount(trace.program.channels.target, minlength=len(actors.firings))[issues]
    assert into.tolist() == [1, 1]


def test_in_program_order_a_layers_blocks_start_one_after_the_other():
    network = line(("a", Matrix(Weights(24, 10))), tokens=4, width=24)
    issue = make_issue(time_ns=10, width=3, order="program")
    program = lower(place(network, make_chip(array=make_array(8, 10), arrays_per_tile=3, issue=issue)))
    trace = run_compiled(program, log=LogWindow())
    issues = np.flatnonzero(program.actors.role == Role.ISSUE)
    starts = np.array([trace.log.start[trace.log.actor == actor] for actor in issues])
    assert issues.tolist() == sorted(issues, key=lambda actor: program.actors.row[actor])
    in_turn = starts.T.ravel()  # token by token, row block by row block
    assert (np.diff(in_turn) >= 10 * NS).all()


@pytest.mark.parametrize(
    ("shared", "interval", "latency"),
    [
        # Four blocks of ten columns, two of twelve rows each: eight starts, of twelve bytes at most.
        ({"read_bandwidth": 1e9}, 8 * 96, 96),
        ({"issue": make_issue(time_ns=10)}, 8 * 10, 10),
        ({"issue": make_issue(time_ns=10, width=2)}, 4 * 10, 10),
        ({"issue": make_issue(time_ns=10, holds="product")}, 8 * 115, 10),
        ({"issue": make_issue(time_ns=10, holds="product", width=4)}, 2 * 115, 10),
        # What starts together are the two rows of blocks.
        ({"issue": make_issue(time_ns=10, joint=True)}, 2 * 10, 10),
        ({"issue": make_issue(time_ns=10, joint=True), "read_bandwidth": 1e9}, 2 * 96, 106),
        ({"issue": make_issue(time_ns=200, joint=True), "read_bandwidth": 1e9}, 2 * 200, 296),
        ({}, 0, 0),
    ],
)
@pytest.mark.parametrize("copies", [1, 2])
def test_how_fast_products_can_start(shared, interval, latency, copies):
    """An estimate of the starts of one copy on one tile, from which buffers are sized."""
    network = line(("a", Matrix(Weights(24, 40))), tokens=6, width=24)
    chip = make_chip(array=make_array(12, 10), arrays_per_tile=16, **shared)
    placement = place(network, chip, replicate={"a": copies})
    rows = placement.blocks_of(placement.index["a"])
    assert start_tempo(placement, rows, PRODUCT * NS) == (interval * NS, latency * NS)


def test_the_tile_with_most_starts_counts():
    # Eight blocks in their order: six on the first tile, two on the next.
    network = line(("a", Matrix(Weights(24, 40))), tokens=6, width=24)
    chip = make_chip(array=make_array(12, 10), arrays_per_tile=6, read_bandwidth=1e9)
    placement = place(network, chip)
    rows = placement.blocks_of(placement.index["a"])
    assert start_tempo(placement, rows, PRODUCT * NS) == (6 * 96 * NS, 96 * NS)


def test_only_one_round_of_a_layer_is_started_at_a_time_in_program_order():
    # Two blocks, one below the other, whose tokens are there at once: the second block's first start is at 10 ns, the
    # first block's next one at 20.
    network = line(("a", Matrix(Weights(16, 10))), tokens=4, width=16)
    issue = make_issue(time_ns=10, width=4, order="program")
    fabric, system = make_fabric(clock=1e12), make_system(host_bandwidth=8e13)
    chip = make_chip(array=make_array(8, 10), arrays_per_tile=2, issue=issue, fabric=fabric, system=system)
    trace = run_compiled(lower(place(network, chip)), log=LogWindow())
    issues = np.flatnonzero(trace.program.actors.role == Role.ISSUE)
    first, second = (trace.log.start[trace.log.actor == actor] // NS for actor in issues)
    assert (first[:2].tolist(), second[:2].tolist()) == ([0, 20], [10, 30])


def test_layers_and_copies_on_one_tile_are_in_order_for_themselves():
    # Two blocks one below the other in each of two copies of one layer and in another layer.
    network = line(("a", Matrix(Weights(16, 16))), ("b", Matrix(Weights(16, 10))), tokens=4, width=16)
    chip = make_chip(array=make_array(8, 16), arrays_per_tile=6, issue=make_issue(order="program"))
    program = lower(place(network, chip, replicate={"a": 2}))
    actors, channels = program.actors, program.channels
    issues = actors.role == Role.ISSUE
    chained = issues[channels.source] & issues[channels.target]
    # From the first to the second, and around.
    assert chained.sum() == 3 * 2
    ends = channels.source[chained], channels.target[chained]
    for column in (actors.layer, actors.replica):
        assert (column[ends[0]] == column[ends[1]]).all()
    assert sorted(channels.initial[chained].tolist()) == [0, 0, 0, 1, 1, 1]
    assert (actors.row[ends[0]] != actors.row[ends[1]]).all()


@pytest.mark.parametrize("order", ["ready", "program"])
@pytest.mark.parametrize("joint", [False, True])
def test_every_issue_is_counted(order, joint):
    trace = run(rows=16, columns=40, tokens=5, batch=2, issue=make_issue(order=order, joint=joint))
    actions = trace.program.actions
    name = trace.program.labels.actions.index("issue.issue")
    rows = actions.action == name
    issued = (trace.firings[actions.actor[rows]] * actions.count[rows]).sum()
    assert issued == 5 * 2 * (2 if joint else 8)


@pytest.mark.parametrize("field", ["width", "time"])
def test_a_controller_that_never_starts_anything_is_refused(field):
    with pytest.raises((InputError, ValueError), match=field):
        make_chip(issue={**make_issue(), field: 0})
