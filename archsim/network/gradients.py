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
from archsim.network.work import scaled, together

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
        **dict.fromkeys(("add", "sub", "negate", "copy", "gather", "embedding-add"), Gradient(Kept.NOTHING)),
        **dict.fromkeys(("relu", "clip"), Gradient(Kept.OUTPUT, ((_COMPARE, 1),))),
        "abs": Gradient(Kept.INPUT, ((_COMPARE, 1),)),
        "leaky-relu": Gradient(Kept.OUTPUT, ((_COMPARE, 1), (_MULTIPLY, 1))),
        "scale": Gradient(Kept.NOTHING, ((_MULTIPLY, 1),)),
        # dx = scale dy; n from x (MAC), dy times the rate, and with n (MAC): the scale's and the offset's (MAC) change.
        "batch-norm": Gradient(Kept.INPUT, ((_MULTIPLY, 2), (Primitive.MAC, 3))),
        "sigmoid": Gradient(Kept.OUTPUT, ((_ADD, 1), (_MULTIPLY, 2))),
        "tanh": Gradient(Kept.OUTPUT, ((_ADD, 1), (_MULTIPLY, 2))),
        "exp": Gradient(Kept.OUTPUT, ((_MULTIPLY, 1),)),
        "square": Gradient(Kept.INPUT, ((_MULTIPLY, 2),)),
        **dict.fromkeys(("gelu", "silu", "hard-swish", "mish", "erf", "log", "pow", "softplus"), _BY_TABLE),
        **dict.fromkeys(("elu", "selu", "celu", "hard-sigmoid", "softsign", "trigonometric"), _BY_TABLE),
    }
)
POOLS = MappingProxyType(
    {"max-pool": Kept.INPUT, "average-pool": Kept.NOTHING, "reduce-mean": Kept.NOTHING, "reduce-sum": Kept.NOTHING}
)
"""Pools, and what their gradients need: a maximum sends its gradient to the element that it was."""
_BY_CONSTANT: Mapping[str, Counts] = MappingProxyType(
    {**dict.fromkeys(("mul", "div"), ((_MULTIPLY, 1),)), "where": ((_COMPARE, 1),)}
)
"""Operators of one stream and a constant, and the work of their gradients."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The gradient of a product of two streams by one of them.

    Parameters
    ----------
    each : Counts
        Operations per element.
    keeps : tuple of int
        Ports of which it needs what came in.
    """

    each: Counts
    keeps: tuple[int, ...]


GATES: Mapping[str, tuple[Gate, Gate]] = MappingProxyType(
    {
        "mul": (Gate(((_MULTIPLY, 1),), (1,)), Gate(((_MULTIPLY, 1),), (0,))),
        "swiglu": (Gate(((_LOOKUP, 1), (_MULTIPLY, 2)), (0, 1)), Gate(((_LOOKUP, 1), (_MULTIPLY, 2)), (0,))),
    }
)
"""By port: a b, and silu(a) b, whose derivative and whose value come from tables of a."""
_NORM_SCALE: Counts = ((_MULTIPLY, 1), (Primitive.MAC, 1))
"""Change of a normalisation's scale, by element: dy times the normalised input, times the rate."""
_WHOLE: Mapping[str, Gradient] = MappingProxyType(
    {
        # Sum of dy y; dx = y (dy - sum).
        "softmax": Gradient(Kept.OUTPUT, ((Primitive.MAC, 1), (_ADD, 1), (_MULTIPLY, 1))),
        # Sum of dy; dx = dy - exp(y) sum.
        "log-softmax": Gradient(Kept.OUTPUT, ((Primitive.EXP, 1), (_ADD, 1), (Primitive.MAC, 1))),
        # Statistics (2 ADD, MULTIPLY), n = (x - mean) r, g = scale dy, sums of g and g n, dx = r (g - mean g - n mean
        # (g n)); the scale's change, and the offset's (MAC).
        "layer-norm": Gradient(Kept.INPUT, together(((_ADD, 5), (_MULTIPLY, 4), (Primitive.MAC, 3)), _NORM_SCALE)),
        # Squares and their sum, n = x r, g = scale dy, sum of g n, dx = r (g - n mean (g n)); the scale's change.
        "rms-norm": Gradient(Kept.INPUT, together(((_ADD, 1), (_MULTIPLY, 4), (Primitive.MAC, 2)), _NORM_SCALE)),
        # The same without a scale.
        "lp-norm": Gradient(Kept.INPUT, ((_ADD, 1), (_MULTIPLY, 3), (Primitive.MAC, 2))),
    }
)
"""Per element, of operators that see the whole token; inverse deviations (RSQRT) come in addition, as in the product
forward."""
LSTM_CELL = "lstm-cell"
SOFTMAX = frozenset({"softmax", "log-softmax"})
"""Outputs whose gradient with that of the cross-entropy is one subtraction."""


KNOWN = frozenset({*_GRADIENTS, *_BY_CONSTANT, *GATES, *_WHOLE, *POOLS, LSTM_CELL, "rotary", "local-response-norm"})
"""Operators whose gradient is known."""


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
    if operator.kind in _BY_CONSTANT and operands == 1:
        return Gradient(Kept.NOTHING, _BY_CONSTANT[operator.kind])
    known = _plain_cell(operator) if operator.kind == "rnn-cell" else _GRADIENTS.get(operator.kind)
    if known is None or operator.contract > 1 or (operator.whole_token and known.each):
        raise InputError(
            f"no gradient is known of the operator {operator.kind!r}",
            where=where,
            remedy=f"Train a network of matrices, products of activations, {', '.join(sorted(KNOWN))}.",
        )
    return known


def whole_gradient(operator: Digital, width: int) -> Gradient | None:
    """The gradient of an operator that sees its one input's whole token, or None where it is none of these.

    Its work is that of a token of some width. A rotation is undone by the opposite one; a local response normalisation
    is worked out again, and what each element did to its neighbours is summed over the same window.
    """
    if operator.kind == "rotary":
        return Gradient(Kept.NOTHING, operator.work)
    if operator.kind == "local-response-norm":
        back: Counts = ((_MULTIPLY, 3), (Primitive.DIVIDE, 1), (Primitive.MAC, 1))
        return Gradient(Kept.INPUT, together(operator.work, scaled(back, width), _only(operator.work, _ADD)))
    known = _WHOLE.get(operator.kind)
    if known is None:
        return None
    return Gradient(known.kept, together(scaled(known.each, width), _only(operator.work, Primitive.RSQRT)))


def _only(work: Counts, primitive: Primitive) -> Counts:
    return tuple((kind, count) for kind, count in work if kind is primitive)


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
