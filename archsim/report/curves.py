"""Curves, as values: figures over time or over anything else that grows by factors."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve.

    Parameters
    ----------
    x, y : float
    low, high : float
        Ends of its spread.
    label : str
        What x is, with its unit.
    """

    x: float
    y: float
    low: float
    high: float
    label: str


@dataclass(frozen=True, slots=True)
class Level:
    """A line across: what curves are held against."""

    name: str
    y: float


@dataclass(frozen=True, slots=True)
class Curves:
    """A curve with its spread over an axis that grows by factors, and levels that it is held against.

    Parameters
    ----------
    title : str
    points : tuple of Point
        In rising order of x.
    level : Level
    axis, name : str
        What x and y are.
    """

    title: str
    points: tuple[Point, ...]
    level: Level
    axis: str
    name: str
