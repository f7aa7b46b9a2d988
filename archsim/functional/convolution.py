"""Conv as a product: every output position's window is one input vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from archsim.functional.product import Inputs, Multiply, constant, filled
from archsim.functional.runtime import F32, Tensor
from archsim.functional.weights import WeightMatrix, weight_matrix
from archsim.network.onnx_import.node import Node


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A Conv node of any dimension.

    Parameters
    ----------
    weights : tuple of WeightMatrix
        One, with rows by channel and kernel position.
    kernel, strides, dilations : tuple of int
        Per dimension.
    pads : tuple of int, optional
        All beginnings, then all ends, as ONNX writes them; None where ``auto_pad`` says.
    auto_pad : str
        ONNX's attribute.
    """

    weights: tuple[WeightMatrix, ...]
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...] | None
    auto_pad: str
    data: int = 0

    def __call__(self, inputs: Inputs, multiply: Multiply, batch_axis: int) -> tuple[Tensor, ...]:
        """Output of shape (samples, channels, ...)."""
        windows = self._windows(filled(inputs, 0))
        samples, *grid = windows.shape[: 1 + len(self.kernel)]
        vectors = windows.reshape(samples * int(np.prod(grid)), -1)
        result = np.moveaxis(multiply(0, vectors).reshape(samples, *grid, -1), -1, 1)
        if len(inputs) > 2 and inputs[2] is not None:
            result = result + filled(inputs, 2).reshape(-1, *(1 for _ in grid))
        return (np.ascontiguousarray(result),)

    def _windows(self, image: F32) -> F32:
        """Windows of an image, shape (samples, *grid, channels, *kernel)."""
        dims = len(self.kernel)
        reach = tuple((size - 1) * step + 1 for size, step in zip(self.kernel, self.dilations, strict=True))
        padded = np.pad(image, ((0, 0), (0, 0), *self._padding(image.shape[2:], reach)))
        views = sliding_window_view(padded, reach, axis=tuple(range(2, 2 + dims)))
        steps = tuple(slice(None, None, step) for step in (*self.strides, *self.dilations))
        chosen: F32 = views[(slice(None), slice(None), *steps)]
        return chosen.transpose(0, *range(2, 2 + dims), 1, *range(2 + dims, 2 + 2 * dims))

    def _padding(self, sizes: tuple[int, ...], reach: tuple[int, ...]) -> list[tuple[int, int]]:
        dims = len(sizes)
        if self.auto_pad in ("SAME_UPPER", "SAME_LOWER"):
            return [self._same(*each) for each in zip(sizes, reach, self.strides, strict=True)]
        if self.auto_pad == "VALID" or self.pads is None:
            return [(0, 0)] * dims
        return list(zip(self.pads[:dims], self.pads[dims:], strict=True))

    def _same(self, size: int, reach: int, stride: int) -> tuple[int, int]:
        total = max(0, (-(-size // stride) - 1) * stride + reach - size)
        less, more = total // 2, total - total // 2
        return (less, more) if self.auto_pad == "SAME_UPPER" else (more, less)


def convolution(node: Node, inputs: Inputs) -> Convolution:
    """Read a Conv node; ``inputs`` holds its constants, None for the rest."""
    weight = constant(inputs, 1, node)
    groups, (outputs, channels, *kernel) = node.integer("group", 1), weight.shape
    matrix = weight.reshape(groups, outputs // groups, channels * int(np.prod(kernel))).transpose(0, 2, 1)
    ones = (1,) * len(kernel)
    return Convolution(
        (weight_matrix(matrix, node.where),),
        tuple(kernel),
        node.integers("strides") or ones,
        node.integers("dilations") or ones,
        node.integers("pads"),
        node.text("auto_pad", "NOTSET"),
    )
