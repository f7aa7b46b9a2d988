"""Estimates of each layer's pace and latency, from which buffers are sized."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Ids
from archsim.lowering.schedule import Tempo
from archsim.lowering.starting import start_tempo
from archsim.machine import Stage, product_period, stages_of
from archsim.machine.flits import flits_of
from archsim.machine.memories import Stored, memory_for, memory_service
from archsim.machine.service import digital_cycles, unit_service
from archsim.mapping import By, Placement, made_by
from archsim.network import Digital, Layer, Matrix, Use, weights_of
from archsim.units import period_ps, picoseconds


def layer_tempos(placement: Placement) -> dict[str, Tempo]:
    """Pace and latency of every layer of a placed network, by name."""
    products = {use: _Products.of(stages) for use, stages in placement.all_stages.items()}
    travels = _travels(placement)
    return {
        layer.name: _tempo(placement, products[placement.use[index]], index, layer, travels[index])
        for index, layer in enumerate(placement.network.order)
    }


@dataclass(frozen=True, slots=True)
class _Products:
    """Products with all blocks; columns of shape ``(blocks,)``.

    Parameters
    ----------
    alone, summed : int64
        Picoseconds between them, without and with the sums of another row block.
    through : int64
        From the start of one to its own sums.
    added, bits : int64
        Of the last stage: picoseconds to add another block's sums, and their bits.
    """

    alone: Ids
    summed: Ids
    through: Ids
    added: Ids
    bits: Ids

    @classmethod
    def of(cls, stages: tuple[Stage, ...]) -> _Products:
        """All at once: blocks are many, and each step over them takes as long for few."""
        alone, summed = (product_period(stages, summed=with_sums) for with_sums in (False, True))
        own = stages_of(stages, summed=False)
        last = stages_of(stages, summed=True)[-1]
        through = np.sum([stage.latency for stage in own], axis=0)
        return cls(alone, summed, through, last.latency, last.output_bits)


def _tempo(placement: Placement, products: _Products, index: int, layer: Layer, travel: float) -> Tempo:
    copies = placement.replicas[index]
    if isinstance(layer.operator, Matrix):
        interval, latency = _product_tempo(placement, products, index, layer)
    elif made_by(layer) is By.PORT:
        interval, latency = _port_tempo(placement, layer)
    else:
        interval, latency = _digital_tempo(placement, index, layer)
    return Tempo(interval / copies, interval, latency + travel)


def _product_tempo(placement: Placement, products: _Products, index: int, layer: Layer) -> tuple[float, float]:
    """Of the slowest block, and of the chain in which the sums of row blocks travel."""
    blocks, rows = placement.blocks, placement.blocks_of(index)
    use, chain = placement.use[index], {Use.FORWARD: blocks.row, Use.TRANSPOSED: blocks.column}
    sums = 0 if use.changes else int(chain[use][rows].max())
    adding = 0.0
    if sums:
        adding = int(products.added[rows].max()) + _transfer(placement, int(products.bits[rows].max()), hops=2)
    # Where layers share arrays, each gets them for as much of the time as it has tokens.
    users = placement.network.users[weights_of(layer)]
    share = sum(user.tokens for user in users) / layer.tokens
    period = products.summed[rows] if sums else products.alone[rows]
    started, begun = start_tempo(placement, rows, period)
    return share * max(float(period.max()), started), begun + float(products.through[rows].max()) + sums * adding


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


def _transfer(placement: Placement, bits: int, hops: int) -> float:
    return float(_transfers(placement, np.array([bits]), np.array([hops]))[0])


def _transfers(placement: Placement, bits: Ids, hops: Ids) -> NDArray[np.float64]:
    """Picoseconds of tokens on the fabric, over so many links each."""
    fabric = placement.chip.fabric
    cycles = (hops + 2) * (fabric.link_delay + fabric.router_delay) + flits_of(fabric, bits)
    return np.asarray(cycles * period_ps(fabric.clock), np.float64)


def _chip_hop(placement: Placement, bits: int) -> float:
    link = placement.chip.system.link
    return 0.0 if link is None else float(picoseconds(bits / link.bandwidth) + picoseconds(link.latency))
