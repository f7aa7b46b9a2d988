"""The network while it is being read, and what one operator sees of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from archsim.network.access import Access
from archsim.network.graph import Edge, Layer, Network
from archsim.network.onnx_import.feeds import Feed, Piece, access_of, feed
from archsim.network.onnx_import.limits import check_stream
from archsim.network.onnx_import.node import Node
from archsim.network.onnx_import.partition import Partition, by_axes
from archsim.network.onnx_import.views import CONSTANT, Constant, Ids, Tensor, Values, View, core, varies
from archsim.network.operators import Digital, Operator, Sink, Source, Weights
from archsim.network.product import InputSpec, ProductSpec
from archsim.network.work import activation_work

AccessOf = Callable[[Piece, int], Access]
"""From a piece and its producer's tokens to the access of the edge."""


def by_position(piece: Piece, produced: int) -> Access:
    """The access of a layer whose tokens are the reading positions."""
    return access_of(piece.first, piece.last, produced, piece.taps)


@dataclass(slots=True)
class Draft:
    """Layers and edges so far; ``attended`` names the tensors whose own order of tokens is wanted."""

    attended: frozenset[str] = frozenset()
    layers: list[Layer] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    inputs: list[InputSpec] = field(default_factory=list)
    products: list[ProductSpec] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    folded: Counter[str] = field(default_factory=Counter)
    _names: set[str] = field(default_factory=set)
    _held: dict[tuple[str, object], str] = field(default_factory=dict)

    def held(self, tensor: str, layout: object, shape: tuple[int, int, int], origin: tuple[str, ...]) -> Weights:
        """The weights that a tensor holds; nodes that lay the same tensor out alike use the same ones.

        Parameters
        ----------
        tensor : str
            Its name in the file.
        layout : object
            All that its rows, columns and values depend on beside the tensor; compared for equality.
        shape : tuple of int
            Rows, columns and groups.
        origin : tuple of str
            The initializers it was made from.
        """
        others = sum(name == tensor for name, _ in self._held)
        name = self._held.setdefault((tensor, layout), f"{tensor}.{others + 1}" if others else tensor)
        return Weights(*shape, name, origin)

    def add(
        self, name: str, operator: Operator, tokens: int, width: int, *, grid: tuple[int, ...] = (), origin: str = ""
    ) -> int:
        """Append a layer; its index. The name gets a number where it is already taken."""
        check_stream(tokens, width)
        unique, copy = name, 2
        while unique in self._names:
            unique, copy = f"{name}.{copy}", copy + 1
        self._names.add(unique)
        self.layers.append(Layer(unique, operator, tokens, width, grid, origin))
        return len(self.layers) - 1

    def adopt(self, layer: Layer) -> int:
        """Append a layer made elsewhere, whose name is fixed; its index."""
        check_stream(layer.tokens, layer.width)
        self._names.add(layer.name)
        self.layers.append(layer)
        return len(self.layers) - 1

    def index_of(self, name: str) -> int:
        """Index of the layer with this name."""
        return next(index for index, layer in enumerate(self.layers) if layer.name == name)

    def prefix(self, name: str) -> str:
        """The name, with a number where layers with such a prefix are already there."""
        unique, copy = name, 2
        while any(taken.startswith(f"{unique}.") for taken in self._names):
            unique, copy = f"{name}.{copy}", copy + 1
        return unique

    def progress(self, view: View) -> NDArray[np.float64]:
        """How far the producers' streams must be for each entry, 0 for constants to 1; axes of size 1 stand for all."""
        tokens = np.array([layer.tokens for layer in self.layers] or [1], np.float64)
        layer, token = core(view.layer), core(view.token)
        done: NDArray[np.float64] = np.where(layer == CONSTANT, 0.0, (token + 1) / tokens[layer])
        return done

    def feed(self, rows: View) -> Feed:
        """What the tokens with these input vectors read."""
        return feed(rows, tuple(layer.width for layer in self.layers))

    def feed_by(self, view: View, cut: Partition) -> Feed:
        """What tokens cut from a tensor's shape read of a view of that shape.

        Where a token takes in many tokens of the producers (a reduction, a softmax over positions), those are looked
        at one by one and then put together.
        """
        wider = [axis for axis in range(len(view.shape)) if varies(view.token, axis) and axis not in cut.token_axes]
        mixed = any(varies(view.element, axis) or varies(view.layer, axis) for axis in wider)
        if not wider or mixed or cut.order is not None:
            return self.feed(cut.rows(view))
        fine = by_axes(view, (*cut.token_axes, *wider), own_elements=True)
        owner = fine.arranged(cut.token)[:, 0]
        pieces = self.feed(fine.rows(view))
        return replace(pieces, pieces=tuple(piece.folded(owner, cut.tokens) for piece in pieces.pieces))

    def connect(
        self, target: int, pieces: Feed, *, port: int = 0, access: AccessOf = by_position, start: int = 0
    ) -> None:
        """Add an edge per piece; ``start`` shifts all of them in the target's input vector."""
        loose = port == 0 and _loose(self.layers[target], pieces)
        for piece in pieces.pieces:
            source = self.layers[piece.layer]
            self.edges.append(
                Edge(
                    source.name,
                    self.layers[target].name,
                    access(piece, source.tokens),
                    piece.elements,
                    port=port,
                    source_start=piece.source_start,
                    target_start=piece.target_start + start,
                    scattered=piece.scattered or loose,
                )
            )

    def exchange(self, index: int, operator: Operator) -> None:
        """Give a layer another operator."""
        self.layers[index] = replace(self.layers[index], operator=operator)

    def note(self, text: str) -> None:
        """Tell the reader of a report, once."""
        if text not in self.notes:
            self.notes.append(text)

    def finished(self, name: str) -> Network:
        """The network: layers that no output depends on are left out."""
        kept = _useful(self.layers, self.edges)
        dropped = [layer.name for layer in self.layers if isinstance(layer.operator, Source) and layer.name not in kept]
        notes = [f"input {source!r} has no influence on any output and is left out" for source in dropped]
        notes += [f"{count} {what}" for what, count in sorted(self.folded.items())]
        return Network(
            name,
            tuple(layer for layer in self.layers if layer.name in kept),
            tuple(edge for edge in self.edges if edge.source in kept and edge.target in kept),
            (*self.notes, *notes),
            inputs=tuple(self.inputs),
            products=tuple(_kept(product, kept) for product in self.products if kept.intersection(product.layers)),
        )


def _kept(product: ProductSpec, layers: set[str]) -> ProductSpec:
    """The product without the names of layers that no output depends on."""
    return replace(product, layers=tuple(name if name in layers else "" for name in product.layers))


def _loose(layer: Layer, pieces: Feed) -> bool:
    """Whether a layer whose columns can be treated apart finds its main input's elements elsewhere than in its own.

    An embedding's token number belongs to all columns; a copy of stacked tokens has each element several times.
    """
    operator = layer.operator
    if not isinstance(operator, Digital) or operator.whole_token:
        return False
    reached = max((piece.target_start + piece.elements for piece in pieces.pieces), default=layer.width)
    return pieces.taps > 1 or reached != layer.width


def _useful(layers: list[Layer], edges: list[Edge]) -> set[str]:
    """Names of the layers from which a sink can be reached."""
    sources: dict[str, list[str]] = {layer.name: [] for layer in layers}
    for edge in edges:
        sources[edge.target].append(edge.source)
    kept: set[str] = set()
    waiting = [layer.name for layer in layers if isinstance(layer.operator, Sink)]
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept.add(name)
            waiting.extend(sources[name])
    return kept


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One node, its input tensors, and the draft that it adds to."""

    node: Node
    inputs: tuple[Tensor | None, ...]
    draft: Draft

    def has(self, place: int) -> bool:
        """Whether the optional input is there."""
        return place < len(self.inputs) and self.inputs[place] is not None

    def name(self, place: int) -> str:
        """Name of an input's tensor, "" where it is left out."""
        return self.node.proto.input[place] if self.has(place) else ""

    def tensor(self, place: int) -> Tensor:
        """An input that must be there."""
        found = self.inputs[place] if place < len(self.inputs) else None
        if found is None:
            raise self.node.fault(f"input {place} is missing", "Export the model again; the node is not valid ONNX.")
        return found

    def view(self, place: int) -> View:
        """An input that depends on the network's inputs."""
        found = self.tensor(place)
        if isinstance(found, Constant):
            raise self.node.fault(
                f"input {place} is a constant where an activation is expected",
                "Fold the constants of the model first (onnxsim, or onnxruntime's offline optimisation).",
            )
        return found

    def constant(self, place: int, what: str) -> Constant:
        """An input that must not depend on the network's inputs."""
        found = self.tensor(place)
        if isinstance(found, View):
            raise self.node.fault(
                f"its {what} (input {place}) is computed from the network's inputs; only a constant can be mapped",
                f"Export the model with a constant {what}, or cut the graph before this node.",
            )
        return found

    def values(self, place: int, what: str) -> Values:
        """The values of a constant input."""
        found = self.constant(place, what)
        if not found.known:
            raise self.node.fault(
                f"its {what} (input {place}) has no value in the file",
                "Keep small constants inside the model file (save large tensors only as external data).",
            )
        return found.value

    def whole(self, place: int, what: str) -> Ids:
        """The values of a constant input that holds whole numbers."""
        values = self.values(place, what)
        if values.dtype.kind not in "iub":
            raise self.node.fault(
                f"its {what} (input {place}) are {values.dtype}, not whole numbers", "Export the model again."
            )
        return values.astype(np.int64)

    def integers(self, name: str, place: int) -> tuple[int, ...] | None:
        """Integers given as an attribute (older operator sets) or as an input (newer ones), or None."""
        listed = self.node.integers(name)
        if listed is not None:
            return listed
        return tuple(self.whole(place, name).ravel().tolist()) if self.has(place) else None

    def axes(self, axes: tuple[int, ...], rank: int) -> tuple[int, ...]:
        """Axes counted from the front."""
        for axis in axes:
            if not -rank <= axis < max(rank, 1):
                raise self.node.fault(f"axis {axis} does not exist in {rank} dimensions", "Check the model's shapes.")
        return tuple(axis % max(rank, 1) for axis in axes)

    def axis(self, default: int, rank: int) -> int:
        """Attribute ``axis``, counted from the front."""
        return self.axes((self.node.integer("axis", default),), rank)[0]

    def layer(self, operator: Operator, tokens: int, width: int, *, grid: tuple[int, ...] = (), part: str = "") -> int:
        """Append the layer of this node (or a part of it); its index."""
        name = f"{self.node.label}.{part}" if part else self.node.label
        return self.draft.add(name, operator, tokens, width, grid=grid, origin=self.node.label)

    def emitted(self, operator: Operator, cut: Partition, inputs: tuple[View, ...]) -> View:
        """A layer whose tokens read their own entries of each input, by port; its output has the inputs' shape.

        Parameters
        ----------
        operator : Operator
            What is done to a token.
        cut : Partition
            Its tokens.
        inputs : tuple of View
            Inputs, broadcast to the shape that was cut, the main one first.
        """
        index = self.layer(operator, cut.tokens, cut.width, grid=cut.grid)
        for port, view in enumerate(inputs):
            self.draft.connect(index, self.draft.feed_by(view, cut), port=port)
        return cut.stream(index)

    def gathered(self, rows: View, why: str) -> View:
        """Copy input vectors, shape ``(tokens, width)``, into tokens of their own, where no edge can describe them."""
        tokens, width = rows.shape
        index = self.layer(Digital("copy", activation_work("copy", width)), tokens, width, part="gathered")
        self.draft.connect(index, self.draft.feed(rows))
        self.draft.note(f"the input of {self.node.label!r} is copied into tokens of its own: {why}")
        return stream_of(index, tokens, width)


def stream_of(layer: int, tokens: int, width: int) -> View:
    """A layer's whole stream as a tensor of shape ``(tokens, width)``."""
    shape = (tokens, width)
    return View(
        np.broadcast_to(np.int64(layer), shape),
        np.broadcast_to(np.arange(tokens, dtype=np.int64)[:, None], shape),
        np.broadcast_to(np.arange(width, dtype=np.int64), shape),
        True,
    )
