"""Files and graphs that cannot be imported: the error says what, where and what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx_exports import Export, encoder

from archsim.errors import InputError
from archsim.network.onnx_import import read_onnx


def refusal(path: Path, **shapes: tuple[int, ...]) -> InputError:
    with pytest.raises(InputError) as caught:
        read_onnx(path, shapes=shapes)
    assert caught.value.what and caught.value.where and caught.value.remedy
    return caught.value


def saved(export: Export, folder: Path) -> Path:
    path = folder / "model.onnx"
    onnx.save(export.model(), path)
    return path


def test_missing_file(tmp_path: Path) -> None:
    assert "absent.onnx" in refusal(tmp_path / "absent.onnx").where


def test_folder(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path).what


@pytest.mark.parametrize("kept", [0.999, 0.5, 0.1])
def test_truncated_file(kept: float, tmp_path: Path) -> None:
    whole = saved(encoder(1, 4, 2, 4, 16), tmp_path).read_bytes()
    path = tmp_path / "cut.onnx"
    path.write_bytes(whole[: int(len(whole) * kept)])
    assert "cut.onnx" in refusal(path).where


@pytest.mark.parametrize(
    "text", ["", "hello", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "chip:\n  tiles: 4\n"]
)
def test_text_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_text(text)
    assert "model.onnx" in refusal(path).where


def test_random_bytes(tmp_path: Path) -> None:
    path = tmp_path / "noise.onnx"
    path.write_bytes(np.random.default_rng(1).bytes(4096))
    assert "noise.onnx" in refusal(path).where


def test_tensor_file(tmp_path: Path) -> None:
    """A protobuf, but of a tensor."""
    path = tmp_path / "input_0.pb"
    path.write_bytes(onnx.numpy_helper.from_array(np.ones((3, 4), np.float32), "x").SerializeToString())
    refusal(path)


def test_unknown_operator(tmp_path: Path) -> None:
    export = Export()
    export.output(
        export.op("DeformConv", export.input("x", [1, 3, 8, 8]), export.weight(2, 3, 3, 3), export.weight(1, 18, 6, 6))
    )
    fault = refusal(saved(export, tmp_path))
    assert "DeformConv" in fault.what and "/DeformConv_0" in fault.where


def test_operator_of_a_foreign_domain(tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("Mystery", export.input("x", [1, 3]), domain="ai.somewhere"))
    model = export.model()
    model.opset_import.append(helper.make_opsetid("ai.somewhere", 1))
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    assert "ai.somewhere" in refusal(path).what


def test_transposed_convolution(tmp_path: Path) -> None:
    export = Export()
    export.output(
        export.op("ConvTranspose", export.input("x", [1, 3, 8, 8]), export.weight(3, 4, 2, 2), strides=[2, 2])
    )
    fault = refusal(saved(export, tmp_path))
    assert "ransposed convolution" in fault.what
    assert "Resize" in fault.remedy


def test_dynamic_image_size(tmp_path: Path) -> None:
    export = Export()
    export.output(export.conv(export.input("images", ["N", 3, "height", "width"]), 3, 4, 3))
    fault = refusal(saved(export, tmp_path))
    assert "'images'" in fault.where
    assert "--shape images=1,3,224,224" in fault.remedy
    assert read_onnx(tmp_path / "model.onnx", shapes={"images": (1, 3, 8, 8)}).macs == 64 * 27 * 4


def test_input_without_a_shape(tmp_path: Path) -> None:
    export = Export()
    name = export.input("x", [1, 3])
    export.output(export.op("Relu", name))
    export.inputs[0].type.tensor_type.ClearField("shape")
    assert "--shape x=1,3,224,224" in refusal(saved(export, tmp_path)).remedy


@pytest.mark.parametrize("shape", [(1, 0), (0, 3)])
def test_size_zero(shape: tuple[int, int], tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("Relu", export.input("x", list(shape))))
    assert "below 1" in refusal(saved(export, tmp_path)).what


def test_shape_that_contradicts_the_file(tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("Relu", export.input("x", ["batch", 3])))
    path = saved(export, tmp_path)
    assert "does not fit" in refusal(path, x=(1, 4)).what
    assert "does not fit" in refusal(path, x=(1, 3, 1)).what
    assert "below 1" in refusal(path, x=(-1, 3)).what


def test_shape_of_an_unknown_input(tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("Relu", export.input("x", [1, 3])))
    fault = refusal(saved(export, tmp_path), y=(1, 3))
    assert "'y'" in fault.what and "x" in fault.remedy


def test_input_too_small_for_the_kernel(tmp_path: Path) -> None:
    export = Export()
    export.output(export.conv(export.input("x", [1, 3, 4, 4]), 3, 4, 7, pads=[0] * 4))
    assert "does not fit" in refusal(saved(export, tmp_path)).what


def test_channels_that_do_not_fit_the_weight(tmp_path: Path) -> None:
    export = Export()
    export.output(export.conv(export.input("x", [1, 5, 8, 8]), 3, 4, 3))
    assert "does not fit" in refusal(saved(export, tmp_path)).what


def test_product_of_unlike_shapes(tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("MatMul", export.input("x", [2, 3]), export.weight(4, 5)))
    assert "(2, 3) by (4, 5)" in refusal(saved(export, tmp_path)).what


def test_sum_of_unlike_shapes(tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("Add", export.input("x", [2, 3]), export.input("y", [2, 4])))
    assert "(2, 3) and (2, 4)" in refusal(saved(export, tmp_path)).what


def test_reshape_to_another_size(tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("Reshape", export.input("x", [2, 3]), export.constant(np.array([4, -1]))))
    assert "cannot reshape" in refusal(saved(export, tmp_path)).what


def test_convolution_with_computed_weights(tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("Conv", export.input("x", [1, 3, 8, 8]), export.input("w", [4, 3, 3, 3])))
    assert "weight (input 1)" in refusal(saved(export, tmp_path)).what


def test_output_whose_shape_depends_on_values(tmp_path: Path) -> None:
    export = Export()
    export.output(export.op("NonZero", export.input("x", [2, 3])), TensorProto.INT64)
    assert "depends on the values" in refusal(saved(export, tmp_path)).what


def test_tensor_from_nowhere(tmp_path: Path) -> None:
    export = Export()
    export.input("x", [2, 3])
    export.output(export.op("Relu", "ghost"))
    assert "'ghost'" in refusal(saved(export, tmp_path)).what


def test_outputs_that_are_all_constants(tmp_path: Path) -> None:
    export = Export()
    export.input("x", [2, 3])
    export.output(export.op("Relu", export.weight(2, 3)))
    assert "no output depends on an input" in refusal(saved(export, tmp_path)).what


def test_second_output_of_a_pool(tmp_path: Path) -> None:
    export = Export()
    values, places = export.ops("MaxPool", export.input("x", [1, 1, 4, 4]), outputs=2, kernel_shape=[2, 2])
    export.output(values)
    export.output(places, TensorProto.INT64)
    assert "second output" in refusal(saved(export, tmp_path)).what


def test_loop(tmp_path: Path) -> None:
    export = Export()
    x = export.input("x", [3])
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [3]) for name in ("a", "b")]
    flags = [helper.make_tensor_value_info(name, TensorProto.BOOL, []) for name in ("go", "on")]
    count = helper.make_tensor_value_info("i", TensorProto.INT64, [])
    nodes = [helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Identity", ["go"], ["on"])]
    body = helper.make_graph(nodes, "body", [count, flags[0], value[0]], [flags[1], value[1]])
    export.output(export.op("Loop", export.array(np.int64(3)), export.array(np.array(True)), x, body=body))
    assert "'Loop'" in refusal(saved(export, tmp_path)).what


def test_a_constant_of_no_known_type_beside_an_operator_that_is_written_out(tmp_path: Path) -> None:
    # The inliner, which is asked to write the loss out in simpler operators, meets the constant first.
    shape = TensorProto(dims=[2], data_type=99, raw_data=bytes(16))
    nodes = [
        helper.make_node("Constant", [], ["shape"], value=shape),
        helper.make_node("Reshape", ["x", "shape"], ["scores"]),
        helper.make_node("SoftmaxCrossEntropyLoss", ["scores", "labels"], ["y"], reduction="none"),
    ]
    given = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [3, 5]),
        helper.make_tensor_value_info("labels", TensorProto.INT64, [3]),
    ]
    made = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [3])]
    graph = helper.make_graph(nodes, "odd", given, made)
    path = tmp_path / "odd.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    assert "data type 99" in refusal(path).what


def test_an_input_without_a_type_beside_an_operator_that_is_written_out(tmp_path: Path) -> None:
    # The onnx package's inliner ends the whole process on such a model.
    one = helper.make_tensor_value_info("a", TensorProto.FLOAT, ["N"])
    body = helper.make_graph(
        [helper.make_node("Relu", ["a"], ["b"])],
        "body",
        [one],
        [helper.make_tensor_value_info("b", TensorProto.FLOAT, ["N"])],
    )
    kind = helper.make_sequence_type_proto(one.type)
    made = helper.make_value_info("y", kind)
    graph = helper.make_graph(
        [helper.make_node("SequenceMap", ["x"], ["y"], body=body)], "untyped", [onnx.ValueInfoProto(name="x")], [made]
    )
    path = tmp_path / "untyped.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    assert refusal(path).where


@pytest.mark.parametrize("axis", [2**31, -(2**31) - 1, 2**62])
def test_an_axis_beyond_all_tensors(axis: int, tmp_path: Path) -> None:
    # The onnx package's inference would end the whole process.
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3]) for name in "xy")
    scale = helper.make_tensor_value_info("s", TensorProto.FLOAT, [2, 3])
    node = helper.make_node("LayerNormalization", ["x", "s"], ["y"], axis=axis)
    path = tmp_path / "far.onnx"
    graph = helper.make_graph([node], "far", [x, scale], [y])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    assert f"axis {axis}" in refusal(path).what


def test_a_split_with_other_outputs_than_it_counts(tmp_path: Path) -> None:
    # The onnx package's inference would end the whole process.
    made = [helper.make_tensor_value_info(f"y{number}", TensorProto.FLOAT, [2]) for number in range(3)]
    node = helper.make_node("Split", ["x"], [value.name for value in made], axis=0, num_outputs=2)
    graph = helper.make_graph([node], "split", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [6])], made)
    path = tmp_path / "split.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), path)
    assert "2 pieces and has 3 outputs" in refusal(path).what
