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


class Use(StrEnum):
    """What a layer does with its weights."""

    FORWARD = "forward"
    """Multiplies its inputs by them."""
    TRANSPOSED = "transposed"
    """Multiplies errors by their transpose: port 0 has the errors of the outputs."""
    UPDATE = "update"
    """Adds the outer product of inputs (port 0) and errors of the outputs (port 1) to them; makes a sign that it is
    done."""
    WRITE = "write"
    """Adds a matrix of changes to them, row by row, whose rows are on port 0; makes a sign that it is done."""

    @property
    def changes(self) -> bool:
        """Whether the weights are others afterwards."""
        return self in (Use.UPDATE, Use.WRITE)


@dataclass(frozen=True, slots=True)
class Matrix:
    """A product with weights: Conv as im2col, Gemm, MatMul, recurrent gates; or another use of such weights.

    Parameters
    ----------
    weights : Weights
        What it multiplies by.
    taps : int
        Rows per input element: the kernel's positions of a convolution, 1 otherwise. Row ``e * taps + k`` belongs to
        element e.
    bias : bool
        Whether a bias is added per column.
    use : Use
        What is done with the weights.
    """

    weights: Weights
    taps: int = 1
    bias: bool = False
    use: Use = Use.FORWARD

    @property
    def inputs(self) -> int:
        """Elements of the input vector, on port 0."""
        return self.wants(0)

    @property
    def outputs(self) -> int:
        """Elements of the output vector."""
        weights = self.weights
        if self.use.changes:
            return 1
        return (weights.columns if self.use is Use.FORWARD else weights.rows) * weights.groups

    def wants(self, port: int) -> int:
        """Elements that arrive at a port."""
        weights = self.weights
        if self.by_column(port):
            return weights.columns * weights.groups
        return weights.rows * weights.groups // self.taps

    def by_column(self, port: int) -> bool:
        """Whether what arrives at a port belongs to the columns, as errors of outputs do."""
        return self.use in (Use.TRANSPOSED, Use.WRITE) or (self.use is Use.UPDATE and port == 1)

    @property
    def macs(self) -> int:
        """Multiply-accumulates per token; none where the changes were multiplied before."""
        return 0 if self.use is Use.WRITE else self.weights.count


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
