"""Gemm, MatMul and Einsum with one constant operand, by NumPy's rules of stacking and broadcasting.

A constant stack of matrices is a grouped layer: the entries of the stack lie side by side in the input vector.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np

from archsim.functional.product import Inputs, Multiply, constant, filled
from archsim.functional.runtime import F32, Tensor
from archsim.functional.weights import WeightMatrix, weight_matrix
from archsim.network.onnx_import.node import Node


@dataclass(frozen=True, slots=True, eq=False)
class StackedProduct:
    """An activation times a constant matrix, or one matrix per entry of its leading axes.

    Parameters
    ----------
    matrix : WeightMatrix
        One group per entry of the stack.
    stack : tuple of int
        Shape of the constant's leading axes.
    """

    matrix: WeightMatrix
    stack: tuple[int, ...]

    def __call__(self, left: F32, multiply: Multiply, batch_axis: int) -> F32:
        """Product, shape (..., m, columns), of ``left``, shape (..., m, rows), with samples along ``batch_axis``."""
        shape = np.broadcast_shapes(left.shape[:-2], self.stack)
        full = np.broadcast_to(left, (*shape, *left.shape[-2:]))
        batch = batch_axis + full.ndim - left.ndim
        order = self._order(full.ndim, len(shape), batch)
        laid = full.transpose(order)
        vectors = laid.reshape(-1, prod(self.matrix.shape[:2]))
        made = multiply(0, vectors).reshape(*laid.shape[:-1], self.matrix.shape[2])
        return made.transpose(np.argsort(order))

    def _order(self, dims: int, leading: int, batch: int) -> list[int]:
        """Samples first, then other positions, then the entries of the stack and the row."""
        split = [axis + leading - len(self.stack) for axis, size in enumerate(self.stack) if size > 1]
        positions = [axis for axis in range(dims - 1) if axis not in split]
        return [*sorted(positions, key=lambda axis: axis != batch), *split, dims - 1]


def _stacked(weight: F32, where: str) -> StackedProduct:
    return StackedProduct(weight_matrix(weight, where), weight.shape[:-2])


@dataclass(frozen=True, slots=True, eq=False)
class MatMul:
    """A MatMul node; with the constant on the left it is computed transposed.

    Parameters
    ----------
    product : StackedProduct
    swapped : bool
        Whether the constant is the left operand.
    vector : bool
        Whether the constant is a vector.
    """

    product: StackedProduct
    swapped: bool
    vector: bool = False

    @property
    def weights(self) -> tuple[WeightMatrix, ...]:
        return (self.product.matrix,)

    @property
    def data(self) -> int:
        return int(self.swapped)

    def __call__(self, inputs: Inputs, multiply: Multiply, batch_axis: int) -> tuple[Tensor, ...]:
        given = filled(inputs, self.data)
        matrix = given.reshape(1, -1) if given.ndim == 1 else given
        if self.swapped and given.ndim > 1:
            matrix = matrix.swapaxes(-1, -2)
            batch_axis = _swapped_axis(batch_axis, given.ndim)
        made = self.product(matrix, multiply, batch_axis)
        return (np.asarray(self._squeezed(made, given.ndim), order="C"),)

    def _squeezed(self, made: F32, dims: int) -> F32:
        """Without the axes that vectors do not have."""
        if self.vector:
            made = made[..., 0]
            return made[..., 0] if dims == 1 else made
        if dims == 1:
            return made[..., 0, :]
        return made.swapaxes(-1, -2) if self.swapped else made


def _swapped_axis(axis: int, dims: int) -> int:
    return {dims - 1: dims - 2, dims - 2: dims - 1}.get(axis, axis)


def matmul(node: Node, inputs: Inputs) -> MatMul:
    """Read a MatMul node."""
    swapped = inputs[1] is None
    weight = constant(inputs, int(not swapped), node)
    vector = weight.ndim == 1
    matrix = weight.reshape(-1, 1) if vector else weight.swapaxes(-1, -2) if swapped else weight
    return MatMul(_stacked(matrix, node.where), swapped, vector)


@dataclass(frozen=True, slots=True, eq=False)
class Gemm:
    """A Gemm node: alpha A' B' + beta C, the factors and C digitally.

    Parameters
    ----------
    product : MatMul
        A' B'.
    transposed : bool
        Whether the data is transposed first.
    alpha, beta : float
    """

    product: MatMul
    transposed: bool
    alpha: float
    beta: float

    @property
    def weights(self) -> tuple[WeightMatrix, ...]:
        return self.product.weights

    @property
    def data(self) -> int:
        return self.product.data

    def __call__(self, inputs: Inputs, multiply: Multiply, batch_axis: int) -> tuple[Tensor, ...]:
        given = list(inputs)
        if self.transposed:
            given[self.data] = filled(inputs, self.data).T
            batch_axis = 1 - batch_axis
        (result,) = self.product(given, multiply, batch_axis)
        scaled = np.float32(self.alpha) * np.asarray(result, np.float32)
        if len(inputs) < 3 or inputs[2] is None or self.beta == 0:
            return (scaled,)
        return (scaled + np.float32(self.beta) * filled(inputs, 2),)


def gemm(node: Node, inputs: Inputs) -> Gemm:
    """Read a Gemm node."""
    turned = [bool(node.integer(flag, 0)) for flag in ("transA", "transB")]
    held = int(inputs[1] is not None)
    weight = constant(inputs, held, node)
    operands: list[Tensor | None] = [None, None]
    operands[held] = weight.T if turned[held] else weight
    product = matmul(node, operands)
    return Gemm(product, turned[1 - held], node.number("alpha", 1.0), node.number("beta", 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class Einsum:
    """An Einsum of two operands, one of them constant.

    Parameters
    ----------
    product : MatMul
        With the axes of each group of labels merged.
    labels : tuple of str
        Of the data, of the constant, and of the result.
    sizes : dict of str to int
        Of the constant's axes, by label.
    """

    product: MatMul
    labels: tuple[str, str, str]
    sizes: dict[str, int]

    @property
    def weights(self) -> tuple[WeightMatrix, ...]:
        return self.product.weights

    @property
    def data(self) -> int:
        return self.product.data

    def __call__(self, inputs: Inputs, multiply: Multiply, batch_axis: int) -> tuple[Tensor, ...]:
        given = filled(inputs, self.data)
        of_data, of_weight, of_result = self.labels
        stack, summed, columns = _groups(of_weight, of_data, of_result)
        batch = of_data[batch_axis]
        rows = sorted((label for label in of_data if label not in of_weight), key=lambda label: label != batch)
        order = [of_data.index(label) for label in (*stack, *rows, *summed)]
        sizes = {**self.sizes, **dict(zip(of_data, given.shape, strict=True))}
        laid = given.transpose(order).reshape(*(sizes[s] for s in stack), prod(sizes[r] for r in rows), -1)
        made = self.product.product(laid, multiply, len(stack))
        labels = [*stack, *rows, *columns]
        whole = made.reshape([sizes[label] for label in labels])
        return (np.asarray(whole.transpose([labels.index(label) for label in of_result]), order="C"),)


def _groups(weight: str, data: str, result: str) -> tuple[list[str], list[str], list[str]]:
    """Labels of the stack and of the sum, in the left operand's order, and of the columns."""
    shared = [label for label in data if label in weight]
    stack = [label for label in shared if label in result]
    summed = [label for label in shared if label not in result]
    return stack, summed, [label for label in weight if label not in data]


def einsum(node: Node, inputs: Inputs) -> Einsum:
    """Read an Einsum node of two operands, which the importer has found to be a product."""
    swapped = inputs[1] is None
    weight = constant(inputs, int(not swapped), node)
    terms, arrow, result = node.text("equation", "").replace(" ", "").partition("->")
    operands = terms.split(",")
    of_weight, of_data = operands[not swapped], operands[swapped]
    if not arrow:
        result = "".join(sorted(label for label in set(terms) - {","} if terms.count(label) == 1))
    stack, summed, columns = _groups(of_weight, of_data, result)
    sizes = dict(zip(of_weight, weight.shape, strict=True))
    order = [of_weight.index(label) for label in (*stack, *summed, *columns)]
    shape = (*(sizes[label] for label in stack), prod(sizes[s] for s in summed), prod(sizes[c] for c in columns))
    product = MatMul(_stacked(weight.transpose(order).reshape(shape), node.where), swapped=False)
    return Einsum(replace(product, swapped=swapped), (of_data, of_weight, result), sizes)
