"""Products with arrays that train, as operations of PyTorch: forward, transposed, and noted for the update."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from archsim.numeric.arrays import F32
from archsim.training.algorithms import Batch, Effort
from archsim.training.matrix import Matrix


@dataclass(slots=True, eq=False)
class Arrays:
    """A weight matrix on arrays, as a layer uses it: what was read since the last update waits here for the next.

    Parameters
    ----------
    name : str
        Of the layer.
    matrix : Matrix
    effort : Effort
        Of all updates.
    inputs, errors : list of ndarray
        Of the products that were differentiated since the last update.
    """

    name: str
    matrix: Matrix
    effort: Effort = field(default_factory=Effort)
    inputs: list[F32] = field(default_factory=list)
    errors: list[F32] = field(default_factory=list)

    @property
    def weights(self) -> F32:
        """As products see them, shape (inputs, outputs)."""
        return self.matrix.weights

    def product(self, inputs: Tensor, training: bool) -> Tensor:
        """x W for vectors in the last axis."""
        flat = inputs.reshape(-1, inputs.shape[-1])
        # Nothing else need ask for gradients: those of the weights are noted when the product is differentiated.
        anchor = torch.zeros((), requires_grad=torch.is_grad_enabled())
        outputs: Tensor = _Product.apply(flat, anchor, self, training)
        return outputs.reshape(*inputs.shape[:-1], outputs.shape[-1])

    def update(self, rate: float, examples: int) -> None:
        """Pulse what has been noted, in the order in which it was differentiated; nothing where there is nothing."""
        if self.inputs:
            batch = Batch(np.concatenate(self.inputs), np.concatenate(self.errors), rate, examples)
            self.matrix, effort = self.matrix.updated(batch)
            self.effort += effort
        self.forget()

    def forget(self) -> None:
        """Drop what has been noted."""
        self.inputs.clear()
        self.errors.clear()


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, flat: Tensor, anchor: Tensor, arrays: Arrays, training: bool) -> Tensor:  # type: ignore[no-untyped-def]
        vectors = np.ascontiguousarray(flat.detach().numpy(), np.float32)
        outputs, arrays.matrix = arrays.matrix.forward(vectors, training=training)
        ctx.arrays, ctx.vectors = arrays, vectors
        return torch.from_numpy(outputs)

    @staticmethod
    def backward(ctx, gradient: Tensor):  # type: ignore[no-untyped-def]
        errors = np.ascontiguousarray(gradient.numpy(), np.float32)
        ctx.arrays.inputs.append(ctx.vectors)
        ctx.arrays.errors.append(errors)
        if not ctx.needs_input_grad[0]:
            return None, None, None, None
        back, ctx.arrays.matrix = ctx.arrays.matrix.backward(errors)
        return torch.from_numpy(back), None, None, None
