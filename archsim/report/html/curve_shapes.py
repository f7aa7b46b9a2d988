"""Curves as shapes of an SVG: where points, spreads and ticks lie."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10

import numpy as np
from matplotlib.ticker import MaxNLocator

from archsim.report.curves import Curves
from archsim.report.quantities import significant

WIDTH, HEIGHT = 480.0, 240.0
"""Of the whole picture; text is 12 high."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 14.0, 12.0, 40.0
_EARLIEST = 1.0
"""What is at or before it, 0 as well, lies at the left end of an axis of factors."""
_APART = 68.0
"""Between the labels of two ticks."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, and what stands there."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class CurveShapes:
    """What is drawn, in the picture's units.

    Parameters
    ----------
    line, band : str
        Points of a polyline and of a polygon.
    dots : tuple of (float, float, str)
        Where each point is, and what is told of it.
    level : float
    across, up : tuple of Tick
    """

    line: str
    band: str
    dots: tuple[tuple[float, float, str], ...]
    level: float
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    bottom: float = HEIGHT - _BOTTOM


def curve_shapes(curves: Curves) -> CurveShapes:
    """Lay a curve out."""
    x = np.log10(np.maximum([point.x for point in curves.points], _EARLIEST))
    ys = [value for point in curves.points for value in (point.low, point.high)] + [curves.level.y]
    ticks = MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(min(ys), max(ys))
    low, high = float(ticks[0]), float(ticks[-1])
    span = max(float(x.max() - x.min()), log10(2.0))

    def across(value: float) -> float:
        return _LEFT + (value - float(x.min())) / span * (WIDTH - _LEFT - _RIGHT)

    def up(value: float) -> float:
        return HEIGHT - _BOTTOM - (value - low) / (high - low) * (HEIGHT - _TOP - _BOTTOM)

    places = [across(value) for value in x]
    upper = [(place, up(point.high)) for place, point in zip(places, curves.points, strict=True)]
    lower = [(place, up(point.low)) for place, point in zip(places, curves.points, strict=True)]
    middle = [(place, up(point.y)) for place, point in zip(places, curves.points, strict=True)]
    return CurveShapes(
        _points(middle),
        _points([*upper, *reversed(lower)]),
        tuple((*spot, _said(curves, place)) for place, spot in enumerate(middle)),
        up(curves.level.y),
        tuple(_spaced([Tick(place, point.label) for place, point in zip(places, curves.points, strict=True)])),
        tuple(Tick(up(float(value)), f"{value:g}") for value in ticks),
    )


def _points(spots: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)


def _said(curves: Curves, place: int) -> str:
    point = curves.points[place]
    spread = f", {significant(point.low)} to {significant(point.high)}" if point.high > point.low else ""
    return f"{point.label}: {curves.name} {significant(point.y)}{spread}"


def _spaced(ticks: list[Tick]) -> list[Tick]:
    """Those whose labels have room, from the left on."""
    kept: list[Tick] = []
    for tick in ticks:
        if not kept or tick.place - kept[-1].place >= _APART:
            kept.append(tick)
    return kept
