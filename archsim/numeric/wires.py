"""IR drop on the wires of the array: none, averaged, or exact.

Averaged (AIHWKIT, physics of rpu_forward_backward_pass): per column i over the rows j of n,

    a_i = n r g_max sum_j |w_ij| |x_j|,  c_i = a_i (a_i (0.05 a_i - 0.2) + 0.5)
    y_i <- y_i - scale c_i sum_j w_ij x_j (1 - (1 - j / n)^2)

with wire resistance r per cell. Exact: the nodal solution, see ``nodal``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from archsim.numeric.arrays import F64, Array, namespace
from archsim.numeric.guards import at_least, positive
from archsim.numeric.nodal import WireResistance, effective_conductance


class CellLayout(Enum):
    """Where the planes of a weight lie."""

    SEPARATE = "separate"
    """Every plane is an array of its own, with its own row drivers."""
    INTERLEAVED = "interleaved"
    """The cells of a weight lie side by side on the same row wire; shared reference columns come last."""


@dataclass(frozen=True, slots=True)
class PerfectWires:
    """No IR drop."""


@dataclass(frozen=True, slots=True)
class AveragedWires:
    """The averaged model.

    Parameters
    ----------
    segment_ohm : float
        Wire resistance per cell, in ohm.
    cell_s : float
        Conductance of a full-scale weight's cell, in siemens.
    scale : float
        Factor on the drop.
    """

    segment_ohm: float
    cell_s: float
    scale: float = 1.0

    def __post_init__(self) -> None:
        at_least(self.segment_ohm, 0.0, "wire segment resistance (ohm)")
        positive(self.cell_s, "full-scale cell conductance (S)")
        at_least(self.scale, 0.0, "scale of the IR drop")


@dataclass(frozen=True, slots=True)
class ExactWires:
    """The nodal network, solved once for each state of the array.

    Parameters
    ----------
    resistance : WireResistance
        Segments of rows and columns.
    layout : CellLayout
        How planes share row wires.
    """

    resistance: WireResistance
    layout: CellLayout = CellLayout.SEPARATE


Wires = PerfectWires | AveragedWires | ExactWires


def with_wires(planes_s: list[F64], wires: ExactWires) -> list[F64]:
    """Effective conductances of all planes, in siemens, shapes as given: (rows, columns) or (rows, 1)."""
    if wires.layout is CellLayout.SEPARATE:
        return [effective_conductance(plane, wires.resistance) for plane in planes_s]
    order = _interleaved_order([plane.shape[1] for plane in planes_s])
    effective = np.empty_like(joined := np.concatenate(planes_s, axis=1))
    effective[:, order] = effective_conductance(np.ascontiguousarray(joined[:, order]), wires.resistance)
    splits = np.cumsum([plane.shape[1] for plane in planes_s])[:-1]
    return [np.ascontiguousarray(part) for part in np.split(effective, splits, axis=1)]


def _interleaved_order(widths: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Physical order of the joined columns: by weight, then by plane; narrower (shared) planes after all others."""
    column = np.concatenate([np.arange(width) + (max(widths) if width < max(widths) else 0) for width in widths])
    plane = np.repeat(np.arange(len(widths)), widths)
    return np.lexsort((plane, column))


def averaged_drop(drive: Array, magnitudes: Array, positioned: Array, wires: AveragedWires) -> Array:
    """What the averaged model subtracts from the columns' sums.

    Parameters
    ----------
    drive : array, shape (batch, rows)
        Normalised inputs.
    magnitudes : array, shape (rows, columns)
        Magnitudes of the normalised weights.
    positioned : array, shape (rows, columns)
        Normalised weights times ``row_positions``.
    wires : AveragedWires
        The model's parameters.
    """
    xp = namespace(drive)
    load = drive.shape[1] * wires.segment_ohm * wires.cell_s * (xp.abs(drive) @ magnitudes)
    share = load * (load * (0.05 * load - 0.2) + 0.5)
    drop: Array = wires.scale * share * (drive @ positioned)
    return drop


def row_positions(rows: int) -> F64:
    """1 - (1 - j / n)^2 for every row j, as a column: the row at the sense end sees no drop."""
    return (1 - (1 - np.arange(rows) / rows) ** 2)[:, None]
