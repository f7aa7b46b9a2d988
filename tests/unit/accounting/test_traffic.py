"""Edges that go through memory: which, how many bytes, at what cost."""

import pytest

from archsim import workloads
from archsim.accounting import memory_accesses, traffic_notes
from archsim.accounting.traffic import Accesses
from archsim.chip import load_chip
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Digital, Matrix, Weights
from archsim.simulation import Settings, foretold, simulate
from tests.chips import make_chip, make_memory
from tests.networks import line

TOKENS, BATCH = 5, 3


def streamed():
    """Tokens of 64 bytes that a buffer of 64 bytes cannot hold twice, and a table of rows of 64 bytes."""
    network = line(("table", Digital("embedding", table=1000)), ("a", Matrix(Weights(64, 8))), tokens=TOKENS, width=64)
    return place(network, make_chip(buffer_kib=0.0625, memory=make_memory()))


def test_accesses_by_tensor_and_edge():
    frame = memory_accesses(lower(streamed(), batch=BATCH)).frame()
    rows = frame.set_index(["action", "source", "target"]).sort_index()
    count, bits = TOKENS * BATCH, TOKENS * BATCH * 64 * 8
    assert rows.index.tolist() == [
        ("read_bit", "(table)", "table"), ("read_bit", "table", "a"), ("write_bit", "table", "")
    ]  # fmt: skip
    assert set(rows["memory"]) == {"dram"}
    assert rows["accesses"].tolist() == [count] * 3 and rows["bits"].tolist() == [bits] * 3


def test_a_run_says_what_went_through_memory_and_a_placement_foretells_it():
    chip = load_chip("pcm-mesh-14nm", ["tile.buffer.capacity=768 B"])
    network = line(
        ("table", Digital("embedding", table=1000)), ("a", Matrix(Weights(512, 8))), tokens=TOKENS, width=512
    )
    result = simulate(network, chip, Settings(batch=BATCH))
    memory = result.ledger.memory
    energy = result.ledger.energy.query("component == 'dram' and action != 'leakage'")["energy_j"].sum()
    assert memory["energy_j"].sum() == pytest.approx(energy, rel=1e-12)
    # 512 bytes at 42.656 GB/s are 12.003 ns, 15 times each.
    assert memory["busy_s"].tolist() == pytest.approx([TOKENS * BATCH * 12.003e-9] * 3, rel=1e-6)
    assert len(memory) == 3
    note = next(note for note in result.ledger.notes if "no buffer has room for 'table' -> 'a'" in note)
    assert "in each pass 2,560 bytes are written to 'dram' and 2,560 read from it" in note
    # Ten accesses of 12.003 ns; 20,480 bits each way at 0.2467 W / 5.332 GB/s.
    assert "which takes 120 ns of its time and 236.9 nJ" in note
    assert [sentence for sentence in foretold(result.placement) if "2,560 bytes" in sentence]


def test_nothing_is_said_where_everything_fits():
    placement = place(workloads.build("mlp-hermes"), load_chip("pcm-mesh-14nm"))
    assert foretold(placement) == () and not len(memory_accesses(lower(placement)))


def test_windows_that_are_fetched_again_are_named():
    rows = [
        ("dram", "write_bit", "k", "", 4, 800.0),
        ("dram", "read_bit", "k", "mix", 4, 2400.0),
        ("dram", "read_bit", "k", "other", 4, 800.0),
    ]
    notes = list(traffic_notes(Accesses.of_rows(rows), 2))
    assert notes[0].endswith("in each pass 50 bytes are written to 'dram' and 200 read from it")
    assert notes[1].endswith("each fetches it again: 'k' -> 'mix' 3.0 times")


def accesses(readers, read_bits):
    rows = [("dram", "write_bit", f"l{number}", "", 1, 800.0) for number in range(readers)]
    rows += [("dram", "read_bit", f"l{number}", "out", 1, read_bits) for number in range(readers)]
    return Accesses.of_rows(rows)


def test_three_edges_are_named_and_of_more_the_number():
    three, four = (next(iter(traffic_notes(accesses(count, 800.0), 1))) for count in (3, 4))
    assert "'l0' -> 'out', 'l1' -> 'out', 'l2' -> 'out': in each pass 300 bytes" in three
    assert "'l2' -> 'out' and 1 more: in each pass 400 bytes" in four


def test_what_is_read_once_is_not_fetched_again():
    assert len(list(traffic_notes(accesses(1, 800.0), 1))) == 1
    assert len(list(traffic_notes(accesses(1, 880.0), 1))) == 2


def test_a_placement_that_cannot_run_says_so():
    placement = place(line(("a", Matrix(Weights(64, 8))), tokens=5, width=64), make_chip(buffer_kib=0.0625))
    assert foretold(placement)[0].startswith("cannot run as placed: ")
