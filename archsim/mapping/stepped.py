"""Laying a network on a device that works layer by layer: in which order, and what stays on the device between.

Layers follow each other in topological order, each with all tokens of all samples that go together. Layers that a
recurrence joins take turns: each takes all tokens for which its inputs are there, so that a step of an LSTM follows
another, and a decoder takes its prompt at once and then token by token. A *pass* is one such go of one layer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np

from archsim.chip import Chip
from archsim.columns import Columns, Ids
from archsim.errors import CapacityError
from archsim.machine.memories import Stored, memory_for
from archsim.machine.stepped import Keeping
from archsim.mapping.sharing import Sharing, share_layers
from archsim.network import Digital, Edge, Layer, Matrix, Network, Same, Sink, Source, weights_of

BITS_PER_MIB = 8 * 2**20
_BEYOND_ALL = 1 << 56
"""Bits that no memory holds, and of which those of many tensors can be added."""


class Kept(Enum):
    """Where a layer's tokens are until they have been read."""

    ON_CHIP = "on the chip"
    IN_MEMORY = "in memory"
    HANDED = "handed over as they come"


@dataclass(frozen=True, slots=True)
class Passes(Columns):
    """Goes of layers, in order; columns of shape ``(passes,)``.

    Parameters
    ----------
    layer : int64
        Index into ``Network.order``.
    start, stop : int64
        Tokens of each sample.
    again : int64
        Whether the layer has had a pass before, and its weights may still be there: 0 or 1.
    """

    layer: Ids
    start: Ids
    stop: Ids
    again: Ids


@dataclass(frozen=True, slots=True)
class StepPlan:
    """How a network runs on a device that works layer by layer.

    Parameters
    ----------
    samples : int
        That go together.
    passes : Passes
    kept : tuple of Kept, shape (layers,)
        Where each layer's tokens are.
    held : int64, shape (passes,)
        Bits of the buffer that tensors take which stay there, while each pass runs.
    reuses : frozenset of int
        Layers whose weights are fetched in their first pass only.
    sharing : Sharing, optional
        How several chips share the layers.
    """

    samples: int
    passes: Passes
    kept: tuple[Kept, ...]
    held: Ids
    reuses: frozenset[int]
    sharing: Sharing | None = None


def plan_steps(network: Network, chip: Chip, keeping: Keeping, samples: int) -> StepPlan:
    """Order the passes of a network and say what stays on the device.

    Raises
    ------
    CapacityError
        If its weights and tensors do not fit; it says by how much.
    """
    components = tuple(_components(network))
    passes = Passes.concatenate(list(_in_order(network, components)))
    goes = np.bincount(passes.layer, minlength=len(network.order))
    sharing = share_layers(network, chip, keeping, goes, samples)
    bits = np.array([min(tensor_bits(network, chip, layer, samples), _BEYOND_ALL) for layer in network.order])
    if sharing is not None:
        bits *= [sharing.holders(layer) for layer in range(len(network.order))]
    kept, held = _keep(network, keeping, passes, bits)
    _check_weights(network, chip, keeping)
    _check_memory(network, chip, keeping, bits[[where is Kept.IN_MEMORY for where in kept]].sum(dtype=float), sharing)
    return StepPlan(samples, passes, kept, held, _reuses(network, components, keeping), sharing)


def _components(network: Network) -> Iterator[tuple[int, ...]]:
    """Layers that a recurrence joins, each group in topological order, groups in the order of their first layers."""
    index = {layer.name: number for number, layer in enumerate(network.order)}
    import networkx as nx  # takes long to load, and few need it

    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(network.order)))
    graph.add_edges_from((index[edge.source], index[edge.target]) for edge in network.edges)
    joined = nx.condensation(graph)
    members = {number: tuple(sorted(joined.nodes[number]["members"])) for number in joined}
    for number in nx.lexicographical_topological_sort(joined, key=lambda number: members[number][0]):
        yield members[number]


def _in_order(network: Network, components: tuple[tuple[int, ...], ...]) -> Iterator[Passes]:
    """Passes of each group; an output has one for each of the layer before it, whose tokens leave as they are made."""
    made: dict[str, Ids] = {}
    for component in components:
        first = component[0]
        leaves = isinstance(network.order[first].operator, Sink)
        found = _leaving(network, first, made) if leaves else _passes(network, component)
        for index in component:
            made[network.order[index].name] = found.stop[found.layer == index]
        yield found


def _leaving(network: Network, index: int, made: dict[str, Ids]) -> Passes:
    """Passes of an output, given what is there of each layer after each of its passes."""
    layer = network.order[index]
    ends = [
        np.searchsorted(needed_tokens(network, edge), made[edge.source], side="right")
        for edge in network.inputs_of(layer.name)
    ]
    stops = np.unique(np.concatenate(ends))
    stops = stops[stops > 0]
    starts = np.concatenate([[0], stops[:-1]])
    return Passes(np.full(len(stops), index), starts, stops, np.zeros(len(stops), np.int64))


def _passes(network: Network, component: tuple[int, ...]) -> Passes:
    """Passes of one group: whole layers one by one, or what is ready of each, around and around."""
    layers = [network.order[index] for index in component]
    inside = {layer.name for layer in layers}
    needs = [
        [(edge.source, needed_tokens(network, edge)) for edge in network.inputs_of(layer.name) if edge.source in inside]
        for layer in layers
    ]
    made = dict.fromkeys(inside, 0)
    rows: list[tuple[int, int, int, int]] = []
    while any(made[layer.name] < layer.tokens for layer in layers):
        for index, layer, inputs in zip(component, layers, needs, strict=True):
            start = made[layer.name]
            ready = [int(np.searchsorted(needed, made[source], side="right")) for source, needed in inputs]
            stop = min([layer.tokens, *ready])
            if stop > start:
                rows.append((index, start, stop, int(start > 0)))
                made[layer.name] = stop
    return Passes(*np.array(rows, np.int64).T)


def needed_tokens(network: Network, edge: Edge) -> Ids:
    """Tokens of the source that must be there for each token of the target and all before it."""
    source, target = network.by_name[edge.source], network.by_name[edge.target]
    _, last = edge.access.reach(source.tokens, target.tokens)
    return np.maximum.accumulate(last + 1)


def _reuses(network: Network, components: tuple[tuple[int, ...], ...], keeping: Keeping) -> frozenset[int]:
    """Layers of groups whose weights have room together between their passes."""
    found: set[int] = set()
    for component in components:
        users = [network.order[index] for index in component if isinstance(network.order[index].operator, Matrix)]
        if sum(weights_of(layer).count for layer in users) * keeping.weight_bits <= keeping.weights_between:
            found.update(component)
    return frozenset(found)


def tensor_bits(network: Network, chip: Chip, layer: Layer, samples: int) -> int:
    """Bits of a layer's tokens of all samples that go together, what is cached before them included."""
    context = max((edge.context for edge in network.outputs_of(layer.name)), default=0)
    return (layer.tokens + context) * layer.width * samples * chip.activation_bits


def _keep(network: Network, keeping: Keeping, passes: Passes, sizes: Ids) -> tuple[tuple[Kept, ...], Ids]:
    """What stays, in the order in which it is made: each tensor for which there is still room until its last reader."""
    index = {layer.name: number for number, layer in enumerate(network.order)}
    first, last = np.full(len(network.order), len(passes)), np.zeros(len(network.order), np.int64)
    np.minimum.at(first, passes.layer, np.arange(len(passes)))
    np.maximum.at(last, passes.layer, np.arange(len(passes)))
    held = np.zeros(len(passes), np.int64)
    kept = [Kept.HANDED] * len(network.order)
    for number in np.argsort(first, kind="stable").tolist():
        layer = network.order[number]
        readers = [index[edge.target] for edge in network.outputs_of(layer.name)]
        if _stored_nowhere(network, layer) or (keeping.hands_over and _handed(network, index, layer)):
            continue
        span = slice(int(first[number]), max([int(last[number]), *(int(last[reader]) for reader in readers)]) + 1)
        bits = int(sizes[number])
        if keeping.tensors and held[span].max(initial=0) + bits <= keeping.buffer:
            held[span] += bits
            kept[number] = Kept.ON_CHIP
        else:
            kept[number] = Kept.IN_MEMORY
    return tuple(kept), held


def _stored_nowhere(network: Network, layer: Layer) -> bool:
    """Whether a layer's tokens only leave for the host, as they come."""
    readers = (network.by_name[edge.target].operator for edge in network.outputs_of(layer.name))
    return isinstance(layer.operator, Sink) or all(isinstance(reader, Sink) for reader in readers)


def _handed(network: Network, index: dict[str, int], layer: Layer) -> bool:
    """Whether only one element-wise layer reads a layer's tokens, as they come, and nothing else holds it up."""
    edges = network.outputs_of(layer.name)
    if len(edges) != 1 or isinstance(layer.operator, Source) or not streams(network, edges[0]):
        return False
    others = [index[edge.source] for edge in network.inputs_of(edges[0].target)]
    return max(others) == index[layer.name]


def streams(network: Network, edge: Edge) -> bool:
    """Whether a digital layer takes token n for its token n, so that it can follow step by step."""
    operator = network.by_name[edge.target].operator
    takes = isinstance(operator, Digital) and not operator.product and not operator.table
    return takes and isinstance(edge.access, Same)


def _check_weights(network: Network, chip: Chip, keeping: Keeping) -> None:
    needed = network.weights * keeping.weight_bits
    if keeping.weights is not None and needed > keeping.weights:
        raise _too_large(network, chip, "weights on the chip", needed, keeping.weights)


def _check_memory(network: Network, chip: Chip, keeping: Keeping, stored: float, sharing: Sharing | None) -> None:
    """Weights, look-up tables and all tensors that are stored must fit into memory at once."""
    weights = _fetched_weights(network, sharing) * keeping.weight_bits if keeping.weights is None else 0
    tables = sum(getattr(layer.operator, "table", 0) for layer in network.layers) * chip.activation_bits
    needed = weights + tables + stored
    if not needed:
        return
    if not chip.memory:
        raise _too_large(network, chip, "memory beside its buffers, for what these have no room for", needed, 0.0)
    name, memory = memory_for(chip, Stored.WEIGHTS)
    there = memory.capacity * (chip.system.chips if isinstance(chip.system.chips, int) else 1)
    if needed > there:
        raise _too_large(network, chip, f"memory {name!r}", needed, there)


def _fetched_weights(network: Network, sharing: Sharing | None) -> int:
    """Weights in the memories of all chips, copies counted."""
    if sharing is None:
        return network.weights
    index = {layer.name: number for number, layer in enumerate(network.order)}
    users = (layers[0] for layers in network.users.values())
    return sum(weights_of(layer).count * sharing.copies(index[layer.name]) for layer in users)


def _too_large(network: Network, chip: Chip, what: str, needed: float, there: float) -> CapacityError:
    wanted, room = needed / BITS_PER_MIB, there / BITS_PER_MIB
    return CapacityError(
        f"{network.name} needs {wanted:,.1f} MiB of {what}, and there are {room:,.1f} MiB: {wanted - room:,.1f} MiB "
        "too few",
        where=f"chip {chip.name!r}",
        remedy="Take a device with more, several that have a link (--set system.chips=N), a smaller batch, weights of "
        "fewer bits, or weights that are fetched for each layer (--set tile.weights=streamed).",
    )
