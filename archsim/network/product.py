"""What the matrix nodes of a model file compute, tensor by tensor: read once, for whoever computes them.

A network's layers say how much is multiplied and when; a ``ProductSpec`` says of what: which tensors of the file go
in, how they unfold into input vectors and weight matrices, and how the results fold back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Entry = TypeVar("Entry", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Contraction:
    """A product over axes of the data and of the weights: Gemm, MatMul, Einsum.

    Every entry of the data's ``positions`` is one input vector. It holds the ``stack`` and ``summed`` axes in this
    order; each entry of the stack has a matrix of its own, of the summed axes times the columns. Axes of the data or
    the weights that are named nowhere have size 1.

    Parameters
    ----------
    positions : tuple of int
        Axes of the data with one product per entry, in the order of the layer's tokens.
    stack : tuple of (int or None, int)
        Axes of the data and of the weights that run together without being summed over; None, or an axis of size 1,
        where every matrix of the stack takes the same data.
    summed : tuple of (int, int)
        Axes of the data and of the weights that are summed over.
    columns : tuple of int
        Axes of the weights that only they have.
    result : tuple of int or None
        Every axis of the result as its place in (positions, stack, columns), one after the other; None for a new axis
        of size 1.
    """

    positions: tuple[int, ...]
    stack: tuple[tuple[int | None, int], ...]
    summed: tuple[tuple[int, int], ...]
    columns: tuple[int, ...]
    result: tuple[int | None, ...]

    def laid(self, data: NDArray[Entry], stack: tuple[int, ...]) -> NDArray[Entry]:
        """The data as (positions, stack, summed axes), repeated along the axes of the stack that they lack.

        Parameters
        ----------
        data : ndarray
        stack : tuple of int
            Sizes of the stack's axes.
        """
        sizes, named = data.shape, [axis for axis, _ in self.stack if axis is not None]
        order = [*self.positions, *named, *(axis for axis, _ in self.summed)]
        moved = data.transpose([*order, *(axis for axis in range(data.ndim) if axis not in order)])
        places = [sizes[axis] for axis in self.positions]
        inner = [sizes[axis] for axis, _ in self.summed]
        narrow = [1 if axis is None else sizes[axis] for axis, _ in self.stack]
        return np.broadcast_to(moved.reshape(*places, *narrow, *inner), (*places, *stack, *inner))

    def folded(self, made: NDArray[Entry]) -> NDArray[Entry]:
        """The result's axes, from (positions, stack, columns)."""
        moved = made.transpose([place for place in self.result if place is not None])
        return moved[tuple(np.newaxis if place is None else slice(None) for place in self.result)]


@dataclass(frozen=True, slots=True)
class Convolution:
    """A sliding product over data of shape (samples, channels, spatial axes...).

    Weights have the shape (outputs, channels of a group, kernel...). An input vector holds all channels, each with its
    window in raster order.

    Parameters
    ----------
    kernel, strides, dilations : tuple of int
        Per spatial axis.
    before, after : tuple of int
        Zeros added at the beginning and the end of each spatial axis; negative ones cut off.
    groups : int
        Independent parts of the channels.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    groups: int = 1


class CellKind(StrEnum):
    """A recurrent cell, by the name of its ONNX operator."""

    LSTM = "LSTM"
    GRU = "GRU"
    RNN = "RNN"


@dataclass(frozen=True, slots=True)
class Activation:
    """A function inside a recurrent cell.

    Parameters
    ----------
    kind : str
        ONNX operator, in ONNX's own spelling.
    alpha, beta : float or None
        Its coefficients, where it takes any.
    """

    kind: str
    alpha: float | None = None
    beta: float | None = None


@dataclass(frozen=True, slots=True)
class Direction:
    """One pass of a recurrent node over its sequence.

    Parameters
    ----------
    backward : bool
        Whether it reads the sequence from its end.
    activations : tuple of Activation
        Of an LSTM f, g, h; of a GRU f, g; of a plain cell f (the names of the ONNX specification).
    layers : tuple of str
        Layers that hold its matrices, in the order of ``archsim.network.recurrent``.
    """

    backward: bool
    activations: tuple[Activation, ...]
    layers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecurrentCell:
    """An LSTM, GRU or plain recurrent node; its two weights are those of the input and of the state.

    Parameters
    ----------
    kind : CellKind
        Which cell.
    hidden : int
        Units.
    directions : tuple of Direction
        In the order of the weights' first axis.
    batch_first : bool
        Whether the data have the shape (samples, steps, elements) instead of (steps, samples, elements).
    reset_after : bool
        Whether a GRU's reset gate acts on the product.
    clip : float or None
        Bound of the activations' arguments.
    lengths, state, cell_state, peephole : str
        Tensors of the sequences' lengths, the initial output and cell state, and the peephole weights; "" for none.
    """

    kind: CellKind
    hidden: int
    directions: tuple[Direction, ...]
    batch_first: bool = False
    reset_after: bool = False
    clip: float | None = None
    lengths: str = ""
    state: str = ""
    cell_state: str = ""
    peephole: str = ""


@dataclass(frozen=True, slots=True)
class Codes:
    """How the integers of a tensor stand for numbers: (integer - zero point) x scale.

    Parameters
    ----------
    scale, zero_point : str
        Tensors of the file; "" for 1 and for 0.
    """

    scale: str = ""
    zero_point: str = ""


@dataclass(frozen=True, slots=True)
class Quantisation:
    """Codes of a product of integers.

    Parameters
    ----------
    data, weight : Codes
        Of what is multiplied.
    result : Codes or None
        What the result is rounded to; None for a result that stays as it is summed up.
    """

    data: Codes
    weight: Codes
    result: Codes | None


@dataclass(frozen=True, slots=True)
class ProductSpec:
    """One matrix node of a model file.

    Parameters
    ----------
    node : str
        What messages call it.
    outputs : tuple of str
        Tensors that it makes, "" for one that is left out. The first that is named tells the node from all others.
    layers : tuple of str
        Layers of the network that hold its matrices, in their order.
    data : str
        Tensor that is multiplied.
    data_shape : tuple of int
        Its shape, for the inputs that the network was read with.
    weights : tuple of str
        Tensors of the weights; they do not depend on the network's inputs.
    form : Contraction, Convolution or RecurrentCell
        How data and weights unfold.
    bias : str
        Tensor that is added: per output channel of a convolution, broadcast to the result of a contraction, in ONNX's
        own layout for a recurrent cell. "" for none.
    scale, bias_scale : float
        Factors of the product and of the bias (Gemm's alpha and beta).
    quantisation : Quantisation or None
        Where the tensors are integers that stand for numbers.
    """

    node: str
    outputs: tuple[str, ...]
    layers: tuple[str, ...]
    data: str
    data_shape: tuple[int, ...]
    weights: tuple[str, ...]
    form: Contraction | Convolution | RecurrentCell
    bias: str = ""
    scale: float = 1.0
    bias_scale: float = 1.0
    quantisation: Quantisation | None = None


@dataclass(frozen=True, slots=True)
class InputSpec:
    """An input of a model file, as the network was read with it.

    Parameters
    ----------
    name : str
        In the file.
    shape : tuple of int
        With every open size filled in.
    open_batch : bool
        Whether the file leaves the size of the first axis open, so that it takes any number of samples.
    """

    name: str
    shape: tuple[int, ...]
    open_batch: bool
