"""Devices of an array, drawn once from their distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.numeric.arrays import F32, F64
from archsim.numeric.philox import normals, uniforms
from archsim.numeric.streams import Purpose, Stream
from archsim.numeric.update.device import PulsedDevice, Stuck
from archsim.numeric.update.laws import Sampled

_FROZEN = np.float64(0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """All devices of one array.

    Parameters
    ----------
    device : PulsedDevice
    stream : Stream
        Randomness of the array.
    table : ndarray of float32, shape (rows, 6, columns)
        Bounds, scales of a step and the law's parameters of every device, for the kernels.
    shared : ndarray of float32
        The law's parameters that all have.
    kept : ndarray of float32, shape (rows, columns), or None
        Share of the distance to the rest level that a mini-batch leaves; None where nothing decays.
    rest : ndarray of float32, shape (rows, columns)
        Where a device decays and is reset to.
    reference : ndarray of float32, shape (rows, columns), or None
        What is subtracted from the device's weight.
    """

    device: PulsedDevice
    stream: Stream
    table: F32
    shared: F32
    kept: F32 | None
    rest: F32
    reference: F32 | None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, _, columns = self.table.shape
        return rows, columns

    @property
    def lower(self) -> F32:
        """Lower bounds."""
        return self.table[:, 0]

    @property
    def upper(self) -> F32:
        """Upper bounds."""
        return self.table[:, 1]


def sampled_cells(device: PulsedDevice, shape: tuple[int, int], stream: Stream) -> Cells:
    """Draw the devices of an array.

    Parameters
    ----------
    device : PulsedDevice
    shape : tuple of int
        Rows and columns.
    stream : Stream
    """

    def draw(index: int) -> F64:
        return normals(stream.key(Purpose.DEVICE, index), shape).astype(np.float64)

    sampled = _sampled(device, [draw(index) for index in range(4)])
    if device.stuck is not None:
        sampled = _with_stuck(sampled, device.stuck, shape, stream)
    own = device.law.own(sampled, [draw(4 + index) for index in range(device.law.draws)])
    table = np.stack([sampled.lower, sampled.upper, sampled.up, sampled.down, *own], axis=1)
    rest = np.clip(device.reset.level + device.reset.spread * draw(6), sampled.lower, sampled.upper)
    return Cells(
        device, stream, np.ascontiguousarray(table, np.float32), device.law.shared(device.step_noise),
        _kept(device, draw(7)), rest.astype(np.float32), _reference(device, sampled, draw(8)),
    )  # fmt: skip


def _sampled(device: PulsedDevice, draws: list[F64]) -> Sampled:
    """Bounds around zero and steps that are no steps back, whatever was drawn."""
    upper = device.upper.mean * (1 + device.upper.spread * draws[0])
    lower = device.lower.mean * (1 + device.lower.spread * draws[1])
    spread = device.step_spread * draws[2]
    gain = np.exp(spread) if device.log_normal else 1 + spread
    ratio = device.asymmetry_spread * draws[3]
    up = np.abs(min(device.asymmetry, 0.0) + gain + ratio) * device.step
    down = np.abs(-max(device.asymmetry, 0.0) + gain - ratio) * device.step
    highest, lowest = np.maximum(upper, lower), np.minimum(upper, lower)
    return Sampled(np.maximum(highest, 0.0), np.minimum(lowest, 0.0), up, down)


def _with_stuck(cells: Sampled, stuck: Stuck, shape: tuple[int, int], stream: Stream) -> Sampled:
    """Some devices with both bounds at the level where they are stuck."""
    fails = uniforms(stream.key(Purpose.FAULT), shape) < stuck.share
    level = (2 * uniforms(stream.key(Purpose.FAULT_LEVEL), shape) - 1) * stuck.within
    place = np.where(level > 0, level * cells.upper, -level * cells.lower)
    steps = (np.where(fails, _FROZEN, scale) for scale in (cells.up, cells.down))
    return Sampled(np.where(fails, place, cells.upper), np.where(fails, place, cells.lower), *steps)


def _kept(device: PulsedDevice, draws: F64) -> F32 | None:
    retention = device.retention
    if not np.isfinite(retention.lifetime):
        return None
    lifetimes = np.maximum(retention.lifetime * (1 + retention.spread * draws), 1.0)
    return (1 - 1 / lifetimes).astype(np.float32)


def _reference(device: PulsedDevice, cells: Sampled, draws: F64) -> F32 | None:
    if device.reference is None:
        return None
    offset = device.reference.mean + device.reference.spread * draws
    point = _symmetry_point(cells) if device.reference.symmetric else 0.0
    return np.clip(point + offset, cells.lower, cells.upper).astype(np.float32)


def _symmetry_point(cells: Sampled) -> F64:
    """Where steps of soft bounds up and down are equal: (up - down) / (up / b_max - down / b_min)."""
    fine = (cells.upper > 0) & (cells.lower < 0)
    upper, lower = np.where(fine, cells.upper, 1.0), np.where(fine, cells.lower, -1.0)
    slope = cells.up / upper - cells.down / lower
    return np.where(fine & (slope > 0), (cells.up - cells.down) / np.where(slope > 0, slope, 1.0), 0.0)
