"""Random small networks: slices, concatenations, windows, groups, broadcasts, shuffles, reductions, several outputs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from archsim.network import (
    Access,
    Digital,
    Edge,
    Layer,
    Matrix,
    Network,
    Operator,
    Prefix,
    Primitive,
    Same,
    Sink,
    Source,
    Weights,
    Whole,
    Window,
)

Draw = st.DrawFn


@dataclass
class Sheet:
    """A network in the making."""

    draw: Draw
    layers: list[Layer] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def add(self, operator: Operator, tokens: int, width: int, edges: list[Edge]) -> Layer:
        layer = Layer(f"l{len(self.layers)}", operator, tokens, width)
        self.layers.append(layer)
        self.edges.extend(replace(edge, target=layer.name) for edge in edges)
        return layer

    def pick(self) -> Layer:
        return self.draw(st.sampled_from(self.layers))

    def beside(self, tokens: int | None = None) -> tuple[list[Edge], int, int]:
        """Slices of one to three layers of as many tokens, side by side: edges, tokens and width."""
        first = self.pick() if tokens is None else None
        tokens = first.tokens if first else tokens
        alike = [layer for layer in self.layers if layer.tokens == tokens]
        chosen = [first] if first else []
        chosen += [self.draw(st.sampled_from(alike)) for _ in range(self.number(0, 2))]
        edges, width = [], 0
        for layer in chosen:
            start = self.number(0, layer.width - 1)
            elements = self.number(1, layer.width - start)
            edges.append(
                Edge(layer.name, "", Same(), elements, 0, start, width, scattered=self.draw(st.integers(0, 5)) == 0)
            )
            width += elements
        return edges, tokens, width

    def windowed(self, edges: list[Edge], tokens: int) -> tuple[list[Edge], int, int]:
        """The same edges through a sliding window: edges, output tokens and taps."""
        kernel, stride, pad, dilation = self.number(1, 3), self.number(1, 3), self.number(0, 2), self.number(1, 2)
        out = max(1, (tokens + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1)
        window = Window((tokens,), (out,), (kernel,), (stride,), (pad,), (dilation,))
        return [replace(edge, access=window) for edge in edges], out, kernel

    def matrix(self) -> None:
        edges, tokens, width = self.beside()
        taps = 1
        if self.draw(st.booleans()):
            edges, tokens, taps = self.windowed(edges, tokens)
        elif self.draw(st.integers(0, 3)) == 0:
            edges, tokens = [replace(edge, access=Whole()) for edge in edges], self.number(1, 2)
        groups = self.draw(st.sampled_from([g for g in (1, 1, 2, 3, width) if width % g == 0]))
        columns = self.number(1, 4) if groups > 1 else self.number(1, 24)
        matrix = Matrix(Weights(width * taps // groups, columns, groups), taps)
        self.add(matrix, tokens, matrix.outputs, edges)

    def digital(self) -> None:
        edges, tokens, width = self.beside()
        if self.draw(st.integers(0, 3)) == 0:
            edges, tokens, _ = self.windowed(edges, tokens)
        contract = self.draw(st.sampled_from([c for c in (1, 1, 2, 3) if width % c == 0]))
        width //= contract
        if contract == 1 and self.draw(st.integers(0, 3)) == 0:
            # A reduction, or a spreading out: the input is wider or narrower than the token.
            width = self.number(1, 12)
        second = self.draw(st.sampled_from(("none", "none", "same", "narrow", "sample")))
        if second != "none":
            edges = [*edges, *self.operand(second, tokens, width)]
        whole = self.draw(st.integers(0, 3)) == 0
        work = ((Primitive.ADD, self.number(1, 4 * width)),)
        self.add(Digital("mix", work, whole_token=whole, contract=contract), tokens, width, edges)

    def attention(self) -> None:
        """Heads over a prefix or a whole sequence; groups of heads may share keys and values."""
        heads, size = self.draw(st.sampled_from((1, 2, 4, 6))), self.number(1, 4)
        groups = self.draw(st.sampled_from([g for g in (1, 2, 3, 6) if heads % g == 0]))
        inputs, tokens, width = self.beside()
        access = self.draw(st.sampled_from((Prefix(), Prefix(3), Whole())))
        edges = []
        for port, pieces in enumerate((heads, groups, groups)):
            made = self.add(Matrix(Weights(width, pieces * size)), tokens, pieces * size, inputs)
            edges.append(Edge(made.name, "", access if port else Same(), made.width, port))
        work = ((Primitive.MAC, 2 * heads * size), (Primitive.EXP, heads))
        mix = Digital("attention", work_per_key=work, keys_port=1, whole_token=True, heads=groups, product=True)
        self.add(mix, tokens, heads * size, edges)

    def operand(self, kind: str, tokens: int, width: int) -> list[Edge]:
        """A second operand as wide as the token, or narrower; token by token, or one for the whole sample."""
        if kind == "same":
            fitting = [layer for layer in self.layers if layer.tokens == tokens and layer.width >= width]
            access: Access = Same()
            elements = width
        elif kind == "sample":
            fitting, access, elements = [layer for layer in self.layers if layer.width >= width], Whole(), width
        else:
            fitting = [layer for layer in self.layers if layer.tokens == tokens]
            access, elements = Same(), self.number(1, width)
        fitting = [layer for layer in fitting if layer.width >= elements]
        if not fitting:
            return []
        layer = self.draw(st.sampled_from(fitting))
        return [Edge(layer.name, "", access, elements, 1, self.number(0, layer.width - elements))]


@st.composite
def networks(draw: Draw, most_layers: int = 6) -> Network:
    """A network of one or two inputs, up to ``most_layers`` layers, and an output for everything that nobody reads."""
    sheet = Sheet(draw)
    for _ in range(sheet.number(1, 2)):
        sheet.add(Source(), sheet.number(1, 10), sheet.number(1, 20), [])
    for _ in range(sheet.number(1, most_layers)):
        draw(st.sampled_from((sheet.matrix, sheet.digital, sheet.matrix, sheet.digital, sheet.attention)))()
    read = {edge.source for edge in sheet.edges}
    for layer in [layer for layer in sheet.layers if layer.name not in read]:
        sheet.add(Sink(), layer.tokens, layer.width, [Edge(layer.name, "", Same(), layer.width)])
    return Network("random", tuple(sheet.layers), tuple(sheet.edges))
