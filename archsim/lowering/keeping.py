"""What a buffer keeps of each edge, where it cannot keep everything: the rest lies in memory.

An edge that a buffer cannot hold is written to memory once. Where the buffer holds at least the window that one firing
touches (the rows of a convolution), every token is fetched once, into that window. Where it cannot hold even that, each
firing fetches again all that it touches.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np

from archsim.errors import CapacityError
from archsim.lowering.buffers import NO_EDGE, Held, buffered, excess
from archsim.lowering.curves import Demands
from archsim.lowering.dependencies import Dependencies, edge_dependencies, touched_elements
from archsim.lowering.layers import Ends
from archsim.lowering.rooms import Rooms
from archsim.mapping import Placement
from archsim.network import Edge


class Keep(IntEnum):
    """What the buffer beside a consumer keeps of an edge; each takes less room than the one before."""

    FULL = 0
    """Everything between producer and consumer, with room for full rate."""
    SLOWER = 1
    """The same with the room of a slower pace."""
    WINDOW = 2
    """What the consumer's touches span while tokens are fetched at the consumer's pace."""
    LEAST = 3
    """What one firing's touches span, and a token on its way."""
    NOTHING = 4
    """Nothing: each firing fetches all that it touches."""

    @property
    def in_memory(self) -> bool:
        """Whether the edge goes through memory."""
        return self > Keep.SLOWER


@dataclass
class Choices:
    """The pairs of every edge for each ``Keep``, worked out when somebody asks.

    Parameters
    ----------
    demands, placement, ends
    rooms : Rooms
    full : list of Dependencies
        Each edge's pairs with room for full rate.
    slower : list of Dependencies
        The same, and for those that are crowded at full rate with the room of a slower pace.
    """

    demands: Demands
    placement: Placement
    ends: Ends
    rooms: Rooms
    full: list[Dependencies]
    slower: list[Dependencies]
    _known: dict[tuple[int, Keep], Dependencies] = field(default_factory=dict)
    _bits: dict[tuple[int, Keep], dict[int, int]] = field(default_factory=dict)

    def of(self, edge: int, keep: Keep) -> Dependencies:
        """The pairs of an edge, with the room at its consumers."""
        if not keep.in_memory:
            return (self.full if keep is Keep.FULL else self.slower)[edge]
        if (edge, keep) not in self._known:
            self._known[edge, keep] = self._worked_out(edge, keep)
        return self._known[edge, keep]

    def _worked_out(self, edge: int, keep: Keep) -> Dependencies:
        if keep is Keep.NOTHING:
            # What a reader fetches streams into the unit.
            return replace(self.full[edge], kept=np.zeros_like(self.full[edge].kept))
        room = 1 if keep is Keep.LEAST else self.rooms.window(edge)
        return edge_dependencies(self.demands, self.placement, self.ends, edge, room, fetched=True)

    def bits(self, edge: int, keep: Keep) -> dict[int, int]:
        """Bits that an edge by itself takes at each node where it ends."""
        if (edge, keep) not in self._bits:
            alone = buffered(self.placement, self.of(edge, keep))
            nodes, where = np.unique(alone.node, return_inverse=True)
            total = np.zeros(len(nodes), np.int64)
            np.add.at(total, where, alone.bits)
            self._bits[edge, keep] = dict(zip(nodes.tolist(), total.tolist(), strict=True))
        return self._bits[edge, keep]

    def useful(self, edge: int) -> tuple[Keep, ...]:
        """Ways to keep an edge, without windows where fetching all that each firing touches is no more traffic."""
        refetched = self.traffic(edge, Keep.NOTHING) > self.traffic(edge, Keep.WINDOW)
        return tuple(Keep) if refetched else (Keep.FULL, Keep.SLOWER, Keep.NOTHING)

    def traffic(self, edge: int, keep: Keep) -> float:
        """Elements per sample that an edge writes to memory and reads back."""
        if not keep.in_memory:
            return 0.0
        network, described = self.placement.network, self._edge(edge)
        written = network.by_name[described.source].tokens * described.elements
        if keep is not Keep.NOTHING:
            return 2.0 * written
        return written + touched_elements(self.placement, described) * network.by_name[described.target].tokens

    def _edge(self, edge: int) -> Edge:
        return self.placement.network.edges[edge]


def choose_keeping(choices: Choices, fixed: Dependencies, most: tuple[Keep, ...]) -> tuple[Keep, ...]:
    """What the buffers keep of each edge: everything while there is room, else what costs memory least.

    Parameters
    ----------
    choices : Choices
    fixed : Dependencies
        Pairs that cannot leave the buffers: partial sums.
    most : tuple of Keep
        The most that may be kept of each edge, for those that must lie in memory anyhow.

    Returns
    -------
    tuple of Keep
        In the order of ``Network.edges``.

    Raises
    ------
    CapacityError
        If partial sums alone are too much, or there is no memory to help.
    """
    chosen = [
        max(limit, Keep.FULL if slow is full else Keep.SLOWER)
        for limit, full, slow in zip(most, choices.full, choices.slower, strict=True)
    ]
    while True:
        contents = _contents(choices, fixed, chosen)
        nodes, over = excess(choices.placement, contents)
        if not (over > 0).any():
            break
        before = tuple(chosen)
        for node, bits in zip(nodes[over > 0].tolist(), over[over > 0].tolist(), strict=True):
            _relieve(choices, chosen, before, contents.take(contents.node == node), bits)
    if any(keep.in_memory for keep in chosen):
        _relax(choices, chosen, most, dict(zip(nodes.tolist(), (-over).tolist(), strict=True)))
    return tuple(chosen)


def _contents(choices: Choices, fixed: Dependencies, chosen: list[Keep]) -> Held:
    """What all edges take; those that are kept whole may share a stream, every other has readers of its own."""
    pairs = [choices.of(edge, keep) for edge, keep in enumerate(chosen)]
    whole = [kept for kept, keep in zip(pairs, chosen, strict=True) if not keep.in_memory]
    own = [buffered(choices.placement, kept) for kept, keep in zip(pairs, chosen, strict=True) if keep.in_memory]
    return Held.concatenate([buffered(choices.placement, Dependencies.concatenate([*whole, fixed])), *own])


def _relieve(choices: Choices, chosen: list[Keep], before: tuple[Keep, ...], contents: Held, over: float) -> None:
    """Keep less at one node, of those edges first that cost least traffic per bit.

    A node where an edge ends that another node has just relieved is looked at again in the next round.
    """
    node, edges = int(contents.node[0]), sorted(set(contents.edge.tolist()) - {NO_EDGE})
    if any(chosen[edge] != before[edge] for edge in edges):
        return
    if not any(choices.bits(edge, chosen[edge])[node] for edge in edges):
        raise _sums_too_large(choices.placement, contents)
    if not choices.placement.chip.memory:
        raise _no_memory(choices.placement, contents, over)
    while over > 0 and (moves := _moves(choices, chosen, edges, node)):
        _, edge, keep, saved = min(moves)
        chosen[edge], over = keep, over - saved


def _moves(choices: Choices, chosen: list[Keep], edges: list[int], node: int) -> list[tuple[float, int, Keep, int]]:
    """Ways to keep less of some edges at a node: traffic per bit that this saves, edge, what is kept then, bits."""
    moves = []
    for edge in edges:
        for keep in choices.useful(edge):
            saved = choices.bits(edge, chosen[edge])[node] - choices.bits(edge, keep)[node]
            if keep > chosen[edge] and saved > 0:
                traffic = choices.traffic(edge, keep) - choices.traffic(edge, chosen[edge])
                moves.append((traffic / saved, edge, keep, saved))
    return moves


def _relax(choices: Choices, chosen: list[Keep], most: tuple[Keep, ...], left: dict[int, float]) -> None:
    """Keep more of edges whose nodes have room after all, those with most traffic first."""
    raised = [edge for edge, keep in enumerate(chosen) if keep is not Keep.FULL]
    for edge in sorted(raised, key=lambda edge: -choices.traffic(edge, chosen[edge])):
        now = choices.bits(edge, chosen[edge])
        for keep in choices.useful(edge):
            more = {node: bits - now[node] for node, bits in choices.bits(edge, keep).items()}
            if most[edge] <= keep < chosen[edge] and all(bits <= left[node] for node, bits in more.items()):
                chosen[edge] = keep
                left.update({node: left[node] - bits for node, bits in more.items()})


def _sums_too_large(placement: Placement, contents: Held) -> CapacityError:
    return CapacityError(
        f"partial sums alone take {contents.bits[contents.edge == NO_EDGE].sum() / 8:,.0f} bytes of buffer "
        f"at node {contents.node[0]}",
        where=f"chip {placement.chip.name!r}",
        remedy="Enlarge the tile's buffer (--set tile.buffer.capacity=...).",
    )


def _no_memory(placement: Placement, contents: Held, over: float) -> CapacityError:
    chip, local = divmod(
        int(contents.node[0]) % (placement.chips * placement.floorplan.nodes), placement.floorplan.nodes
    )
    edge = placement.network.edges[int(contents.edge[np.argmax(contents.bits * (contents.edge != NO_EDGE))])]
    bits = float(contents.bits.sum())
    return CapacityError(
        f"the buffer at node {local} of chip {chip} must hold {bits / 8:,.0f} bytes and has room for "
        f"{(bits - over) / 8:,.0f}, most of them for the edge {edge.source!r} -> {edge.target!r}, and the chip has no "
        "memory to help",
        where=f"chip {placement.chip.name!r}, layer {edge.target!r}",
        remedy="Describe a memory in the chip file (memory: NAME: ...), or enlarge the buffers "
        "(--set tile.buffer.capacity=..., or the unit's).",
    )
