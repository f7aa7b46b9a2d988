"""Backward layers of digital operators: element-wise ones, pools, cells, normalisations, products of activations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from archsim.network.access import Same
from archsim.network.gradient_sheet import GradientSheet, Piece
from archsim.network.gradients import (
    GATES,
    LSTM_CELL,
    POOLS,
    Gate,
    Gradient,
    Kept,
    gradient_of,
    lstm_gradient_work,
    whole_gradient,
)
from archsim.network.graph import Edge, Layer
from archsim.network.operators import Counts, Digital, Primitive
from archsim.network.reversal import gathered, inverse, readers_gradients, readers_operands
from archsim.network.work import scaled


def through_digital(sheet: GradientSheet, layer: Layer, operator: Digital, pieces: Sequence[Piece]) -> None:
    """Add the layers that take the gradient of a digital layer's output to its inputs.

    Parameters
    ----------
    sheet : GradientSheet
    layer : Layer
    operator : Digital
        Of the layer.
    pieces : sequence of Piece
        The gradient of its output.

    Raises
    ------
    InputError
        If nobody knows the operator's gradient.
    """
    inputs = sheet.network.inputs_of(layer.name)
    ports = {edge.port for edge in inputs}
    whole = whole_gradient(operator, layer.width) if len(ports) == 1 else None
    if operator.kind in POOLS and not operator.whole_token:
        _pool(sheet, layer, operator)
    elif operator.kind == LSTM_CELL:
        _cell(sheet, layer, operator, pieces)
    elif operator.product:
        _product(sheet, layer, operator, pieces)
    elif operator.kind in GATES and len(ports) == 2:
        _gate(sheet, layer, pieces)
    elif whole is not None:
        _each(sheet, layer, Digital("", whole.each, whole_token=True, heads=operator.heads), whole, pieces)
    else:
        gradient = gradient_of(operator, len(ports), f"{sheet.network.name}, {layer.name!r}")
        _each(sheet, layer, Digital("", scaled(gradient.each, layer.width)), gradient, pieces)


def _each(sheet: GradientSheet, layer: Layer, how: Digital, gradient: Gradient, pieces: Sequence[Piece]) -> None:
    """Of an operator whose gradient has the width of its output; without a layer where it passes as it is."""
    if gradient.each:
        backward = f"{layer.name}.backward"
        sheet.layer(backward, replace(how, kind=f"{layer.kind}-gradient"), layer.tokens, layer.width)
        sheet.feed(pieces, backward)
        _keep(sheet, layer, gradient.kept, backward)
        pieces = (Piece(backward, 0, layer.width, 0),)
    for edge in sheet.wanted_inputs(layer):
        for piece in pieces:
            part = piece.between(edge.target_start, edge.target_start + edge.elements)
            if part is not None:
                sheet.send(edge, layer, replace(part, at=part.at + edge.source_start))


def _keep(sheet: GradientSheet, layer: Layer, kept: Kept, backward: str) -> None:
    """What is kept of the forward pass for a gradient, on its second port."""
    if kept is Kept.OUTPUT:
        sheet.keep(layer, backward, Same(), layer.tokens, port=1)
    elif kept is Kept.INPUT:
        for edge in sheet.network.inputs_of(layer.name):
            sheet.keep_edge(edge, backward, layer, port=1)


def _gate(sheet: GradientSheet, layer: Layer, pieces: Sequence[Piece]) -> None:
    """Of a product of two streams, element by element: a layer for each of them, which keeps what it needs of both."""
    inputs = sheet.network.inputs_of(layer.name)
    for port in sorted({edge.port for edge in sheet.wanted_inputs(layer)}):
        gate: Gate = GATES[layer.kind][port]
        backward = f"{layer.name}.backward{port or ''}"
        work = scaled(gate.each, layer.width)
        sheet.layer(backward, Digital(f"{layer.kind}-gradient", work), layer.tokens, layer.width)
        sheet.feed(pieces, backward)
        for edge in inputs:
            if edge.port in gate.keeps:
                sheet.keep_edge(edge, backward, layer, port=1 + edge.port)
        for edge in sheet.wanted_inputs(layer):
            if edge.port == port:
                sheet.send(edge, layer, Piece(backward, edge.target_start, edge.elements, edge.source_start))


def _cell(sheet: GradientSheet, layer: Layer, operator: Digital, pieces: Sequence[Piece]) -> None:
    """The gradients of a cell's gates, of its output's and, within the unit, of its state's."""
    backward = f"{layer.name}.backward"
    gradient = Digital(f"{LSTM_CELL}-gradient", lstm_gradient_work(layer.width), whole_token=True)
    sheet.layer(backward, gradient, layer.tokens, operator.contract * layer.width)
    sheet.feed(pieces, backward)
    _keep(sheet, layer, Kept.INPUT, backward)
    for edge in sheet.network.inputs_of(layer.name):
        sheet.send(edge, layer, Piece(backward, edge.target_start, edge.elements, edge.source_start))


def _pool(sheet: GradientSheet, layer: Layer, operator: Digital) -> None:
    """Each position of the map gathers the gradients of the windows that it was in."""
    (edge,) = sheet.network.inputs_of(layer.name)
    if edge.source not in sheet.wanted:
        return
    source, backward = sheet.network.by_name[edge.source], f"{layer.name}.backward"
    back = inverse(edge.access, source.tokens, layer.tokens)
    windows = gathered(edge.access, source.tokens, layer.tokens)
    each: Counts = ((Primitive.COMPARE, windows), (Primitive.ADD, windows))
    if POOLS[operator.kind] is Kept.NOTHING:
        each = ((Primitive.ADD, max(0, windows - 1)), (Primitive.MULTIPLY, 1))
    sheet.layer(backward, Digital(f"{operator.kind}-gradient", scaled(each, source.width)), source.tokens, source.width)
    sheet.feed(sheet.gradient(layer), backward, access=back)
    if POOLS[operator.kind] is Kept.INPUT:
        sheet.keep(source, backward, Same(), source.tokens, port=1)
    sheet.found(source.name, Piece(backward, 0, source.width, 0))


def _product(sheet: GradientSheet, layer: Layer, operator: Digital, pieces: Sequence[Piece]) -> None:
    """Of a product of activations, Y = A B: dA = dY B^T, token by token as Y was; dB = A^T dY, by tokens of B."""
    left = [edge for edge in sheet.network.inputs_of(layer.name) if edge.port == 0]
    right = [edge for edge in sheet.network.inputs_of(layer.name) if edge.port == 1]
    if any(edge.source in sheet.wanted for edge in left):
        backward = f"{layer.name}.backward"
        width = max(edge.target_start + edge.elements for edge in left)
        sheet.layer(backward, replace(operator, kind=f"{operator.kind}-gradient"), layer.tokens, width)
        sheet.feed(pieces, backward)
        for edge in right:
            sheet.keep_edge(edge, backward, layer, port=1)
        for edge in left:
            if edge.source in sheet.wanted:
                sheet.send(edge, layer, Piece(backward, edge.target_start, edge.elements, edge.source_start))
    for edge in right:
        if edge.source in sheet.wanted:
            _right(sheet, layer, operator, pieces, edge)


def _right(sheet: GradientSheet, layer: Layer, operator: Digital, pieces: Sequence[Piece], edge: Edge) -> None:
    """dB: each of its tokens gathers what all tokens of A and dY that read it had to do with it."""
    source = sheet.network.by_name[edge.source]
    inputs = sheet.network.inputs_of(layer.name)
    beside = [other for other in inputs if other.port == 1]
    name = f"{layer.name}.right{beside.index(edge) or ''}"
    whole = sum(other.elements for other in beside)
    back = readers_gradients(edge.access, source.tokens, layer.tokens)
    fixed = scaled(operator.work, layer.tokens)
    work = tuple((kind, -(-count * edge.elements // (whole * source.tokens))) for kind, count in fixed)
    per_key = tuple((kind, count * edge.elements // whole) for kind, count in operator.work_per_key)
    heads = operator.heads if len(beside) == 1 and edge.elements % operator.heads == 0 else 1
    keys = 0 if per_key else None
    made = replace(operator, kind=f"{operator.kind}-gradient", work=work, work_per_key=per_key, keys_port=keys)
    sheet.layer(name, replace(made, heads=heads), source.tokens, edge.elements)
    sheet.feed(pieces, name, access=back)
    for other in inputs:
        if other.port == 0:
            sizes = source.tokens, sheet.network.by_name[other.source].tokens, layer.tokens
            sheet.edges.append(
                replace(other, target=name, access=readers_operands(edge.access, other.access, sizes), port=1)
            )
    sheet.found(edge.source, Piece(name, 0, edge.elements, edge.source_start, edge.scattered))
