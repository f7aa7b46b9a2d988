"""The verb: lay a network on a system of chips."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from archsim.chip.mapping_rules import Dealing, Depthwise
from archsim.chip.nearness import nearest
from archsim.chip.schema import Chip
from archsim.errors import InputError
from archsim.mapping.blocks import column_granularity, cut_weights
from archsim.mapping.floorplan import Floorplan
from archsim.mapping.homes import Settler
from archsim.mapping.interleaving import possible_interleaving
from archsim.mapping.layout import Layout, lay_out
from archsim.mapping.load import Loading, Work, recurrent_layers
from archsim.mapping.pace import Pace
from archsim.mapping.parts import Parts
from archsim.mapping.placement import Blocks, Homes, Placement
from archsim.mapping.replication import Replication
from archsim.mapping.rows import in_rows, row_widths
from archsim.mapping.stepped_place import place_stepped
from archsim.mapping.training import check_stepped_training, check_training, no_turns
from archsim.mapping.unit_pool import UnitPool
from archsim.network import Digital, Edge, Layer, Matrix, Network, Primitive, Same, Sink, Source, Use
from archsim.network.work import sort_work

Ids = NDArray[np.int64]


def place(
    network: Network,
    chip: Chip,
    *,
    replicate: Replication = "none",
    batch: int = 1,
    interleave: int | None = None,
    loaded: Callable[[Work], Loading] | None = None,
    settled: Callable[[Layout, tuple[int, ...], Pace], Settled] | None = None,
) -> Placement:
    """Choose arrays for every weight block and units for every digital layer.

    Weights follow each other along an order of the tiles that keeps neighbours near, in the order of the first layers
    that use them; a copy is kept on one chip if it fits on one. Where the chip names an optimiser, tiles then change
    places (`archsim.mapping.rearranging`), if that shortens the ways of what travels. Weights stay where they are put,
    unless the chip's schedule lets layers take turns (`archsim.mapping.turns`) and the arrays do not hold them all.

    Parameters
    ----------
    network : Network
    chip : Chip
    replicate : Replication
        ``"none"``, ``"balanced"`` to the slowest layer within the arrays there are, or copies by layer name.
    batch : int
        Samples that runs will have, or a divisor of them.
    interleave : int, optional
        Samples whose tokens take turns; must divide ``batch``. By default as many as fill a recurrence and have room
        for their keys and values, 1 without a recurrence.
    loaded : callable, optional
        What the network's weights take on this chip, of whose products it may ask for less than the times.
    settled : callable, optional
        As `settle` of this network and chip; it may know of homes that were found before.

    Returns
    -------
    Placement

    Raises
    ------
    CapacityError
        If the network needs more tiles than the system has.
    MissingUnit
        If no digital unit can do a layer.
    InputError
        If a replication, the batch or the interleaving cannot be used.
    """
    mapped = as_mapped(network, chip)
    if chip.alone:
        together = (
            interleave if network.learning is None else check_stepped_training(network.learning, chip, interleave)
        )
        return place_stepped(mapped, chip, replicate=replicate, batch=batch, interleave=together)
    # Samples that train follow each other.
    groups = possible_interleaving(mapped, batch, 1 if network.learning and interleave is None else interleave)
    floorplan = Floorplan(chip)
    if network.learning is not None:
        check_training(network, mapped, floorplan, replicate, groups)
    work = _work(mapped, floorplan)
    load = loaded(work) if loaded else work.load(floorplan.unit)
    layout = lay_out(mapped, floorplan, work.cuts, load, replicate)
    if network.learning is not None and layout.turns is not None:
        raise no_turns(network, chip)
    pace = load.pace(layout.copies)
    homes = settled(layout, groups, pace) if settled else settle(network, chip, layout, groups, pace)
    placed = _assembled(mapped, floorplan, layout, homes)
    if replicate == "balanced" and chip.mapping.dealing is Dealing.AUTO:

        def in_other_homes() -> Placement:
            rows = row_widths(mapped)
            return _assembled(mapped, floorplan, layout, settle(network, chip, layout, groups, pace, rows))

        placed = in_rows(placed, load, layout.copies, in_other_homes)
    return _arranged(placed)


def work_of(network: Network, chip: Chip) -> Work:
    """A network's weights cut into blocks, as `place` cuts them.

    Raises
    ------
    InputError
        If the chip names layers that the network does not have.
    """
    return _work(as_mapped(network, chip), Floorplan(chip))


def _work(mapped: Network, floorplan: Floorplan) -> Work:
    limits, packing = floorplan.unit.limits, floorplan.chip.mapping.packing
    cuts = tuple(
        cut_weights(held, limits, column_granularity(mapped, layers), packing=packing)
        for held, layers in mapped.users.items()
    )
    return Work.of(mapped, cuts)


def _arranged(placed: Placement) -> Placement:
    """With tiles that have changed places, where the chip names an optimiser."""
    optimiser = placed.chip.mapping.optimiser
    if optimiser is None:
        return placed
    # Brings the compiler, which takes a while to load.
    from archsim.mapping.rearranging import nearer

    return nearer(placed, optimiser)


@dataclass(frozen=True, slots=True)
class Settled:
    """Homes of all layers.

    Parameters
    ----------
    interleave : int
        Samples that take turns.
    parts : tuple of Parts
        Of each layer, in the order of ``Network.order``.
    """

    interleave: int
    parts: tuple[Parts, ...]


def settle(
    network: Network,
    chip: Chip,
    layout: Layout,
    groups: tuple[int, ...],
    pace: Pace,
    rows: Mapping[str, int] | None = None,
) -> Settled:
    """Homes with room for the keys of as many samples as possible that take turns.

    Where not even one sample's keys have room, they go through memory, and as many take turns as may.

    Parameters
    ----------
    network : Network
        As it is given, before it is mapped.
    chip : Chip
    layout : Layout
        Weights on arrays.
    groups : tuple of int
        Samples that may take turns, most first.
    pace : Pace
        What units should keep up with.
    rows : mapping of str to int, optional
        Tokens of a row of layers whose copies take rows (`archsim.mapping.rows`); none do where it is not given.

    Raises
    ------
    MissingUnit
        If no digital unit can do a layer.
    """
    mapped, blocks = as_mapped(network, chip), layout.blocks
    units, bound = UnitPool(Floorplan(chip), layout.chips, pace), recurrent_layers(mapped)
    for group in groups:
        settler = Settler(mapped, replace(units), bound, group, rows or {})
        homes = _homes(mapped, settler, blocks)
        if settler.units.keys_fit:
            return Settled(group, tuple(homes))
    settler = Settler(mapped, replace(units), bound, groups[0], rows or {})
    return Settled(groups[0], tuple(_homes(mapped, settler, blocks)))


def as_mapped(network: Network, chip: Chip) -> Network:
    """The network as the chip runs it.

    Grouped convolutions, and layers that it names, are digital layers where it says so; before outputs of which only
    the largest elements leave, a layer finds these.

    Raises
    ------
    InputError
        If the chip names layers that the network does not have.
    """
    return _with_digital_products(_with_top_outputs(network, chip.mapping.top_outputs), chip)


def _with_top_outputs(network: Network, kept: int | None) -> Network:
    """A search for the largest elements before every output that is longer than they are with their indices."""
    if kept is None:
        return network
    long = {layer.name for layer in network.layers if isinstance(layer.operator, Sink) and layer.width > 2 * kept}
    layers: list[Layer] = []
    for layer in network.layers:
        if layer.name in long:
            search = Digital("top-k", sort_work(layer.width, kept), whole_token=True)
            layers += [Layer(_search(layer.name), search, layer.tokens, 2 * kept), replace(layer, width=2 * kept)]
        else:
            layers.append(layer)
    edges = [replace(edge, target=_search(edge.target)) if edge.target in long else edge for edge in network.edges]
    edges += [Edge(_search(name), name, Same(), 2 * kept) for name in sorted(long)]
    return replace(network, layers=tuple(layers), edges=tuple(edges))


def _search(output: str) -> str:
    return f"{output}.top"


def _with_digital_products(network: Network, chip: Chip) -> Network:
    named = _named(network, chip)
    if chip.mapping.grouped is Depthwise.ARRAY and not named:
        return network
    digital = _as_it_is if chip.mapping.grouped is Depthwise.ARRAY else _digital_if_grouped
    layers = tuple(_digital_product(layer) if layer.name in named else digital(layer) for layer in network.layers)
    matrices = {layer.name for layer in layers if isinstance(layer.operator, Matrix)}
    on_arrays = tuple(product for product in network.products if matrices.issuperset(filter(None, product.layers)))
    return replace(network, layers=layers, products=on_arrays)


def _named(network: Network, chip: Chip) -> frozenset[str]:
    """Matrix layers that the chip file puts on digital units."""
    names = [layer.name for layer in network.matrices]
    found: set[str] = set()
    for pattern in chip.mapping.digital or ():
        matching, near = fnmatch.filter(names, pattern), nearest(pattern, names)
        if not matching:
            raise InputError(
                f"{network.name} has no matrix layer {pattern!r} that could run on a digital unit",
                where=f"chip {chip.name!r}, mapping.digital",
                remedy=f"{f'Did you mean {near!r}? ' if near else ''}Name matrix layers, or patterns of them.",
            )
        found.update(matching)
    return frozenset(found)


def _as_it_is(layer: Layer) -> Layer:
    return layer


def _digital_product(layer: Layer) -> Layer:
    matrix = layer.operator
    assert isinstance(matrix, Matrix)
    work = ((Primitive.MAC, matrix.macs),)
    return replace(layer, operator=Digital("matrix-product", work=work, whole_token=True, product=True))


def _digital_if_grouped(layer: Layer) -> Layer:
    matrix = layer.operator
    if not isinstance(matrix, Matrix) or matrix.weights.groups == 1:
        return layer
    contract, rest = divmod(matrix.inputs, matrix.outputs)
    # Only a depthwise convolution makes each output element from input elements of its own.
    shared = rest > 0 or matrix.weights.columns > 1
    operator = Digital(
        "grouped-convolution" if shared else "depthwise-convolution",
        work=((Primitive.MAC, matrix.macs),),
        whole_token=shared,
        contract=1 if shared else contract,
        product=True,
    )
    return replace(layer, operator=operator)


def _homes(network: Network, settler: Settler, blocks: Blocks) -> list[Parts]:
    """Homes of all layers, in the order of ``Network.order``."""
    known: dict[str, Parts] = {}
    made = {
        (matrix, use): _matrix_parts(blocks, blocks.of(matrix), use)
        for matrix, layers in enumerate(network.users.values())
        for use in {layer.operator.use for layer in layers if isinstance(layer.operator, Matrix)}
    }
    number = {layer.name: matrix for matrix, layers in enumerate(network.users.values()) for layer in layers}
    for layer in network.order:
        if isinstance(layer.operator, Matrix):
            known[layer.name] = made[number[layer.name], layer.operator.use]
        elif isinstance(layer.operator, Digital):
            known[layer.name] = settler.settle(layer, known)
    for layer in network.order:
        if isinstance(layer.operator, (Source, Sink)):
            known[layer.name] = _port_parts(network, layer, known, settler.units.floorplan)
    return [known[layer.name] for layer in network.order]


def _matrix_parts(blocks: Blocks, rows: slice, use: Use) -> Parts:
    """One part per copy and column block, at home where its last row block's sums come out; or what else is made."""
    last = blocks.final(rows, use)
    start, stop = blocks.column_start[rows][last], blocks.column_stop[rows][last]
    part = blocks.column[rows][last]
    if use is Use.TRANSPOSED:
        start, stop, part = blocks.row_start[rows][last], blocks.row_stop[rows][last], blocks.row[rows][last]
    elif use.changes:
        # That an update is done is a sign that nobody but its own block takes.
        start, stop, part = np.zeros_like(last), np.ones_like(last), last
    return Parts(
        replica=blocks.replica[rows][last],
        part=part,
        start=start,
        stop=stop,
        node=blocks.node[rows][last],
        unit=np.zeros(len(last), np.int64),
    )


def _port_parts(network: Network, layer: Layer, known: dict[str, Parts], floorplan: Floorplan) -> Parts:
    """A network input enters at its first consumer's chip; an output leaves from its producer's."""
    edges = network.outputs_of(layer.name) or network.inputs_of(layer.name)
    other = edges[0].target if isinstance(layer.operator, Source) else network.inputs_of(layer.name)[0].source
    chip = int(known[other].node[0]) // floorplan.nodes if other in known else 0
    zero = np.zeros(1, np.int64)
    node = np.array([chip * floorplan.nodes + floorplan.port])
    return Parts(zero, zero, zero, np.array([layer.width]), node, zero)


def _assembled(network: Network, floorplan: Floorplan, layout: Layout, settled: Settled) -> Placement:
    parts = settled.parts
    names = ("replica", "part", "start", "stop", "node", "unit")
    layer = np.repeat(np.arange(len(parts)), [len(piece.node) for piece in parts])
    homes = Homes(layer, *(np.concatenate([getattr(piece, name) for piece in parts]) for name in names))
    return Placement(
        network=network,
        chip=floorplan.chip,
        floorplan=floorplan,
        chips=layout.chips,
        replicas=tuple(piece.replicas for piece in parts),
        blocks=layout.blocks,
        homes=homes,
        interleave=settled.interleave,
        turns=layout.turns,
    )
