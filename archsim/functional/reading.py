"""Which ONNX operators are computed on arrays, and by what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from archsim.functional.contraction import einsum, gemm, matmul
from archsim.functional.convolution import convolution
from archsim.functional.product import Inputs, Product
from archsim.functional.recurrence import recurrence
from archsim.network.onnx_import.node import Node

_PRODUCTS: Mapping[str, Callable[[Node, Inputs], Product]] = MappingProxyType(
    {
        "Conv": convolution,
        "Gemm": gemm,
        "MatMul": matmul,
        "Einsum": einsum,
        "LSTM": recurrence,
        "GRU": recurrence,
        "RNN": recurrence,
    }
)


def expected_layers(node: Node) -> int:
    """Matrix layers that a node becomes; 0 for one that is never on arrays."""
    if node.kind not in _PRODUCTS or node.proto.domain not in ("", "ai.onnx"):
        return 0
    directions = 2 if node.text("direction", "forward") == "bidirectional" else 1
    if node.kind != "GRU":
        return directions
    return directions * (3 if node.integer("linear_before_reset", 0) else 2)


def read_product(node: Node, inputs: Inputs) -> Product:
    """Read a node whose constants are in ``inputs``, with None for what is not constant.

    Raises
    ------
    InputError
        If weights are missing, not finite, or of a kind that is not computed.
    """
    return _PRODUCTS[node.kind](node, inputs)
