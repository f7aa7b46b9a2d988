"""Systolic arrays by hand: what is fetched again, what zeros save, what several arrays share, and what is refused."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest

from archsim.chip import load_chip
from archsim.errors import ArchsimError, CapacityError, InputError
from archsim.machine import matrix_unit
from archsim.machine.stepped import Operands, Product, SteppedUnit, Steps
from archsim.mapping import place
from archsim.simulation import Settings, load_network, simulate
from tests.systolic_chips import systolic

SMALL = ("tile.rows=16", "tile.columns=8", "tile.clock=1 GHz", "tile.filling=exposed")
M, K, N = 20, 96, 40
MACS = M * K * N


def steps(*overrides: str, fetched: bool = True, room: int = 10**9) -> Steps:
    unit = matrix_unit(systolic(*SMALL, *overrides))
    assert isinstance(unit, SteppedUnit)
    inputs, weights, outputs = 8 * M * K, 8 * K * N, 8 * M * N
    operands = Operands(inputs, weights, outputs, inputs * fetched, weights, 0, room)
    return unit.product(Product(M, K, N, 1, MACS, operands, constant=True), 1 << 13)


def spent(found: Steps, name: str) -> float:
    return sum(one.count for one in found.spent if f"{one.component}.{one.action}" == name)


def test_what_fits_is_fetched_once() -> None:
    found = steps()
    assert found.inputs.sum() == 8 * M * K
    assert found.weights.sum() == 8 * K * N
    assert len(found) == 6 * 5
    assert found.done[-1] == 1.0
    assert (np.diff(found.done) >= 0).all()


def test_inputs_that_do_not_fit_are_fetched_again_for_every_column_of_folds() -> None:
    # Sums of all columns fit, so that folds may follow each other by rows: one slab of inputs stays for its five folds.
    slab = 8 * M * 16
    assert steps(room=2 * slab).inputs.sum() == 8 * M * K
    # Where not even a slab fits, the five columns of folds fetch it five times; cutting the stream costs more here.
    slow = ("memory.weights.bandwidth=1000 TB/s",)
    assert steps(*slow, room=0).inputs.sum() == 5 * 8 * M * K


def test_sums_that_do_not_fit_go_to_memory_and_come_back() -> None:
    # A column of folds makes 20 x 8 sums of 32 bits; half of 64 bytes holds none, and one vector of 8 at the least.
    fast = "memory.weights.bandwidth=1000 TB/s"
    found = steps(fast, "tile.sum_buffer.capacity=64 B")
    # Six folds down a column: five times out and in again, for all columns.
    spilt = 5 * 32 * M * N
    assert found.outputs.sum() == spilt
    assert found.inputs.sum() == 8 * M * K + spilt


def test_memories_on_the_chip_are_read_once_for_each_fold_that_uses_them() -> None:
    found = steps()
    assert spent(found, "array.mac") == MACS
    assert spent(found, "buffer.read_bit") == 8 * M * K * 5
    assert spent(found, "weight-buffer.read_bit") == 8 * K * N
    assert spent(found, "sum-buffer.write_bit") == 32 * M * N * 6


@pytest.mark.parametrize(("arrays", "columns"), [(1, 5), (2, 3), (5, 1)])
def test_arrays_take_columns_of_folds_side_by_side(arrays: int, columns: int) -> None:
    # 6 x 5 folds of 20 + 2 x 16 + 8 - 2 cycles, less one.
    cycles = int(steps(f"tile.arrays={arrays}").interval.sum()) // 1000
    assert cycles <= 6 * columns * 58 - 1
    if arrays in (1, 5):
        assert cycles == 6 * columns * 58 - 1


def test_two_zeros_of_every_four_weights_halve_the_rows() -> None:
    half = ("tile.zero_weights.share=0.5", "tile.zero_weights.group=4", "tile.zero_weights.use=skipped")
    found = steps(*half)
    # 48 of 96 rows are 3 folds. A weight that is kept takes its 8 bits and 2 for its place: 5 bits for each of all.
    assert found.interval.sum() == (3 * 5 * 58 - 1) * 1000
    assert found.weights.sum() == 5 * K * N
    assert spent(found, "array.mac") == MACS / 2


def test_zeros_anywhere_wait_for_the_line_with_fewest() -> None:
    found = steps("tile.zero_weights.share=0.75", "tile.zero_weights.use=skipped")
    longest = K / 4 + sqrt(2 * log(8) * K * 0.25 * 0.75)
    folds = -(-int(np.ceil(longest)) // 16)
    assert folds == 3
    assert found.interval.sum() == (folds * 5 * 58 - 1) * 1000
    # A quarter of the weights, and a bit for each of all.
    assert found.weights.sum() == 3 * K * N


def test_gated_zeros_save_energy_and_no_time() -> None:
    found, dense = steps("tile.zero_inputs.share=0.6", "tile.zero_inputs.use=gated"), steps()
    assert np.array_equal(found.interval, dense.interval)
    assert np.array_equal(found.inputs, dense.inputs)
    assert spent(found, "array.mac") == pytest.approx(0.4 * MACS)


def test_skipped_inputs_shorten_the_stream() -> None:
    found = steps("tile.zero_inputs.share=0.5", "tile.zero_inputs.group=2", "tile.zero_inputs.use=skipped")
    assert found.interval.sum() == (30 * (10 + 38) - 1) * 1000


@pytest.mark.parametrize(
    ("overrides", "what"),
    [
        (("tile.weight_buffer.capacity=1 KiB",), "weights of one array take"),
        (("fabric.rows=2",), "a fabric is given"),
        (("mapping.schedule.order=sequential",), "mapping.schedule.order is sequential"),
        (("mapping.schedule.ahead=true",), "mapping.schedule.ahead is set"),
        (("units.activation.where=router",), "unit 'activation' is at routers"),
        (("tile.dataflow=output-stationary", "tile.load_cycles=3"), "load_cycles is given"),
        (("tile.zero_weights.share=0.3", "tile.zero_weights.group=4", "tile.zero_weights.use=skipped"), "no number of"),
        (("tile.zero_weights.share=0.5", "tile.zero_weights.group=4", "tile.zero_weights.use=gated"), "a pattern is"),
        (("tile.dataflow=row-stationary",), "row-stationary"),
    ],
)
def test_what_does_nothing_or_cannot_be_is_refused(overrides: tuple[str, ...], what: str) -> None:
    with pytest.raises(InputError) as caught:
        systolic(*overrides)
    assert what in str(caught.value)
    assert caught.value.remedy


def test_what_does_not_fit_is_told_by_how_much() -> None:
    with pytest.raises(CapacityError, match=r"263\.9 MiB of weights on the chip, and there are 32\.0 MiB: 231\.9 MiB"):
        place(load_network("vgg16"), load_chip("dadiannao"))
    with pytest.raises(CapacityError, match="too few"):
        place(load_network("llama3-8b"), systolic("memory.weights.capacity=4 GiB"))


@pytest.mark.parametrize("options", [Settings(replicate="balanced"), Settings(batch=3, interleave=2)])
def test_copies_and_odd_batches_are_refused(options: Settings) -> None:
    with pytest.raises(ArchsimError) as caught:
        simulate("mlp-l4", "tpu-v1", options)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("network", "chip"),
    [
        ("digits-lstm", "eyeriss"),
        ("digits-transformer", "rapid-hfp8"),
        ("mlp-l5", "tpu-v2"),
        ("digits-cnn", "dadiannao"),
    ],
)
def test_every_layer_of_a_network_works(network: str, chip: str) -> None:
    result = simulate(network, chip)
    assert (result.ledger.layers.busy_s > 0).all()
    macs = result.ledger.energy.query("component == 'array' and action == 'mac'")["count"].sum()
    assert macs == result.network.macs
