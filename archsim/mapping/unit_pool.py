"""Digital units of a system, and how much of each is already spoken for."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from archsim.chip.digital import Unit
from archsim.errors import MissingUnit
from archsim.machine.service import digital_cycles, unit_cycles
from archsim.mapping.floorplan import Floorplan
from archsim.mapping.pace import Pace
from archsim.network import Digital, Layer, Network, Primitive
from archsim.units import period_ps

Ids = NDArray[np.int64]
CACHE_SHARE = 0.75
"""Part of a unit's buffer that attention's keys and values may fill; the rest is for tokens on their way."""


@dataclass
class UnitPool:
    """Units by kind and node, with the work and the keys that they have been given.

    Parameters
    ----------
    floorplan : Floorplan
    chips : int
    pace : Pace
        Of the slowest matrix layer.
    """

    floorplan: Floorplan
    chips: int
    pace: Pace
    busy_ps: NDArray[np.float64] = field(init=False)
    cached_bits: NDArray[np.float64] = field(init=False)
    keys_fit: bool = field(init=False, default=True)
    """Whether no unit has been given more keys than it has room for."""

    def __post_init__(self) -> None:
        self.busy_ps = np.zeros((len(self.floorplan.chip.units), self.chips * self.floorplan.nodes))
        self.cached_bits = np.zeros(self.chips * self.floorplan.nodes)

    def unit(self, kind: int) -> Unit:
        """A kind's description."""
        return list(self.floorplan.chip.units.values())[kind]

    def nodes(self, kind: int) -> Ids:
        """Nodes of one chip that have a kind."""
        return self.floorplan.unit_nodes[list(self.floorplan.chip.units)[kind]]

    def able(self, layer: Layer, operator: Digital) -> list[int]:
        """Unit kinds that offer all the primitives; nearest kind first, of these the fastest.

        Those that name the operator as their own are asked alone; where none does, those that name none.
        """
        wanted = {primitive for primitive, _ in operator.work + operator.work_per_key}
        units = list(self.floorplan.chip.units.values())
        asked = [index for index, unit in enumerate(units) if _named(unit, operator)]
        asked = asked or [index for index, unit in enumerate(units) if unit.serves is None]
        able = [index for index in asked if wanted <= units[index].operations.keys()]
        if not able and not operator.table:
            raise _no_unit(self.floorplan, layer, operator, wanted, [list(self.floorplan.chip.units)[i] for i in asked])
        order = ("router", "tile") if operator.whole_token else ("tile", "router")
        speed = {index: _seconds(units[index], operator) for index in able}
        return sorted(able, key=lambda index: (order.index(units[index].where), speed[index]))

    def busy(self, network: Network, layer: Layer, kind: int, share: float) -> float:
        """Picoseconds per sample that a share of a layer's width keeps a unit busy."""
        unit = self.unit(kind)
        cycles = digital_cycles(network, layer, unit, share)
        return float(cycles.sum() * (layer.tokens // len(cycles)) * period_ps(unit.clock))

    def cache_bits(self, kind: int) -> float:
        """Room for keys in the buffer beside a unit."""
        buffer = self.unit(kind).buffer or self.floorplan.chip.tile.buffer
        return buffer.capacity * CACHE_SHARE

    def choose(self, able: list[int], anchor: int, busy: float, *, bits: float | None = None) -> tuple[int, int]:
        """A unit near the anchor that keeps pace.

        Parts of a layer (``bits`` is None) stay at the anchor's own unit if that keeps pace. Else the nearest is taken
        that keeps pace and has room for ``bits`` of keys; failing that, the least full and the least busy.
        """
        chip, local = divmod(anchor, self.floorplan.nodes)
        for kind in able if bits is None else []:
            if local in self.nodes(kind) and self._bears(float(self.busy_ps[kind, anchor]), busy):
                return self._take(kind, anchor, busy)
        kind = able[0]
        nodes = self.nodes(kind) + chip * self.floorplan.nodes
        keys = 0.0 if bits is None else bits
        beyond = np.maximum(0.0, self.cached_bits[nodes] + keys - max(self.cache_bits(kind), keys))
        loads, back = np.unique(self.busy_ps[kind, nodes] + busy, return_inverse=True)
        rounds = np.array([self.pace.rounds(load) for load in loads.tolist()])[back]
        best = int(nodes[np.lexsort((self.floorplan.hops(local)[self.nodes(kind)], rounds, beyond))[0]])
        self.cached_bits[best] += keys
        self.keys_fit &= bool(self.cached_bits[best] <= self.cache_bits(kind))
        return self._take(kind, best, busy)

    def _bears(self, before: float, busy: float) -> bool:
        """Whether a unit keeps pace with one more part; one that is too much for any unit it bears if it is idle."""
        return before + busy <= busy or self.pace.kept(before + busy)

    def _take(self, kind: int, node: int, busy: float) -> tuple[int, int]:
        self.busy_ps[kind, node] += busy
        return node, kind


def _named(unit: Unit, operator: Digital) -> bool:
    """Whether a unit names an operator as its own."""
    return unit.serves is not None and any(fnmatchcase(operator.kind, pattern) for pattern in unit.serves)


def _seconds(unit: Unit, operator: Digital) -> float:
    """Of one token's work, for a unit that can do it."""
    return (unit_cycles(unit, operator.work + operator.work_per_key, 1.0) + (unit.overhead or 0)) / unit.clock


def _no_unit(
    floorplan: Floorplan, layer: Layer, operator: Digital, wanted: set[Primitive], asked: list[str]
) -> MissingUnit:
    units = floorplan.chip.units
    lacking = sorted(wanted - {primitive for name in asked for primitive in units[name].operations})
    words = ", ".join(lacking) if lacking else f"all of {', '.join(sorted(wanted))} on one unit"
    others = [name for name in units if name not in asked]
    elsewhere = f"; {', '.join(others)} may not do it (units: NAME: serves)" if others else ""
    return MissingUnit(
        f"no digital unit can do {operator.kind!r}: it takes {words}{elsewhere}",
        where=f"chip {floorplan.chip.name!r}, layer {layer.name!r}",
        remedy="Add the operations to a unit in the chip file (units: NAME: operations: ...), or add a unit.",
    )
