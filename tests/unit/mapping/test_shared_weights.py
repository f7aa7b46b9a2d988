"""Layers that refer to the same weights share their arrays, and wait for each other there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from archsim.chip import load_chip
from archsim.chip.schema import Chip
from archsim.engine import run_compiled, run_reference
from archsim.errors import InputError
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Matrix, Network, Weights
from archsim.network.onnx_import import read_onnx
from archsim.numeric import CrossbarSettings, ReadNoise
from archsim.program import Role
from tests.chips import NS, make_adc, make_array, make_chip, make_fabric, make_input, make_system
from tests.functional_models import by_onnxruntime, computed, make_model, placed, random
from tests.networks import line

TIED = Weights(64, 64, name="tied")
TOKENS = 40


def chain(*weights: Weights) -> Network:
    """Layers in a row, all 64 to 64."""
    return line(*((f"m{place}", Matrix(each)) for place, each in enumerate(weights)), tokens=TOKENS, width=64)


def chip_of(*, held: bool, **parts: dict[str, object]) -> Chip:
    return make_chip(inputs=make_input(phase_ns=100), adc=make_adc(conversion_ns=5, held=held), **parts)


def test_weights_are_held_once_and_multiply_for_each_layer() -> None:
    tied, apart = chain(TIED, TIED, Weights(64, 64)), chain(*[Weights(64, 64)] * 3)
    assert (tied.weights, apart.weights) == (2 * 64 * 64, 3 * 64 * 64)
    assert tied.macs == apart.macs == 3 * TOKENS * 64 * 64
    placement = place(tied, chip_of(held=False))
    assert len(placement.blocks) == 2 and len(placement.uses) == 3
    assert placement.blocks_of(placement.index["m0"]) == placement.blocks_of(placement.index["m1"])
    program = lower(placement)
    arrays = program.actors.resource[program.actors.role == Role.INTEGRATE]
    assert arrays[0] == arrays[1] != arrays[2]


@pytest.mark.parametrize(
    ("held", "weights", "nanoseconds"),
    [
        # Apart, each array makes a product every 105 ns: its own 100 and its converters' 5.
        (False, (Weights(64, 64), Weights(64, 64)), 105),
        # Together, the array makes both layers' products; nothing may overwrite a sum before it is converted.
        (False, (TIED, TIED), 210),
        # Where it is held, the next product may begin at once.
        (True, (TIED, TIED), 200),
        (True, (TIED, TIED, TIED), 300),
    ],
)
@pytest.mark.parametrize("run", [run_compiled, run_reference])
def test_shared_arrays_make_one_product_at_a_time(held, weights, nanoseconds, run) -> None:
    placement = place(chain(*weights), chip_of(held=held), batch=6)
    out = run(lower(placement, batch=6)).sample_out
    assert (out[4] - out[2]) // 2 == TOKENS * nanoseconds * NS


def test_copies_are_those_of_the_weights() -> None:
    network = chain(TIED, TIED, Weights(64, 64))
    placement = place(network, chip_of(held=False), replicate={"m0": 3})
    assert [placement.replicas[placement.index[name]] for name in ("m0", "m1", "m2")] == [3, 3, 1]
    assert len(placement.blocks) == 4
    # A host and a fabric that are never what limits.
    fast = chip_of(held=False, fabric=make_fabric(clock=100e9), system=make_system(host_bandwidth=8e12))
    balanced = place(network, fast, replicate="balanced")
    # 16 arrays, of which the shared weights do twice the work of the others.
    assert [balanced.replicas[balanced.index[name]] for name in ("m0", "m1", "m2")] == [10, 10, 5]
    with pytest.raises(InputError, match="3 copies of 'm0' are asked for, and 2 of the same weights"):
        place(network, chip_of(held=False), replicate={"m1": 2, "m0": 3})


def test_one_name_is_one_matrix() -> None:
    with pytest.raises(InputError, match="weights 'tied' of another shape"):
        chain(TIED, Weights(64, 64, name="tied", origin=("w",)))


def unrolled(steps: int) -> onnx.ModelProto:
    """A cell written out step by step, as exporters do: every step multiplies by the same two tensors."""
    held = {"w": 0.3 * random(12, 8), "u": 0.3 * random(8, 8), "h0": np.zeros((1, 8))}
    tensors = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in held.items()]
    nodes = []
    for step in range(steps):
        nodes += [
            helper.make_node("MatMul", [f"x{step}", "w"], [f"a{step}"]),
            helper.make_node("MatMul", [f"h{step}", "u"], [f"b{step}"]) if step else None,
            helper.make_node("Add", [f"a{step}", f"b{step}" if step else "h0"], [f"s{step}"]),
            helper.make_node("Tanh", [f"s{step}"], [f"h{step + 1}"]),
        ]
    inputs = [helper.make_tensor_value_info(f"x{step}", TensorProto.FLOAT, ["batch", 12]) for step in range(steps)]
    output = helper.make_tensor_value_info(f"h{steps}", TensorProto.FLOAT, ["batch", 8])
    graph = helper.make_graph([node for node in nodes if node], "unrolled", inputs, [output], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def test_an_unrolled_cell_of_a_file_takes_one_cell_of_arrays(tmp_path: Path) -> None:
    path = tmp_path / "unrolled.onnx"
    onnx.save(unrolled(5), path)
    network = read_onnx(path)
    assert [weights.name for weights in network.users] == ["w", "u"]
    assert [len(layers) for layers in network.users.values()] == [5, 4]
    assert network.macs == 5 * 12 * 8 + 4 * 8 * 8
    assert len(place(network, load_chip("pcm-mesh-14nm")).blocks) == 2


def test_the_same_tensor_laid_out_otherwise_is_other_weights(tmp_path: Path) -> None:
    tensors = [numpy_helper.from_array(np.ones((6, 6), np.float32), "w")]
    nodes = [
        helper.make_node("Gemm", ["x", "w"], ["a"]),
        helper.make_node("Gemm", ["a", "w"], ["b"], transB=1),
        helper.make_node("Gemm", ["b", "w"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 6]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "turned", ends[:1], ends[1:], tensors)
    path = tmp_path / "turned.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    users = read_onnx(path).users
    assert [(weights.name, len(layers)) for weights, layers in users.items()] == [("w", 2), ("w.2", 1)]


def test_an_unrolled_cell_computes_what_the_file_says(tmp_path: Path) -> None:
    file = unrolled(5)
    model = placed(file, make_chip(array=make_array(8, 8)), tmp_path)
    # 12 x 8 and 8 x 8 weights on arrays of 8 x 8: two blocks and one.
    assert len(model.blocks) == 3
    data = {f"x{step}": random(20, 12, seed=step) for step in range(5)}
    made = computed(model, data, CrossbarSettings()).outputs["h5"]
    np.testing.assert_allclose(made, by_onnxruntime(file, data)[0], atol=1e-5)


def test_every_reading_of_a_shared_array_has_noise_of_its_own(tmp_path: Path) -> None:
    weights = {"w": random(6, 6)}
    nodes = [helper.make_node("MatMul", ["x", "w"], [f"y{turn}"]) for turn in range(2)]
    model = placed(make_model(nodes, {"x": ["batch", 6]}, ["y0", "y1"], weights), make_chip(), tmp_path)
    x = {"x": random(50, 6, seed=3)}
    exact = computed(model, x, CrossbarSettings()).outputs
    noisy = computed(model, x, CrossbarSettings(read_noise=ReadNoise(weight=0.05))).outputs
    errors = [(noisy[name] - exact[name]).ravel() for name in ("y0", "y1")]
    assert abs(np.corrcoef(*errors)[0, 1]) < 0.25 < np.std(errors[0]) * 100
