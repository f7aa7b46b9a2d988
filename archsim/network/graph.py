"""The Network: layers that make streams of tokens, and edges that say how the streams are consumed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from archsim.errors import InputError
from archsim.network.access import NOTHING, Access, Prefix, Previous, Tokens, tokens_read
from archsim.network.learning import Learning, Phase
from archsim.network.operators import Digital, Matrix, Operator, Primitive, Sink, Source, Use, Weights
from archsim.network.product import InputSpec, ProductSpec

if TYPE_CHECKING:
    import networkx as nx

MOST_TOKENS = 2**24
"""Tokens per sample of a layer: the positions of a map of 4096 x 4096."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator and the stream that it makes.

    Parameters
    ----------
    name : str
        Unique in the network.
    operator : Operator
        What is done to each token.
    tokens : int
        Output tokens per sample (positions of a feature map, steps of a sequence).
    width : int
        Elements per output token (channels, features).
    grid : tuple of int
        The tokens' shape where there is one, as (height, width); for display.
    origin : str
        Node of the ONNX file that it came from.
    phase : Phase
        What it is for, where the network trains.

    Raises
    ------
    InputError
        If it makes more than ``MOST_TOKENS``.
    """

    name: str
    operator: Operator
    tokens: int
    width: int
    grid: tuple[int, ...] = ()
    origin: str = ""
    phase: Phase = Phase.FORWARD

    def __post_init__(self) -> None:
        if self.tokens > MOST_TOKENS:
            raise InputError(
                f"makes {self.tokens:,} tokens per sample; at most {MOST_TOKENS:,} can be followed",
                where=self.name,
                remedy="Choose a smaller image or a shorter sequence.",
            )

    @property
    def kind(self) -> str:
        """The operator in one word."""
        operator = self.operator
        if isinstance(operator, Digital):
            return operator.kind
        if isinstance(operator, Matrix) and operator.use is not Use.FORWARD:
            return operator.use.value
        return type(operator).__name__.lower()


@dataclass(frozen=True, slots=True)
class Edge:
    """How one layer consumes another's tokens.

    Parameters
    ----------
    source, target : str
        Names of the layers.
    access : Access
        Which tokens each consumer token touches.
    elements : int
        Elements used of each source token.
    port : int
        Which input of the target.
    source_start : int
        First element used of the source's token.
    target_start : int
        Where these elements land in the target's input vector (concatenation along the width).
    scattered : bool
        True when the elements are permuted on the way (a channel shuffle), so that any part of the target may need
        any part of the source.
    """

    source: str
    target: str
    access: Access
    elements: int
    port: int = 0
    source_start: int = 0
    target_start: int = 0
    scattered: bool = False

    @property
    def recurrent(self) -> bool:
        """Whether the edge reads earlier steps of a stream that depends on the target itself."""
        return isinstance(self.access, Previous)

    @property
    def context(self) -> int:
        """Tokens that are already there when a sample starts: a cached prompt's keys or values."""
        return self.access.context if isinstance(self.access, Prefix) else 0


@dataclass(frozen=True, slots=True)
class Generation:
    """What a decoder is given and what it makes of it, for one sample.

    Parameters
    ----------
    prompt : int
        Tokens that come in.
    generated : int
        Tokens that leave, one after the other: the output's tokens are these.
    context : int
        Tokens before the prompt, whose keys and values are there already.
    """

    prompt: int
    generated: int
    context: int = 0


@dataclass(frozen=True)
class Network:
    """A directed acyclic graph of layers, plus marked recurrent edges.

    Parameters
    ----------
    name : str
        What reports call it.
    layers : tuple of Layer
        In any order.
    edges : tuple of Edge
        Several between the same two layers are allowed.
    notes : tuple of str
        What the reader of a report should know (folded operators, assumed shapes).
    samples_per_run : int
        Samples that one pass of the streams carries, where the model has its batch inside. Everything else here is per
        pass; reports count by samples.
    generation : Generation, optional
        Of a decoder.
    inputs : tuple of InputSpec
        The inputs of the model file that it was read from, in the file's order.
    products : tuple of ProductSpec
        What the matrix nodes of the model file compute, in the file's order.
    learning : Learning, optional
        Of a network that trains: when its updates count. Its backward layers make tokens in the reverse order.

    Raises
    ------
    InputError
        If a pass carries no sample, a name is unknown or doubled, a range falls outside a token, or the graph has a
        cycle without a recurrent edge in it.
    """

    name: str
    layers: tuple[Layer, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...] = field(default=())
    samples_per_run: int = 1
    generation: Generation | None = None
    inputs: tuple[InputSpec, ...] = field(default=())
    products: tuple[ProductSpec, ...] = field(default=())
    learning: Learning | None = None

    def __post_init__(self) -> None:
        _check_samples(self)
        _check_names(self)
        for edge in self.edges:
            _check_edge(self, edge)
        _check_weights(self)
        _check_products(self)
        _check_acyclic(self)

    @cached_property
    def by_name(self) -> dict[str, Layer]:
        """Layers by their names."""
        return {layer.name: layer for layer in self.layers}

    @cached_property
    def graph(self) -> nx.MultiDiGraph[str]:
        """The layers as nodes (attribute ``layer``), the edges as arcs (attribute ``edge``)."""
        import networkx as nx  # takes long to load, and few need it

        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        graph.add_nodes_from((layer.name, {"layer": layer}) for layer in self.layers)
        graph.add_edges_from((edge.source, edge.target, {"edge": edge}) for edge in self.edges)
        return graph

    @cached_property
    def order(self) -> tuple[Layer, ...]:
        """Layers in topological order of the edges that are not recurrent; ties in the order given."""
        rank = {layer.name: index for index, layer in enumerate(self.layers)}
        forward, order = _forward(self), []
        forward.prepare()
        ready = [rank[name] for name in forward.get_ready()]
        heapify(ready)
        while ready:
            layer = self.layers[heappop(ready)]
            order.append(layer)
            forward.done(layer.name)
            for name in forward.get_ready():
                heappush(ready, rank[name])
        return tuple(order)

    @cached_property
    def _incoming(self) -> dict[str, tuple[Edge, ...]]:
        return _grouped(self, "target")

    @cached_property
    def _outgoing(self) -> dict[str, tuple[Edge, ...]]:
        return _grouped(self, "source")

    def inputs_of(self, name: str) -> tuple[Edge, ...]:
        """Edges into a layer, in the order given."""
        return self._incoming[name]

    def outputs_of(self, name: str) -> tuple[Edge, ...]:
        """Edges out of a layer, in the order given."""
        return self._outgoing[name]

    @cached_property
    def matrices(self) -> tuple[Layer, ...]:
        """Layers with constant weights, in topological order."""
        return tuple(layer for layer in self.order if isinstance(layer.operator, Matrix))

    @cached_property
    def users(self) -> dict[Weights, tuple[Layer, ...]]:
        """The layers that use each matrix of weights, in topological order; matrices in the order of their first."""
        users: dict[Weights, tuple[Layer, ...]] = {}
        for layer in self.matrices:
            weights = weights_of(layer)
            users[weights] = (*users.get(weights, ()), layer)
        return users

    @cached_property
    def cycles(self) -> tuple[frozenset[str], ...]:
        """Layers that wait for each other in every step, and those that wait for themselves.

        A recurrence that begins after a prompt (decoding) does not count: the prompt's tokens still stream.
        """
        steps = [edge for edge in self.edges if not (isinstance(edge.access, Previous) and edge.access.after_prompt)]
        if not any(edge.recurrent for edge in steps):
            return ()
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph((edge.source, edge.target) for edge in steps)
        parts = map(frozenset, nx.strongly_connected_components(graph))
        return tuple(part for part in parts if len(part) > 1 or any(graph.has_edge(name, name) for name in part))

    @property
    def weights(self) -> int:
        """Weights that are held (biases and embeddings left out); those that several layers use count once."""
        return sum(weights.count for weights in self.users)

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates per pass: matrix layers and dynamic products, nothing else."""
        return sum(layer_macs(self, layer) for layer in self.layers)


def weights_of(layer: Layer) -> Weights:
    """The weights of a matrix layer, by the layer's name where they are its own."""
    assert isinstance(layer.operator, Matrix)
    weights = layer.operator.weights
    return weights if weights.name else replace(weights, name=layer.name)


def layer_macs(network: Network, layer: Layer) -> int:
    """Multiply-accumulates per pass of one layer that count as the network's operations."""
    operator = layer.operator
    if isinstance(operator, Matrix):
        return layer.tokens * operator.macs
    if isinstance(operator, Digital) and operator.product:
        fixed = dict(operator.work).get(Primitive.MAC, 0) * layer.tokens
        per_key = dict(operator.work_per_key).get(Primitive.MAC, 0)
        return fixed + per_key * int(keys_read(network, layer).sum()) if per_key else fixed
    return 0


def keys_read(network: Network, layer: Layer) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Keys that each token of an attention layer reads, shape ``(tokens,)``: its reach plus the cached context."""
    operator = layer.operator
    assert isinstance(operator, Digital)
    edge = next(edge for edge in network.inputs_of(layer.name) if edge.port == operator.keys_port)
    return tokens_read(edge.access, network.by_name[edge.source].tokens, layer.tokens)


def _grouped(network: Network, end: str) -> dict[str, tuple[Edge, ...]]:
    groups: dict[str, list[Edge]] = {layer.name: [] for layer in network.layers}
    for edge in network.edges:
        groups[getattr(edge, end)].append(edge)
    return {name: tuple(edges) for name, edges in groups.items()}


def _forward(network: Network) -> TopologicalSorter[str]:
    """The layers, each after those that it reads, recurrent edges left out."""
    forward: TopologicalSorter[str] = TopologicalSorter({layer.name: () for layer in network.layers})
    for edge in network.edges:
        if not edge.recurrent:
            forward.add(edge.target, edge.source)
    return forward


def _check_samples(network: Network) -> None:
    if network.samples_per_run < 1:
        raise InputError(
            f"a pass of {network.samples_per_run} samples",
            where=network.name,
            remedy="Check the batch axis of the model's inputs.",
        )


def _check_names(network: Network) -> None:
    doubled = [name for name, count in Counter(layer.name for layer in network.layers).items() if count > 1]
    if doubled:
        raise InputError(f"two layers are called {doubled[0]!r}", where=network.name, remedy="Give each its own name.")
    for layer in network.layers:
        if layer.tokens < 1 or layer.width < 1:
            raise InputError(
                f"has {layer.tokens} tokens of {layer.width} elements; both must be at least 1",
                where=f"{network.name}, layer {layer.name!r}",
                remedy="Check the shapes of the model's inputs.",
            )
        if isinstance(layer.operator, Digital) and layer.width % layer.operator.heads:
            raise InputError(
                f"has {layer.operator.heads} heads, which do not divide its {layer.width} elements",
                where=f"{network.name}, layer {layer.name!r}",
                remedy="Give it a number of heads that divides its width.",
            )


def _check_weights(network: Network) -> None:
    shapes: dict[str, Weights] = {}
    for layer in network.layers:
        if not isinstance(layer.operator, Matrix):
            continue
        weights = weights_of(layer)
        if shapes.setdefault(weights.name, weights) != weights:
            raise InputError(
                f"uses weights {weights.name!r} of another shape or origin than other layers do",
                where=f"{network.name}, layer {layer.name!r}",
                remedy="Give each matrix of weights its own name.",
            )


def _check_edge(network: Network, edge: Edge) -> None:
    where = f"{network.name}, edge {edge.source!r} -> {edge.target!r}"
    missing = [name for name in (edge.source, edge.target) if name not in network.by_name]
    if missing:
        raise InputError(f"there is no layer {missing[0]!r}", where=where, remedy="Add the layer, or drop the edge.")
    source, target = network.by_name[edge.source], network.by_name[edge.target]
    if edge.source_start < 0 or edge.source_start + edge.elements > source.width or edge.elements < 1:
        raise InputError(
            f"uses elements {edge.source_start} to {edge.source_start + edge.elements} of a token of {source.width}",
            where=where,
            remedy="Check the slice of the source's token.",
        )
    inputs = target.operator.wants(edge.port) if isinstance(target.operator, Matrix) else None
    if edge.target_start < 0 or (inputs is not None and edge.target_start + edge.elements > inputs):
        raise InputError(
            f"lands on inputs {edge.target_start} to {edge.target_start + edge.elements}"
            + (f" of {inputs}" if inputs else ""),
            where=where,
            remedy="Check the weight matrix's rows against the input's width.",
        )
    if isinstance(source.operator, Sink) or isinstance(target.operator, Source):
        raise InputError("leads out of an output or into an input", where=where, remedy="Turn the edge round.")
    first, last = edge.access.reach(source.tokens, target.tokens)
    if not _is_reach(first, last, source.tokens, target.tokens):
        raise InputError(
            f"touches tokens {first.min()} to {last.max()} of {source.tokens}, for {len(first)} of {target.tokens} "
            "consumer tokens, or a last token before the first",
            where=where,
            remedy="Check the access against both layers' token counts.",
        )


def _check_products(network: Network) -> None:
    for product in network.products:
        for name in filter(None, product.layers):
            if name not in network.by_name or not isinstance(network.by_name[name].operator, Matrix):
                raise InputError(
                    f"there is no matrix layer {name!r}",
                    where=f"{network.name}, product of node {product.node!r}",
                    remedy="Name the layers that hold its weights.",
                )


def _is_reach(first: Tokens, last: Tokens, produced: int, consumed: int) -> bool:
    """Whether these are ranges of tokens that are there, one per consumer token."""
    if len(first) != consumed or len(last) != consumed:
        return False
    nothing = (first == NOTHING) & (last == NOTHING)
    return bool((nothing | ((first >= 0) & (first <= last) & (last < produced))).all())


def _check_acyclic(network: Network) -> None:
    try:
        _forward(network).prepare()
    except CycleError as error:
        raise InputError(
            f"the layers depend on themselves: {' -> '.join(error.args[1][:-1])}",
            where=network.name,
            remedy="Mark the edge that reads an earlier step with access Previous.",
        ) from None
