"""What every node on arrays offers: its weights, and its outputs from products of vectors with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np

from archsim.functional.runtime import F32, Tensor
from archsim.functional.weights import WeightMatrix
from archsim.network.onnx_import.node import Node

Inputs: TypeAlias = Sequence[Tensor | None]
"""Inputs of a node by place, None where one is left out or not known."""


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

    @property
    def data(self) -> int:
        """Place of the input that is multiplied."""
        ...

    def __call__(self, inputs: Inputs, multiply: Multiply, batch_axis: int) -> tuple[Tensor, ...]:
        """Outputs of the node.

        Parameters
        ----------
        inputs : sequence of ndarray or None
            By place.
        multiply : Multiply
            How products are taken.
        batch_axis : int
            Axis of the data input along which the samples lie.
        """
        ...


def filled(inputs: Inputs, place: int) -> F32:
    """An input that is there, as float32."""
    found = inputs[place]
    assert found is not None
    return np.asarray(found, np.float32)


def constant(inputs: Inputs, place: int, node: Node) -> F32:
    """Constant weights, while a node is read.

    Raises
    ------
    InputError
        If they are missing, computed while the model runs, or not floating-point numbers.
    """
    found = inputs[place] if place < len(inputs) else None
    if found is None:
        raise node.fault(
            f"its weight (input {place}) is computed while the model runs, or missing",
            "Export the model with constant weights, kept in the file.",
        )
    if not np.issubdtype(found.dtype, np.floating):
        raise node.fault(
            f"its weight (input {place}) is {found.dtype}, not floating-point numbers",
            "Export quantised models with QuantizeLinear and DequantizeLinear around floating-point operators.",
        )
    return np.asarray(found, np.float32)
