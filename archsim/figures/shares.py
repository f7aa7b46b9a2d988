"""Where efficiency, energy and silicon go, by loss, component and layer; and what the assumed numbers change."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from archsim.accounting import efficiency_ladder
from archsim.figures.drawn import COLOURS, GREY, Drawn, canvas, plain
from archsim.report.document import Tone
from archsim.report.ladder import ladder_rows
from archsim.report.quantities import joules, significant, square_metres
from archsim.report.totals import component_totals, layer_totals
from archsim.simulation import Result
from archsim.studies import FIGURES, Sensitivity

MOST_BARS = 16
_MM2 = 1e-6


def _name(result: Result) -> str:
    return f"{result.network.name} on {result.chip.name}"


def waterfall(result: Result, axes: Axes | None = None) -> Drawn:
    """The efficiency ladder: TOPS/W with each loss and all before it.

    Returns
    -------
    Drawn
        ``step, energy_j, share, fj_per_op, tops_per_w, change``.

    Raises
    ------
    InputError
        If nothing ran on arrays.
    """
    frame = ladder_rows(efficiency_ladder(result.trace, result.placement, result.bill)).frame()
    drawn = canvas(axes)
    values = frame.tops_per_w.tolist()
    for place, (before, value) in enumerate(zip([values[0], *values], values, strict=False)):
        drawn.bar(place, value, color=COLOURS[Tone.KEPT], width=0.7)
        tone = Tone.LOST if value <= before else Tone.GAINED
        drawn.bar(place, before - value, bottom=value, color=COLOURS[tone], width=0.7, hatch="//", edgecolor="white")
        drawn.annotate(significant(value, digits=3), (place, max(before, value)), ha="center", va="bottom", fontsize=9)
    drawn.set_xticks(range(len(values)), [step.replace(" ", "\n") for step in frame.step], fontsize=9)
    drawn.set_ylabel("TOPS/W")
    plain(drawn, f"{_name(result)}: efficiency with each loss and all before it")
    return Drawn(drawn, frame)


def energy(result: Result, axes: Axes | None = None) -> Drawn:
    """Energy by component, its dynamic part and its leakage.

    Returns
    -------
    Drawn
        ``component, instances, dynamic_j, leakage_j, idle_j, wake_j, energy_j, area_m2``: of the whole run.
    """
    frame = component_totals(result.ledger).frame()
    shown = frame[frame.energy_j > 0].head(MOST_BARS).iloc[::-1]
    drawn = canvas(axes)
    drawn.barh(shown.component, shown.dynamic_j, color=COLOURS[Tone.KEPT], label="dynamic")
    drawn.barh(shown.component, shown.leakage_j, left=shown.dynamic_j, color=GREY, label="leakage")
    without = shown.idle_j + shown.wake_j
    if without.any():
        drawn.barh(shown.component, without, left=shown.dynamic_j + shown.leakage_j, color="0.8", label="idle, waking")
    for place, value in enumerate(shown.energy_j):
        drawn.annotate(f" {joules(value)}", (value, place), va="center", fontsize=8)
    drawn.set_xlabel("energy of the whole run (J)")
    drawn.legend(frameon=False)
    plain(drawn, f"{_name(result)}: where the energy goes")
    return Drawn(drawn, frame)


def area(result: Result, axes: Axes | None = None) -> Drawn:
    """Silicon by component.

    Returns
    -------
    Drawn
        ``component, instances, area_each_m2, area_m2``: of all chips.
    """
    frame = result.ledger.area.sort_values(by="area_m2", ascending=False, kind="stable", ignore_index=True)
    shown = frame[frame.area_m2 > 0].head(MOST_BARS).iloc[::-1]
    drawn = canvas(axes)
    drawn.barh(shown.component, shown.area_m2 / _MM2, color=COLOURS[Tone.KEPT])
    for place, value in enumerate(shown.area_m2):
        drawn.annotate(f" {square_metres(value)}", (value / _MM2, place), va="center", fontsize=8)
    drawn.set_xlabel("area of all chips (mm²)")
    plain(drawn, f"{result.chip.name}: where the silicon goes")
    return Drawn(drawn, frame)


def layers(result: Result, axes: Axes | None = None) -> Drawn:
    """What the busiest role of each layer does with its time; the layers that work longest.

    Returns
    -------
    Drawn
        ``layer, kind, role, actors, busy, starved, blocked, contended, done, busy_s, energy_j``.
    """
    frame = layer_totals(result.ledger).frame()
    shown = frame.head(MOST_BARS).iloc[::-1]
    drawn = canvas(axes)
    left = pd.Series(0.0, index=shown.index)
    tones = {"busy": Tone.KEPT, "starved": Tone.WAITING, "blocked": Tone.LOST, "contended": Tone.HIGHER}
    for state, tone in tones.items():
        drawn.barh(shown.layer, shown[state], left=left, color=COLOURS[tone], label=state)
        left = left + shown[state]
    drawn.set_xlabel("share of the run")
    drawn.legend(frameon=False, ncols=len(tones), loc="lower center", bbox_to_anchor=(0.5, 1.06))
    plain(drawn, f"{_name(result)}: what the busiest roles do")
    return Drawn(drawn, frame)


def sensitivity(found: Sensitivity, figure: str = "gops_per_w", axes: Axes | None = None) -> Drawn:
    """A tornado: what each assumed number changes.

    Parameters
    ----------
    found : Sensitivity
    figure : str
        One of `archsim.studies.FIGURES`.
    axes : Axes, optional

    Returns
    -------
    Drawn
        As `archsim.studies.Sensitivity.frame`, the one that changes this figure most first.
    """
    if figure not in FIGURES:
        raise ValueError(f"{figure!r} is none of {', '.join(FIGURES)}")
    columns = [f"{figure}_low", f"{figure}_high"]
    most = found.frame[columns].abs().max(axis=1)
    frame = found.frame.loc[most.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)
    shown = frame.head(MOST_BARS).iloc[::-1]
    drawn = canvas(axes)
    for column, tone, label in zip(columns, (Tone.LOWER, Tone.HIGHER), ("lower value", "higher value"), strict=True):
        drawn.barh(shown.field, 100 * shown[column].fillna(0.0), color=COLOURS[tone], label=label)
    drawn.axvline(0, color="black", linewidth=0.8)
    drawn.set_xlabel(f"change of {figure} (%)")
    drawn.legend(frameon=False)
    plain(drawn, "what the assumed numbers change, one at a time")
    return Drawn(drawn, frame)
