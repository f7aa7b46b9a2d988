"""Scaling of weight ranges: logical weights = scale * normalised weights + centre.

Source: AIHWKIT's weight_scaling_omega and columnwise scaling; the scale is a digital multiply after the ADC.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.guards import bit_count, positive, require


class Span(Enum):
    """Which weights share a scale."""

    NONE = "none"
    TILE = "tile"
    COLUMN = "column"


@dataclass(frozen=True, slots=True)
class Scaling:
    """How logical weights are brought into the range of the cells.

    Parameters
    ----------
    span : Span
        One scale per tile, one per column, or none (weights must then lie within -1 and 1).
    omega : float
        Largest normalised weight, in (0, 1]: 1 uses the full conductance range.
    centred : bool
        Map the smallest and the largest weight to -omega and omega, and correct the centre digitally with the sum of
        the inputs; otherwise zero stays at zero and the largest magnitude is mapped to omega.
    bits : int or None
        Precision of the normalised weights, sign included: they are rounded to 2^(bits-1) - 1 steps each way. None
        keeps them as they are.
    """

    span: Span = Span.TILE
    omega: float = 1.0
    centred: bool = False
    bits: int | None = None

    def __post_init__(self) -> None:
        bit_count(self.bits, 2, "resolution of the weights")
        positive(self.omega, "scaling omega")
        require(self.omega <= 1, f"is {self.omega}", where="scaling omega", remedy="Give a number of at most 1.")


@dataclass(frozen=True, slots=True)
class ScaledWeights:
    """Normalised weights with the factors that undo the normalisation.

    Parameters
    ----------
    normalised : ndarray, shape (rows, columns)
        Within -1 and 1.
    scale, centre : ndarray, shape (columns,)
        ``weights = scale * normalised + centre``.
    """

    normalised: F64
    scale: F64
    centre: F64


def scale_weights(weights: F64, scaling: Scaling) -> ScaledWeights:
    """Bring weights of shape (rows, columns) into -1 to 1.

    Raises
    ------
    InputError
        If no scaling is chosen and a weight lies outside -1 and 1.
    """
    columns = weights.shape[1]
    if scaling.span is Span.NONE:
        largest = float(np.abs(weights).max())
        require(
            largest <= 1,
            f"reach {largest:g}, and the scaling is none",
            where="weights",
            remedy="Scale per tile or per column, or clip the weights to -1 to 1.",
        )
        return ScaledWeights(_rounded(weights, scaling), np.ones(columns), np.zeros(columns))
    axis = 0 if scaling.span is Span.COLUMN else None
    centre = (weights.max(axis=axis) + weights.min(axis=axis)) / 2 if scaling.centred else np.zeros(())
    span = np.abs(weights - centre).max(axis=axis)
    scale = np.where(span > 0, span, 1.0) / scaling.omega
    normalised = np.clip((weights - centre) / scale, -scaling.omega, scaling.omega)
    rounded = _rounded(normalised, scaling)
    return ScaledWeights(rounded, np.broadcast_to(scale, columns).copy(), np.broadcast_to(centre, columns).copy())


def _rounded(normalised: F64, scaling: Scaling) -> F64:
    if scaling.bits is None:
        return normalised
    steps = 2.0 ** (scaling.bits - 1) - 1
    return np.rint(normalised * steps) / steps
