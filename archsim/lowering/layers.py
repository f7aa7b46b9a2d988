"""Actors of layers: products on arrays, digital units, inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.lowering.batch import Batch, firings_of
from archsim.lowering.draft import ActorRows, Draft, Place, Timing
from archsim.lowering.products import PartialSums, UsedStages, add_products
from archsim.machine import OVERHEAD
from archsim.machine.memories import Stored, memory_for, memory_service
from archsim.machine.service import digital_cycles
from archsim.mapping import By, Placement, made_by
from archsim.network import Digital, Layer, Source, Use, keys_read
from archsim.program import Kind, Role
from archsim.units import period_ps, picoseconds

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ends:
    """The actors that edges join.

    Parameters
    ----------
    maker : int64, shape (homes,)
        Who makes each part of each layer's tokens.
    taker : int64, shape (uses,)
        Who takes a matrix layer's inputs at each block. Digital layers take what they make.
    made : int64, shape (uses,)
        Who makes the sums of each block for a layer.
    first : int64, shape (uses,)
        Who works on the block's array first.
    """

    maker: Ids
    taker: Ids
    made: Ids
    first: Ids


def add_layers(draft: Draft, placement: Placement, stages: UsedStages, batch: Batch) -> tuple[Ends, PartialSums]:
    """Add the actors of all layers, those of products first, and the channels inside their arrays."""
    maker = np.full(len(placement.homes), -1, np.int64)
    products, sums = add_products(draft, placement, stages, batch)
    _fill_makers(placement, products.maker, maker)
    for index, layer in enumerate(placement.network.order):
        if isinstance(layer.operator, Digital):
            rows = placement.homes_of(index)
            add = _add_lookup if made_by(layer) is By.PORT else _add_digital
            maker[rows] = add(draft, placement, batch, index)
        elif maker[placement.homes_of(index).start] < 0:
            maker[placement.homes_of(index)] = _add_port(draft, placement, batch, index)
    return Ends(maker, products.taker, products.maker, products.first), sums


def _fill_makers(placement: Placement, output: Ids, maker: Ids) -> None:
    """Homes of matrix layers are in the order of their blocks, one per run of row blocks."""
    homes, rows = placement.homes, placement.used[Use.FORWARD]
    uses = placement.uses.take(rows)
    row = placement.blocks.row[uses.block]
    last = np.append(row[1:] == 0, True) if len(uses) else np.zeros(0, bool)
    on_array = np.isin(homes.layer, np.unique(uses.layer))
    maker[on_array] = output[rows][last]
    for index, use in enumerate(placement.use):
        if use is not Use.FORWARD:
            ends = placement.blocks.final(placement.blocks_of(index), use)
            maker[placement.homes_of(index)] = output[placement.uses_of(index)][ends]


def _add_digital(draft: Draft, placement: Placement, batch: Batch, index: int) -> Ids:
    """One actor per part of a digital layer."""
    layer, homes = placement.network.order[index], placement.homes
    rows = placement.homes_of(index)
    makers = []
    for home in range(rows.start, rows.stop):
        name, unit = placement.unit_of(home)
        share = float(homes.stop[home] - homes.start[home]) / layer.width
        replica = int(homes.replica[home])
        cycles = digital_cycles(placement.network, layer, unit, share)
        mine = cycles[placement.dealings[index].tokens(replica, layer.tokens)] if len(cycles) > 1 else cycles
        clock = period_ps(unit.clock)
        actor = ActorRows(
            layer=index,
            role=Role.COMPUTE,
            place=Place(Kind.UNIT, name, int(homes.node[home]), 0, unit.count),
            firings=firings_of(placement, np.array([index]), np.array([replica]), batch),
            timing=draft.timing(np.repeat(mine, batch.group) * clock, (unit.pipeline - 1) * clock),
            replica=replica,
            column=int(homes.part[home]),
        )
        maker = draft.actors(actor, 1)
        _act_digital(draft, placement, layer, maker, name, share)
        makers.append(maker)
    return np.concatenate(makers)


def _act_digital(draft: Draft, placement: Placement, layer: Layer, maker: Ids, unit: str, share: float) -> None:
    operator = layer.operator
    assert isinstance(operator, Digital)
    if placement.chip.units[unit].overhead is not None:
        draft.act(maker, f"{unit}.{OVERHEAD}", 1.0)
    for primitive, count in operator.work:
        draft.act(maker, f"{unit}.{primitive.value}", count * share)
    if operator.work_per_key:
        keys = _mean_keys(placement, layer)
        for primitive, count in operator.work_per_key:
            draft.act(maker, f"{unit}.{primitive.value}", count * share * keys)


def _mean_keys(placement: Placement, layer: Layer) -> float:
    return float(keys_read(placement.network, layer).mean())


def _add_lookup(draft: Draft, placement: Placement, batch: Batch, index: int) -> Ids:
    """A table in memory (an embedding): one read per token."""
    layer, rows = placement.network.order[index], placement.homes_of(index)
    name, memory = memory_for(placement.chip, Stored.TABLES, layer.name)
    bits = layer.width * placement.chip.activation_bits
    access = memory_service(memory, bits)
    reader = ActorRows(
        layer=index,
        role=Role.READ,
        place=Place(Kind.MEMORY, name, placement.homes.node[rows]),
        firings=layer.tokens * batch.samples,
        timing=Timing(access.interval, access.latency),
    )
    maker = draft.actors(reader, 1)
    draft.act(maker, f"{name}.read_bit", float(bits))
    return maker


def _add_port(draft: Draft, placement: Placement, batch: Batch, index: int) -> Ids:
    """A network input or output: tokens over the host's link."""
    layer, rows = placement.network.order[index], placement.homes_of(index)
    inward = isinstance(layer.operator, Source)
    bits = layer.width * placement.chip.activation_bits
    interval = picoseconds(bits / placement.chip.system.host_bandwidth)
    port = ActorRows(
        layer=index,
        role=Role.SOURCE if inward else Role.SINK,
        place=Place(Kind.HOST, "host-in" if inward else "host-out", placement.homes.node[rows]),
        firings=layer.tokens * batch.samples,
        timing=Timing(interval, interval),
    )
    return draft.actors(port, 1)
