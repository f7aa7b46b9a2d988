"""A placement as a table: what each layer occupies, and how far its data travels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from archsim.columns import Columns, Ids, Reals, Texts, texts
from archsim.mapping import By, Placement, made_by
from archsim.mapping.stepped import Kept
from archsim.mapping.traffic import travelled
from archsim.mapping.turns import Turns
from archsim.network import Edge, Matrix
from archsim.report.document import Document, Paragraph, Table, names, numbers, section, table
from archsim.report.quantities import counted, engineering, percent, whole
from archsim.report.records import records
from archsim.topology import chip_routes

Matrix64 = NDArray[np.float64]
Nodes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PlacementTable(Columns):
    """What each layer occupies, in the network's order.

    Parameters
    ----------
    layer, kind, done_by : str, shape (layers,)
    replicas : int64, shape (layers,)
    row_blocks, column_blocks : int64, shape (layers,)
        Of one copy.
    arrays, tiles, chips : int64, shape (layers,)
    where : str, shape (layers,)
        The first and last tile (or the units' first and last node) as chip:tile.
    cells : float64, shape (layers,)
        Share of the arrays' weights that it holds.
    mean_links, mean_chip_links : float64, shape (layers,)
        Links on and between chips, averaged over all pairs of a node that makes one of the layer's inputs and a node
        that reads it; not a number for a layer without inputs.
    """

    layer: Texts
    kind: Texts
    done_by: Texts
    replicas: Ids
    row_blocks: Ids
    column_blocks: Ids
    arrays: Ids
    tiles: Ids
    chips: Ids
    where: Texts
    cells: Reals
    mean_links: Reals
    mean_chip_links: Reals


@dataclass(frozen=True, slots=True, eq=False)
class TurnTable(PlacementTable):
    """The same where layers take turns: with the one that a layer works in, or the first and last of several."""

    turn: Texts


def placement_table(placement: Placement) -> PlacementTable:
    """One row per layer, in the network's order."""
    routes, layers = Distances.of(placement), range(len(placement.network.order))
    occupied = PlacementTable.of_rows([_row(placement, routes, index) for index in layers])
    turns = placement.turns
    if turns is None:
        return occupied
    return TurnTable.extending(occupied, texts(_turn(placement, turns, index) for index in layers))


def _row(placement: Placement, routes: Distances, index: int) -> tuple[str | int | float, ...]:
    layer = placement.network.order[index]
    blocks = placement.blocks_of(index)
    nodes = reading_nodes(placement, index)
    arrays = blocks.stop - blocks.start
    return (
        layer.name,
        layer.kind,
        _done_by(placement, index),
        placement.replicas[index],
        _count(placement.blocks.row, blocks),
        _count(placement.blocks.column, blocks),
        arrays,
        len(np.unique(nodes)) if arrays else 0,
        len(np.unique(nodes // placement.floorplan.nodes)),
        _span(placement, nodes),
        _cells(placement, blocks),
        *routes.mean(placement, placement.network.inputs_of(layer.name)),
    )


def _turn(placement: Placement, turns: Turns, index: int) -> str:
    last = int(turns.layer[index])
    first = int(turns.use[placement.uses_of(index)].min(initial=last))
    return str(last) if first == last else f"{first} to {last}"


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
    layers = placement_table(placement)
    sections = [section(Paragraph(placement_facts(placement))), section(_layers(layers))]
    sections += [section(Paragraph(sentence)) for sentence in in_memory]
    return Document(tuple(sections), {**_data(placement, layers), "in_memory": list(in_memory)}, layers)


def _layers(layers: PlacementTable) -> Table:
    blocks = zip(layers.row_blocks, layers.column_blocks, strict=True)
    return table(
        "",
        names("layer", layers.layer),
        names("kind", layers.kind),
        names("by", layers.done_by),
        numbers("copies", layers.replicas, whole),
        numbers("blocks", (f"{rows} x {columns}" if rows else "" for rows, columns in blocks)),
        numbers("tiles", layers.tiles, whole),
        numbers("chips", layers.chips, whole),
        names("chip:node", layers.where),
        numbers("cells", layers.cells, lambda share: percent(share) if share else ""),
        numbers("links", layers.mean_links, _links),
        numbers("chip links", layers.mean_chip_links, _links),
        *([numbers("turn", layers.turn)] if isinstance(layers, TurnTable) else []),
    )


def _links(mean: float) -> str:
    return "" if np.isnan(mean) else f"{mean:.1f}"


def _data(placement: Placement, layers: PlacementTable) -> dict[str, JsonValue]:
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
        "layers": records(layers),
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
