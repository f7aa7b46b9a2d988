"""How the operands of a product with constant weights unfold: axes of the data, of the weights and of the result."""

from __future__ import annotations

from collections.abc import Hashable, Sequence, Set

from archsim.network.product import Contraction

_ROW, _SUM, _COLUMN = "row", "sum", "column"


def contraction(
    data: Sequence[Hashable],
    weight: Sequence[Hashable],
    result: Sequence[Hashable],
    stacked: Set[Hashable] = frozenset(),
) -> Contraction:
    """The product whose axes are labelled as an Einsum labels them.

    Parameters
    ----------
    data, weight, result : sequence of label
        One per axis; None for one of size 1 that plays no part. A label of the result that neither operand has is a
        new axis.
    stacked : set of label
        Labels of the weights alone for whose entries the data are repeated.
    """
    positions = [label for label in data if label not in weight]
    stack = [label for label in result if label in weight and (label in data or label in stacked)]
    summed = [label for label in data if label in weight and label not in result]
    columns = [label for label in weight if label is not None and label not in data and label not in stacked]
    made = [*positions, *stack, *columns]
    return Contraction(
        tuple(data.index(label) for label in positions),
        tuple((data.index(label) if label in data else None, weight.index(label)) for label in stack),
        tuple((data.index(label), weight.index(label)) for label in summed),
        tuple(weight.index(label) for label in columns),
        tuple(made.index(label) if label in made else None for label in result),
    )


def matmul_form(data: tuple[int, ...], weight: tuple[int, ...], *, data_first: bool) -> Contraction:
    """MatMul by NumPy's rules: leading axes are broadcast, a vector lacks its outer axis.

    Parameters
    ----------
    data, weight : tuple of int
        Their shapes, of at least one axis.
    data_first : bool
        Whether the data are the left operand.
    """
    depth = max(len(data), len(weight), 2) - 2
    leading = range(depth)
    of_data = [*leading[depth - max(len(data) - 2, 0) :], *_matrix(data, _ROW, left=data_first)]
    stack = leading[depth - max(len(weight) - 2, 0) :]
    wide = [label if size > 1 else None for label, size in zip(stack, weight, strict=False)]
    outer = (len(data) > 1, _ROW), (len(weight) > 1, _COLUMN)
    result = [*leading, *(label for there, label in (outer if data_first else outer[::-1]) if there)]
    of_weight = [*wide, *_matrix(weight, _COLUMN, left=not data_first)]
    return contraction(of_data, of_weight, result, {label for label in wide if label is not None})


def _matrix(shape: tuple[int, ...], outer: str, *, left: bool) -> list[str]:
    """Labels of an operand's last two axes, or of its only one."""
    if len(shape) == 1:
        return [_SUM]
    return [outer, _SUM] if left else [_SUM, outer]


def gemm_form(*, data_first: bool, data_turned: bool, weight_turned: bool) -> Contraction:
    """Gemm: two matrices, either of them perhaps transposed first."""
    data = [_ROW, _SUM] if data_first != data_turned else [_SUM, _ROW]
    weight = [_SUM, _COLUMN] if data_first != weight_turned else [_COLUMN, _SUM]
    return contraction(data, weight, [_ROW, _COLUMN] if data_first else [_COLUMN, _ROW])
