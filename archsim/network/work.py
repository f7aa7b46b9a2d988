"""Primitive operations of the digital operators, per output token.

One page of conventions, shared by the ONNX importer and the named networks, so that the same operator costs the same
wherever it comes from. Every count follows from the operator's textbook formula; what one token takes is what is
returned. Reading and writing the operands is not counted here: transfers and buffers carry that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from archsim.errors import InputError
from archsim.network.operators import Counts, Primitive

_MAC, _ADD, _MULTIPLY = Primitive.MAC, Primitive.ADD, Primitive.MULTIPLY
_COMPARE, _LOOKUP, _EXP = Primitive.COMPARE, Primitive.LOOKUP, Primitive.EXP
_DIVIDE, _RSQRT, _MOVE = Primitive.DIVIDE, Primitive.RSQRT, Primitive.MOVE

PER_ELEMENT: Mapping[str, Counts] = MappingProxyType(
    {
        **dict.fromkeys(("relu", "clip", "abs", "sign", "threshold", "compare", "max", "min"), ((_COMPARE, 1),)),
        **dict.fromkeys(("logic", "where", "is-special"), ((_COMPARE, 1),)),
        **dict.fromkeys(("leaky-relu", "prelu"), ((_COMPARE, 1), (_MULTIPLY, 1))),
        **dict.fromkeys(("add", "sub", "negate", "round", "shift", "cumulative-sum"), ((_ADD, 1),)),
        **dict.fromkeys(("mul", "square", "scale"), ((_MULTIPLY, 1),)),
        **dict.fromkeys(("div", "mod", "reciprocal"), ((_DIVIDE, 1),)),
        **dict.fromkeys(("sigmoid", "tanh", "erf", "log", "trigonometric", "pow", "softplus"), ((_LOOKUP, 1),)),
        **dict.fromkeys(("elu", "selu", "celu", "hard-sigmoid", "softsign"), ((_LOOKUP, 1),)),
        **dict.fromkeys(("gelu", "silu", "hard-swish", "mish"), ((_LOOKUP, 1), (_MULTIPLY, 1))),
        "sqrt": ((_RSQRT, 1), (_MULTIPLY, 1)),
        "rsqrt": ((_RSQRT, 1),),
        "exp": ((_EXP, 1),),
        "batch-norm": ((_MAC, 1),),
        "quantize": ((_MULTIPLY, 1), (_ADD, 1), (_COMPARE, 1)),
        "dequantize": ((_ADD, 1), (_MULTIPLY, 1)),
        "copy": ((_MOVE, 1),),
        "embedding": ((_MOVE, 1),),
        "gather": ((_MOVE, 1),),
        "scatter": ((_MOVE, 1),),
        "random": ((_LOOKUP, 1),),
    }
)
"""Operations per output element of the element-wise operators, by kind. A table look-up gives any function of one
variable; the gated ones (x times a function of x) multiply after it."""


class Reduction(StrEnum):
    """How a pool or a reduction folds its elements into one."""

    MAX = "max"
    AVERAGE = "average"
    SUM = "sum"
    PRODUCT = "product"
    SQUARES = "squares"
    NORM = "norm"
    LOG_SUM = "log-sum"
    LOG_SUM_EXP = "log-sum-exp"


def scaled(counts: Counts, times: int) -> Counts:
    """The same work, ``times`` over; parts that come to nothing are left out."""
    return tuple((primitive, count * times) for primitive, count in counts if count * times)


def together(*parts: Counts) -> Counts:
    """The sum of several works, one entry per primitive."""
    total: Counter[Primitive] = Counter()
    for part in parts:
        total.update(dict(part))
    return tuple((primitive, count) for primitive, count in total.items() if count)


def activation_work(kind: str, width: int) -> Counts:
    """Work of an element-wise operator on a token of ``width`` elements.

    Parameters
    ----------
    kind : str
        A key of ``PER_ELEMENT``: "relu", "gelu", "add", ...
    width : int
        Elements of the output token.

    Raises
    ------
    InputError
        If no count is known for the kind.
    """
    if kind not in PER_ELEMENT:
        raise InputError(
            f"no operation count is known for the element-wise operator {kind!r}",
            where="archsim.network.work",
            remedy=f"Use one of: {', '.join(sorted(PER_ELEMENT))}.",
        )
    return scaled(PER_ELEMENT[kind], width)


def softmax_work(length: int, rows: int = 1) -> Counts:
    """Softmax over ``rows`` independent vectors of ``length``: maximum, exponentials, sum, one division, scaling."""
    row = ((_EXP, length), (_COMPARE, length - 1), (_ADD, length - 1), (_DIVIDE, 1), (_MULTIPLY, length))
    return scaled(row, rows)


def log_softmax_work(length: int, rows: int = 1) -> Counts:
    """Log-softmax: maximum, exponentials, sum, one logarithm, then a subtraction per element."""
    row = ((_EXP, length), (_COMPARE, length - 1), (_ADD, 2 * length - 1), (_LOOKUP, 1))
    return scaled(row, rows)


def statistics_work(length: int, rows: int = 1) -> Counts:
    """Mean and inverse deviation of ``length`` elements: two sums (ADD), the squares (MULTIPLY), one RSQRT."""
    return scaled(((_ADD, 2 * length), (_MULTIPLY, length), (_RSQRT, 1)), rows)


def scale_offset_work(width: int) -> Counts:
    """One MULTIPLY and one ADD per element: applying a normalisation's statistics."""
    return scaled(((_MULTIPLY, 1), (_ADD, 1)), width)


def layer_norm_work(length: int, rows: int = 1) -> Counts:
    """Normalisation to zero mean and unit variance over ``length`` elements: the statistics, then scale and offset.

    The learned scale and offset are merged into those of the statistics. Group and instance normalisation are the
    same formula with other groups of elements.
    """
    return together(statistics_work(length, rows), scale_offset_work(length * rows))


def rms_norm_work(length: int, rows: int = 1) -> Counts:
    """Normalisation by the root mean square: squares and their sum, one RSQRT, two scalings."""
    row = ((_ADD, length), (_MULTIPLY, 3 * length), (_RSQRT, 1))
    return scaled(row, rows)


def batch_norm_work(width: int) -> Counts:
    """Batch normalisation with fixed statistics: one multiply-accumulate per element."""
    return activation_work("batch-norm", width)


def local_response_norm_work(size: int, width: int) -> Counts:
    """Local response normalisation across ``size`` channels.

    Per element: its square (MULTIPLY), the sum over the window (``size`` - 1 ADD), scale and bias (MAC), the power
    (LOOKUP) and the product (MULTIPLY).
    """
    return scaled(((_MULTIPLY, 2), (_ADD, size - 1), (_MAC, 1), (_LOOKUP, 1)), width)


def reduction_work(reduction: Reduction, taps: int, width: int = 1) -> Counts:
    """Folding ``taps`` elements into one, for each of ``width`` outputs (pooling, ReduceSum, ...)."""
    sums: dict[Reduction, Counts] = {
        Reduction.MAX: ((_COMPARE, taps - 1),),
        Reduction.SUM: ((_ADD, taps - 1),),
        Reduction.AVERAGE: ((_ADD, taps - 1), (_MULTIPLY, 1)),
        Reduction.PRODUCT: ((_MULTIPLY, taps - 1),),
        Reduction.SQUARES: ((_MAC, taps),),
        Reduction.NORM: ((_MAC, taps), (_LOOKUP, 1)),
        Reduction.LOG_SUM: ((_ADD, taps - 1), (_LOOKUP, 1)),
        Reduction.LOG_SUM_EXP: ((_EXP, taps), (_ADD, taps - 1), (_LOOKUP, 1)),
    }
    return scaled(sums[reduction], width)


def pool_work(reduction: Reduction, taps: int, width: int) -> Counts:
    """Pooling ``taps`` positions (the kernel's, padding included) of ``width`` channels."""
    return reduction_work(reduction, taps, width)


def interpolation_work(taps: int, width: int) -> Counts:
    """Resampling each of ``width`` elements from ``taps`` neighbours (4 for bilinear, 16 for bicubic): MACs."""
    return scaled(((_MAC, taps),), width)


def sort_work(length: int, kept: int, rows: int = 1) -> Counts:
    """The ``kept`` largest of ``length`` elements: one pass of comparisons for each that is kept."""
    return scaled(((_COMPARE, length * kept),), rows)


def lstm_cell_work(hidden: int, *, peephole: bool = False) -> Counts:
    """LSTM state update: three sigmoids, two tanh, three products, one sum per unit; three MACs more with peepholes."""
    unit = ((_LOOKUP, 5), (_MULTIPLY, 3), (_ADD, 1))
    return scaled((*unit, (_MAC, 3)) if peephole else unit, hidden)


def gru_reset_work(hidden: int) -> Counts:
    """GRU's reset gate: a sigmoid, and its product with the old state."""
    return scaled(((_LOOKUP, 1), (_MULTIPLY, 1)), hidden)


def gru_cell_work(hidden: int, *, reset_after: bool = False) -> Counts:
    """GRU state update: z's sigmoid, n's tanh, h = n + z (h - n); with ``reset_after`` also r's sigmoid and product.

    The blend takes one product and two sums per unit; the reset after the product one more of each.
    """
    update = scaled(((_LOOKUP, 2), (_MULTIPLY, 1), (_ADD, 2)), hidden)
    reset = scaled(((_LOOKUP, 1), (_MULTIPLY, 1), (_ADD, 1)), hidden)
    return together(update, reset) if reset_after else update


def rnn_cell_work(hidden: int, activation: str = "tanh") -> Counts:
    """State update of a plain recurrent cell: its activation."""
    return activation_work(activation, hidden)
