"""Layers that take turns on one array of 8 x 8, whose rows are written in 10 ns each: by hand, in nanoseconds.

A product takes 105 and its results are there after 108. The memory moves a byte a nanosecond after 50; a packet of n
flits is at the other node after 4 + n - 1.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from archsim.engine import LogWindow, run_compiled, run_reference
from archsim.errors import CapacityError, InputError
from archsim.lowering import lower
from archsim.lowering.turns import CHANGE_PS, round_samples
from archsim.mapping import place
from archsim.network import Matrix, Weights
from archsim.program import Role
from tests.chips import NS, make_array, make_chip, make_fabric, make_memory
from tests.networks import additions, line

TOKENS, PRODUCT, RESULT = 4, 105, 108
WEIGHTS = 64 + 50
"""Of reading 64 bytes."""
TRAVEL = 4 + 7
"""Of their eight flits."""
WRITING = 8 * 10
CHANGE = CHANGE_PS / NS


def chip(*, tiles=1, memory=True, **schedule):
    return make_chip(
        array=make_array(8, 8, row_write_ns=10),
        fabric=make_fabric(1, tiles),
        memory=make_memory() if memory else None,
        schedule={"order": "sequential", **schedule},
    )


def two(tokens=TOKENS):
    return line(("a", Matrix(Weights(8, 8))), ("b", Matrix(Weights(8, 8))), tokens=tokens)


class Run:
    """When the actors of each layer start, in nanoseconds."""

    def __init__(self, network, chip, batch=1):
        self.program = lower(place(network, chip, batch=batch), batch=batch)
        self.trace = run_compiled(self.program, log=LogWindow())
        assert self.trace.makespan == run_reference(self.program).makespan

    def starts(self, layer, role):
        actors, log = self.program.actors, self.trace.log
        named = self.program.labels.layers.index(layer)
        mine = (actors.layer[log.actor] == named) & (actors.role[log.actor] == role)
        return (log.start[mine] / NS).tolist()

    def moved(self, action):
        """Counts of an action in the whole run."""
        rows = self.program.actions.action == self.program.labels.actions.index(action)
        return float((self.program.actions.count * self.trace.firings[self.program.actions.actor])[rows].sum())


def test_a_turn_begins_with_its_weights_and_ends_with_its_last_product():
    run = Run(two(), chip())
    (written,) = run.starts("a", Role.PROGRAM)
    assert written == WEIGHTS + TRAVEL
    first = written + WRITING
    assert run.starts("a", Role.INTEGRATE) == [first + PRODUCT * n for n in range(TOKENS)]
    (ended,) = run.starts("a", Role.TURN)
    assert ended == first + PRODUCT * (TOKENS - 1) + RESULT
    # Then the weights of the next are fetched and written, whose inputs have come through memory meanwhile.
    (again,) = run.starts("b", Role.PROGRAM)
    assert again == ended + CHANGE + WEIGHTS + TRAVEL
    products = run.starts("b", Role.INTEGRATE)
    assert products[0] == again + WRITING
    assert run.starts("b", Role.TURN) == [products[-1] + RESULT]


def test_weights_are_written_once_a_round_and_tokens_lie_in_memory_between():
    run = Run(two(), chip(), batch=3)
    # Of each of three samples: two blocks of 64 bytes, four tokens of eight bytes that are written and read.
    assert run.moved("dram.read_bit") == 3 * (2 * 64 + TOKENS * 8) * 8
    assert run.moved("dram.write_bit") == 3 * TOKENS * 8 * 8
    assert [len(run.starts(layer, Role.PROGRAM)) for layer in "ab"] == [3, 3]
    # Turns alternate: each layer's weights are written after the other's turn has ended.
    turns = sorted((start, layer) for layer in "ab" for start in run.starts(layer, Role.TURN))
    written = sorted((start, layer) for layer in "ab" for start in run.starts(layer, Role.PROGRAM))
    assert [layer for _, layer in turns] == [layer for _, layer in written] == list("ababab")
    assert all(write >= end for (write, _), (end, _) in zip(written[1:], turns, strict=False))


def test_samples_of_a_round_go_through_a_turn_together():
    run = Run(two(), chip(samples=2), batch=4)
    assert [len(run.starts(layer, Role.PROGRAM)) for layer in "ab"] == [2, 2]
    first = WEIGHTS + TRAVEL + WRITING
    assert run.starts("a", Role.INTEGRATE)[: 2 * TOKENS] == [first + PRODUCT * n for n in range(2 * TOKENS)]
    assert run.starts("a", Role.TURN)[0] == first + PRODUCT * (2 * TOKENS - 1) + RESULT
    with pytest.raises(InputError):
        lower(place(two(), chip(samples=2), batch=3), batch=3)


def test_weights_are_written_ahead_while_another_array_works():
    # Three layers on two arrays: the first and the last share one, the other keeps its weights.
    network = line(*((name, Matrix(Weights(8, 8))) for name in "abc"), tokens=TOKENS)
    run = Run(network, chip(tiles=2, ahead=True), batch=2)
    assert [len(run.starts(layer, Role.PROGRAM)) for layer in "abc"] == [2, 0, 2]
    ended = {layer: run.starts(layer, Role.TURN) for layer in "abc"}
    # As soon as the first layer is through, while the second works, the last one's weights are fetched and written.
    assert run.starts("c", Role.PROGRAM)[0] == ended["a"][0] + CHANGE + WEIGHTS + TRAVEL
    assert run.starts("c", Role.PROGRAM)[0] + WRITING < ended["b"][0]
    assert run.starts("c", Role.INTEGRATE)[0] >= ended["b"][0] + CHANGE
    # So are the first one's for the next sample, and the second layer works behind the first.
    assert run.starts("a", Role.PROGRAM)[1] >= ended["c"][0] + CHANGE
    assert run.starts("b", Role.INTEGRATE)[0] >= ended["a"][0] + CHANGE


def test_a_layer_that_is_fed_by_the_turn_before_waits_for_its_end():
    # Sums behind the first product belong to its turn; the second turn begins when they are through.
    network = line(
        ("a", Matrix(Weights(8, 8))), ("s", additions(8, whole_token=True)), ("b", Matrix(Weights(8, 8))),
        tokens=TOKENS,
    )  # fmt: skip
    run = Run(network, chip())
    sums = run.starts("s", Role.COMPUTE)
    (ended,) = run.starts("a", Role.TURN)
    # A cycle and a pipeline of two behind the last product.
    assert ended == sums[-1] + 2
    assert run.starts("b", Role.PROGRAM) == [ended + CHANGE + WEIGHTS + TRAVEL]


def test_sums_of_a_layer_in_several_turns_go_through_memory():
    # Two blocks one below the other: the first's sums of 16 bits are written for each token, as are the 16 bytes of
    # the input, of which each block reads its half.
    run = Run(line(("a", Matrix(Weights(16, 8))), tokens=TOKENS, width=16), chip())
    assert run.moved("dram.write_bit") == TOKENS * (8 * 16 + 16 * 8)
    assert run.moved("dram.read_bit") == 2 * 64 * 8 + TOKENS * (8 * 16 + 8 * 8 + 8 * 8)
    assert len(run.starts("a", Role.TURN)) == 2
    products = run.starts("a", Role.INTEGRATE)
    assert len(products) == 2 * TOKENS
    assert np.diff(products[:TOKENS]).tolist() == [PRODUCT] * (TOKENS - 1)


def test_weights_need_a_memory_to_come_from():
    with pytest.raises(CapacityError, match="memory"):
        lower(place(two(), chip(memory=False)))


@pytest.mark.parametrize(("wanted", "group", "together"), [(1, 1, 1), (3, 2, 4), (4, 2, 4), (1, 4, 4), (5, 4, 8)])
def test_rounds_are_whole_groups_of_samples_that_take_turns(wanted, group, together):
    turns, batch = SimpleNamespace(samples=wanted), SimpleNamespace(group=group, samples=2 * together)
    assert round_samples(turns, batch) == together


def test_a_batch_is_made_of_whole_rounds():
    with pytest.raises(InputError, match="batch"):
        round_samples(SimpleNamespace(samples=3), SimpleNamespace(group=2, samples=6))
