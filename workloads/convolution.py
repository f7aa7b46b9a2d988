"""Convolutions over a grid of tokens, one axis or two, as a matrix with a window on its input."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from archsim.network import Matrix, Weights, Window
from archsim.workloads.drafting import Draft, Feed, Stream


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel that is equally long along every axis.

    Parameters
    ----------
    size, stride : int
        Taps and step along each axis.
    groups : int
        Groups of channels that do not see each other; as many as channels for a depthwise convolution.
    pad : int, optional
        Padding on every side; ``size // 2`` where it is not given.
    """

    size: int
    stride: int = 1
    groups: int = 1
    pad: int | None = None

    def taps(self, grid: tuple[int, ...]) -> int:
        """Positions under the kernel."""
        return int(self.size ** len(grid))

    def window(self, grid: tuple[int, ...]) -> Window:
        """How a map of shape ``grid`` is read."""
        pad = self.size // 2 if self.pad is None else self.pad
        out = tuple((side + 2 * pad - self.size) // self.stride + 1 for side in grid)
        axes = len(grid)
        return Window(grid, out, (self.size,) * axes, (self.stride,) * axes, (pad,) * axes, (1,) * axes)


def convolution(draft: Draft, name: str, inputs: Stream, *, channels: int, kernel: Kernel) -> Stream:
    """A convolution with bias.

    Parameters
    ----------
    draft : Draft
        Where it is drawn.
    name : str
        The layer's name.
    inputs : Stream
        A map of shape ``(prod(grid), input channels)``, with its grid.
    channels : int
        Output channels.
    kernel : Kernel
        Size, stride, padding, groups.

    Returns
    -------
    Stream
        A map of shape ``(prod(output grid), channels)``.
    """
    taps = kernel.taps(inputs.grid)
    rows = taps * inputs.width // kernel.groups
    operator = Matrix(Weights(rows, channels // kernel.groups, groups=kernel.groups), taps=taps, bias=True)
    access = kernel.window(inputs.grid)
    grid = access.out_grid
    return draft.layer(name, operator, channels, Feed(inputs, access), tokens=prod(grid), grid=grid)
