"""Zeros of weights and activations, counted by hand, and what a chip makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from archsim.errors import InputError
from archsim.functional import LayerZeros, measured_zeros, with_zeros
from archsim.machine import matrix_unit
from archsim.machine.stepped import Operands, Product, SteppedUnit, Steps
from archsim.mapping import place
from archsim.simulation import load_network
from tests.functional_models import make_model, placed
from tests.systolic_chips import systolic

SKIPPED = ("tile.zero_inputs.use=skipped", "tile.zero_inputs.share=0.5")
GATED_WEIGHTS = ("tile.zero_weights.use=gated", "tile.zero_weights.share=0.5")


def rectified() -> onnx.ModelProto:
    """Two products around a rectifier: weights of 2 x 4, 2 of them zero, and of 4 x 3, 9 of them zero."""
    nodes = [
        helper.make_node("MatMul", ["x", "w1"], ["h"], name="first"),
        helper.make_node("Relu", ["h"], ["a"], name="relu"),
        helper.make_node("MatMul", ["a", "w2"], ["y"], name="second"),
    ]
    first = np.array([[1, -1, 0, 2], [1, 1, -3, 0]], np.float32)
    second = np.zeros((4, 3), np.float32)
    second[0] = 1
    return make_model(nodes, {"x": ["batch", 2]}, ["y"], {"w1": first, "w2": second})


def test_zeros_are_counted_layer_by_layer(tmp_path: Path) -> None:
    model = placed(rectified(), systolic(*SKIPPED), tmp_path)
    # (1, 0): 1, -1, 0, 2 before the rectifier; (0, 0): nothing; (1, 2): 3, 1, -6, 2.
    data = model.data({"x": np.array([[1, 0], [0, 0], [1, 2]], np.float32)})
    first, second = (layer.name for layer in model.placement.network.matrices)
    for batch in (1, 3):
        found = measured_zeros(model, data, batch=batch)
        assert found == (
            LayerZeros(first, pytest.approx(3 / 6), pytest.approx(2 / 8)),
            LayerZeros(second, pytest.approx((2 + 4 + 1) / 12), pytest.approx(9 / 12)),
        )


def test_padding_counts_as_what_the_array_sees(tmp_path: Path) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    model = make_model([node], {"x": ["batch", 1, 2, 2]}, ["y"], {"w": np.ones((1, 1, 3, 3), np.float32)})
    found = placed(model, systolic(*SKIPPED), tmp_path)
    # Each of four windows of 3 x 3 sees the four pixels and five zeros.
    (layer,) = measured_zeros(found, found.data({"x": np.ones((1, 1, 2, 2), np.float32)}))
    assert layer.inputs == pytest.approx(5 / 9)


def steps(layer: str, *overrides: str, found: tuple[LayerZeros, ...]) -> Steps:
    """A product of 100 vectors of 96 by 40 on one array of 16 x 8."""
    chip = systolic("tile.rows=16", "tile.columns=8", "tile.clock=1 GHz", "tile.filling=exposed", *overrides)
    unit = matrix_unit(with_zeros(chip, found))
    assert isinstance(unit, SteppedUnit)
    operands = Operands(8 * 9600, 8 * 96 * 40, 8 * 4000, 0, 0, 0, 10**9)
    return unit.product(Product(100, 96, 40, 1, 100 * 96 * 40, operands, constant=True, layer=layer), 1 << 13)


def test_each_layer_has_the_time_and_the_energy_of_its_own_zeros() -> None:
    found = (LayerZeros("a", 0.0, 0.25), LayerZeros("b", 1.0, 0.0))
    dense = (6 * 5 * (100 + 16 + 16 + 8 - 2) - 1) * 1000
    assert steps("a", *SKIPPED, found=found).interval.sum() == dense
    # Nothing is left of b's stream but a cycle.
    assert steps("b", *SKIPPED, found=found).interval.sum() == (6 * 5 * (1 + 38) - 1) * 1000
    # What was not measured has the share of the chip file.
    assert steps("c", *SKIPPED, found=found).interval.sum() < dense
    spent = {one.component: one.count for one in steps("a", *GATED_WEIGHTS, found=found).spent}
    assert spent["array"] == 0.75 * 100 * 96 * 40


def test_a_pattern_stays_as_it_is() -> None:
    pattern = ("tile.zero_weights.use=skipped", "tile.zero_weights.share=0.5", "tile.zero_weights.group=4")
    chip = with_zeros(systolic(*pattern), [LayerZeros("a", 0.1, 0.1)])
    assert chip.tile == systolic(*pattern).tile


def test_a_chip_that_makes_no_use_of_zeros_says_so() -> None:
    with pytest.raises(InputError, match="makes no use of them") as caught:
        with_zeros(systolic(), [])
    assert "tile.zero_inputs.use=skipped" in caught.value.remedy


def test_shares_of_layers_that_there_are_not_are_refused() -> None:
    network = load_network("mlp-hermes")
    chip = with_zeros(systolic(*SKIPPED), [LayerZeros("fc9", 0.5, 0.5)])
    with pytest.raises(InputError, match="no layer 'fc9'"):
        place(network, chip)
