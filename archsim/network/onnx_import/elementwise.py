"""Element-wise operators and activations, and the constants that are folded into the layer before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from types import MappingProxyType

import numpy as np

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.partition import partition
from archsim.network.onnx_import.views import Constant, Tensor, View, varies
from archsim.network.operators import Digital, Matrix
from archsim.network.work import activation_work, scaled

ACTIVATIONS: Mapping[str, str] = MappingProxyType(
    {
        "Relu": "relu",
        "Clip": "clip",
        "Abs": "abs",
        "Sign": "sign",
        "ThresholdedRelu": "threshold",
        "LeakyRelu": "leaky-relu",
        "Neg": "negate",
        **dict.fromkeys(("Floor", "Ceil", "Round"), "round"),
        **dict.fromkeys(("Not", "BitwiseNot"), "logic"),
        **dict.fromkeys(("IsNaN", "IsInf"), "is-special"),
        "Reciprocal": "reciprocal",
        "Sigmoid": "sigmoid",
        "Tanh": "tanh",
        "Erf": "erf",
        "Log": "log",
        **dict.fromkeys(("Sin", "Cos", "Tan", "Asin", "Acos", "Atan"), "trigonometric"),
        **dict.fromkeys(("Sinh", "Cosh", "Asinh", "Acosh", "Atanh"), "trigonometric"),
        "Softplus": "softplus",
        "Elu": "elu",
        "Selu": "selu",
        "Celu": "celu",
        "HardSigmoid": "hard-sigmoid",
        "Softsign": "softsign",
        "Shrink": "threshold",
        "Gelu": "gelu",
        "FastGelu": "gelu",
        "QuickGelu": "gelu",
        "Swish": "silu",
        "HardSwish": "hard-swish",
        "Mish": "mish",
        "Sqrt": "sqrt",
        "Exp": "exp",
        "QuantizeLinear": "quantize",
        "DequantizeLinear": "dequantize",
        "Bernoulli": "random",
    }
)
"""Operators of one activation, and their kind in ``archsim.network.work``."""

COMBINATIONS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("Add", "Sum", "Mean"), "add"),
        "Sub": "sub",
        "Mul": "mul",
        "Div": "div",
        "Mod": "mod",
        "Pow": "pow",
        "Max": "max",
        "Min": "min",
        "PRelu": "prelu",
        "Where": "where",
        **dict.fromkeys(("And", "Or", "Xor", "BitwiseAnd", "BitwiseOr", "BitwiseXor"), "logic"),
        **dict.fromkeys(("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"), "compare"),
        "BitShift": "shift",
    }
)
"""Operators of several operands with broadcasting, and their kind in ``archsim.network.work``."""

_AFFINE = frozenset({"add", "sub", "mul", "div"})
_SCALING = frozenset({"mul", "div"})
_ABSORBING: Mapping[str, frozenset[str]] = MappingProxyType(
    {"batch-norm": _AFFINE, "layer-norm": _AFFINE, "group-norm": _AFFINE, "rms-norm": _SCALING}
)
"""Normalisations whose own scale and offset can take in a constant one after them."""


def activation(call: Call) -> tuple[Tensor, ...]:
    """An operator of one activation; its other inputs are constants."""
    return (applied(call, ACTIVATIONS[call.node.kind], call.view(0)),)


def applied(call: Call, kind: str, view: View) -> View:
    """A layer that does the same to every element."""
    cut = partition(view)
    return call.emitted(Digital(kind, activation_work(kind, cut.width)), cut, (view,))


def combination(call: Call) -> tuple[Tensor, ...]:
    """An operator of several operands, some of which may be constants."""
    operands = tuple(tensor for tensor in call.inputs if tensor is not None)
    if len(operands) == 1:
        return operands
    return (combined(call, COMBINATIONS[call.node.kind], operands),)


def quantised_addition(call: Call) -> tuple[Tensor, ...]:
    """QLinearAdd and QLinearMul: the float operator on inputs 0 and 3."""
    kind = "add" if call.node.kind == "QLinearAdd" else "mul"
    return (combined(call, kind, (call.tensor(0), call.tensor(3))),)


def combined(call: Call, kind: str, operands: Sequence[Tensor], *, part: str = "") -> View:
    """Operands, broadcast together, in one layer; or nothing at all where a constant folds into the layer before.

    The largest activation is on port 0 and gives the layer its tokens; the others follow in their order.

    Parameters
    ----------
    call : Call
        The node.
    kind : str
        Key of ``archsim.network.work.PER_ELEMENT``.
    operands : sequence of Tensor
        At least one is an activation.
    part : str
        Names the layer where the node makes several.
    """
    try:
        shape = np.broadcast_shapes(*(operand.shape for operand in operands))
    except ValueError as fault:
        shapes = " and ".join(str(operand.shape) for operand in operands)
        raise call.node.fault(f"cannot combine {shapes}", "Check the shapes given for the network's inputs.") from fault
    folded = _folded(call, kind, operands, shape)
    if folded is not None:
        return folded
    activations = [operand for operand in operands if isinstance(operand, View)]
    activations.sort(key=lambda view: prod(view.shape), reverse=True)
    views = tuple(view.mapped(lambda array: np.broadcast_to(array, shape)) for view in activations)
    cut = partition(views[0])
    kind = _cheapest(kind, operands)
    work = scaled(activation_work(kind, cut.width), max(1, len(operands) - 1) if kind != "where" else 1)
    return call.emitted(Digital(kind, work), cut, views)


def _cheapest(kind: str, operands: Sequence[Tensor]) -> str:
    """Division by a constant is a product with its reciprocal; the second power is a square."""
    last = operands[-1]
    if not isinstance(last, Constant):
        return kind
    if kind == "pow" and last.known and last.value.size and bool((last.value == 2).all()):
        return "square"
    return "mul" if kind == "div" else kind


def _folded(call: Call, kind: str, operands: Sequence[Tensor], shape: tuple[int, ...]) -> View | None:
    """The activation itself, where a constant scale or offset per element becomes part of the layer that made it."""
    if kind not in _AFFINE or len(operands) != 2:
        return None
    first, second = operands
    view, constant = (first, second) if isinstance(first, View) else (second, first)
    inverted = kind == "div" and view is second
    if not isinstance(view, View) or not isinstance(constant, Constant) or view.shape != shape or inverted:
        return None
    if not foldable(view, _constant_axes(constant, len(shape))):
        return None
    return view if absorb(call, kind, view) else None


def _constant_axes(constant: Constant, rank: int) -> list[int]:
    """Axes of the broadcast shape along which the constant may differ."""
    return [axis + rank - len(constant.shape) for axis, size in enumerate(constant.shape) if size > 1]


def foldable(view: View, axes: Sequence[int]) -> bool:
    """Whether a factor per entry of these axes is a factor per element of the one layer that made the tensor."""
    others = [axis for axis in range(len(view.shape)) if varies(view.token, axis)]
    mixed = any(varies(view.token, axis) for axis in axes) or any(varies(view.element, axis) for axis in others)
    return view.sole and view.producer is not None and not mixed


def absorb(call: Call, kind: str, view: View) -> bool:
    """Let the layer that made the view take in a scale ("mul", "div") or an offset ("add", "sub"), if it can."""
    assert view.producer is not None
    operator = call.draft.layers[view.producer].operator
    if isinstance(operator, Matrix):
        if kind in _SCALING:
            call.draft.folded["constant scales folded into the matrix before them"] += 1
        call.draft.exchange(view.producer, replace(operator, bias=operator.bias or kind not in _SCALING))
        return True
    return isinstance(operator, Digital) and kind in _ABSORBING.get(operator.kind, frozenset())
