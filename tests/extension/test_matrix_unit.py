"""A matrix unit of another package, in a chip file of its own, from the file to the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from archsim.accounting import efficiency_ladder, full_activity, peak_of
from archsim.chip import load_chip, resolved_yaml
from archsim.chip.schema import Chip
from archsim.cost import price
from archsim.errors import CapacityError, InputError
from archsim.simulation import Engine, Settings, simulate

LANES, CYCLE_PS = 64, 1000
CHIP = """
name: vectors
technology: {node: 14 nm, supply: 0.8 V, temperature: 300 K}
tile:
  unit: vector
  rows: 784
  columns: 256
  lanes: 64
  clock: 1 GHz
  pipeline: 4
  bits: 8
  bits_per_weight: 8
  sum_bits: 24
  lanes_cost: {energy: {mac: 0.1 pJ, add: 0.02 pJ}, area: 0.01 mm^2, leakage: 10 uW}
  weights_cost: {energy: {read_bit: 5 fJ, write_bit: 5 fJ}, area: 0.5 mm^2, leakage: 100 uW}
  buffer: {capacity: 64 kB, cost: {energy: {read_bit: 10 fJ, write_bit: 10 fJ}, area: 0.1 mm^2, leakage: 10 uW}}
units:
  local:
    where: tile
    lanes: 64
    clock: 1 GHz
    pipeline: 2
    operations: {add: 1, compare: 1, multiply: 1, lookup: 1, exp: 1, divide: 1}
    cost: {energy: {add: 0.02 pJ, compare: 0.02 pJ, multiply: 0.1 pJ, lookup: 0.1 pJ, exp: 1 pJ, divide: 1 pJ},
           area: 0.01 mm^2, leakage: 1 uW}
fabric:
  topology: mesh
  rows: 2
  columns: 2
  link_width: 256 bit
  clock: 1 GHz
  router_delay: 2
  link_delay: 1
  buffer_packets: 4
  pitch: 1 mm
  cost: {energy: {flit: 1 pJ}, area: 0.01 mm^2, leakage: 1 uW}
  wire_cost: {energy: {bit_hop: 10 fJ}, area: 0 mm^2, leakage: 0 W}
system: {host_bandwidth: 8 Tbit/s}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "vectors.yaml"
    path.write_text(CHIP, encoding="utf-8")
    return str(path)


@pytest.fixture
def chip(file: str) -> Chip:
    return load_chip(file)


@pytest.mark.parametrize("engine", list(Engine))
def test_mlp_hermes_runs_at_the_pace_of_its_first_matrix(chip: Chip, engine: Engine) -> None:
    result = simulate("mlp-hermes", chip, Settings(batch=6, engine=engine))
    out = result.trace.sample_out
    # 784 x 240 weights on 64 lanes: 2,940 cycles; the second matrix and all else take less.
    assert set(out[1:] - out[:-1]) == {784 * 240 // LANES * CYCLE_PS}
    assert result.ledger.headline.operations_per_sample == 2 * (784 * 240 + 240 * 10)


def test_latency_of_one_sample_is_the_sum_of_its_stages(chip: Chip) -> None:
    trace = simulate("mlp-hermes", chip).trace
    products = (784 * 240 // LANES + 4 - 1) + (-(-240 * 10 // LANES) + 4 - 1)
    rest = trace.makespan // CYCLE_PS - products
    # Host, ReLU, and a token of 240 bytes to the next tile: a few flits; nothing else.
    assert 0 < rest < 60


def test_energy_of_products_is_counted_weight_by_weight(chip: Chip) -> None:
    energy = simulate("mlp-hermes", chip, Settings(batch=2)).ledger.energy
    joules = energy[energy["action"] != "leakage"].groupby("component")["energy_j"].sum()
    weights = 784 * 240 + 240 * 10
    assert joules["lanes"] == pytest.approx(2 * weights * 0.1e-12)
    assert joules["weights"] == pytest.approx(2 * weights * 8 * 5e-15)


def test_peak_ladder_and_activity_read_its_stages(chip: Chip) -> None:
    peak = peak_of(chip, price(chip))
    assert peak.operations_per_s == pytest.approx(4 * 2 * LANES * 1e9)
    assert peak.energy_per_product_j == pytest.approx(784 * 256 * (0.1e-12 + 8 * 5e-15))
    parts = full_activity(chip, price(chip)).set_index("component")
    assert parts.dynamic_w["lanes"] == pytest.approx(4 * LANES * 1e9 * 0.1e-12)
    # 784 bytes are read for each product of 784 x 256 weights.
    assert parts.dynamic_w["buffer"] == pytest.approx(4 * 784 * 8 * 10e-15 / (784 * 256 // LANES * 1e-9))
    result = simulate("mlp-hermes", chip, Settings(batch=4))
    ladder = efficiency_ladder(result.trace, result.placement, result.bill)
    assert ladder.rungs[-1].operations_per_w == pytest.approx(1e9 * result.ledger.headline.gops_per_w)


def test_row_blocks_are_summed_on_the_same_lanes(file: str) -> None:
    chip = load_chip(file, ["tile.rows=392"])
    result = simulate("mlp-hermes", chip, Settings(batch=6))
    out = result.trace.sample_out
    # The second row block multiplies 392 x 240 weights and adds 240 sums; at the end no product comes between the two.
    assert set(out[2:-1] - out[1:-2]) == {(392 * 240 // LANES + -(-240 // LANES)) * CYCLE_PS}


def test_its_section_is_read_checked_and_written_like_the_others(file: str, chip: Chip, tmp_path: Path) -> None:
    written = tmp_path / "again.yaml"
    written.write_text(resolved_yaml(chip), encoding="utf-8")
    assert load_chip(str(written)) == chip
    with pytest.raises(InputError, match="unknown key 'lane'") as error:
        load_chip(file, ["tile.lane=3"])
    assert "'lanes'" in error.value.remedy
    with pytest.raises(InputError, match="there is no matrix unit 'vectors'") as error:
        load_chip(file, ["tile.unit=vectors"])
    assert "'vector'" in error.value.remedy
    with pytest.raises(InputError, match="unknown key 'rows'"):
        load_chip("isaac", ["tile.rows=3"])


def test_a_network_that_does_not_fit_is_refused(chip: Chip) -> None:
    # 31 convolutions, 2 projections and a classifier, each within 784 x 256.
    with pytest.raises(CapacityError, match="resnet32 needs 34 tiles and the system has 4") as error:
        simulate("resnet32", chip)
    assert "more than 1 x 200,704 weights" in error.value.remedy


def test_accuracy_says_that_it_has_no_cells(chip: Chip) -> None:
    with pytest.raises(InputError, match="multiply by 'vector'"):
        _ = chip.analog


def test_activations_may_be_wider_than_the_unit_takes(file: str) -> None:
    chip = load_chip(file, ["precision.activations=16"])
    narrow, wide = (simulate("mlp-hermes", each).ledger.energy for each in (load_chip(file), chip))
    read = [
        frame[(frame["component"] == "buffer") & (frame["action"] == "read_bit")]["count"].sum()
        for frame in (narrow, wide)
    ]
    assert read[1] == 2 * read[0]
    with pytest.raises(InputError, match="takes in 8 bits of activations that have 4"):
        load_chip(file, ["precision.activations=4"])
