"""Figures of two runs or chips beside each other, those that moved with what moved them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from archsim.report.differences.parts import around_middle, signed
from archsim.report.document import Paragraph, Part, Table, names, numbers, prose, spans, table
from archsim.report.ladder import signed_percent

SAME = 1e-12
"""Changes below it, as a share, are rounding of floating point."""
MOST_NAMED = 3
"""Parts that a sentence names."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A figure in both.

    Parameters
    ----------
    name : str
    before, after : float
        In SI units.
    write : callable
        From a value to what a reader sees, with its unit.
    why : str
        What moved it; empty where it did not move.
    """

    name: str
    before: float
    after: float
    write: Callable[[float], str]
    why: str = ""

    @property
    def change(self) -> float:
        """``after`` over ``before``, less one; NaN where there was nothing before."""
        return self.after / self.before - 1.0 if self.before else np.nan

    @property
    def is_same(self) -> bool:
        """Whether the figure did not move, rounding aside."""
        return abs(self.after - self.before) <= SAME * max(abs(self.before), abs(self.after))


def figure_parts(figures: Sequence[Moved]) -> Iterator[Part]:
    """A table of what moved, and a sentence on what did not."""
    moved = [figure for figure in figures if not figure.is_same]
    still = [f"{figure.name} {figure.write(figure.after)}" for figure in figures if figure.is_same]
    if moved:
        yield moved_table(moved)
    if still:
        yield Paragraph("As before" if moved else "Nothing moved", f": {', '.join(still)}.")


def moved_table(figures: Sequence[Moved]) -> Table:
    """One row per figure."""
    changes = [figure.change for figure in figures]
    known = [abs(change) for change in changes if np.isfinite(change)]
    top = max(known, default=0.0) or 1.0
    return table(
        "Figures that moved",
        names("figure", (figure.name for figure in figures)),
        names("before", (figure.write(figure.before) for figure in figures)),
        names("after", (figure.write(figure.after) for figure in figures)),
        numbers("change", changes, lambda change: signed_percent(change) if np.isfinite(change) else "new"),
        spans("", (around_middle(change / top) for change in changes)),
        prose("why", (figure.why for figure in figures)),
    )


def figure_frame(figures: Sequence[Moved]) -> pd.DataFrame:
    """``figure, before, after, change, why``: SI units, change as a share of what was before."""
    rows = [(one.name, one.before, one.after, 0.0 if one.is_same else one.change, one.why) for one in figures]
    return pd.DataFrame(rows, columns=["figure", "before", "after", "change", "why"])


def largest(frame: pd.DataFrame, write: Callable[[float], str]) -> str:
    """The parts that moved most, in words, as ``conv1 +1.2 ms, relu -3 µs``."""
    shown = frame[frame.change != 0].head(MOST_NAMED)
    return ", ".join(f"{part} {signed(change, write)}" for part, change in zip(shown.part, shown.change, strict=True))
