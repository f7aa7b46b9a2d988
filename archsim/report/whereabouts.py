"""A placement as a table: what each layer occupies, and how far its data travels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from archsim.mapping import By, Placement, made_by
from archsim.mapping.stepped import Kept
from archsim.mapping.traffic import travelled
from archsim.network import Edge, Matrix
from archsim.report.document import Document, Paragraph, Table, names, numbers, section, table
from archsim.report.quantities import counted, engineering, percent, whole
from archsim.report.records import records
from archsim.topology import chip_routes

if TYPE_CHECKING:
    import pandas as pd

Matrix64 = NDArray[np.float64]
Nodes = NDArray[np.int64]


def placement_table(placement: Placement) -> pd.DataFrame:
    """One row per layer, in the network's order.

    Returns
    -------
    DataFrame
        ``layer, kind, done_by, replicas, row_blocks, column_blocks, arrays, tiles, chips, where, cells, mean_links,
        mean_chip_links``, and ``turn`` where layers take turns. Blocks are those of one copy. ``where`` names the
        first and last tile (or the units' first and last node) as chip:tile; ``cells`` is the share of the arrays'
        weights that it holds. ``mean_links`` and ``mean_chip_links`` count the links on and between chips, averaged
        over all pairs of a node that makes one of the layer's inputs and a node that reads it; nothing for a layer
        without inputs.
    """
    import pandas as pd  # late: a third of a start

    routes = Distances.of(placement)
    rows = [_row(placement, routes, index) for index in range(len(placement.network.order))]
    return pd.DataFrame(rows)


def _row(placement: Placement, routes: Distances, index: int) -> dict[str, str | int | float]:
    layer = placement.network.order[index]
    blocks = placement.blocks_of(index)
    nodes = reading_nodes(placement, index)
    links, chip_links = routes.mean(placement, placement.network.inputs_of(layer.name))
    arrays = blocks.stop - blocks.start
    return {
        "layer": layer.name,
        "kind": layer.kind,
        "done_by": _done_by(placement, index),
        "replicas": placement.replicas[index],
        "row_blocks": _count(placement.blocks.row, blocks),
        "column_blocks": _count(placement.blocks.column, blocks),
        "arrays": arrays,
        "tiles": len(np.unique(nodes)) if arrays else 0,
        "chips": len(np.unique(nodes // placement.floorplan.nodes)),
        "where": _span(placement, nodes),
        "cells": _cells(placement, blocks),
        "mean_links": links,
        "mean_chip_links": chip_links,
        **_turns(placement, index),
    }


def _turns(placement: Placement, index: int) -> dict[str, str]:
    """Where layers take turns, the one that a layer works in, or the first and last of several."""
    if placement.turns is None:
        return {}
    last = int(placement.turns.layer[index])
    first = int(placement.turns.use[placement.uses_of(index)].min(initial=last))
    return {"turn": str(last) if first == last else f"{first} to {last}"}


def reading_nodes(placement: Placement, index: int) -> Nodes:
    """Global nodes that take in a layer's inputs: those of its blocks, or of its units."""
    if isinstance(placement.network.order[index].operator, Matrix) and placement.plan is None:
        return placement.blocks.node[placement.blocks_of(index)]
    return placement.homes.node[placement.homes_of(index)]


def _done_by(placement: Placement, index: int) -> str:
    by = made_by(placement.network.order[index])
    if placement.plan is not None:
        return by.value
    return placement.unit_of(placement.homes_of(index).start)[0] if by is By.UNIT else by.value


def _count(column: Nodes, blocks: slice) -> int:
    return int(column[blocks].max()) + 1 if blocks.stop > blocks.start else 0


def _span(placement: Placement, nodes: Nodes) -> str:
    first, last = (divmod(int(node), placement.floorplan.nodes) for node in (nodes[0], nodes[-1]))
    ends = [f"{chip}:{node}" for chip, node in (first, last)]
    return ends[0] if first == last else f"{ends[0]} to {ends[1]}"


def _cells(placement: Placement, blocks: slice) -> float:
    room = (blocks.stop - blocks.start) * placement.floorplan.unit.limits.weights
    return float(placement.blocks.weights[blocks].sum()) / room if room else 0.0


@dataclass(frozen=True, slots=True)
class Distances:
    """Links between any two nodes of a system.

    Parameters
    ----------
    router : int64, shape (nodes,)
        Router of each node of a chip.
    hops : float64, shape (routers, routers)
        Links on the route within a chip.
    port : int
        Router of the port, where data leaves for other chips.
    chip_hops : float64, shape (chips, chips)
        Links between chips.
    """

    router: Nodes
    hops: Matrix64
    port: int
    chip_hops: Matrix64

    @classmethod
    def of(cls, placement: Placement) -> Distances:
        """Those of the system that a network is placed on."""
        plan = placement.floorplan
        return cls(
            router=plan.router,
            hops=plan.routes.hops.astype(np.float64),
            port=int(plan.router[plan.port]),
            chip_hops=chip_routes(placement.chip.system.topology, placement.chips).hops.astype(np.float64),
        )

    def mean(self, placement: Placement, edges: tuple[Edge, ...]) -> tuple[float, float]:
        """Mean links on and between chips, over all pairs of nodes of all edges; NaN without edges."""
        totals = np.zeros(3)
        for edge in edges:
            source = placement.homes.node[placement.homes_of(placement.index[edge.source])]
            target = reading_nodes(placement, placement.index[edge.target])
            totals += self._sums(self._by_router(placement, source), self._by_router(placement, target))
        pairs = totals[2]
        return (float(totals[0] / pairs), float(totals[1] / pairs)) if pairs else (np.nan, np.nan)

    def _by_router(self, placement: Placement, nodes: Nodes) -> Matrix64:
        """How many of the nodes are at each router of each chip, shape ``(chips, routers)``."""
        chip, local = np.divmod(np.unique(nodes), placement.floorplan.nodes)
        counts = np.zeros((placement.chips, len(self.hops)))
        np.add.at(counts, (chip, self.router[local]), 1.0)
        return counts

    def _sums(self, source: Matrix64, target: Matrix64) -> Matrix64:
        """Links within chips, links between chips, and pairs, each summed over all pairs, shape ``(3,)``."""
        sources, targets = source.sum(axis=1), target.sum(axis=1)
        shared = np.flatnonzero((sources > 0) & (targets > 0))
        within = float(((source[shared] @ self.hops) * target[shared]).sum())
        to_port, from_port = source @ self.hops[:, self.port], target @ self.hops[self.port]
        elsewhere_target, elsewhere_source = targets.sum() - targets, sources.sum() - sources
        across = to_port @ elsewhere_target + from_port @ elsewhere_source
        between = sources @ self.chip_hops @ targets
        return np.array([within + across, between, sources.sum() * targets.sum()])


def placement_document(placement: Placement, in_memory: Sequence[str] = ()) -> Document:
    """A placement: a line of facts, where each layer is, and what no buffer will hold.

    Parameters
    ----------
    placement : Placement
    in_memory : sequence of str
        Sentences on edges that will go through memory.
    """
    frame = placement_table(placement)
    sections = [section(Paragraph(placement_facts(placement))), section(_layers(frame))]
    sections += [section(Paragraph(sentence)) for sentence in in_memory]
    return Document(tuple(sections), {**_data(placement, frame), "in_memory": list(in_memory)}, frame)


def _layers(frame: pd.DataFrame) -> Table:
    blocks = zip(frame.row_blocks, frame.column_blocks, strict=True)
    return table(
        "",
        names("layer", frame.layer),
        names("kind", frame.kind),
        names("by", frame.done_by),
        numbers("copies", frame.replicas, whole),
        numbers("blocks", (f"{rows} x {columns}" if rows else "" for rows, columns in blocks)),
        numbers("tiles", frame.tiles, whole),
        numbers("chips", frame.chips, whole),
        names("chip:node", frame["where"]),
        numbers("cells", frame.cells, lambda share: percent(share) if share else ""),
        numbers("links", frame.mean_links, _links),
        numbers("chip links", frame.mean_chip_links, _links),
        *([numbers("turn", frame.turn)] if "turn" in frame else []),
    )


def _links(mean: float) -> str:
    return "" if np.isnan(mean) else f"{mean:.1f}"


def _data(placement: Placement, frame: pd.DataFrame) -> dict[str, JsonValue]:
    """The placement for programs: totals, and ``layers`` as in `placement_table`."""
    return {
        "network": placement.network.name,
        "chip": placement.chip.name,
        "chips": placement.chips,
        "tiles": placement.tiles,
        "tiles_used": placement.tiles_used,
        "arrays": placement.chips * placement.floorplan.arrays,
        "arrays_used": placement.arrays_used,
        "turns": 1 if placement.turns is None else placement.turns.count,
        "blocks_reloaded": 0 if placement.turns is None else int(placement.turns.reloaded.sum()),
        "cell_utilisation": placement.cell_utilisation,
        "travelled_bits": None if placement.plan is not None else travelled(placement),
        "travelled_bits_before": placement.travelled_before,
        "layers": records(frame),
    }


def placement_facts(placement: Placement) -> str:
    """One line: chips, tiles, arrays and cells in use."""
    plan = placement.floorplan
    return (
        f"{placement.network.name} on {placement.chip.name}: {counted(placement.chips, 'chip')}, "
        f"{whole(placement.tiles_used)} of {counted(placement.tiles, 'tile')}, "
        f"{whole(placement.arrays_used)} of {counted(placement.chips * plan.arrays, 'array')}, "
        f"{_held(placement)}"
    )


def _held(placement: Placement) -> str:
    """What stays where: weights in cells, or tensors in a device's buffer."""
    if placement.plan is None:
        held = f"{percent(placement.cell_utilisation)} of all cells hold weights"
        return f"{held}{_turn_facts(placement)}{_travel_facts(placement)}"
    kept = Counter(placement.plan.kept)
    where = ", ".join(f"{whole(kept[place])} {place.value}" for place in Kept)
    return (
        f"layer by layer in {whole(len(placement.plan.passes))} passes; "
        f"of {counted(len(placement.plan.kept), 'tensor')}, {where}"
    )


def _travel_facts(placement: Placement) -> str:
    """What the chip's optimiser reached."""
    before = placement.travelled_before
    if before is None:
        return ""
    return (
        f"; {engineering(travelled(placement), 'bit')} times links a sample, {engineering(before, 'bit')} before tiles "
        "changed places"
    )


def _turn_facts(placement: Placement) -> str:
    if placement.turns is None:
        return ""
    written = int(placement.turns.reloaded.sum())
    stay = (
        f"{whole(written)} of {counted(len(placement.blocks), 'block')} written anew" if written else "all weights stay"
    )
    return f"; layers take {counted(placement.turns.count, 'turn')}, {stay}"
