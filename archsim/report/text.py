"""The summary of a run for the terminal: what, where time goes, where energy and area go, why."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from archsim.accounting import Bottleneck, Headline
from archsim.report.quantities import (
    bar,
    counted,
    engineering,
    percent,
    significant,
    square_metres,
    whole,
)
from archsim.report.summary import Summary
from archsim.report.table import facts, names, numbers, plain_table
from archsim.report.totals import component_totals, layer_totals, resource_totals
from archsim.units import PS_PER_S

MOST_LAYERS = 8
MOST_COMPONENTS = 14
MOST_NOTES = 6


def run_report(summary: Summary) -> Group:
    """All of it, in about 60 lines at most."""
    ledger = summary.result.ledger
    return Group(
        _title(summary.headline),
        headline_facts(summary.headline),
        Text(),
        bottleneck_text(summary.bottleneck),
        Text(),
        layer_table(layer_totals(ledger), summary.result.trace.makespan / PS_PER_S),
        Text(),
        resource_table(resource_totals(ledger)),
        Text(),
        component_table(component_totals(ledger)),
        *_notes(summary.notes),
    )


def _title(headline: Headline) -> Text:
    title = Text(f"{headline.network} on {headline.chip}", style="bold")
    return title.append(f"  {counted(headline.batch, 'sample')}\n", style="not bold")


def headline_facts(headline: Headline) -> Table:
    """The headline, each figure with what it is measured by."""
    return facts((*_speed(headline), *_energy(headline), *_size(headline)))


def _speed(headline: Headline) -> list[Sequence[str]]:
    tops = headline.operations_per_sample * headline.throughput_per_s / 1e12
    slowest = f"; the slowest sample {engineering(headline.latency_max_s, 's')}" if headline.batch > 1 else ""
    return [
        ("latency", engineering(headline.latency_s, "s"), f"first token in to last token out{slowest}"),
        ("throughput", f"{significant(headline.throughput_per_s)} samples/s", headline.throughput_basis),
        (
            "speed",
            f"{significant(tops)} TOP/s",
            f"peak {significant(headline.peak_tops)}; "
            f"{engineering(headline.operations_per_sample)} operations per sample, two per MAC",
        ),
    ]


def _energy(headline: Headline) -> list[Sequence[str]]:
    return [
        (
            "energy",
            f"{engineering(headline.energy_per_sample_j, 'J')}/sample",
            f"{percent(headline.leakage_share)} of it leakage",
        ),
        ("power", engineering(headline.power_w, "W"), "in the steady state"),
        (
            "efficiency",
            f"{significant(headline.gops_per_w)} GOP/s/W",
            f"peak {significant(headline.peak_gops_per_w)}; "
            f"with unused tiles off {significant(headline.gops_per_w_used)}",
        ),
        (
            "density",
            f"{significant(headline.tops_per_mm2)} TOP/s/mm²",
            f"peak {significant(headline.peak_tops_per_mm2)}; "
            f"over the used tiles alone {significant(headline.tops_per_mm2_used)}",
        ),
    ]


def _size(headline: Headline) -> list[Sequence[str]]:
    return [
        (
            "silicon",
            square_metres(headline.area_m2),
            f"{square_metres(headline.area_used_m2)} without the unused tiles",
        ),
        (
            "size",
            counted(headline.chips, "chip"),
            f"{whole(headline.tiles_used)} of {whole(headline.tiles)} tiles hold weights, "
            f"in {percent(headline.cell_utilisation)} of all cells",
        ),
        ("arrays busy", percent(headline.array_utilisation), "of the time, those that hold weights"),
    ]


def bottleneck_text(bottleneck: Bottleneck) -> Text:
    """The bottleneck in two lines."""
    text = Text("Bottleneck ", style="bold")
    text.append(
        f"{bottleneck.resource}, busy {percent(bottleneck.utilisation)} of the time, mostly for {bottleneck.layer}\n",
        style="not bold",
    )
    return text.append(bottleneck.reason, style="not bold")


def layer_table(totals: pd.DataFrame, makespan_s: float) -> Table:
    """The layers that take most time or energy: how busy their busiest actor is, and what their busiest role does."""
    energy = totals["energy_j"].sum()
    weight = (totals["busy_s"] / totals["busy_s"].max()).combine(totals["energy_j"] / energy, max)
    shown = totals.loc[weight.nlargest(MOST_LAYERS).index].sort_values("busy_s", ascending=False, kind="stable")
    longest = shown["busy_s"] / makespan_s
    return plain_table(
        f"Where time goes: {len(shown)} of {counted(len(totals), 'layer')}, each by its busiest actor, "
        "and by its busiest role on average",
        names("layer", shown["layer"]),
        names("kind", shown["kind"]),
        numbers("busiest", map(percent, longest)),
        names("", map(bar, longest)),
        names("role", shown["role"]),
        *(numbers(state, map(percent, shown[state])) for state in ("busy", "starved", "blocked", "contended")),
        numbers("dynamic energy", map(percent, shown["energy_j"] / energy)),
    )


def resource_table(totals: pd.DataFrame) -> Table:
    """How busy each kind of resource is."""
    kinds = [
        kind if kind == label else f"{kind} {label}"
        for kind, label in zip(totals["kind"], totals["label"], strict=True)
    ]
    return plain_table(
        "Resources",
        names("kind", kinds),
        numbers("used", map(whole, totals["instances"])),
        numbers("mean use", map(percent, totals["mean_utilisation"])),
        numbers("busiest", map(percent, totals["utilisation"])),
        names("", map(bar, totals["utilisation"])),
        names("which", totals["busiest"]),
    )


def component_table(totals: pd.DataFrame) -> Table:
    """Energy and area by component."""
    energy, area = totals["energy_j"].sum(), totals["area_m2"].sum()
    shown = _folded(totals)
    return plain_table(
        f"Where energy and area go: {engineering(energy, 'J')} in the whole run, {square_metres(area)}",
        names("component", shown["component"]),
        numbers("dynamic", (engineering(joules, "J") for joules in shown["dynamic_j"])),
        numbers("leakage", (engineering(joules, "J") for joules in shown["leakage_j"])),
        numbers("energy", map(percent, shown["energy_j"] / energy)),
        names("", map(bar, shown["energy_j"] / energy)),
        numbers("silicon", map(square_metres, shown["area_m2"])),
        numbers("area", map(percent, shown["area_m2"] / area)),
        names("", map(bar, shown["area_m2"] / area)),
    )


def _folded(totals: pd.DataFrame) -> pd.DataFrame:
    """The components that matter, and one row for the rest."""
    if len(totals) <= MOST_COMPONENTS:
        return totals
    figures = ["dynamic_j", "leakage_j", "energy_j", "area_m2"]
    matter = totals["energy_j"] / totals["energy_j"].sum() + totals["area_m2"] / totals["area_m2"].sum()
    kept = totals.index.isin(matter.nlargest(MOST_COMPONENTS - 1).index)
    rest = totals.loc[~kept, figures].sum().to_frame().T.assign(component=f"{(~kept).sum()} others")
    return pd.concat([totals[kept], rest], ignore_index=True)


def _notes(notes: Sequence[str]) -> list[RenderableType]:
    if not notes:
        return []
    shown = [Text(f"- {note}") for note in notes[:MOST_NOTES]]
    more = len(notes) - len(shown)
    tail = [Text(f"- and {counted(more, 'note')} more in summary.json (--json, --out)")] if more else []
    return [Text(), Text("Notes", style="bold"), *shown, *tail]
