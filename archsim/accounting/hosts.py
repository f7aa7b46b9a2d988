"""Which resource of a run each component goes with: what it does not do while that has no work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from archsim.chip import Chip
from archsim.machine import Kind as PartKind
from archsim.machine import Part, Place
from archsim.mapping import Floorplan
from archsim.program import Kind, Program

Ids = NDArray[np.int64]
Reals = NDArray[np.float64]

_MULTIPLIERS = {
    PartKind.ARRAY: Kind.ARRAY,
    PartKind.DRIVER: Kind.ARRAY,
    PartKind.SAMPLE_HOLD: Kind.ARRAY,
    PartKind.ADC: Kind.ADC,
    PartKind.AFFINE: Kind.AFFINE,
}
_NAMED = {PartKind.UNIT: Kind.UNIT, PartKind.MEMORY: Kind.MEMORY, PartKind.CHIP_LINK: Kind.CHIP_LINK}
_PORTS, _WIRES = ("link", "eject", "bus"), ("link", "bus")


@dataclass(frozen=True, eq=False)
class Hosts:
    """The servers that a component's instances go with.

    Parameters
    ----------
    resources : int64, shape (hosts,)
        Resources of the program.
    each : float64, shape (hosts,)
        Instances per server of each.
    group : int64, shape (hosts,), optional
        Of a component that several resources use: which of them share an instance. It is at work while one of them is,
        for which the sum of their times stands (at most all of it), and has no gaps of its own.
    """

    resources: Ids
    each: Reals
    group: Ids | None = None

    @property
    def follows(self) -> bool:
        """Whether the component works when its one resource does, and has the same gaps."""
        return self.group is None

    def busy(self, seconds: Reals, servers: Ids, most: float) -> float:
        """Instance-seconds at work.

        Parameters
        ----------
        seconds : float64, shape (resources,)
            Of work of a server of each resource.
        servers : int64, shape (resources,)
        most : float
            Seconds of the stretch that is looked at.
        """
        at_work = seconds[self.resources]
        if self.group is None:
            return float((self.each * servers[self.resources] * at_work).sum())
        together = np.minimum(np.bincount(self.group, weights=at_work), most)
        return float((together * self._sharing).sum())

    def there(self, servers: Ids) -> float:
        """Instances that something uses."""
        if self.group is None:
            return float((self.each * servers[self.resources]).sum())
        return float(self._sharing.sum())

    @cached_property
    def _sharing(self) -> Reals:
        """Instances per server of the first of each group; groups are counted from 0, and each has one."""
        assert self.group is not None
        first = np.zeros(int(self.group.max(initial=-1)) + 1, np.int64)
        first[self.group[::-1]] = np.arange(len(self.group))[::-1]
        return np.asarray(self.each[first], np.float64)


@dataclass(frozen=True, slots=True)
class Sites:
    """How often there is something on one chip: all that hosts depend on beside part and program."""

    tiles: int
    nodes: int
    arrays: int
    links: int
    units: tuple[tuple[str, int], ...]
    """Nodes that have each kind of unit."""

    @classmethod
    def of(cls, chip: Chip) -> Sites:
        """Those of a chip."""
        plan = Floorplan(chip)
        units = tuple((name, len(nodes)) for name, nodes in plan.unit_nodes.items())
        return cls(plan.tiles, plan.nodes, plan.arrays, chip.fabric.links, units)


@dataclass(frozen=True, slots=True)
class _Guest:
    """What counts of a part here."""

    name: str
    kind: PartKind
    place: Place
    count: int


def hosts_of(part: Part, chip: Chip, program: Program) -> Hosts:
    """What a part goes with in a program.

    Arrays, drivers and sample-and-holds go with their array; converters and affine stages, units, memories and links
    with themselves; a router, port by port, with the links that leave it. Buffers, and what a tile has beside them,
    work while anything of their tile or unit does.
    """
    return hosts_at(part, Sites.of(chip), program)


def hosts_at(part: Part, sites: Sites, program: Program) -> Hosts:
    """The same on a chip of which this is known; found once for all programs that differ in times."""
    guest = _Guest(part.name, part.kind, part.place, part.count)
    known = program.findings.get((guest, sites))
    if known is None:
        known = program.findings[guest, sites] = _found(guest, sites, program)
    return cast(Hosts, known)


def _found(part: _Guest, sites: Sites, program: Program) -> Hosts:
    if part.kind in _MULTIPLIERS:
        return _multipliers(part, sites, program)
    if part.kind in _NAMED:
        label = None if part.kind is PartKind.CHIP_LINK else part.name
        rows = _labelled(program, _NAMED[part.kind], () if label is None else (label,))
        return Hosts(rows, np.ones(len(rows)))
    if part.kind in (PartKind.ROUTER, PartKind.WIRE):
        return _fabric(part, sites, program)
    return _users(part, sites, program)


def _multipliers(part: _Guest, sites: Sites, program: Program) -> Hosts:
    rows = _labelled(program, _MULTIPLIERS[part.kind], ())
    each = part.count / sites.arrays / program.resources.servers[rows]
    return Hosts(rows, np.asarray(each, np.float64))


def _fabric(part: _Guest, sites: Sites, program: Program) -> Hosts:
    ports = part.kind is PartKind.ROUTER
    rows = _labelled(program, Kind.LINK, _PORTS if ports else _WIRES)
    all_of_them = sites.links + (sites.nodes if ports else 0)
    return Hosts(rows, np.full(len(rows), part.count / max(1, all_of_them)))


def _users(part: _Guest, sites: Sites, program: Program) -> Hosts:
    """What uses each tile's instance, or that of each node of the unit that a buffer belongs to."""
    table, units = program.resources, dict(sites.units)
    unit = part.name.removesuffix("-buffer")
    if unit in units:
        rows = _labelled(program, Kind.UNIT, (unit,))
        each = part.count / units[unit]
        return Hosts(rows, np.full(len(rows), each), np.arange(len(rows)))
    inside = np.isin(table.kind, (Kind.ARRAY, Kind.UNIT)) & (table.node < sites.tiles)
    rows = np.flatnonzero(inside) if part.place is Place.TILE else np.zeros(0, np.int64)
    tile = table.chip[rows].astype(np.int64) * sites.nodes + table.node[rows]
    _, group = np.unique(tile, return_inverse=True)
    return Hosts(rows, np.full(len(rows), part.count / sites.tiles), group.astype(np.int64))


def _labelled(program: Program, kind: Kind, labels: tuple[str, ...]) -> Ids:
    """Resources of a kind, and of some labels where there are any."""
    table = program.resources
    known = np.array([not labels or name in labels for name in program.labels.resources], np.bool_)
    return np.flatnonzero((table.kind == kind) & known[table.label]).astype(np.int64)
