"""The run on the floorplan of its chips."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archsim.accounting.sites import Sites, sites
from archsim.report.document import Layer, Maps, Paragraph, Part, Tab, Table, Tabs, names, numbers, table
from archsim.report.quantities import counted, engineering, percent, significant, whole
from archsim.simulation import Result

if TYPE_CHECKING:
    import pandas as pd

MOST_MAPS = 4
"""Chips whose maps are shown; of more, those that take most power."""
_SHOWN_LAYERS, _SHOWN_TURNS = 4, 6


def _density(watts_per_m2: float) -> str:
    return f"{significant(watts_per_m2 / 1e6)} W/mm²"


def _watts(watts: float) -> str:
    return engineering(watts, "W", digits=3)


_QUANTITIES: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("Utilisation", "utilisation", percent),
    ("Weights written", "writing", percent),
    ("Power", "power_w", _watts),
    ("Power density", "density_w_m2", _density),
    ("Link traffic", "traffic", percent),
    ("Stalls", "stalled", percent),
)


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


def chip_maps(result: Result, found: Sites, chip: int) -> Maps:
    """One chip, coloured by each quantity."""
    frame = found.frame[found.frame.chip == chip]
    columns, rows = int(frame.column.max()) + 1, int(frame.row.max()) + 1
    place = (frame.row * columns + frame.column).to_numpy()
    labels = [""] * (rows * columns)
    for where, label in zip(place.tolist(), _labels(result, frame), strict=True):
        labels[where] = label
    layers = [
        Layer(name, _on_grid(frame[column], place, rows * columns), write)
        for name, column, write in _QUANTITIES
        if column != "writing" or found.frame.writing.any()
    ]
    return Maps(f"Chip {chip}", columns, rows, tuple(labels), tuple(layers))


def _on_grid(values: pd.Series[float], place: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    grid = np.zeros(size)
    grid[place] = values.to_numpy()
    return grid


def _labels(result: Result, frame: pd.DataFrame) -> Iterator[str]:
    turns = _turns_at(result)
    for chip, site, tile, layers, blocks in zip(
        frame.chip, frame.site, frame.tile, frame.layers, frame.blocks, strict=True
    ):
        if not tile:
            yield f"router {site}, no tile"
            continue
        named = layers.split(", ")
        more = f" and {len(named) - _SHOWN_LAYERS} more" if len(named) > _SHOWN_LAYERS else ""
        held = f"{', '.join(named[:_SHOWN_LAYERS])}{more}, {counted(blocks, 'block')}" if layers else "no weights"
        yield f"tile {site}: {held}{_turn_words(turns.get((chip, site), []))}"


def _turns_at(result: Result) -> dict[tuple[int, int], list[int]]:
    """The turns in which each chip's tile works; nothing where layers do not take turns."""
    placement = result.placement
    if placement.turns is None:
        return {}
    chips, tiles = np.divmod(placement.blocks.node[placement.uses.block], placement.floorplan.nodes)
    found = np.unique(np.column_stack([chips, tiles, placement.turns.use]), axis=0)
    turns: dict[tuple[int, int], list[int]] = {}
    for chip, tile, turn in found.tolist():
        turns.setdefault((chip, tile), []).append(turn)
    return turns


def _turn_words(turns: list[int]) -> str:
    if not turns:
        return ""
    named = ", ".join(str(turn + 1) for turn in turns[:_SHOWN_TURNS])
    more = f" and {len(turns) - _SHOWN_TURNS} more" if len(turns) > _SHOWN_TURNS else ""
    return f"; {'turn' if len(turns) == 1 else 'turns'} {named}{more}"


def chip_table(found: Sites) -> Table:
    """One row per chip."""
    groups = found.frame.groupby("chip")
    frame = groups.agg(
        power_w=("power_w", "sum"),
        density=("density_w_m2", "max"),
        blocks=("blocks", "sum"),
        utilisation=("utilisation", "mean"),
        writing=("writing", "max"),
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
        *([numbers("array written most", frame.writing, percent)] if frame.writing.any() else []),
        numbers("busiest link", frame.traffic, percent),
        numbers("most stalled tile", frame.stalled, percent),
    )
