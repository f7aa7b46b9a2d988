"""A sheet on which a network is drawn, layer after layer: the notation that the families' files are written in.

A stream is what a layer puts out. Slices of streams and streams side by side are streams too; they become edges with
offsets when a layer consumes them, never layers of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from archsim.network import (
    Access,
    Digital,
    Edge,
    Generation,
    Layer,
    Matrix,
    Network,
    Operator,
    Same,
    Sink,
    Source,
    Weights,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some elements of a layer's token.

    Parameters
    ----------
    layer : str
        Name of the layer.
    start, elements : int
        First element, and how many.
    """

    layer: str
    start: int
    elements: int


@dataclass(frozen=True, slots=True)
class Stream:
    """Tokens on their way to a layer.

    Parameters
    ----------
    pieces : tuple of Piece
        What lies side by side in each token.
    tokens : int
        Tokens per sample.
    grid : tuple of int
        The tokens' shape where there is one.
    """

    pieces: tuple[Piece, ...]
    tokens: int
    grid: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        """Elements per token."""
        return sum(piece.elements for piece in self.pieces)

    def part(self, start: int, elements: int) -> Stream:
        """Slice ``start`` to ``start + elements`` of each token, shape ``(tokens, elements)``."""
        cut: list[Piece] = []
        offset = 0
        for piece in self.pieces:
            low, high = max(start, offset), min(start + elements, offset + piece.elements)
            if low < high:
                cut.append(Piece(piece.layer, piece.start + low - offset, high - low))
            offset += piece.elements
        return Stream(tuple(cut), self.tokens, self.grid)


def beside(*streams: Stream) -> Stream:
    """Concatenation along the width: token n is the streams' tokens n, one after the other."""
    return Stream(tuple(piece for stream in streams for piece in stream.pieces), streams[0].tokens, streams[0].grid)


def later(layer: str, width: int, tokens: int) -> Stream:
    """The stream of a layer that is drawn elsewhere or not yet, shape ``(tokens, width)``: for edges that go back."""
    return Stream((Piece(layer, 0, width),), tokens)


_TOKEN_BY_TOKEN = Same()


@dataclass(frozen=True, slots=True)
class Feed:
    """A stream, and how a layer reads it.

    Parameters
    ----------
    stream : Stream
        What is read.
    access : Access
        Which tokens.
    port : int
        Which input; feeds of one port lie side by side in the order given.
    """

    stream: Stream
    access: Access = _TOKEN_BY_TOKEN
    port: int = 0


class Draft:
    """A network being drawn."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._layers: list[Layer] = []
        self._edges: list[Edge] = []
        self._notes: list[str] = []
        self._generation: Generation | None = None

    def generates(self, generation: Generation) -> None:
        """Say what the network, a decoder, is given and makes."""
        self._generation = generation

    def note(self, text: str) -> None:
        """Add a line that reports show beside the network."""
        self._notes.append(text)

    def source(self, name: str, width: int, *, tokens: int = 1, grid: tuple[int, ...] = ()) -> Stream:
        """A network input of shape ``(tokens, width)``, or ``(prod(grid), width)``."""
        return self.layer(name, Source(), width, tokens=prod(grid) if grid else tokens, grid=grid)

    def sink(self, name: str, *streams: Stream) -> None:
        """A network output of the streams' shape, side by side."""
        shown = beside(*streams)
        self.layer(name, Sink(), shown.width, Feed(shown), tokens=shown.tokens, grid=shown.grid)

    def layer(
        self,
        name: str,
        operator: Operator,
        width: int,
        *feeds: Feed,
        tokens: int,
        grid: tuple[int, ...] = (),
    ) -> Stream:
        """Draw a layer.

        Parameters
        ----------
        name : str
            Unique in the network.
        operator : Operator
            What is done to each token.
        width, tokens : int
            Shape of its output, ``(tokens, width)``.
        *feeds : Feed
            Its inputs.
        grid : tuple of int
            The tokens' shape where there is one.

        Returns
        -------
        Stream
            Its output.
        """
        self._layers.append(Layer(name, operator, tokens, width, grid))
        self.connect(name, *feeds)
        return Stream((Piece(name, 0, width),), tokens, grid)

    def dense(self, name: str, inputs: Stream, columns: int, *, bias: bool = True) -> Stream:
        """A fully connected layer applied to each token: a matrix of ``(inputs.width, columns)``."""
        operator = Matrix(Weights(inputs.width, columns), bias=bias)
        return self.layer(name, operator, columns, Feed(inputs), tokens=inputs.tokens, grid=inputs.grid)

    def each(self, name: str, operator: Digital, *inputs: Stream) -> Stream:
        """A digital layer that makes token n from the tokens n of its inputs, one port each; as wide as the first."""
        feeds = [Feed(stream, port=port) for port, stream in enumerate(inputs)]
        return self.layer(name, operator, inputs[0].width, *feeds, tokens=inputs[0].tokens, grid=inputs[0].grid)

    def include(self, layers: Sequence[Layer], edges: Sequence[Edge]) -> None:
        """Take over layers and edges that something else has made."""
        self._layers.extend(layers)
        self._edges.extend(edges)

    def connect(self, target: str, *feeds: Feed) -> None:
        """Lead streams to a layer; feeds of one port lie side by side, in the order given."""
        landing: dict[int, int] = defaultdict(int)
        for feed in feeds:
            for piece in feed.stream.pieces:
                self._edges.append(_edge(piece, target, feed, landing[feed.port]))
                landing[feed.port] += piece.elements

    def finish(self) -> Network:
        """The network, validated.

        Raises
        ------
        InputError
            As `Network` does.
        """
        return Network(
            self._name,
            tuple(self._layers),
            tuple(self._edges),
            tuple(self._notes),
            generation=self._generation,
        )


def _edge(piece: Piece, target: str, feed: Feed, landing: int) -> Edge:
    return Edge(
        piece.layer,
        target,
        feed.access,
        piece.elements,
        port=feed.port,
        source_start=piece.start,
        target_start=landing,
    )
