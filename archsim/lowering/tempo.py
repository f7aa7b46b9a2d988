"""Estimates of each layer's pace and latency, from which buffers are sized."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Columns, Ids
from archsim.lowering.schedule import Tempo
from archsim.lowering.starting import by_themselves, start_tempo
from archsim.machine import Stage, product_period, stages_of
from archsim.machine.flits import flits_of
from archsim.machine.memories import Stored, memory_for, memory_service
from archsim.machine.service import digital_cycles, unit_service
from archsim.mapping import By, Placement, made_by
from archsim.network import Digital, Layer, Matrix, Use, weights_of
from archsim.units import period_ps, picoseconds

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Around(Columns):
    """What tempos are made from beside the times of products; columns of shape ``(layers,)``.

    Parameters
    ----------
    interval, latency : float64
        Picoseconds of a token, for its maker and from its start; 0 of layers that make products.
    travel : float64
        Picoseconds to the farthest consumer.
    share : float64
        Of layers that make products: tokens of all that use their arrays, by their own.
    sums : int64
        Of these: times that another block's sums are added, one after the other.
    """

    interval: Times
    latency: Times
    travel: Times
    share: Times
    sums: Ids


def around_products(placement: Placement) -> Around:
    """What the tempos of a placed network are made from beside the times of products."""
    size = len(placement.network.order)
    interval, latency, share = np.zeros(size), np.zeros(size), np.ones(size)
    for index, layer in enumerate(placement.network.order):
        if isinstance(layer.operator, Matrix):
            users = placement.network.users[weights_of(layer)]
            share[index] = sum(user.tokens for user in users) / layer.tokens
        elif made_by(layer) is By.PORT:
            interval[index], latency[index] = _port_tempo(placement, layer)
        else:
            interval[index], latency[index] = _digital_tempo(placement, index, layer)
    return Around(interval, latency, np.array(_travels(placement), np.float64), share, _sums(placement))


def _sums(placement: Placement) -> Ids:
    """Of the longest chain in which the sums of row blocks travel, shape ``(layers,)``."""
    blocks, uses = placement.blocks, placement.uses
    sums = np.zeros(len(placement.network.order), np.int64)
    for use, rows in placement.used.items():
        if not use.changes:
            chain = blocks.column if use is Use.TRANSPOSED else blocks.row
            np.maximum.at(sums, uses.layer[rows], chain[uses.block[rows]])
    return sums


def layer_tempos(placement: Placement, around: Around | None = None) -> dict[str, Tempo]:
    """Pace and latency of every layer of a placed network, by name.

    Parameters
    ----------
    placement : Placement
    around : Around, optional
        As `around_products` of this placement.
    """
    around = around or around_products(placement)
    interval, latency = around.interval.copy(), around.latency.copy()
    layer, shape = placement.shapes_used
    use = np.array([list(Use).index(use) for use in placement.use], np.int64)[layer]
    for number, stages in ((list(Use).index(use), stages) for use, stages in placement.shape_stages.items()):
        rows = use == number
        if rows.any():
            products = _products(placement, around, stages, layer[rows], shape[rows])
            interval[products.layer], latency[products.layer] = products.interval, products.latency
    times = (interval.tolist(), (latency + around.travel).tolist(), placement.replicas)
    return {
        layer.name: Tempo(hold / copies, hold, until)
        for layer, hold, until, copies in zip(placement.network.order, *times, strict=True)
    }


@dataclass(frozen=True, slots=True)
class _Products(Columns):
    """Layers that make products of one kind, and their times; columns of shape ``(layers,)``."""

    layer: Ids
    interval: Times
    latency: Times


def _products(placement: Placement, around: Around, stages: tuple[Stage, ...], layer: Ids, shape: Ids) -> _Products:
    """Of the slowest block of each layer, and of the chain in which the sums of row blocks travel.

    Parameters
    ----------
    placement, around
    stages : tuple of Stage
        Of products with blocks of each shape.
    layer, shape : int64, shape (pairs,)
        Layers, and shapes of the blocks that each of them uses, by layer.
    """
    first = np.flatnonzero(np.append(True, layer[1:] != layer[:-1]))
    layer = layer[first]
    sums, last = around.sums[layer], stages_of(stages, summed=True)[-1]

    def longest(column: Ids) -> Ids:
        return np.asarray(np.maximum.reduceat(column[shape], first))

    alone, summed = (longest(product_period(stages, summed=with_sums)) for with_sums in (False, True))
    through = longest(np.sum([stage.latency for stage in stages_of(stages, summed=False)], axis=0))
    adding = longest(last.latency) + _transfers(placement, longest(last.output_bits), np.full(len(layer), 2))
    period = np.where(sums > 0, summed, alone)
    started, begun = _started(placement, layer, period)
    # Where layers share arrays, each gets them for as much of the time as it has tokens.
    interval = around.share[layer] * np.maximum(period.astype(np.float64), started)
    return _Products(layer, interval, begun + through.astype(np.float64) + sums * adding)


def _started(placement: Placement, layer: Ids, period: Ids) -> tuple[Times, Times]:
    """Picoseconds between products as what starts them allows, and until one has begun; shape ``(layers,)`` each."""
    if by_themselves(placement):
        return np.zeros(len(layer)), np.zeros(len(layer))
    rows = map(placement.blocks_of, layer.tolist())
    starts = [start_tempo(placement, blocks, longest) for blocks, longest in zip(rows, period.tolist(), strict=True)]
    interval, latency = np.array(starts, np.float64).reshape(-1, 2).T
    return interval, latency


def _port_tempo(placement: Placement, layer: Layer) -> tuple[float, float]:
    bits = layer.width * placement.chip.activation_bits
    if isinstance(layer.operator, Digital):
        access = memory_service(memory_for(placement.chip, Stored.TABLES, layer.name)[1], bits)
        return float(access.interval), float(access.latency)
    interval = float(picoseconds(bits / placement.chip.system.host_bandwidth))
    return interval, interval


def _digital_tempo(placement: Placement, index: int, layer: Layer) -> tuple[float, float]:
    rows, homes = placement.homes_of(index), placement.homes
    share = float((homes.stop[rows] - homes.start[rows]).max()) / layer.width
    _, unit = placement.unit_of(rows.start)
    cycles = digital_cycles(placement.network, layer, unit, share)
    return float(cycles.mean()) * period_ps(unit.clock), float(unit_service(unit, int(cycles.max())).latency)


def _travels(placement: Placement) -> list[float]:
    """Picoseconds of a token's transfer from each layer to its farthest consumer; 0 where nothing consumes."""
    homes, first = placement.homes, _first_homes(placement)
    hops, chips = _farthest(placement, homes.node[first])
    bits = np.maximum.reduceat(homes.stop - homes.start, first) * placement.chip.activation_bits
    near = np.where(hops < 0, 0.0, _transfers(placement, bits, hops))
    return [
        time + (far * _chip_hop(placement, size) if far > 0 else 0.0)
        for time, far, size in zip(near.tolist(), chips.tolist(), bits.tolist(), strict=True)
    ]


def _first_homes(placement: Placement) -> Ids:
    """The first row of ``homes`` of each layer."""
    return np.array([placement.homes_of(layer).start for layer in range(len(placement.replicas))], np.int64)


def _farthest(placement: Placement, sources: Ids) -> tuple[Ids, Ids]:
    """Links and chips between the node of each layer and that of its farthest consumer; -1 where nothing consumes."""
    plan, index, edges = placement.floorplan, placement.index, placement.network.edges
    others = [_nodes_of(placement, index[edge.target]) for edge in edges]
    layer = np.repeat(np.array([index[edge.source] for edge in edges], np.int64), list(map(len, others)))
    here, there = sources[layer], np.concatenate([np.zeros(0, np.int64), *others])
    hops, chips = np.full((2, len(sources)), -1)
    np.maximum.at(hops, layer, plan.routes.hops[plan.router[here % plan.nodes], plan.router[there % plan.nodes]])
    np.maximum.at(chips, layer, np.abs(there // plan.nodes - here // plan.nodes))
    return hops, chips


def _nodes_of(placement: Placement, layer: int) -> Ids:
    """Where a layer takes its inputs: with its homes, and with the arrays of its weights."""
    homes, blocks = placement.homes.node[placement.homes_of(layer)], placement.blocks.node[placement.blocks_of(layer)]
    return np.concatenate([homes, blocks])


def _transfers(placement: Placement, bits: Ids, hops: Ids) -> NDArray[np.float64]:
    """Picoseconds of tokens on the fabric, over so many links each."""
    fabric = placement.chip.fabric
    cycles = (hops + 2) * (fabric.link_delay + fabric.router_delay) + flits_of(fabric, bits)
    return np.asarray(cycles * period_ps(fabric.clock), np.float64)


def _chip_hop(placement: Placement, bits: int) -> float:
    link = placement.chip.system.link
    return 0.0 if link is None else float(picoseconds(bits / link.bandwidth) + picoseconds(link.latency))
