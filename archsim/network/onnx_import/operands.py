"""Where the operands of each matrix operator are among its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from archsim.network.onnx_import.draft import Call
from archsim.network.product import Codes, Quantisation

_Codes = tuple[int | None, int | None]
"""Places of a scale and of a zero point."""


@dataclass(frozen=True, slots=True)
class Operands:
    """Places of a product's inputs.

    Parameters
    ----------
    left, right : int
        The factors.
    bias : int or None
        What is added.
    codes : tuple of (int or None, int or None)
        Places of scale and zero point: of the left factor, the right one and, where it is rounded, the result; empty
        for floating-point numbers.
    """

    left: int = 0
    right: int = 1
    bias: int | None = None
    codes: tuple[_Codes, ...] = ()

    def quantisation(self, call: Call, *, data_first: bool = True) -> Quantisation | None:
        """The codes of the operands, by tensor."""
        if not self.codes:
            return None
        left, right, *result = (
            Codes(*("" if place is None else call.name(place) for place in pair)) for pair in self.codes
        )
        data, weight = (left, right) if data_first else (right, left)
        return Quantisation(data, weight, result[0] if result else None)

    def bias_name(self, call: Call) -> str:
        """Tensor of the bias, "" for none."""
        return "" if self.bias is None else call.name(self.bias)


_INTEGER = ((None, 2), (None, 3))
_LINEAR = ((1, 2), (4, 5), (6, 7))
OPERANDS: Mapping[str, Operands] = MappingProxyType(
    {
        **dict.fromkeys(("Conv", "Gemm"), Operands(bias=2)),
        **dict.fromkeys(("MatMul", "Einsum"), Operands()),
        **dict.fromkeys(("ConvInteger", "MatMulInteger"), Operands(codes=_INTEGER)),
        "QLinearConv": Operands(right=3, bias=8, codes=_LINEAR),
        "QLinearMatMul": Operands(right=3, codes=_LINEAR),
    }
)
"""By ONNX operator."""
