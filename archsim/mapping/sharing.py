"""How several chips that work layer by layer share a network's layers, and what passes between them for it.

A layer is shared *by columns*, each chip making some elements of every token with its part of the weights, or *by
vectors*, each making some tokens with all of the weights. The first needs all inputs everywhere; the second needs
copies of the weights, and from its neighbours the tokens that a window reaches beyond its own. Matrices whose weights
are resident are shared by vectors in the order of what that saves on the links for each bit of a copy, as long as there
is room; fetched ones where moving takes less time so. What is no matrix follows what it reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from archsim.chip import Chip
from archsim.columns import Ids
from archsim.machine.exchange import STAYING, Exchange, gathering, sending
from archsim.machine.memories import Stored, memory_for
from archsim.machine.stepped import Keeping, Shared, Way
from archsim.network import NOTHING, Digital, Edge, Layer, Matrix, Network, Sink, Source, weights_of


@dataclass(frozen=True, slots=True)
class Sharing:
    """How chips share the layers of a network.

    Parameters
    ----------
    chips : int
    ways : tuple of Way, shape (layers,)
    exchanges : tuple of Exchange, shape (layers,)
        What has to pass of each layer's results before others can take them.
    everywhere : tuple of bool, shape (layers,)
        Whether every chip has all of them then.
    """

    chips: int
    ways: tuple[Way, ...]
    exchanges: tuple[Exchange, ...]
    everywhere: tuple[bool, ...]

    def shared(self, layer: int) -> Shared:
        """The way of one layer."""
        return Shared(self.chips, self.ways[layer])

    def copies(self, layer: int) -> int:
        """Chips that have all of a layer's weights."""
        return self.chips if self.ways[layer] is Way.VECTORS else 1

    def holders(self, layer: int) -> int:
        """Chips that have all of its results; 1 where each has its share."""
        return self.chips if self.everywhere[layer] else 1


def share_layers(network: Network, chip: Chip, keeping: Keeping, goes: Ids, samples: int) -> Sharing | None:
    """Choose a way for each layer.

    Parameters
    ----------
    network : Network
    chip : Chip
    keeping : Keeping
        Of its unit.
    goes : int64, shape (layers,)
        Passes of each layer.
    samples : int
        That go together.

    Returns
    -------
    Sharing or None
        None where one chip works, or the device shares by a way of its own.
    """
    if keeping.chips == 1:
        return None
    sharer = _Sharer(network, chip, keeping, goes, samples)
    exchanges = tuple(sharer.exchange(layer) for layer in network.order)
    everywhere = tuple(exchange == sharer.to_all and bool(exchange) for exchange in exchanges)
    return Sharing(keeping.chips, tuple(sharer.ways.values()), exchanges, everywhere)


@dataclass(frozen=True)
class _Sharer:
    """Chooses ways, and what has to pass because of them."""

    network: Network
    chip: Chip
    keeping: Keeping
    goes: Ids
    samples: int

    @property
    def chips(self) -> int:
        return self.keeping.chips

    @cached_property
    def to_all(self) -> Exchange:
        """Of what all chips need."""
        return gathering(self.chip.system, self.chips)

    @property
    def by_samples(self) -> bool:
        """Whether each chip has as many samples of its own."""
        return self.samples % self.chips == 0

    @cached_property
    def goes_of(self) -> dict[str, int]:
        return {layer.name: int(count) for layer, count in zip(self.network.order, self.goes, strict=True)}

    @cached_property
    def ways(self) -> dict[str, Way]:
        """Of each layer, in topological order."""
        chosen = dict(self._matrices())
        found: dict[str, Way] = {}
        for layer in self.network.order:
            found[layer.name] = chosen.get(layer.name) or self._following(layer, found)
        return found

    def _apart(self, layer: Layer) -> bool:
        """Whether chips can each make tokens of their own."""
        return self.by_samples or (self.goes_of[layer.name] == 1 and layer.tokens >= self.chips)

    def _matrices(self) -> Iterator[tuple[str, Way]]:
        """Layers that use the same weights go the same way, those that gain most from copies first."""
        bits = self.keeping.weight_bits
        groups = [(self._saving(layers), weights_of(layers[0]).count * bits, layers) for layers in self._users]
        room = self._room(sum(size for _, size, _ in groups))
        for saving, size, layers in sorted(groups, key=lambda group: -group[0] / group[1]):
            copied = saving > 0 and size * (self.chips - 1) <= room and all(map(self._apart, layers))
            room -= size * (self.chips - 1) * copied
            for layer in layers:
                yield layer.name, Way.VECTORS if copied else Way.COLUMNS

    @property
    def _users(self) -> list[tuple[Layer, ...]]:
        return [tuple(layers) for layers in self.network.users.values()]

    def _room(self, needed: int) -> float:
        """Bits for copies of weights."""
        return np.inf if self.keeping.weights is None else self.keeping.weights - needed

    def _saving(self, layers: tuple[Layer, ...]) -> float:
        """Seconds on links and memories that layers take less by vectors than by columns."""
        whole = sum(self._tokens_bits(edge) for layer in layers for edge in self.network.inputs_of(layer.name))
        saved = self.to_all.pace * whole
        if self.keeping.weights is not None:
            return saved
        rate = memory_for(self.chip, Stored.WEIGHTS)[1].bandwidth
        fetched = weights_of(layers[0]).count * self.keeping.weight_bits / rate
        return saved - fetched * (1 - 1 / self.chips)

    def _tokens_bits(self, edge: Edge) -> int:
        return self.network.by_name[edge.source].tokens * edge.elements * self.samples * self.chip.activation_bits

    def _following(self, layer: Layer, found: dict[str, Way]) -> Way:
        """By vectors, where something that it reads is."""
        read = {found.get(edge.source, Way.COLUMNS) for edge in self.network.inputs_of(layer.name)}
        return Way.VECTORS if Way.VECTORS in read and self._apart(layer) else Way.COLUMNS

    def exchange(self, layer: Layer) -> Exchange:
        """What has to pass of a layer's results: what the most demanding of its readers needs."""
        if isinstance(layer.operator, Source):
            return STAYING
        needed = [self._needed(layer, edge) for edge in self.network.outputs_of(layer.name)]
        if self.to_all in needed:
            return self.to_all
        return max(needed, key=lambda exchange: exchange.pace, default=STAYING)

    def _needed(self, layer: Layer, edge: Edge) -> Exchange:
        reader, mine = self.network.by_name[edge.target], self.ways[layer.name]
        if isinstance(reader.operator, Sink):
            return STAYING
        if self.ways[reader.name] is Way.VECTORS:
            return self._for_vectors(layer, reader, edge)
        if _needs_all(reader, self.chips):
            return self.to_all
        return STAYING if mine is Way.COLUMNS else self._for_columns()

    def _for_columns(self) -> Exchange:
        """All tokens of some elements, where there are all elements of some tokens."""
        return sending(self.chip.system, np.full((self.chips, self.chips), 1.0 / self.chips**2))

    def _for_vectors(self, layer: Layer, reader: Layer, edge: Edge) -> Exchange:
        """All elements of the tokens that each chip's tokens reach."""
        by_columns = self.ways[layer.name] is Way.COLUMNS
        if self.by_samples:
            return self._for_columns() if by_columns else STAYING
        theirs, mine = (_bounds(one.tokens, self.chips) for one in (reader, layer))
        reached = [_reached(edge, layer, reader, start, stop) for start, stop in theirs]
        share = np.array([[_overlap(own, need) for need in reached] for own in mine], np.float64) / layer.tokens
        if by_columns:
            share = np.tile([(stop - start) / layer.tokens / self.chips for start, stop in reached], (self.chips, 1))
        return sending(self.chip.system, share)


def _needs_all(reader: Layer, chips: int) -> bool:
    """Whether one chip's elements of a layer's tokens need all elements of its inputs'."""
    operator = reader.operator
    if isinstance(operator, Matrix):
        return weights_of(reader).groups == 1
    assert isinstance(operator, Digital)
    return operator.whole_token and not operator.product and operator.heads % chips > 0


def _bounds(tokens: int, chips: int) -> list[tuple[int, int]]:
    """First token of each chip, and the one behind its last."""
    ends = np.arange(chips + 1) * tokens // chips
    return list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))


def _reached(edge: Edge, layer: Layer, reader: Layer, start: int, stop: int) -> tuple[int, int]:
    """Tokens of a layer that some of a reader's touch."""
    first, last = (end[start:stop] for end in edge.access.reach(layer.tokens, reader.tokens))
    there = last != NOTHING
    return (int(first[there].min()), int(last[there].max()) + 1) if there.any() else (0, 0)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))
