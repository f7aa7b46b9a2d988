"""The efficiency ladder for readers: a table, a waterfall figure, JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from io import StringIO

import matplotlib
import pandas as pd
from matplotlib.figure import Figure
from pydantic import JsonValue

from archsim.accounting import Ladder
from archsim.report.document import Document, Paragraph, Table, bars, names, numbers, section, table
from archsim.report.phases import phase_table
from archsim.report.quantities import engineering, joules, percent, significant
from archsim.report.records import records

_TERA = 1e12
_MARGIN = 1.3
"""Widths of a bar to the right of the bars, for the words of published lines."""
_KEPT, _LOST, _GAINED = "#3b6ea5", "#c4572e", "#5a9367"


def ladder_frame(ladder: Ladder) -> pd.DataFrame:
    """One row per rung.

    Returns
    -------
    DataFrame
        ``step, energy_j, share, fj_per_op, tops_per_w, change``: the energy that a step adds per sample, its share of
        the whole, the same per operation, the efficiency with all steps so far, and that over the one before, less 1.
    """
    whole = sum(rung.energy_j for rung in ladder.rungs)
    frame = pd.DataFrame(
        {
            "step": [rung.step.value for rung in ladder.rungs],
            "energy_j": [rung.energy_j for rung in ladder.rungs],
            "share": [rung.energy_j / whole for rung in ladder.rungs],
            "fj_per_op": [rung.energy_j / ladder.operations * 1e15 for rung in ladder.rungs],
            "tops_per_w": [rung.operations_per_w / _TERA for rung in ladder.rungs],
        }
    )
    frame["change"] = (frame.tops_per_w / frame.tops_per_w.shift() - 1.0).fillna(0.0)
    return frame


def ladder_document(ladder: Ladder, phases: pd.DataFrame | None = None) -> Document:
    """The ladder: operations, and a row for each rung.

    Parameters
    ----------
    ladder : Ladder
    phases : DataFrame, optional
        ``Ledger.phases`` of the same run, where it trains.
    """
    frame, trains = ladder_frame(ladder), phases is not None and len(phases) > 0
    heading = Paragraph(f"Efficiency ladder of {'training ' if trains else ''}{ladder.network} on {ladder.chip}")
    sections = [section(heading, Paragraph("", ladder_facts(ladder))), section(ladder_table(frame))]
    data = ladder_data(ladder)
    if phases is not None and trains and isinstance(data, dict):
        sections.append(section(phase_table(phases)))
        data = {**data, "phases": records(phases)}
    return Document(tuple(sections), data, frame)


def ladder_table(frame: pd.DataFrame) -> Table:
    """A ladder's frame as a table."""
    return table(
        "",
        names("step", frame.step),
        numbers("adds per sample", frame.energy_j, joules),
        numbers("of the energy", frame.share, percent),
        numbers("TOPS/W", frame.tops_per_w, significant),
        numbers("change", frame.change, signed_percent),
        bars(frame.tops_per_w / frame.tops_per_w.max()),
        width=20,
    )


def ladder_facts(ladder: Ladder) -> str:
    """One line: operations, and how long arrays wait."""
    on_arrays = percent(ladder.array_operations / ladder.operations)
    return (
        f"{engineering(ladder.operations)} operations per sample, {on_arrays} of them on arrays, "
        f"which wait {percent(ladder.idle)} of the time"
    )


def signed_percent(change: float) -> str:
    """A change with its sign, in per cent.

    Examples
    --------
    >>> signed_percent(-0.0345)
    '-3.5 %'
    """
    return f"{100.0 * change:+.1f} %"


def ladder_data(ladder: Ladder) -> JsonValue:
    """The ladder for programs, in SI units."""
    data: JsonValue = asdict(ladder)
    return data


def ladder_figure(ladder: Ladder, published: Sequence[tuple[str, float]] = ()) -> str:
    """A waterfall from the peak to the system, as SVG text; the same ladder always gives the same text.

    Parameters
    ----------
    ladder : Ladder
    published : sequence of (str, float)
        Names and operations per joule, drawn as lines across.
    """
    frame = ladder_frame(ladder)
    values = frame.tops_per_w.tolist()
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    for place, value in enumerate(values):
        before = values[place - 1] if place else value
        axes.bar(place, value, color=_KEPT, width=0.7)
        axes.bar(place, before - value, bottom=value, color=_LOST if value <= before else _GAINED, width=0.7)
        axes.annotate(significant(value, digits=3), (place, 0.02 * values[0]), ha="center", fontsize=9, color="white")
    for name, value in published:
        axes.axhline(value / _TERA, color="black", linewidth=0.8, linestyle="--")
        words = f"{name}:\n{significant(value / _TERA)} published"
        axes.annotate(words, (len(values) - 0.5, value / _TERA), va="bottom", fontsize=8)
    axes.set_xlim(-0.55, len(values) - 0.5 + (_MARGIN if published else 0.0))
    axes.set_xticks(range(len(values)), [step.replace(" ", "\n") for step in frame.step], fontsize=9)
    axes.set_ylabel("TOPS/W")
    axes.set_ylim(0, 1.12 * max(values))
    axes.set_title(f"{ladder.network} on {ladder.chip}: efficiency with each loss and all before it", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    return svg_text(figure)


def svg_text(figure: Figure) -> str:
    """A figure as SVG text without a date and with fixed identifiers, so that it changes only with its content."""
    text = StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "archsim", "svg.fonttype": "none"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
