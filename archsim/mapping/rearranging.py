"""Tiles exchanged so that less travels less far: simulated annealing of traffic times links, chip by chip.

A tile keeps what it holds, so that whatever fitted fits. Its digital units go with it; units at routers, and the port,
stay. S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, Science 220 (1983); swaps of a quadratic assignment.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from archsim.chip.mapping_rules import Optimiser
from archsim.columns import Ids
from archsim.compiled import jit
from archsim.mapping.placement import Placement
from archsim.mapping.traffic import Traffic, traffic, travelled

Floats = NDArray[np.float64]
SAMPLED = 200
"""Moves from which the first temperature is taken."""
WARMTHS = (0.03, 0.1, 0.3, 1.0)
"""Of each round, which goes on from the best before: the first temperature over the mean of what a move changes.

The usual order may be good already, and is not forgotten at once.
"""
NEAR = 9
"""Places beside a tile, its own included."""
COLDEST = 1e-4
"""The last temperature over the first."""


def nearer(placement: Placement, optimiser: Optimiser) -> Placement:
    """The placement with tiles exchanged, their digital units' work with them; itself where that shortens nothing."""
    node, before = _places(placement, optimiser), travelled(placement)
    blocks = replace(placement.blocks, node=node[placement.blocks.node])
    moved = replace(placement, blocks=blocks, homes=replace(placement.homes, node=node[placement.homes.node]))
    return replace(min(placement, moved, key=travelled), travelled_before=before)


def _places(placement: Placement, optimiser: Optimiser) -> Ids:
    """Where each node's contents should be: global nodes, shape ``(chips * nodes,)``; all but tiles stay."""
    plan, flows = placement.floorplan, traffic(placement)
    where = np.arange(placement.chips * plan.nodes)
    for chip in range(placement.chips):
        first = chip * plan.nodes
        inside = _on_chip(flows, first, plan.nodes, plan.port)
        hops = plan.routes.hops[np.ix_(plan.router, plan.router)].astype(np.float64)
        where[first : first + plan.tiles] = first + _annealed(inside, hops, plan.tiles, optimiser)
    return where


def _on_chip(flows: Traffic, first: int, nodes: int, port: int) -> Traffic:
    """What travels on one chip, by its own node numbers; other chips are beyond the port."""
    here = [(end >= first) & (end < first + nodes) for end in (flows.source, flows.target)]
    source, target = (np.where(mine, end - first, port) for mine, end in zip(here, flows.columns()[:2], strict=True))
    kept = (here[0] | here[1]) & (source != target)
    return Traffic(source[kept], target[kept], flows.bits[kept])


def _annealed(flows: Traffic, hops: Floats, tiles: int, optimiser: Optimiser) -> Ids:
    """Places of the tiles, shape ``(tiles,)``."""
    weight = np.zeros((len(hops), len(hops)))
    np.add.at(weight, (flows.source, flows.target), flows.bits)
    weight += weight.T
    fixed = weight[:tiles, tiles:] @ hops[tiles:, :tiles]
    weight = weight[:tiles, :tiles]
    busy = np.flatnonzero(weight.any(axis=1) | fixed.any(axis=1))
    if not len(busy) or tiles < 2:
        return np.arange(tiles)
    neighbour = np.nonzero(weight)
    start = np.searchsorted(neighbour[0], np.arange(tiles + 1))
    draw = np.random.default_rng(optimiser.seed)
    moved = busy[draw.integers(len(busy), size=optimiser.moves)]
    to = draw.integers(tiles, size=(optimiser.moves, 2))
    places = hops[:tiles, :tiles]
    near = np.argsort(places, axis=1, kind="stable")[:, :NEAR]
    chance = draw.random(optimiser.moves)
    return _anneal(start, neighbour[1], weight[neighbour], fixed, places, near, moved, to, chance, np.array(WARMTHS))


@jit()
def _change(a: int, b: int, place: Ids, start: Ids, other: Ids, weight: Floats, fixed: Floats, hops: Floats) -> float:
    """By how much it gets longer if two tiles change places."""
    at_a, at_b = place[a], place[b]
    longer: float = fixed[a, at_b] - fixed[a, at_a] + fixed[b, at_a] - fixed[b, at_b]
    for k in range(start[a], start[a + 1]):
        if other[k] != b:
            longer += weight[k] * (hops[at_b, place[other[k]]] - hops[at_a, place[other[k]]])
    for k in range(start[b], start[b + 1]):
        if other[k] != a:
            longer += weight[k] * (hops[at_a, place[other[k]]] - hops[at_b, place[other[k]]])
    return longer


@jit()
def _other_tile(move: int, a: int, to: Ids, place: Ids, held: Ids, start: Ids, other: Ids, near: Ids) -> int:
    """What a tile changes places with: any tile, or, every other time, one beside a tile that it has traffic with."""
    partners = start[a + 1] - start[a]
    if move % 2 == 0 or partners == 0:
        return int(to[move, 0])
    partner = other[start[a] + to[move, 0] % partners]
    return int(held[near[place[partner], to[move, 1] % near.shape[1]]])


@jit()
def _anneal(
    start: Ids,
    other: Ids,
    weight: Floats,
    fixed: Floats,
    hops: Floats,
    near: Ids,
    moved: Ids,
    to: Ids,
    chance: Floats,
    warmths: Floats,
) -> Ids:
    place = np.arange(len(start) - 1)
    held, best = place.copy(), place.copy()
    length, shortest, mean, heat = 0.0, 0.0, 0.0, 0.0
    sampled = min(SAMPLED, len(moved))
    for move in range(sampled):
        change = _change(moved[move], to[move, 0], place, start, other, weight, fixed, hops)
        mean += abs(change) / sampled
    each = -(-len(moved) // len(warmths))
    cooling = COLDEST ** (1.0 / each)
    for move in range(len(moved)):
        if move % each == 0:
            place[:], held[best], length = best, np.arange(len(best)), shortest
            heat = mean * warmths[move // each]
        a = moved[move]
        b = _other_tile(move, a, to, place, held, start, other, near)
        longer = _change(a, b, place, start, other, weight, fixed, hops)
        if longer <= 0.0 or chance[move] < np.exp(-longer / heat):
            place[a], place[b] = place[b], place[a]
            held[place[a]], held[place[b]] = a, b
            length += longer
            if length < shortest:
                shortest = length
                best[:] = place
        heat *= cooling
    return best
