"""Hardware-aware training: weights in floating point, products as the chip's arrays would compute them.

For every mini-batch the weights are programmed anew, with errors of their own, read after a time that is drawn between
the first reading and a given one, and multiplied through drivers, wires and converters. Gradients are those of the
product with the exact weights (straight through).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from archsim.numeric import CrossbarSettings, Stream, calibrate, multiply_whole, program
from archsim.numeric.arrays import F32
from archsim.training.matrix import cuts


class AwareProduct(nn.Module):
    """A weight matrix in training, as a layer uses it.

    Parameters
    ----------
    name : str
        Of the layer.
    weight : Tensor, shape (outputs, inputs)
    settings : CrossbarSettings
        As ``archsim accuracy`` has them.
    limits : tuple of int
        Rows and columns of an array.
    stream : Stream
    longest_s : float
        Times since programming are drawn up to this one, evenly in their logarithm.
    """

    def __init__(
        self,
        name: str,
        weight: Tensor,
        settings: CrossbarSettings,
        limits: tuple[int, int],
        stream: Stream,
        longest_s: float,
    ) -> None:
        super().__init__()
        self.name, self.settings, self.limits, self.stream = name, settings, limits, stream
        self.longest_s = longest_s
        self.weight = nn.Parameter(weight.detach().clone())
        self.programmings = nn.Buffer(torch.zeros((), dtype=torch.int64))

    @property
    def weights(self) -> F32:
        """Weights, shape (inputs, outputs)."""
        return np.ascontiguousarray(self.weight.detach().numpy().T)

    def product(self, inputs: Tensor, training: bool) -> Tensor:
        """x W for vectors in the last axis."""
        flat = inputs.reshape(-1, inputs.shape[-1])
        outputs: Tensor = _StraightThrough.apply(flat, self.weight, self, training)
        return outputs.reshape(*inputs.shape[:-1], outputs.shape[-1])

    def computed(self, vectors: F32, training: bool) -> F32:
        """What the arrays give; each programming is another in training, and one and the same without."""
        turn = int(self.programmings) if training else 0
        if training:
            self.programmings.add_(1)
        weights, (rows, columns) = self.weights, self.limits
        outputs = np.zeros((len(vectors), weights.shape[1]), np.float32)
        for i, (top, bottom) in enumerate(cuts(weights.shape[0], rows)):
            for j, (left, right) in enumerate(cuts(weights.shape[1], columns)):
                stream = Stream(self.stream.seed, (*self.stream.block, int(training), turn, i, j))
                part = np.ascontiguousarray(vectors[:, top:bottom])
                outputs[:, left:right] += self._block(weights[top:bottom, left:right], part, stream)
        return outputs

    def _block(self, weights: F32, vectors: F32, stream: Stream) -> F32:
        array = calibrate(program(np.ascontiguousarray(weights), self.settings, stream), vectors)
        found: F32 = multiply_whole(array.at(self._time(stream)), vectors).outputs
        return found

    def _time(self, stream: Stream) -> float:
        """Seconds since programming, evenly in the logarithm from 1 s on."""
        draw = np.random.default_rng([stream.seed, *stream.block]).random()
        return float(self.longest_s**draw) if self.longest_s > 1 else self.longest_s


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, flat: Tensor, weight: Tensor, product: AwareProduct, training: bool) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(flat, weight)
        vectors = np.ascontiguousarray(flat.detach().numpy(), np.float32)
        return torch.from_numpy(product.computed(vectors, training))

    @staticmethod
    def backward(ctx, gradient: Tensor):  # type: ignore[no-untyped-def]
        flat, weight = ctx.saved_tensors
        back = gradient @ weight if ctx.needs_input_grad[0] else None
        return back, gradient.T @ flat, None, None
