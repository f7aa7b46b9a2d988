"""Short ways to ask a network for its layers."""

from __future__ import annotations

from archsim.network import Digital, Edge, Layer, Matrix, Network


def digital(network: Network, kind: str) -> list[Layer]:
    return [layer for layer in network.layers if isinstance(layer.operator, Digital) and layer.operator.kind == kind]


def matrix(layer: Layer) -> Matrix:
    assert isinstance(layer.operator, Matrix)
    return layer.operator


def feeding(network: Network, layer: Layer) -> Edge:
    (edge,) = network.inputs_of(layer.name)
    return edge
