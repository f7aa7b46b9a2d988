"""What limits a run is named, and what is said to help does help: each change is made, and the run is faster."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archsim.accounting import Basis, Bottleneck, Limit, Steady, steady_state
from archsim.accounting.bottleneck import find_bottleneck
from archsim.chip.schema import Chip
from archsim.engine import run_compiled
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Generation, Matrix, Network, Weights
from tests.chips import (
    make_adc,
    make_array,
    make_chip,
    make_fabric,
    make_input,
    make_memory,
    make_system,
    make_unit,
)
from tests.networks import additions, decoder, line, lstm
from tests.unit.accounting import hand_run


def limited(network: Network, chip: Chip, *, batch: int, **changes: object) -> tuple[Bottleneck, float]:
    """The bottleneck, and passes per second."""
    placement = place(
        network, chip, batch=batch, replicate=changes.get("replicate", "none"), interleave=changes.get("interleave")
    )
    trace = run_compiled(lower(placement, batch=batch, capacities=changes.get("capacities")))
    steady = steady_state(trace)
    return find_bottleneck(trace, placement, steady), steady.passes_per_s


def test_an_array_that_never_rests_is_the_limit() -> None:
    # 100 ns per phase on the array; converters that hold a product work meanwhile.
    network, held = line(("a", Matrix(Weights(8, 8))), tokens=4), make_adc(held=True)
    found, rate = limited(network, make_chip(adc=held), batch=40)
    assert rate == pytest.approx(1e9 / 400, rel=1e-3)
    assert found.limit is Limit.RESOURCE
    assert found.resource.startswith("chip0/node0/array")
    assert found.layer == "a"
    assert found.utilisation == pytest.approx(1.0, abs=1e-3)
    assert "a shorter integration" in found.reason and "more copies of a (--replicate)" in found.reason
    assert limited(network, make_chip(adc=held, inputs=make_input(phase_ns=50)), batch=40)[1] > 1.5 * rate
    assert limited(network, make_chip(adc=held), batch=40, replicate={"a": 2})[1] > 1.5 * rate


def test_an_array_that_waits_for_its_converters() -> None:
    # Without sample-and-hold, 100 ns of integration and 30 of conversion follow each other.
    network = line(("a", Matrix(Weights(8, 8))), tokens=4)
    found, rate = limited(network, make_chip(adc=make_adc(conversion_ns=30)), batch=40)
    assert rate == pytest.approx(1e9 / (4 * 130), rel=1e-3)
    assert found.limit is Limit.RESOURCE
    assert found.utilisation == pytest.approx(100 / 130, abs=1e-3)
    assert "whole period: a integrate 76.9%, a convert 23.1%; what would help: converters that sample" in found.reason
    # The longer part is the integration.
    assert found.reason.endswith("(tile.adc.held), or more copies of a (--replicate), or a shorter integration")
    assert limited(network, make_chip(adc=make_adc(conversion_ns=30, held=True)), batch=40)[1] > 1.25 * rate


def test_copies_are_not_recommended_where_every_token_has_one() -> None:
    found, _ = limited(line(("a", Matrix(Weights(8, 8))), tokens=2), make_chip(), batch=40, replicate={"a": 2})
    assert "--replicate" not in found.reason


def test_converters_that_never_rest_are_the_limit() -> None:
    network = line(("a", Matrix(Weights(8, 64))), tokens=4)
    slow = make_chip(adc=make_adc(shared=8, conversion_ns=50, held=True), inputs=make_input(phase_ns=10))
    found, rate = limited(network, slow, batch=40)
    # Eight columns on a converter of 50 ns: 400 ns a token, 1,600 a sample.
    assert rate == pytest.approx(1e9 / 1600, rel=1e-3)
    assert found.limit is Limit.RESOURCE and "/adc" in found.resource
    fast = make_chip(adc=make_adc(shared=4, conversion_ns=50, held=True), inputs=make_input(phase_ns=10))
    assert limited(network, fast, batch=40)[1] > 1.5 * rate


def test_a_host_that_never_rests_is_the_limit() -> None:
    network = line(("r", additions(8)), tokens=4)
    # 8 bytes a token at an eighth of a byte per ns: 64 ns a token, 256 a sample.
    found, rate = limited(network, make_chip(system=make_system(host_bandwidth=1e9)), batch=40)
    assert rate == pytest.approx(1e9 / 256, rel=1e-2)
    assert found.limit is Limit.RESOURCE and found.resource.startswith("host")
    assert "a faster host link" in found.reason
    assert limited(network, make_chip(system=make_system(host_bandwidth=2e9)), batch=40)[1] > 1.5 * rate


def test_one_sample_fills_nothing() -> None:
    network = line(("a", Matrix(Weights(8, 8))), ("b", Matrix(Weights(8, 8))), ("c", Matrix(Weights(8, 8))))
    found, rate = limited(network, make_chip(), batch=1)
    # Each array works for 100 of the run's ns, which are 3 times 100 and a little more.
    assert found.utilisation == pytest.approx(100e-9 * rate)
    assert f"at most {1 / found.utilisation:.3g} times as fast" in found.reason
    assert found.limit is Limit.FILLING
    assert found.reason.startswith("one sample cannot fill the pipeline: ")
    assert "a larger --batch" in found.reason
    few, _ = limited(network, make_chip(), batch=2)
    assert few.reason.startswith("2 samples are too few to fill the pipeline: ")
    assert limited(network, make_chip(), batch=20)[1] > 2 * rate


def test_a_recurrence_waits_for_itself_until_samples_interleave() -> None:
    chip = make_chip(inputs=make_input(phase_ns=5))
    found, rate = limited(lstm(6), chip, batch=8, interleave=1)
    assert found.limit is Limit.RECURRENCE
    assert "--interleave; 1 now" in found.reason
    assert limited(lstm(6), chip, batch=8, interleave=4)[1] > 1.5 * rate


def test_decoding_waits_for_each_token_until_samples_interleave() -> None:
    plain = decoder(8, 2)
    network = Network("decoder", plain.layers, plain.edges, generation=Generation(prompt=2, generated=7))
    chip = make_chip(inputs=make_input(phase_ns=5))
    found, rate = limited(network, chip, batch=8, interleave=1)
    assert found.limit is Limit.DECODING
    assert "each generated token waits for the one before it" in found.reason
    assert limited(network, chip, batch=8, interleave=4)[1] > 1.2 * rate


def two_hops(packets: int, width: int = 8) -> Chip:
    """A mesh whose links are slow to give room back: routers of two cycles, links of one."""
    return make_chip(
        inputs=make_input(phase_ns=1),
        adc=make_adc(conversion_ns=1),
        fabric=make_fabric(buffer_packets=packets),
        system=make_system(host_bandwidth=640e9),
        affine_lanes=64,
        units={"local": make_unit(lanes=64)},
    )


def test_packet_buffers_that_close_a_round_of_waits() -> None:
    network = line(
        ("a", Matrix(Weights(64, 64))), ("r", additions(64)), ("b", Matrix(Weights(64, 64))), tokens=16, width=64
    )
    found, rate = limited(network, two_hops(1), batch=40)
    assert found.limit is Limit.ROOM, found
    assert "fabric.buffer_packets" in found.reason
    assert found.utilisation < 0.999
    assert limited(network, two_hops(8), batch=40)[1] > 1.05 * rate


def test_a_small_buffer_before_a_layer_closes_a_round_of_waits() -> None:
    # With room for one token beside the one in work, the layer waits for a token and its maker for room.
    network = line(("a", additions(8)), ("r", additions(8, whole_token=True)), tokens=8)
    slow = make_chip(units={"local": make_unit(lanes=1, pipeline=9, count=2)}, system=make_system(host_bandwidth=64e9))
    found, rate = limited(network, slow, batch=40, capacities={"r": 1})
    wide, faster = limited(network, slow, batch=40, capacities={"r": 8})
    assert found.limit is Limit.ROOM, found
    assert "the input of r's compute (2 tokens)" in found.reason
    assert faster > 1.05 * rate
    assert wide.limit is Limit.RESOURCE


def test_one_stream_can_be_the_limit_of_a_unit_with_two_servers() -> None:
    # One of two units does all of a layer's tokens, one after the other: the pair is half busy, and yet the limit.
    network = line(("r", additions(64)), tokens=8, width=8)
    chip = make_chip(units={"local": make_unit(lanes=1, count=2)})
    found, _ = limited(network, chip, batch=40)
    assert found.limit is Limit.RESOURCE
    assert found.layer == "r" and found.utilisation == pytest.approx(1.0, abs=2e-3)
    assert "more lanes or units" in found.reason


def test_three_samples_on_one_array_are_mostly_products() -> None:
    # Of twelve products of 100 ns, eleven keep the next waiting; 12 ns on the way in, the last product and 20 ns out.
    trace, placement = hand_run.run()
    found = find_bottleneck(trace, placement, steady_state(trace))
    assert found.limit is Limit.RESOURCE
    assert found.reason.startswith(
        "89% of the longest chain of waits is for chip0/node0/array0, the rest fills and drains"
    )
    assert "its integrate fires 4 times a sample at 100.0 ns" in found.reason
    assert found.utilisation == pytest.approx(1200 / 1232)


def test_a_run_too_long_is_not_guessed_at() -> None:
    trace, placement = hand_run.run()
    many = replace(trace.program, actors=replace(trace.program.actors, firings=trace.firings * 10**6))
    found = find_bottleneck(replace(trace, program=many), placement, Steady(1.0, Basis.WHOLE))
    assert found.limit is Limit.UNTRACED
    # The array's actor starves for the 12 ns until the first token comes.
    assert "starved 1.0%, blocked 0.0%, contended 0.0%" in found.reason


def test_the_longest_parts_are_named() -> None:
    # 40 ns of integration, 30 and 20 of others in a round of 90: by layer and role, the longest first.
    found, _ = limited(lstm(6), make_chip(inputs=make_input(phase_ns=40)), batch=1)
    assert found.limit is Limit.RECURRENCE
    shares = [float(part.split()[-1].rstrip("%;")) for part in found.reason.split(": ")[1].split(";")[0].split(", ")]
    assert shares == sorted(shares, reverse=True) and len(shares) == 3
    assert "lstm.gates integrate" in found.reason


def test_parts_of_many_layers_are_named_by_what_they_do() -> None:
    layers = [(f"a{number}", Matrix(Weights(8, 8))) for number in range(14)]
    found, _ = limited(line(*layers), make_chip(), batch=1)
    assert found.limit is Limit.FILLING
    assert "integrate of all layers" in found.reason


def test_two_layers_on_one_unit_are_its_work_together() -> None:
    # Of 64 ns on the only unit, 40 are one layer's and 24 the other's: neither alone is the limit, the unit is.
    network = line(("r", additions(40)), ("s", additions(24)), tokens=8, width=8)
    chip = make_chip(units={"local": make_unit(lanes=1)}, fabric=make_fabric(1, 1))
    found, rate = limited(network, chip, batch=40)
    assert rate == pytest.approx(1e9 / (8 * 64), rel=1e-2)
    assert found.limit is Limit.RESOURCE
    assert (found.resource, found.layer) == ("chip0/node0/local0", "r")
    assert found.utilisation == pytest.approx(1.0, abs=1e-2)


def taking_turns(order: str, *, tiles: int, write_ns: float | None = None, batch: int = 6) -> tuple[Bottleneck, float]:
    """Three products of 100 ns for each of four tokens, layer by layer or all at once."""
    chip = make_chip(
        array=make_array(8, 8, row_write_ns=write_ns),
        adc=make_adc(held=True),
        fabric=make_fabric(1, tiles),
        memory=make_memory(),
        schedule={"order": order},
    )
    return limited(line(*((name, Matrix(Weights(8, 8))) for name in "abc"), tokens=4), chip, batch=batch)


def test_layers_that_take_turns_wait_for_each_other() -> None:
    found, rate = taking_turns("sequential", tiles=3)
    assert found.limit is Limit.TURNS
    # Three turns a sample; each waits for the one before.
    assert "one turn waits for another" in found.reason
    assert found.reason.count("all layers at once (--schedule pipelined), or more copies (--replicate)") == 1
    assert taking_turns("pipelined", tiles=3)[1] > 2 * rate


def test_weights_that_are_written_for_their_turn() -> None:
    # Two arrays for three layers: eight rows of 10 ns are written for a turn of 400 ns.
    found, rate = taking_turns("sequential", tiles=2, write_ns=10)
    assert found.limit is Limit.TURNS
    assert "what would help: more arrays, so that weights stay" in found.reason
    assert taking_turns("sequential", tiles=3, write_ns=10)[1] > rate
    # Of 100 us a row, writing is nearly all that the array does.
    found, _ = taking_turns("sequential", tiles=1, write_ns=100_000, batch=2)
    assert found.limit is Limit.RESOURCE and "its program fires" in found.reason
    assert found.reason.endswith(
        "what would help: more arrays, so that weights stay; more samples a turn (mapping.schedule.samples); writing "
        "ahead (mapping.schedule.ahead) or faster (tile.array.programming)"
    )
