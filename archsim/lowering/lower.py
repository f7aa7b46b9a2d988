"""The verb: make the Program that runs a placed network for a batch of samples."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from archsim.errors import InputError
from archsim.lowering.batch import Batch
from archsim.lowering.buffers import check_memory, crowded_edges, overfull_edges
from archsim.lowering.curves import Demands
from archsim.lowering.dependencies import (
    NO_PAIRS,
    Dependencies,
    edge_dependencies,
    joined,
    partial_sum_dependencies,
    touched_elements,
)
from archsim.lowering.draft import Draft
from archsim.lowering.fabric import act_writes, add_transfers, buffers_at
from archsim.lowering.layers import Ends, add_layers
from archsim.lowering.schedule import edge_capacity, paced_schedule
from archsim.lowering.spill import spill
from archsim.lowering.tempo import layer_tempos
from archsim.mapping import AT_PORT, Placement
from archsim.network import Digital, Sink, Source
from archsim.program import Program, Samples

Ids = NDArray[np.int64]
MOST_INTERLEAVED = 8
"""Samples that interleave by default at most: they fill a recurrence's latency, and each adds to its buffers."""
STRETCHES = (1, 2, 4, 8)
"""Where a buffer is too full for full rate, its edges get the room of a slower pace, in these steps."""


def lower(
    placement: Placement,
    *,
    batch: int = 1,
    interleave: int | None = None,
    capacities: Mapping[str, int] | None = None,
) -> Program:
    """Lower a placed network to a timed dataflow graph.

    Parameters
    ----------
    placement : Placement
    batch : int
        Samples to run.
    interleave : int, optional
        Samples whose tokens take turns; must divide ``batch``. By default as many as fill a recurrence, 1 without one.
    capacities : mapping of str to int, optional
        Tokens of room on every edge into a layer, in place of the computed ones; never less than one firing needs.

    Returns
    -------
    Program

    Raises
    ------
    InputError
        If the batch, the interleaving or a capacity cannot be used.
    CapacityError
        If buffers are too small and there is no memory to help.
    """
    samples = Batch(batch, _group(placement, batch, interleave))
    draft = Draft(placement.floorplan.nodes)
    ends, sums = add_layers(draft, placement, samples)
    pairs = _dependencies(draft, placement, ends, samples, capacities or {})
    pairs.append(partial_sum_dependencies(draft.curves, sums))
    spilled = overfull_edges(placement, joined(pairs))
    for name in list(placement.chip.memory)[:1]:
        check_memory(placement, name, joined([pairs[index] for index in spilled]))
    for index in spilled:
        pairs[index] = spill(draft, placement, ends, samples, pairs[index])
    _connect(draft, placement, joined(pairs))
    _act_reads(draft, placement, ends, spilled)
    return draft.finish(tuple(layer.name for layer in placement.network.order), _samples(placement, ends, samples))


def _group(placement: Placement, batch: int, interleave: int | None) -> int:
    if batch < 1:
        raise InputError(f"a batch of {batch} samples", where="--batch", remedy="Run at least one sample.")
    if interleave is not None:
        if interleave < 1 or batch % interleave:
            raise InputError(
                f"{interleave} samples cannot interleave in a batch of {batch}",
                where="--interleave",
                remedy="Take a divisor of the batch.",
            )
        return interleave
    if not any(edge.recurrent for edge in placement.network.edges):
        return 1
    return next(size for size in range(min(batch, MOST_INTERLEAVED), 0, -1) if batch % size == 0)


def _dependencies(
    draft: Draft, placement: Placement, ends: Ends, batch: Batch, given: Mapping[str, int]
) -> list[Dependencies]:
    """The pairs of every edge of the network, with room for full rate, or for as much of it as the buffers hold."""
    _check_given(placement, given)
    tempos, demands = layer_tempos(placement), Demands(placement.network, batch.group, draft.curves)
    pairs: list[Dependencies] = [NO_PAIRS] * len(placement.network.edges)
    wanted = frozenset(range(len(pairs)))
    for stretch in STRETCHES:
        pace = paced_schedule(demands, tempos, stretch)
        for index in wanted:
            edge = placement.network.edges[index]
            room = given.get(edge.target) or edge_capacity(demands, edge, tempos, pace)
            pairs[index] = edge_dependencies(demands, placement, ends, index, room)
        wanted = crowded_edges(placement, joined(pairs))
        if not wanted:
            break
    return pairs


def _check_given(placement: Placement, given: Mapping[str, int]) -> None:
    for name, count in given.items():
        if name not in placement.network.by_name or count < 1:
            raise InputError(
                f"a capacity of {count} tokens for layer {name!r}",
                where="capacities",
                remedy="Name a layer of the network and at least one token.",
            )


def _connect(draft: Draft, placement: Placement, pairs: Dependencies) -> None:
    """Channels of all pairs: directly within a node, over the fabric between nodes."""
    away = pairs.source_node != pairs.target_node
    remote, local = (_rows(pairs, mask) for mask in (away, ~away))
    carrier = add_transfers(draft, placement, remote)
    for source, rows in ((local.source, local), (carrier, remote)):
        draft.channels(
            source, rows.target, need=rows.need, release=rows.release, capacity=rows.capacity, token_bits=rows.kept
        )
    _act_writes(draft, placement, np.concatenate([local.source, carrier]), joined([local, remote]))


def _act_writes(draft: Draft, placement: Placement, carrier: Ids, pairs: Dependencies) -> None:
    """A token is written once into the buffer of each node it comes to, as far as anybody there uses it."""
    actor, first, group = np.unique(carrier, return_index=True, return_inverse=True)
    bits = np.zeros(len(actor), np.int64)
    np.maximum.at(bits, group, pairs.kept)
    act_writes(draft, placement, actor, pairs.target_node[first], bits)


def _rows(pairs: Dependencies, mask: NDArray[np.bool_]) -> Dependencies:
    return Dependencies(*(getattr(pairs, name)[mask] for name in Dependencies.__slots__))


def _act_reads(draft: Draft, placement: Placement, ends: Ends, spilled: frozenset[int]) -> None:
    """What digital layers read from the buffer beside their unit (a product's reads are counted with its array)."""
    network, homes = placement.network, placement.homes
    bits = placement.chip.tile.input.bits
    for index, edge in enumerate(network.edges):
        layer = placement.index[edge.target]
        rows = placement.homes_of(layer)
        operator = network.by_name[edge.target].operator
        if index in spilled or not isinstance(operator, Digital) or homes.unit[rows.start] == AT_PORT:
            continue
        share = (homes.stop[rows] - homes.start[rows]) / network.by_name[edge.target].width
        read = touched_elements(placement, edge) * bits * share
        for buffer, chosen in buffers_at(placement, homes.node[rows]):
            draft.act(ends.maker[rows][chosen], f"{buffer}.read_bit", read[chosen])


def _samples(placement: Placement, ends: Ends, batch: Batch) -> Samples:
    def actors(kind: type[Source] | type[Sink]) -> NDArray[np.int32]:
        layers = [index for index, layer in enumerate(placement.network.order) if isinstance(layer.operator, kind)]
        makers = [ends.maker[placement.homes_of(index)] for index in layers]
        return np.concatenate(makers).astype(np.int32) if makers else np.zeros(0, np.int32)

    return Samples(batch.samples, batch.group, actors(Source), actors(Sink))
