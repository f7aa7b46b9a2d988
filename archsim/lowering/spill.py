"""Edges that lie in memory because no buffer has room for all of them.

A writer takes each token of a producer's part to memory, once, whoever reads it. Where a consumer's buffer keeps a
window, one reader for each such part fetches each token once, for all blocks and copies of the consumer. Where it keeps
nothing, a reader fetches for every firing all that this firing touches, for all blocks that touch the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from archsim.chip.system import Memory
from archsim.columns import Columns, Ids
from archsim.lowering.batch import Batch
from archsim.lowering.curves import Demands, Reach, demand
from archsim.lowering.dependencies import Dependencies, consuming, touched_tokens
from archsim.lowering.draft import ActorRows, Draft, Place, Timing
from archsim.lowering.keeping import Keep
from archsim.lowering.layers import Ends
from archsim.lowering.passing import ALL
from archsim.machine.memories import Stored, memory_for, memory_service
from archsim.mapping import Members, Placement
from archsim.network import Edge, tokens_read
from archsim.program import Kind, Role
from archsim.units import picoseconds

IN_FLIGHT = 2
"""Tokens between a producer and its writer, and fetched ones between a reader and a unit that keeps nothing."""


@dataclass(frozen=True, slots=True)
class Spilled:
    """An edge that lies in memory.

    Parameters
    ----------
    edge : int
        Index into ``Network.edges``.
    keep : Keep
        What the buffers keep of it.
    whole : Dependencies
        Its pairs, with what must lie between producer and consumer for full rate: the room in memory.
    fetched : Dependencies
        Its pairs, with the room at the consumers.
    """

    edge: int
    keep: Keep
    whole: Dependencies
    fetched: Dependencies


def spill(
    draft: Draft, placement: Placement, ends: Ends, batch: Batch, demands: Demands, spilled: tuple[Spilled, ...]
) -> list[Dependencies]:
    """Lead edges through memory.

    Parameters
    ----------
    draft, placement, ends, batch, demands
    spilled : tuple of Spilled

    Returns
    -------
    list of Dependencies
        To the writers, and from the readers; what lies between them is in the draft.

    Raises
    ------
    CapacityError
        If there is no memory.
    """
    if not spilled:
        return []
    first = placement.network.edges[spilled[0].edge]
    memory = _MemoryPort(draft, placement, *memory_for(placement.chip, Stored.ACTIVATIONS, first.target))
    writers, written = _write(memory, Dependencies.concatenate([each.whole for each in spilled]))
    read = [
        _refetch(memory, ends, batch, each, writers)
        if each.keep is Keep.NOTHING
        else _fetch(memory, batch, demands, each, writers)
        for each in spilled
    ]
    return [written, *read]


@dataclass(frozen=True, slots=True)
class _MemoryPort:
    """The memory beside each chip, and the node where it is reached.

    Parameters
    ----------
    draft, placement
    name : str
    memory : Memory
    """

    draft: Draft
    placement: Placement
    name: str
    memory: Memory

    def node(self, pairs: Dependencies) -> Ids:
        """The port on each pair's consumer's chip."""
        plan = self.placement.floorplan
        port: Ids = pairs.target_node // plan.nodes * plan.nodes + plan.port
        return port

    def stream(self, pairs: Dependencies) -> Ids:
        """A number for each pair's producer and port."""
        return pairs.source * (self.placement.chips * self.placement.floorplan.nodes) + self.node(pairs)

    def place(self, node: Ids) -> Place:
        """The memory itself, which serves one access after the other."""
        return Place(Kind.MEMORY, self.name, node)

    def intervals(self, bits: Ids) -> Ids:
        """Picoseconds of each access."""
        sizes, back = np.unique(bits, return_inverse=True)
        return np.array([memory_service(self.memory, float(size)).interval for size in sizes], np.int64)[back]

    def edge(self, spilled: Spilled) -> Edge:
        """The edge itself."""
        return self.placement.network.edges[spilled.edge]

    def target(self, spilled: Spilled) -> int:
        """Layer that an edge leads to."""
        return self.placement.index[self.edge(spilled).target]

    def input_number(self, spilled: Spilled) -> int:
        """Which of the layer's edges it is."""
        edge = self.edge(spilled)
        return self.placement.network.inputs_of(edge.target).index(edge)

    @property
    def latency(self) -> int:
        """Picoseconds from a request to its first bit."""
        return picoseconds(self.memory.latency)


@dataclass(frozen=True, slots=True)
class _Writers(Columns):
    """Who writes each stream; columns of shape ``(streams,)``, in ascending order of ``stream``."""

    stream: Ids
    actor: Ids

    def of(self, streams: Ids) -> Ids:
        """Actors that write streams."""
        return self.actor[np.searchsorted(self.stream, streams)]


def _write(memory: _MemoryPort, pairs: Dependencies) -> tuple[_Writers, Dependencies]:
    """One writer per producing actor and memory, and the pairs that lead there."""
    stream, first = np.unique(memory.stream(pairs), return_index=True)
    rows, port = pairs.take(first), memory.node(pairs)[first]
    table, interval = memory.draft.actor_columns(rows.source), memory.intervals(rows.bits)
    actors = ActorRows(
        layer=table.layer,
        role=Role.WRITE,
        place=memory.place(port),
        firings=table.firings,
        timing=Timing(interval, interval + memory.latency),
        replica=table.replica,
        column=table.column,
    )
    writer = memory.draft.actors(actors, len(rows))
    memory.draft.act(writer, f"{memory.name}.write_bit", rows.bits)
    same = np.full(len(rows), memory.draft.curves.one_by_one())
    into = replace(
        rows, target=writer, target_node=port, need=same, release=same, capacity=np.full(len(rows), IN_FLIGHT),
        passed=np.zeros_like(same), passing=np.full_like(same, ALL), kept=rows.bits,
    )  # fmt: skip
    return _Writers(stream, writer), into


def _fetch(memory: _MemoryPort, batch: Batch, demands: Demands, edge: Spilled, writers: _Writers) -> Dependencies:
    """One reader per written stream, which fetches each touched token once for all who keep a window of it."""
    pairs, draft = edge.fetched, memory.draft
    stream, first, reader_of = np.unique(memory.stream(pairs), return_index=True, return_inverse=True)
    rows, bits = pairs.take(first), _fetched_bits(pairs, reader_of)
    table, interval = draft.actor_columns(rows.source), memory.intervals(bits)
    touched = _touched(demands, memory.edge(edge), table.replica)
    curves = {copy: demands.add(demand(reach, batch.group)) for copy, reach in touched.items()}
    need, release, passed = np.array([curves[copy] for copy in table.replica.tolist()]).T
    actors = ActorRows(
        layer=memory.target(edge),
        role=Role.READ,
        place=memory.place(memory.node(rows)),
        firings=np.array([len(touched[copy].first) for copy in table.replica.tolist()]) * batch.samples,
        timing=Timing(interval, interval + memory.latency),
        replica=table.replica,
        row=memory.input_number(edge),
        column=table.column,
    )
    reader = draft.actors(actors, len(rows))
    draft.act(reader, f"{memory.name}.read_bit", bits)
    room = _largest(edge.whole.capacity, np.searchsorted(stream, memory.stream(edge.whole)), len(stream))
    draft.channels(
        writers.of(stream), reader,
        need=need, release=release, initial=-passed, capacity=room, token_bits=rows.bits,
    )  # fmt: skip
    return replace(pairs, source=reader[reader_of], source_node=memory.node(pairs), bits=bits[reader_of])


def _touched(demands: Demands, edge: Edge, copies: Ids) -> dict[int, Reach]:
    """The touched tokens of some copies of an edge's producer, each touched once."""
    reach, (made, _) = demands.reach(edge), demands.ends(edge)
    touched = {copy: touched_tokens(reach, copy, made) for copy in np.unique(copies).tolist()}
    return {copy: Reach(tokens, tokens, int(made.below(copy, reach.produced))) for copy, tokens in touched.items()}


def _fetched_bits(pairs: Dependencies, reader: Ids) -> Ids:
    """Bits of a token that each reader fetches: what its one node keeps, or all of the part where several share it."""
    readers = int(reader.max()) + 1
    kept, whole = (_largest(bits, reader, readers) for bits in (pairs.kept, pairs.bits))
    nodes = np.unique(np.stack([reader, pairs.target_node]), axis=1)[0]
    return np.where(np.bincount(nodes, minlength=readers) == 1, kept, whole)


def _largest(values: Ids, group: Ids, groups: int) -> Ids:
    """Largest value of each group, shape ``(groups,)``."""
    largest = np.zeros(groups, np.int64)
    np.maximum.at(largest, group, values)
    return largest


def _refetch(memory: _MemoryPort, ends: Ends, batch: Batch, edge: Spilled, writers: _Writers) -> Dependencies:
    """One reader per copy of the consumer and part of its input, which fetches for each firing all that it touches."""
    pairs, draft = edge.whole, memory.draft
    takers = consuming(memory.placement, ends, memory.edge(edge))
    order = np.argsort(takers.member)
    taker = takers.take(order[np.searchsorted(takers.member, pairs.target, sorter=order)])
    wanted = np.stack([memory.node(pairs), taker.replica, taker.start, taker.stop])
    _, first, group = np.unique(wanted, axis=1, return_index=True, return_inverse=True)
    fetched = [_bits_fetched(memory, edge, taker.take(first[[number]]), batch.group) for number in range(len(first))]
    reader = np.concatenate(
        [_add_refetcher(memory, edge, pairs.take(first[[number]]), number, bits) for number, bits in enumerate(fetched)]
    )
    once = np.unique(np.stack([memory.stream(pairs), group]), axis=1, return_index=True)[1]
    rows = pairs.take(once)
    draft.channels(
        writers.of(memory.stream(rows)), reader[group[once]],
        need=rows.need, release=rows.release, initial=-rows.passed, capacity=rows.capacity, token_bits=rows.bits,
    )  # fmt: skip
    return _streamed(memory, pairs, reader[group], np.array([round(float(bits.mean())) for bits in fetched])[group])


def _bits_fetched(memory: _MemoryPort, edge: Spilled, taker: Members, group: int) -> Ids:
    """Bits that each firing of one copy of the consumer reads, over one group of samples."""
    network, described = memory.placement.network, memory.edge(edge)
    counts = tokens_read(
        described.access, network.by_name[described.source].tokens, network.by_name[described.target].tokens
    )
    mine = counts[memory.placement.dealings[memory.target(edge)].tokens(int(taker.replica[0]), len(counts))]
    bits = _elements_wanted(described, taker) * memory.placement.chip.activation_bits
    return np.repeat(mine * bits, group)


def _elements_wanted(edge: Edge, taker: Members) -> int:
    """Elements of each touched token that a block or part wants."""
    if edge.scattered:
        return edge.elements
    low, high = edge.target_start, edge.target_start + edge.elements
    return max(1, int(min(taker.stop[0], high) - max(taker.start[0], low)))


def _add_refetcher(memory: _MemoryPort, edge: Spilled, pair: Dependencies, number: int, bits: Ids) -> Ids:
    """A reader that fires as often as a consumer, and fetches so many bits each time."""
    table = memory.draft.actor_columns(pair.target)
    actor = ActorRows(
        layer=memory.target(edge),
        role=Role.READ,
        place=memory.place(memory.node(pair)),
        firings=table.firings,
        timing=memory.draft.timing(memory.intervals(bits), memory.latency),
        replica=table.replica,
        row=memory.input_number(edge),
        column=number,
    )
    reader = memory.draft.actors(actor, 1)
    memory.draft.act(reader, f"{memory.name}.read_bit", float(bits.mean()))
    return reader


def _streamed(memory: _MemoryPort, pairs: Dependencies, reader: Ids, bits: Ids) -> Dependencies:
    """From readers to consumers, one pair for each two: what is fetched streams into the unit, no buffer holds it."""
    once = np.unique(np.stack([reader, pairs.target]), axis=1, return_index=True)[1]
    rows, same = pairs.take(once), np.full(len(once), memory.draft.curves.one_by_one())
    return replace(
        rows, source=reader[once], source_node=memory.node(rows), need=same, release=same,
        passed=np.zeros_like(same), passing=np.full_like(same, ALL),
        capacity=np.full(len(once), IN_FLIGHT), bits=bits[once], kept=np.zeros(len(once), np.int64),
    )  # fmt: skip
