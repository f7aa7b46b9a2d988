"""Drawings to scale, as values: boxes and lines in metres."""

from __future__ import annotations

from dataclasses import dataclass

from archsim.report.tones import Tone


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a drawing.

    Parameters
    ----------
    name : str
    x, y, width, height : float
        Metres, from the upper left corner.
    tone : Tone
    remark : str
        What is told of it.
    """

    name: str
    x: float
    y: float
    width: float
    height: float
    tone: Tone
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Boxes that are drawn alike at several places.

    Parameters
    ----------
    boxes : tuple of Box
        From the corner of a place.
    places : tuple of (float, float)
        Metres, from the upper left corner of the drawing.
    names : tuple of str
        What each place is called; empty where it has no name.
    """

    boxes: tuple[Box, ...]
    places: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    names: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Wire:
    """A line between two points.

    Parameters
    ----------
    x, y, to_x, to_y : float
        Metres.
    bent : bool
        Drawn as an arc, so that it does not lie on those between its ends.
    """

    x: float
    y: float
    to_x: float
    to_y: float
    bent: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing to scale.

    Parameters
    ----------
    title : str
    width, height : float
        Metres.
    stamps : tuple of Stamp
    legend : tuple of (Tone, str)
        What the colours stand for.
    bar : (float, str)
        Metres of the scale's bar, and how long that is.
    wires : tuple of Wire
    outline : bool
        Whether a line goes around it, as around a die.
    """

    title: str
    width: float
    height: float
    stamps: tuple[Stamp, ...]
    legend: tuple[tuple[Tone, str], ...]
    bar: tuple[float, str]
    wires: tuple[Wire, ...] = ()
    outline: bool = False
