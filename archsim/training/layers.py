"""Layers of PyTorch whose weights live on arrays: linear, convolution, recurrent, attention.

Each has the interface of the layer it stands for. Biases, activations, softmax and everything else between the products
are digital and PyTorch's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from archsim.numeric.arrays import F32


class Held(Protocol):
    """A weight matrix on arrays."""

    @property
    def weights(self) -> F32:
        """As they are now, shape (inputs, outputs)."""
        ...

    def product(self, inputs: Tensor, training: bool) -> Tensor:
        """x W for vectors in the last axis."""
        ...


Place = Callable[[Tensor, str], Held]
"""Takes a weight matrix, shape (outputs, inputs), to arrays; with a name for it."""


class Linear(nn.Module):
    """In place of ``nn.Linear``."""

    def __init__(self, source: nn.Linear, place: Place) -> None:
        super().__init__()
        self.arrays = [place(source.weight, "weight")]
        self.bias = source.bias

    def forward(self, inputs: Tensor) -> Tensor:
        """x W + b."""
        outputs = self.arrays[0].product(inputs, self.training)
        return outputs if self.bias is None else outputs + self.bias

    def give_back(self, source: nn.Linear) -> None:
        """Write the weights as they are now into a layer of floating-point numbers."""
        source.weight.data = weights_of(self.arrays[0])
        if self.bias is not None and source.bias is not None:
            source.bias.data = self.bias.data.clone()


def weights_of(arrays: Held) -> Tensor:
    """Weights as products see them, shape (outputs, inputs)."""
    return torch.from_numpy(arrays.weights.T.copy())


class Convolution(nn.Module):
    """In place of ``nn.Conv1d`` and ``nn.Conv2d``: the input is unfolded, and every position is a vector."""

    def __init__(self, source: nn.Conv1d | nn.Conv2d, place: Place) -> None:
        super().__init__()
        self.flat = isinstance(source, nn.Conv1d)
        weight = source.weight.detach()
        per_group = weight.shape[0] // source.groups
        self.arrays = [
            place(weight[first * per_group : (first + 1) * per_group].flatten(1), f"group {first}")
            for first in range(source.groups)
        ]
        self.bias = source.bias
        self.kernel, self.stride, self.dilation = (
            _two(sizes, 1) for sizes in (source.kernel_size, source.stride, source.dilation)
        )
        self.padding = _padding(source)

    def forward(self, inputs: Tensor) -> Tensor:
        """The convolution, positions in raster order."""
        image = inputs.unsqueeze(-2) if self.flat else inputs
        padded = functional.pad(image, self.padding)
        columns = functional.unfold(padded, self.kernel, dilation=self.dilation, stride=self.stride).transpose(1, 2)
        parts = columns.chunk(len(self.arrays), dim=2)
        found = [arrays.product(part, self.training) for arrays, part in zip(self.arrays, parts, strict=True)]
        outputs = torch.cat(found, dim=2).transpose(1, 2)
        if self.bias is not None:
            outputs = outputs + self.bias[:, None]
        height, width = (_positions(padded.shape[2 + axis], self, axis) for axis in (0, 1))
        shaped = outputs.reshape(len(inputs), -1, height, width)
        return shaped.squeeze(-2) if self.flat else shaped

    def give_back(self, source: nn.Conv1d | nn.Conv2d) -> None:
        """Write the weights as they are now into a layer of floating-point numbers."""
        whole = torch.cat([weights_of(arrays) for arrays in self.arrays])
        source.weight.data = whole.reshape(source.weight.shape)
        if self.bias is not None and source.bias is not None:
            source.bias.data = self.bias.data.clone()


def _two(sizes: tuple[int, ...], first: int) -> tuple[int, int]:
    return (first, sizes[0]) if len(sizes) == 1 else (sizes[0], sizes[1])


def _padding(source: nn.Conv1d | nn.Conv2d) -> tuple[int, int, int, int]:
    """Left, right, top, bottom."""
    if source.padding == "valid":
        return (0, 0, 0, 0)
    if isinstance(source.padding, str):
        spans = [d * (k - 1) for d, k in zip(source.dilation, source.kernel_size, strict=True)]
        sides = [(span // 2, span - span // 2) for span in spans]
    else:
        sides = [(size, size) for size in source.padding]
    (top, bottom), (left, right) = ((0, 0), sides[0]) if len(sides) == 1 else (sides[0], sides[1])
    return (left, right, top, bottom)


def _positions(size: int, layer: Convolution, axis: int) -> int:
    return (size - layer.dilation[axis] * (layer.kernel[axis] - 1) - 1) // layer.stride[axis] + 1


class Attention(nn.Module):
    """In place of ``nn.MultiheadAttention``: its four projections are on arrays."""

    def __init__(self, source: nn.MultiheadAttention, place: Place) -> None:
        super().__init__()
        self.heads, self.batch_first, self.dropout = source.num_heads, source.batch_first, source.dropout
        widths = source.in_proj_weight.detach().chunk(3)
        self.arrays = [place(part, name) for part, name in zip(widths, ("query", "key", "value"), strict=True)]
        self.arrays.append(place(source.out_proj.weight.detach(), "output"))
        self.projection_bias = source.in_proj_bias
        self.output_bias = source.out_proj.bias
        # What PyTorch's encoder layer asks before it takes a path of its own, which reads the weights.
        self.in_proj_bias = None
        self._qkv_same_embed_dim = False

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = False,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, None]:
        """Attention without its weights; masks as PyTorch's."""
        given = (query, key, value) if self.batch_first else tuple(part.transpose(0, 1) for part in (query, key, value))
        bias = [None] * 3 if self.projection_bias is None else self.projection_bias.chunk(3)
        q, k, v = (self._split(index, part, bias[index]) for index, part in enumerate(given))
        mask = _mask(attn_mask, key_padding_mask, q)
        dropped = self.dropout if self.training else 0.0
        causal = is_causal and mask is None
        mixed = functional.scaled_dot_product_attention(q, k, v, mask, dropped, causal)
        outputs = self.arrays[3].product(mixed.transpose(1, 2).flatten(2), self.training)
        outputs = outputs if self.output_bias is None else outputs + self.output_bias
        return (outputs if self.batch_first else outputs.transpose(0, 1)), None

    def _split(self, index: int, part: Tensor, bias: Tensor | None) -> Tensor:
        projected = self.arrays[index].product(part, self.training)
        projected = projected if bias is None else projected + bias
        return projected.reshape(*projected.shape[:2], self.heads, -1).transpose(1, 2)

    def give_back(self, source: nn.MultiheadAttention) -> None:
        """Write the weights as they are now into a layer of floating-point numbers."""
        source.in_proj_weight.data = torch.cat([weights_of(arrays) for arrays in self.arrays[:3]])
        source.out_proj.weight.data = weights_of(self.arrays[3])
        if self.projection_bias is not None:
            source.in_proj_bias.data = self.projection_bias.data.clone()
        if self.output_bias is not None:
            source.out_proj.bias.data = self.output_bias.data.clone()


def _mask(attention: Tensor | None, padding: Tensor | None, like: Tensor) -> Tensor | None:
    """One additive mask of PyTorch's two."""
    if attention is None and padding is None:
        return None
    total = torch.zeros((), dtype=like.dtype)
    if attention is not None:
        mask = _additive(attention, like)
        heads = like.shape[1]
        total = total + (mask if mask.dim() == 2 else mask.reshape(-1, heads, *mask.shape[1:]))
    if padding is not None:
        total = total + _additive(padding, like)[:, None, None, :]
    return total


def _additive(mask: Tensor, like: Tensor) -> Tensor:
    if mask.dtype != torch.bool:
        return mask.to(like.dtype)
    return torch.zeros(mask.shape, dtype=like.dtype).masked_fill(mask, -math.inf)
