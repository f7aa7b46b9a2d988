"""Choosing the unit for each part of each layer's output.

Element-wise layers stay where their input is made, part by part, if a unit there can do them. A layer that must see
whole tokens goes to the nearest able unit that still keeps pace with the arrays, in as many copies as that takes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from archsim.errors import MissingUnit
from archsim.mapping.floorplan import Floorplan
from archsim.mapping.placement import AT_PORT
from archsim.mapping.timing import digital_cycles
from archsim.network import Digital, Edge, Layer, Network, Primitive, Same, Source
from archsim.units import period_ps

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of one layer's output; columns of shape ``(parts,)`` as in ``Homes``."""

    replica: Ids
    part: Ids
    start: Ids
    stop: Ids
    node: Ids
    unit: Ids

    @property
    def replicas(self) -> int:
        """Copies of the layer."""
        return int(self.replica.max()) + 1


@dataclass
class Settler:
    """Finds homes for digital layers, one after the other, and remembers how busy each unit has become.

    Parameters
    ----------
    network : Network
    floorplan : Floorplan
    chips : int
    pace_ps : float
        Time per sample that the slowest matrix layer takes: what a unit should keep up with.
    bound : frozenset of str
        Layers inside a recurrence, which get one copy.
    """

    network: Network
    floorplan: Floorplan
    chips: int
    pace_ps: float
    bound: frozenset[str]
    busy_ps: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.busy_ps = np.zeros((len(self.floorplan.chip.units), self.chips * self.floorplan.nodes))

    def settle(self, layer: Layer, known: dict[str, Parts]) -> Parts:
        """Homes of a digital layer whose inputs' homes are known."""
        operator = layer.operator
        assert isinstance(operator, Digital)
        able = self._able_units(layer, operator)
        if operator.table:
            return _single(layer, self._port(known, layer), AT_PORT)
        inherited = None if operator.whole_token else self._inherit(layer, operator, known)
        if inherited is None:
            return self._settle_whole(layer, able, self._anchor(layer, known))
        return self._settle_parts(layer, able, inherited)

    def _able_units(self, layer: Layer, operator: Digital) -> list[int]:
        """Unit kinds that offer all the primitives; nearest kind first."""
        wanted = {primitive for primitive, _ in operator.work + operator.work_per_key}
        units = list(self.floorplan.chip.units.values())
        able = [index for index, unit in enumerate(units) if wanted <= unit.operations.keys()]
        if not able and not operator.table:
            raise _no_unit(self.floorplan, layer, operator, wanted)
        order = ("router", "tile") if operator.whole_token else ("tile", "router")
        return sorted(able, key=lambda index: order.index(units[index].where))

    def _inherit(self, layer: Layer, operator: Digital, known: dict[str, Parts]) -> Parts | None:
        """The parts of the inputs on port 0, or None where they do not line up."""
        edges = [edge for edge in self.network.inputs_of(layer.name) if edge.port == 0 and edge.source in known]
        if not edges or any(isinstance(self.network.by_name[edge.source].operator, Source) for edge in edges):
            return None
        pieces = [_carried(edge, known[edge.source], operator.contract) for edge in edges]
        if any(piece is None for piece in pieces):
            return None
        whole = [piece for piece in pieces if piece is not None]
        copies = {piece.replicas for piece in whole}
        same = len(copies) == 1 and all(isinstance(edge.access, Same) for edge in edges)
        parts = _joined(whole if same and layer.name not in self.bound else [_first_copy(piece) for piece in whole])
        covered = int((parts.stop - parts.start)[parts.replica == 0].sum())
        return parts if covered == layer.width else None

    def _anchor(self, layer: Layer, known: dict[str, Parts]) -> int:
        """Node that a layer should be near: its main input's, or the first tile."""
        for edge in self.network.inputs_of(layer.name):
            if edge.source in known and not isinstance(self.network.by_name[edge.source].operator, Source):
                return int(known[edge.source].node[0])
        return int(self.floorplan.tile_order[0])

    def _port(self, known: dict[str, Parts], layer: Layer) -> int:
        return self._anchor(layer, known) // self.floorplan.nodes * self.floorplan.nodes + self.floorplan.port

    def _settle_parts(self, layer: Layer, able: list[int], inherited: Parts) -> Parts:
        node, unit = inherited.node.copy(), np.empty_like(inherited.unit)
        share = (inherited.stop - inherited.start) / layer.width / inherited.replicas
        for place in range(len(node)):
            busy = self._busy(layer, able[0], float(share[place]))
            node[place], unit[place] = self._choose(able, int(node[place]), busy, stay=True)
        return Parts(inherited.replica, inherited.part, inherited.start, inherited.stop, node, unit)

    def _settle_whole(self, layer: Layer, able: list[int], anchor: int) -> Parts:
        busy = self._busy(layer, able[0], 1.0)
        most = min(layer.tokens, len(self._nodes(able[0])))
        copies = 1 if layer.name in self.bound else int(np.clip(np.ceil(busy / self.pace_ps), 1, most))
        chosen = [self._choose(able, anchor, busy / copies, stay=False) for _ in range(copies)]
        node, unit = np.array(chosen, np.int64).T
        zeros = np.zeros(copies, np.int64)
        return Parts(np.arange(copies), zeros, zeros, np.full(copies, layer.width), node, unit)

    def _busy(self, layer: Layer, kind: int, share: float) -> float:
        unit = list(self.floorplan.chip.units.values())[kind]
        cycles = digital_cycles(self.network, layer, unit, share)
        return float(cycles.sum() * (layer.tokens // len(cycles)) * period_ps(unit.clock))

    def _nodes(self, kind: int) -> Ids:
        return self.floorplan.unit_nodes[list(self.floorplan.chip.units)[kind]]

    def _choose(self, able: list[int], anchor: int, busy: float, *, stay: bool) -> tuple[int, int]:
        """The anchor's own unit if it may stay there, else the nearest that keeps pace, else the least busy."""
        chip, local = divmod(anchor, self.floorplan.nodes)
        hops = self.floorplan.hops(local)
        if stay:
            for kind in able:
                if local in self._nodes(kind):
                    return self._take(kind, anchor, busy)
        kind = able[0]
        nodes = self._nodes(kind) + chip * self.floorplan.nodes
        rounds = np.ceil((self.busy_ps[kind, nodes] + busy) / self.pace_ps)
        best = np.lexsort((hops[self._nodes(kind)], rounds))[0]
        return self._take(kind, int(nodes[best]), busy)

    def _take(self, kind: int, node: int, busy: float) -> tuple[int, int]:
        self.busy_ps[kind, node] += busy
        return node, kind


def _single(layer: Layer, node: int, unit: int) -> Parts:
    zero = np.zeros(1, np.int64)
    return Parts(zero, zero, zero, np.array([layer.width]), np.array([node]), np.array([unit]))


def _carried(edge: Edge, source: Parts, contract: int) -> Parts | None:
    """The source's parts as parts of the target, or None where the edge scatters or splits them unevenly."""
    low = np.maximum(source.start, edge.source_start) - edge.source_start + edge.target_start
    high = np.minimum(source.stop, edge.source_start + edge.elements) - edge.source_start + edge.target_start
    kept = low < high
    if edge.scattered or (low[kept] % contract).any() or (high[kept] % contract).any():
        return None
    low, high = low[kept] // contract, high[kept] // contract
    return Parts(source.replica[kept], source.part[kept], low, high, source.node[kept], source.unit[kept])


def _first_copy(parts: Parts) -> Parts:
    kept = parts.replica == parts.replica.min()
    columns = (parts.part, parts.start, parts.stop, parts.node, parts.unit)
    return Parts(np.zeros(int(kept.sum()), np.int64), *(column[kept] for column in columns))


def _joined(pieces: list[Parts]) -> Parts:
    """Parts of several inputs side by side, renumbered in the order of their elements."""
    names = ("replica", "start", "stop", "node", "unit")
    replica, start, stop, node, unit = (np.concatenate([getattr(piece, name) for piece in pieces]) for name in names)
    order = np.lexsort((start, replica))
    replica = replica[order]
    part = np.arange(len(order)) - np.searchsorted(replica, replica)
    return Parts(replica, part, start[order], stop[order], node[order], unit[order])


def _no_unit(floorplan: Floorplan, layer: Layer, operator: Digital, wanted: set[Primitive]) -> MissingUnit:
    units = floorplan.chip.units
    lacking = sorted(wanted - {primitive for unit in units.values() for primitive in unit.operations})
    words = ", ".join(lacking) if lacking else f"all of {', '.join(sorted(wanted))} on one unit"
    return MissingUnit(
        f"no digital unit can do {operator.kind!r}: it takes {words}",
        where=f"chip {floorplan.chip.name!r}, layer {layer.name!r}",
        remedy="Add the operations to a unit in the chip file (units: NAME: operations: ...), or add a unit.",
    )
