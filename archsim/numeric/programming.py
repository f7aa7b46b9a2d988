"""Writing target conductances into cells: one shot, or closed-loop program-and-verify; and cells that fail.

Closed loop: a cell is programmed, read back (with the verification's own noise), and programmed again while it lies
outside the tolerance, up to an iteration limit. Each attempt draws the device's programming error anew, so that with
acceptance probability p = erf(tolerance / (sigma sqrt 2)) the mean number of attempts is (1 - (1 - p)^n) / p. The
published fits of most devices hold the result of such a scheme already: one shot is then the right choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.numeric.arrays import F64, Mask
from archsim.numeric.devices import Device
from archsim.numeric.guards import at_least, positive, require
from archsim.numeric.philox import normals, uniforms
from archsim.numeric.streams import Purpose, Stream


@dataclass(frozen=True, slots=True)
class SingleShot:
    """Every cell is programmed once."""


@dataclass(frozen=True, slots=True)
class ProgramAndVerify:
    """Closed-loop programming.

    Parameters
    ----------
    tolerance_s : float
        Accepted distance of the reading from the target, in siemens.
    max_iterations : int
        Attempts at most; a cell that is never accepted keeps its last state.
    verify_sigma_s : float
        Noise of the verifying reading, in siemens.
    """

    tolerance_s: float
    max_iterations: int
    verify_sigma_s: float = 0.0

    def __post_init__(self) -> None:
        positive(self.tolerance_s, "tolerance of programming (S)")
        at_least(self.max_iterations, 1, "programming iterations")
        at_least(self.verify_sigma_s, 0.0, "noise of the verifying reading (S)")


Programming = SingleShot | ProgramAndVerify


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares of cells that cannot be programmed; they neither drift nor change.

    Parameters
    ----------
    stuck_low, stuck_high : float
        Share of cells stuck at g_min and at g_max.
    stuck_anywhere : float
        Share of cells stuck at a conductance drawn evenly between g_min and g_max.
    """

    stuck_low: float = 0.0
    stuck_high: float = 0.0
    stuck_anywhere: float = 0.0

    def __post_init__(self) -> None:
        at_least(self.stuck_low, 0.0, "share of cells stuck low")
        at_least(self.stuck_high, 0.0, "share of cells stuck high")
        at_least(self.stuck_anywhere, 0.0, "share of cells stuck anywhere")
        require(
            self.share <= 1,
            f"sum to {self.share}",
            where="shares of stuck cells",
            remedy="Give shares that sum to at most 1.",
        )

    @property
    def share(self) -> float:
        """Share of all failed cells."""
        return self.stuck_low + self.stuck_high + self.stuck_anywhere


@dataclass(frozen=True, slots=True)
class ProgrammedPlane:
    """One plane of cells after programming.

    Parameters
    ----------
    target_s, programmed_s : ndarray, shape (rows, columns) or (rows, 1)
        Conductance asked for, and reached.
    stuck : ndarray of bool or None
        Failed cells, same shape; None when none can fail.
    attempts : float
        Mean programming attempts per cell.
    unconverged : float
        Share of cells that were never accepted.
    """

    target_s: F64
    programmed_s: F64
    stuck: Mask | None
    attempts: float
    unconverged: float


def program_plane(
    target_s: F64, device: Device, how: Programming, *, faults: Faults, stream: Stream, plane: int
) -> ProgrammedPlane:
    """Program one plane.

    Parameters
    ----------
    target_s : ndarray, shape (rows, columns)
        Target conductances in siemens.
    device : Device
        Model of the cell.
    how : Programming
        One shot or closed loop.
    faults : Faults
        Which share of cells fails.
    stream : Stream
        Randomness of the array.
    plane : int
        Index of the plane in the array.
    """
    if isinstance(how, SingleShot):
        reached, attempts, unconverged = _attempt(target_s, device, stream, plane, 0), 1.0, 0.0
    else:
        reached, attempts, unconverged = _closed_loop(target_s, device, how, stream, plane)
    if faults.share == 0:
        return ProgrammedPlane(target_s, reached, None, attempts, unconverged)
    stuck, level = _draw_faults(target_s.shape, device, faults, stream, plane)
    return ProgrammedPlane(target_s, np.where(stuck, level, reached), stuck, attempts, unconverged)


def age_plane(plane: ProgrammedPlane, device: Device, stream: Stream, index: int, time_s: float) -> F64:
    """Conductances of a plane at a time, in siemens; failed cells keep theirs."""
    draws = cell_normals(stream, Purpose.DRIFT, plane.target_s, index)
    aged = device.aged(plane.target_s, plane.programmed_s, draws, time_s)
    return aged if plane.stuck is None else np.where(plane.stuck, plane.programmed_s, aged)


def cell_normals(stream: Stream, purpose: Purpose, cells: F64, *indices: int) -> F64:
    """One standard normal per cell, float64."""
    rows, columns = cells.shape
    return normals(stream.key(purpose, *indices), (rows, columns)).astype(np.float64)


def _attempt(target_s: F64, device: Device, stream: Stream, plane: int, iteration: int) -> F64:
    draws = cell_normals(stream, Purpose.PROGRAMMING, target_s, plane, iteration)
    return device.bounded(target_s + device.programming_sigma(target_s) * draws)


def _closed_loop(
    target_s: F64, device: Device, how: ProgramAndVerify, stream: Stream, plane: int
) -> tuple[F64, float, float]:
    """Reached conductances, mean attempts per cell, and share of cells that were never accepted."""
    reached = np.zeros_like(target_s)
    open_cells = np.ones(target_s.shape, bool)
    attempts = 0
    for iteration in range(how.max_iterations):
        attempts += int(open_cells.sum())
        reached = np.where(open_cells, _attempt(target_s, device, stream, plane, iteration), reached)
        noise = how.verify_sigma_s * cell_normals(stream, Purpose.VERIFY, target_s, plane, iteration)
        open_cells &= np.abs(reached + noise - target_s) > how.tolerance_s
        if not open_cells.any():
            break
    return reached, attempts / target_s.size, float(open_cells.mean())


def _draw_faults(
    shape: tuple[int, ...], device: Device, faults: Faults, stream: Stream, plane: int
) -> tuple[Mask, F64]:
    """Failed cells, and the conductance they are stuck at."""
    rows, columns = shape
    draw = uniforms(stream.key(Purpose.FAULT, plane), (rows, columns))
    anywhere = uniforms(stream.key(Purpose.FAULT_LEVEL, plane), (rows, columns))
    level = device.g_min_s + anywhere * (device.g_max_s - device.g_min_s)
    level = np.where(draw < faults.stuck_low + faults.stuck_high, device.g_max_s, level)
    level = np.where(draw < faults.stuck_low, device.g_min_s, level)
    return draw < faults.share, level
