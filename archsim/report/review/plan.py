"""The run on the floorplan of its chips."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from archsim.accounting.sites import Sites, sites
from archsim.report.document import Layer, Maps, Paragraph, Part, Tab, Table, Tabs, names, numbers, table
from archsim.report.quantities import counted, engineering, percent, significant, whole
from archsim.simulation import Result

MOST_MAPS = 4
"""Chips whose maps are shown; of more, those that take most power."""
_SHOWN_LAYERS = 4


def plan_parts(result: Result) -> Iterator[Part]:
    """Maps of the chips, and of many chips a table."""
    found = sites(result.trace, result.placement, result.bill)
    totals = found.frame.groupby("chip").power_w.sum()
    shown = (
        [int(chip) for chip in totals.nlargest(MOST_MAPS).index] if len(totals) > MOST_MAPS else totals.index.tolist()
    )
    yield Paragraph("", _words(found, len(totals), len(shown)))
    maps = [chip_maps(result, found, chip) for chip in shown]
    if len(maps) == 1:
        yield maps[0]
    else:
        tabs = tuple(Tab(f"Chip {chip}", (one,)) for chip, one in zip(shown, maps, strict=True))
        yield Tabs("Chips", tabs)
    if len(totals) > 1:
        yield chip_table(found)


def _words(found: Sites, chips: int, shown: int) -> str:
    frame = found.frame
    densest = float(frame.density_w_m2.max())
    which = "" if chips == shown else f" Of {counted(chips, 'chip')}, the {shown} that take most power are drawn."
    return (
        f"A square is a tile's place with the router and the units there; the densest takes "
        f"{_density(densest)}. {engineering(found.beside_w, 'W')} more is taken by what lies beside "
        f"the tiles: memories, links between chips, the host's port.{which}"
    )


def _density(watts_per_m2: float) -> str:
    return f"{significant(watts_per_m2 / 1e6)} W/mm²"


def chip_maps(result: Result, found: Sites, chip: int) -> Maps:
    """One chip, coloured by each quantity."""
    frame = found.frame[found.frame.chip == chip]
    columns, rows = int(frame.column.max()) + 1, int(frame.row.max()) + 1
    grid = np.zeros((6, rows * columns))
    quantities = ("utilisation", "power_w", "density_w_m2", "traffic", "stalled")
    place = (frame.row * columns + frame.column).to_numpy()
    for number, name in enumerate(quantities):
        grid[number, place] = frame[name].to_numpy()
    labels = [""] * (rows * columns)
    for where, label in zip(place.tolist(), _labels(result, frame), strict=True):
        labels[where] = label
    layers = (
        Layer("Utilisation", grid[0], percent),
        Layer("Power", grid[1], lambda watts: engineering(watts, "W", digits=3)),
        Layer("Power density", grid[2], _density),
        Layer("Link traffic", grid[3], percent),
        Layer("Stalls", grid[4], percent),
    )
    return Maps(f"Chip {chip}", columns, rows, tuple(labels), layers)


def _labels(result: Result, frame: pd.DataFrame) -> Iterator[str]:
    for site, tile, layers, blocks in zip(frame.site, frame.tile, frame.layers, frame.blocks, strict=True):
        if not tile:
            yield f"router {site}, no tile"
            continue
        named = layers.split(", ")
        more = f" and {len(named) - _SHOWN_LAYERS} more" if len(named) > _SHOWN_LAYERS else ""
        held = f"{', '.join(named[:_SHOWN_LAYERS])}{more}, {counted(blocks, 'block')}" if layers else "no weights"
        yield f"tile {site}: {held}"


def chip_table(found: Sites) -> Table:
    """One row per chip."""
    groups = found.frame.groupby("chip")
    frame = groups.agg(
        power_w=("power_w", "sum"),
        density=("density_w_m2", "max"),
        blocks=("blocks", "sum"),
        utilisation=("utilisation", "mean"),
        traffic=("traffic", "max"),
        stalled=("stalled", "max"),
    ).reset_index()
    return table(
        "Chips",
        names("chip", (f"chip {chip}" for chip in frame.chip)),
        numbers("power", frame.power_w, lambda watts: engineering(watts, "W")),
        numbers("densest tile", frame.density, _density),
        numbers("blocks", frame.blocks, whole),
        numbers("mean use", frame.utilisation, percent),
        numbers("busiest link", frame.traffic, percent),
        numbers("most stalled tile", frame.stalled, percent),
    )
