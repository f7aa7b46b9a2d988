"""From a network that infers to one that trains: transposed products, gradients of digital operators, updates.

Reverse accumulation, layer by layer from the loss. A matrix layer's weights are used three times: forward, transposed
(where something before it trains, too) and in an update. Tokens of backward layers come in the reverse order of the
forward ones, as in back-propagation through time. What an update or a gradient needs of the forward pass is an edge
like others, so that it is kept where it will be read until it has been.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from archsim.errors import InputError
from archsim.network.access import NOTHING, Access, Mirrored, Previous, Same, Table, Whole, tokens_read
from archsim.network.gradients import LSTM_CELL, POOLS, SOFTMAX, Kept, gradient_of, lstm_gradient_work
from archsim.network.graph import Edge, Layer, Network, weights_of
from archsim.network.learning import Learning, Phase
from archsim.network.operators import Counts, Digital, Matrix, Primitive, Sink, Source, Use
from archsim.network.work import scaled, softmax_work, together

LOSS, TARGETS = "loss", "targets"


@dataclass(frozen=True, slots=True)
class Piece:
    """Elements of a layer's token that are part of another token's gradient.

    Parameters
    ----------
    layer : str
        Whose token has them.
    start : int
        First element there.
    elements : int
    at : int
        First element in the gradient.
    """

    layer: str
    start: int
    elements: int
    at: int

    def between(self, start: int, stop: int) -> Piece | None:
        """What lies between two elements of the gradient, counted from the first of these; None where nothing does."""
        low, high = max(self.at, start), min(self.at + self.elements, stop)
        return Piece(self.layer, self.start + low - self.at, high - low, low - start) if low < high else None


def training_network(network: Network, learning: Learning | None = None) -> Network:
    """The network that trains another one, by the cross-entropy of its output.

    Parameters
    ----------
    network : Network
        With one output.
    learning : Learning, optional
        When updates count; after each sample where not given.

    Raises
    ------
    InputError
        If it trains already, generates, has no weights or several outputs, or an operator whose gradient nobody knows.
    """
    _refuse(network)
    made = _Backward(network, _trained(network))
    made.begin()
    for layer in reversed(network.order):
        if layer.name in made.wanted and not isinstance(layer.operator, Sink):
            made.through(layer)
    kept = [layer for layer in network.layers if not isinstance(layer.operator, Sink)]
    edges = [edge for edge in network.edges if not isinstance(network.by_name[edge.target].operator, Sink)]
    return replace(
        network,
        layers=(*kept, *made.layers),
        edges=(*edges, *made.edges),
        products=(),
        learning=learning or Learning(),
    )


def _trained(network: Network) -> frozenset[str]:
    """Layers by whose outputs a gradient is wanted: those with weights, and all behind them."""
    wanted: set[str] = set()
    for layer in network.order:
        sources = {edge.source for edge in network.inputs_of(layer.name)}
        if isinstance(layer.operator, Matrix) or sources & wanted:
            wanted.add(layer.name)
    return frozenset(wanted)


@dataclass(frozen=True, slots=True)
class _Backward:
    """The backward layers, as they are made.

    Parameters
    ----------
    network : Network
        The forward one.
    wanted : frozenset of str
        Layers by whose outputs a gradient is wanted.
    """

    network: Network
    wanted: frozenset[str]
    layers: list[Layer] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    _found: dict[str, list[Piece]] = field(default_factory=lambda: defaultdict(list))
    _around: dict[str, list[tuple[Piece, Previous]]] = field(default_factory=lambda: defaultdict(list))

    def begin(self) -> None:
        """The errors that come around recurrences, and the loss: the output is compared with what the host sends."""
        for edge in self.network.edges:
            if isinstance(edge.access, Previous):
                # Of a later step forward is of an earlier one backward.
                piece = Piece(f"{edge.target}.backward", edge.target_start, edge.elements, edge.source_start)
                self._around[edge.source].append((piece, Previous(edge.access.distance)))
        sink = next(layer for layer in self.network.layers if isinstance(layer.operator, Sink))
        (edge,) = self.network.inputs_of(sink.name)
        output = self.network.by_name[edge.source]
        squashed = isinstance(output.operator, Digital) and output.operator.kind in SOFTMAX
        work = scaled(((Primitive.ADD, 1),), output.width)
        work = work if squashed else together(softmax_work(output.width), work)
        self._layer(TARGETS, Source(), output.tokens, 1)
        self._layer(LOSS, Digital("cross-entropy", work, whole_token=True), output.tokens, output.width)
        self._keep(output, LOSS, Same(), output.tokens, port=0)
        self.edges.append(Edge(TARGETS, LOSS, _mirrored(Same(), output.tokens, output.tokens), 1, port=1))
        gradient = Piece(LOSS, 0, output.width, 0)
        if not squashed:
            self._found[output.name].append(gradient)
            return
        # The softmax and the loss are differentiated together.
        for before in self.network.inputs_of(output.name):
            self._found[before.source].append(Piece(LOSS, before.target_start, before.elements, before.source_start))

    def through(self, layer: Layer) -> None:
        """The layers that take the gradient of a layer's output to its inputs, and to its weights."""
        pieces = self._gradient(layer)
        if not pieces:
            return
        if isinstance(layer.operator, Matrix):
            self._matrix(layer, layer.operator, pieces)
        elif isinstance(layer.operator, Digital):
            self._digital(layer, layer.operator, pieces)

    def _matrix(self, layer: Layer, operator: Matrix, pieces: Sequence[Piece]) -> None:
        shared = replace(operator, weights=weights_of(layer), bias=False)
        # The transposed product comes first: where layers follow each other, it still has the old weights.
        self._transposed(layer, replace(shared, taps=1, use=Use.TRANSPOSED), pieces, operator.taps)
        update = f"{layer.name}.update"
        self._layer(update, replace(shared, use=Use.UPDATE), layer.tokens, 1, Phase.UPDATE)
        for edge in self.network.inputs_of(layer.name):
            self._keep_edge(edge, update, layer)
        self._feed(pieces, update, port=1)
        if operator.bias:
            work = scaled(((Primitive.MAC, 1),), layer.width)
            self._layer(f"{layer.name}.bias", Digital("bias-update", work), layer.tokens, layer.width, Phase.UPDATE)
            self._feed(pieces, f"{layer.name}.bias")

    def _transposed(self, layer: Layer, operator: Matrix, pieces: Sequence[Piece], taps: int) -> None:
        """The product that takes errors to what came in, where something before it trains."""
        inputs = [edge for edge in self.network.inputs_of(layer.name) if edge.source in self.wanted]
        if not inputs:
            return
        backward = f"{layer.name}.backward"
        self._layer(backward, operator, layer.tokens, operator.outputs)
        self._feed(pieces, backward)
        for edge in inputs:
            if not edge.recurrent:
                self._send(edge, layer, Piece(backward, edge.target_start, edge.elements, edge.source_start), taps)

    def _digital(self, layer: Layer, operator: Digital, pieces: Sequence[Piece]) -> None:
        inputs = self.network.inputs_of(layer.name)
        if operator.kind in POOLS:
            self._pool(layer, operator)
            return
        if operator.kind == LSTM_CELL:
            self._cell(layer, operator, pieces)
            return
        gradient = gradient_of(operator, len({edge.port for edge in inputs}), f"{self.network.name}, {layer.name!r}")
        if gradient.each:
            backward = f"{layer.name}.backward"
            kind = f"{operator.kind}-gradient"
            self._layer(backward, Digital(kind, scaled(gradient.each, layer.width)), layer.tokens, layer.width)
            self._feed(pieces, backward)
            self._needs(layer, gradient.kept, backward)
            pieces = (Piece(backward, 0, layer.width, 0),)
        for edge in inputs:
            if edge.source not in self.wanted:
                continue
            for piece in pieces:
                part = piece.between(edge.target_start, edge.target_start + edge.elements)
                if part is not None:
                    self._send(edge, layer, replace(part, at=part.at + edge.source_start))

    def _cell(self, layer: Layer, operator: Digital, pieces: Sequence[Piece]) -> None:
        """The gradients of a cell's gates, of its output's and, within the unit, of its state's."""
        backward = f"{layer.name}.backward"
        gradient = Digital(f"{LSTM_CELL}-gradient", lstm_gradient_work(layer.width), whole_token=True)
        self._layer(backward, gradient, layer.tokens, operator.contract * layer.width)
        self._feed(pieces, backward)
        self._needs(layer, Kept.INPUT, backward)
        for edge in self.network.inputs_of(layer.name):
            self._send(edge, layer, Piece(backward, edge.target_start, edge.elements, edge.source_start))

    def _needs(self, layer: Layer, kept: Kept, backward: str) -> None:
        """What is kept of the forward pass for a gradient, on its second port."""
        if kept is Kept.OUTPUT:
            self._keep(layer, backward, Same(), layer.tokens, port=1)
        elif kept is Kept.INPUT:
            for edge in self.network.inputs_of(layer.name):
                self._keep_edge(edge, backward, layer, port=1)

    def _pool(self, layer: Layer, operator: Digital) -> None:
        """Each position of the map gathers the gradients of the windows that it was in."""
        (edge,) = self.network.inputs_of(layer.name)
        if edge.source not in self.wanted:
            return
        source, backward = self.network.by_name[edge.source], f"{layer.name}.backward"
        back = _inverse(edge.access, source.tokens, layer.tokens)
        windows = _gathered(edge.access, source.tokens, layer.tokens)
        each: Counts = ((Primitive.COMPARE, windows), (Primitive.ADD, windows))
        if POOLS[operator.kind] is Kept.NOTHING:
            each = ((Primitive.ADD, max(0, windows - 1)), (Primitive.MULTIPLY, 1))
        kind = f"{operator.kind}-gradient"
        self._layer(backward, Digital(kind, scaled(each, source.width)), source.tokens, source.width)
        for piece in self._gradient(layer):
            self.edges.append(Edge(piece.layer, backward, back, piece.elements, 0, piece.start, piece.at))
        if POOLS[operator.kind] is Kept.INPUT:
            self._keep(source, backward, Same(), source.tokens, port=1)
        self._found[source.name].append(Piece(backward, 0, source.width, 0))

    def _send(self, edge: Edge, layer: Layer, piece: Piece, taps: int = 1) -> None:
        """A contribution to the gradient of an edge's source; where tokens or taps differ, folded onto its tokens."""
        if taps == 1 and isinstance(edge.access, Same):
            self._found[edge.source].append(piece)
            return
        source, fold = self.network.by_name[edge.source], f"{layer.name}.fold{len(self._found[edge.source]) or ''}"
        back = _inverse(edge.access, source.tokens, layer.tokens)
        # All inputs together read every element of every token once, whatever range of tokens each of them touches.
        ends = np.arange(source.tokens + 1) * layer.tokens // source.tokens
        whole = Table(*back.reach(layer.tokens, source.tokens), np.diff(ends))
        adding = _gathered(edge.access, source.tokens, layer.tokens) - 1
        work: Counts = ((Primitive.ADD, adding),) if adding else ((Primitive.MOVE, 1),)
        self._layer(fold, Digital("fold", scaled(work, edge.elements), contract=taps), source.tokens, edge.elements)
        self.edges.append(Edge(piece.layer, fold, whole, piece.elements * taps, 0, piece.start * taps))
        self._found[edge.source].append(Piece(fold, 0, edge.elements, edge.source_start))

    def _gradient(self, layer: Layer) -> tuple[Piece, ...]:
        """The gradient of a layer's output; where several parts meet, they are added once."""
        pieces, around = self._found[layer.name], self._around[layer.name]
        covered = sorted(pieces, key=lambda piece: piece.at)
        apart = all(a.at + a.elements <= b.at for a, b in pairwise(covered))
        if apart and not around and sum(piece.elements for piece in pieces) == layer.width:
            return tuple(covered)
        if not pieces and not around:
            return ()
        total = f"{layer.name}.gradient"
        parts: list[tuple[Piece, Access]] = [*((piece, Same()) for piece in pieces), *around]
        adding = sum(piece.elements for piece, _ in parts) - layer.width
        work = scaled(((Primitive.ADD, 1),), max(layer.width, adding))
        self._layer(total, Digital("gradient-sum", work), layer.tokens, layer.width)
        for port, (piece, access) in enumerate(parts):
            self.edges.append(Edge(piece.layer, total, access, piece.elements, port, piece.start, piece.at))
        self._found[layer.name] = [Piece(total, 0, layer.width, 0)]
        return tuple(self._found[layer.name])

    def _layer(
        self, name: str, operator: Source | Digital | Matrix, tokens: int, width: int, phase: Phase = Phase.BACKWARD
    ) -> None:
        self.layers.append(Layer(name, operator, tokens, width, phase=phase))

    def _feed(self, pieces: Sequence[Piece], target: str, port: int = 0) -> None:
        """A gradient into a backward layer, token by token."""
        self.edges.extend(
            Edge(piece.layer, target, Same(), piece.elements, port, piece.start, piece.at) for piece in pieces
        )

    def _keep(self, source: Layer, target: str, access: Access, tokens: int, port: int) -> None:
        """A layer's whole tokens, kept for a backward layer."""
        back = _mirrored(access, source.tokens, tokens)
        self.edges.append(Edge(source.name, target, back, source.width, port))

    def _keep_edge(self, edge: Edge, target: str, layer: Layer, port: int = 0) -> None:
        """What an edge brings a layer, kept for a backward layer of as many tokens."""
        back = _mirrored(edge.access, self.network.by_name[edge.source].tokens, layer.tokens)
        self.edges.append(replace(edge, target=target, access=back, port=port))


def _mirrored(access: Access, produced: int, consumed: int) -> Access:
    """How a backward layer reads the forward tokens that a layer of as many tokens reads by some access."""
    if consumed == 1 or isinstance(access, Whole):
        return access
    if isinstance(access, Same):
        return Mirrored()
    first, last = access.reach(produced, consumed)
    return Table(first[::-1], last[::-1], tokens_read(access, produced, consumed)[::-1])


def _inverse(access: Access, produced: int, consumed: int) -> Access:
    """Which of a consumer's gradients the gradient of each of its producer's tokens needs, both in reverse order."""
    if isinstance(access, Same | Whole):
        return access
    first, last = access.reach(produced, consumed)
    there = np.flatnonzero(last != NOTHING)
    low, high = np.full(produced, consumed), np.full(produced, NOTHING)
    for token in there.tolist():
        span = slice(int(first[token]), int(last[token]) + 1)
        low[span] = np.minimum(low[span], token)
        high[span] = token
    touched = high != NOTHING
    begin, end = consumed - 1 - high, consumed - 1 - low
    begin[~touched] = end[~touched] = NOTHING
    return Table(begin[::-1], end[::-1])


def _gathered(access: Access, produced: int, consumed: int) -> int:
    """Gradients that a producer's token gathers, on average."""
    return max(1, round(float(tokens_read(access, produced, consumed).sum()) / produced))


def _goes_around(network: Network, edge: Edge) -> bool:
    """Whether errors of a recurrence can come around: from a matrix, of each of its steps."""
    operator = network.by_name[edge.target].operator
    steps = isinstance(edge.access, Previous) and not edge.access.after_prompt
    return steps and isinstance(operator, Matrix) and operator.taps == 1


def _refuse(network: Network) -> None:
    outputs = [layer for layer in network.layers if isinstance(layer.operator, Sink)]
    for wrong, what, remedy in (
        (network.learning is not None, "trains already", "Give the network that infers."),
        (network.generation is not None, "generates tokens", "Train the network without generating."),
        (network.samples_per_run > 1, "has a batch inside", "Give a model of one sample; --batch says how many."),
        (not network.matrices, "has no weights", "Give a network with matrix layers."),
        (
            any(not _goes_around(network, edge) for edge in network.edges if edge.recurrent),
            "has a recurrence into something else than a matrix of weights, or one that begins after a prompt",
            "Train it in numbers: archsim train.",
        ),
        (
            len(outputs) != 1 or len(network.inputs_of(outputs[0].name)) != 1,
            f"has {len(outputs)} outputs, or one of several parts",
            "Give a network with one output, whose loss is trained.",
        ),
    ):
        if wrong:
            raise InputError(f"{network.name} {what}, and cannot be made to train", where="--training", remedy=remedy)
