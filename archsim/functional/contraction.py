"""Gemm, MatMul and Einsum with one constant operand: one input vector per position.

A constant stack of matrices is a grouped layer: the entries of the stack lie side by side in the input vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from archsim.functional.product import Multiply
from archsim.functional.runtime import F32
from archsim.functional.weights import WeightMatrix, weight_matrix
from archsim.network import Contraction


@dataclass(frozen=True, slots=True, eq=False)
class ContractionProduct:
    """A product over axes of the data and of constant weights.

    Parameters
    ----------
    form : Contraction
    matrix : WeightMatrix
        One group per entry of the stack.
    stack, columns : tuple of int
        Sizes of the weights' axes.
    """

    form: Contraction
    matrix: WeightMatrix
    stack: tuple[int, ...]
    columns: tuple[int, ...]

    @property
    def fixed_axes(self) -> list[int]:
        """Axes of the data whose sizes are those of the placed network."""
        return [axis for axis, _ in (*self.form.stack, *self.form.summed) if axis is not None]

    def __call__(self, data: F32, multiply: Multiply, batch_axis: int) -> F32:
        """The result, for data with samples along ``batch_axis``."""
        first = self.form.positions.index(batch_axis) if batch_axis in self.form.positions else None
        laid = _to_front(self.form.laid(data, self.stack), first)
        places = laid.shape[: len(self.form.positions)]
        vectors = laid.reshape(prod(places), prod(self.matrix.shape[:2]))
        made = multiply(0, vectors).reshape((*places, *self.stack, *self.columns))
        return np.asarray(self.form.folded(_from_front(made, first)), order="C")

    def with_bias(self, made: F32, bias: F32) -> F32:
        """The result with a bias that is broadcast to it."""
        return made + bias


def _to_front(array: F32, axis: int | None) -> F32:
    return array if axis is None else np.moveaxis(array, axis, 0)


def _from_front(array: F32, axis: int | None) -> F32:
    return array if axis is None else np.moveaxis(array, 0, axis)


def contraction(form: Contraction, weight: F32, where: str) -> ContractionProduct:
    """Read the weights of a contraction."""
    stack, summed = [axis for _, axis in form.stack], [axis for _, axis in form.summed]
    named = [*stack, *summed, *form.columns]
    order = [*named, *(axis for axis in range(weight.ndim) if axis not in named)]
    groups, rows, columns = (tuple(weight.shape[axis] for axis in axes) for axes in (stack, summed, form.columns))
    matrix = weight.transpose(order).reshape(prod(groups), prod(rows), prod(columns))
    return ContractionProduct(form, weight_matrix(matrix, where), groups, columns)
