"""How many times better than a baseline, over batch and over the uses of a weight."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from archsim.comparison import GAINS, crossings
from archsim.errors import InputError
from archsim.figures.drawn import BLUE, GREEN, GREY, ORANGE, PINK, SKY, VERMILION, Drawn, canvas, plain

if TYPE_CHECKING:
    import pandas as pd

_WORDS = {
    "latency_gain": "latency",
    "throughput_gain": "throughput",
    "energy_gain": "energy per sample",
    "density_gain": "throughput per silicon",
}
_AXES = {"batch": "batch", "reuse": "uses of a weight in a batch"}
_COLOURS = (BLUE, ORANGE, GREEN, PINK, SKY, VERMILION)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_STYLES = ("-", "--", ":", "-.")


def gains(
    frame: pd.DataFrame, baseline: str, figure: str = "energy_gain", over: str = "batch", axes: Axes | None = None
) -> Drawn:
    """How many times better than the baseline: a colour for each chip, a mark for each network, rings where it is 1.

    Parameters
    ----------
    frame : DataFrame
        As `archsim.compare` makes it.
    baseline : str
        The chip that its ratios are to.
    figure : str
        One of `archsim.comparison.GAINS`.
    over : str
        ``batch`` or ``reuse``.
    axes : Axes, optional

    Returns
    -------
    Drawn
        ``network, chip, batch, reuse`` and the figure, of the other chips.

    Raises
    ------
    InputError
        If there is no such figure or column.
    """
    _refuse_other(figure, GAINS, "figure")
    _refuse_other(over, tuple(_AXES), "column")
    shown = frame.loc[(frame.chip != baseline) & frame[figure].notna(), ["network", "chip", "batch", "reuse", figure]]
    drawn = canvas(axes)
    colours = dict(zip(shown.chip.unique(), cycle(_COLOURS), strict=False))
    looks = dict(zip(shown.network.unique(), cycle(zip(_MARKERS, cycle(_STYLES), strict=False)), strict=False))
    for (network, chip), rows in shown.groupby(["network", "chip"], sort=False):
        marker, style = looks[str(network)]
        line = rows.sort_values(over)
        label, colour = f"{network} on {chip}", colours[str(chip)]
        drawn.plot(line[over], line[figure], marker=marker, ls=style, color=colour, ms=4, lw=1, label=label)
    crossed = crossings(frame, baseline)
    crossed = crossed[crossed.figure == figure]
    drawn.plot(crossed[over], [1.0] * len(crossed), ls="", marker="o", mfc="none", mec="black", ms=10)
    drawn.axhline(1.0, color=GREY, lw=0.8)
    if shown.empty:  # no logarithm of nothing
        drawn.text(0.5, 0.5, f"nothing beside {baseline}", ha="center", va="center", transform=drawn.transAxes)
    else:
        drawn.set(xscale="log", yscale="log")
    drawn.set(xlabel=_AXES[over], ylabel=f"times better than {baseline}")
    plain(drawn, _WORDS[figure])
    return Drawn(drawn, shown.reset_index(drop=True))


def _refuse_other(name: str, known: tuple[str, ...], what: str) -> None:
    if name not in known:
        raise InputError(f"there is no {what} {name!r}", where="gains", remedy=f"Choose one of: {', '.join(known)}.")


def comparison(frame: pd.DataFrame, baseline: str) -> Drawn:
    """Energy and throughput against the baseline, over the uses of a weight, and over the batch where there are some.

    Parameters
    ----------
    frame : DataFrame
        As `archsim.compare` makes it.
    baseline : str

    Returns
    -------
    Drawn
        ``network, chip, batch, reuse, energy_gain`` of the other chips.
    """
    overs = ("batch", "reuse") if frame.batch.nunique() > 1 else ("reuse",)
    figure = Figure(figsize=(5.5 * len(overs) + 1.0, 8.0), layout="constrained")
    panels = figure.subplots(2, len(overs), squeeze=False)
    drawn = [
        gains(frame, baseline, name, over, panels[row, column])
        for row, name in enumerate(("energy_gain", "throughput_gain"))
        for column, over in enumerate(overs)
    ]
    handles, labels = drawn[0].axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=7, frameon=False)
    return drawn[0]
