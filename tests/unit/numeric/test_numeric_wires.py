"""IR drop: limits of the exact network, layouts, the averaged model's formula, and the chain through an array."""

import numpy as np
import pytest

from archsim.errors import InputError
from archsim.numeric import (
    AveragedWires,
    CellLayout,
    CrossbarSettings,
    ExactWires,
    InputCircuit,
    Stream,
    UnitScale,
    WireResistance,
    effective_conductance,
    multiply,
    program,
)
from archsim.numeric.encodings import DifferentialPair, SharedReference
from archsim.numeric.wires import with_wires

GENERATOR = np.random.default_rng(11)
WEIGHTS = GENERATOR.uniform(-1.0, 1.0, (24, 10))
INPUTS = GENERATOR.uniform(-1.0, 1.0, (5, 24)).astype(np.float32)
UNSCALED = InputCircuit(scale=UnitScale())


def test_perfect_wires_change_nothing():
    cells = GENERATOR.uniform(0, 25e-6, (6, 4))
    np.testing.assert_array_equal(effective_conductance(cells, WireResistance(0.0, 0.0)), cells)


def test_one_cell_is_a_series_of_three_resistors():
    effective = effective_conductance(np.array([[1e-3]]), WireResistance(50.0, 200.0))
    np.testing.assert_allclose(1 / effective, 1000.0 + 50.0 + 200.0)


def test_one_row_is_a_ladder():
    cells, r = np.array([[1e-3, 2e-3]]), 10.0
    # Second cell: its own branch behind another row segment; voltages by hand.
    branch = 1 / 2e-3 + r
    node = 1 / (1 / (1 / 1e-3 + r) + 1 / (branch + r))
    first = node / (node + r)
    expected = [first / (1 / 1e-3 + r), first / (branch + r)]
    np.testing.assert_allclose(effective_conductance(cells, WireResistance(r, r))[0], expected)


@pytest.mark.parametrize("shape", [(8, 5), (5, 8)])
@pytest.mark.parametrize("perfect", ["row", "column"])
def test_a_perfect_side_is_the_limit_of_a_good_one(shape, perfect):
    cells = GENERATOR.uniform(0, 1e-3, shape)
    exact = WireResistance(0.0, 30.0) if perfect == "row" else WireResistance(30.0, 0.0)
    nearly = WireResistance(1e-6, 30.0) if perfect == "row" else WireResistance(30.0, 1e-6)
    np.testing.assert_allclose(effective_conductance(cells, exact), effective_conductance(cells, nearly), rtol=1e-6)


def test_drop_grows_with_the_array():
    losses = []
    for size in (16, 32, 64, 128):
        cells = np.full((size, size), 12.5e-6)
        losses.append(1 - effective_conductance(cells, WireResistance(0.35, 0.35)).sum() / cells.sum())
    assert losses == sorted(losses)
    assert losses[-1] > 30 * losses[0]


def test_interleaved_planes_load_each_other_s_rows():
    planes = [GENERATOR.uniform(0, 1e-3, (6, 4)) for _ in range(2)]
    resistance = WireResistance(5.0, 5.0)
    separate = with_wires(planes, ExactWires(resistance))
    interleaved = with_wires(planes, ExactWires(resistance, CellLayout.INTERLEAVED))
    joined = np.empty((6, 8))
    joined[:, 0::2], joined[:, 1::2] = planes
    physical = effective_conductance(joined, resistance)
    np.testing.assert_array_equal(interleaved[0], physical[:, 0::2])
    np.testing.assert_array_equal(interleaved[1], physical[:, 1::2])
    assert (interleaved[1].sum(axis=0) < separate[1].sum(axis=0)).all()


def test_shared_columns_lie_after_all_others():
    cells, reference = GENERATOR.uniform(0, 1e-3, (6, 4)), np.full((6, 1), 0.5e-3)
    resistance = WireResistance(5.0, 5.0)
    laid = with_wires([cells, reference], ExactWires(resistance, CellLayout.INTERLEAVED))
    physical = effective_conductance(np.concatenate([cells, reference], axis=1), resistance)
    np.testing.assert_array_equal(laid[0], physical[:, :4])
    np.testing.assert_array_equal(laid[1], physical[:, 4:])


@pytest.mark.parametrize("encoding", [DifferentialPair(), SharedReference()])
def test_the_array_multiplies_by_the_effective_weights(encoding):
    wires = ExactWires(WireResistance(20.0, 20.0), CellLayout.INTERLEAVED)
    array = program(WEIGHTS, CrossbarSettings(encoding=encoding, wires=wires, inputs=UNSCALED), Stream(0))
    held = with_wires([plane.programmed_s for plane in array.planes], wires)
    factor = 2.0 if isinstance(encoding, SharedReference) else 1.0
    effective = factor * (held[0] - held[1]) / 25e-6 * np.abs(WEIGHTS).max()
    found = multiply(array.at(0.0), INPUTS).outputs
    np.testing.assert_allclose(found, INPUTS @ effective, rtol=2e-5, atol=1e-6)
    assert np.abs(found - INPUTS @ WEIGHTS).max() > 0.05


def test_the_averaged_model_follows_its_formula():
    wires = AveragedWires(segment_ohm=0.35, cell_s=300e-6, scale=0.8)
    weights = WEIGHTS / np.abs(WEIGHTS).max()
    array = program(weights, CrossbarSettings(wires=wires, inputs=UNSCALED), Stream(0)).at(0.0)
    rows, columns = weights.shape
    expected = np.empty((len(INPUTS), columns))
    for sample, x in enumerate(INPUTS.astype(np.float64)):
        for i in range(columns):
            a = rows * 0.35 * 300e-6 * sum(abs(weights[j, i]) * abs(x[j]) for j in range(rows))
            c = a * (a * (0.05 * a - 0.2) + 0.5)
            positioned = sum(weights[j, i] * x[j] * (1 - (1 - j / rows) ** 2) for j in range(rows))
            expected[sample, i] = x @ weights[:, i] - 0.8 * c * positioned
    np.testing.assert_allclose(multiply(array, INPUTS).outputs, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: WireResistance(-1.0, 0.0),
        lambda: WireResistance(0.0, float("nan")),
        lambda: AveragedWires(-0.1, 25e-6),
        lambda: AveragedWires(0.1, 0.0),
        lambda: AveragedWires(0.1, 25e-6, scale=-1.0),
    ],
)
def test_impossible_wires_are_refused(make):
    with pytest.raises(InputError):
        make()
