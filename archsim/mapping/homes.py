"""Choosing the unit for each part of each layer's output.

Element-wise layers stay where their input is made, part by part, if a unit there can do them. A layer that must see
whole tokens goes to the nearest able unit that still keeps pace with the arrays, in as many copies as that takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from archsim.mapping.blocks import even_edges
from archsim.mapping.parts import Parts, carried, joined, one_copy, single
from archsim.mapping.unit_pool import UnitPool
from archsim.network import Digital, Layer, Network, Same, Source

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Settler:
    """Finds homes for digital layers, one after the other.

    Parameters
    ----------
    network : Network
    units : UnitPool
        Keeps count of what each unit has been given.
    bound : frozenset of str
        Layers inside a recurrence, which get one copy.
    group : int
        Samples that take turns.
    rows : mapping of str to int, optional
        Tokens of a row of layers whose copies take rows; no others are named.
    """

    network: Network
    units: UnitPool
    bound: frozenset[str]
    group: int
    rows: Mapping[str, int] = field(default_factory=dict)

    def settle(self, layer: Layer, known: dict[str, Parts]) -> Parts:
        """Homes of a digital layer whose inputs' homes are known."""
        operator = layer.operator
        assert isinstance(operator, Digital)
        able = self.units.able(layer, operator)
        if operator.table:
            return single(layer, self._port(known, layer))
        inherited = None if operator.whole_token else self._inherit(layer, operator, able[0], known)
        if inherited is None:
            return self._settle_whole(layer, able, self._anchor(layer, known))
        return self._settle_parts(layer, able, inherited)

    def _inherit(self, layer: Layer, operator: Digital, kind: int, known: dict[str, Parts]) -> Parts | None:
        """The parts of the inputs on port 0, or None where they do not line up."""
        inputs = [edge for edge in self.network.inputs_of(layer.name) if edge.port == 0]
        edges = [edge for edge in inputs if edge.source in known]
        if not edges or any(edge.target_start + edge.elements > layer.width * operator.contract for edge in inputs):
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
        return parts if _side_by_side(parts, layer.width) else None

    def _multiplied(self, layer: Layer, kind: int, parts: Parts, sources: list[Parts]) -> Parts:
        """As many copies as it takes to keep pace, each beside a copy of the sources."""
        share = float((parts.stop - parts.start).max()) / layer.width
        copies = self._copies(layer, self.units.busy(self.network, layer, kind, share))
        if layer.name in self.rows and layer.name not in self.bound:
            # Few copies would each read rows of all copies of the source, which all make theirs at the same time.
            copies = max(copies, _largest_divisor(layer.tokens // self.rows[layer.name], sources[0].replicas))
        return joined([one_copy(piece, copy % piece.replicas, copy) for copy in range(copies) for piece in sources])

    def _copies(self, layer: Layer, busy: float) -> int:
        """Copies that share the tokens of a layer so that each keeps pace."""
        if layer.name in self.bound:
            return 1
        return int(np.clip(self.units.pace.rounds(busy), 1, min(layer.tokens, self.units.floorplan.tiles)))

    def _anchor(self, layer: Layer, known: dict[str, Parts]) -> int:
        """Node that a layer should be near: its main input's, or the first tile."""
        for edge in self.network.inputs_of(layer.name):
            if edge.source in known and not isinstance(self.network.by_name[edge.source].operator, Source):
                return int(known[edge.source].node[0])
        return int(self.units.floorplan.tile_order[0])

    def _port(self, known: dict[str, Parts], layer: Layer) -> int:
        floorplan = self.units.floorplan
        return self._anchor(layer, known) // floorplan.nodes * floorplan.nodes + floorplan.port

    def _settle_parts(self, layer: Layer, able: list[int], inherited: Parts) -> Parts:
        node, unit = inherited.node.copy(), np.empty_like(inherited.unit)
        share = (inherited.stop - inherited.start) / layer.width / inherited.replicas
        for place in range(len(node)):
            busy = self.units.busy(self.network, layer, able[0], float(share[place]))
            node[place], unit[place] = self.units.choose(able, int(node[place]), busy)
        return Parts(inherited.replica, inherited.part, inherited.start, inherited.stop, node, unit)

    def _settle_whole(self, layer: Layer, able: list[int], anchor: int) -> Parts:
        """Whole tokens, or groups of heads, on units that keep pace together."""
        busy, units = self.units.busy(self.network, layer, able[0], 1.0), len(self.units.nodes(able[0]))
        cuts = self._cut_heads(layer, able[0], busy, units)
        pieces = len(cuts) - 1
        copies = min(self._copies(layer, busy / pieces), max(1, units // pieces), self._cached_copies(able[0]))
        each, bits = busy / (pieces * copies), self._cached_bits(layer) / pieces
        chosen = [self.units.choose(able, anchor, each, bits=bits) for _ in range(copies * pieces)]
        node, unit = np.array(chosen, np.int64).T
        replica, part = np.divmod(np.arange(copies * pieces), pieces)
        return Parts(replica, part, cuts[part], cuts[part + 1], node, unit)

    def _cached_copies(self, kind: int) -> int:
        """Copies of attention whose keys the buffers of all units can hold, for all layers alike."""
        wanted = sum(self._cached_bits(layer) for layer in self.network.layers)
        there = self.units.chips * len(self.units.nodes(kind)) * self.units.cache_bits(kind)
        return max(1, int(there // wanted)) if wanted else len(self.units.nodes(kind))

    def _cut_heads(self, layer: Layer, kind: int, busy: float, units: int) -> Ids:
        """Boundaries of the groups of heads that different units treat: few, but enough for pace and for their keys."""
        operator = layer.operator
        assert isinstance(operator, Digital)
        if operator.heads == 1:
            return np.array([0, layer.width], np.int64)
        wanted = max(self.units.pace.rounds(busy), np.ceil(self._cached_bits(layer) / self.units.cache_bits(kind)))
        pieces = int(np.clip(np.ceil(wanted), 1, min(operator.heads, units)))
        return even_edges(operator.heads, operator.heads // pieces) * (layer.width // operator.heads)

    def _cached_bits(self, layer: Layer) -> float:
        """Keys and values that attention holds, another sample's included, and the queries that wait for them."""
        operator = layer.operator
        if not isinstance(operator, Digital) or operator.keys_port is None:
            return 0.0
        edges = self.network.inputs_of(layer.name)
        # Keys and values of all samples that take turns and of one more; queries wait for one sample's at most.
        held = [1 if edge.port == 0 else self.group + 1 for edge in edges]
        tokens = [
            count * self.network.by_name[edge.source].tokens + self.group * edge.context
            for edge, count in zip(edges, held, strict=True)
        ]
        bits = self.units.floorplan.chip.activation_bits
        return float(sum(edge.elements * count * bits for edge, count in zip(edges, tokens, strict=True)))


def _largest_divisor(number: int, most: int) -> int:
    return max(divisor for divisor in range(1, min(number, most) + 1) if number % divisor == 0)


def _side_by_side(parts: Parts, width: int) -> bool:
    """Whether the parts of one copy follow each other from the first element of a token to its last."""
    mine = parts.replica == 0
    edges = np.append(0, parts.stop[mine])
    return bool((parts.start[mine] == edges[:-1]).all() and edges[-1] == width)
