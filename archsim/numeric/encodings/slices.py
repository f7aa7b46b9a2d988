"""Weights quantised to integers and cut into slices of bits, one conversion per slice, added digitally with shifts.

Source: CrossSim BITSLICED. B bits, N slices of b bits:

* balanced: |w| (2^(B-1) - 1) rounded, b = ceil((B-1) / N), a differential pair per slice;
* offset: w (2^(B-1) - 1) + 2^(B-1) rounded, b = ceil(B / N), one cell per slice, 2^(B-1) subtracted digitally.

A digit d of b bits is the state d / (2^b - 1). Exact for weights on the integer grid, within half a step otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.numeric.arrays import F64
from archsim.numeric.encodings.encoding import Plane
from archsim.numeric.guards import bit_count, require


@dataclass(frozen=True, slots=True)
class BitSlices:
    """Slices of quantised weights.

    Parameters
    ----------
    weight_bits : int
        Bits per weight, sign included, at least 2.
    slices : int
        Number of slices.
    offset : bool
        One cell per slice and a digital offset, instead of a differential pair per slice.
    """

    weight_bits: int
    slices: int
    offset: bool = False

    def __post_init__(self) -> None:
        bit_count(self.weight_bits, 2, "weight resolution")
        require(
            1 <= self.slices <= self._sliced_bits,
            f"are {self.slices} for {self._sliced_bits} bits",
            where="weight slices",
            remedy=f"Give between 1 and {self._sliced_bits} slices.",
        )

    @property
    def _sliced_bits(self) -> int:
        return self.weight_bits if self.offset else self.weight_bits - 1

    @property
    def bits_per_slice(self) -> int:
        """Bits that one cell holds."""
        return -(-self._sliced_bits // self.slices)

    @property
    def _largest(self) -> int:
        return int(2 ** (self.weight_bits - 1) - 1)

    @property
    def _digit(self) -> int:
        return int(2**self.bits_per_slice - 1)

    @property
    def steps(self) -> tuple[tuple[Plane, ...], ...]:
        """Planes in programming order; see ``Encoding``."""
        signs = (1.0,) if self.offset else (1.0, -1.0)
        return (tuple(Plane(sign, group) for group in range(self.slices) for sign in signs),)

    @property
    def group_weights(self) -> tuple[float, ...]:
        """Digital factor of each group; see ``Encoding``."""
        return tuple(2.0 ** (self.bits_per_slice * q) * self._digit / self._largest for q in range(self.slices))

    @property
    def zero(self) -> float:
        """Digital zero point; see ``Encoding``."""
        return 2.0 ** (self.weight_bits - 1) / self._largest if self.offset else 0.0

    def states(self, step: int, wanted: F64, held: F64) -> tuple[F64, ...]:
        """Target states of the planes of one step; see ``Encoding``."""
        level = np.rint(wanted * self._largest).astype(np.int64)
        if self.offset:
            return self._digits(level + 2 ** (self.weight_bits - 1))
        upper, lower = self._digits(np.maximum(level, 0)), self._digits(np.maximum(-level, 0))
        return tuple(state for pair in zip(upper, lower, strict=True) for state in pair)

    def _digits(self, level: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> tuple[F64, ...]:
        shifts = (self.bits_per_slice * q for q in range(self.slices))
        return tuple(((level >> shift) & self._digit) / self._digit for shift in shifts)
