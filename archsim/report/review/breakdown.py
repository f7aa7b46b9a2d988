"""Energy and area, divided from chip to component to layer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from archsim.accounting import LEAKAGE, Ledger
from archsim.machine import Place
from archsim.report.document import Branch, Tab, Tabs, Tree
from archsim.report.quantities import counted, joules, square_metres
from archsim.report.text import component_table
from archsim.report.totals import component_totals
from archsim.simulation import Result

if TYPE_CHECKING:
    import pandas as pd

MOST_CHIPS, MOST_LAYERS = 6, 16
"""Branches that are told; the rest is summed."""
_STANDING = {"leakage": "leakage", "active": "clocks at work", "idle": "clocks without work", "wake": "waking"}
"""What parts take beside their actions, as the ledger's energy table says it and in words."""


def breakdown_tabs(result: Result) -> Tabs:
    """Energy, area, and the table of components."""
    ledger = result.ledger
    return Tabs(
        "Energy and area",
        (
            Tab("Energy", (energy_tree(ledger, result.placement.chips),)),
            Tab("Area", (area_tree(result),)),
            Tab("Components", (component_table(component_totals(ledger)),)),
        ),
    )


def energy_tree(ledger: Ledger, chips: int) -> Tree:
    """Energy of the whole run: chips, where there are several, components, layers and leakage."""
    leaking = ledger.energy.layer == LEAKAGE
    leakage = ledger.energy[leaking].groupby(["component", "action"]).energy_j.sum() / chips
    spent = ledger.energy[~leaking].groupby(["chip", "component", "layer"]).energy_j.sum().reset_index()
    title = "Energy of the whole run"
    if chips == 1:
        return Tree(title, Branch("chip", _total(spent, leakage, 1), _components(spent, leakage)), joules)
    branches = [_chip(spent, leakage, chip) for chip in _largest(spent, chips)]
    told = {int(branch.name.split()[1]) for branch in branches}
    rest = chips - len(branches)
    if rest:
        others = spent[~spent.chip.isin(told)].groupby(["component", "layer"]).energy_j.sum().reset_index()
        scaled = leakage * rest
        branches.append(Branch(counted(rest, "other chip"), _total(others, scaled, 1), _components(others, scaled)))
    return Tree(title, Branch("system", sum(branch.value for branch in branches), tuple(branches)), joules)


def _largest(spent: pd.DataFrame, chips: int) -> list[int]:
    totals = spent.groupby("chip").energy_j.sum().reindex(range(chips), fill_value=0.0)
    return [int(chip) for chip in totals.nlargest(MOST_CHIPS).index]


def _chip(spent: pd.DataFrame, leakage: pd.Series[float], chip: int) -> Branch:
    mine = spent[spent.chip == chip]
    return Branch(f"chip {chip}", _total(mine, leakage, 1), _components(mine, leakage))


def _total(spent: pd.DataFrame, leakage: pd.Series[float], chips: int) -> float:
    return float(spent.energy_j.sum() + chips * leakage.sum())


def _components(spent: pd.DataFrame, leakage: pd.Series[float]) -> tuple[Branch, ...]:
    branches = []
    for component in sorted({*spent.component, *leakage.index.get_level_values("component")}):
        mine = spent[spent.component == component]
        leaves = [Branch(str(name), float(value)) for name, value in zip(mine.layer, mine.energy_j, strict=True)]
        lost = tuple(
            Branch(_STANDING[action], float(leakage[component, action]))
            for action in _STANDING
            if leakage.get((component, action), 0.0)
        )
        total = sum(leaf.value for leaf in (*leaves, *lost))
        if total:
            branches.append(Branch(str(component), total, (*lost, *_kept(leaves, "layer"))))
    return tuple(sorted(branches, key=lambda branch: -branch.value))


def _kept(leaves: Iterable[Branch], noun: str) -> tuple[Branch, ...]:
    """The largest, and the sum of the others."""
    ordered = sorted((leaf for leaf in leaves if leaf.value), key=lambda leaf: -leaf.value)
    kept, rest = ordered[:MOST_LAYERS], ordered[MOST_LAYERS:]
    if not rest:
        return tuple(kept)
    return (*kept, Branch(counted(len(rest), f"other {noun}"), sum(leaf.value for leaf in rest)))


def area_tree(result: Result) -> Tree:
    """Silicon of all chips: components, and the layers that the tiles' parts are for."""
    ledger, placement = result.ledger, result.placement
    arrays = placement.chips * placement.floorplan.arrays
    used = ledger.layers[ledger.layers.arrays > 0]
    in_tiles = {part.name for part in result.bill.components if part.place is Place.TILE}
    branches = []
    for component, area in zip(ledger.area.component, ledger.area.area_m2, strict=True):
        if not area:
            continue
        shares = zip(used.layer, used.arrays / arrays, strict=True) if component in in_tiles else ()
        leaves = [Branch(str(layer), float(area * share)) for layer, share in shares]
        free = float(area) - sum(leaf.value for leaf in leaves)
        idle = (Branch("arrays without weights", free),) if leaves and free > 1e-9 * area else ()
        branches.append(Branch(str(component), float(area), (*_kept(leaves, "layer"), *idle)))
    branches.sort(key=lambda branch: -branch.value)
    return Tree("Silicon", Branch("all", float(ledger.area.area_m2.sum()), tuple(branches)), square_metres)
