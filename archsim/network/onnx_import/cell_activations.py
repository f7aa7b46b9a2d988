"""Activation functions of recurrent nodes, with their coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from archsim.network.onnx_import.node import Node
from archsim.network.product import Activation, CellKind

_DEFAULTS: Mapping[CellKind, tuple[str, ...]] = MappingProxyType(
    {CellKind.LSTM: ("Sigmoid", "Tanh", "Tanh"), CellKind.GRU: ("Sigmoid", "Tanh"), CellKind.RNN: ("Tanh",)}
)
_COEFFICIENTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("Sigmoid", "Tanh", "Relu", "Softsign", "Softplus"), ()),
        "LeakyRelu": (0.01,),
        "ThresholdedRelu": (1.0,),
        "Elu": (1.0,),
        "HardSigmoid": (0.2, 0.5),
    }
)
"""Default alpha and beta of the functions that take them (the ONNX operators' own)."""


def cell_activations(node: Node, kind: CellKind, directions: int) -> list[tuple[Activation, ...]]:
    """The functions of every direction.

    Raises
    ------
    InputError
        If there are too few, or one is not an ONNX operator of its own.
    """
    each = len(_DEFAULTS[kind])
    names = node.texts("activations") or _DEFAULTS[kind] * directions
    if len(names) != each * directions:
        raise node.fault(
            f"names {len(names)} activations, where {each * directions} are needed",
            f"Give {each} for each direction, or leave them out.",
        )
    alphas, betas = list(node.numbers("activation_alpha") or ()), list(node.numbers("activation_beta") or ())
    found = [_activation(node, name, (alphas, betas)) for name in names]
    return [tuple(found[first : first + each]) for first in range(0, len(found), each)]


def _activation(node: Node, name: str, listed: tuple[list[float], list[float]]) -> Activation:
    """The next function; takes the coefficients that belong to it off the lists."""
    kind = next((known for known in _COEFFICIENTS if known.lower() == name.lower()), None)
    if kind is None:
        raise node.fault(
            f"its activation {name!r} is not modelled",
            f"Use one of {', '.join(sorted(_COEFFICIENTS))}, or separate nodes.",
        )
    given = [own.pop(0) if own else default for own, default in zip(listed, _COEFFICIENTS[kind], strict=False)]
    return Activation(kind, *given)
