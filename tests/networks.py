"""Small networks for tests."""

from __future__ import annotations

import itertools

from archsim.network import (
    Digital,
    Edge,
    Layer,
    Matrix,
    Network,
    Operator,
    Previous,
    Primitive,
    Same,
    Sink,
    Source,
    Weights,
)
from archsim.network.recurrent import CellShape, lstm_layers


def line(*operators: tuple[str, Operator], tokens: int = 1, width: int = 8) -> Network:
    """An input, named operators one after the other, and an output; token n of each needs token n of the one before."""
    layers = [Layer("in", Source(), tokens, width)]
    for name, operator in operators:
        wide = operator.outputs if isinstance(operator, Matrix) else layers[-1].width // _contract(operator)
        layers.append(Layer(name, operator, tokens, wide))
    layers.append(Layer("out", Sink(), tokens, layers[-1].width))
    edges = [Edge(one.name, two.name, Same(), one.width) for one, two in itertools.pairwise(layers)]
    return Network("line", tuple(layers), tuple(edges))


def _contract(operator: Operator) -> int:
    return operator.contract if isinstance(operator, Digital) else 1


def additions(count: int, *, whole_token: bool = False) -> Digital:
    """A digital layer of so many additions per token."""
    return Digital("add", ((Primitive.ADD, count),), whole_token=whole_token)


def lstm(steps: int, *, width: int = 8) -> Network:
    """One LSTM between an input and an output."""
    layers, edges = lstm_layers("lstm", "in", CellShape(steps, width, width))
    ends = (Layer("in", Source(), steps, width), Layer("out", Sink(), steps, width))
    return Network("lstm", (*ends, *layers), (*edges, Edge("lstm.cell", "out", Same(), width)))


def decoder(tokens: int, prompt: int) -> Network:
    """A product and an activation whose output is the next input, once the prompt is over."""
    network = line(("a", Matrix(Weights(16, 8))), ("r", additions(8)), tokens=tokens)
    back = Edge("r", "a", Previous(1, start=prompt), 8, target_start=8)
    return Network("decoder", network.layers, (*network.edges, back))
