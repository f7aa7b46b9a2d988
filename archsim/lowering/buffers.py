"""What the buffers hold, and whether they have room for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Columns, Ids
from archsim.errors import CapacityError
from archsim.lowering.dependencies import Dependencies
from archsim.machine.memories import Stored, memory_for
from archsim.mapping import Placement
from archsim.network import Digital

NO_EDGE = -1
"""In place of an edge: partial sums."""


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


@dataclass(frozen=True, slots=True)
class Held(Columns):
    """What lies in buffers, one row per stream and node; columns of shape ``(rows,)``.

    Parameters
    ----------
    edge : int64
        Index into ``Network.edges``, or ``NO_EDGE``; of several edges that share a stream, the one that needs most.
    node : int64
    bits : int64
    """

    edge: Ids
    node: Ids
    bits: Ids


def held(placement: Placement, pairs: Dependencies) -> Held:
    """What pairs hold at their target nodes: actors of one node that read the same stream share its buffer."""
    bits = _bits(placement, pairs)
    order = np.lexsort((-bits, pairs.target_node, pairs.source))
    source, node = pairs.source[order], pairs.target_node[order]
    first = np.append(True, (source[1:] != source[:-1]) | (node[1:] != node[:-1]))[: len(order)]
    kept = order[first]
    return Held(pairs.edge[kept], pairs.target_node[kept], bits[kept])


def buffered(placement: Placement, pairs: Dependencies) -> Held:
    """What pairs hold in the buffers at their target nodes; a node counts once per turn, since no two fall together."""
    if placement.turns is None:
        return held(placement, pairs)
    turns = [int(placement.turns.layer[placement.index[edge.target]]) for edge in placement.network.edges]
    # The last entry is that of partial sums, which are counted in the first turn, whenever they travel.
    turn = np.array([*turns, 0], np.int64)[pairs.edge]
    return held(
        placement, replace(pairs, target_node=pairs.target_node + turn * placement.chips * placement.floorplan.nodes)
    )


def _bits(placement: Placement, pairs: Dependencies) -> Ids:
    """Bits that each pair takes in a buffer; keys and values of a cached context lie there from the start."""
    cached = [edge.context * placement.interleave for edge in placement.network.edges]
    # The last entry is that of partial sums, which have no context.
    context = np.array([*cached, 0], np.int64)[pairs.edge]
    return (pairs.capacity + context) * pairs.kept


def excess(placement: Placement, contents: Held) -> tuple[Ids, NDArray[np.float64]]:
    """Nodes that hold something, and the bits by which each is too full (negative where there is room left)."""
    nodes, where = np.unique(contents.node, return_inverse=True)
    room = buffer_bits(placement)[nodes % placement.floorplan.nodes].astype(np.float64)
    return nodes, np.bincount(where, weights=contents.bits, minlength=len(nodes)) - room


def crowded_edges(placement: Placement, pairs: Dependencies) -> frozenset[int]:
    """Edges that end at a node whose buffer cannot hold them all."""
    contents = buffered(placement, pairs)
    nodes, over = excess(placement, contents)
    crowded = np.isin(contents.node, nodes[over > 0])
    return frozenset(contents.edge[crowded].tolist()) - {NO_EDGE}


def check_memories(placement: Placement, stored: Dependencies) -> None:
    """Refuse a placement whose look-up tables and edges do not fit into the memories that they lie in, chip by chip.

    Parameters
    ----------
    placement : Placement
    stored : Dependencies
        Pairs that lie in memory, with the room that they take there.

    Raises
    ------
    CapacityError
        With the bytes that are needed and the bytes that are there.
    """
    for name, memory in placement.chip.memory.items():
        needed = np.zeros(placement.chips)
        if name == memory_for(placement.chip, Stored.TABLES)[0]:
            needed += _table_bits(placement)
        if name == memory_for(placement.chip, Stored.ACTIVATIONS)[0]:
            needed += _stored_bits(placement, stored)
        if needed.max() > memory.capacity:
            raise CapacityError(
                f"memory {name!r} of chip {int(needed.argmax())} must hold {needed.max() / 8:,.0f} bytes and has room "
                f"for {memory.capacity / 8:,.0f}",
                where=f"chip {placement.chip.name!r}",
                remedy=f"Enlarge it (--set memory.{name}.capacity=...), or the buffers, so that less goes there.",
            )


def _table_bits(placement: Placement) -> NDArray[np.float64]:
    """Bits of look-up tables on each chip, shape ``(chips,)``."""
    homes, operators = placement.homes, [layer.operator for layer in placement.network.order]
    tables = np.array([operator.table if isinstance(operator, Digital) else 0 for operator in operators], np.int64)
    bits = tables[homes.layer] * placement.chip.activation_bits
    return _by_chip(placement, homes.node // placement.floorplan.nodes, bits)


def _stored_bits(placement: Placement, stored: Dependencies) -> NDArray[np.float64]:
    """Bits of tokens on their way on each chip, shape ``(chips,)``: of each stream, what the slowest reader leaves."""
    chip = stored.target_node // placement.floorplan.nodes
    contents = held(placement, replace(stored, target_node=chip, kept=stored.bits))
    return _by_chip(placement, contents.node, contents.bits)


def _by_chip(placement: Placement, chip: Ids, bits: Ids) -> NDArray[np.float64]:
    total = np.zeros(placement.chips)
    np.add.at(total, chip, bits)
    return total
