"""Only the largest elements of an output leave the chip, and small tokens share flits: by hand arithmetic."""

import pytest

from archsim.engine import run_compiled, run_reference
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Digital, Matrix, Weights
from archsim.program import Role
from tests.chips import NS, make_array, make_chip, make_fabric, make_system
from tests.networks import line


def run(placement, batch=1):
    program = lower(placement, batch=batch)
    trace = run_compiled(program)
    assert trace.makespan == run_reference(program).makespan
    return trace


def mapped(network, top):
    base = make_chip(array=make_array(64, 256))
    return place(network, base.model_copy(update={"mapping": base.mapping.model_copy(update={"top_outputs": top})}))


def test_the_largest_elements_and_their_indices_leave():
    network = line(("a", Matrix(Weights(8, 200))), tokens=2)
    placement = mapped(network, 3)
    search = placement.network.by_name["out.top"]
    assert isinstance(search.operator, Digital)
    assert dict(search.operator.work) == {"compare": 3 * 200}
    assert search.operator.whole_token and (search.tokens, search.width) == (2, 6)
    assert placement.network.by_name["out"].width == 6
    trace = run(placement)
    busy = trace.busy[trace.program.actors.role == Role.SINK]
    assert busy.tolist() == [2 * 6 * NS]  # two tokens of six bytes, a byte per nanosecond
    whole = run(mapped(network, None))
    assert whole.busy[whole.program.actors.role == Role.SINK].tolist() == [2 * 200 * NS]


@pytest.mark.parametrize(("columns", "searched"), [(5, False), (6, False), (7, True)])
def test_a_short_output_leaves_whole(columns, searched):
    # Three elements and their indices are six.
    network = mapped(line(("a", Matrix(Weights(8, columns)))), 3).network
    assert ("out.top" in network.by_name) == searched
    assert network.by_name["out"].width == min(columns, 6)


@pytest.mark.parametrize(
    ("width", "shared", "period_ns"), [(1, False, 1000), (1, True, 1000 / 8), (4, True, 500), (9, True, 2000)]
)
def test_small_tokens_share_flits(width, shared, period_ns):
    """Flits of 64 bits take a microsecond each; eight tokens of a byte fit one, or two of four bytes."""
    fabric = {**make_fabric(1, 2, clock=1e6), "shared_flits": shared}
    chip = make_chip(array=make_array(64, 9), fabric=fabric, system=make_system(host_bandwidth=8e12))
    network = line(("a", Matrix(Weights(width, width))), tokens=1, width=width)
    long, short = (run(place(network, chip), batch=batch).makespan for batch in (60, 20))
    assert (long - short) / 40 == pytest.approx(period_ns * NS, rel=0.02)


def test_flits_without_room_for_two_elements_cannot_be_shared():
    """64 bits, of which a header takes 49: eight bits fit once."""
    fabric = {**make_fabric(1, 2), "shared_flits": True}
    assert make_chip(fabric={**fabric, "header": 48}).fabric.shared_flits
    with pytest.raises(ValueError, match="a flit has 15 bits: no room for two of 8"):
        make_chip(fabric={**fabric, "header": 49})


def test_a_shared_flit_costs_its_share():
    fabric = {**make_fabric(1, 2), "shared_flits": True}
    program = lower(place(line(("a", Matrix(Weights(1, 1))), width=1), make_chip(fabric=fabric)))
    named = zip(program.actions.action, program.actions.count, strict=True)
    counts = {(program.labels.actions[action], count) for action, count in named}
    assert {count for action, count in counts if action == "router.flit"} == {1 / 8}
    assert {count for action, count in counts if action == "wire.bit_hop"} <= {8.0}
