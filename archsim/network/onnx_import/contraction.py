"""Einsum of two operands, as a product of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from string import ascii_letters

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.forms import contraction
from archsim.network.onnx_import.matrices import weighted
from archsim.network.onnx_import.products import matrix_product
from archsim.network.onnx_import.views import Ids, Tensor, View
from archsim.network.product import Contraction

_REMEDY = "Export it as MatMul, Transpose and Mul."


def einsum(call: Call) -> tuple[Tensor, ...]:
    """Two operands, every label once in each: labels of both that stay are a stack, those that go are summed over."""
    left, right, result = _labels(call)
    if any(len(set(term)) < len(term) for term in (left, right, result)) or set(result) - set(left + right):
        raise call.node.fault("is an Einsum other than a product of two operands, which is not modelled", _REMEDY)
    alone = [label for label in left + right if (label in left) != (label in right) and label not in result]
    if alone:
        raise call.node.fault(f"sums {alone[0]!r} over one operand alone, which is not modelled", _REMEDY)
    sizes = _sizes(call, left, right)
    first, second = call.tensor(0), call.tensor(1)
    if isinstance(first, View) and isinstance(second, View):
        return (_of_activations(call, (first, second), (left, right, result), sizes),)

    def form(data: tuple[int, ...], weight: tuple[int, ...], data_first: bool) -> Contraction:
        return contraction(*((left, right) if data_first else (right, left)), result)

    return (weighted(call, form),)


def _labels(call: Call) -> tuple[str, str, str]:
    """Labels of the operands and of the result; the result's are in alphabetical order where they are left out."""
    equation = call.node.text("equation", "").replace(" ", "")
    operands, arrow, result = equation.partition("->")
    terms = operands.split(",")
    if len(terms) != 2 or len(call.inputs) != 2:
        raise call.node.fault("is an Einsum other than a product of two operands, which is not modelled", _REMEDY)
    once = "".join(sorted(label for label in set(operands) - set(",.") if operands.count(label) == 1))
    wanted = result if arrow else ("..." if "..." in operands else "") + once
    left, right = (_spelled(call, terms, place) for place in (0, 1))
    longest = max((left[1], right[1]), key=len)
    return left[0], right[0], wanted.replace("...", longest)


def _spelled(call: Call, terms: Sequence[str], place: int) -> tuple[str, str]:
    """An operand's labels with its ellipsis written out, and the letters that stand for the ellipsis."""
    term, rank = terms[place], len(call.tensor(place).shape)
    hidden = rank - len(term.replace("...", "")) if "..." in term else 0
    free = [letter for letter in ascii_letters if letter not in call.node.text("equation", "")]
    letters = "".join(free[: max(0, hidden)][::-1])
    spelled = term.replace("...", letters)
    if hidden < 0 or len(spelled) != rank or not all(label.isalpha() for label in spelled):
        raise call.node.fault(
            f"its term {term!r} does not fit operand {place} of shape {call.tensor(place).shape}",
            "Check the equation and the shapes given for the network's inputs.",
        )
    return spelled, letters


def _sizes(call: Call, left: str, right: str) -> dict[str, int]:
    """Sizes of the axes by label."""
    shapes = call.tensor(0).shape, call.tensor(1).shape
    sizes = dict(zip(left, shapes[0], strict=True))
    for label, size in zip(right, shapes[1], strict=True):
        if sizes.setdefault(label, size) != size:
            raise call.node.fault(
                f"its axis {label!r} has {sizes[label]} entries in one operand and {size} in the other",
                "Check the shapes given for the network's inputs.",
            )
    return sizes


def _of_activations(
    call: Call, operands: tuple[View, View], labels: tuple[str, str, str], sizes: dict[str, int]
) -> View:
    """The product of two activations, as transposes around a matrix product."""
    left, right, result = labels
    shared = [label for label in left if label in right]
    stack = [label for label in shared if label in result]
    summed = [label for label in shared if label not in result]
    rows = [label for label in left if label not in right]
    columns = [label for label in right if label not in left]
    first = _laid_out(operands[0], left, (stack, rows, summed), sizes)
    second = _laid_out(operands[1], right, (stack, summed, columns), sizes)
    made = [*stack, *rows, *columns]
    shape = tuple(sizes[label] for label in made)
    order = tuple(made.index(label) for label in result)
    return matrix_product(call, first, second).mapped(lambda array: array.reshape(shape).transpose(order), sole=True)


def _laid_out(view: View, labels: str, groups: tuple[Sequence[str], ...], sizes: dict[str, int]) -> View:
    """The operand as a stack of matrices: its stack axes apart, the two other groups each merged into one axis."""
    stack, outer, inner = groups
    order = tuple(labels.index(label) for group in groups for label in group)
    merged = tuple(prod(sizes[label] for label in group) for group in (outer, inner))
    shape = (*(sizes[label] for label in stack), *merged)

    def laid(array: Ids) -> Ids:
        return array.transpose(order).reshape(shape)

    return view.mapped(laid)
