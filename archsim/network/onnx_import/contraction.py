"""Einsum of one or two operands, as transposes around a matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.matrices import product
from archsim.network.onnx_import.views import Constant, Ids, Tensor, Values, View

_REMEDY = "Export it as MatMul, Transpose and Mul."


def einsum(call: Call) -> tuple[Tensor, ...]:
    """Two operands, every label once in each: labels of both that stay are a stack, those that go are summed over."""
    terms, result = _labels(call)
    if len(terms) != 2 or any(len(set(term)) < len(term) for term in (*terms, result)):
        raise call.node.fault("is an Einsum other than a product of two operands, which is not modelled", _REMEDY)
    left, right = terms
    alone = [label for label in left + right if (label in left) != (label in right) and label not in result]
    if alone:
        raise call.node.fault(f"sums {alone[0]!r} over one operand alone, which is not modelled", _REMEDY)
    shared = [label for label in left if label in right]
    stack = [label for label in shared if label in result]
    summed = [label for label in shared if label not in result]
    rows = [label for label in left if label not in right]
    columns = [label for label in right if label not in left]
    sizes = dict(zip(left + right, call.tensor(0).shape + call.tensor(1).shape, strict=True))
    first = _laid_out(call.tensor(0), left, (stack, rows, summed), sizes)
    second = _laid_out(call.tensor(1), right, (stack, summed, columns), sizes)
    made = [*stack, *rows, *columns]
    shape = tuple(sizes[label] for label in made)
    order = tuple(made.index(label) for label in result)
    return (product(call, first, second).mapped(lambda array: array.reshape(shape).transpose(order), sole=True),)


def _labels(call: Call) -> tuple[list[str], str]:
    """Labels of the operands and of the result; the result's are in alphabetical order where they are left out."""
    equation = call.node.text("equation", "").replace(" ", "")
    if "." in equation:
        raise call.node.fault("uses an ellipsis, which is not modelled", _REMEDY)
    operands, arrow, result = equation.partition("->")
    terms = operands.split(",")
    once = sorted(label for label in set("".join(terms)) if "".join(terms).count(label) == 1)
    return terms, result if arrow else "".join(once)


def _laid_out(tensor: Tensor, labels: str, groups: tuple[Sequence[str], ...], sizes: dict[str, int]) -> Tensor:
    """The operand as a stack of matrices: its stack axes apart, the two other groups each merged into one axis."""
    stack, outer, inner = groups
    order = tuple(labels.index(label) for group in groups for label in group)
    merged = tuple(prod(sizes[label] for label in group) for group in (outer, inner))
    shape = (*(sizes[label] for label in stack), *merged)

    def laid(array: Ids) -> Ids:
        return array.transpose(order).reshape(shape)

    if isinstance(tensor, View):
        return tensor.mapped(laid)
    value: Values = tensor.value.transpose(order).reshape(shape)
    return Constant(value, tensor.known, tensor.names)
