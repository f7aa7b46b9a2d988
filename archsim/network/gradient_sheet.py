"""The backward layers of a network in the making, and what of each gradient has been found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from archsim.network.access import Access, Previous, Same, Table
from archsim.network.graph import Edge, Layer, Network
from archsim.network.learning import Phase
from archsim.network.operators import Counts, Digital, Matrix, Primitive, Source
from archsim.network.reversal import gathered, inverse, mirrored
from archsim.network.work import scaled


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
    scattered : bool
        Whether they are permuted on the way.
    """

    layer: str
    start: int
    elements: int
    at: int
    scattered: bool = False

    def between(self, start: int, stop: int) -> Piece | None:
        """What lies between two elements of the gradient, counted from the first of these; None where nothing does."""
        low, high = max(self.at, start), min(self.at + self.elements, stop)
        if low >= high:
            return None
        return replace(self, start=self.start + low - self.at, elements=high - low, at=low - start)


@dataclass(frozen=True, slots=True)
class GradientSheet:
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

    def comes_around(self, edge: Edge, access: Previous) -> None:
        """Note that the errors of a recurrence come back: of a later step forward is of an earlier one backward."""
        piece = Piece(f"{edge.target}.backward", edge.target_start, edge.elements, edge.source_start)
        self._around[edge.source].append((piece, Previous(access.distance)))

    def found(self, layer: str, piece: Piece) -> None:
        """Note a part of the gradient of a layer's output."""
        self._found[layer].append(piece)

    def wanted_inputs(self, layer: Layer) -> list[Edge]:
        """The inputs of a layer by which a gradient is wanted."""
        return [edge for edge in self.network.inputs_of(layer.name) if edge.source in self.wanted]

    def send(self, edge: Edge, layer: Layer, piece: Piece, taps: int = 1) -> None:
        """A contribution to the gradient of an edge's source; where tokens or taps differ, folded onto its tokens."""
        piece = replace(piece, scattered=piece.scattered or edge.scattered)
        if taps == 1 and isinstance(edge.access, Same):
            self.found(edge.source, piece)
            return
        source, fold = self.network.by_name[edge.source], f"{layer.name}.fold{len(self._found[edge.source]) or ''}"
        back = inverse(edge.access, source.tokens, layer.tokens)
        # All inputs together read every element of every token once, whatever range of tokens each of them touches.
        ends = np.arange(source.tokens + 1) * layer.tokens // source.tokens
        whole = Table(*back.reach(layer.tokens, source.tokens), np.diff(ends))
        adding = gathered(edge.access, source.tokens, layer.tokens) - 1
        work: Counts = ((Primitive.ADD, adding),) if adding else ((Primitive.MOVE, 1),)
        self.layer(fold, Digital("fold", scaled(work, edge.elements), contract=taps), source.tokens, edge.elements)
        read = Edge(piece.layer, fold, whole, piece.elements * taps, 0, piece.start * taps, scattered=piece.scattered)
        self.edges.append(read)
        self.found(edge.source, Piece(fold, 0, edge.elements, edge.source_start))

    def gradient(self, layer: Layer) -> tuple[Piece, ...]:
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
        self.layer(total, Digital("gradient-sum", work), layer.tokens, layer.width)
        for port, (piece, access) in enumerate(parts):
            self._read(piece, total, access, port)
        self._found[layer.name] = [Piece(total, 0, layer.width, 0)]
        return tuple(self._found[layer.name])

    def layer(
        self, name: str, operator: Source | Digital | Matrix, tokens: int, width: int, phase: Phase = Phase.BACKWARD
    ) -> None:
        """Add a layer."""
        self.layers.append(Layer(name, operator, tokens, width, phase=phase))

    def feed(self, pieces: Sequence[Piece], target: str, port: int = 0, access: Access | None = None) -> None:
        """A gradient into a backward layer, token by token where no other access is given."""
        for piece in pieces:
            self._read(piece, target, access or Same(), port)

    def _read(self, piece: Piece, target: str, access: Access, port: int) -> None:
        edge = Edge(piece.layer, target, access, piece.elements, port, piece.start, piece.at, piece.scattered)
        self.edges.append(edge)

    def keep(self, source: Layer, target: str, access: Access, tokens: int, port: int) -> None:
        """A layer's whole tokens, kept for a backward layer."""
        self.edges.append(Edge(source.name, target, mirrored(access, source.tokens, tokens), source.width, port))

    def keep_edge(self, edge: Edge, target: str, layer: Layer, port: int = 0) -> None:
        """What an edge brings a layer, kept for a backward layer of as many tokens."""
        back = mirrored(edge.access, self.network.by_name[edge.source].tokens, layer.tokens)
        self.edges.append(replace(edge, target=target, access=back, port=port))
