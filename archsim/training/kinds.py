"""What the kinds of devices of an algorithm are like: their steps, ranges and symmetry points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.numeric import Stream
from archsim.numeric.update import symmetry_points
from archsim.training.algorithms import Algorithm, CellKinds, SingleDevices, made_devices
from archsim.training.algorithms.contract import Kind

_SAMPLE = (100, 100)


@dataclass(frozen=True, slots=True)
class KindSeen:
    """A kind of device, over a sample of it.

    Parameters
    ----------
    role : str
    step, lowest, highest : float
        Mean step and bounds, in weights of the device.
    symmetry_point, symmetry_spread : float or None
        Mean and standard deviation of where steps up and down are equal; None where there is no such point.
    """

    role: str
    step: float
    lowest: float
    highest: float
    symmetry_point: float | None
    symmetry_spread: float | None


def kinds_seen(algorithm: Algorithm) -> tuple[KindSeen, ...]:
    """The kinds that an algorithm works with; none for an algorithm that does not say them."""
    cells = getattr(algorithm, "cells", None)
    if not isinstance(cells, CellKinds):
        return ()
    main = _seen("weights", cells.main)
    return (main,) if cells.second == cells.main else (main, _seen("gradients", cells.second))


def _seen(role: str, kind: Kind) -> KindSeen:
    devices = made_devices(kind, _SAMPLE, Stream(0))
    lowest, highest = float(devices.lowest.mean()), float(devices.highest.mean())
    if not isinstance(devices, SingleDevices):
        return KindSeen(role, devices.step, lowest, highest, None, None)
    points = symmetry_points(devices.cells)
    known = points[np.isfinite(points)]
    if not known.size:
        return KindSeen(role, devices.step, lowest, highest, None, None)
    return KindSeen(role, devices.step, lowest, highest, float(known.mean()), float(known.std()))
