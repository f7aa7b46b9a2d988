"""Attention that trains is taken apart: scores, softmax and context, as model files have them.

A unit that does all three at once never writes the probabilities down, and its gradient needs them. Rows of scores are
as long as the most keys that a query reads; where a query reads fewer (causal attention), products are those of its
keys, and the softmax runs over the whole row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from archsim.errors import InputError
from archsim.network.access import Same
from archsim.network.graph import Edge, Layer, Network, keys_read
from archsim.network.operators import Digital, Primitive
from archsim.network.work import softmax_work

ATTENTION = "attention"
_QUERY, _KEYS, _VALUES = range(3)


def attention_apart(network: Network) -> Network:
    """The same network, with attention as layers whose tokens can be kept.

    Raises
    ------
    InputError
        If attention begins behind keys that are there before the sample.
    """
    if not any(_attends(layer) for layer in network.layers):
        return network
    layers = tuple(part for layer in network.layers for part in _layers(network, layer))
    edges = tuple(part for edge in network.edges for part in _edges(network, edge))
    joints = tuple(joint for layer in network.layers if _attends(layer) for joint in _joints(network, layer))
    return replace(network, layers=layers, edges=(*edges, *joints))


def _attends(layer: Layer) -> bool:
    return isinstance(layer.operator, Digital) and layer.operator.kind == ATTENTION


def _heads(layer: Layer) -> int:
    """Heads of the query: each divides once."""
    assert isinstance(layer.operator, Digital)
    return dict(layer.operator.work)[Primitive.DIVIDE]


def _row(network: Network, layer: Layer) -> int:
    """Keys of a row of scores."""
    return int(keys_read(network, layer).max())


def _layers(network: Network, layer: Layer) -> Iterator[Layer]:
    if not _attends(layer):
        yield layer
        return
    operator, heads, keys = layer.operator, _heads(layer), _row(network, layer)
    assert isinstance(operator, Digital)
    shared = operator.heads
    macs = ((Primitive.MAC, layer.width),)
    scores = Digital("scores", (), macs, 1, whole_token=True, heads=shared, product=True)
    softmax = Digital("softmax", softmax_work(keys, heads), whole_token=True, heads=shared)
    yield replace(layer, name=f"{layer.name}.scores", operator=scores, width=heads * keys)
    yield replace(layer, name=f"{layer.name}.softmax", operator=softmax, width=heads * keys)
    yield replace(layer, operator=replace(scores, kind="context"))


def _edges(network: Network, edge: Edge) -> Iterator[Edge]:
    if not _attends(network.by_name[edge.target]):
        yield edge
        return
    if edge.context:
        raise InputError(
            f"attends to {edge.context} keys from before the sample, through which no gradient goes",
            where=f"{network.name}, layer {edge.target!r}",
            remedy="Train without a context.",
        )
    port = {_QUERY: _QUERY, _KEYS: _KEYS, _VALUES: _KEYS}[edge.port]
    yield replace(edge, target=edge.target if edge.port == _VALUES else f"{edge.target}.scores", port=port)


def _joints(network: Network, layer: Layer) -> Iterator[Edge]:
    """From the scores through the softmax to the context."""
    width = _heads(layer) * _row(network, layer)
    yield Edge(f"{layer.name}.scores", f"{layer.name}.softmax", Same(), width)
    yield Edge(f"{layer.name}.softmax", layer.name, Same(), width)
