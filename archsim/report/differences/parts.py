"""What a figure is made of in two runs, part by part: the parts' differences add up to that of the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from archsim.report.document import Span, Table, Tone, names, numbers, spans, table
from archsim.report.quantities import LEAST_SHARE, counted, percent

if TYPE_CHECKING:
    from archsim.report.differences.record import RunRecord

MOST_PARTS = 24
"""Rows of a table of parts; the others are summed."""


def energy_parts(before: RunRecord, after: RunRecord) -> pd.DataFrame:
    """Energy per sample in the steady state, by component: dynamic, leakage, idle clocks and waking.

    Returns
    -------
    DataFrame
        ``part, before, after, change``: joules; the columns' sums are the headlines' energy per sample.
    """
    return parts_between(_energies(before), _energies(after))


def _energies(record: RunRecord) -> pd.Series[float]:
    frame = record.sample_energy.set_index("component")
    kinds = {"dynamic": frame.dynamic_j, "leakage": frame.leakage_j, "idle": frame.idle_j, "waking": frame.wake_j}
    return pd.concat([_called(joules, kind) for kind, joules in kinds.items()])


def _called(values: pd.Series[float], kind: str) -> pd.Series[float]:
    return values.set_axis([f"{part}, {kind}" for part in values.index])


def layer_energy_parts(before: RunRecord, after: RunRecord) -> pd.DataFrame:
    """Dynamic energy per sample, by layer, as `energy_parts`."""
    energies = (record.layers.set_index("layer").energy_j / record.headline.batch for record in (before, after))
    return parts_between(*energies)


def area_parts(before: RunRecord, after: RunRecord) -> pd.DataFrame:
    """Silicon of all chips, by component, in square metres, as `energy_parts`."""
    return parts_between(*(record.components.set_index("component").area_m2 for record in (before, after)))


def latency_parts(before: RunRecord, after: RunRecord) -> pd.DataFrame | None:
    """What a sample's critical path passes at each layer, in picoseconds; None where one of them was not followed."""
    if before.path is None or after.path is None:
        return None
    return parts_between(*(path.set_index("layer").total_ps for path in (before.path, after.path)))


def passing_parts(before: RunRecord, after: RunRecord) -> pd.DataFrame | None:
    """What a sample's critical path passes with (product, conversion, transport, waiting ...), as `latency_parts`."""
    if before.path is None or after.path is None:
        return None
    return parts_between(*(path.drop(columns=["layer", "total_ps"]).sum() for path in (before.path, after.path)))


def resource_parts(before: RunRecord, after: RunRecord) -> pd.DataFrame:
    """How long the busiest resource of each kind works for a sample: the longest of these is the least period.

    Returns
    -------
    DataFrame
        As `energy_parts`, in seconds; these do not add up, as all work at once.
    """
    return parts_between(_needs(before), _needs(after))


def _needs(record: RunRecord) -> pd.Series[float]:
    period_s = 1.0 / record.headline.throughput_per_s
    needs: pd.Series[float] = record.resources.groupby("label").utilisation.max() * period_s
    return needs


def parts_between(before: pd.Series[float], after: pd.Series[float]) -> pd.DataFrame:
    """Parts of both, what moved most first; a part that one of them does not have is nothing there."""
    frame = pd.DataFrame({"before": before, "after": after}).fillna(0.0)
    frame = frame[(frame.before != 0) | (frame.after != 0)].rename_axis("part").reset_index()
    frame["change"] = frame.after - frame.before
    order = np.lexsort((-frame.after.to_numpy(float), -frame.change.abs().to_numpy(float)))
    return frame.iloc[order].reset_index(drop=True)


def parts_table(
    title: str, part: str, frame: pd.DataFrame, write: Callable[[float], str], *, adding: bool = True
) -> Table:
    """Parts of a figure in both runs, and their sum.

    Parameters
    ----------
    title : str
    part : str
        What a part is.
    frame : DataFrame
        ``part, before, after, change``.
    write : callable
        From a value to what a reader sees, with its unit.
    adding : bool
        Whether the parts make a whole.
    """
    shown = _folded(frame, part, adding=adding)
    whole = float(shown.change.sum()) if adding else 0.0
    top = float(shown.change.abs().max()) or 1.0
    if adding:
        shown = pd.concat([shown, _sum(shown, "all")], ignore_index=True)
    return table(
        title,
        names(part, shown.part),
        numbers("before", shown.before, write),
        numbers("after", shown.after, write),
        numbers("difference", shown.change, lambda value: signed(value, write)),
        spans("", (around_middle(value / top) for value in shown.change)),
        *([numbers("of the difference", shown.change / whole, _share)] if whole else []),
    )


def _folded(frame: pd.DataFrame, part: str, *, adding: bool) -> pd.DataFrame:
    """What moved most; of the rest, what moved less and what did not move are a sum each, where sums mean something."""
    moved, still = frame[frame.change != 0], frame[frame.change == 0]
    if not adding:
        return frame if moved.empty else moved
    most = MOST_PARTS if len(moved) <= MOST_PARTS else MOST_PARTS - 1
    rest = moved.iloc[most:]
    less = [] if rest.empty else [_sum(rest, counted(len(rest), f"other {part}"))]
    same = [] if still.empty else [_sum(still, f"{counted(len(still), part)} as before")]
    return pd.concat([moved.head(most), *less, *same], ignore_index=True)


def _share(share: float) -> str:
    if not share:
        return ""
    return percent(share) if abs(share) >= LEAST_SHARE else f"< {percent(LEAST_SHARE)}"


def _sum(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    sums = frame[["before", "after", "change"]].sum()
    return sums.to_frame().T.assign(part=name)


def around_middle(share: float) -> tuple[Span, ...]:
    """A bar to the left of the middle for what fell, to the right for what rose; nothing for what is no number."""
    if not share or np.isnan(share):
        return ()
    ends = sorted((0.5, 0.5 + 0.5 * max(-1.0, min(1.0, share))))
    return (Span(ends[0], ends[1], Tone.LOWER if share < 0 else Tone.HIGHER),)


def signed(value: float, write: Callable[[float], str]) -> str:
    """A difference with its sign."""
    if not value:
        return "0"
    return f"{'+' if value > 0 else '-'}{write(abs(value))}"
