"""How long the busiest link is busy with a sample, before anything is lowered."""

from __future__ import annotations

import numpy as np

from archsim.columns import Ids
from archsim.machine.flits import flit_shares
from archsim.mapping.placement import Placement
from archsim.mapping.traffic import Streams, streams
from archsim.mapping.ways import CHIP_LINK, INJECT, Ways
from archsim.units import period_ps


def busiest_link_ps(placement: Placement) -> float:
    """Picoseconds per sample of the busiest link on a chip or between chips.

    A multicast takes each link of its tree once. Of the tokens that go to several nodes behind a link, those that are
    read at any of them are taken to be different ones, as far as there are so many: a guide from above.
    """
    flows = streams(placement)
    if not len(flows):
        return 0.0
    links = Ways(placement.chip, placement.floorplan, placement.chips, flows.source, flows.target).links()
    tree = flows.maker if placement.chip.fabric.multicast else np.arange(len(flows))
    size = 2 * placement.chips * placement.floorplan.nodes
    keys = (tree[links.way] * 4 + links.kind) * size + links.tail
    tokens, first = _carried(flows, links.way, keys * size + links.head % size)
    times = tokens * _token_ps(placement, flows.bits[links.way[first]], links.kind[first])
    # On a bus the one wire is taken on the way in.
    shared = placement.chip.fabric.shape.shared & (links.kind[first] == INJECT)
    link = np.where(shared, -1, (links.kind[first] * size + links.tail[first]) * size + links.head[first])
    return float(np.bincount(np.unique(link, return_inverse=True)[1], weights=times).max())


def _carried(flows: Streams, way: Ids, hop: Ids) -> tuple[Ids, Ids]:
    """Tokens that each link of each tree carries, and the first of the rows that lead over it."""
    _, first, place = np.unique(hop, return_index=True, return_inverse=True)
    tokens = np.zeros(len(first), np.int64)
    np.add.at(tokens, place, flows.read[way])
    return np.minimum(tokens, flows.made[way[first]]), first


def _token_ps(placement: Placement, bits: Ids, kind: Ids) -> Ids:
    """Picoseconds that a token takes on a link."""
    fabric, link = placement.chip.fabric, placement.chip.system.link
    inside = np.ceil(flit_shares(fabric, bits) * period_ps(fabric.clock)).astype(np.int64)
    between = inside if link is None else np.ceil(bits / link.bandwidth * 1e12).astype(np.int64)
    return np.where(kind == CHIP_LINK, between, inside)
