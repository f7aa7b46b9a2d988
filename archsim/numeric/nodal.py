"""IR drop, exact: the effective conductances of an array of ohmic cells with resistive wires.

Circuit: a cell of conductance G[i, j] joins the row wire at node u[i, j] to the column wire at node v[i, j].
Neighbouring nodes of a row are joined by one row segment, of a column by one column segment. Row i is driven through
one more segment at column 0 by an ideal source; column j ends through one more segment after the last row in a virtual
ground. Idle rows are grounded by their drivers. The column currents are then linear in the row voltages,
I_j = sum_i E[i, j] V_i, at every instant, and so for charges of pulse-width inputs as well.

Method: the column wire's nodes are eliminated column by column (a tridiagonal inverse), which leaves a block
tridiagonal system in the row nodes; that is folded from the far column towards the drivers, carrying the response of
all columns solved so far (a Schur complement, or transfer matrix). Cost: rows^3 per column; the shorter side is made
the block by reciprocity. Memory: a few matrices of that size.

Validity: linear (ohmic) cells, static or slow reading (no wire capacitance), one driver per row, one sense per column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg.blas import dgemm
from scipy.linalg.lapack import dpotrf, dpotri
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from archsim.compiled import jit
from archsim.numeric.arrays import F64
from archsim.numeric.guards import at_least


@dataclass(frozen=True, slots=True)
class WireResistance:
    """Resistances of the wires of one array.

    Parameters
    ----------
    row_ohm, column_ohm : float
        Resistance of one row segment and of one column segment, in ohm; 0 for a perfect wire.
    """

    row_ohm: float
    column_ohm: float

    def __post_init__(self) -> None:
        at_least(self.row_ohm, 0.0, "row segment resistance (ohm)")
        at_least(self.column_ohm, 0.0, "column segment resistance (ohm)")


def effective_conductance(conductance_s: F64, wires: WireResistance) -> F64:
    """Column current per row voltage, wires included.

    Parameters
    ----------
    conductance_s : ndarray, shape (rows, columns)
        Cell conductances in siemens, not negative.
    wires : WireResistance
        Segment resistances.

    Returns
    -------
    ndarray, shape (rows, columns)
        Effective conductances in siemens: current of column j is ``voltages @ result[:, j]``.
    """
    rows, columns = conductance_s.shape
    if wires.row_ohm == 0 and wires.column_ohm == 0:
        return conductance_s.copy()
    if wires.row_ohm == 0:
        return _perfect_rows(conductance_s, 1 / wires.column_ohm)
    if wires.column_ohm == 0 or rows > columns:
        return _by_reciprocity(conductance_s, wires)
    # One BLAS thread: the blocks are small, and two threads that share a busy core were measured 20 times slower.
    with threadpool_limits(limits=1, user_api="blas"):
        return _fold_columns(np.ascontiguousarray(conductance_s), 1 / wires.row_ohm, 1 / wires.column_ohm)


def _by_reciprocity(conductance_s: F64, wires: WireResistance) -> F64:
    """Swap drivers and senses: a resistive network's transfer conductance is the same in both directions."""
    swapped = WireResistance(wires.column_ohm, wires.row_ohm)
    mirrored = effective_conductance(np.ascontiguousarray(conductance_s[::-1, ::-1].T), swapped)
    return np.ascontiguousarray(mirrored.T[::-1, ::-1])


def _perfect_rows(conductance_s: F64, column_siemens: float) -> F64:
    """Every column is a ladder of its own when the row wires are perfect."""
    result = np.empty_like(conductance_s)
    for column in range(conductance_s.shape[1]):
        cells = conductance_s[:, column]
        result[:, column] = column_siemens * _ladder_inverse(cells, column_siemens)[-1] * cells
    return result


def _fold_columns(conductance_s: F64, row_siemens: float, column_siemens: float) -> F64:
    """Fold the block tridiagonal system from the last column to the first; see the module's text."""
    rows, columns = conductance_s.shape
    response = np.zeros((columns, rows), order="F")
    beyond = np.zeros((rows, rows), order="F")
    for column in range(columns - 1, -1, -1):
        cells = conductance_s[:, column]
        ladder = _ladder_inverse(cells, column_siemens)
        segments = row_siemens * (1 if column == columns - 1 else 2)
        _admittance(beyond, ladder, cells, segments, row_siemens)
        beyond = _inverse(beyond)
        response[column] = column_siemens * ladder[-1] * cells
        response[column:] = dgemm(row_siemens, response[column:], beyond)
    return np.ascontiguousarray(response.T)


@jit(error_model="numpy")
def _ladder_inverse(cells: F64, siemens: float) -> F64:  # pragma: no cover - compiled
    """Inverse of a column wire's nodal matrix (cells to driven nodes, last node to ground), shape (rows, rows).

    The inverse of a tridiagonal matrix is up[i] * down[j] / (weight) for i <= j; the ratios of neighbours are kept
    instead of the products, which would overflow on long wires.
    """
    rows = cells.size
    diagonal = np.empty(rows)
    for i in range(rows):
        diagonal[i] = cells[i] + siemens * (1.0 if i == 0 else 2.0)
    above = np.empty(rows)
    below = np.empty(rows)
    above[0] = diagonal[0]
    for i in range(1, rows):
        above[i] = diagonal[i] - siemens * siemens / above[i - 1]
    below[rows - 1] = diagonal[rows - 1]
    for i in range(rows - 2, -1, -1):
        below[i] = diagonal[i] - siemens * siemens / below[i + 1]
    inverse = np.empty((rows, rows))
    for i in range(rows):
        inverse[i, i] = 1.0 / (above[i] + below[i] - diagonal[i])
        for j in range(i + 1, rows):
            inverse[i, j] = inverse[i, j - 1] * siemens / below[j]
    for i in range(rows):
        for j in range(i):
            inverse[i, j] = inverse[j, i]
    return inverse


@jit(error_model="numpy")
def _admittance(
    beyond: F64, ladder: F64, cells: F64, segments: float, row_siemens: float
) -> None:  # pragma: no cover - compiled
    """Replace the inverse of the blocks beyond by the nodal matrix of this column's row nodes, in place."""
    rows = cells.size
    coupling = row_siemens * row_siemens
    for j in range(rows):
        for i in range(rows):
            beyond[i, j] = -cells[i] * ladder[j, i] * cells[j] - coupling * beyond[i, j]
        beyond[j, j] += cells[j] + segments


def _inverse(matrix: F64) -> F64:
    """Inverse of a symmetric positive definite matrix in Fortran order."""
    factor, _ = dpotrf(matrix, lower=1, overwrite_a=1)
    inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
    _mirror(inverse)
    result: F64 = inverse
    return result


@jit(error_model="numpy")
def _mirror(matrix: F64) -> None:  # pragma: no cover - compiled
    """Copy the lower triangle onto the upper, in place."""
    for j in range(matrix.shape[0]):
        for i in range(j):
            matrix[i, j] = matrix[j, i]
