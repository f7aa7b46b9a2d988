"""Passes of layers on a device that works layer by layer, and what stays on it between, by hand."""

from dataclasses import replace

import pytest

from archsim.chip import load_chip
from archsim.errors import CapacityError, InputError
from archsim.machine.stepped import Keeping
from archsim.mapping import place
from archsim.mapping.stepped import Kept, needed_tokens, plan_steps, streams, tensor_bits
from archsim.network import (
    Digital,
    Edge,
    Layer,
    Matrix,
    Network,
    Prefix,
    Previous,
    Same,
    Sink,
    Source,
    Weights,
    Whole,
    Window,
)
from tests.networks import additions, decoder, line, lstm
from tests.systolic_chips import LINKED, systolic

ROOMY = Keeping(weight_bits=8, weights=None, weights_between=0.0, buffer=1e9, tensors=True, hands_over=True)
TOKENS, SAMPLES = 3, 2
# Bits of three tokens of two samples, eight bits an element.
EIGHT_WIDE, SIX_WIDE = TOKENS * SAMPLES * 8 * 8, TOKENS * SAMPLES * 6 * 8


def chain():
    return line(("a", Matrix(Weights(8, 6))), ("d", additions(6)), ("b", Matrix(Weights(6, 4))), tokens=TOKENS)


def planned(network, keeping=ROOMY, samples=SAMPLES, *overrides):
    return plan_steps(network, systolic(*overrides), keeping, samples)


def rows(network, plan):
    """Layer, tokens and whether it is not the first pass, in order."""
    names = [layer.name for layer in network.order]
    passes = plan.passes
    columns = (passes.start, passes.stop, passes.again)
    return [
        (names[layer], *numbers)
        for layer, *numbers in zip(passes.layer.tolist(), *(column.tolist() for column in columns), strict=True)
    ]


def test_layers_follow_each_other_with_all_their_tokens():
    plan = planned(chain())
    assert rows(chain(), plan) == [(name, 0, 3, 0) for name in ("in", "a", "d", "b", "out")]
    assert plan.samples == SAMPLES


def test_tensors_stay_until_their_last_reader_is_through():
    plan = planned(chain())
    # Sums are handed to the layer that adds as they come, and the last product's to the host.
    assert plan.kept == (Kept.ON_CHIP, Kept.HANDED, Kept.ON_CHIP, Kept.HANDED, Kept.HANDED)
    assert plan.held.tolist() == [EIGHT_WIDE, EIGHT_WIDE, SIX_WIDE, SIX_WIDE, 0]


def test_without_handing_over_results_stay_as_well():
    plan = planned(chain(), replace(ROOMY, hands_over=False))
    assert plan.kept == (Kept.ON_CHIP, Kept.ON_CHIP, Kept.ON_CHIP, Kept.HANDED, Kept.HANDED)
    assert plan.held.tolist() == [EIGHT_WIDE, EIGHT_WIDE + SIX_WIDE, 2 * SIX_WIDE, SIX_WIDE, 0]


@pytest.mark.parametrize(("missing", "second"), [(0, Kept.ON_CHIP), (1, Kept.IN_MEMORY)])
def test_what_does_not_fit_beside_the_rest_goes_to_memory(missing, second):
    tight = replace(ROOMY, hands_over=False, buffer=EIGHT_WIDE + SIX_WIDE - missing)
    plan = planned(chain(), tight)
    assert plan.kept[:3] == (Kept.ON_CHIP, second, Kept.ON_CHIP)
    if missing:
        assert plan.held.tolist() == [EIGHT_WIDE, EIGHT_WIDE, SIX_WIDE, SIX_WIDE, 0]


def test_devices_that_keep_no_tensors_store_them_all():
    plan = planned(chain(), replace(ROOMY, tensors=False, hands_over=False))
    assert plan.kept == (*[Kept.IN_MEMORY] * 3, Kept.HANDED, Kept.HANDED)
    assert not plan.held.any()


def fork(straight_first: bool):
    """A layer that adds two products of the same input."""
    names = ("x", "y") if straight_first else ("y", "x")
    layers = (
        Layer("in", Source(), TOKENS, 8),
        *(Layer(name, Matrix(Weights(8, 6)), TOKENS, 6) for name in names),
        Layer("sum", additions(6), TOKENS, 6),
        Layer("out", Sink(), TOKENS, 6),
    )
    edges = (
        *(Edge("in", name, Same(), 8) for name in names),
        Edge("x", "sum", Same(), 6),
        Edge("y", "sum", Same(), 6, port=1),
        Edge("sum", "out", Same(), 6),
    )
    return Network("fork", layers, edges)


@pytest.mark.parametrize("straight_first", [True, False])
def test_only_the_last_of_two_operands_is_handed_over(straight_first):
    network = fork(straight_first)
    plan = planned(network)
    order = [layer.name for layer in network.order]
    first, second = (name for name in order if name in "xy")
    assert plan.kept[order.index(first)] is Kept.ON_CHIP
    assert plan.kept[order.index(second)] is Kept.HANDED


def test_what_two_read_is_not_handed_over():
    layers = (
        Layer("in", Source(), TOKENS, 8), Layer("a", Matrix(Weights(8, 6)), TOKENS, 6),
        Layer("d", additions(6), TOKENS, 6), Layer("e", additions(6), TOKENS, 6),
        Layer("out", Sink(), TOKENS, 6), Layer("other", Sink(), TOKENS, 6),
    )  # fmt: skip
    edges = (
        Edge("in", "a", Same(), 8), Edge("a", "d", Same(), 6), Edge("a", "e", Same(), 6), Edge("d", "out", Same(), 6),
        Edge("e", "other", Same(), 6),
    )  # fmt: skip
    network = Network("two", layers, edges)
    assert planned(network).kept[network.order.index(network.by_name["a"])] is Kept.ON_CHIP


def test_steps_of_a_recurrence_take_turns():
    network = lstm(3)
    gates, cell = "lstm.gates", "lstm.cell"
    assert rows(network, planned(network)) == [
        ("in", 0, 3, 0),
        (gates, 0, 1, 0), (cell, 0, 1, 0), (gates, 1, 2, 1), (cell, 1, 2, 1), (gates, 2, 3, 1), (cell, 2, 3, 1),
        # Tokens leave as the steps make them.
        ("out", 0, 1, 0), ("out", 1, 2, 0), ("out", 2, 3, 0),
    ]  # fmt: skip


def test_a_decoder_takes_its_prompt_at_once_and_then_token_by_token():
    network = decoder(5, 3)
    assert rows(network, planned(network)) == [
        ("in", 0, 5, 0),
        ("a", 0, 3, 0), ("r", 0, 3, 0), ("a", 3, 4, 1), ("r", 3, 4, 1), ("a", 4, 5, 1), ("r", 4, 5, 1),
        ("out", 0, 3, 0), ("out", 3, 4, 0), ("out", 4, 5, 0),
    ]  # fmt: skip


def test_weights_stay_between_the_passes_of_a_recurrence_where_they_have_room():
    network = lstm(3)
    bits = 8 * network.weights
    joined = {network.order.index(network.by_name[name]) for name in ("lstm.gates", "lstm.cell")}
    enough, less = (planned(network, replace(ROOMY, weights_between=float(bits - n))).reuses for n in (0, 1))
    assert joined <= enough and not joined & less


def test_tokens_that_must_be_there():
    window = Window((6,), (3,), (3,), (2,), (1,), (1,))
    layers = (Layer("in", Source(), 6, 8), Layer("a", Matrix(Weights(24, 8), taps=3), 3, 8), Layer("out", Sink(), 3, 8))
    network = Network("w", layers, (Edge("in", "a", window, 8), Edge("a", "out", Same(), 8)))
    # Positions -1 to 1, 1 to 3, 3 to 5.
    assert needed_tokens(network, network.edges[0]).tolist() == [2, 4, 6]
    assert not streams(network, network.edges[0]) and not streams(network, network.edges[1])
    assert streams(chain(), chain().edges[1])


def test_cached_tokens_take_room_as_well():
    mix = Digital("mix", additions(8).work, product=True, whole_token=True, keys_port=1)
    layers = (
        Layer("in", Source(), 4, 8), Layer("k", Matrix(Weights(8, 8)), 4, 8), Layer("mix", mix, 4, 8),
        Layer("out", Sink(), 4, 8),
    )  # fmt: skip
    edges = (
        Edge("in", "k", Same(), 8), Edge("in", "mix", Same(), 8), Edge("k", "mix", Prefix(10), 8, port=1),
        Edge("mix", "out", Same(), 8),
    )  # fmt: skip
    network = Network("cached", layers, edges)
    assert tensor_bits(network, systolic(), network.by_name["k"], 2) == (4 + 10) * 8 * 2 * 8
    assert not streams(network, edges[1])


def test_weights_that_must_stay_and_do_not_fit():
    needed = 8 * (8 * 6 + 6 * 4)
    planned(chain(), replace(ROOMY, weights=float(needed)))
    with pytest.raises(CapacityError, match=r"weights on the chip"):
        planned(chain(), replace(ROOMY, weights=float(needed - 1)))


def test_memory_holds_weights_tables_and_what_is_stored():
    table = Digital("embedding", table=50)
    network = line(("e", table), ("a", Matrix(Weights(8, 6))), tokens=TOKENS)
    # 48 weights, 50 elements of tables, and nothing else where tensors stay; all of a byte.
    for keeping, stored in ((ROOMY, 0), (replace(ROOMY, tensors=False), 2 * EIGHT_WIDE)):
        needed = 8 * (48 + 50) + stored
        planned(network, keeping, SAMPLES, f"memory.weights.capacity={needed} bit")
        with pytest.raises(CapacityError, match="memory 'weights'"):
            planned(network, keeping, SAMPLES, f"memory.weights.capacity={needed - 1} bit")


def test_everything_is_in_one_place():
    table = Digital("embedding", table=50)
    network = line(("e", table), ("a", Matrix(Weights(8, 6))), ("d", additions(6)), tokens=TOKENS)
    placement = place(network, systolic(), batch=4)
    port = placement.floorplan.port
    assert placement.homes.node.tolist() == [port, port, 0, 0, port]
    assert placement.homes.stop.tolist() == [8, 8, 6, 6, 6]
    assert (placement.chips, placement.replicas, placement.interleave) == (1, (1,) * 5, 4)


def test_samples_that_go_together():
    network = chain()
    assert place(network, systolic(), batch=4, interleave=2).interleave == 2
    two = systolic("mapping.schedule.samples=2")
    assert place(network, two, batch=4).interleave == 2
    assert place(network, two, batch=4, interleave=4).interleave == 4
    with pytest.raises(InputError, match="2 samples go together, and a batch of 3"):
        place(network, two, batch=3)
    with pytest.raises(InputError, match="copies of layers"):
        place(network, systolic(), replicate={"a": 2})


def test_a_whole_sample_is_waited_for():
    layers = (Layer("in", Source(), 4, 8), Layer("a", Matrix(Weights(32, 6)), 1, 6), Layer("out", Sink(), 1, 6))
    network = Network("flat", layers, (Edge("in", "a", Whole(), 8), Edge("a", "out", Same(), 6)))
    assert needed_tokens(network, network.edges[0]).tolist() == [4]
    assert rows(network, planned(network)) == [("in", 0, 4, 0), ("a", 0, 1, 0), ("out", 0, 1, 0)]


@pytest.mark.parametrize(("missing", "kept"), [(0, Kept.ON_CHIP), (1, Kept.IN_MEMORY)])
def test_a_tensor_may_fill_the_buffer(missing, kept):
    plan = planned(chain(), replace(ROOMY, buffer=EIGHT_WIDE - missing))
    # The sums after it are smaller, and stay either way.
    assert plan.kept[0] is kept and plan.kept[2] is Kept.ON_CHIP


def last_state(steps):
    """An LSTM of which only the last state leaves."""
    network = lstm(steps)
    layers = [replace(layer, tokens=1) if layer.name == "out" else layer for layer in network.layers]
    edges = [replace(edge, access=Whole()) if edge.target == "out" else edge for edge in network.edges]
    return Network("last", tuple(layers), tuple(edges))


def test_an_output_that_waits_for_the_last_step_leaves_once():
    network = last_state(3)
    assert rows(network, planned(network))[-1] == ("out", 0, 1, 0)
    assert sum(name == "out" for name, *_ in rows(network, planned(network))) == 1


def test_a_recurrence_is_begun_where_its_first_layer_stands():
    # Two products in a loop, the second behind one that has nothing to do with them.
    layers = (
        Layer("in", Source(), 2, 8), Layer("one", Matrix(Weights(16, 8)), 2, 8), Layer("beside", additions(8), 2, 8),
        Layer("two", Matrix(Weights(8, 8)), 2, 8), Layer("out", Sink(), 2, 8), Layer("other", Sink(), 2, 8),
    )  # fmt: skip
    edges = (
        Edge("in", "one", Same(), 8), Edge("in", "beside", Same(), 8), Edge("one", "two", Same(), 8),
        Edge("two", "one", Previous(1), 8, target_start=8), Edge("two", "out", Same(), 8),
        Edge("beside", "other", Same(), 8),
    )  # fmt: skip
    network = Network("loop", layers, edges)
    assert rows(network, planned(network)) == [
        ("in", 0, 2, 0), ("one", 0, 1, 0), ("two", 0, 1, 0), ("one", 1, 2, 1), ("two", 1, 2, 1), ("beside", 0, 2, 0),
        ("out", 0, 1, 0), ("out", 1, 2, 0), ("other", 0, 2, 0),
    ]  # fmt: skip


def test_what_leaves_in_steps_takes_both_inputs_as_they_come():
    # An output of two layers: what the recurrence makes step by step, beside what was made at once.
    network = lstm(3)
    layers = (*network.layers, Layer("d", additions(8), 3, 8))
    layers = tuple(replace(layer, width=16) if layer.name == "out" else layer for layer in layers)
    edges = (*network.edges, Edge("in", "d", Same(), 8), Edge("d", "out", Same(), 8, target_start=8))
    both = Network("both", layers, edges)
    leaving = [row for row in rows(both, planned(both)) if row[0] == "out"]
    assert leaving == [("out", 0, 1, 0), ("out", 1, 2, 0), ("out", 2, 3, 0)]


@pytest.mark.parametrize(("chips", "missing"), [(1, 0), (2, 0), (1, 1), (2, 1)])
def test_several_devices_hold_as_much_more(chips, missing):
    needed = 8 * (8 * 6 + 6 * 4)
    room = f"memory.hbm.capacity={(needed - missing * chips) // chips} bit"
    chip = load_chip("a100-80gb", [f"system.chips={chips}", room])
    if missing:
        with pytest.raises(CapacityError, match="memory 'hbm'"):
            plan_steps(chain(), chip, ROOMY, SAMPLES)
    else:
        plan_steps(chain(), chip, ROOMY, SAMPLES)


@pytest.mark.parametrize(("chips", "arrays"), [(1, 1), (2, 3)])
def test_every_array_of_every_device_is_used(chips, arrays):
    described = systolic(*LINKED, f"system.chips={chips}", f"tile.arrays={arrays}")
    placement = place(chain(), described)
    assert placement.arrays_used == chips * arrays
    assert placement.tiles_used == chips * placement.floorplan.tiles


@pytest.mark.parametrize("batch", [10**9, 10**18, 10**20])
@pytest.mark.parametrize("together", [(), ("mapping.schedule.samples=1",)])
def test_samples_that_have_no_room_are_refused_before_they_are_counted(monkeypatch, batch, together):
    # 48 bytes each.
    monkeypatch.setattr("archsim.mapping.sample_room.free_bytes", lambda: 48 * 10**7)
    with pytest.raises(InputError, match=rf"a batch of {batch:,} samples takes about") as caught:
        place(chain(), systolic(*together), batch=batch)
    assert caught.value.where == "--batch" and "At most 10,000,000 samples fit" in caught.value.remedy


def test_tensors_beyond_all_memories_are_too_large():
    # A sample of 2^60 bits and more: what is stored is beyond the device, and nothing overflows.
    with pytest.raises(CapacityError, match="memory 'weights'"):
        planned(chain(), replace(ROOMY, tensors=False, hands_over=False), 2**60)
