"""A placed model: which of its nodes are on arrays, and how a batch is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx

from archsim.errors import InputError
from archsim.functional.arrays import Block, Layers, blocks_of
from archsim.functional.batches import Data, GraphInput, Samples, check_data, graph_inputs
from archsim.functional.cutting import CutGraph, cut, label_of, live_tensors, load_with_weights
from archsim.functional.product import Inputs, Multiply, Product
from archsim.functional.products import FloatProducts, NoProducts, Products, Record
from archsim.functional.reading import expected_layers, read_product
from archsim.functional.runtime import F32, Tensor, Tensors
from archsim.functional.weights import WeightMatrix
from archsim.mapping import Placement
from archsim.network import Layer, Matrix
from archsim.network.onnx_import.node import Node
from archsim.numeric.multiply import CHUNK

_ROOM_BYTES = 2**28
"""For the input vectors of the largest layer."""
_RECORDING_BATCH = 8
"""Samples per batch while calibration vectors are recorded: always the same, so that they are the same, too."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedProduct:
    """A node on arrays.

    Parameters
    ----------
    node : onnx.NodeProto
    product : Product
    layers : tuple of int
        Indices into ``Network.order``, in the order of the product's weights.
    batch_axis : int or None
        Axis of the data along which the samples lie; None where the data are the same for every sample.
    """

    node: onnx.NodeProto
    product: Product
    layers: tuple[int, ...]
    batch_axis: int | None = 0


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A model with its weights, placed and cut at its matrix layers.

    Parameters
    ----------
    graph : CutGraph
    placement : Placement
    inputs : tuple of GraphInput
    products : mapping of str to PlacedProduct
        By the node's first output.
    layers : mapping of int to WeightMatrix
        Weights by index into ``Network.order``.
    blocks : tuple of Block
    """

    graph: CutGraph
    placement: Placement
    inputs: tuple[GraphInput, ...]
    products: Mapping[str, PlacedProduct]
    layers: Layers
    blocks: tuple[Block, ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return self.graph.outputs

    def data(self, given: Mapping[str, Tensor]) -> Data:
        """Data checked against the model's inputs."""
        return check_data(given, self.inputs)

    @property
    def batch(self) -> int:
        """Samples at a time that fill the crossbars' chunks without filling the memory."""
        matrices = self.layers.items()
        vectors = max((self.layer(i).tokens * m.shape[0] * m.shape[1] for i, m in matrices), default=1)
        return max(1, min(CHUNK, _ROOM_BYTES // (4 * vectors)))

    def run(self, data: Data, products: Products, *, batch: int | None = None) -> dict[str, Tensor]:
        """Compute all outputs of all samples.

        Parameters
        ----------
        data : Data
        products : Products
            How the matrix layers are computed.
        batch : int, optional
            Samples at a time, where the model leaves that open.
        """
        batches = data.batches(batch or self.batch)
        return data.joined([self._batch(tensors, samples, products) for tensors, samples in batches])

    def in_floating_point(self, data: Data, *, batch: int | None = None) -> dict[str, Tensor]:
        """The outputs with exact products."""
        return self.run(data, FloatProducts(self.layers), batch=batch)

    def recorded(self, data: Data) -> dict[int, F32]:
        """Input vectors of every layer, in floating point, for calibration."""
        record = Record(sum(1 for _ in data.batches(_RECORDING_BATCH)))
        self.run(data, FloatProducts(self.layers, record), batch=_RECORDING_BATCH)
        return record.vectors()

    def layer(self, index: int) -> Layer:
        """A layer of the network."""
        return self.placement.network.order[index]

    def _batch(self, given: Tensors, samples: Samples, products: Products) -> dict[str, Tensor]:
        tensors = dict(given)
        for index, part in enumerate(self.graph.rounds):
            tensors.update(self.graph.segment(index, tensors))
            for node in part.products:
                tensors.update(self._product(node, tensors, samples, products))
        return {name: tensors[name] for name in self.outputs}

    def _product(
        self, node: onnx.NodeProto, tensors: Tensors, samples: Samples, products: Products
    ) -> dict[str, Tensor]:
        placed = self.products[node.output[0] or node.output[1]]
        values = [_value(name, tensors, self.graph.constants) for name in node.input]
        data = values[placed.product.data]
        assert data is not None

        owner = Samples(1, 0) if placed.batch_axis is None else samples

        def multiply(matrix: int, vectors: F32, step: int = 0) -> F32:
            return products(placed.layers[matrix], vectors, owner, step)

        made = placed.product(values, multiply, placed.batch_axis or 0)
        return {
            name: value.astype(data.dtype, copy=False) for name, value in zip(node.output, made, strict=False) if name
        }


def _value(name: str, tensors: Tensors, constants: Tensors) -> Tensor | None:
    if not name:
        return None
    return tensors[name] if name in tensors else constants[name]


def prepare(path: Path, placement: Placement) -> Model:
    """Read a model with its weights and match it with its placement.

    Parameters
    ----------
    path : Path
        The ONNX file that the placed network was read from.
    placement : Placement
        Of that network.

    Raises
    ------
    InputError
        If weights are missing or not finite, a node cannot be computed, or the placement is of another model.
    """
    return prepared(load_with_weights(path), placement)


def prepared(loaded: onnx.ModelProto, placement: Placement) -> Model:
    """The same for a model in memory, as ``load_with_weights`` gives it."""
    chosen = _matrix_nodes(loaded.graph, placement)
    graph = cut(loaded, [node for node, _ in chosen])
    products = {}
    for node, layers in chosen:
        product = read_product(Node(node, 0), [graph.constants.get(name) for name in node.input])
        products[node.output[0] or node.output[1]] = PlacedProduct(node, product, layers)
    weights = {
        layer: matrix
        for placed in products.values()
        for layer, matrix in zip(placed.layers, placed.product.weights, strict=True)
    }
    model = Model(graph, placement, graph_inputs(loaded.graph), products, weights, blocks_of(placement, weights))
    return _with_batch_axes(model)


def _matrix_nodes(graph: onnx.GraphProto, placement: Placement) -> list[tuple[onnx.NodeProto, tuple[int, ...]]]:
    """Nodes that are on arrays, with their layers."""
    waiting: dict[str, list[int]] = {}
    for layer in placement.network.layers:
        if isinstance(layer.operator, Matrix):
            waiting.setdefault(layer.origin, []).append(placement.index[layer.name])
    live, found = live_tensors(graph), []
    for node in graph.node:
        layers = waiting.get(label_of(node), [])
        count = expected_layers(Node(node, 0))
        if count and len(layers) >= count and set(node.output) & live:
            found.append((node, tuple(layers[:count])))
            del layers[:count]
    _check_all_found([layer for layers in waiting.values() for layer in layers], placement)
    return found


def _check_all_found(missing: Sequence[int], placement: Placement) -> None:
    if missing:
        layer = placement.network.order[missing[0]]
        raise InputError(
            f"comes from node {layer.origin!r}, which is not among the nodes that can be computed on arrays",
            where=f"layer {layer.name!r}",
            remedy="Place the same file that is computed; export it without control flow and quantised operators.",
        )


def _with_batch_axes(model: Model) -> Model:
    """Find the axis of the samples of every product's data: the one that differs between one sample and two."""
    if not any(entry.open for entry in model.inputs):
        return model
    shapes = [_data_shapes(model, count) for count in (1, 2)]
    axes = {name: _differing(shapes[0][name], shapes[1][name]) for name in model.products}
    return replace(model, products={n: replace(p, batch_axis=axes[n]) for n, p in model.products.items()})


def _differing(one: tuple[int, ...], two: tuple[int, ...]) -> int | None:
    return next((axis for axis, (a, b) in enumerate(zip(one, two, strict=True)) if a != b), None)


def _data_shapes(model: Model, count: int) -> dict[str, tuple[int, ...]]:
    """Shapes of the data of all products for so many samples of zeros."""
    shapes: dict[str, tuple[int, ...]] = {}

    def watched(name: str, placed: PlacedProduct) -> PlacedProduct:
        return replace(placed, product=_Watched(placed.product, name, shapes))

    spied = replace(model, products={name: watched(name, placed) for name, placed in model.products.items()})
    zeros = {entry.name: np.zeros(_probe_shape(entry, count), entry.dtype) for entry in model.inputs}
    spied._batch(zeros, Samples(count, 0), NoProducts(model.layers))
    return shapes


def _probe_shape(entry: GraphInput, count: int) -> tuple[int, ...]:
    return (count, *(size or 1 for size in entry.sizes[1:])) if entry.open else tuple(size or 1 for size in entry.sizes)


@dataclass(frozen=True, slots=True, eq=False)
class _Watched:
    """A product that writes down the shape of its data."""

    product: Product
    name: str
    shapes: dict[str, tuple[int, ...]]

    @property
    def weights(self) -> tuple[WeightMatrix, ...]:
        return self.product.weights

    @property
    def data(self) -> int:
        return self.product.data

    def __call__(self, inputs: Inputs, multiply: Multiply, batch_axis: int) -> tuple[Tensor, ...]:
        data = inputs[self.data]
        assert data is not None
        self.shapes[self.name] = data.shape
        return self.product(inputs, multiply, batch_axis)
