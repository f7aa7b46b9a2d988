"""Weight matrices of ONNX nodes, in the order of rows and columns in which they are placed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.errors import InputError
from archsim.functional.runtime import F32


@dataclass(frozen=True, slots=True, eq=False)
class WeightMatrix:
    """Weights of one layer: independent matrices side by side.

    Parameters
    ----------
    groups : ndarray of float32, shape (groups, rows, columns)
        The layer's matrix is block-diagonal in them.
    """

    groups: F32

    @property
    def shape(self) -> tuple[int, int, int]:
        """Groups, rows and columns of each."""
        groups, rows, columns = self.groups.shape
        return groups, rows, columns

    def block(self, rows: slice, columns: slice) -> F32:
        """Part of the block-diagonal matrix, shape (rows, columns)."""
        count, height, width = self.shape
        part = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.float32)
        for group in range(rows.start // height, min(count, -(-rows.stop // height))):
            source, target = _overlap(rows, group * height, height)
            across, place = _overlap(columns, group * width, width)
            part[target, place] = self.groups[group, source, across]
        return part


def _overlap(span: slice, start: int, size: int) -> tuple[slice, slice]:
    """Where a span meets a group that begins at ``start``: inside the group, and inside the span."""
    low, high = max(span.start, start), max(min(span.stop, start + size), max(span.start, start))
    return slice(low - start, high - start), slice(low - span.start, high - span.start)


def weight_matrix(values: NDArray[np.floating], where: str) -> WeightMatrix:
    """Weights of shape (groups, rows, columns) or (rows, columns), checked.

    Raises
    ------
    InputError
        If a weight is NaN or infinite.
    """
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise InputError(
            f"{bad} of its {values.size} weights are NaN or infinite",
            where=where,
            remedy="Export the model again, from a training that did not diverge.",
        )
    return WeightMatrix(np.ascontiguousarray(values.reshape((-1, *values.shape[-2:])), np.float32))
