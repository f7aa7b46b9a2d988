"""The efficiency ladder for readers: a table, a waterfall figure, JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np
from pydantic import JsonValue

from archsim.accounting import Ladder
from archsim.accounting.phases import PhaseCosts
from archsim.columns import Columns, Reals, Texts, texts
from archsim.report.document import Document, Paragraph, Table, bars, names, numbers, section, table
from archsim.report.phases import phase_table
from archsim.report.quantities import engineering, joules, percent, significant
from archsim.report.records import records

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TERA = 1e12
_MARGIN = 1.3
"""Widths of a bar to the right of the bars, for the words of published lines."""
_KEPT, _LOST, _GAINED = "#3b6ea5", "#c4572e", "#5a9367"


@dataclass(frozen=True, slots=True, eq=False)
class LadderTable(Columns):
    """One row per rung.

    Parameters
    ----------
    step : str, shape (rungs,)
    energy_j : float64, shape (rungs,)
        What the step adds per sample.
    share : float64, shape (rungs,)
        Of the whole.
    fj_per_op : float64, shape (rungs,)
        The same per operation.
    tops_per_w : float64, shape (rungs,)
        Efficiency with all steps so far.
    change : float64, shape (rungs,)
        That over the one before, less 1.
    """

    step: Texts
    energy_j: Reals
    share: Reals
    fj_per_op: Reals
    tops_per_w: Reals
    change: Reals


def ladder_rows(ladder: Ladder) -> LadderTable:
    """A ladder as columns, one row per rung."""
    energy_j = np.array([rung.energy_j for rung in ladder.rungs], np.float64)
    tops_per_w = np.array([rung.operations_per_w / _TERA for rung in ladder.rungs], np.float64)
    return LadderTable(
        texts(rung.step.value for rung in ladder.rungs),
        energy_j,
        energy_j / sum(energy_j.tolist()),
        energy_j / ladder.operations * 1e15,
        tops_per_w,
        np.append(0.0, tops_per_w[1:] / tops_per_w[:-1] - 1.0),
    )


def ladder_document(ladder: Ladder, phases: PhaseCosts | None = None) -> Document:
    """The ladder: operations, and a row for each rung.

    Parameters
    ----------
    ladder : Ladder
    phases : PhaseCosts, optional
        Of the same run, where it trains.
    """
    rows, trains = ladder_rows(ladder), phases is not None and len(phases) > 0
    heading = Paragraph(f"Efficiency ladder of {'training ' if trains else ''}{ladder.network} on {ladder.chip}")
    sections = [section(heading, Paragraph("", ladder_facts(ladder))), section(ladder_table(rows))]
    data = ladder_data(ladder)
    if phases is not None and trains and isinstance(data, dict):
        sections.append(section(phase_table(phases)))
        data = {**data, "phases": records(phases)}
    return Document(tuple(sections), data, rows)


def ladder_table(rows: LadderTable) -> Table:
    """A ladder's rows as a table."""
    return table(
        "",
        names("step", rows.step),
        numbers("adds per sample", rows.energy_j, joules),
        numbers("of the energy", rows.share, percent),
        numbers("TOPS/W", rows.tops_per_w, significant),
        numbers("change", rows.change, signed_percent),
        bars(rows.tops_per_w / rows.tops_per_w.max()),
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
    from matplotlib.figure import Figure  # late: a table needs none

    rows = ladder_rows(ladder)
    values = rows.tops_per_w.tolist()
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
    axes.set_xticks(range(len(values)), [step.replace(" ", "\n") for step in rows.step], fontsize=9)
    axes.set_ylabel("TOPS/W")
    axes.set_ylim(0, 1.12 * max(values))
    axes.set_title(f"{ladder.network} on {ladder.chip}: efficiency with each loss and all before it", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    return svg_text(figure)


def svg_text(figure: Figure) -> str:
    """A figure as SVG text without a date and with fixed identifiers, so that it changes only with its content."""
    import matplotlib as mpl  # late: a table needs none

    text = StringIO()
    with mpl.rc_context({"svg.hashsalt": "archsim", "svg.fonttype": "none"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
