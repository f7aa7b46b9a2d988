"""An ONNX operator of another package: ONNX Runtime's fused BiasGelu, as its optimiser writes it."""

from __future__ import annotations

from archsim.network.onnx_import import Call, OnnxOperator, Tensor, applied, combined


def bias_gelu(call: Call) -> tuple[Tensor, ...]:
    """The bias folds into a matrix before it, where it can; the activation is a layer."""
    biased = combined(call, "add", (call.tensor(0), call.constant(1, "bias")), part="bias")
    return (applied(call, "gelu", biased),)


BIAS_GELU = OnnxOperator("BiasGelu", bias_gelu, domain="com.microsoft")
