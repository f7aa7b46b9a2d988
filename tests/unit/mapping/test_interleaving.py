"""How many samples take turns: what a batch allows, what a user asks for, and what has room for its keys."""

from itertools import pairwise

import pytest

from archsim import workloads
from archsim.chip import load_chip
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import (
    Digital,
    Edge,
    Layer,
    Matrix,
    Network,
    Prefix,
    Previous,
    Primitive,
    Same,
    Sink,
    Source,
    Weights,
)
from archsim.program import Role
from archsim.simulation import Settings, simulate
from archsim.workloads import WorkloadOptions
from tests.chips import make_chip, make_memory, make_unit
from tests.networks import lstm


def decoder(tokens=16, *, context=0, heads=4):
    """Attention of 64 elements over what was generated; its output is the next input."""
    scores = Digital(
        "attention", work_per_key=((Primitive.MAC, 128),), keys_port=1, whole_token=True, product=True, heads=heads
    )
    layers = [Layer("in", Source(), tokens, 64)]
    layers += [Layer(name, Matrix(Weights(64, 64)), tokens, 64) for name in ("q", "k", "v")]
    layers += [Layer("mix", scores, tokens, 64), Layer("out", Sink(), tokens, 64)]
    edges = [Edge("in", name, Same(), 64) for name in ("k", "v")]
    edges += [Edge("mix", "q", Previous(1, start=2), 64), Edge("q", "mix", Same(), 64)]
    edges += [Edge(name, "mix", Prefix(context), 64, port=port) for port, name in enumerate(("k", "v"), 1)]
    return Network("decoder", tuple(layers), (*edges, Edge("mix", "out", Same(), 64)))


def chip_of(buffer_kib, units):
    """So many units at routers, each with a buffer of which three quarters may hold keys."""
    core = make_unit("router", every=16 // units, buffer_kib=buffer_kib)
    return make_chip(units={"core": core}, memory=make_memory())


def cached_bytes(group, *, tokens=16, context=0):
    """Keys and values of a group and of one sample more, 64 bytes each; queries of one sample."""
    return 64 * (2 * ((group + 1) * tokens + group * context) + tokens)


@pytest.mark.parametrize("context", [0, 5])
@pytest.mark.parametrize("group", [1, 2, 4, 8])
def test_as_many_take_turns_as_have_room_for_their_keys(group, context):
    room = cached_bytes(group, context=context) / 0.75 / 1024
    network = decoder(context=context, heads=1)
    for buffer_kib, most in ((room, group), (room * 0.999, max(1, group // 2))):
        placement = place(network, chip_of(buffer_kib, 1), batch=8)
        # Where not even one sample's keys have room they go through memory, and turns cost nothing.
        assert placement.interleave == (most if buffer_kib == room or group > 1 else 8)


def test_more_samples_are_cut_over_more_units():
    # Four units with room for 4,864 bytes, a head of eight samples: 5,120, 9,216 and 19,456 bytes are to be held.
    chip = chip_of(cached_bytes(8) / 4 / 0.75 / 1024, 4)
    parts = {batch: place(decoder(), chip, batch=batch) for batch in (1, 3, 8)}
    assert [parts[batch].interleave for batch in parts] == [1, 3, 8]
    assert [len(set(parts[batch].homes.part[parts[batch].homes_of(4)].tolist())) for batch in parts] == [2, 2, 4]


@pytest.mark.parametrize("interleave", [1, 8])
def test_what_a_user_asks_for_is_taken(interleave):
    placement = place(decoder(heads=1), chip_of(cached_bytes(1) / 0.75 / 1024, 1), batch=8, interleave=interleave)
    assert placement.interleave == interleave
    program = lower(placement, batch=8)
    assert (program.actors.role == Role.READ).any() == (interleave > 1)


def test_a_recurrence_without_keys_takes_turns_up_to_eight():
    assert [place(lstm(4), make_chip(), batch=batch).interleave for batch in (1, 7, 12, 22)] == [1, 7, 6, 2]


def test_decoding_eight_samples_gains_on_four():
    """Each token of a sequence waits for the one before it, so that sequences together are nearly free."""
    network, chip = workloads.build("gpt2", WorkloadOptions(seq=16, generate=8)), load_chip("pcm-mesh-14nm")
    rates = [simulate(network, chip, Settings(batch=b)).ledger.headline.throughput_per_s for b in (1, 2, 4, 8)]
    assert all(1.6 < later / sooner <= 2.1 for sooner, later in pairwise(rates))
