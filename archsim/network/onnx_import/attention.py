"""Which tensors end up as operands of a product of activations, so that their own order of tokens is what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import onnx

_PRODUCTS = frozenset({"MatMul", "Einsum", "Gemm", "MatMulInteger", "QLinearMatMul"})
_PASSING = frozenset(
    {
        *("Reshape", "Transpose", "Split", "Slice", "Gather", "Squeeze", "Unsqueeze", "Identity", "Cast", "Flatten"),
        *(
            "Add",
            "Sub",
            "Mul",
            "Div",
            "Clip",
            "Sqrt",
            "Max",
            "Expand",
            "ReduceL2",
            "ReduceSumSquare",
            "LpNormalization",
        ),
        *(
            "LayerNormalization",
            "RMSNormalization",
            "SimplifiedLayerNormalization",
            "Neg",
            "Concat",
            "Pow",
            "ReduceMean",
        ),
        *("QuantizeLinear", "DequantizeLinear", "CastLike", "Reciprocal", "Rsqrt", "ReduceSum", "Relu", "Elu"),
    }
)
"""Operators behind which a tensor is still the same sequence of tokens, moved, scaled or normalised."""


def attended(nodes: Sequence[onnx.NodeProto], inputs: Iterable[str]) -> frozenset[str]:
    """Names of the tensors that become queries, keys or values.

    Where a map was cut into windows before it is projected, its projections are best made window by window: then what
    a window needs lies together in every stream, and the map is put into another order once instead of three times.

    Parameters
    ----------
    nodes : sequence of onnx.NodeProto
        In topological order.
    inputs : iterable of str
        The graph's inputs.
    """
    live = set(inputs)
    for node in nodes:
        if live.intersection(node.input):
            live.update(node.output)
    found: set[str] = set()
    for node in reversed(nodes):
        read = live.intersection(node.input)
        if (node.op_type in _PRODUCTS and len(read) > 1) or (
            node.op_type in _PASSING and found.intersection(node.output)
        ):
            found |= read
    return frozenset(found)
