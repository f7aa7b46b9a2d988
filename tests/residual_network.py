"""ResNet-18 (He et al., CVPR 2016) as ONNX, with random weights: real in shape, and runnable by ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper


class Builder:
    """A chain of nodes with their weights."""

    def __init__(self, seed: int) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(seed)

    def weight(self, name: str, *shape: int) -> str:
        """Normal weights of He's variance."""
        scale = np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else 0.1
        values = scale * self.random.standard_normal(shape, dtype=np.float32)
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def conv(self, name: str, data: str, channels: tuple[int, int], *, kernel: int = 3, stride: int = 1) -> str:
        """Conv with a bias, "same" padding."""
        inputs, outputs = channels
        held = [self.weight(f"{name}.w", outputs, inputs, kernel, kernel), self.weight(f"{name}.b", outputs)]
        pads = [kernel // 2] * 4
        self.nodes.append(
            helper.make_node(
                "Conv", [data, *held], [name], name=name, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads
            )
        )
        return name

    def of(self, kind: str, name: str, *inputs: str, **attributes: int | list[int]) -> str:
        """Any other node."""
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def block(self, name: str, data: str, channels: tuple[int, int], stride: int) -> str:
        """Two convolutions and what goes around them."""
        inputs, outputs = channels
        first = self.of("Relu", f"{name}.relu1", self.conv(f"{name}.conv1", data, channels, stride=stride))
        second = self.conv(f"{name}.conv2", first, (outputs, outputs))
        around = data if inputs == outputs else self.conv(f"{name}.down", data, channels, kernel=1, stride=stride)
        return self.of("Relu", f"{name}.relu2", self.of("Add", f"{name}.add", second, around))


def resnet18(*, image: int = 224, width: int = 64, classes: int = 1000, seed: int = 0) -> onnx.ModelProto:
    """The network, with an open batch; narrower than published where ``width`` is below 64."""
    build = Builder(seed)
    x = build.of("Relu", "relu", build.conv("conv1", "image", (3, width), kernel=7, stride=2))
    x = build.of("MaxPool", "pool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    channels = width
    for stage in range(4):
        wide = width << stage
        x = build.block(f"layer{stage + 1}.0", x, (channels, wide), 1 + (stage > 0))
        x = build.block(f"layer{stage + 1}.1", x, (wide, wide), 1)
        channels = wide
    x = build.of("Flatten", "flat", build.of("GlobalAveragePool", "mean", x))
    held = [build.weight("fc.w", classes, channels), build.weight("fc.b", classes)]
    build.nodes.append(helper.make_node("Gemm", [x, *held], ["scores"], name="fc", transB=1))
    data = helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, ["batch", 3, image, image])
    scores = helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, ["batch", classes])
    graph = helper.make_graph(build.nodes, "resnet18", [data], [scores], build.weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
