"""Actors of layers: products on arrays, their converters and sums, digital units, inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.chip.schema import Chip, Memory
from archsim.errors import CapacityError
from archsim.lowering.draft import NO_TABLE, ActorRows, Draft, Place
from archsim.mapping import AT_PORT, Placement
from archsim.mapping.timing import (
    affine_stage,
    combining_additions,
    conversions_per_column,
    digital_cycles,
    memory_interval,
    product_timing,
    unit_stage,
)
from archsim.network import Digital, Layer, Source, keys_read
from archsim.program import Kind, Role
from archsim.units import picoseconds

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """The samples of a run.

    Parameters
    ----------
    samples : int
    group : int
        Samples that interleave; divides ``samples``.
    """

    samples: int
    group: int


@dataclass(frozen=True, slots=True)
class Ends:
    """The actors that edges join.

    Parameters
    ----------
    maker : int64, shape (homes,)
        Who makes each part of each layer's tokens.
    taker : int64, shape (blocks,)
        Who takes the inputs of each block: its array's integration. Digital layers take what they make.
    """

    maker: Ids
    taker: Ids


@dataclass(frozen=True, slots=True)
class PartialSums:
    """Sums that travel from one row block to the next; columns of shape ``(sums,)``.

    Parameters
    ----------
    source, target : int64
        Actors.
    source_node, target_node : int64
    bits : int64
        Of one token.
    """

    source: Ids
    target: Ids
    source_node: Ids
    target_node: Ids
    bits: Ids


def firings_of(placement: Placement, layer: Ids, replica: Ids, batch: Batch) -> Ids:
    """Firings in the whole run of copies of layers."""
    tokens = np.array([layer.tokens for layer in placement.network.order], np.int64)[layer]
    copies = np.asarray(placement.replicas, np.int64)[layer]
    firings: Ids = (tokens - replica + copies - 1) // copies * batch.samples
    return firings


def add_layers(draft: Draft, placement: Placement, batch: Batch) -> tuple[Ends, PartialSums]:
    """Add the actors of all layers, and the channels inside their arrays."""
    maker = np.full(len(placement.homes), -1, np.int64)
    taker, sums = _add_products(draft, placement, batch, maker)
    for index, layer in enumerate(placement.network.order):
        if isinstance(layer.operator, Digital):
            rows = placement.homes_of(index)
            add = _add_lookup if placement.homes.unit[rows.start] == AT_PORT else _add_digital
            maker[rows] = add(draft, placement, batch, index)
        elif maker[placement.homes_of(index).start] < 0:
            maker[placement.homes_of(index)] = _add_port(draft, placement, batch, index)
    return Ends(maker, taker), sums


def _add_products(draft: Draft, placement: Placement, batch: Batch, maker: Ids) -> tuple[Ids, PartialSums]:
    """Integration, conversion, affine and accumulation of every block; fills in the matrix layers' makers."""
    blocks, chip = placement.blocks, placement.chip
    columns = blocks.column_stop - blocks.column_start
    timing = [product_timing(chip, int(count)) for count in range(int(columns.max(initial=0)) + 1)]
    firings = firings_of(placement, blocks.layer, blocks.replica, batch)

    def add(role: Role, kind: Kind, label: str, interval: Ids, latency: Ids, kept: Ids) -> Ids:
        place = Place(kind, label, blocks.node[kept], blocks.array[kept])
        rows = ActorRows(
            layer=blocks.layer[kept],
            role=role,
            place=place,
            firings=firings[kept],
            interval=interval,
            latency=latency,
            replica=blocks.replica[kept],
            row=blocks.row[kept],
            column=blocks.column[kept],
        )
        return draft.actors(rows, len(kept))

    every = np.arange(len(blocks), dtype=np.int64)
    stages = {name: np.array([getattr(t, name).interval for t in timing])[columns] for name in _STAGES}
    delays = {name: np.array([getattr(t, name).latency for t in timing])[columns] for name in _STAGES}
    integrate = add(Role.INTEGRATE, Kind.ARRAY, "array", stages["integrate"], delays["integrate"], every)
    convert = add(Role.CONVERT, Kind.ADC, "adc", stages["convert"], delays["convert"], every)
    affine = add(Role.AFFINE, Kind.AFFINE, "affine", stages["affine"], delays["affine"], every)
    later = np.flatnonzero(blocks.row > 0)
    sums = [affine_stage(chip, int(count)) for count in range(int(columns.max(initial=0)) + 1)]
    interval, latency = (
        np.array([getattr(stage, name) for stage in sums], np.int64)[columns[later]] for name in ("interval", "latency")
    )
    accumulate = add(Role.ACCUMULATE, Kind.AFFINE, "affine", interval, latency, later)
    output = affine.copy()
    output[later] = accumulate
    same = draft.curves.add(np.array([1], np.int64), 1)
    sum_bits = columns * chip.tile.affine.sum_bits
    for source, target, capacity, bits in (
        (integrate, convert, timing[0].in_flight, 0),
        (convert, affine, 2, sum_bits),
        (affine[later], accumulate, 2, sum_bits[later]),
    ):
        draft.channels(source, target, need=same, release=same, capacity=capacity, token_bits=bits)
    _act_products(draft, placement, (integrate, convert, affine, accumulate), later)
    _fill_makers(placement, output, maker)
    previous = output[later - 1]
    return integrate, PartialSums(previous, accumulate, blocks.node[later - 1], blocks.node[later], sum_bits[later])


_STAGES = ("integrate", "convert", "affine")


def _fill_makers(placement: Placement, output: Ids, maker: Ids) -> None:
    """Homes of matrix layers are in the order of their blocks, one per run of row blocks."""
    blocks, homes = placement.blocks, placement.homes
    last = np.append(blocks.row[1:] == 0, True) if len(blocks) else np.zeros(0, bool)
    on_array = np.isin(homes.layer, np.unique(blocks.layer))
    maker[on_array] = output[last]


def _act_products(draft: Draft, placement: Placement, stages: tuple[Ids, Ids, Ids, Ids], later: Ids) -> None:
    """What a product costs, stage by stage."""
    integrate, convert, affine, accumulate = stages
    blocks, tile = placement.blocks, placement.chip.tile
    rows = blocks.row_stop - blocks.row_start
    columns = blocks.column_stop - blocks.column_start
    physical_rows = rows * tile.array.weight.rows * tile.input.phases
    conversions = columns * tile.array.weight.columns * conversions_per_column(placement.chip)
    draft.act(integrate, "array.cell", blocks.weights * tile.array.weight.devices)
    draft.act(integrate, "array.row", physical_rows)
    draft.act(integrate, "driver.conversion", physical_rows)
    draft.act(integrate, "buffer.read_bit", rows * tile.input.bits)
    draft.act(convert, "adc.conversion", conversions)
    if tile.adc.held:
        draft.act(convert, "sample-hold.sample", conversions)
    draft.act(affine, "affine.mac", columns)
    if combining_additions(placement.chip, 1):
        draft.act(affine, "affine.add", columns * combining_additions(placement.chip, 1))
    draft.act(accumulate, "affine.add", columns[later])


def _add_digital(draft: Draft, placement: Placement, batch: Batch, index: int) -> Ids:
    """One actor per part of a digital layer."""
    layer, homes = placement.network.order[index], placement.homes
    rows = placement.homes_of(index)
    makers = []
    for home in range(rows.start, rows.stop):
        name, unit = list(placement.chip.units.items())[int(homes.unit[home])]
        share = float(homes.stop[home] - homes.start[home]) / layer.width
        replica, copies = int(homes.replica[home]), placement.replicas[index]
        cycles = digital_cycles(placement.network, layer, unit, share)
        stages = [unit_stage(unit, int(count)) for count in np.unique(cycles)]
        mine = cycles[replica::copies] if len(cycles) > 1 else cycles
        table = latency_table = NO_TABLE
        if len(stages) > 1:
            place = np.searchsorted(np.unique(cycles), np.repeat(mine, batch.group))
            table = draft.durations.add(np.array([stage.interval for stage in stages])[place], 0)
            latency_table = draft.durations.add(np.array([stage.latency for stage in stages])[place], 0)
        actor = ActorRows(
            layer=index,
            role=Role.COMPUTE,
            place=Place(Kind.UNIT, name, int(homes.node[home]), 0, unit.count),
            firings=firings_of(placement, np.array([index]), np.array([replica]), batch),
            interval=stages[0].interval,
            latency=stages[0].latency,
            replica=replica,
            column=int(homes.part[home]),
            interval_table=table,
            latency_table=latency_table,
        )
        maker = draft.actors(actor, 1)
        _act_digital(draft, placement, layer, maker, name, share)
        makers.append(maker)
    return np.concatenate(makers)


def _act_digital(draft: Draft, placement: Placement, layer: Layer, maker: Ids, unit: str, share: float) -> None:
    operator = layer.operator
    assert isinstance(operator, Digital)
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
    name, memory = pick_memory(placement.chip, layer.name, "a look-up table")
    bits = layer.width * placement.chip.tile.input.bits
    interval = memory_interval(memory, bits)
    reader = ActorRows(
        layer=index,
        role=Role.READ,
        place=Place(Kind.MEMORY, name, placement.homes.node[rows], 0, memory.channels),
        firings=layer.tokens * batch.samples,
        interval=interval,
        latency=interval + picoseconds(memory.latency),
    )
    maker = draft.actors(reader, 1)
    draft.act(maker, f"{name}.read_bit", float(bits))
    return maker


def pick_memory(chip: Chip, where: str, what: str) -> tuple[str, Memory]:
    """The memory that takes what the buffers cannot: the first that the chip describes.

    Raises
    ------
    CapacityError
        If it describes none.
    """
    for name, memory in chip.memory.items():
        return name, memory
    raise CapacityError(
        f"{what} needs a memory and the chip has none",
        where=f"chip {chip.name!r}, layer {where!r}",
        remedy="Describe one in the chip file (memory: NAME: ...), or enlarge the buffers.",
    )


def _add_port(draft: Draft, placement: Placement, batch: Batch, index: int) -> Ids:
    """A network input or output: tokens over the host's link."""
    layer, rows = placement.network.order[index], placement.homes_of(index)
    inward = isinstance(layer.operator, Source)
    bits = layer.width * placement.chip.tile.input.bits
    interval = picoseconds(bits / placement.chip.system.host_bandwidth)
    port = ActorRows(
        layer=index,
        role=Role.SOURCE if inward else Role.SINK,
        place=Place(Kind.HOST, "host-in" if inward else "host-out", placement.homes.node[rows]),
        firings=layer.tokens * batch.samples,
        interval=interval,
        latency=interval,
    )
    return draft.actors(port, 1)
