"""Estimates of each layer's pace and latency, from which buffers are sized."""

from __future__ import annotations

import numpy as np

from archsim.lowering.fabric import flits_of
from archsim.lowering.schedule import Tempo
from archsim.lowering.starting import start_tempo
from archsim.machine import product_period, stages_of
from archsim.machine.memories import Stored, memory_for, memory_service
from archsim.machine.service import digital_cycles, unit_service
from archsim.mapping import By, Placement, made_by
from archsim.network import Digital, Layer, Matrix, weights_of
from archsim.units import period_ps, picoseconds


def layer_tempos(placement: Placement) -> dict[str, Tempo]:
    """Pace and latency of every layer of a placed network, by name."""
    return {
        layer.name: _tempo(placement, index, layer, placement.replicas[index])
        for index, layer in enumerate(placement.network.order)
    }


def _tempo(placement: Placement, index: int, layer: Layer, copies: int) -> Tempo:
    travel = _travel(placement, index, layer)
    if isinstance(layer.operator, Matrix):
        interval, latency = _product_tempo(placement, index, layer)
    elif made_by(layer) is By.PORT:
        interval, latency = _port_tempo(placement, layer)
    else:
        interval, latency = _digital_tempo(placement, index, layer)
    return Tempo(interval / copies, interval, latency + travel)


def _product_tempo(placement: Placement, index: int, layer: Layer) -> tuple[float, float]:
    """Of the slowest block, and of the chain in which the sums of row blocks travel."""
    blocks, rows = placement.blocks, placement.blocks_of(index)
    stages = tuple(stage.at(np.arange(rows.start, rows.stop)) for stage in placement.products)
    sums = int(blocks.row[rows].max())
    through = np.sum([stage.latency for stage in stages_of(stages, summed=False)], axis=0).max()
    adding = 0.0
    if sums:
        added = stages_of(stages, summed=True)[-1]
        adding = int(added.latency.max()) + _transfer(placement, int(added.output_bits.max()), hops=2)
    # Where layers share arrays, each gets them for as much of the time as it has tokens.
    users = placement.network.users[weights_of(layer)]
    share = sum(user.tokens for user in users) / layer.tokens
    period = product_period(stages, summed=sums > 0)
    started, begun = start_tempo(placement, rows, period)
    return share * max(float(period.max()), started), begun + float(through) + sums * adding


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


def _travel(placement: Placement, index: int, layer: Layer) -> float:
    """Picoseconds of a token's transfer to its farthest consumer."""
    homes, nodes = placement.homes, placement.floorplan.nodes
    widest = int((homes.stop - homes.start)[placement.homes_of(index)].max())
    source = int(homes.node[placement.homes_of(index).start])
    targets = [placement.index[edge.target] for edge in placement.network.outputs_of(layer.name)]
    ends = [homes.node[placement.homes_of(target)] for target in targets]
    ends += [placement.blocks.node[placement.blocks_of(target)] for target in targets]
    if not targets:
        return 0.0
    other = np.concatenate(ends)
    hops = int(placement.floorplan.hops(source % nodes)[other % nodes].max())
    chips = int(np.abs(other // nodes - source // nodes).max())
    bits = widest * placement.chip.activation_bits
    return _transfer(placement, bits, hops) + chips * _chip_hop(placement, bits)


def _transfer(placement: Placement, bits: int, hops: int) -> float:
    fabric = placement.chip.fabric
    flits = int(flits_of(fabric, np.array([bits]))[0])
    return float(((hops + 2) * (fabric.link_delay + fabric.router_delay) + flits) * period_ps(fabric.clock))


def _chip_hop(placement: Placement, bits: int) -> float:
    link = placement.chip.system.link
    return 0.0 if link is None else float(picoseconds(bits / link.bandwidth) + picoseconds(link.latency))
