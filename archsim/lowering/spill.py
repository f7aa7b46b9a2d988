"""Edges that go through memory because no buffer holds them.

A writer takes each token to memory; a reader fetches, for every firing of the consumer, all that this firing touches.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archsim.chip.schema import Memory
from archsim.lowering.batch import Batch
from archsim.lowering.dependencies import Dependencies, Members, consumers, producers
from archsim.lowering.draft import ActorRows, Draft, Place, Timing
from archsim.lowering.layers import Ends, pick_memory
from archsim.mapping import Placement
from archsim.mapping.timing import memory_interval
from archsim.network import Edge, tokens_read
from archsim.program import Kind, Role
from archsim.units import picoseconds

Ids = NDArray[np.int64]


def spill(draft: Draft, placement: Placement, ends: Ends, batch: Batch, pairs: Dependencies) -> Dependencies:
    """Lead one edge through memory.

    Parameters
    ----------
    draft, placement, ends, batch
    pairs : Dependencies
        The edge's own pairs, all with the same ``edge``.

    Returns
    -------
    Dependencies
        To the writers, and from the readers; what lies between them is in the draft.
    """
    edge = placement.network.edges[int(pairs.edge[0])]
    name, _ = pick_memory(placement.chip, edge.target, f"the edge {edge.source!r} -> {edge.target!r}")
    port = pairs.target_node // placement.floorplan.nodes * placement.floorplan.nodes + placement.floorplan.port
    writers, write_of = _writers(draft, placement, pairs, port, name)
    readers, read_of, bits = _readers(draft, placement, ends, batch, pairs, port, name)
    draft.channels(
        writers[write_of],
        readers[read_of],
        need=pairs.need,
        release=pairs.release,
        capacity=pairs.capacity,
        token_bits=pairs.bits,
    )
    same = draft.curves.add(np.array([1], np.int64), 1)
    into, out = _first_rows(write_of), _first_rows(read_of)
    return Dependencies(
        source=np.concatenate([pairs.source[into], readers]),
        target=np.concatenate([writers, pairs.target[out]]),
        source_node=np.concatenate([pairs.source_node[into], port[out]]),
        target_node=np.concatenate([port[into], pairs.target_node[out]]),
        need=np.full(len(into) + len(out), same),
        release=np.full(len(into) + len(out), same),
        capacity=np.full(len(into) + len(out), 2),
        bits=np.concatenate([pairs.bits[into], bits]),
        # What a reader fetches streams into the unit; the buffer holds none of it.
        kept=np.concatenate([pairs.bits[into], np.zeros_like(bits)]),
        edge=np.full(len(into) + len(out), pairs.edge[0]),
    )


def _first_rows(group: Ids) -> Ids:
    return np.unique(group, return_index=True)[1]


def _memory_place(placement: Placement, name: str, port: Ids) -> Place:
    return Place(Kind.MEMORY, name, port, 0, placement.chip.memory[name].channels)


def _writers(draft: Draft, placement: Placement, pairs: Dependencies, port: Ids, name: str) -> tuple[Ids, Ids]:
    """One writer per producing actor and memory."""
    memory = placement.chip.memory[name]
    _, first, group = np.unique(pairs.source * (1 << 31) + port, return_index=True, return_inverse=True)
    table, bits = draft.actor_columns(pairs.source[first]), pairs.bits[first]
    interval = np.array([memory_interval(memory, float(size)) for size in bits], np.int64)
    rows = ActorRows(
        layer=table.layer,
        role=Role.WRITE,
        place=_memory_place(placement, name, port[first]),
        firings=table.firings,
        timing=Timing(interval, interval + picoseconds(memory.latency)),
        replica=table.replica,
        column=table.column,
    )
    writers = draft.actors(rows, len(first))
    draft.act(writers, f"{name}.write_bit", bits.astype(np.float64))
    return writers, group


def _readers(
    draft: Draft, placement: Placement, ends: Ends, batch: Batch, pairs: Dependencies, port: Ids, name: str
) -> tuple[Ids, Ids, Ids]:
    """One reader per consuming actor, and the mean bits that each of its firings fetches."""
    edge = placement.network.edges[int(pairs.edge[0])]
    _, first, group = np.unique(pairs.target, return_index=True, return_inverse=True)
    table = draft.actor_columns(pairs.target[first])
    elements = _elements_read(edge, producers(placement, ends, edge), consumers(placement, ends, edge))
    bits = [elements[int(target)] * placement.chip.tile.input.bits for target in pairs.target[first]]
    readers: list[Ids] = []
    sizes: list[int] = []
    for number, (row, width, replica) in enumerate(zip(first, bits, table.replica, strict=True)):
        fetched = _tokens_fetched(placement, edge, int(replica), batch.group) * width
        reader = ActorRows(
            layer=placement.index[edge.target],
            role=Role.READ,
            place=_memory_place(placement, name, port[row : row + 1]),
            firings=table.firings[number],
            timing=_fetch_timing(draft, placement.chip.memory[name], fetched),
            replica=int(replica),
            row=number,
        )
        readers.append(draft.actors(reader, 1))
        draft.act(readers[-1], f"{name}.read_bit", float(fetched.mean()))
        sizes.append(round(float(fetched.mean())))
    return np.concatenate(readers), group, np.array(sizes, np.int64)


def _tokens_fetched(placement: Placement, edge: Edge, replica: int, group: int) -> Ids:
    """Tokens that each firing of one copy of the target reads, over one group of samples."""
    network = placement.network
    counts = tokens_read(edge.access, network.by_name[edge.source].tokens, network.by_name[edge.target].tokens)
    return np.repeat(counts[replica :: placement.replicas[placement.index[edge.target]]], group)


def _fetch_timing(draft: Draft, memory: Memory, bits: Ids) -> Timing:
    sizes, back = np.unique(bits, return_inverse=True)
    interval = np.array([memory_interval(memory, float(size)) for size in sizes], np.int64)[back]
    return draft.timing(interval, picoseconds(memory.latency))


def _elements_read(edge: Edge, makers: Members, takers: Members) -> dict[int, int]:
    """Elements of each touched token that each consuming actor wants."""
    low, high = edge.target_start, edge.target_start + edge.elements
    wanted = np.minimum(takers.stop, high) - np.maximum(takers.start, low)
    if edge.scattered:
        wanted = np.full(len(takers.actor), edge.elements)
    return dict(zip(takers.actor.tolist(), np.maximum(wanted, 1).tolist(), strict=True))
