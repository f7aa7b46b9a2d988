"""From a network that infers to one that trains: transposed products, gradients of digital operators, updates.

Reverse accumulation, layer by layer from the loss. A matrix layer's weights are used three times: forward, transposed
(where something before it trains, too) and in an update. Tokens of backward layers come in the reverse order of the
forward ones, as in back-propagation through time. What an update or a gradient needs of the forward pass is an edge
like others, so that it is kept where it will be read until it has been.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from archsim.errors import InputError
from archsim.network.access import Previous, Same, Whole
from archsim.network.attending import attention_apart
from archsim.network.digital_gradients import through_digital
from archsim.network.gradient_sheet import GradientSheet, Piece
from archsim.network.gradients import SOFTMAX
from archsim.network.graph import Edge, Layer, Network, weights_of
from archsim.network.learning import Learning, Phase
from archsim.network.operators import Digital, Matrix, Primitive, Sink, Source, Use
from archsim.network.reversal import mirrored, shared_out
from archsim.network.work import scaled, softmax_work, together

LOSS, TARGETS = "loss", "targets"


def training_network(network: Network, learning: Learning | None = None) -> Network:
    """The network that trains another one, by the cross-entropy of its output (of several, by their sum).

    Parameters
    ----------
    network : Network
    learning : Learning, optional
        When updates count; after each sample where not given.

    Raises
    ------
    InputError
        If it trains already, generates, has no weights, an output of several parts, or an operator whose gradient
        nobody knows.
    """
    _refuse(network)
    network = attention_apart(network)
    sheet = GradientSheet(network, _trained(network))
    made = _Backward(network, sheet, learning is not None and learning.summed)
    made.begin()
    for layer in reversed(network.order):
        if layer.name in sheet.wanted and not isinstance(layer.operator, Sink):
            made.through(layer)
    kept = [layer for layer in network.layers if not isinstance(layer.operator, Sink)]
    edges = [edge for edge in network.edges if not isinstance(network.by_name[edge.target].operator, Sink)]
    return replace(
        network,
        layers=(*kept, *sheet.layers),
        edges=(*edges, *sheet.edges),
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
    """The way back from the losses.

    Parameters
    ----------
    network : Network
        The forward one.
    sheet : GradientSheet
        What it writes on.
    summed : bool
        Whether gradients of layers of several tokens are summed before they are written.
    """

    network: Network
    sheet: GradientSheet
    summed: bool

    def begin(self) -> None:
        """The errors that come around recurrences, and the loss of each output."""
        for edge in self.network.edges:
            if isinstance(edge.access, Previous):
                self.sheet.comes_around(edge, edge.access)
        sinks = _outputs(self.network)
        for sink in sinks:
            self._loss(sink, f"{sink.name}." if len(sinks) > 1 else "")

    def _loss(self, sink: Layer, prefix: str) -> None:
        """The cross-entropy of an output: it is compared with what the host sends."""
        loss, targets = f"{prefix}{LOSS}", f"{prefix}{TARGETS}"
        (edge,) = self.network.inputs_of(sink.name)
        output = self.network.by_name[edge.source]
        squashed = isinstance(output.operator, Digital) and output.operator.kind in SOFTMAX
        work = scaled(((Primitive.ADD, 1),), output.width)
        work = work if squashed else together(softmax_work(output.width), work)
        self.sheet.layer(targets, Source(), output.tokens, 1)
        self.sheet.layer(loss, Digital("cross-entropy", work, whole_token=True), output.tokens, output.width)
        self.sheet.keep(output, loss, Same(), output.tokens, port=0)
        self.sheet.edges.append(Edge(targets, loss, mirrored(Same(), output.tokens, output.tokens), 1, port=1))
        if not squashed:
            self.sheet.found(output.name, Piece(loss, 0, output.width, 0))
            return
        # The softmax and the loss are differentiated together.
        for before in self.network.inputs_of(output.name):
            self.sheet.found(before.source, Piece(loss, before.target_start, before.elements, before.source_start))

    def through(self, layer: Layer) -> None:
        """The layers that take the gradient of a layer's output to its inputs, and to its weights."""
        pieces = self.sheet.gradient(layer)
        if not pieces:
            return
        if isinstance(layer.operator, Matrix):
            self._matrix(layer, layer.operator, pieces)
        elif isinstance(layer.operator, Digital):
            through_digital(self.sheet, layer, layer.operator, pieces)

    def _matrix(self, layer: Layer, operator: Matrix, pieces: Sequence[Piece]) -> None:
        sheet, shared = self.sheet, replace(operator, weights=weights_of(layer), bias=False)
        # The transposed product comes first: where layers follow each other, it still has the old weights.
        self._transposed(layer, replace(shared, taps=1, use=Use.TRANSPOSED), pieces, operator.taps)
        if self.summed and layer.tokens > 1:
            self._write(layer, shared, pieces)
        else:
            self._update(layer, shared, pieces)
        if operator.bias:
            work = scaled(((Primitive.MAC, 1),), layer.width)
            sheet.layer(f"{layer.name}.bias", Digital("bias-update", work), layer.tokens, layer.width, Phase.UPDATE)
            sheet.feed(pieces, f"{layer.name}.bias")

    def _update(self, layer: Layer, shared: Matrix, pieces: Sequence[Piece]) -> None:
        """A rank-one update of the weights for each token."""
        update = f"{layer.name}.update"
        self.sheet.layer(update, replace(shared, use=Use.UPDATE), layer.tokens, 1, Phase.UPDATE)
        for edge in self.network.inputs_of(layer.name):
            self.sheet.keep_edge(edge, update, layer)
        self.sheet.feed(pieces, update, port=1)

    def _write(self, layer: Layer, shared: Matrix, pieces: Sequence[Piece]) -> None:
        """Outer products summed over all tokens, row of the weights by row, and their writing at once."""
        weights, sums, update = shared.weights, f"{layer.name}.sums", f"{layer.name}.update"
        width = weights.columns * weights.groups
        products = Digital("outer-products", ((Primitive.MAC, layer.tokens * width),), whole_token=True, product=True)
        self.sheet.layer(sums, products, weights.rows, width, Phase.UPDATE)
        for edge in self.network.inputs_of(layer.name):
            source = self.network.by_name[edge.source]
            access = shared_out(edge.access, (source.tokens, layer.tokens, weights.rows))
            self.sheet.edges.append(replace(edge, target=sums, access=access))
        self.sheet.feed(pieces, sums, port=1, access=Whole())
        self.sheet.layer(update, replace(shared, taps=1, use=Use.WRITE), 1, 1, Phase.UPDATE)
        self.sheet.edges.append(Edge(sums, update, Whole(), width))

    def _transposed(self, layer: Layer, operator: Matrix, pieces: Sequence[Piece], taps: int) -> None:
        """The product that takes errors to what came in, where something before it trains."""
        inputs = self.sheet.wanted_inputs(layer)
        if not inputs:
            return
        backward = f"{layer.name}.backward"
        self.sheet.layer(backward, operator, layer.tokens, operator.outputs)
        self.sheet.feed(pieces, backward)
        for edge in inputs:
            if not edge.recurrent:
                piece = Piece(backward, edge.target_start, edge.elements, edge.source_start)
                self.sheet.send(edge, layer, piece, taps)


def _outputs(network: Network) -> list[Layer]:
    return [layer for layer in network.layers if isinstance(layer.operator, Sink)]


def _goes_around(network: Network, edge: Edge) -> bool:
    """Whether errors of a recurrence can come around: from a matrix, of each of its steps."""
    operator = network.by_name[edge.target].operator
    steps = isinstance(edge.access, Previous) and not edge.access.after_prompt
    return steps and isinstance(operator, Matrix) and operator.taps == 1


def _refuse(network: Network) -> None:
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
            any(len(network.inputs_of(output.name)) != 1 for output in _outputs(network)),
            "has an output of several parts, whose loss nobody knows",
            "Give a network whose outputs are of one layer each.",
        ),
    ):
        if wrong:
            raise InputError(f"{network.name} {what}, and cannot be made to train", where="--training", remedy=remedy)
