"""Copies that take whole rows of feature maps, where that spares links.

A window reaches over a few rows. Where each copy makes every r-th token of a map, its windows pass over all of these
rows, and every copy needs nearly every token. Copies that make whole rows need those of a few rows alone; but a row is
then as slow as one copy, which every layer adds to the time of a sample. So copies take rows only where links would be
the limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from archsim.columns import Ids
from archsim.mapping.link_loads import busiest_link_ps
from archsim.mapping.load import Load, Loading
from archsim.mapping.placement import Placement
from archsim.mapping.traffic import edge_streams
from archsim.network import Digital, Matrix, Network, Same, Window

STEP = math.sqrt(2)
"""Between times of a sample that rows are tried for."""
BESIDE = 4
"""Tokens beyond rows that lie in a buffer: on their way, and at windows' edges."""
BUFFER_SHARE = 0.75
"""Part of a tile's buffer that rows may fill."""


def in_rows(placement: Placement, load: Loading, copies: Ids, settled: Callable[[], Placement]) -> Placement:
    """The placement, or one whose copies take rows, if links are slower than its arrays and it is faster.

    Parameters
    ----------
    placement : Placement
    load : Loading
        Of its weights.
    copies : int64, shape (matrices,)
        Of each of them.
    settled : callable
        The same weights on the same arrays, where windows on digital units have copies enough for rows.

    Returns
    -------
    Placement
        With the least time of its slowest copies and its busiest link, as far as buffers hold what it reads.
    """
    network, widths = placement.network, row_widths(placement.network)
    copied = {layer.name for layer, copies in zip(network.order, placement.replicas, strict=True) if copies > 1}
    if network.learning is not None or network.cycles or placement.turns is not None or not copied & widths.keys():
        return placement
    least = busiest_link_ps(placement)
    if load.pace(copies).kept(least):
        return placement
    exact = load.exact()
    best, other, time = placement, settled(), exact.pace(copies).time_ps
    while time < least:
        dealt = replace(other, runs=_runs(other, widths, exact, time))
        if max(dealt.runs or ()) > 1 and _fits(dealt) and (needed := max(time, busiest_link_ps(dealt))) < least:
            best, least = dealt, needed
        time *= STEP
    return best


def row_widths(network: Network) -> dict[str, int]:
    """Tokens of a row of each feature map of two axes or more, as windows and what stands behind them have it."""
    widths: dict[str, int] = {}
    for layer in network.order:
        for edge in network.inputs_of(layer.name):
            if isinstance(edge.access, Window) and len(edge.access.out_grid) > 1:
                widths[layer.name] = math.prod(edge.access.out_grid[1:])
            elif isinstance(edge.access, Same) and edge.source in widths:
                widths.setdefault(layer.name, widths[edge.source])
    return widths


def _runs(placement: Placement, widths: Mapping[str, int], load: Load, time_ps: float) -> tuple[int, ...]:
    """Tokens of each layer that follow each other in one copy: a row, where that leaves the copy the time."""
    network, runs = placement.network, dict[str, int]()
    for layer, copies in zip(network.order, placement.replicas, strict=True):
        most = -(-layer.tokens // copies)
        if isinstance(layer.operator, Matrix):
            most = max(most, int(time_ps // int(load.interval_ps[placement.matrix[layer.name]])))
        # Rows of what comes token by token from all copies would wait for each other in the buffer.
        makers = [edge.source for edge in network.inputs_of(layer.name) if runs[edge.source] == 1]
        alone = all(placement.replicas[placement.index[maker]] == 1 for maker in makers)
        runs[layer.name] = _run(layer.tokens, copies, widths.get(layer.name, 1), most) if alone else 1
        beside = [edge.source for edge in network.inputs_of(layer.name) if isinstance(edge.access, Same)]
        # What stays beside its input takes the tokens that are made there.
        if isinstance(layer.operator, Digital) and beside:
            same = placement.replicas[placement.index[beside[0]]] == copies
            runs[layer.name] = runs[beside[0]] if same else runs[layer.name]
    return tuple(runs[layer.name] for layer in network.order)


def _run(tokens: int, copies: int, width: int, most: int) -> int:
    """A row, if that gives no copy more than so many tokens, and each copy one; else a token.

    A window reaches over whole rows, so that parts of a row would spare no links.
    """
    fits = copies > 1 and width * copies <= tokens and _largest_share(tokens, copies, width) <= most
    return width if fits else 1


def _largest_share(tokens: int, copies: int, run: int) -> int:
    """Tokens of the first copy, which has most."""
    rounds, rest = divmod(tokens, copies * run)
    return rounds * run + min(rest, run)


def _fits(placement: Placement) -> bool:
    """Whether the buffers of tiles hold the rows that are read there, about."""
    plan = placement.floorplan
    bits = np.zeros(placement.chips * plan.nodes)
    for edge in placement.network.edges:
        flows = edge_streams(placement, edge)
        made, taken = placement.dealt[edge.source], placement.dealt[edge.target]
        # A window waits for the next row while it reads one; a row that is made has all that it reads around it.
        several = 2 if isinstance(edge.access, Window) and edge.access.kernel[0] > 1 else 1
        turns = placement.network.by_name[edge.target].tokens // (taken.copies * taken.run) or 1
        reading = several * flows.read // turns if taken.run > 1 else 0
        np.add.at(bits, flows.target, (np.maximum(several * made.run, reading) + BESIDE) * flows.bits)
    tiles = np.arange(len(bits)) % plan.nodes < plan.tiles
    return float(bits[tiles].max()) <= BUFFER_SHARE * placement.chip.tile.buffer.capacity
