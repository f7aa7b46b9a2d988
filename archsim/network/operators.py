"""What a layer does to each of its tokens, and the primitive operations that takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Primitive(StrEnum):
    """An operation on one element that a digital unit carries out."""

    MAC = "mac"
    ADD = "add"
    MULTIPLY = "multiply"
    COMPARE = "compare"
    EXP = "exp"
    DIVIDE = "divide"
    RSQRT = "rsqrt"
    LOOKUP = "lookup"
    MOVE = "move"


Counts = tuple[tuple[Primitive, int], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A network input: its tokens arrive from the host."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A network output: its tokens leave for the host."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A matrix of constants, apart from the layers that use it.

    Parameters
    ----------
    rows, columns : int
        Of one group: inputs times outputs.
    groups : int
        Independent matrices side by side (grouped and depthwise convolution).
    name : str
        Layers whose weights bear the same name use the same ones. Empty for weights of one layer alone, which bear its
        name.
    origin : tuple of str
        Names of the initializers in the ONNX file that hold them, empty for a named network.
    """

    rows: int
    columns: int
    groups: int = 1
    name: str = ""
    origin: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Weights of all groups."""
        return self.rows * self.columns * self.groups


@dataclass(frozen=True, slots=True)
class Matrix:
    """A product with constant weights: Conv as im2col, Gemm, MatMul, recurrent gates.

    Parameters
    ----------
    weights : Weights
        What it multiplies by.
    taps : int
        Rows per input element: the kernel's positions of a convolution, 1 otherwise. Row ``e * taps + k`` belongs to
        element e.
    bias : bool
        Whether a bias is added per column.
    """

    weights: Weights
    taps: int = 1
    bias: bool = False

    @property
    def inputs(self) -> int:
        """Elements of the input vector."""
        return self.weights.rows * self.weights.groups // self.taps

    @property
    def outputs(self) -> int:
        """Elements of the output vector."""
        return self.weights.columns * self.weights.groups

    @property
    def macs(self) -> int:
        """Multiply-accumulates per token."""
        return self.weights.count


@dataclass(frozen=True, slots=True)
class Digital:
    """Anything that a digital unit does to a token.

    Parameters
    ----------
    kind : str
        The operator in the field's words: "relu", "add", "softmax", "max-pool", "scores".
    work : Counts
        Primitive operations per output token.
    work_per_key : Counts
        Primitive operations per output token and per key that it reads through ``keys_port`` (attention).
    keys_port : int or None
        The port whose reach (plus its context) is the number of keys.
    whole_token : bool
        True when one unit must see the whole token (softmax, normalisation, dynamic products); False when a token's
        columns can be treated apart.
    contract : int
        Input elements per output element on port 0: 4 for an LSTM's cell, whose gates are interleaved by unit.
    heads : int
        Pieces of equal width that different units can treat apart, though each piece in one: attention's heads, or
        groups of heads that share keys. Each piece reads its own equal share of every operand.
    product : bool
        True for a product of two activations, whose MACs count as operations of the network.
    table : int
        Elements of a look-up table in memory (an embedding), of which each token reads ``width``.
    """

    kind: str
    work: Counts = ()
    work_per_key: Counts = ()
    keys_port: int | None = None
    whole_token: bool = False
    contract: int = 1
    heads: int = 1
    product: bool = False
    table: int = 0


Operator = Source | Sink | Matrix | Digital
