"""A run on the floorplan: what each place of each chip did, took and waited for.

A *site* is a router's place for a tile: the tile, and at a router's first site the router with its links and the units
beside it. What sits at the port (host, memories, links between chips) and what a chip has beside its sites is on no
site; `Sites.beside_w` is its power, so that all of it adds up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archsim.accounting.course import firing_energies
from archsim.accounting.power import standing, whole_run
from archsim.cost import Bill, Component
from archsim.machine import Place
from archsim.mapping import Placement
from archsim.program import Kind, Program, Role, Trace
from archsim.units import PS_PER_S

if TYPE_CHECKING:
    import pandas as pd

Reals = NDArray[np.float64]
Ids = NDArray[np.int64]
LEAVING, ENTERING, BETWEEN = "inject", "eject", "link"
"""Labels of links from a node into the fabric, out of it, and between routers."""
_IN_TILES = (Kind.ARRAY, Kind.ADC, Kind.AFFINE)
NOWHERE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """All sites of all chips.

    Parameters
    ----------
    frame : DataFrame
        One row per site: ``chip, site, row, column, tile`` (whether there is one), ``layers`` (on its arrays, joined by
        commas), ``blocks, utilisation`` (of the busiest of its arrays, converters and affine stages, writing aside),
        ``writing`` (of the array that is written most, the share of the run that this takes), ``power_w``
        (dynamic, averaged over the run, and leakage), ``area_m2, density_w_m2, traffic`` (busy share of the busiest
        link that leaves the router), ``stalled`` (share of the run in which actors of the tile had work and could not
        do it: blocked or contended, averaged).
    beside_w : float
        Power that is on no site.
    """

    frame: pd.DataFrame
    beside_w: float


def sites(trace: Trace, placement: Placement, bill: Bill) -> Sites:
    """Lay a run on the floorplan.

    Raises
    ------
    MissingCost
        If something happened whose cost nobody has given.
    """
    import pandas as pd  # late: a third of a start

    plan = _Plan.of(trace.program, placement)
    static = _Static.of(trace, placement, bill)
    dynamic = _per_site(plan, _dynamic_power(trace, bill))
    power, area = dynamic + np.tile(static.leakage_w, plan.chips), np.tile(static.area_m2, plan.chips)
    written = _written(trace)
    row, column = np.divmod(np.tile(np.arange(plan.each), plan.chips), plan.across)
    frame = pd.DataFrame(
        {
            "chip": np.repeat(np.arange(plan.chips), plan.each),
            "site": np.tile(np.arange(plan.each), plan.chips),
            "row": row,
            "column": column,
            "tile": np.tile(np.arange(plan.each) < placement.floorplan.tiles, plan.chips),
            "layers": _layers(plan, placement),
            "blocks": _blocks(plan, placement),
            "utilisation": _largest(plan, _use(trace) - written, np.isin(trace.program.resources.kind, _IN_TILES)),
            "writing": _largest(plan, written, trace.program.resources.kind == Kind.ARRAY),
            "power_w": power,
            "area_m2": area,
            "density_w_m2": np.divide(power, area, out=np.zeros_like(power), where=area > 0),
            "traffic": _largest(plan, _use(trace), _labelled(trace.program, BETWEEN)),
            "stalled": _stalled(plan, trace),
        }
    )
    total = _dynamic_power(trace, bill).sum() + static.total_w
    return Sites(frame, float(total - power.sum()))


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """Where resources are: ``site`` is the global site of each resource, or `NOWHERE`; shape ``(resources,)``."""

    chips: int
    each: int
    across: int
    site: Ids

    @classmethod
    def of(cls, program: Program, placement: Placement) -> _Plan:
        fabric, plan = placement.chip.fabric, placement.floorplan
        each = max(fabric.routers * fabric.concentration, plan.tiles)
        table = program.resources
        # Nodes of a chip: tiles, then units at routers, then the port.
        local = np.concatenate([np.arange(plan.tiles), plan.router[plan.tiles :] * fabric.concentration])
        node = table.node.astype(np.int64)
        site = np.full(len(table), NOWHERE, np.int64)
        inside = np.isin(table.kind, (*_IN_TILES, Kind.UNIT)) & (node < plan.port)
        site[inside] = local[node[inside]]
        for label, router in ((BETWEEN, table.node), (ENTERING, table.node), (LEAVING, table.index)):
            rows = _labelled(program, label)
            site[rows] = router[rows].astype(np.int64) * fabric.concentration
        here = (site >= 0) & (site < each)
        placed = np.where(here, table.chip.astype(np.int64) * each + site, NOWHERE)
        return cls(placement.chips, each, fabric.columns * fabric.concentration, placed)


def _labelled(program: Program, label: str) -> NDArray[np.bool_]:
    """Links of a label, shape ``(resources,)``."""
    known = [number for number, name in enumerate(program.labels.resources) if name == label]
    return np.asarray((program.resources.kind == Kind.LINK) & np.isin(program.resources.label, known))


@dataclass(frozen=True, slots=True, eq=False)
class _Static:
    """What the sites of one chip draw beside their actions, all chips' mean, and their area; shape ``(sites,)``."""

    leakage_w: Reals
    area_m2: Reals
    total_w: float

    @classmethod
    def of(cls, trace: Trace, placement: Placement, bill: Bill) -> _Static:
        where = _Shares.of(placement)
        leakage, area = np.zeros(len(where.tiles)), np.zeros(len(where.tiles))
        span = whole_run(trace, placement.chip)
        watts = standing(placement.chip, bill, placement.chips, trace.program, span).all / span.seconds
        for part, drawn in zip(bill.components, watts.tolist(), strict=True):
            share = where.of_part(part)
            leakage += drawn / placement.chips * share
            area += part.count * part.area_m2.value * share
        return cls(leakage, area, float(watts.sum()))


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """How components are spread over the sites of a chip, shape ``(sites,)``: in tiles, at routers, at units' nodes."""

    tiles: Reals
    routers: Reals
    units: Mapping[str, Reals]

    @classmethod
    def of(cls, placement: Placement) -> _Shares:
        fabric, plan = placement.chip.fabric, placement.floorplan
        size = max(fabric.routers * fabric.concentration, plan.tiles)
        tiles = np.zeros(size)
        tiles[: plan.tiles] = 1.0 / plan.tiles
        routers = np.zeros(size)
        routers[: fabric.routers * fabric.concentration : fabric.concentration] = 1.0 / fabric.switches
        units = {}
        for name, nodes in plan.unit_nodes.items():
            at = np.bincount(plan.router[nodes] * fabric.concentration, minlength=size) / len(nodes)
            units[name] = units[f"{name}-buffer"] = at
        return cls(tiles, routers, units)

    def of_part(self, part: Component) -> Reals:
        """Shares of a component; none of what sits at the port."""
        if part.place is Place.PORT:
            return np.zeros(len(self.tiles))
        return self.tiles if part.place is Place.TILE else self.units.get(part.name, self.routers)


def leakage_sites(trace: Trace, placement: Placement, bill: Bill) -> pd.DataFrame:
    """What each component leaks at each site, averaged over the run.

    Returns
    -------
    DataFrame
        Watts; one row per component, with what others draw as a share of its leakage, one column per site of a chip,
        all chips' mean.
    """
    import pandas as pd  # late: a third of a start

    where, span = _Shares.of(placement), whole_run(trace, placement.chip)
    drawn = standing(placement.chip, bill, placement.chips, trace.program, span)
    whole = np.array([0.0 if part.along else bill.whole(part.name) for part in bill.components])
    each = drawn.leakage / span.seconds / placement.chips * whole
    rows = [watts * where.of_part(part) for watts, part in zip(each, bill.components, strict=True)]
    return pd.DataFrame(rows, index=drawn.component)


def _dynamic_power(trace: Trace, bill: Bill) -> Reals:
    """Watts of each resource's actions, averaged over the run, shape ``(resources,)``."""
    program = trace.program
    joules = firing_energies(program, bill) * trace.firings
    total = np.bincount(program.actors.resource, weights=joules, minlength=len(program.resources))
    return np.asarray(total / max(1, trace.makespan) * PS_PER_S, np.float64)


def _per_site(plan: _Plan, values: Reals) -> Reals:
    """Sums over the resources of each site, shape ``(chips * sites,)``."""
    here = plan.site >= 0
    size = plan.chips * plan.each
    return np.bincount(plan.site[here], weights=values[here], minlength=size).astype(np.float64)


def _use(trace: Trace) -> Reals:
    """Busy share of each resource, shape ``(resources,)``."""
    return trace.resource_busy / (max(1, trace.makespan) * trace.program.resources.servers.astype(np.int64))


def _written(trace: Trace) -> Reals:
    """Share of the run in which each resource is written, shape ``(resources,)``."""
    program = trace.program
    busy = np.where(program.actors.role == Role.PROGRAM, trace.busy, 0)
    total = np.bincount(program.actors.resource, weights=busy, minlength=len(program.resources))
    return np.asarray(total / (max(1, trace.makespan) * program.resources.servers.astype(np.int64)), np.float64)


def _largest(plan: _Plan, shares: Reals, chosen: NDArray[np.bool_]) -> Reals:
    """The largest share of the chosen resources of each site."""
    rows = np.flatnonzero(chosen & (plan.site >= 0))
    top = np.zeros(plan.chips * plan.each)
    np.maximum.at(top, plan.site[rows], shares[rows])
    return top


def _stalled(plan: _Plan, trace: Trace) -> Reals:
    """Mean share of the run in which the actors on a tile's arrays and converters were blocked or contended."""
    program = trace.program
    kind = program.resources.kind[program.actors.resource]
    site = plan.site[program.actors.resource]
    rows = np.flatnonzero(np.isin(kind, _IN_TILES) & (site >= 0))
    size = plan.chips * plan.each
    waits = (trace.blocked + trace.contended)[rows] / max(1, trace.makespan)
    count = np.bincount(site[rows], minlength=size)
    return np.asarray(np.bincount(site[rows], weights=waits, minlength=size) / np.maximum(count, 1), np.float64)


def _block_sites(plan: _Plan, placement: Placement) -> Ids:
    chip, tile = np.divmod(placement.blocks.node, placement.floorplan.nodes)
    return np.asarray(chip * plan.each + tile, np.int64)


def _blocks(plan: _Plan, placement: Placement) -> Ids:
    return np.bincount(_block_sites(plan, placement), minlength=plan.chips * plan.each).astype(np.int64)


def _layers(plan: _Plan, placement: Placement) -> list[str]:
    import pandas as pd  # late: a third of a start

    uses = placement.uses
    frame = pd.DataFrame({"site": _block_sites(plan, placement)[uses.block], "layer": uses.layer}).drop_duplicates()
    names: list[list[str]] = [[] for _ in range(plan.chips * plan.each)]
    order = placement.network.order
    for site, layer in zip(frame.site.tolist(), frame.layer.tolist(), strict=True):
        names[site].append(order[layer].name)
    return [", ".join(here) for here in names]
