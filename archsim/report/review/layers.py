"""One row per layer: what it is, how busy it is, what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archsim.report.document import Table, bars, names, numbers, table
from archsim.report.quantities import engineering, joules, percent, whole
from archsim.report.summary import Summary
from archsim.report.totals import layer_totals
from archsim.units import PS_PER_S

if TYPE_CHECKING:
    import pandas as pd

    from archsim.studies import Followed


def layer_rows(summary: Summary, followed: Followed | None) -> Table:
    """All layers in the network's order."""
    frame = layer_frame(summary, followed)
    makespan = summary.result.trace.makespan / PS_PER_S
    energy = frame.energy_j.sum() or 1.0
    path = () if followed is None else (numbers("of the latency", frame.path, percent),)
    return table(
        "Each layer by its busiest actor; waits are of its busiest role, on average",
        names("layer", frame.layer),
        names("kind", frame.kind),
        numbers("copies", frame.replicas, whole),
        numbers("arrays", frame.arrays, whole),
        numbers("MACs", frame.macs, lambda macs: engineering(macs) if macs else ""),
        numbers("busy", frame.busy_s / makespan, percent),
        bars(frame.busy_s / makespan),
        *(numbers(state, frame[state], percent) for state in ("starved", "blocked", "contended")),
        *path,
        numbers("dynamic energy", frame.energy_j, joules),
        numbers("of all", frame.energy_j / energy, percent),
    )


def layer_frame(summary: Summary, followed: Followed | None) -> pd.DataFrame:
    """The Ledger's layers with their waits and their share of the critical path."""
    ledger = summary.result.ledger
    waits = layer_totals(ledger).frame()[["layer", "starved", "blocked", "contended"]]
    frame = ledger.layers.merge(waits, on="layer", how="left")
    if followed is not None:
        path = followed.path.by_layer[["layer", "total_ps"]]
        frame = frame.merge(path, on="layer", how="left")
        frame["path"] = frame.total_ps.fillna(0) / (followed.path.stop_ps - followed.path.start_ps)
    return frame.fillna(dict.fromkeys(("busy_s", "energy_j", "starved", "blocked", "contended"), 0.0))
