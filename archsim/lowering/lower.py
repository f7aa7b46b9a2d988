"""The verb: make the Program that runs a placed network for a batch of samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from archsim.errors import InputError
from archsim.lowering.batch import Batch, batch_of
from archsim.lowering.buffers import check_memories, crowded_edges
from archsim.lowering.curves import Demands
from archsim.lowering.dependencies import (
    Dependencies,
    edge_dependencies,
    partial_sum_dependencies,
    touched_elements,
)
from archsim.lowering.draft import Draft, TimesAlone
from archsim.lowering.fabric import act_writes, add_transfers, buffers_at
from archsim.lowering.keeping import Choices, Keep, choose_keeping
from archsim.lowering.layers import Ends, add_layers
from archsim.lowering.learning import check_batch, learn
from archsim.lowering.passing import Rows
from archsim.lowering.products import UsedStages, add_products
from archsim.lowering.room import check_room
from archsim.lowering.rooms import PacedRooms, Rooms
from archsim.lowering.spill import Spilled, spill
from archsim.lowering.stepped import lower_steps
from archsim.lowering.turns import BetweenTurns, take_turns
from archsim.mapping import By, Placement, made_by
from archsim.network import Phase, Sink, Source
from archsim.program import Program, Samples

Ids = NDArray[np.int64]
STRETCHES = (2, 4, 8)
"""Where a buffer is too full for full rate, its edges get the room of a slower pace, in these steps."""


def lower(
    placement: Placement,
    *,
    batch: int = 1,
    capacities: Mapping[str, int] | None = None,
    paced: Callable[[Placement], Rooms] | None = None,
    framed: Callable[[UsedStages, Rooms], Program] | None = None,
) -> Program:
    """Lower a placed network to a timed dataflow graph.

    Parameters
    ----------
    placement : Placement
    batch : int
        Samples to run: a multiple of those whose tokens take turns.
    capacities : mapping of str to int, optional
        Tokens of room on every edge into a layer, in place of the computed ones; never less than one firing needs.
    paced : callable, optional
        As `PacedRooms` of this placement; it may know of what was worked out before.
    framed : callable, optional
        As `frame` of this placement and batch; it may know of one that was made before.

    Returns
    -------
    Program

    Raises
    ------
    InputError
        If the batch or a capacity cannot be used, or memory would not hold the run.
    CapacityError
        If buffers are too small and there is no memory to help.
    """
    if placement.plan is not None:
        return lower_steps(placement, batch)
    samples = batch_of(placement, batch)
    stages = {use: tuple(stage.timeless() for stage in each) for use, each in placement.shape_stages.items()}
    rooms = (paced or PacedRooms)(placement)
    program = framed(stages, rooms) if framed else frame(placement, stages, rooms, batch, capacities)
    return _timed(program, placement, samples)


def frame(
    placement: Placement,
    stages: UsedStages,
    rooms: Rooms,
    batch: int,
    capacities: Mapping[str, int] | None = None,
) -> Program:
    """Everything of a Program but the times of products.

    Parameters
    ----------
    placement : Placement
    stages : mapping of Use to tuple of Stage
        Of products with blocks of each shape and what else uses them, without times.
    rooms : Rooms
        On edges.
    batch : int
    capacities : mapping of str to int, optional

    Raises
    ------
    InputError
        If the batch or a capacity cannot be used, or memory would not hold the run.
    CapacityError
        If buffers are too small and there is no memory to help.
    """
    samples = batch_of(placement, batch)
    check_batch(placement, batch)
    check_room(placement, batch)
    draft = Draft(placement.floorplan.nodes)
    ends, sums = add_layers(draft, placement, stages, samples)
    demands = Demands(placement.network, samples.group, draft.selections, placement.dealt)
    choices = _choices(demands, placement, ends, rooms, capacities or {})
    between = BetweenTurns.of(draft, placement, ends, samples)
    most = between.most_kept(choices)
    summed, stored = between.sums(partial_sum_dependencies(draft.curves, sums))
    keeping = choose_keeping(choices, summed, most)
    kept = [choices.of(edge, keep) for edge, keep in enumerate(keeping) if not keep.in_memory]
    spilled = tuple(
        part
        for edge, keep in enumerate(keeping)
        if keep.in_memory
        for part in between.by_turn(Spilled(edge, keep, choices.full[edge], choices.of(edge, keep)))
    )
    check_memories(placement, Dependencies.concatenate([stored, *(each.whole for each in spilled)]))
    led = spill(draft, placement, ends, samples, demands, spilled)
    led += [between.led(stored), take_turns(draft, placement, ends, samples)]
    learn(draft, placement, ends, samples)
    _connect(draft, placement, Dependencies.concatenate([*kept, summed, *led]))
    _act_reads(draft, placement, ends, keeping)
    return draft.finish(tuple(layer.name for layer in placement.network.order), _samples(placement, ends, samples))


def _timed(program: Program, placement: Placement, batch: Batch) -> Program:
    """A Program whose products take their times: those that they have where they are added alone."""
    draft = TimesAlone()
    # What products do is a matter of the frame.
    stages = {use: tuple(replace(stage, actions=()) for stage in each) for use, each in placement.shape_stages.items()}
    add_products(draft, placement, stages, batch)
    return program.timed(*draft.times())


def _choices(demands: Demands, placement: Placement, ends: Ends, rooms: Rooms, given: Mapping[str, int]) -> Choices:
    """The pairs of every edge, with room for full rate, or for as much of it as the buffers hold."""
    _check_given(placement, given)
    edges = placement.network.edges

    def at_pace(indices: Sequence[int], stretch: int) -> dict[int, Dependencies]:
        asked = tuple(index for index in indices if edges[index].target not in given)
        room = dict(zip(asked, rooms.even(asked, stretch), strict=True)) if asked else {}
        rooms_of = {index: room[index] if index in room else given[edges[index].target] for index in indices}
        return {
            index: edge_dependencies(demands, placement, ends, index, capacity) for index, capacity in rooms_of.items()
        }

    full = list(at_pace(range(len(edges)), 1).values())
    slower = list(full)
    crowded = crowded_edges(placement, Dependencies.concatenate(slower))
    for stretch in STRETCHES:
        if crowded:
            for index, pairs in at_pace(sorted(crowded), stretch).items():
                slower[index] = pairs
            crowded = crowded_edges(placement, Dependencies.concatenate(slower))
    return Choices(demands, placement, ends, rooms, full, slower)


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
    remote, local = pairs.take(away), pairs.take(~away)
    carrier, passing = add_transfers(draft, placement, remote)
    for source, rows in ((local.source, local), (carrier, _counted(draft, remote, passing))):
        draft.channels(
            source,
            rows.target,
            need=rows.need,
            release=rows.release,
            initial=-rows.passed,
            capacity=rows.capacity,
            token_bits=rows.kept,
        )
    _act_writes(draft, placement, np.concatenate([local.source, carrier]), Dependencies.concatenate([local, remote]))


def _counted(draft: Draft, pairs: Dependencies, passing: Ids) -> Dependencies:
    """Pairs that count only those tokens that reach their targets' nodes."""
    rows = np.stack([pairs.need, pairs.release, pairs.passed, passing])
    distinct, back = np.unique(rows, axis=1, return_inverse=True)
    curves = [draft.selections.counted(Rows(*row), arriving) for *row, arriving in distinct.T.tolist()]
    need, release, passed = np.array(curves, np.int64).reshape(-1, 3)[back.ravel()].T
    return replace(pairs, need=need, release=release, passed=passed)


def _act_writes(draft: Draft, placement: Placement, carrier: Ids, pairs: Dependencies) -> None:
    """A token is written once into the buffer of each node it comes to, as far as anybody there uses it."""
    actor, first, group = np.unique(carrier, return_index=True, return_inverse=True)
    bits = np.zeros(len(actor), np.int64)
    np.maximum.at(bits, group, pairs.kept)
    act_writes(draft, placement, actor, pairs.target_node[first], bits)


def _act_reads(draft: Draft, placement: Placement, ends: Ends, keeping: tuple[Keep, ...]) -> None:
    """What digital layers read from the buffer beside their unit (a product's reads are counted with its array)."""
    network, homes = placement.network, placement.homes
    bits = placement.chip.activation_bits
    for index, edge in enumerate(network.edges):
        layer = placement.index[edge.target]
        rows = placement.homes_of(layer)
        if keeping[index] is Keep.NOTHING or made_by(network.by_name[edge.target]) is not By.UNIT:
            continue
        share = (homes.stop[rows] - homes.start[rows]) / network.by_name[edge.target].width
        read = touched_elements(placement, edge) * bits * share
        for buffer, chosen in buffers_at(placement, homes.node[rows]):
            draft.act(ends.maker[rows][chosen], f"{buffer}.read_bit", read[chosen])


def _samples(placement: Placement, ends: Ends, batch: Batch) -> Samples:
    def actors(kind: type[Source] | type[Sink]) -> NDArray[np.int64]:
        order = enumerate(placement.network.order)
        # What a sample is compared with may come earlier than the sample.
        layers = [i for i, layer in order if isinstance(layer.operator, kind) and layer.phase is Phase.FORWARD]
        makers = [ends.maker[placement.homes_of(index)] for index in layers]
        return np.concatenate(makers) if makers else np.zeros(0, np.int64)

    learning = placement.network.learning is not None
    # A sample that trains is through when all weights have had its updates.
    leaving = ends.made[placement.changing] if learning else actors(Sink)
    return Samples(batch.samples, batch.group, actors(Source), leaving)
