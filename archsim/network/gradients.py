"""Gradients of digital operators, per element: what is kept of the forward pass, and the primitive operations.

Textbook derivatives. A function whose derivative is a polynomial of its own output (sigmoid, tanh) keeps that; one
of which a table gives the derivative keeps its input. The gradient that arrives is multiplied by the derivative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from archsim.errors import InputError
from archsim.network.operators import Counts, Digital, Primitive

_ADD, _MULTIPLY, _COMPARE, _LOOKUP = Primitive.ADD, Primitive.MULTIPLY, Primitive.COMPARE, Primitive.LOOKUP


class Kept(Enum):
    """What a gradient needs of the forward pass."""

    NOTHING = "nothing"
    INPUT = "its input"
    OUTPUT = "its output"


@dataclass(frozen=True, slots=True)
class Gradient:
    """The gradient of an operator by its input.

    Parameters
    ----------
    kept : Kept
    each : Counts
        Operations per element of the input; none where the gradient passes as it is.
    """

    kept: Kept
    each: Counts = ()


_BY_TABLE = Gradient(Kept.INPUT, ((_LOOKUP, 1), (_MULTIPLY, 1)))
_GRADIENTS: Mapping[str, Gradient] = MappingProxyType(
    {
        **dict.fromkeys(("add", "copy"), Gradient(Kept.NOTHING)),
        **dict.fromkeys(("relu", "clip"), Gradient(Kept.OUTPUT, ((_COMPARE, 1),))),
        "abs": Gradient(Kept.INPUT, ((_COMPARE, 1),)),
        "leaky-relu": Gradient(Kept.OUTPUT, ((_COMPARE, 1), (_MULTIPLY, 1))),
        **dict.fromkeys(("scale", "batch-norm"), Gradient(Kept.NOTHING, ((_MULTIPLY, 1),))),
        "sigmoid": Gradient(Kept.OUTPUT, ((_ADD, 1), (_MULTIPLY, 2))),
        "tanh": Gradient(Kept.OUTPUT, ((_ADD, 1), (_MULTIPLY, 2))),
        "exp": Gradient(Kept.OUTPUT, ((_MULTIPLY, 1),)),
        "square": Gradient(Kept.INPUT, ((_MULTIPLY, 2),)),
        **dict.fromkeys(("gelu", "silu", "hard-swish", "mish", "erf", "log", "pow", "softplus"), _BY_TABLE),
        **dict.fromkeys(("elu", "selu", "celu", "hard-sigmoid", "softsign", "trigonometric"), _BY_TABLE),
    }
)
POOLS = MappingProxyType({"max-pool": Kept.INPUT, "average-pool": Kept.NOTHING})
"""Pools, and what their gradients need: a maximum sends its gradient to the element that it was."""
LSTM_CELL = "lstm-cell"
SOFTMAX = frozenset({"softmax", "log-softmax"})
"""Outputs whose gradient with that of the cross-entropy is one subtraction."""


def gradient_of(operator: Digital, operands: int, where: str) -> Gradient:
    """The gradient of an element-wise operator.

    Parameters
    ----------
    operator : Digital
    operands : int
        Streams that it takes: a product of one stream is by a constant.
    where : str
        For the error.

    Raises
    ------
    InputError
        If none is known.
    """
    if operator.kind == "mul" and operands == 1:
        return Gradient(Kept.NOTHING, ((_MULTIPLY, 1),))
    known = _plain_cell(operator) if operator.kind == "rnn-cell" else _GRADIENTS.get(operator.kind)
    if known is None or operator.whole_token or operator.contract > 1:
        raise InputError(
            f"no gradient is known of the operator {operator.kind!r}",
            where=where,
            remedy=f"Train a network of matrices, pools and {', '.join(sorted(_GRADIENTS))}; the last operator may "
            "be a softmax.",
        )
    return known


def _plain_cell(operator: Digital) -> Gradient:
    """Of a plain recurrent cell, whose activation is tabulated (tanh, sigmoid) or a comparison (rectified)."""
    tabulated = any(primitive is _LOOKUP for primitive, _ in operator.work)
    return _GRADIENTS["tanh" if tabulated else "relu"]


def lstm_gradient_work(hidden: int) -> Counts:
    """Gradient of an LSTM's state update, per step: gates and states are worked out again, backwards.

    Per unit: four activations of gates and tanh of the state (LOOKUP); the state before, (c - i g) / f (a product, a
    difference, a DIVIDE); the output gate's gradient (three products, a difference), what the state gains by the output
    (three products, a difference, a sum), those of the input and forget gates and of the new value (three products and
    a difference each), and what the state before takes over (a product).
    """
    each = ((_LOOKUP, 5), (Primitive.DIVIDE, 1), (_MULTIPLY, 1 + 3 + 3 + 9 + 1), (_ADD, 1 + 1 + 2 + 3))
    return tuple((primitive, count * hidden) for primitive, count in each)
