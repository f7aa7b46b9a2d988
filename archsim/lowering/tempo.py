"""Estimates of each layer's pace and latency, from which buffers are sized."""

from __future__ import annotations

import numpy as np

from archsim.lowering.fabric import flits_of
from archsim.lowering.schedule import Tempo
from archsim.mapping import AT_PORT, Placement
from archsim.mapping.memories import Stored, memory_for, memory_stage
from archsim.mapping.timing import (
    affine_stage,
    digital_cycles,
    product_period,
    product_timing,
    unit_stage,
)
from archsim.network import Digital, Layer, Matrix
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
        interval, latency = _product_tempo(placement, index)
    elif placement.homes.unit[placement.homes_of(index).start] == AT_PORT:
        interval, latency = _port_tempo(placement, layer)
    else:
        interval, latency = _digital_tempo(placement, index, layer)
    return Tempo(interval / copies, interval, latency + travel)


def _product_tempo(placement: Placement, index: int) -> tuple[float, float]:
    blocks, rows = placement.blocks, placement.blocks_of(index)
    columns = int((blocks.column_stop[rows] - blocks.column_start[rows]).max())
    timing = product_timing(placement.chip, columns)
    adding = affine_stage(placement.chip, columns)
    sums = int(blocks.row[rows].max())
    hop = _transfer(placement, columns * placement.chip.tile.affine.sum_bits, hops=2) if sums else 0.0
    slowest = product_period(placement.chip, columns, summed=sums > 0)
    through = timing.integrate.latency + timing.convert.latency + timing.affine.latency
    return float(slowest), through + sums * (adding.latency + hop)


def _port_tempo(placement: Placement, layer: Layer) -> tuple[float, float]:
    bits = layer.width * placement.chip.tile.input.bits
    if isinstance(layer.operator, Digital):
        access = memory_stage(memory_for(placement.chip, Stored.TABLES, layer.name)[1], bits)
        return float(access.interval), float(access.latency)
    interval = float(picoseconds(bits / placement.chip.system.host_bandwidth))
    return interval, interval


def _digital_tempo(placement: Placement, index: int, layer: Layer) -> tuple[float, float]:
    rows, homes = placement.homes_of(index), placement.homes
    share = float((homes.stop[rows] - homes.start[rows]).max()) / layer.width
    unit = list(placement.chip.units.values())[int(homes.unit[rows.start])]
    cycles = digital_cycles(placement.network, layer, unit, share)
    return float(cycles.mean()) * period_ps(unit.clock), float(unit_stage(unit, int(cycles.max())).latency)


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
    bits = widest * placement.chip.tile.input.bits
    return _transfer(placement, bits, hops) + chips * _chip_hop(placement, bits)


def _transfer(placement: Placement, bits: int, hops: int) -> float:
    fabric = placement.chip.fabric
    flits = int(flits_of(fabric, np.array([bits]))[0])
    return float(((hops + 2) * (fabric.link_delay + fabric.router_delay) + flits) * period_ps(fabric.clock))


def _chip_hop(placement: Placement, bits: int) -> float:
    link = placement.chip.system.link
    return 0.0 if link is None else float(picoseconds(bits / link.bandwidth) + picoseconds(link.latency))
