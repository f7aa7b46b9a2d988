"""What a figure function gives, where it draws, and with which colours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from archsim.errors import InputError
from archsim.report.document import Tone

if TYPE_CHECKING:
    import pandas as pd

BLUE, ORANGE, GREEN, PINK, SKY, VERMILION, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999",
)  # fmt: skip
"""Okabe and Ito's colours, which stay apart for every kind of sight (Color Universal Design, 2008)."""

COLOURS = {
    Tone.KEPT: BLUE,
    Tone.LOST: ORANGE,
    Tone.GAINED: GREEN,
    Tone.LOWER: SKY,
    Tone.HIGHER: VERMILION,
    Tone.PRODUCT: BLUE,
    Tone.CONVERSION: ORANGE,
    Tone.DIGITAL: GREEN,
    Tone.TRANSPORT: PINK,
    Tone.MEMORY: SKY,
    Tone.HOST: GREY,
    Tone.WAITING: "#DDDDDD",
}
HEAT = "cividis"
"""A scale whose lightness rises evenly, for every kind of sight (Nuñez, Anderton and Renslow, 2018)."""
WRITTEN = "Reds"
DOTS_PER_INCH = 150
_ENDINGS = (".png", ".svg")


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A figure and what it shows.

    Parameters
    ----------
    axes : Axes
    frame : DataFrame
    """

    axes: Axes
    frame: pd.DataFrame

    @property
    def figure(self) -> Figure | SubFigure:
        """The figure that the axes are in."""
        return self.axes.figure


def canvas(axes: Axes | None, *, width: float = 8.0, height: float = 4.5) -> Axes:
    """The axes to draw into: those given, or new ones of a size in inches."""
    return Figure(figsize=(width, height), layout="constrained").subplots() if axes is None else axes


def plain(axes: Axes, title: str) -> None:
    """Take away lines that say nothing, and set the title."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title, fontsize="medium", loc="left")


def save(drawn: Drawn, path: str | Path) -> Path:
    """Write a figure as PNG or SVG, by its name's ending; the same figure always gives the same file.

    Raises
    ------
    InputError
        If the ending is another, or the file cannot be written.
    """
    file = Path(path)
    if file.suffix not in _ENDINGS:
        raise InputError(
            f"figures are not written as {file.suffix!r}", where=str(file), remedy=f"Choose {' or '.join(_ENDINGS)}."
        )
    metadata = {"Date": None} if file.suffix == ".svg" else {"Software": None}
    try:
        with matplotlib.rc_context({"svg.hashsalt": "archsim", "svg.fonttype": "none"}):
            root = drawn.axes.get_figure(root=True)
            assert root is not None
            root.savefig(file, dpi=DOTS_PER_INCH, metadata=metadata)
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}",
            where=str(file),
            remedy="Give a place that you may write to.",
        ) from error
    return file
