"""A placed model: which of its nodes are on arrays, and how a batch is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from archsim.errors import InputError
from archsim.functional.arrays import Block, Layers, blocks_of
from archsim.functional.batches import Data, Samples
from archsim.functional.cutting import CutGraph, cut, load_with_weights
from archsim.functional.graph_inputs import GraphInput, checked_tensors, graph_inputs
from archsim.functional.product import Product
from archsim.functional.products import FloatProducts, Products, Record, exact_product
from archsim.functional.reading import read_product
from archsim.functional.runtime import F32, Tensor, Tensors
from archsim.functional.sample_axes import Layout, Seen, layout_of
from archsim.functional.weights import WeightMatrix
from archsim.mapping import Placement
from archsim.network import Layer, ProductSpec
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
    spec : ProductSpec
    product : Product
    layers : tuple of int or None
        Indices into ``Network.order``, in the order of the product's weights: of the first layers that use them; None
        for weights that no output needs.
    turns : tuple of int
        For each of the weights, which of the layers that use them this is.
    """

    spec: ProductSpec
    product: Product
    layers: tuple[int | None, ...]
    turns: tuple[int, ...]

    @property
    def name(self) -> str:
        """The node's first output."""
        return next(filter(None, self.spec.outputs))

    @property
    def matrices(self) -> Iterator[tuple[int | None, WeightMatrix]]:
        """Weights with their layers."""
        return zip(self.layers, self.product.weights, strict=True)


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
        """Data checked against the model's inputs, and where their samples lie.

        Raises
        ------
        InputError
            If an array is missing, unknown, of a wrong type or shape, or not finite.
        """
        tensors = checked_tensors(given, self.inputs)
        return Data(tensors, layout_of(tensors, self.inputs, self._seen))

    def _seen(self, tensors: Tensors) -> Seen:
        """What a whole computation in floating point makes."""
        watched: dict[str, Tensor] = {}
        batch = _Batch(self, Samples(1, 0), FloatProducts(self.layers), _WHOLE, watched)
        return Seen(batch.outputs(tensors), watched)

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
        return data.joined([(s, _Batch(self, s, products, data.layout).outputs(tensors)) for tensors, s in batches])

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


_WHOLE = Layout({}, 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """One computation of a model.

    Parameters
    ----------
    model : Model
    samples : Samples
        That the batch holds.
    products : Products
    layout : Layout
        Where they lie.
    watched : dict of str to ndarray, optional
        Where the data of the nodes on arrays are noted.
    """

    model: Model
    samples: Samples
    products: Products
    layout: Layout
    watched: dict[str, Tensor] | None = None

    def outputs(self, given: Tensors) -> dict[str, Tensor]:
        """All outputs of the model."""
        graph, tensors = self.model.graph, dict(given)
        for index, part in enumerate(graph.rounds):
            tensors.update(graph.segment(index, tensors))
            for node in part.products:
                tensors.update(self._product(node, tensors))
        return {name: tensors[name] for name in self.model.outputs}

    def _product(self, node: onnx.NodeProto, tensors: Tensors) -> dict[str, Tensor]:
        placed = self.model.products[next(name for name in node.output if name)]
        if self.watched is not None:
            self.watched[placed.name] = tensors[placed.spec.data]
        axis = self.layout.products.get(placed.name, 0)
        # What is the same for all samples belongs to the first.
        owner = Samples(1, 0) if axis is None else self.samples

        def multiply(matrix: int, vectors: F32, step: int = 0) -> F32:
            layer = placed.layers[matrix]
            if layer is None:
                return exact_product(placed.product.weights[matrix], vectors)
            return self.products(layer, vectors, owner, step, placed.turns[matrix])

        with np.errstate(over="ignore", invalid="ignore"):
            made = placed.product(self._known(tensors), multiply, axis or 0)
        _check_finite(made, placed.spec)
        return {name: value for name, value in zip(placed.spec.outputs, made, strict=False) if name}

    def _known(self, tensors: Tensors) -> Callable[[str], Tensor]:
        """Tensors by name, the model's constants among them."""
        constants = self.model.graph.constants
        return lambda name: tensors[name] if name in tensors else constants[name]


def _check_finite(made: Sequence[Tensor], spec: ProductSpec) -> None:
    if not all(bool(np.isfinite(value).all()) for value in made):
        raise InputError(
            "its products are NaN or beyond what single precision holds",
            where=f"node {spec.node!r}",
            remedy="Give data of the size that the model was trained on.",
        )


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
    chosen = _placed_products(loaded.graph, placement)
    graph = cut(loaded, [node for node, _ in chosen])
    products = [_placed(spec, graph.constants, placement) for _, spec in chosen]
    weights = {layer: matrix for placed in products for layer, matrix in placed.matrices if layer is not None}
    by_output = {placed.name: placed for placed in products}
    return Model(graph, placement, graph_inputs(loaded.graph), by_output, weights, blocks_of(placement, weights))


def _placed(spec: ProductSpec, constants: Tensors, placement: Placement) -> PlacedProduct:
    product = read_product(spec, constants.__getitem__)
    holders = tuple(placement.holder_of(name) if name else None for name in spec.layers)
    turns = tuple(placement.turn_of(name) if name else 0 for name in spec.layers)
    return PlacedProduct(spec, product, holders, turns)


def _placed_products(graph: onnx.GraphProto, placement: Placement) -> list[tuple[onnx.NodeProto, ProductSpec]]:
    """Nodes whose weights are on arrays, with what the importer says of them."""
    network = placement.network
    found = [spec for spec in network.products if any(spec.layers)]
    _check_all_found(placement, {name for spec in found for name in spec.layers})
    made_by = {name: node for node in graph.node for name in node.output if name}
    return [(_node_of(spec, made_by), spec) for spec in found]


def _node_of(spec: ProductSpec, made_by: Mapping[str, onnx.NodeProto]) -> onnx.NodeProto:
    node = made_by.get(next(filter(None, spec.outputs)))
    if node is None:
        raise InputError(
            "it was placed, and is not among the nodes of the file that is computed",
            where=f"node {spec.node!r}",
            remedy="Place the same file that is computed; export it without control flow around its products.",
        )
    return node


def _check_all_found(placement: Placement, known: set[str]) -> None:
    missing = [layer for layer in placement.network.matrices if layer.name not in known]
    if missing:
        raise InputError(
            f"it comes from {missing[0].origin or 'no node of a file'!r}, of whose weights nothing is known",
            where=f"layer {missing[0].name!r}",
            remedy="Compute an ONNX file that was placed as it is; named networks have no weights.",
        )
