"""Choosing the unit for each part of each layer's output.

Element-wise layers stay where their input is made, part by part, if a unit there can do them. A layer that must see
whole tokens goes to the nearest able unit that still keeps pace with the arrays, in as many copies as that takes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from archsim.errors import MissingUnit
from archsim.mapping.blocks import even_edges
from archsim.mapping.floorplan import Floorplan
from archsim.mapping.parts import Parts, carried, joined, one_copy, single
from archsim.mapping.placement import AT_PORT
from archsim.mapping.timing import digital_cycles
from archsim.network import Digital, Layer, Network, Primitive, Same, Source
from archsim.units import period_ps

Ids = NDArray[np.int64]
CACHE_SHARE = 0.75
"""Part of a unit's buffer that attention's keys and values may fill; the rest is for tokens on their way."""


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
    cached_bits: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.busy_ps = np.zeros((len(self.floorplan.chip.units), self.chips * self.floorplan.nodes))
        self.cached_bits = np.zeros(self.chips * self.floorplan.nodes)

    def settle(self, layer: Layer, known: dict[str, Parts]) -> Parts:
        """Homes of a digital layer whose inputs' homes are known."""
        operator = layer.operator
        assert isinstance(operator, Digital)
        able = self._able_units(layer, operator)
        if operator.table:
            return single(layer, self._port(known, layer), AT_PORT)
        inherited = None if operator.whole_token else self._inherit(layer, operator, able[0], known)
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

    def _inherit(self, layer: Layer, operator: Digital, kind: int, known: dict[str, Parts]) -> Parts | None:
        """The parts of the inputs on port 0, or None where they do not line up."""
        edges = [edge for edge in self.network.inputs_of(layer.name) if edge.port == 0 and edge.source in known]
        if not edges or any(isinstance(self.network.by_name[edge.source].operator, Source) for edge in edges):
            return None
        pieces = [carried(edge, known[edge.source], operator.contract) for edge in edges]
        whole = [piece for piece in pieces if piece is not None]
        if len(whole) < len(pieces):
            return None
        copies = {piece.replicas for piece in whole}
        same = len(copies) == 1 and all(isinstance(edge.access, Same) for edge in edges)
        if same and layer.name not in self.bound:
            parts = joined(whole)
        else:
            parts = joined([one_copy(piece, 0, 0) for piece in whole])
            parts = self._multiplied(layer, kind, parts, whole)
        covered = int((parts.stop - parts.start)[parts.replica == 0].sum())
        return parts if covered == layer.width else None

    def _multiplied(self, layer: Layer, kind: int, parts: Parts, sources: list[Parts]) -> Parts:
        """As many copies as it takes to keep pace, each beside a copy of the sources."""
        share = float((parts.stop - parts.start).max()) / layer.width
        copies = self._copies(layer, self._busy(layer, kind, share))
        return joined([one_copy(piece, copy % piece.replicas, copy) for copy in range(copies) for piece in sources])

    def _copies(self, layer: Layer, busy: float) -> int:
        """Copies that share the tokens of a layer so that each keeps pace."""
        if layer.name in self.bound:
            return 1
        return int(np.clip(np.ceil(busy / self.pace_ps), 1, min(layer.tokens, self.floorplan.tiles)))

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
            node[place], unit[place] = self._choose(able, int(node[place]), busy)
        return Parts(inherited.replica, inherited.part, inherited.start, inherited.stop, node, unit)

    def _settle_whole(self, layer: Layer, able: list[int], anchor: int) -> Parts:
        """Whole tokens, or groups of heads, on units that keep pace together."""
        busy, units = self._busy(layer, able[0], 1.0), len(self._nodes(able[0]))
        cuts = self._cut_heads(layer, able[0], busy, units)
        pieces = len(cuts) - 1
        copies = min(self._copies(layer, busy / pieces), max(1, units // pieces))
        each, bits = busy / (pieces * copies), self._cached_bits(layer) / pieces
        chosen = [self._choose(able, anchor, each, bits=bits) for _ in range(copies * pieces)]
        node, unit = np.array(chosen, np.int64).T
        replica, part = np.divmod(np.arange(copies * pieces), pieces)
        return Parts(replica, part, cuts[part], cuts[part + 1], node, unit)

    def _cut_heads(self, layer: Layer, kind: int, busy: float, units: int) -> Ids:
        """Boundaries of the groups of heads that different units treat: few, but enough for pace and for their keys."""
        operator = layer.operator
        assert isinstance(operator, Digital)
        if operator.heads == 1:
            return np.array([0, layer.width], np.int64)
        wanted = max(np.ceil(busy / self.pace_ps), np.ceil(self._cached_bits(layer) / self._buffer_bits(kind)))
        pieces = int(np.clip(np.ceil(wanted), 1, min(operator.heads, units)))
        return even_edges(operator.heads, operator.heads // pieces) * (layer.width // operator.heads)

    def _cached_bits(self, layer: Layer) -> float:
        """Keys and values that attention holds, the next sample's included, and the queries that wait for them."""
        operator = layer.operator
        if not isinstance(operator, Digital) or operator.keys_port is None:
            return 0.0
        edges = self.network.inputs_of(layer.name)
        tokens = [
            (1 + (edge.port > 0)) * self.network.by_name[edge.source].tokens + getattr(edge.access, "context", 0)
            for edge in edges
        ]
        bits = self.floorplan.chip.tile.input.bits
        return float(sum(edge.elements * count * bits for edge, count in zip(edges, tokens, strict=True)))

    def _buffer_bits(self, kind: int) -> float:
        """Part of a unit's buffer that one layer's keys may take."""
        unit = list(self.floorplan.chip.units.values())[kind]
        buffer = self.floorplan.chip.tile.buffer if unit.buffer is None else unit.buffer
        return buffer.capacity * CACHE_SHARE

    def _busy(self, layer: Layer, kind: int, share: float) -> float:
        unit = list(self.floorplan.chip.units.values())[kind]
        cycles = digital_cycles(self.network, layer, unit, share)
        return float(cycles.sum() * (layer.tokens // len(cycles)) * period_ps(unit.clock))

    def _nodes(self, kind: int) -> Ids:
        return self.floorplan.unit_nodes[list(self.floorplan.chip.units)[kind]]

    def _choose(self, able: list[int], anchor: int, busy: float, *, bits: float | None = None) -> tuple[int, int]:
        """A unit near the anchor that keeps pace.

        Parts of a layer (``bits`` is None) stay at the anchor's own unit if that keeps pace. Else the nearest is taken
        that keeps pace and has room for ``bits`` of keys; failing that, the least busy.
        """
        chip, local = divmod(anchor, self.floorplan.nodes)
        for kind in able if bits is None else []:
            if local in self._nodes(kind) and self.busy_ps[kind, anchor] + busy <= max(self.pace_ps, busy):
                return self._take(kind, anchor, busy)
        kind = able[0]
        nodes = self._nodes(kind) + chip * self.floorplan.nodes
        full = self.cached_bits[nodes] + (bits or 0.0) > max(self._buffer_bits(kind), bits or 0.0)
        rounds = np.ceil((self.busy_ps[kind, nodes] + busy) / self.pace_ps)
        best = int(nodes[np.lexsort((self.floorplan.hops(local)[self._nodes(kind)], rounds, full))[0]])
        self.cached_bits[best] += bits or 0.0
        return self._take(kind, best, busy)

    def _take(self, kind: int, node: int, busy: float) -> tuple[int, int]:
        self.busy_ps[kind, node] += busy
        return node, kind


def _no_unit(floorplan: Floorplan, layer: Layer, operator: Digital, wanted: set[Primitive]) -> MissingUnit:
    units = floorplan.chip.units
    lacking = sorted(wanted - {primitive for unit in units.values() for primitive in unit.operations})
    words = ", ".join(lacking) if lacking else f"all of {', '.join(sorted(wanted))} on one unit"
    return MissingUnit(
        f"no digital unit can do {operator.kind!r}: it takes {words}",
        where=f"chip {floorplan.chip.name!r}, layer {layer.name!r}",
        remedy="Add the operations to a unit in the chip file (units: NAME: operations: ...), or add a unit.",
    )
