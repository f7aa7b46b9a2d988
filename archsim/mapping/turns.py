"""When weights may work: layers that take turns, and blocks that take turns on an array.

A schedule cuts the network, in its topological order, into *turns*: of one matrix layer each (sequential), or of as
many as the arrays hold together (grouped). Digital layers go with the matrix layer before them. What a recurrence joins
stays in one turn. A layer that is too large for the arrays takes several turns, each with some of its blocks.

Where the arrays hold all weights, blocks stay where they are. Else blocks share arrays, and each is written anew for
every turn that it works in.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Ids
from archsim.errors import CapacityError
from archsim.network import Matrix, Network, Sink, Source

ALONE = -1
"""In place of a turn: a block has its array for itself."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Who works in which turn.

    Parameters
    ----------
    count : int
        Turns that a sample goes through.
    samples : int
        Samples that pass in a turn at least, one after the other.
    layer : int64, shape (layers,)
        Of the layers in ``Network.order``; of a layer that takes several, the last one.
    use : int64, shape (uses,)
        Of the uses of blocks by layers.
    before : int64, shape (blocks,)
        Turn of the block that was on the array before, counted around; ``ALONE`` where there is none.
    ahead : bool
        Whether arrays are written while those of the turn before still work.
    """

    count: int
    samples: int
    layer: Ids
    use: Ids
    before: Ids
    ahead: bool

    @property
    def reloaded(self) -> NDArray[np.bool_]:
        """Which blocks are written anew for each of their turns, shape ``(blocks,)``."""
        return np.asarray(self.before != ALONE)


@dataclass(frozen=True, slots=True)
class Segment:
    """Layers that must work together.

    Parameters
    ----------
    start, stop : int
        In ``Network.order``.
    layers : tuple of int
        Matrix layers among them, in ``Network.order``.
    matrices : tuple of int
        Their weights, in ``Network.users``.
    bound : bool
        Whether a recurrence joins some of them: then all of their blocks work in one turn.
    """

    start: int
    stop: int
    layers: tuple[int, ...]
    matrices: tuple[int, ...]
    bound: bool = False


def segments(network: Network) -> tuple[Segment, ...]:
    """The shortest runs of layers that may take turns: a matrix layer and the digital layers up to the next one."""
    order, weights = network.order, weights_by_layer(network)
    joined = _joined(network)
    places = [place for place, layer in enumerate(order) if isinstance(layer.operator, Matrix)]
    # A turn may begin where no recurrence reaches across.
    begins = [place for place in places[1:] if not any(first < place <= last for first, last in joined)]
    found = []
    for start, stop in pairwise([0, *begins, len(order)]):
        layers = tuple(place for place in places if start <= place < stop)
        matrices = tuple(dict.fromkeys(weights[order[place].name] for place in layers))
        bound = any(start <= first < stop for first, _ in joined)
        found.append(Segment(start, stop, layers, matrices, bound))
    return tuple(found)


def weights_by_layer(network: Network) -> dict[str, int]:
    """Which of the weights of ``Network.users`` each matrix layer uses, by name."""
    return {layer.name: number for number, layers in enumerate(network.users.values()) for layer in layers}


def _joined(network: Network) -> list[tuple[int, int]]:
    """First and last layer of each cycle of steps, in ``Network.order``."""
    index = {layer.name: place for place, layer in enumerate(network.order)}
    import networkx as nx  # takes long to load, and few need it

    graph: nx.DiGraph[str] = nx.DiGraph((edge.source, edge.target) for edge in network.edges)
    cycles = [part for part in nx.strongly_connected_components(graph) if len(part) > 1]
    cycles += [{name} for name in graph if graph.has_edge(name, name)]
    return [(min(index[name] for name in cycle), max(index[name] for name in cycle)) for cycle in cycles]


def grouped(parts: tuple[Segment, ...], sizes: Ids, room: int) -> tuple[Segment, ...]:
    """Consecutive segments joined while the arrays hold their blocks together.

    Parameters
    ----------
    parts : tuple of Segment
    sizes : int64, shape (matrices,)
        Arrays that each matrix layer takes.
    room : int
        Arrays.
    """
    joined: list[Segment] = []
    for part in parts:
        both = _both(joined[-1], part) if joined else part
        if joined and arrays_of(both, sizes) <= room:
            joined[-1] = both
        else:
            joined.append(part)
    return tuple(joined)


def _both(one: Segment, two: Segment) -> Segment:
    matrices = tuple(dict.fromkeys(one.matrices + two.matrices))
    return Segment(one.start, two.stop, one.layers + two.layers, matrices, one.bound or two.bound)


def arrays_of(segment: Segment, sizes: Ids) -> int:
    """Arrays that a segment's blocks take."""
    return int(sizes[list(segment.matrices)].sum())


def use_turns(network: Network, parts: tuple[Segment, ...], runs: tuple[Ids, ...], room: int) -> tuple[Ids, Ids]:
    """Turns in which layers use blocks, and the last turn of each segment.

    Parameters
    ----------
    network : Network
    parts : tuple of Segment
        In order; one that is larger than the room takes several turns.
    runs : tuple of int64
        Of each of the weights: the lengths of its runs of blocks whose sums are added to each other.
    room : int
        Arrays.

    Returns
    -------
    int64, shape (uses,)
        By layer and block.
    int64, shape (segments,)

    Raises
    ------
    CapacityError
        If layers that a recurrence joins do not fit together.
    """
    turn, turns, last = 0, [np.zeros(0, np.int64)], []
    weights = weights_by_layer(network)
    for part in parts:
        size = sum(int(runs[matrix].sum()) for matrix in part.matrices)
        if size > room and part.bound:
            raise _recurrence_too_large(network, part, size, room)
        for place in part.layers:
            lengths = runs[weights[network.order[place].name]]
            turns.append(turn + (rounds(lengths, room) if size > room else np.zeros(lengths.sum(), np.int64)))
        turn = max((int(mine.max()) for mine in turns[-len(part.layers) :]), default=turn) + 1
        last.append(turn - 1)
    return np.concatenate(turns), np.array(last, np.int64)


def rounds(runs: Ids, room: int) -> Ids:
    """Rounds of a layer's blocks: runs stay together where the room holds one, shape ``(blocks,)``."""
    result, number, used = [], 0, 0
    for run in runs.tolist():
        if used and used + run > room:
            number, used = number + 1, 0
        places = used + np.arange(run)
        result.append(number + places // room)
        number, used = number + (used + run - 1) // room, (used + run - 1) % room + 1
    return np.concatenate(result)


def layer_turns(network: Network, parts: tuple[Segment, ...], last: Ids) -> Ids:
    """Turn of every layer; inputs go with who takes them first, outputs with who makes them, shape ``(layers,)``.

    A matrix layer that takes several turns is there in its last; whatever makes its inputs works by its first.
    """
    order = network.order
    turn = np.repeat(last, [part.stop - part.start for part in parts])
    index = {layer.name: place for place, layer in enumerate(order)}
    begun = turn.copy()
    for part, first in zip(parts, (0, *(last[:-1] + 1)), strict=True):
        begun[list(part.layers)] = first
        turn[part.start : min(part.layers, default=part.start)] = first
    for place, layer in enumerate(order):
        if isinstance(layer.operator, Source) and (outward := network.outputs_of(layer.name)):
            turn[place] = min(min(begun[index[edge.target]], turn[index[edge.target]]) for edge in outward)
    for place, layer in enumerate(order):
        if isinstance(layer.operator, Sink):
            turn[place] = max(turn[index[edge.source]] for edge in network.inputs_of(layer.name))
    return turn


def turn_slots(turns: Ids, arrays: int, *, ahead: bool) -> Ids:
    """Arrays of blocks that work in some turns, side by side: behind those of the turn before if written ahead."""
    slots, start = np.empty(len(turns), np.int64), 0
    for turn in range(int(turns.max(initial=-1)) + 1):
        mine = np.flatnonzero(turns == turn)
        slots[mine] = (start + np.arange(len(mine))) % arrays
        start = start + len(mine) if ahead else 0
    return slots


def tenants_before(slots: Ids, turns: Ids) -> Ids:
    """Turn of the block that was on each block's array before, counted around; ``ALONE`` where there is none."""
    order = np.lexsort((turns, slots))
    slot, turn = slots[order], turns[order]
    first = np.append(True, slot[1:] != slot[:-1])[: len(order)]
    starts = np.flatnonzero(first)
    stops = np.append(starts[1:], len(order))
    before = np.append(0, turn[:-1])[: len(order)]
    before[starts] = turn[stops - 1]
    before[starts[stops - starts == 1]] = ALONE
    result = np.empty(len(order), np.int64)
    result[order] = before
    return result


def _recurrence_too_large(network: Network, part: Segment, size: int, room: int) -> CapacityError:
    names = [network.order[place].name for place in part.layers]
    return CapacityError(
        f"what a recurrence joins ({', '.join(map(repr, names[:3]))}) takes {size} arrays at once, and "
        f"a turn has {room}",
        where=f"network {network.name!r}, mapping.schedule",
        remedy="Every step needs all of them: take more tiles or chips (--set system.chips=...), or larger arrays.",
    )
