"""The pace of products that stages foretell, against arithmetic and against what the engines do."""

from __future__ import annotations

import numpy as np
import pytest

from archsim.engine import LogWindow
from archsim.lowering import lower
from archsim.machine import BlockShapes, Pass, matrix_unit, product_period
from archsim.mapping import place
from archsim.network import Matrix, Weights
from archsim.program import Role
from archsim.simulation import Engine, run
from tests.chips import make_adc, make_array, make_chip, make_input, make_system
from tests.networks import line


def shapes(*sizes: tuple[int, int]) -> BlockShapes:
    rows, columns = np.array(sizes, np.int64).T
    return BlockShapes(rows, columns, rows * columns)


@pytest.mark.parametrize(
    ("phase_ns", "conversion_ns", "held", "lanes", "summed", "expected_ns"),
    [
        # One product between array and converters: 100 + 5 ns. The affine stage takes 1 cycle.
        (100, 5, False, 64, False, 105),
        # With a sample-and-hold they overlap.
        (100, 5, True, 64, False, 100),
        # 64 columns on 4 lanes: 16 cycles to scale, 16 more to add.
        (10, 5, True, 4, False, 16),
        (10, 5, True, 4, True, 32),
        # A pipeline of 3 cycles after the first: 3 until a sum is there, 1 to add it, and two sums under way: 2 ns.
        (1, 1, True, 64, True, 2),
    ],
)
def test_products_follow_each_other_at_the_pace_that_the_stages_say(
    phase_ns: float, conversion_ns: float, held: bool, lanes: int, summed: bool, expected_ns: int
) -> None:
    chip = make_chip(
        array=make_array(64, 64),
        inputs=make_input(phase_ns=phase_ns),
        adc=make_adc(conversion_ns=conversion_ns, held=held),
        affine_lanes=lanes,
    )
    period = product_period(matrix_unit(chip).stages(shapes((64, 64)), Pass.FORWARD), summed=summed)
    assert period.tolist() == [expected_ns * 1000]


@pytest.mark.parametrize(
    ("held", "per_phase", "expected_ns"),
    [
        # 16 and 8 ns of integration, conversions of 10 ns: once, or after each phase.
        (False, False, 16 + 8 + 10),
        (False, True, 16 + 10 + 8 + 10),
        # The conversions of one phase beside the integration of the next: 16 beside 10, 8 beside 10.
        (True, True, 16 + 10),
        (True, False, 16 + 8),
    ],
)
def test_phases_of_unequal_length_add_up(held: bool, per_phase: bool, expected_ns: int) -> None:
    inputs = {**make_input(bits=7, phase_ns=16), "bits_per_phase": 4, "phase_bits": 4}
    adc = make_adc(conversion_ns=10, held=held, per_phase=per_phase)
    chip = make_chip(array=make_array(64, 64), inputs=inputs, adc=adc)
    stages = matrix_unit(chip).stages(shapes((64, 64)), Pass.FORWARD)
    assert product_period(stages, summed=False).tolist() == [expected_ns * 1000]


@pytest.mark.parametrize("engine", list(Engine))
@pytest.mark.parametrize(("lanes", "pipeline"), [(64, 3), (64, 9), (4, 3), (8, 20)])
def test_the_engines_keep_the_pace_of_summed_products(lanes: int, pipeline: int, engine: Engine) -> None:
    tile = {"inputs": make_input(phase_ns=1), "adc": make_adc(conversion_ns=1, held=True)}
    slow = make_chip(**tile, affine_lanes=lanes, arrays_per_tile=2, system=make_system(host_bandwidth=1e15))
    affine = slow.analog.affine.model_copy(update={"pipeline": pipeline})
    fabric = slow.fabric.model_copy(update={"link_width": 1e4})
    chip = slow.model_copy(update={"fabric": fabric, "tile": slow.analog.model_copy(update={"affine": affine})})
    network = line(("product", Matrix(Weights(128, 64))), tokens=60, width=128)
    program = lower(place(network, chip))
    log = run(program, engine, log=LogWindow()).log
    assert log is not None
    starts = log.start[log.actor == np.flatnonzero(program.actors.role == Role.ACCUMULATE)[0]]
    stages = matrix_unit(chip).stages(shapes((64, 64)), Pass.FORWARD)
    # By hand: c cycles of scaling and of adding on one stage; c + pipeline - 1 until a sum is there, two at a time.
    cycles = -(-64 // lanes)
    expected = max(2 * cycles * 1000, -(-(2 * cycles + pipeline - 1) * 1000 // 2))
    assert product_period(stages, summed=True).tolist() == [expected]
    assert (starts[50] - starts[30]) / 20 == expected
