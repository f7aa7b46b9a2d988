"""Whether the buffers hold what the edges need, and which edges go to memory where they do not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archsim.errors import CapacityError
from archsim.lowering.dependencies import Dependencies, touched_elements
from archsim.mapping import Placement
from archsim.network import Digital, Prefix

Ids = NDArray[np.int64]


def buffer_bits(placement: Placement) -> Ids:
    """Room in the buffer of each node of one chip, shape ``(nodes,)``; the port has none and needs none."""
    plan, chip = placement.floorplan, placement.chip
    room = np.full(plan.nodes, np.iinfo(np.int64).max)
    room[: plan.tiles] = int(chip.tile.buffer.capacity)
    for name, unit in chip.units.items():
        if unit.where == "router":
            if unit.buffer is None:
                raise CapacityError(
                    "the unit receives tokens and has no buffer to hold them",
                    where=f"chip {chip.name!r}, units.{name}",
                    remedy=f"Describe one in the chip file (units: {name}: buffer: ...).",
                )
            room[plan.unit_nodes[name]] = int(unit.buffer.capacity)
    return room


def held_bits(pairs: Dependencies) -> Dependencies:
    """One row per stream and node: actors of one node that read the same stream share its buffer."""
    order = np.lexsort((-pairs.capacity * pairs.kept, pairs.target_node, pairs.source))
    source, node = pairs.source[order], pairs.target_node[order]
    first = np.append(True, (source[1:] != source[:-1]) | (node[1:] != node[:-1]))[: len(order)]
    kept = order[first]
    return Dependencies(*(getattr(pairs, name)[kept] for name in Dependencies.__slots__))


def overfull_edges(placement: Placement, pairs: Dependencies) -> frozenset[int]:
    """Edges to take out of buffers that cannot hold them all: those that cost memory least, until the rest fits.

    Returns
    -------
    frozenset of int
        Indices into ``Network.edges``.
    """
    chosen: frozenset[int] = frozenset()
    while more := _overfull(placement, _without(pairs, chosen)):
        chosen |= more
    return chosen


def _without(pairs: Dependencies, edges: frozenset[int]) -> Dependencies:
    kept = ~np.isin(pairs.edge, sorted(edges))
    return Dependencies(*(getattr(pairs, name)[kept] for name in Dependencies.__slots__))


def crowded_edges(placement: Placement, pairs: Dependencies) -> frozenset[int]:
    """Edges that end at a node whose buffer cannot hold them all."""
    held = held_bits(pairs)
    _, where, excess = _excess(placement, held)
    return frozenset(held.edge[excess[where] > 0].tolist()) - {-1}


def _excess(placement: Placement, held: Dependencies) -> tuple[Ids, Ids, NDArray[np.float64]]:
    """Nodes that hold something, the node of each row, and the bits by which each node is too full."""
    nodes, where = np.unique(held.target_node, return_inverse=True)
    room = buffer_bits(placement)[nodes % placement.floorplan.nodes].astype(np.float64)
    return nodes, where, np.bincount(where, weights=_bits(placement, held), minlength=len(nodes)) - room


def _bits(placement: Placement, held: Dependencies) -> Ids:
    """Bits that each row takes in its node's buffer; keys and values of a cached context lie there from the start."""
    cached = [edge.access.context if isinstance(edge.access, Prefix) else 0 for edge in placement.network.edges]
    # Row -1, that of partial sums, has no context.
    context = np.array([*cached, 0], np.int64)[held.edge]
    return (held.capacity + context) * held.kept


def _overfull(placement: Placement, pairs: Dependencies) -> set[int]:
    """Edges to remove where a buffer is too full; those that share a stream may have to go one after another."""
    held = held_bits(pairs)
    bits = _bits(placement, held)
    nodes, where, excess = _excess(placement, held)
    chosen: set[int] = set()
    for place in np.flatnonzero(excess > 0):
        rows = np.flatnonzero(where == place)
        chosen |= _cheapest(placement, int(nodes[place]), held.edge[rows], bits[rows], float(excess[place]))
    return chosen


def _cheapest(placement: Placement, node: int, edge: Ids, bits: Ids, excess: float) -> set[int]:
    """Edges of one node whose removal makes the rest fit: those with least memory traffic per bit of buffer."""
    edges, where = np.unique(edge, return_inverse=True)
    size = np.bincount(where, weights=bits)
    size[edges < 0] = 0.0
    if size.sum() < excess:
        raise CapacityError(
            f"partial sums alone take {bits[edge < 0].sum() / 8:,.0f} bytes of buffer at node {node}",
            where=f"chip {placement.chip.name!r}",
            remedy="Enlarge the tile's buffer (--set tile.buffer.capacity=...).",
        )
    if not placement.chip.memory:
        raise _no_memory(placement, node, int(edges[np.argmax(size)]), float(bits.sum()), excess)
    price = [memory_traffic(placement, int(index)) / max(held, 1.0) for index, held in zip(edges, size, strict=True)]
    order = np.argsort(np.where(size > 0, price, np.inf), kind="stable")
    enough = int(np.searchsorted(np.cumsum(size[order]), excess)) + 1
    return {int(index) for index in edges[order[:enough]]}


def check_memory(placement: Placement, name: str, stored: Dependencies) -> None:
    """Refuse a placement whose look-up tables and edges led through memory do not fit there, chip by chip.

    Raises
    ------
    CapacityError
        With the bytes that are needed and the bytes that are there.
    """
    homes, nodes = placement.homes, placement.floorplan.nodes
    operators = [layer.operator for layer in placement.network.order]
    tables = [operator.table if isinstance(operator, Digital) else 0 for operator in operators]
    held = held_bits(stored)
    chips = np.concatenate([homes.node // nodes, held.target_node // nodes])
    bits = np.concatenate([np.array(tables)[homes.layer] * placement.chip.tile.input.bits, _bits(placement, held)])
    needed, there = np.bincount(chips, weights=bits), placement.chip.memory[name].capacity
    if needed.max() > there:
        raise CapacityError(
            f"memory {name!r} of chip {int(needed.argmax())} must hold {needed.max() / 8:,.0f} bytes and has room for "
            f"{there / 8:,.0f}",
            where=f"chip {placement.chip.name!r}",
            remedy=f"Enlarge it (--set memory.{name}.capacity=...), or the buffers, so that less goes there.",
        )


def _no_memory(placement: Placement, node: int, largest: int, bits: float, excess: float) -> CapacityError:
    chip, local = divmod(node, placement.floorplan.nodes)
    edge = placement.network.edges[largest]
    there = (bits - excess) / 8
    return CapacityError(
        f"the buffer at node {local} of chip {chip} must hold {bits / 8:,.0f} bytes and has room for {there:,.0f}, "
        f"most of them for the edge {edge.source!r} -> {edge.target!r}, and the chip has no memory to help",
        where=f"chip {placement.chip.name!r}, layer {edge.target!r}",
        remedy="Describe a memory in the chip file (memory: NAME: ...), or enlarge the buffers "
        "(--set tile.buffer.capacity=..., or the unit's).",
    )


def memory_traffic(placement: Placement, edge_index: int) -> float:
    """Elements per sample that an edge would write to memory and read back."""
    network = placement.network
    if edge_index < 0:
        return 0.0
    edge = network.edges[edge_index]
    read = touched_elements(placement, edge) * network.by_name[edge.target].tokens
    return network.by_name[edge.source].tokens * edge.elements + read
