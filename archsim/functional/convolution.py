"""Conv as a product: every output position's window is one input vector."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from archsim.functional.product import Multiply
from archsim.functional.runtime import F32
from archsim.functional.weights import WeightMatrix, weight_matrix
from archsim.network import Convolution


@dataclass(frozen=True, slots=True, eq=False)
class ConvolutionProduct:
    """A convolution of any dimension.

    Parameters
    ----------
    form : Convolution
    matrix : WeightMatrix
        Rows by channel and kernel position.
    """

    form: Convolution
    matrix: WeightMatrix

    @property
    def fixed_axes(self) -> range:
        """Axes of the data whose sizes are those of the placed network: padding depends on them."""
        return range(1, 2 + len(self.form.kernel))

    def __call__(self, data: F32, multiply: Multiply, batch_axis: int) -> F32:
        """Output of shape (samples, channels, ...)."""
        windows = self._windows(data)
        samples, *grid = windows.shape[: 1 + len(self.form.kernel)]
        vectors = windows.reshape(samples * prod(grid), -1)
        result = np.moveaxis(multiply(0, vectors).reshape(samples, *grid, -1), -1, 1)
        return np.ascontiguousarray(result)

    def with_bias(self, made: F32, bias: F32) -> F32:
        """The result with a bias of one number per output channel."""
        return made + bias.reshape(-1, *(1 for _ in self.form.kernel))

    def _windows(self, image: F32) -> F32:
        """Windows of an image, shape (samples, *grid, channels, *kernel)."""
        form, dims = self.form, len(self.form.kernel)
        reach = tuple((size - 1) * step + 1 for size, step in zip(form.kernel, form.dilations, strict=True))
        views = sliding_window_view(self._padded(image), reach, axis=tuple(range(2, 2 + dims)))
        steps = tuple(slice(None, None, step) for step in (*form.strides, *form.dilations))
        chosen: F32 = views[(slice(None), slice(None), *steps)]
        return chosen.transpose(0, *range(2, 2 + dims), 1, *range(2 + dims, 2 + 2 * dims))

    def _padded(self, image: F32) -> F32:
        ends = list(zip(self.form.before, self.form.after, strict=True))
        inside = (
            slice(max(0, -low), size - max(0, -high)) for (low, high), size in zip(ends, image.shape[2:], strict=True)
        )
        kept = image[(slice(None), slice(None), *inside)]
        return np.pad(kept, ((0, 0), (0, 0), *((max(0, low), max(0, high)) for low, high in ends)))


def convolution(form: Convolution, weight: F32, where: str) -> ConvolutionProduct:
    """Read the weights of a convolution."""
    outputs, channels, *kernel = weight.shape
    rows = channels * prod(kernel)
    matrix = weight.reshape(form.groups, outputs // form.groups, rows).transpose(0, 2, 1)
    return ConvolutionProduct(form, weight_matrix(matrix, where))
