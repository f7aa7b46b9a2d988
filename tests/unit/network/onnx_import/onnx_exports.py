"""Small models in the form in which exporters write them, built node by node."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from archsim.network import Network
from archsim.network.onnx_import import read_onnx

Attribute = int | float | str | list[int] | list[float] | list[str] | onnx.TensorProto


class Export:
    """A graph under construction; every method returns the name of the tensor that it made."""

    def __init__(self, opset: int = 17, seed: int = 0) -> None:
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.stored: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.rng = np.random.default_rng(seed)

    def input(self, name: str, shape: Sequence[int | str | None], kind: int = TensorProto.FLOAT) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name: str, kind: int = TensorProto.FLOAT) -> str:
        self.outputs.append(helper.make_tensor_value_info(name, kind, None))
        return name

    def array(self, values: np.ndarray | Sequence[int] | Sequence[float] | int | float) -> str:
        name = f"c{len(self.stored)}"
        array = np.asarray(values)
        array = array.astype(np.float32) if array.dtype == np.float64 else array
        self.stored.append(numpy_helper.from_array(array, name))
        return name

    def weight(self, *shape: int) -> str:
        return self.array(self.rng.standard_normal(shape).astype(np.float32) / sqrt(max(1, shape[0])))

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Attribute) -> str:
        return self.ops(kind, *inputs, outputs=outputs, **attributes)[0]

    def ops(self, kind: str, *inputs: str, outputs: int, **attributes: Attribute) -> list[str]:
        names = [f"t{len(self.nodes)}_{place}" for place in range(outputs)]
        node = f"/{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=node, **attributes))
        return names

    def constant(self, values: np.ndarray | Sequence[int] | float | int) -> str:
        """A Constant node, as PyTorch writes scalars and lists."""
        array = np.asarray(values)
        array = array.astype(np.float32) if array.dtype == np.float64 else array
        return self.op("Constant", value=numpy_helper.from_array(array))

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, "export", self.inputs, self.outputs, self.stored)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)

    def network(self, folder: Path, **shapes: tuple[int, ...]) -> Network:
        """The model written to a file and read back as a network."""
        path = folder / "export.onnx"
        onnx.save(self.model(), path)
        return read_onnx(path, shapes=shapes)

    def linear(self, x: str, inputs: int, outputs: int) -> str:
        """nn.Linear on a sequence: MatMul and Add."""
        return self.op("Add", self.array(np.zeros(outputs)), self.op("MatMul", x, self.weight(inputs, outputs)))

    def layer_norm(self, x: str, width: int) -> str:
        """nn.LayerNorm before operator set 17."""
        mean = self.op("ReduceMean", x, axes=[-1])
        centred = self.op("Sub", x, mean)
        variance = self.op("ReduceMean", self.op("Pow", centred, self.constant(2.0)), axes=[-1])
        deviation = self.op("Sqrt", self.op("Add", variance, self.constant(1e-5)))
        normal = self.op("Mul", self.op("Div", centred, deviation), self.array(np.ones(width)))
        return self.op("Add", normal, self.array(np.zeros(width)))

    def gelu(self, x: str) -> str:
        """nn.GELU before operator set 20: the erf form."""
        erf = self.op("Erf", self.op("Div", x, self.constant(sqrt(2.0))))
        gated = self.op("Mul", x, self.op("Add", erf, self.constant(1.0)))
        return self.op("Mul", gated, self.constant(0.5))

    def gelu_tanh(self, x: str) -> str:
        """HuggingFace's NewGELU (GPT-2)."""
        half = self.op("Mul", x, self.constant(0.5))
        cubic = self.op("Mul", self.op("Pow", x, self.constant(3.0)), self.constant(0.044715))
        slope = self.op("Mul", self.op("Add", x, cubic), self.constant(sqrt(2 / np.pi)))
        return self.op("Mul", half, self.op("Add", self.op("Tanh", slope), self.constant(1.0)))

    def size(self, x: str, axis: int) -> str:
        """x.size(axis) as traced: Shape, Gather, Unsqueeze."""
        size = self.op("Gather", self.op("Shape", x), self.constant(np.int64(axis)), axis=0)
        return self.op("Unsqueeze", size, self.constant(np.array([0])))

    def heads(self, x: str, heads: int, depth: int, order: list[int]) -> str:
        """x.view(batch, length, heads, depth).permute(order) with the sizes taken from the tensor."""
        tail = [self.constant(np.array([heads])), self.constant(np.array([depth]))]
        shape = self.op("Concat", self.size(x, 0), self.size(x, 1), *tail, axis=0)
        return self.op("Transpose", self.op("Reshape", x, shape), perm=order)

    def attention(self, q: str, k: str, v: str, heads: int, depth: int, mask: str = "") -> str:
        """Scaled dot-product attention on (batch, length, width) tensors."""
        query = self.heads(q, heads, depth, [0, 2, 1, 3])
        key = self.heads(k, heads, depth, [0, 2, 3, 1])
        value = self.heads(v, heads, depth, [0, 2, 1, 3])
        scores = self.op("Div", self.op("MatMul", query, key), self.constant(sqrt(depth)))
        if mask:
            scores = self.op("Where", mask, scores, self.constant(-1e9))
        context = self.op("MatMul", self.op("Softmax", scores, axis=-1), value)
        turned = self.op("Transpose", context, perm=[0, 2, 1, 3])
        width = self.constant(np.array([heads * depth]))
        shape = self.op("Concat", self.size(turned, 0), self.size(turned, 1), width, axis=0)
        return self.op("Reshape", turned, shape)

    def encoder_block(self, x: str, heads: int, depth: int, hidden: int) -> str:
        """A post-norm (BERT) encoder block."""
        width = heads * depth
        q, k, v = (self.linear(x, width, width) for _ in range(3))
        attended = self.linear(self.attention(q, k, v, heads, depth), width, width)
        x = self.layer_norm(self.op("Add", attended, x), width)
        fed = self.linear(self.gelu(self.linear(x, width, hidden)), hidden, width)
        return self.layer_norm(self.op("Add", fed, x), width)

    def conv(self, x: str, inputs: int, outputs: int, kernel: int, **attributes: Attribute) -> str:
        """A square convolution with "same" padding unless told otherwise."""
        groups = attributes.get("group", 1)
        assert isinstance(groups, int)
        weight = self.weight(outputs, inputs // groups, kernel, kernel)
        attributes.setdefault("pads", [kernel // 2] * 4)
        return self.op("Conv", x, weight, self.array(np.zeros(outputs)), kernel_shape=[kernel, kernel], **attributes)

    def batch_norm(self, x: str, channels: int) -> str:
        statistics = [self.array(np.full(channels, value)) for value in (1.0, 0.0, 0.0, 1.0)]
        return self.op("BatchNormalization", x, *statistics)


def encoder(layers: int, tokens: int, heads: int, depth: int, hidden: int) -> Export:
    """BERT without its embeddings: blocks on (1, tokens, heads * depth)."""
    export = Export(opset=14)
    x = export.input("x", [1, tokens, heads * depth])
    for _ in range(layers):
        x = export.encoder_block(x, heads, depth, hidden)
    export.output(x)
    return export
