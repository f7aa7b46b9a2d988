"""What every node on arrays offers: its weights, and its outputs from products of vectors with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias

import numpy as np

from archsim.errors import InputError
from archsim.functional.runtime import F32, Tensor
from archsim.functional.weights import WeightMatrix
from archsim.network import ProductSpec

Tensors: TypeAlias = Callable[[str], Tensor]
"""A tensor of the model by its name."""


class Multiply(Protocol):
    """Products of vectors with one of the node's matrices."""

    def __call__(self, matrix: int, vectors: F32, step: int = 0) -> F32:
        """Multiply.

        Parameters
        ----------
        matrix : int
            Which of the node's matrices.
        vectors : ndarray, shape (samples * positions, groups * rows)
            All positions of the first sample, then those of the second, ...
        step : int
            Step of a recurrence.

        Returns
        -------
        ndarray, shape (samples * positions, groups * columns)
        """
        ...


class Product(Protocol):
    """A node whose weights are on arrays."""

    @property
    def weights(self) -> tuple[WeightMatrix, ...]:
        """One per layer of the network that the node became, in the layers' order."""
        ...

    def __call__(self, tensors: Tensors, multiply: Multiply, batch_axis: int) -> tuple[Tensor, ...]:
        """Outputs of the node.

        Parameters
        ----------
        tensors : callable
            The node's inputs.
        multiply : Multiply
            How products are taken.
        batch_axis : int
            Axis of the data along which the samples lie.
        """
        ...


def where(spec: ProductSpec) -> str:
    """The node in the words of an error message."""
    return f"node {spec.node!r}"


def checked(spec: ProductSpec, data: Tensor, axes: Iterable[int]) -> Tensor:
    """The data of a node, whose sizes along some axes are those that it was placed for.

    Raises
    ------
    InputError
        If they are others.
    """
    wanted = spec.data_shape
    if data.ndim != len(wanted) or any(data.shape[axis] != wanted[axis] for axis in axes):
        raise InputError(
            f"its data have the shape {data.shape}, and the network was placed for {wanted}",
            where=where(spec),
            remedy="Place the network for the data's sizes: --shape NAME=SIZES.",
        )
    return data


def constant(spec: ProductSpec, value: Tensor) -> F32:
    """Constant floating-point weights, while a node is read.

    Raises
    ------
    InputError
        If they are not floating-point numbers.
    """
    if not np.issubdtype(value.dtype, np.floating):
        raise InputError(
            f"its weights are {value.dtype}, not floating-point numbers",
            where=where(spec),
            remedy="Export quantised models with QuantizeLinear and DequantizeLinear around floating-point operators, "
            "or with QLinearConv and its like.",
        )
    return np.asarray(value, np.float32)
